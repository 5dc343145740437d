package main

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/mqttwire/mqttwire/capture"
)

// verboseLines builds the line of text, and below it one for each member that the
// event has in JSON: so nothing is left out, and the names are the same.
type verboseLines struct {
	text *textLines
	json *jsonLines
	line []byte
}

// mostVerbose is the largest payload, in bytes, that is shown.
const mostVerbose = 1 << 20

func newVerboseLines(o *showOptions, paint palette) *verboseLines {
	v := &verboseLines{text: newTextLines(o, paint), json: newJSONLines(o)}
	if v.json.maxPayload == 0 {
		v.json.maxPayload = mostVerbose
	}
	return v
}

// shownAbove are the members that the line of text always shows in full.
var shownAbove = []string{"file", "ts", "stream", "type", "event", "side"}

func (v *verboseLines) append(b []byte, file string, e *capture.Event, saved string) []byte {
	b = v.text.append(b, file, e, saved)
	v.line = v.json.append(v.line[:0], file, e, saved)
	for key, value := range members(v.line) {
		if !slices.Contains(shownAbove, key) {
			b = v.appendMember(b, key, value)
		}
	}
	return b
}

// appendMember appends the line for a member; a list has one for each entry.
func (v *verboseLines) appendMember(b []byte, key string, value json.RawMessage) []byte {
	var entries []json.RawMessage
	if value[0] == '[' && json.Unmarshal(value, &entries) == nil && len(entries) > 0 {
		for _, entry := range entries {
			b = v.appendMember(b, key, entry)
		}
		return b
	}
	b = append(append(b, "      "...), v.text.paint.quiet.on...)
	start := len(b)
	b = append(pad(append(append(b, key...), ':'), start, len("payload_base64: ")), v.text.paint.quiet.off...)
	return append(append(b, value...), '\n')
}

// members iterates over the members of an object of JSON in their order.
func members(object []byte) func(yield func(key string, value json.RawMessage) bool) {
	return func(yield func(string, json.RawMessage) bool) {
		d := json.NewDecoder(bytes.NewReader(object))
		if _, err := d.Token(); err != nil {
			return
		}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return
			}
			name, ok := key.(string)
			var value json.RawMessage
			if err := d.Decode(&value); err != nil || !ok || !yield(name, value) {
				return
			}
		}
	}
}
