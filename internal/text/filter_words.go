package text

import "math/bits"

// What the loops that write topic filters ask of their words. All are inlined into them.

// PlusAlone reports whether odd, which is not 0, is OddBytes of a w in which it
// marks the plus of /+/ and nothing else: the commonest case. It does not say so of
// a plus that comes first or last in w.
func PlusAlone(w, odd uint64) bool {
	return odd&(odd-1) == 0 && w>>((uint(bits.TrailingZeros64(odd))-15)&63)&0xFFFFFF == '/'|'+'<<8|'/'<<16
}

// WildcardLast reports whether odd is OddBytes of a w in which it marks nothing but a
// wildcard at the end, behind a slash. It is for the last eight bytes of a filter.
func WildcardLast(w, odd uint64) bool {
	return odd == lastByte && w>>48|('+'^'#')<<8 == '/'|'+'<<8
}

// Shared reports whether a filter of more than eight bytes, of which w has the first, is
// that of a shared subscription. Section 4.8.2.
func Shared(w uint64) bool { return w<<8 == shareWord<<8 }

// HasSlash reports whether one of the bytes of w is a slash.
func HasSlash(w uint64) bool { return equalBytes(w, '/')&^w != 0 }

// BeforeEnd returns of w, the last eight bytes of a shared filter, which stand at
// last, those that may be the slash behind its ShareName: from the ninth of the filter
// to the last but one.
func BeforeEnd(w uint64, last int) uint64 {
	return w << 8 >> 8 >> (uint(8*max(8-last, 0)) & 63)
}

// PlainOdd reports whether the bytes of the word at b[i] are ASCII and may stand there
// whose high bits are in odd.
func PlainOdd(b []byte, i int, odd uint64) bool {
	for ; odd != 0; odd &= odd - 1 {
		if !PlainByte(b, i+bits.TrailingZeros64(odd)/8) {
			return false
		}
	}
	return true
}
