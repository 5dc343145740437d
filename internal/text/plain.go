package text

import (
	"bytes"
	"math/bits"
)

// PlainString reports whether b is a plain string: 0 to 65535 bytes, WellFormed.
// Section 1.5.4.
func PlainString(b []byte) bool { return len(b) <= MaxLength && WellFormed(b) }

// PlainTopicName reports whether b is a plain topic name: 1 to 65535 bytes of
// well-formed UTF-8, none of them NUL, + or #. Section 4.7.
func PlainTopicName(b []byte) bool { return uint(len(b)-1) < MaxLength && plainName(b) }

// PlainTopicFilter reports whether b is a plain topic filter: 1 to 65535 bytes of
// well-formed UTF-8, none of them NUL, in which each + and # is a whole level, the
// # the last, and which has a ShareName and a filter behind it if it starts with
// $share/. Sections 4.7 and 4.8.2.
func PlainTopicFilter(b []byte) bool { return uint(len(b)-1) < MaxLength && plainFilter(b) }

// WellFormed reports whether b, of any length, is well-formed UTF-8 without NUL.
// The last eight bytes are looked at as one word, of which some were seen before:
// most strings are short, and a loop over their last bytes costs more.
func WellFormed(b []byte) bool {
	if len(b) < 8 {
		for _, c := range b {
			if c-1 >= 0x7F {
				return otherString(b, len(b))
			}
		}
		return true
	}
	for rest := b; len(rest) > 8; rest = rest[8:] {
		// The high bit of a byte shows if it is not ASCII, or if it is zero and
		// borrows in the subtraction.
		w := Load64(rest)
		if (w|ZeroByte(w))&HighBits != 0 {
			return otherString(b, len(rest))
		}
	}
	w := Load64(b[len(b)-8:])
	return (w|ZeroByte(w))&HighBits == 0 || otherString(b, 8)
}

// otherString is WellFormed for a string that is plain but for its last n bytes. It
// is not inlined, as what is left of it where it is called makes the usual way
// longer; nor are those for names and filters.
//
//go:noinline
func otherString(b []byte, n int) bool { return stringMachine.takes(b[len(b)-n:], inside) }

// ASCIIName reports whether b is a plain topic name in ASCII. Its length, 1 to
// 65535, the caller knows. It calls nothing, for who can do without the rest of
// PlainTopicName at first.
func ASCIIName(b []byte) bool { return nameLeft(b) == 0 }

// plainName is PlainTopicName for any length but 0.
func plainName(b []byte) bool {
	n := nameLeft(b)
	return n == 0 || otherName(b, n)
}

// nameLeft returns how many of the last bytes of a topic name need a closer look,
// because something among them is not ASCII, or is NUL, + or #; 0 if nothing is.
func nameLeft(b []byte) int {
	if len(b) < 8 {
		for _, c := range b {
			if c-1 >= 0x7F || c == '+' || c == '#' {
				return len(b)
			}
		}
		return 0
	}
	for rest := b; len(rest) > 8; rest = rest[8:] {
		if w := Load64(rest); OddBytes(w) != 0 && topicFault(w) {
			return len(rest)
		}
	}
	if last := Load64(b[len(b)-8:]); OddBytes(last) != 0 && topicFault(last) {
		return 8
	}
	return 0
}

// otherName is plainName for a name that is plain but for its last n bytes.
//
//go:noinline
func otherName(b []byte, n int) bool { return nameMachine.takes(b[len(b)-n:], inside) }

// plainFilter is PlainTopicFilter for any length but 0.
//
// It goes over eight bytes at a time and first asks only whether one of them
// comes before the comma in ASCII or after DEL, as NUL, # and + do and little
// that stands in filters: that takes fewer operations than to look for the three.
func plainFilter(b []byte) bool {
	rest := b[:len(b):len(b)]
	if b[0] == '$' {
		n := plainStart(b)
		if n < 0 {
			return false
		}
		rest = rest[n:]
	}
	if len(b) < 8 {
		for i := range b {
			if !PlainByte(b, i) {
				return otherFilter(b, i)
			}
		}
		return true
	}
	for ; len(rest) > 8; rest = rest[8:] {
		w := Load64(rest)
		if odd := OddBytes(w); odd != 0 && !PlusAlone(w, odd) && (w&HighBits != 0 || !plainLevels(b, len(b)-len(rest), odd)) {
			return otherFilter(b, len(b)-len(rest))
		}
	}
	last := len(b) - 8
	w := Load64(b[last:])
	odd := OddBytes(w)
	return odd == 0 || PlusAlone(w, odd) || WildcardLast(w, odd) || plainLevels(b, last, odd) || otherFilter(b, last)
}

// otherFilter is plainFilter for what follows i of a filter that is plain before
// it.
//
//go:noinline
func otherFilter(b []byte, i int) bool { return filterMachine.takes(b[i:], filterState(b, i)) }

// filterState returns the state of filterMachine at i, if b is plain before i. A
// + there has been seen to have a / behind it.
func filterState(b []byte, i int) state {
	if i == 0 || b[i-1] == '/' {
		return level
	}
	return inside
}

// plainLevels reports whether the eight bytes at b[i] are plain, of which those may
// need a closer look whose high bits are in odd; it says no of all that are not
// ASCII. Filters of nothing but wildcards are not to cost much more than others,
// so only a single byte is looked at by itself.
func plainLevels(b []byte, i int, odd uint64) bool {
	if odd&(odd-1) == 0 {
		return PlainByte(b, i+bits.TrailingZeros64(odd)/8)
	}
	w := Load64(b[i:])
	if (w|ZeroByte(w))&HighBits != 0 {
		return false
	}
	slashes, plus, hash := equalBytes(w, '/'), equalBytes(w, '+'), equalBytes(w, '#')
	before, after, end := slashes<<8, slashes>>8, uint64(0) // what stands next to a /
	if i == 0 || b[i-1] == '/' {
		before |= FirstByte
	}
	if i+8 == len(b) {
		after, end = after|lastByte, lastByte
	} else if b[i+8] == '/' {
		after |= lastByte
	}
	return (plus|hash)&^before|plus&^after|hash&^end == 0 // [MQTT-4.7.1-1] [MQTT-4.7.1-2]
}

// PlainByte reports whether b[i] is ASCII and may stand there: a wildcard has to be
// a whole level and, if it is #, the last. [MQTT-4.7.1-1] [MQTT-4.7.1-2]
func PlainByte(b []byte, i int) bool {
	if c := b[i]; c != '+' && c != '#' {
		return c-1 < 0x7F
	}
	return (i == 0 || b[i-1] == '/') && (i == len(b)-1 || b[i] == '+' && b[i+1] == '/')
}

// The first bytes of the filter of a shared subscription, of which the last word
// has seven. Section 4.8.2.
const (
	sharePrefix = "$share/"
	shareWord   = '$' | 's'<<8 | 'h'<<16 | 'a'<<24 | 'r'<<32 | 'e'<<40 | '/'<<48
)

// plainStart returns how many bytes of b, which starts with $, are plain at the
// first look, 8 or 0; or -1 if b starts with $share/ and has no ShareName or
// nothing behind that. No other $ means anything here.
//
// That no wildcard is in the ShareName is seen here for a + alone, as every other
// one breaks the rules for those of a filter. So it is enough that some / follows
// the first byte of the name, and is not the last byte. [MQTT-4.8.2-1]
// [MQTT-4.8.2-2]
func plainStart(b []byte) int {
	if len(b) <= 8 {
		if len(b) >= len(sharePrefix) && string(b[:len(sharePrefix)]) == sharePrefix {
			return -1
		}
		return 0
	}
	w := Load64(b)
	if w<<8 == shareWord<<8 {
		if w>>56 == '/' || w>>56 == '+' {
			return -1
		}
		rest := b[8 : len(b)-1]
		for ; len(rest) >= 8; rest = rest[8:] { // mostly a few words: a call takes longer
			if levels := Load64(rest); equalBytes(levels, '/')&^levels != 0 {
				break
			}
		}
		if len(rest) < 8 && bytes.IndexByte(rest, '/') < 0 {
			return -1
		}
	}
	if OddBytes(w|0xFF>>1) != 0 { // the $ apart
		return 0
	}
	return 8
}
