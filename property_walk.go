package mqttwire

// propertyAt reads the entry of the list that starts at i, and returns it and
// its end; the end is 0 if there is no further one. Lists are checked before they
// are walked, but the memory under a view may be overwritten by its owner: then
// a walk shows nonsense or ends early, and never leaves the list.
func propertyAt(list []byte, i int) (q Property, end int) {
	if i < 0 || i >= len(list) || list[i] >= numPropertyIDs {
		return Property{}, 0
	}
	id := PropertyID(list[i])
	i++
	switch propertyKinds[id] {
	case kindByte:
		if i < len(list) {
			return Property{ID: id, Number: uint32(list[i])}, i + 1
		}
	case kindTwoByte:
		if i+2 <= len(list) {
			return Property{ID: id, Number: uint32(uint16At(list[i : i+2 : i+2]))}, i + 2
		}
	case kindFourByte:
		if i+4 <= len(list) {
			return Property{ID: id, Number: uint32At(list[i : i+4 : i+4])}, i + 4
		}
	case kindVarint:
		if i < len(list) && list[i] < 0x80 {
			return Property{ID: id, Number: uint32(list[i])}, i + 1
		}
		if n, size := scanVarint(list[i:]); size > 0 {
			return Property{ID: id, Number: n}, i + size
		}
	case kindString, kindBinary:
		if end = binaryEnd(list, i); end != 0 {
			return Property{ID: id, text: list[i:end:end]}, end
		}
	case kindPair:
		mid := binaryEnd(list, i)
		if mid == 0 {
			break
		}
		if end = binaryEnd(list, mid); end != 0 {
			return Property{ID: id, name: uint16(mid - i - 2), text: list[i+2 : end : end]}, end
		}
	}
	return Property{}, 0
}
