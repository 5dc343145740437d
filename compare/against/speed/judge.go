package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire/compare/against/work"
	"github.com/mqttwire/mqttwire/compare/interleaved"
)

// The goals. A row may take a part more or, as a ratio of small times says little,
// some nanoseconds.
const (
	meanGoal     = 1.03 // of decoding and of encoding
	tolerantGoal = 0.8
	rowGoal      = 1.15
	rowSlack     = 2 // nanoseconds
)

// verdict has a judged row for each row, in the order in which they were measured.
type verdict []judgedRow

// judgedRow is a row over all layouts, with the least times that each side has in
// any of them: those of the layout that suits it best.
type judgedRow struct {
	result
	ratios []float64 // by layout, from the least on
}

// judged puts the layouts together.
func judged(layouts [][]result) (v verdict) {
	for i, first := range layouts[0] {
		row := judgedRow{result: first}
		var middles []float64
		for _, layout := range layouts {
			r := &layout[i]
			row.ratios = append(row.ratios, r.ratio())
			middles = append(middles, r.middle)
			row.now, row.before = least(row.now, r.now), least(row.before, r.before)
		}
		slices.Sort(row.ratios)
		row.middle = interleaved.Median(middles)
		v = append(v, row)
	}
	return v
}

// least keeps the least times, and the most allocations.
func least(a, b times) times {
	return times{min(a.least, b.least), min(a.median, b.median), max(a.allocs, b.allocs)}
}

// slower is how many nanoseconds a row takes longer.
func (r *judgedRow) slower() float64 { return r.now.least - r.before.least }

func (r *judgedRow) title() string { return r.group + ": " + r.name }

// tooSlow reports whether a row misses its goal.
func (r *judgedRow) tooSlow() bool { return r.ratio() > rowGoal && r.slower() > rowSlack }

// mean is the geometric mean of the ratios of a group, which may have no row.
func (v verdict) mean(group string) (mean float64, n int) {
	sum := 0.0
	for i := range v {
		if v[i].group == group {
			sum += math.Log(v[i].ratio())
			n++
		}
	}
	return math.Exp(sum / float64(max(n, 1))), n
}

// missed names the goals that are missed.
func (v verdict) missed() (list []string) {
	for _, g := range []struct {
		group string
		most  float64
	}{{work.Decode, meanGoal}, {work.Encode, meanGoal}, {work.Tolerant, tolerantGoal}} {
		if mean, n := v.mean(g.group); n > 0 && mean > g.most {
			list = append(list, fmt.Sprintf("%s: mean %.3f, at most %.2f", g.group, mean, g.most))
		}
	}
	for i := range v {
		r := &v[i]
		if r.tooSlow() {
			list = append(list, fmt.Sprintf("%s: %.3f, at most %.2f or %d ns more", r.title(), r.ratio(), rowGoal, rowSlack))
		}
		if r.now.allocs > r.before.allocs {
			list = append(list, fmt.Sprintf("%s: %.0f allocations, %.0f before", r.title(), r.now.allocs, r.before.allocs))
		}
	}
	return list
}

// worstRows is how many of the worst rows are named.
const worstRows = 8

// table shows all rows, the means of the groups, and the worst rows.
func (v verdict) table() string {
	var s strings.Builder
	line := func(name, before, now, ratio, over, median, allocs string) {
		fmt.Fprintf(&s, "%-62s %9s %9s %7s %13s %7s %8s\n", name, before, now, ratio, over, median, allocs)
	}
	line("ns of one operation, the least", "before", "now", "ratio", "by layout", "median", "allocs")
	for i := range v {
		r := &v[i]
		line(r.title(), ns(r.before.least), ns(r.now.least), times3(r.ratio()), times3(r.ratios[0])+"-"+times3(r.ratios[len(r.ratios)-1]),
			times3(r.middle), fmt.Sprintf("%.0f, %.0f", r.before.allocs, r.now.allocs))
	}
	s.WriteString("\ngeometric means\n")
	for _, group := range work.Groups {
		if mean, n := v.mean(group); n > 0 {
			fmt.Fprintf(&s, "%7s  %s, %d rows\n", times3(mean), group, n)
		}
	}
	s.WriteString("\nthe worst rows\n")
	sorted := slices.SortedFunc(slices.Values(v), func(a, b judgedRow) int { return cmp.Compare(b.ratio(), a.ratio()) })
	for i := range sorted[:min(worstRows, len(sorted))] {
		fmt.Fprintf(&s, "%7s  %+.1f ns  %s\n", times3(sorted[i].ratio()), sorted[i].slower(), sorted[i].title())
	}
	return s.String()
}

func ns(n float64) string     { return fmt.Sprintf("%.1f", n) }
func times3(n float64) string { return fmt.Sprintf("%.3f", n) }
