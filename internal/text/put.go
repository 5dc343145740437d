package text

import "math/bits"

// The two that follow check and copy in one pass. They write where they are told,
// so that no slice is made anew, and their usual way calls nothing. What a machine
// has to judge is copied after that.

// PutTopicName writes a string, the name with two bytes of length before it, to
// dst[at:] and returns where in dst it ends; or 0 if the name is not plain, as
// PlainTopicName tells, or dst has no room for it. In either case it writes
// nowhere but to the place of the string. The name may not overlap it. Sections
// 1.5.4 and 4.7.
func PutTopicName(dst []byte, at int, name []byte) (end int) {
	end = at + 2 + len(name)
	last := len(name) - 8
	if end > len(dst) || uint(last) > MaxLength-8 || uint(at) > uint(len(dst)) {
		return putShortName(dst, at, name)
	}
	to := dst[at:end]
	to[0], to[1] = byte(len(name)>>8), byte(len(name))
	to = to[2:]
	to = to[:len(name)]
	i := 0
	for ; i < last; i += 8 {
		w := Load64(name[i : i+8 : i+8])
		store64(to[i:i+8:i+8], w)
		if oddBytes(w) != 0 && topicFault(w) {
			return putOtherName(to, name, i, end)
		}
	}
	w := Load64(name[last:]) // of which some may have been seen before
	store64(to[last:], w)
	if oddBytes(w) != 0 && topicFault(w) {
		return putOtherName(to, name, i, end)
	}
	return end
}

// putShortName is PutTopicName for fewer than eight bytes.
func putShortName(dst []byte, at int, name []byte) (end int) {
	end = at + 2 + len(name)
	if uint(len(name)-1) >= 7 || uint(at) > uint(len(dst)) || end > len(dst) {
		return 0
	}
	to := dst[at:end]
	to[0], to[1] = 0, byte(len(name))
	to = to[2:]
	to = to[:len(name)]
	for i, c := range name {
		if c-1 >= 0x7F || c == '+' || c == '#' {
			return putOtherName(to, name, i, end)
		}
		to[i] = c
	}
	return end
}

// putOtherName writes what follows i of a name that is plain before it, and returns
// end; or 0 if that is not plain.
func putOtherName(to, name []byte, i, end int) int {
	if !nameMachine.takes(name[i:], inside) {
		return 0
	}
	copy(to[i:], name[i:])
	return end
}

// PutTopicFilter writes a string, the filter with two bytes of length before it,
// to dst[at:] and returns where in dst it ends; or 0 if the filter is not plain,
// as PlainTopicFilter tells, or dst has no room for it. In either case it writes
// nowhere but to the place of the string. The filter may not overlap it.
// Sections 1.5.4 and 4.7.
func PutTopicFilter(dst []byte, at int, filter []byte) (end int) {
	end = at + 2 + len(filter)
	last := len(filter) - 8
	if end > len(dst) || uint(last) > MaxLength-8 || uint(at) > uint(len(dst)) {
		return putShortFilter(dst, at, filter)
	}
	to := dst[at:end]
	to[0], to[1] = byte(len(filter)>>8), byte(len(filter))
	to = to[2:]
	to = to[:len(filter)]
	i := 0
	if filter[0] == '$' {
		if i = plainStart(filter); i < 0 {
			return 0
		}
		store64(to, Load64(filter))
	}
	for ; i < last; i += 8 {
		w := Load64(filter[i : i+8 : i+8])
		store64(to[i:i+8:i+8], w)
		if odd := oddBytes(w); odd != 0 && !plusAlone(w, odd) {
			for ; odd != 0; odd &= odd - 1 {
				if !plainByte(filter, i+bits.TrailingZeros64(odd)/8) {
					return putOtherFilter(to, filter, i, end)
				}
			}
		}
	}
	w := Load64(filter[last:]) // of which some may have been seen before
	store64(to[last:], w)
	if odd := oddBytes(w); odd != 0 && !plusAlone(w, odd) {
		for ; odd != 0; odd &= odd - 1 {
			if !plainByte(filter, last+bits.TrailingZeros64(odd)/8) {
				return putOtherFilter(to, filter, i, end)
			}
		}
	}
	return end
}

// putShortFilter is PutTopicFilter for fewer than eight bytes.
func putShortFilter(dst []byte, at int, filter []byte) (end int) {
	end = at + 2 + len(filter)
	if uint(len(filter)-1) >= 7 || uint(at) > uint(len(dst)) || end > len(dst) {
		return 0
	}
	if filter[0] == '$' && plainStart(filter) < 0 {
		return 0
	}
	to := dst[at:end]
	to[0], to[1] = 0, byte(len(filter))
	to = to[2:]
	to = to[:len(filter)]
	for i, c := range filter {
		if !plainByte(filter, i) {
			return putOtherFilter(to, filter, i, end)
		}
		to[i] = c
	}
	return end
}

// putOtherFilter is putOtherName for a filter.
func putOtherFilter(to, filter []byte, i, end int) int {
	if !otherFilter(filter, i) {
		return 0
	}
	copy(to[i:], filter[i:])
	return end
}

// plusAlone reports whether odd, which is not 0, is oddBytes of a w in which it
// marks the plus of /+/ and nothing else: the commonest case. It does not say so of
// a plus that comes first or last in w.
func plusAlone(w, odd uint64) bool {
	return odd&(odd-1) == 0 && w>>(uint(bits.TrailingZeros64(odd))-15)&0xFFFFFF == '/'|'+'<<8|'/'<<16
}
