package text

import "math/bits"

// PlainString reports whether b is a plain string: 0 to 65535 bytes, all of them
// ASCII and none NUL. Section 1.5.4.
func PlainString(b []byte) bool { return len(b) <= MaxLength && Plain(b) }

// PlainTopicName reports whether b is a plain topic name: 1 to 65535 bytes, all
// of them ASCII and none NUL, + or #. Section 4.7.
func PlainTopicName(b []byte) bool { return uint(len(b)-1) < MaxLength && plainName(b) }

// PlainTopicFilter reports whether b is a plain topic filter: 1 to 65535 bytes,
// all of them ASCII and none NUL, of which the first is not $ and each + and #
// is a whole level, the # the last. Section 4.7.
func PlainTopicFilter(b []byte) bool { return uint(len(b)-1) < MaxLength && plainFilter(b) }

// Plain reports whether b, of any length, has ASCII bytes only and no NUL. The
// last eight bytes are looked at as one word, of which some were seen before:
// most strings are short, and a loop over their last bytes costs more.
func Plain(b []byte) bool {
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
		w := Load64(rest)
		if (w|ZeroByte(w))&HighBits != 0 {
			return false
		}
	}
	w := Load64(b[len(b)-8:])
	return (w|ZeroByte(w))&HighBits == 0
}

// plainName is PlainTopicName for any length but 0.
func plainName(b []byte) bool {
	if len(b) < 8 {
		for _, c := range b {
			if c-1 >= 0x7F || c == '+' || c == '#' {
				return false
			}
		}
		return true
	}
	for rest := b; len(rest) > 8; rest = rest[8:] {
		if w := Load64(rest); oddBytes(w) != 0 && topicFault(w) {
			return false
		}
	}
	last := Load64(b[len(b)-8:])
	return oddBytes(last) == 0 || !topicFault(last)
}

// plainFilter is PlainTopicFilter for any length but 0.
//
// It goes over eight bytes at a time and first asks only whether one of them
// comes before the comma in ASCII or after DEL, as NUL, # and + do and little
// that stands in filters: that takes fewer operations than to look for the four.
func plainFilter(b []byte) bool {
	if len(b) < 8 {
		for i := range b {
			if !plainByte(b, i) {
				return false
			}
		}
		return true
	}
	for rest := b; len(rest) > 8; rest = rest[8:] {
		if odd := oddBytes(Load64(rest)); odd != 0 && !plainLevels(b, len(b)-len(rest), odd) {
			return false
		}
	}
	last := len(b) - 8
	odd := oddBytes(Load64(b[last:]))
	return odd == 0 || plainLevels(b, last, odd)
}

// plainLevels is plainFilter for the eight bytes at b[i], of which those may need
// a closer look whose high bits are in odd. Filters of nothing but wildcards are
// not to cost much more than others, so only a single byte is looked at by
// itself.
func plainLevels(b []byte, i int, odd uint64) bool {
	if odd&(odd-1) == 0 {
		return plainByte(b, i+bits.TrailingZeros64(odd)/8)
	}
	w := Load64(b[i:])
	if (w|ZeroByte(w))&HighBits != 0 || i == 0 && b[0] == '$' {
		return false
	}
	slashes, plus, hash := equalBytes(w, '/'), equalBytes(w, '+'), equalBytes(w, '#')
	before, after, end := slashes<<8, slashes>>8, uint64(0) // what stands next to a /
	if i == 0 || b[i-1] == '/' {
		before |= firstByte
	}
	if i+8 == len(b) {
		after, end = after|lastByte, lastByte
	} else if b[i+8] == '/' {
		after |= lastByte
	}
	return (plus|hash)&^before|plus&^after|hash&^end == 0 // [MQTT-4.7.1-1] [MQTT-4.7.1-2]
}

// plainByte is plainFilter for b[i]: a wildcard has to be a whole level and, if
// it is #, the last. [MQTT-4.7.1-1] [MQTT-4.7.1-2]
func plainByte(b []byte, i int) bool {
	switch c := b[i]; {
	case c == '$' && i == 0:
		return false
	case c != '+' && c != '#':
		return c-1 < 0x7F
	}
	return (i == 0 || b[i-1] == '/') && (i == len(b)-1 || b[i] == '+' && b[i+1] == '/')
}
