package mqttwire

import (
	"bytes"

	"github.com/mqttwire/mqttwire/internal/text"
)

// sharePrefix begins the filter of a shared subscription. Section 4.8.2.
const sharePrefix = "$share/"

// CheckTopicName returns nil if b is a legal topic name in version v: 1 to 65535
// bytes of UTF-8 without U+0000, + and #; else an *Error whose Offset counts
// from the start of b. Section 4.7.
func CheckTopicName(b []byte, v Version) error {
	if text.PlainTopicName(b) {
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
	if text.PlainTopicFilter(b) {
		return nil
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
	if i := indexWildcard(b); i >= 0 {
		return RuleTopicWildcard, i // [MQTT-3.3.2-2] [MQTT-4.7.0-1]
	}
	if text.WellFormed(b) {
		return 0, 0
	}
	return characterFault(b, v, RuleTopicNUL)
}

// topicFilterFault says which rule of topic filters b breaks and at which byte;
// the rule is 0 if it breaks none. It neither recurses nor allocates: a filter
// may have 65536 levels.
func topicFilterFault(b []byte, v Version) (Rule, int) {
	if len(b) == 0 {
		return RuleTopicEmpty, 0 // [MQTT-4.7.3-1]
	}
	if !text.WellFormed(b) {
		if rule, at := characterFault(b, v, RuleTopicNUL); rule != 0 {
			return rule, at
		}
	}
	start := 0
	if v == V5 && IsSharedFilter(b) {
		if rule, at := shareNameFault(b); rule != 0 {
			return rule, at
		}
		start = sharedFilterStart(b)
	}
	return wildcardFault(b, start, 0)
}

// indexWildcard returns where the first + or # stands in b, or -1.
func indexWildcard(b []byte) int {
	i := bytes.IndexByte(b, '+')
	if i >= 0 {
		b = b[:i]
	}
	if j := bytes.IndexByte(b, '#'); j >= 0 {
		return j
	}
	return i
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
	i := indexWildcard(name)
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

// SplitSharedFilter splits a topic filter as a server keeps it: into the ShareName
// and the filter within, if it is that of a shared subscription, else into no name,
// nil, and the filter itself. ok is false if filter is malformed in 5.0. Both alias
// filter. Section 4.8.2.
func SplitSharedFilter(filter []byte) (shareName, topicFilter []byte, ok bool) {
	if CheckTopicFilter(filter, V5) != nil {
		return nil, nil, false
	}
	if !IsSharedFilter(filter) {
		return nil, filter[:len(filter):len(filter)], true
	}
	start := sharedFilterStart(filter)
	return filter[len(sharePrefix) : start-1 : start-1], filter[start:len(filter):len(filter)], true
}

// MatchTopic reports whether a legal topic filter matches a legal topic name.
// A filter that starts with a wildcard does not match a name that starts with $
// [MQTT-4.7.2-1]. A shared filter of 5.0 matches as the filter within it does. It
// takes one pass over the name and allocates nothing. Sections 4.7 and 4.8.2.
func MatchTopic(filter, name []byte) bool {
	if IsSharedFilter(filter) {
		if rule, _ := shareNameFault(filter); rule == 0 { // else one of 3.x, where it means nothing
			filter = filter[sharedFilterStart(filter):]
		}
	}
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
