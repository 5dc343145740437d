package mqttwire

import (
	"bytes"
	"strings"
	"testing"
)

// filterFaultTwin is topicFilterFault, one byte after the other.
func filterFaultTwin(b []byte, v Version) (Rule, int) {
	if len(b) == 0 {
		return RuleTopicEmpty, 0
	}
	if rule, at := characterFault(b, v, RuleTopicNUL); rule != 0 {
		return rule, at
	}
	if v != V5 || !strings.HasPrefix(string(b), sharePrefix) {
		return wildcardFault(b, 0, 0)
	}
	i := len(sharePrefix)
	for ; i < len(b) && b[i] != '/'; i++ {
		if b[i] == '+' || b[i] == '#' {
			return RuleShareForm, i
		}
	}
	switch {
	case i == len(sharePrefix):
		return RuleShareNameEmpty, i
	case i >= len(b)-1:
		return RuleShareForm, len(b)
	}
	return wildcardFault(b, i+1, 0)
}

// requireFilterFault checks the verdicts on b in all versions.
func requireFilterFault(t *testing.T, b []byte) {
	t.Helper()
	for v := V31; v <= V5; v++ {
		rule, at := topicFilterFault(b, v)
		if want, wantAt := filterFaultTwin(b, v); rule != want || at != wantAt {
			t.Fatalf("%q in %s: %v at %d, not %v at %d", b, v, rule, at, want, wantAt)
		}
	}
}

// filterParts is what filters are put together from: what counts in them, and
// bytes that differ from it in the high bit only.
var filterParts = []string{"a", "/", "+", "#", "ü", "語", "\x00", "/$share/", "\xAB", "\xA3", "\xC0\x80"}

func TestTopicFiltersOfAllPartsAreJudgedLikeByteByByte(t *testing.T) {
	most := 5
	if testing.Short() {
		most = 4
	}
	for _, start := range []string{"", "$share/", "$share/ü", "$share/g/", "$share/ü/", "$SYS/ü/"} {
		b := []byte(start)
		var try func(n int)
		try = func(n int) {
			requireFilterFault(t, b)
			if n == most {
				return
			}
			for _, part := range filterParts {
				b = append(b, part...)
				try(n + 1)
				b = b[:len(b)-len(part)]
			}
		}
		try(0)
	}
}

// TestTopicFiltersAreJudgedAtEveryPlace puts three parts in a row at every place
// of filters that take some words and a part of one.
func TestTopicFiltersAreJudgedAtEveryPlace(t *testing.T) {
	longest := 27
	if testing.Short() {
		longest = 13 // a word, and a part of the next
	}
	for _, fill := range []string{"a", "/", "+/", "ü", "/ü"} {
		for n := 1; n <= longest; n++ {
			filling := bytes.Repeat([]byte(fill), n)
			for i := 0; i <= len(filling); i += len(fill) {
				for x := range len(filterParts) * len(filterParts) * len(filterParts) {
					b := append([]byte("ü/"), filling[:i]...)
					for range 3 {
						b = append(b, filterParts[x%len(filterParts)]...)
						x /= len(filterParts)
					}
					requireFilterFault(t, append(b, filling[i:]...))
				}
			}
		}
	}
}

func TestEveryByteOfATopicFilterIsJudged(t *testing.T) {
	for _, text := range []string{"ü/a/+/bb/+/ccc/#", "$share/group/a/+/b", "$share/grüppe/+/語/+/aa/#"} {
		b := []byte(text)
		for i := range b {
			was := b[i]
			for c := range 256 {
				b[i] = byte(c)
				requireFilterFault(t, b)
			}
			b[i] = was
		}
	}
}
