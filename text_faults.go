package mqttwire

// textKind is what a string has to be, beyond a UTF-8 encoded string.
type textKind uint8

const (
	anyText    textKind = iota
	nameText            // a topic name
	filterText          // a topic filter
)

// fault returns the first rule that s breaks, and at which byte; or 0.
func (k textKind) fault(s []byte, v Version) (Rule, int) {
	switch k {
	case nameText:
		return topicNameFault(s, v)
	case filterText:
		return topicFilterFault(s, v)
	}
	return textFault(s, v)
}

// check returns the *Error for the first rule that s breaks, on encoding, or nil.
func (k textKind) check(s []byte, t PacketType, v Version, field Field) error {
	if len(s) > maxPrefixed { // U-1.5.4-1 [MQTT-4.7.3-3]
		return ownError(RuleStringLength, t, v, field, NoOffset, int64(len(s)))
	}
	rule, i := k.fault(s, v)
	if rule == 0 {
		return nil
	}
	found := int64(NotANumber)
	if i < len(s) {
		found = int64(s[i])
	}
	return ownError(rule, t, v, field, NoOffset, found)
}

// textFaults calls report with each rule that s breaks and the first byte that
// breaks it, until report says no. It begins with what textFault, topicNameFault
// or topicFilterFault returns. That is for strings known to be broken, and takes
// a few passes over them.
func textFaults(s []byte, kind textKind, v Version, report func(Rule, int) bool) {
	if len(s) == 0 && kind != anyText {
		report(RuleTopicEmpty, 0) // [MQTT-4.7.3-1]
		return
	}
	switch kind {
	case anyText:
		characterFaults(s, v, RuleNUL, report)
	case nameText:
		if i := indexWildcard(s); i >= 0 && !report(RuleTopicWildcard, i) { // [MQTT-3.3.2-2] [MQTT-4.7.0-1]
			return
		}
		characterFaults(s, v, RuleTopicNUL, report)
	case filterText:
		if characterFaults(s, v, RuleTopicNUL, report) {
			filterFaults(s, v, report)
		}
	}
}

// characterFaults reports the characters that no string may have. nul is the
// rule that U+0000 breaks. It returns what report said last.
func characterFaults(s []byte, v Version, nul Rule, report func(Rule, int) bool) bool {
	var first Rule
	for i := 0; i < len(s); {
		rule, at := characterFault(s[i:], v, nul)
		if rule == 0 {
			return true
		}
		if rule != first {
			if !report(rule, i+at) {
				return false
			}
			if first != 0 { // there are no more than two such rules
				return true
			}
			first = rule
		}
		i += at + 1
		if rule == nul && s[i-1] != 0 {
			i++ // the C0 80 of modified UTF-8: see modifiedRune
		}
	}
	return true
}

// filterFaults reports what is wrong with the wildcards and the share of a topic
// filter.
func filterFaults(s []byte, v Version, report func(Rule, int) bool) {
	start := 0
	if v == V5 && IsSharedFilter(s) {
		if rule, at := shareNameFault(s); rule != 0 && !report(rule, at) {
			return
		}
		start = sharedFilterStart(s)
	}
	first, at := wildcardFault(s, start, 0)
	if first == 0 || !report(first, at) {
		return
	}
	if rule, at := wildcardFault(s, start, first); rule != 0 {
		report(rule, at)
	}
}
