package model

import "slices"

// topicName takes a topic name. // [MQTT-4.7.3-1]
func (r *reading) topicName() {
	name := r.text()
	if len(name) == 0 {
		r.refuse("topic name: empty")
	}
	r.judgeName(name)
}

// judgeName checks the characters of a topic name.
func (r *reading) judgeName(name []rune) {
	for _, c := range name {
		switch c {
		case '+', '#':
			r.refuse("topic name: wildcard") // [MQTT-3.3.2-2] [MQTT-4.7.0-1]
		case 0:
			r.refuse("topic name: U+0000") // [MQTT-4.7.3-2]
		}
	}
}

// topicFilter takes a topic filter, and tells whether it is a shared one, which
// only 5.0 knows.
func (r *reading) topicFilter() (shared bool) {
	filter := r.text()
	parts := levels(filter)
	// Only what starts with $share/ is shared. // U-4.8.2-1
	shared = r.version == v5 && len(parts) > 1 && string(parts[0]) == "$share"
	if shared {
		r.judgeShareName(parts)
		parts = parts[min(2, len(parts)):]
	}
	r.judgeFilter(parts)
	return shared
}

// levels cuts a filter at each slash.
func levels(filter []rune) [][]rune {
	parts := [][]rune{{}}
	for _, c := range filter {
		if c == '/' {
			parts = append(parts, []rune{})
		} else {
			last := len(parts) - 1
			parts[last] = append(parts[last], c)
		}
	}
	return parts
}

// judgeShareName checks the second level of $share/name/filter, and that a third
// follows it. // [MQTT-4.8.2-1] [MQTT-4.8.2-2]
func (r *reading) judgeShareName(parts [][]rune) {
	name := parts[1]
	switch {
	case len(name) == 0:
		r.refuse("shared subscription: empty ShareName")
	case slices.Contains(name, '+') || slices.Contains(name, '#'):
		r.refuse("shared subscription: wildcard in the ShareName")
	case len(parts) == 2:
		r.refuse("shared subscription: no topic filter")
	}
}

// judgeFilter checks the levels of a topic filter.
func (r *reading) judgeFilter(parts [][]rune) {
	if len(parts) == 1 && len(parts[0]) == 0 {
		r.refuse("topic filter: empty") // [MQTT-4.7.3-1]
	}
	for i, level := range parts {
		switch {
		case slices.Contains(level, 0):
			r.refuse("topic filter: U+0000") // [MQTT-4.7.3-2]
		case slices.Contains(level, '+') && len(level) > 1:
			r.refuse("topic filter: + shares its level") // [MQTT-4.7.1-2]
		case slices.Contains(level, '#') && (len(level) > 1 || i < len(parts)-1):
			r.refuse("topic filter: # is not alone on the last level") // [MQTT-4.7.1-1]
		}
	}
}
