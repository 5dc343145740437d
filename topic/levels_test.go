package topic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire/topic"
)

func TestLevelsAreWhatStandsBetweenTheSlashes(t *testing.T) {
	for _, s := range append(joined([]string{"a", "+", "", "é"}, 4), "", "#", "$share/g/a") {
		var levels []string
		for level := range topic.Levels([]byte(s)) {
			assert.Equal(t, len(level), cap(level), s)
			levels = append(levels, string(level))
		}
		assert.Equal(t, strings.Split(s, "/"), levels, s)
	}
}

func TestLevelsEndWhereTheCallerHasEnough(t *testing.T) {
	count := 0
	for range topic.Levels([]byte("a/b/c")) {
		if count++; count == 2 {
			break
		}
	}
	assert.Equal(t, 2, count)
}

func TestLevelsAndComparingFiltersAllocateNothing(t *testing.T) {
	skipUnderRace(t)
	a, b := []byte("plant/+/line/#"), []byte("$share/group/plant/p1/line/grüße")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		n := 0
		for level := range topic.Levels(b) {
			n += len(level)
		}
		if n != len(b)-5 || !topic.Overlap(a, b) || !topic.Subset(b, a) {
			t.Fatal("six levels, and a subset")
		}
	}))
}

func ExampleLevels() {
	for level := range topic.Levels([]byte("plant//+")) {
		fmt.Printf("%q\n", level)
	}
	// Output:
	// "plant"
	// ""
	// "+"
}
