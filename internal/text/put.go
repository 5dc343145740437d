package text

// The two that are exported check and copy in one pass. They write where they are
// told, so that no slice is made anew, and their usual way calls nothing.

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
	first, final := Load64(name), Load64(name[last:]) // which may overlap
	Store64(to, first)
	Store64(to[last:], final)
	odd := OddBytes(final)
	for i := 8; i < last; i += 8 {
		w := Load64(name[i : i+8 : i+8])
		Store64(to[i:i+8:i+8], w)
		odd |= OddBytes(w)
	}
	if odd|OddBytes(first) == 0 || byte(first) == '$' && odd|OddBytes(first|0xFF>>1) == 0 || plainName(name) {
		return end
	}
	return 0
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
		if to[i] = c; c-1 >= 0x7F || c == '+' || c == '#' {
			if !otherName(name, len(name)) {
				return 0
			}
			copy(to, name)
			break
		}
	}
	return end
}

// PutTopicFilters writes strings, each filter with two bytes of length before it, to
// dst[at:], and returns where in dst they end and how many they are. It stops before a
// filter that is not plain, as PlainTopicFilter tells, or that dst has no room for. It
// may also stop behind one that needed a closer look, but writes one at least if the
// first is plain. It writes nowhere but to the places of the strings and of that before
// which it stops. No filter may overlap them. Sections 1.5.4 and 4.7.
//
// The loop calls nothing but to end: else what it keeps would be put away and fetched
// again for each filter. So package packets has the same loop for its subscriptions.
// What the two ask is in filter_words.go.
func PutTopicFilters(dst []byte, at int, filters [][]byte) (end, n int) {
	dst = dst[:len(dst):len(dst)] // so that there is one bound less to keep
	for n := range filters {
		filter := filters[n]
		last, end := len(filter)-8, at+2+len(filter)
		if end > len(dst) || uint(last) > MaxLength-8 || uint(at) > uint(len(dst)) {
			return putOther(dst, at, filter, n)
		}
		to := dst[at:end]
		to[0], to[1] = byte(len(filter)>>8), byte(len(filter))
		to = to[2:]
		to = to[:len(filter):len(filter)]
		for i := 0; i < last; i += 8 {
			w := Load64(filter[i : i+8 : i+8])
			Store64(to[i:i+8:i+8], w)
			if odd := OddBytes(w); odd != 0 && !PlusAlone(w, odd) {
				if byte(w) != '$' {
					if !PlainOdd(filter, i, odd) {
						return putFrom(dst, at, filter, i, n)
					}
					continue
				}
				j := 8
				for Shared(w) && j < last && !HasSlash(Load64(filter[j:])) {
					j += 8
				}
				if odd != FirstByte || Shared(w) && (w>>56 == '/' || j >= last && !HasSlash(BeforeEnd(Load64(filter[last:]), last))) {
					return putOther(dst, at, filter, n)
				}
			}
		}
		w := Load64(filter[last:]) // of which some may have been seen before
		Store64(to[last:], w)
		if odd := OddBytes(w); odd != 0 && !WildcardLast(w, odd) && !PlusAlone(w, odd) && (byte(w) == '$' || !PlainOdd(filter, last, odd)) {
			return putFrom(dst, at, filter, last, n)
		}
		at = end
	}
	return at, len(filters)
}

// putFrom ends PutTopicFilters with the filter that it has to write next, which is plain
// before i.
func putFrom(dst []byte, at int, filter []byte, i, n int) (end, all int) {
	if end = PutFrom(dst, at, filter, i); end == 0 {
		return at, n
	}
	return end, n + 1
}

// putOther ends PutTopicFilters with the filter that it has to write next.
func putOther(dst []byte, at int, filter []byte, n int) (end, all int) {
	if end = PutTopicFilter(dst, at, filter); end == 0 {
		return at, n
	}
	return end, n + 1
}

// PutFrom writes what follows i of a filter of at least eight bytes, which PutTopicFilters
// has written up to there, and returns where in dst it ends; or 0 if it is not plain.
//
//go:noinline
func PutFrom(dst []byte, at int, filter []byte, i int) (end int) {
	if byte(Load64(filter)) == '$' { // it may be a shared one
		return PutTopicFilter(dst, at, filter)
	}
	if !filterMachine.takes(filter[i:], filterState(filter, i)) {
		return 0
	}
	end = at + 2 + len(filter)
	copy(dst[at+2+i:end], filter[i:])
	return end
}

// PutTopicFilter is PutTopicFilters for one filter of any kind. It returns 0 if it does
// not write it.
//
//go:noinline
func PutTopicFilter(dst []byte, at int, filter []byte) (end int) {
	end = at + 2 + len(filter)
	if uint(len(filter)-1) >= MaxLength || uint(at) > uint(len(dst)) || end > len(dst) {
		return 0
	}
	to := dst[at:end]
	to[0], to[1] = byte(len(filter)>>8), byte(len(filter))
	to = to[2:]
	to = to[:len(filter):len(filter)]
	short := len(filter) < 8 && filter[0] != '$'
	for i := 0; short && i < len(filter); i++ {
		to[i] = filter[i]
		short = PlainByte(filter, i)
	}
	if !short {
		if !plainFilter(filter) {
			return 0
		}
		copy(to, filter)
	}
	return end
}
