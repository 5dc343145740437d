package mqttwire

import (
	"bytes"
	"math/bits"
)

// sharePrefix begins the filter of a shared subscription. Section 4.8.2.
const sharePrefix = "$share/"

// CheckTopicName returns nil if b is a legal topic name in version v: 1 to 65535
// bytes of UTF-8 without U+0000, + and #; else an *Error whose Offset counts
// from the start of b. Section 4.7.
func CheckTopicName(b []byte, v Version) error {
	if len(b) > 0 && len(b) <= maxPrefixed && plainTopic(b) {
		return nil
	}
	if len(b) > maxPrefixed {
		return NewError(RuleStringLength, 0, v, FieldTopicName, maxPrefixed, int64(len(b)))
	}
	rule, at := topicNameFault(b, v)
	return topicError(rule, v, FieldTopicName, b, at)
}

// CheckTopicFilter returns nil if b is a legal topic filter in version v: 1 to
// 65535 bytes of UTF-8 without U+0000, in which # is the last level and + a
// whole one, and in 5.0 a well-formed shared filter if it starts with $share/;
// else an *Error whose Offset counts from the start of b. Sections 4.7 and
// 4.8.2. A server that offers shared subscriptions to older clients asks with V5.
func CheckTopicFilter(b []byte, v Version) error {
	if len(b) > maxPrefixed {
		return NewError(RuleStringLength, 0, v, FieldTopicFilter, maxPrefixed, int64(len(b)))
	}
	rule, at := topicFilterFault(b, v)
	return topicError(rule, v, FieldTopicFilter, b, at)
}

func topicError(rule Rule, v Version, field Field, b []byte, at int) error {
	switch {
	case rule == 0:
		return nil
	case at < len(b):
		return NewError(rule, 0, v, field, at, int64(b[at]))
	}
	return NewError(rule, 0, v, field, at, NotANumber)
}

// topicNameFault says which rule of topic names b breaks and at which byte; the
// rule is 0 if it breaks none.
func topicNameFault(b []byte, v Version) (Rule, int) {
	if len(b) == 0 {
		return RuleTopicEmpty, 0 // [MQTT-4.7.3-1]
	}
	if plainTopic(b) {
		return 0, 0
	}
	if i := wildcardIn(b); i >= 0 {
		return RuleTopicWildcard, i // [MQTT-3.3.2-2] [MQTT-4.7.0-1]
	}
	if wellFormed(b) {
		return 0, 0
	}
	return textFaultExact(b, v, RuleTopicNUL)
}

// wildcardIn returns where the first wildcard stands in b, or -1.
func wildcardIn(b []byte) int {
	i := bytes.IndexByte(b, '+')
	if i >= 0 {
		b = b[:i]
	}
	if j := bytes.IndexByte(b, '#'); j >= 0 {
		return j
	}
	return i
}

// topicFilterFault says which rule of topic filters b breaks and at which byte;
// the rule is 0 if it breaks none. It neither recurses nor allocates: a filter
// may have 65536 levels.
func topicFilterFault(b []byte, v Version) (Rule, int) {
	switch {
	case len(b) == 0:
		return RuleTopicEmpty, 0 // [MQTT-4.7.3-1]
	case plainFilter(b):
		return 0, 0
	}
	return otherFilterFault(b, v)
}

// otherFilterFault is topicFilterFault for a filter that is not plain: shared, not
// ASCII, or at fault.
func otherFilterFault(b []byte, v Version) (Rule, int) {
	shared := v == V5 && IsSharedFilter(b)
	if shared && plainSharedFilter(b) {
		return 0, 0
	}
	if !plainText(b) && !wellFormed(b) {
		if rule, at := textFaultExact(b, v, RuleTopicNUL); rule != 0 {
			return rule, at
		}
	}
	start := 0
	if shared {
		if rule, at := shareNameFault(b); rule != 0 {
			return rule, at
		}
		start = sharedFilterStart(b)
	}
	if legalWildcards(b[start:]) {
		return 0, 0
	}
	return wildcardFault(b, start, 0)
}

// plainFilter reports whether b has ASCII bytes only, no NUL, and no wildcard
// where a topic filter that is not shared may have none: the common case.
//
// It goes over eight bytes at a time and first asks only whether one of them
// comes before the comma in ASCII or after DEL, as NUL, # and + do and little else
// that stands in filters. That is fewer operations than to look for each of them.
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
		if odd := oddBytes(load64(rest)); odd != 0 && !plainLevels(b, len(b)-len(rest), odd) {
			return false
		}
	}
	last := len(b) - 8
	odd := oddBytes(load64(b[last:]))
	return odd == 0 || plainLevels(b, last, odd)
}

// oddBytes has the high bits of the bytes of w that come before the comma or
// after DEL, and perhaps of bytes that follow them.
func oddBytes(w uint64) uint64 { return (w | (w - ','*lowBits)) & highBits }

// plainLevels is plainFilter for the eight bytes at b[i], of which those may need
// a closer look whose high bits are in odd. Filters of nothing but wildcards are
// not to cost much more than others, so only a single byte is looked at by
// itself.
func plainLevels(b []byte, i int, odd uint64) bool {
	if odd&(odd-1) == 0 {
		return plainByte(b, i+bits.TrailingZeros64(odd)/8)
	}
	w := load64(b[i:])
	if (w|zeroByte(w))&highBits != 0 || i == 0 && b[0] == '$' {
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

// The high bits of the first and the last byte of a word.
const (
	firstByte = 0x80
	lastByte  = 0x80 << 56
)

// equalBytes has the high bits of the bytes of w that are c, both ASCII. The term
// &^ w, without which a byte that is not ASCII may look like c, is left to the
// caller.
func equalBytes(w uint64, c byte) uint64 {
	return ^((w ^ uint64(c)*lowBits | highBits) - lowBits) & highBits
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

// plainSharedFilter reports whether b, which starts with $share/, has a ShareName
// and a topic filter in which nothing needs a closer look.
func plainSharedFilter(b []byte) bool {
	start := sharedFilterStart(b)
	name, filter := b[len(sharePrefix):start], b[start:]
	return len(name) > 1 && len(filter) > 0 && plainTopic(name) && plainFilter(filter)
}

// legalWildcards reports whether wildcardFault finds nothing in b. It is for long
// text, which it need not go over byte by byte.
func legalWildcards(b []byte) bool {
	if i := bytes.IndexByte(b, '#'); i >= 0 && (i != len(b)-1 || i > 0 && b[i-1] != '/') {
		return false // [MQTT-4.7.1-1]
	}
	return bytes.IndexByte(b, '+') < 0 || legalPlus(b)
}

// legalPlus reports whether each + of b is a whole level. It goes over eight bytes
// at a time. [MQTT-4.7.1-2]
func legalPlus(b []byte) bool {
	plus, slash := uint64(0), uint64(firstByte) // what the byte before was; what the first may follow is as a /
	for ; ; b = b[8:] {
		w := uint64('/' * lowBits) // so is what the last may be followed by
		if len(b) >= 8 {
			w = load64(b)
		} else {
			for i, c := range b {
				w ^= uint64(c^'/') << (8 * i)
			}
		}
		pluses, slashes := equalBytes(w, '+')&^w, equalBytes(w, '/')&^w
		if pluses&^(slashes<<8|slash)|(pluses<<8|plus)&^slashes != 0 {
			return false
		}
		if len(b) < 8 {
			return true
		}
		plus, slash = pluses>>56, slashes>>56
	}
}

// wildcardFault checks the wildcards of b from the level that starts at i, by
// all rules but one, which may be 0.
func wildcardFault(b []byte, i int, but Rule) (Rule, int) {
	for level := i; i < len(b); i++ {
		switch c := b[i]; c {
		case '/':
			level = i + 1
		case '#': // [MQTT-4.7.1-1]: alone in its level, and the last character
			if (i != level || i != len(b)-1) && but != RuleFilterHash {
				return RuleFilterHash, i
			}
		case '+': // [MQTT-4.7.1-2]: alone in its level
			if (i != level || i != len(b)-1 && b[i+1] != '/') && but != RuleFilterPlus {
				return RuleFilterPlus, i
			}
		}
	}
	return 0, 0
}

// sharedFilterStart returns where in b, which starts with $share/, the topic
// filter begins: after the / that follows the ShareName, or at the end of b.
func sharedFilterStart(b []byte) int {
	name := b[len(sharePrefix):]
	if i := bytes.IndexByte(name, '/'); i >= 0 {
		return len(sharePrefix) + i + 1
	}
	return len(b)
}

// shareNameFault checks the ShareName of b, which starts with $share/, and that
// a topic filter follows. [MQTT-4.8.2-1] [MQTT-4.8.2-2]
func shareNameFault(b []byte) (Rule, int) {
	start := sharedFilterStart(b)
	name := b[len(sharePrefix):start]
	i := wildcardIn(name)
	switch {
	case i >= 0:
		return RuleShareForm, len(sharePrefix) + i
	case len(name) == 0 || name[0] == '/':
		return RuleShareNameEmpty, len(sharePrefix)
	case start == len(b): // no / after the name, or nothing after that /
		return RuleShareForm, len(b)
	}
	return 0, 0
}

// IsSharedFilter reports whether a topic filter of MQTT 5.0 is that of a shared
// subscription: whether it starts with $share/. Section 4.8.2.
func IsSharedFilter(filter []byte) bool {
	return len(filter) >= len(sharePrefix) && string(filter[:len(sharePrefix)]) == sharePrefix
}

// SplitSharedFilter returns the ShareName of a legal shared filter and the topic
// filter within it; ok is false if filter is not a shared one or is malformed.
// Both alias filter. Section 4.8.2.
func SplitSharedFilter(filter []byte) (shareName, topicFilter []byte, ok bool) {
	if !IsSharedFilter(filter) {
		return nil, nil, false
	}
	if rule, _ := topicFilterFault(filter, V5); rule != 0 {
		return nil, nil, false
	}
	rest := filter[len(sharePrefix):]
	for i, c := range rest {
		if c == '/' {
			return rest[:i:i], rest[i+1:], true
		}
	}
	return nil, nil, false
}

// MatchTopic reports whether a legal topic filter matches a legal topic name.
// A filter that starts with a wildcard does not match a name that starts with $
// [MQTT-4.7.2-1]. For a shared filter pass what SplitSharedFilter returns. It
// takes one pass over the name and allocates nothing. Section 4.7.
func MatchTopic(filter, name []byte) bool {
	if len(filter) == 0 || len(name) == 0 {
		return false
	}
	if name[0] == '$' && (filter[0] == '+' || filter[0] == '#') {
		return false
	}
	f, n := 0, 0
	for f < len(filter) {
		switch {
		case filter[f] == '#':
			return true
		case filter[f] == '+':
			for n < len(name) && name[n] != '/' {
				n++
			}
			f++
		case n < len(name) && filter[f] == name[n]:
			f++
			n++
		default:
			// "a/#" also matches "a", the level above.
			return n == len(name) && string(filter[f:]) == "/#"
		}
	}
	return n == len(name)
}
