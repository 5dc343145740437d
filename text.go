package mqttwire

import (
	"bytes"
	"unicode/utf8"
)

// load64 reads eight bytes as one word. The compiler makes one load of it.
func load64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// store64 writes w as eight bytes, of which the compiler makes one store.
func store64(b []byte, w uint64) {
	_ = b[7]
	b[0], b[1], b[2], b[3] = byte(w), byte(w>>8), byte(w>>16), byte(w>>24)
	b[4], b[5], b[6], b[7] = byte(w>>32), byte(w>>40), byte(w>>48), byte(w>>56)
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// zeroByte has a high bit set if and only if a byte of w is zero; which one is
// not exact. The term &^ w, which would make it so, is left to the caller.
func zeroByte(w uint64) uint64 { return w - lowBits }

// plainText reports whether b has ASCII bytes only and no NUL: the common case,
// in which a string needs no closer look. The last eight bytes are looked at as
// one word, of which some were seen before: for strings of some ten to forty
// bytes, which most are, that takes two thirds of the time that a loop over the
// last bytes takes.
func plainText(b []byte) bool {
	if len(b) < 8 {
		for _, c := range b {
			if c-1 >= 0x7F {
				return false
			}
		}
		return true
	}
	for rest := b; len(rest) > 8; rest = rest[8:] {
		// The high bit of a byte shows if it is not ASCII, or if it is zero and
		// borrows in the subtraction.
		w := load64(rest)
		if (w|zeroByte(w))&highBits != 0 {
			return false
		}
	}
	w := load64(b[len(b)-8:])
	return (w|zeroByte(w))&highBits == 0
}

// plainTopic reports whether b has ASCII bytes only, and none that a topic name
// forbids: NUL, + and #.
func plainTopic(b []byte) bool {
	if len(b) < 8 {
		for _, c := range b {
			if c-1 >= 0x7F || c == '+' || c == '#' {
				return false
			}
		}
		return true
	}
	for rest := b; len(rest) > 8; rest = rest[8:] {
		if w := load64(rest); oddBytes(w) != 0 && topicFault(w) {
			return false
		}
	}
	last := load64(b[len(b)-8:])
	return oddBytes(last) == 0 || !topicFault(last)
}

// topicFault reports whether a byte of w is not ASCII, NUL, + or #.
func topicFault(w uint64) bool {
	return (w|zeroByte(w)|zeroByte(w^'+'*lowBits)|zeroByte(w^'#'*lowBits))&highBits != 0
}

// textFault says which rule of UTF-8 encoded strings b breaks in version v and
// at which byte; the rule is 0 if it breaks none. Section 1.5.4 (in 3.1.1:
// 1.5.3; in 3.1: 2.5).
func textFault(b []byte, v Version) (Rule, int) {
	if plainText(b) || wellFormed(b) {
		return 0, 0
	}
	return textFaultExact(b, v, RuleNUL)
}

// wellFormed reports whether b is UTF-8 without U+0000. For text that is not
// ASCII that takes half of the time of the exact way, which then only has to say
// what is wrong.
func wellFormed(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// textFaultExact is textFault, byte by byte. nul is the rule that U+0000 breaks.
func textFaultExact(b []byte, v Version, nul Rule) (Rule, int) {
	for i := 0; i < len(b); {
		if b[i] == 0 && (v != V31 || nul != RuleNUL) {
			return nul, i // [MQTT-1.5.4-2] [MQTT-4.7.3-2]; 3.1 forbids it in topics only
		}
		_, n := utf8.DecodeRune(b[i:])
		if n == 1 && b[i] >= utf8.RuneSelf {
			var rule Rule
			if n, rule = modifiedRune(b[i:], v, nul); rule != 0 {
				return rule, i // [MQTT-1.5.4-1]
			}
		}
		i += n
	}
	return 0, 0
}

// modifiedRune returns the size of the character at the start of b, which is
// not well-formed UTF-8, if it is one that Java's modified UTF-8 writes: U+0000
// as C0 80, or one half of a surrogate pair. 3.1 names that form in section 2.5
// and does not demand better; U+0000 stays forbidden in topics.
func modifiedRune(b []byte, v Version, nul Rule) (int, Rule) {
	switch {
	case v != V31:
		return 0, RuleUTF8
	case len(b) >= 2 && b[0] == 0xC0 && b[1] == 0x80:
		if nul != RuleNUL {
			return 0, nul
		}
		return 2, 0
	case len(b) >= 3 && b[0] == 0xED && b[1]&0xE0 == 0xA0 && b[2]&0xC0 == 0x80:
		return 3, 0
	}
	return 0, RuleUTF8
}

// Discouraged returns the first code point in s, a legal string, that the
// standard advises against: U+0001..U+001F, U+007F..U+009F or a noncharacter; or
// -1. A receiver may refuse such a string, so no Decode does. Section 1.5.4,
// U-1.5.4-2.
func Discouraged(s []byte) rune {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		control := r >= 0x01 && r <= 0x1F || r >= 0x7F && r <= 0x9F
		nonchar := r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE
		if control || nonchar {
			return r
		}
		i += n
	}
	return -1
}

// CheckString returns nil if b is a legal UTF-8 encoded string of version v: at
// most 65535 bytes of well-formed UTF-8 without surrogates and U+0000; else an
// *Error whose Offset counts from the start of b. MQTT 3.1 forbids U+0000 in
// topics only, and also takes the modified UTF-8 of Java, which its section 2.5
// names. Section 1.5.4.
func CheckString(b []byte, v Version) error {
	if len(b) > maxPrefixed {
		return NewError(RuleStringLength, 0, v, FieldString, maxPrefixed, int64(len(b)))
	}
	if rule, at := textFault(b, v); rule != 0 {
		return NewError(rule, 0, v, FieldString, at, int64(b[at]))
	}
	return nil
}
