package mqttwire

import "github.com/mqttwire/mqttwire/internal/text"

// scanProperties checks the encoded property list b, without its length, for
// owner: types, ranges, repeats, text, and whether the owner may have each. It
// takes one pass, and returns the set of the identifiers in it.
//
// A list that is not legal is gone over once more, by firstPropertyFault, to say
// what is wrong: so rule, offset and value found need not be carried from function
// to function here. The tests compare the two.
func scanProperties(b []byte, owner PropertyOwner) (set propertySet, bad *propertyFault) {
	set, legal := scanLegalProperties(b, owner)
	if !legal {
		return 0, firstPropertyFault(b, owner)
	}
	return set, nil
}

// propertyKinds, and which of the numbers may be 0: what the scan needs of
// propertyTable, without what stands between.
var propertyKinds, propertiesMayBeZero = func() (kinds [numPropertyIDs]propertyKind, zero propertySet) {
	for id, row := range propertyTable {
		kinds[id] = row.kind
		if row.check == anyValue {
			zero |= 1 << id
		}
	}
	return kinds, zero
}()

// scanLegalProperties is scanProperties, but for the list that is not legal it
// does not say why.
//
// The place of a property is known only when the length of the one before it is,
// so each step between the two makes a list take longer. Here and in its helpers b
// is therefore indexed, or sliced with all three bounds, which needs fewer steps
// than b[i:].
func scanLegalProperties(b []byte, owner PropertyOwner) (set propertySet, legal bool) {
	may, once := propertiesOf[owner&15], propertiesOnce[owner&15]
	for i := 0; i < len(b); {
		id := PropertyID(b[i])
		if id >= numPropertyIDs || !may.has(id) { // no property, not the owner's, or there twice
			return 0, false
		}
		end := 0
		switch propertyKinds[id] {
		case kindByte: // each of them is 0 or 1
			if i+1 < len(b) && b[i+1] <= 1 {
				end = i + 2
			}
		case kindTwoByte:
			if i+2 < len(b) && (b[i+1]|b[i+2] != 0 || propertiesMayBeZero.has(id)) {
				end = i + 3
			}
		case kindFourByte:
			if i+4 < len(b) && (b[i+1]|b[i+2]|b[i+3]|b[i+4] != 0 || propertiesMayBeZero.has(id)) {
				end = i + 5
			}
		case kindVarint:
			if end = i + 2; i+1 >= len(b) || b[i+1]-1 >= 0x7F {
				end = longIDEnd(b, i+1)
			}
			if set.has(id) { // the owner may have many
				set |= manyIDs
				end = shortIDsEnd(b, end)
			}
		case kindString:
			end = stringEnd(b, i+1)
			if id == ResponseTopic && end != 0 && !text.PlainTopicName(b[i+3:end]) {
				end = 0
			}
		case kindBinary:
			end = binaryEnd(b, i+1)
		case kindPair:
			end = pairsEnd(b, i+1)
		}
		if end == 0 {
			return 0, false
		}
		bit := propertySet(1) << (id & 63)
		may &^= bit & once
		set |= bit
		i = end
	}
	return set, true
}

// longIDEnd returns the end of the Subscription Identifier that starts at i, or
// 0 if it is cut off, 0, or longer than needed.
func longIDEnd(b []byte, i int) int {
	n, size := scanVarint(b[i:])
	if n == 0 || size != SizeVarint(n) {
		return 0
	}
	return i + size
}

// shortIDsEnd returns the end of the Subscription Identifiers of one byte that
// follow each other from i on; 0 if i is 0. It is for lists of many.
func shortIDsEnd(b []byte, i int) int {
	for i > 0 && i+1 < len(b) && b[i] == byte(SubscriptionIdentifier) && b[i+1]-1 < 0x7F {
		i += 2
	}
	return i
}

// pairsEnd returns the end of the User Properties that follow each other, of
// which the first one's value starts at i, or 0 if one of them is cut off or not
// well-formed. It is for lists of many, so that what is asked of any property is
// asked once.
func pairsEnd(b []byte, i int) int {
	for {
		end := stringEnd(b, i)
		if end != 0 {
			end = stringEnd(b, end)
		}
		if end == 0 || end >= len(b) || b[end] != byte(UserProperty) {
			return end
		}
		i = end + 1
	}
}

// binaryEnd returns the end of the binary data whose two bytes of length start
// at i, or 0 if it is cut off.
func binaryEnd(b []byte, i int) int {
	if i+2 > len(b) {
		return 0
	}
	end := i + 2 + int(uint16At(b[i:i+2:i+2]))
	if end > len(b) {
		return 0
	}
	return end
}

// stringEnd returns the end of the string whose two bytes of length start at i,
// or 0 if it is cut off or not well-formed.
//
// It looks at the last eight bytes first, of which those before a short string
// do not count, then at eight at a time from the start: so a short string needs no
// loop over its bytes.
func stringEnd(b []byte, i int) int {
	if i < 0 || i+1 >= len(b) {
		return 0
	}
	start, n := i+2, int(b[i])<<8|int(b[i+1])
	if n == 0 {
		return start // so that a list of empty strings need not wait for the sum
	}
	end := start + n
	if end > len(b) {
		return 0
	}
	if end < 8 {
		if !text.WellFormed(b[start:end]) {
			return 0
		}
		return end
	}
	before := ^uint64(0) >> (8 * uint(n)) // of the eight bytes, those that are not the string's
	w := text.Load64(b[end-8 : end : end])
	odd := (w | text.ZeroByte(w)) &^ before // a borrow from them causes a closer look, no more
	for at := start; at < end-8; at += 8 {
		w := text.Load64(b[at : at+8 : at+8])
		odd |= w | text.ZeroByte(w)
	}
	if odd&text.HighBits != 0 && !text.WellFormed(b[start:end]) {
		return 0
	}
	return end
}
