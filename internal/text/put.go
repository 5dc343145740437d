package text

import "math/bits"

// The two that follow check and copy in one pass. They write where they are told,
// so that no slice is made anew, and their usual way calls nothing. What is not
// ASCII is judged anew.

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
	doubt := false
	for i := 0; i < last; i += 8 {
		w := Load64(name[i : i+8 : i+8])
		store64(to[i:i+8:i+8], w)
		if oddBytes(w) != 0 {
			doubt = doubt || topicFault(w)
		}
	}
	w := Load64(name[last:]) // of which some may have been seen before
	store64(to[last:], w)
	if oddBytes(w) != 0 {
		doubt = doubt || topicFault(w)
	}
	if doubt && !plainName(name) {
		return 0
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
			return putOther(to, name, end, plainName(name))
		}
		to[i] = c
	}
	return end
}

// putOther writes a text that is not ASCII if it is plain, and returns end; or 0 if
// it is not.
func putOther(to, text []byte, end int, plain bool) int {
	if !plain {
		return 0
	}
	copy(to, text)
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
	to = to[:len(filter):len(filter)]
	if filter[0] == '$' {
		return putDollarFilter(to, filter[:len(filter):len(filter)], end)
	}
	for i := 0; i < last; i += 8 {
		w := Load64(filter[i : i+8 : i+8])
		store64(to[i:i+8:i+8], w)
		if odd := oddBytes(w); odd != 0 && !plusAlone(w, odd) {
			for ; odd != 0; odd &= odd - 1 {
				if !plainByte(filter, i+bits.TrailingZeros64(odd)/8) {
					return putOtherFilter(to, filter[:len(filter):len(filter)], end)
				}
			}
		}
	}
	w := Load64(filter[last:]) // of which some may have been seen before
	store64(to[last:], w)
	if odd := oddBytes(w); odd != 0 && !plusAlone(w, odd) {
		for ; odd != 0; odd &= odd - 1 {
			if !plainByte(filter, last+bits.TrailingZeros64(odd)/8) {
				return putOtherFilter(to, filter[:len(filter):len(filter)], end)
			}
		}
	}
	return end
}

// putDollarFilter is PutTopicFilter for a filter that starts with $. It is not part
// of that, where another start of the loop makes the usual way longer.
//
//go:noinline
func putDollarFilter(to, filter []byte, end int) int {
	i, last := plainStart(filter), len(filter)-8
	if i < 0 {
		return 0
	}
	store64(to, Load64(filter))
	for ; i < last; i += 8 {
		w := Load64(filter[i:])
		store64(to[i:], w)
		if odd := oddBytes(w); odd != 0 && !plusAlone(w, odd) && !plainLevels(filter, i, odd) {
			return putOtherFilter(to, filter, end)
		}
	}
	w := Load64(filter[last:])
	store64(to[last:], w)
	if odd := oddBytes(w); odd != 0 && !plusAlone(w, odd) && !plainLevels(filter, last, odd) {
		return putOtherFilter(to, filter, end)
	}
	return end
}

// putShortFilter is PutTopicFilter for fewer than eight bytes.
func putShortFilter(dst []byte, at int, filter []byte) (end int) {
	end = at + 2 + len(filter)
	if uint(len(filter)-1) >= 7 || uint(at) > uint(len(dst)) || end > len(dst) {
		return 0
	}
	to := dst[at:end]
	to[0], to[1] = 0, byte(len(filter))
	to = to[2:]
	to = to[:len(filter):len(filter)]
	if filter[0] == '$' {
		return putOtherFilter(to, filter[:len(filter):len(filter)], end)
	}
	for i, c := range filter {
		if !plainByte(filter, i) {
			return putOtherFilter(to, filter[:len(filter):len(filter)], end)
		}
		to[i] = c
	}
	return end
}

// putOtherFilter is putOther for a filter. It is not inlined, as what is left of
// it where it is called makes the usual way longer.
//
//go:noinline
func putOtherFilter(to, filter []byte, end int) int {
	return putOther(to, filter, end, plainFilter(filter))
}

// plusAlone reports whether odd, which is not 0, is oddBytes of a w in which it
// marks the plus of /+/ and nothing else: the commonest case. It does not say so of
// a plus that comes first or last in w.
func plusAlone(w, odd uint64) bool {
	return odd&(odd-1) == 0 && w>>(uint(bits.TrailingZeros64(odd))-15)&0xFFFFFF == '/'|'+'<<8|'/'<<16
}
