package topic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/topic"
)

// joined returns all texts of 1 to n levels, each of which is one of the given.
func joined(levels []string, n int) (all []string) {
	last := levels
	all = append(all, levels...)
	for range n - 1 {
		var longer []string
		for _, s := range last {
			for _, level := range levels {
				longer = append(longer, s+"/"+level)
			}
		}
		all = append(all, longer...)
		last = longer
	}
	return all
}

// smallFilters are all legal filters of up to n levels over a small alphabet.
func smallFilters(n int) (filters []string) {
	for _, s := range joined([]string{"a", "b", "+", "#", "$x", ""}, n) {
		if mqttwire.CheckTopicFilter([]byte(s), mqttwire.V5) == nil {
			filters = append(filters, s)
		}
	}
	return filters
}

// smallNames are names that tell any two of the small filters of up to n levels apart:
// they have a level more, and levels that no filter names.
func smallNames(n int) (names []string) {
	for _, s := range joined([]string{"a", "b", "c", "$x", "$y", ""}, n+1) {
		if mqttwire.CheckTopicName([]byte(s), mqttwire.V5) == nil {
			names = append(names, s)
		}
	}
	return names
}

// matched has a bit for each name that a filter matches.
func matched(filter string, names []string) []uint64 {
	bits := make([]uint64, (len(names)+63)/64)
	for i, name := range names {
		if mqttwire.MatchTopic([]byte(filter), []byte(name)) {
			bits[i/64] |= 1 << (i % 64)
		}
	}
	return bits
}

func TestOverlapAndSubsetAreThoseOfAllNames(t *testing.T) {
	levels := 4
	if testing.Short() {
		levels = 3
	}
	filters, names := smallFilters(levels), smallNames(levels)
	sets := make([][]uint64, len(filters))
	for i, f := range filters {
		sets[i] = matched(f, names)
	}
	for i, f := range filters {
		for j, g := range filters {
			overlap, subset := false, true
			for k, w := range sets[i] {
				overlap = overlap || w&sets[j][k] != 0
				subset = subset && w&^sets[j][k] == 0
			}
			if got := topic.Overlap([]byte(f), []byte(g)); got != overlap {
				t.Fatalf("%q and %q overlap: %t", f, g, got)
			}
			if got := topic.Subset([]byte(f), []byte(g)); got != subset {
				t.Fatalf("%q is a subset of %q: %t", f, g, got)
			}
		}
	}
}

func TestFiltersDoNotOverlapInANameThatIsTooLong(t *testing.T) {
	long := strings.Repeat("x", 32767)
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{long + "/+", "+/" + long, true}, // in a name of 65535 bytes
		{long + "y/+", "+/" + long, false},
		{long + "y/#", "+/" + long + "/#", false},
		{"#", strings.Repeat("y", 65535), true},
		{long + "/#", "+/" + long[1:] + "/+", true},
		{long + "/#", "+/" + long + "/+", false},
		{long + "/+/#", "+/" + long + "/#", true},
	} {
		assert.Equal(t, c.want, topic.Overlap([]byte(c.a), []byte(c.b)), "%.3s %.3s", c.a, c.b)
		assert.Equal(t, c.want, topic.Overlap([]byte(c.b), []byte(c.a)), "%.3s %.3s", c.b, c.a)
	}
}

func TestSharedFiltersOverlapByTheFiltersWithin(t *testing.T) {
	for _, f := range smallFilters(2) {
		for _, g := range smallFilters(2) {
			want := topic.Overlap([]byte(f), []byte(g))
			require.Equal(t, want, topic.Overlap([]byte("$share/a/"+f), []byte(g)), "%s %s", f, g)
			require.Equal(t, want, topic.Overlap([]byte(f), []byte("$share/b/"+g)), "%s %s", f, g)
			want = topic.Subset([]byte(f), []byte(g))
			require.Equal(t, want, topic.Subset([]byte("$share/a/"+f), []byte(g)), "%s %s", f, g)
			require.Equal(t, want, topic.Subset([]byte(f), []byte("$share/b/"+g)), "%s %s", f, g)
		}
	}
}

func TestMalformedFiltersHaveNothingInCommonWithOthers(t *testing.T) {
	for _, s := range []string{"", "a#", "#/a", "a+", "a\x00", "\xFF", "$share/g", "$share//a", strings.Repeat("a", 65536)} {
		for _, f := range []string{"#", "a", s} {
			assert.False(t, topic.Overlap([]byte(s), []byte(f)), "%.9q %.9q", s, f)
			assert.False(t, topic.Overlap([]byte(f), []byte(s)), "%.9q %.9q", s, f)
			assert.False(t, topic.Subset([]byte(s), []byte(f)), "%.9q %.9q", s, f)
			assert.False(t, topic.Subset([]byte(f), []byte(s)), "%.9q %.9q", s, f)
		}
	}
}

func ExampleOverlap() {
	fmt.Println(topic.Overlap([]byte("plant/+/speed"), []byte("plant/p1/#")))
	fmt.Println(topic.Overlap([]byte("plant/+/speed"), []byte("plant/p1/heat")))
	fmt.Println(topic.Overlap([]byte("#"), []byte("$SYS/#"))) // # does not match what begins with $
	// Output:
	// true
	// false
	// false
}

// A server may take a subscription that asks for no more than what a client is allowed.
func ExampleSubset() {
	allowed := []byte("plant/p1/#")
	for _, asked := range []string{"plant/p1/speed", "plant/p1/+", "plant/+/speed", "plant/p1"} {
		fmt.Println(asked, topic.Subset([]byte(asked), allowed))
	}
	// Output:
	// plant/p1/speed true
	// plant/p1/+ true
	// plant/+/speed false
	// plant/p1 true
}
