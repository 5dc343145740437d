package main

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mqttwire/mqttwire/compare/against/work"
	"github.com/mqttwire/mqttwire/compare/interleaved"
)

func TestEachRowOfBothSidesIsMeasured(t *testing.T) {
	all, err := measured(interleaved.Plan{Rounds: 1, Slice: 50 * time.Microsecond}, "")
	if err != nil {
		t.Fatal(err)
	}
	text := judged([][]result{all}).table()
	for _, r := range all {
		if r.now.least <= 0 || r.before.least <= 0 {
			t.Errorf("%s: %s was not measured", r.group, r.name)
		}
		if !strings.Contains(text, "\n"+r.group+": "+r.name+" ") {
			t.Errorf("no line for %s: %s", r.group, r.name)
		}
	}
	if _, err := measured(interleaved.Quick, "no such row"); err == nil {
		t.Error("no row was measured without an error")
	}
}

func TestResultsAreReadAsTheyWereWritten(t *testing.T) {
	want := []result{{work.Decode, "PUBLISH 5.0 qos1, 64 KiB", times{1.5, 2, 0}, times{3, 4.25, 1}, 0.5}, {work.Refuse, "b", times{1, 1, 1}, times{1, 1, 1}, 1}}
	file := filepath.Join(t.TempDir(), "result")
	if err := write(file, want); err != nil {
		t.Fatal(err)
	}
	if got, err := readFile(file); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parse("a\tb\t1"); err == nil {
		t.Error("a line of three columns is read")
	}
}

// layout is one row of a group that took before and takes now so many nanoseconds.
func layout(group string, before, now float64) []result {
	return []result{{group: group, name: "row", now: times{now, now, 0}, before: times{before, before, 0}, middle: now / before}}
}

func TestAGoalIsMissedByTheMeanOrByARow(t *testing.T) {
	for _, c := range []struct {
		group       string
		before, now float64
		missed      []string
	}{
		{work.Decode, 100, 102, nil},
		{work.Decode, 100, 104, []string{"decode: mean 1.040"}},
		{work.Encode, 100, 104, []string{"encode: mean 1.040"}},
		{work.Encode, 100, 120, []string{"encode: mean 1.200", "encode: row: 1.200"}},
		{work.Tolerant, 100, 79, nil},
		{work.Tolerant, 100, 90, []string{"decode tolerantly: mean 0.900"}},
		{work.Refuse, 100, 114, nil},
		{work.Refuse, 100, 116, []string{"refuse: row: 1.160"}},
		{work.Refuse, 4, 5.9, nil}, // less than 2 ns
	} {
		got := judged([][]result{layout(c.group, c.before, c.now)}).missed()
		if !slices.EqualFunc(got, c.missed, strings.HasPrefix) {
			t.Errorf("%s %v to %v misses %q, not %q", c.group, c.before, c.now, got, c.missed)
		}
	}
}

func TestAnAllocationMoreIsMissedWhateverTheTime(t *testing.T) {
	one := layout(work.Refuse, 100, 50)
	one[0].before.allocs, one[0].now.allocs = 1, 2
	if got := judged([][]result{one}).missed(); len(got) != 1 || !strings.Contains(got[0], "2 allocations, 1 before") {
		t.Errorf("misses %q", got)
	}
}

func TestEachSideCountsAsInTheLayoutThatSuitsItBest(t *testing.T) {
	v := judged([][]result{layout(work.Refuse, 100, 150), layout(work.Refuse, 120, 90), layout(work.Refuse, 110, 110)})
	if got := v[0].ratio(); got != 0.9 || len(v.missed()) != 0 {
		t.Errorf("the ratio is %v, and %q is missed", got, v.missed())
	}
	if !strings.Contains(v.table(), " 0.750-1.500 ") {
		t.Errorf("the range is not in\n%s", v.table())
	}
}
