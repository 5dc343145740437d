package mqttwire

import "math/bits"

// What is plain is legal at a glance, in every version: nearly all that is ever
// encoded. Encoders ask for it first, since then they need no place for errors;
// whatever else is legal, and what is not, the Check functions and an Appender
// tell.

// PlainString reports whether b is a legal string in which nothing needs a
// closer look: 0 to 65535 bytes, all of them ASCII and none NUL. It reports
// false for many legal strings; CheckString is the one to refuse them by.
// Section 1.5.4.
func PlainString(b []byte) bool { return len(b) <= maxPrefixed && plainText(b) }

// PlainTopicName reports whether b is a legal topic name in which nothing needs
// a closer look: 1 to 65535 bytes, all of them ASCII and none NUL, + or #. It
// reports false for many legal names; CheckTopicName is the one to refuse them
// by. Section 4.7.
func PlainTopicName(b []byte) bool { return uint(len(b)-1) < maxPrefixed && plainTopic(b) }

// PlainTopicFilter reports whether b is a legal topic filter in which nothing
// needs a closer look: 1 to 65535 bytes, all of them ASCII and none NUL, of
// which the first is not $ and each + and # is a whole level, the # the last. It
// reports false for many legal filters; CheckTopicFilter is the one to refuse
// them by. Section 4.7.
func PlainTopicFilter(b []byte) bool { return uint(len(b)-1) < maxPrefixed && plainFilter(b) }

// Plain returns the encoded list without its length, which aliases the list, if
// the owner may have it as it is: without a look at the values, which were
// checked before. It reports false for some legal lists, such as one that is
// built in the memory given to Reset; Append is the one to refuse them by.
// Section 2.2.2.
func (p *Properties) Plain(owner PropertyOwner) (list []byte, ok bool) {
	return p.raw, p.bad == nil && p.set&^propertiesOf[owner&15] == 0 && !(p.manyIDs && owner != ofPublish) &&
		len(p.raw) <= MaxVarint && !p.inPlace && !p.doubted
}

// Legal is Plain with a look at the values where they may have changed since they
// were set, as those of a list that is built in the memory given to Reset. It
// reports false for the lists that Append refuses, and no others. Section 2.2.2.
func (p *Properties) Legal(owner PropertyOwner) (list []byte, ok bool) {
	return p.raw, p.faultIn(owner) == nil
}

// The two that follow check and copy in one pass. For text of ten to sixty bytes,
// as most is, that takes two thirds of the time of a check and a copy after it,
// some 4.6 ns in place of 7.7 for a filter of 27 bytes with a wildcard and 4.3 in
// place of 6.9 for a name of 36; from some 300 bytes on it takes about the same. It
// is part of that that the usual way calls nothing, so that no argument is put
// aside, and that they write where they are told, so that no slice is made anew.

// PutPlainTopicName writes a string, the name with two bytes of length before it,
// to dst[at:] and returns where in dst it ends; or 0 if the name is not plain, as
// PlainTopicName tells, or dst has no room for it. In either case it writes
// nowhere but to the place of the string. The name may not overlap it. Sections
// 1.5.4 and 4.7.
func PutPlainTopicName(dst []byte, at int, name []byte) (end int) {
	end = at + 2 + len(name)
	last := len(name) - 8
	if end > len(dst) || uint(last) > maxPrefixed-8 || uint(at) > uint(len(dst)) {
		return putShortName(dst, at, name)
	}
	to := dst[at:end]
	to[0], to[1] = byte(len(name)>>8), byte(len(name))
	to = to[2:]
	to = to[:len(name)]
	for i := 0; i < last; i += 8 {
		w := load64(name[i : i+8 : i+8])
		store64(to[i:i+8:i+8], w)
		if oddBytes(w) != 0 && topicFault(w) {
			return 0
		}
	}
	w := load64(name[last:]) // of which some may have been seen before
	store64(to[last:], w)
	if oddBytes(w) != 0 && topicFault(w) {
		return 0
	}
	return end
}

// putShortName is PutPlainTopicName for fewer than eight bytes.
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
			return 0
		}
		to[i] = c
	}
	return end
}

// PutPlainTopicFilter writes a string, the filter with two bytes of length before
// it, to dst[at:] and returns where in dst it ends; or 0 if the filter is not
// plain, as PlainTopicFilter tells, or dst has no room for it. In either case it
// writes nowhere but to the place of the string. The filter may not overlap it.
// Sections 1.5.4 and 4.7.
func PutPlainTopicFilter(dst []byte, at int, filter []byte) (end int) {
	end = at + 2 + len(filter)
	last := len(filter) - 8
	if end > len(dst) || uint(last) > maxPrefixed-8 || uint(at) > uint(len(dst)) {
		return putShortFilter(dst, at, filter)
	}
	to := dst[at:end]
	to[0], to[1] = byte(len(filter)>>8), byte(len(filter))
	to = to[2:]
	to = to[:len(filter)]
	for i := 0; i < last; i += 8 {
		w := load64(filter[i : i+8 : i+8])
		store64(to[i:i+8:i+8], w)
		if odd := oddBytes(w); odd != 0 && !plusAlone(w, odd) {
			for ; odd != 0; odd &= odd - 1 {
				if !plainByte(filter, i+bits.TrailingZeros64(odd)/8) {
					return 0
				}
			}
		}
	}
	w := load64(filter[last:]) // of which some may have been seen before
	store64(to[last:], w)
	if odd := oddBytes(w); odd != 0 && !plusAlone(w, odd) {
		for ; odd != 0; odd &= odd - 1 {
			if !plainByte(filter, last+bits.TrailingZeros64(odd)/8) {
				return 0
			}
		}
	}
	return end
}

// putShortFilter is PutPlainTopicFilter for fewer than eight bytes.
func putShortFilter(dst []byte, at int, filter []byte) (end int) {
	end = at + 2 + len(filter)
	if uint(len(filter)-1) >= 7 || uint(at) > uint(len(dst)) || end > len(dst) {
		return 0
	}
	to := dst[at:end]
	to[0], to[1] = 0, byte(len(filter))
	to = to[2:]
	to = to[:len(filter)]
	for i, c := range filter {
		if !plainByte(filter, i) {
			return 0
		}
		to[i] = c
	}
	return end
}

// plusAlone reports whether odd, which is not 0, is oddBytes of a w in which it
// marks the plus of /+/ and nothing else: the commonest case. It does not say so of
// a plus that comes first or last in w.
func plusAlone(w, odd uint64) bool {
	return odd&(odd-1) == 0 && w>>(uint(bits.TrailingZeros64(odd))-15)&0xFFFFFF == '/'|'+'<<8|'/'<<16
}
