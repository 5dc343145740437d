package fuzz

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// FuzzTopics judges and matches any names and filters by the library and, level by
// level, by slow functions.
func FuzzTopics(f *testing.F) {
	for _, filter := range []string{"a/b", "#", "+/#", "a/+/b", "$share/g/a/#", "$SYS/#", "/", "a//#", "+a", "$share//a", "a\x00", "é/ü"} {
		for _, name := range []string{"a", "a/b", "$SYS/x", "/", "a//b", "é/ü"} {
			f.Add(filter, name)
		}
	}
	for _, c := range corpusCases(f) {
		if topic, ok := topicOf(&c); ok && len(topic) <= 256 {
			f.Add(topic, topic)
		}
	}
	f.Fuzz(func(t *testing.T, filter, name string) {
		for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
			for _, s := range []string{filter, name} {
				if got, want := mqttwire.CheckTopicName([]byte(s), v) == nil, slowName(s); got != want {
					t.Fatalf("name %q in %s: %t, slowly %t", s, v, got, want)
				}
				if got, want := mqttwire.CheckTopicFilter([]byte(s), v) == nil, slowFilter(s, v); got != want {
					t.Fatalf("filter %q in %s: %t, slowly %t", s, v, got, want)
				}
			}
		}
		if slowFilter(filter, mqttwire.V311) && slowName(name) {
			if got, want := mqttwire.MatchTopic([]byte(filter), []byte(name)), slowMatch(withinShared(filter), name); got != want {
				t.Fatalf("filter %q, name %q: %t, slowly %t", filter, name, got, want)
			}
		}
		mqttwire.MatchTopic([]byte(filter), []byte(name))
		share, rest, ok := mqttwire.SplitSharedFilter([]byte(filter))
		if ok != slowFilter(filter, mqttwire.V5) {
			t.Fatalf("%q is split: %t", filter, ok)
		}
		whole := string(rest)
		if share != nil {
			whole = "$share/" + string(share) + "/" + whole
		}
		if ok && (whole != filter || (share != nil) != strings.HasPrefix(filter, "$share/")) {
			t.Fatalf("%q is split into %q and %q", filter, share, rest)
		}
	})
}

// topicOf returns the first topic name or filter of a case, legal or not.
func topicOf(c *corpus.Case) (string, bool) {
	f, _, err := mqttwire.CutFrame(c.Bytes, 0)
	if err != nil {
		return "", false
	}
	body := f.Body
	switch f.Header.Type {
	case mqttwire.PUBLISH:
	case mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE:
		skip := 2 // the packet identifier
		if c.Version == mqttwire.V5 {
			skip++ // and no properties
		}
		body = body[min(skip, len(body)):]
	default:
		return "", false
	}
	topic, _, err := mqttwire.ConsumeBinary(body)
	return string(topic), err == nil
}

func plainText(s string) bool {
	return s != "" && len(s) <= 65535 && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

func slowName(s string) bool { return plainText(s) && !strings.ContainsAny(s, "+#") }

// slowFilter is section 4.7.1 and, in 5.0, section 4.8.2.
func slowFilter(s string, v mqttwire.Version) bool {
	if !plainText(s) {
		return false
	}
	if shared, ok := strings.CutPrefix(s, "$share/"); ok && v == mqttwire.V5 {
		share, rest, found := strings.Cut(shared, "/")
		return found && share != "" && !strings.ContainsAny(share, "+#") && rest != "" && slowFilter(rest, mqttwire.V311)
	}
	levels := strings.Split(s, "/")
	for i, level := range levels {
		if strings.Contains(level, "#") && (level != "#" || i != len(levels)-1) {
			return false
		}
		if strings.Contains(level, "+") && level != "+" {
			return false
		}
	}
	return true
}

// withinShared returns the filter within a shared one of 5.0, or s itself.
func withinShared(s string) string {
	if rest, ok := strings.CutPrefix(s, "$share/"); ok && slowFilter(s, mqttwire.V5) {
		_, s, _ = strings.Cut(rest, "/")
	}
	return s
}

// slowMatch is section 4.7.1 and [MQTT-4.7.2-1].
func slowMatch(filter, name string) bool {
	if name[0] == '$' && (filter[0] == '+' || filter[0] == '#') {
		return false
	}
	f, n := strings.Split(filter, "/"), strings.Split(name, "/")
	for i, level := range f {
		switch {
		case level == "#":
			return len(n) >= i
		case i >= len(n) || level != "+" && level != n[i]:
			return false
		}
	}
	return len(f) == len(n)
}
