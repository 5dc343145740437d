package mqttwire

import (
	"unicode/utf8"

	"github.com/mqttwire/mqttwire/internal/text"
)

// textFault says which rule of UTF-8 encoded strings b breaks in version v and
// at which byte; the rule is 0 if it breaks none. Section 1.5.4 (in 3.1.1:
// 1.5.3; in 3.1: 2.5).
func textFault(b []byte, v Version) (Rule, int) {
	if text.WellFormed(b) {
		return 0, 0
	}
	return characterFault(b, v, RuleNUL)
}

// characterFault says which rule of UTF-8 encoded strings b breaks, character by
// character. nul is the rule that U+0000 breaks.
func characterFault(b []byte, v Version, nul Rule) (Rule, int) {
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
