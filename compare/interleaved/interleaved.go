// Package interleaved measures functions that do the same work by turns, in many
// short slices, so that what slows the machine down slows them all: a ratio of
// their times means something where a time alone means little.
package interleaved

import (
	"math"
	"runtime"
	"slices"
	"time"
)

// Loop does its work n times and returns a sum of what it read or wrote.
type Loop func(n int) uint64

// Plan is how much is measured.
type Plan struct {
	Rounds int
	Slice  time.Duration // that a contender runs for in each round
}

// The plans: one whose figures count, and one that shows that everything runs.
var (
	Full  = Plan{31, 2 * time.Millisecond}
	Quick = Plan{3, 20 * time.Microsecond}
)

// Contender is one of those that do the work of a row.
type Contender struct {
	Run    Loop
	NS     []float64 // of one operation, by round
	Allocs float64   // of one operation
	n      int       // iterations in a slice
}

// Row is a work, and those that do it.
type Row struct {
	Operations int // in one iteration of the loops; 0 means 1
	Contenders []*Contender
}

// Measure measures the rows. In each round each contender of each row runs for a
// slice, those of a row right after each other, so that what slows the machine
// down slows them all. The collector runs before each row, outside the slices; it
// also runs by itself, and those that allocate come last, so that they pay for it.
func Measure(rows []Row, p Plan) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for i := range rows {
		for _, c := range rows[i].Contenders {
			c.n = calibrate(c.Run, p.Slice)
			c.Allocs = allocations(c.Run, c.n) / rows[i].perIteration()
			c.NS = make([]float64, 0, p.Rounds)
		}
	}
	for round := range p.Rounds {
		for i := range rows {
			runtime.GC()
			for _, c := range rows[i].order(round) {
				c.NS = append(c.NS, c.timed()/rows[i].perIteration())
			}
		}
	}
}

func (r *Row) perIteration() float64 { return float64(max(r.Operations, 1)) }

// order returns the contenders in the order of a round: those that do not
// allocate, then the others, in each of the two groups another one first.
func (r *Row) order(round int) []*Contender {
	var first, last []*Contender
	for _, c := range r.Contenders {
		if c.Allocs == 0 {
			first = append(first, c)
		} else {
			last = append(last, c)
		}
	}
	return append(rotated(first, round), rotated(last, round)...)
}

func rotated(list []*Contender, n int) []*Contender {
	if len(list) == 0 {
		return nil
	}
	n %= len(list)
	return append(slices.Clone(list[n:]), list[:n]...)
}

// timed runs a slice, which is called through a function value so that no work
// can be left out, after a short turn to warm up, and returns the nanoseconds
// of one iteration.
func (c *Contender) timed() float64 {
	c.Run(c.n/16 + 1)
	return float64(duration(c.Run, c.n).Nanoseconds()) / float64(c.n)
}

// calibrate returns how many iterations take about as long as the slice. A run
// counts by the shorter of two times: one that the collector interrupts may seem
// to take as long as a thousand iterations.
func calibrate(run Loop, slice time.Duration) int {
	run(1)
	for n := 1; ; n *= 4 {
		took := min(duration(run, n), duration(run, n))
		if took >= slice/4 {
			return max(1, int(float64(n)*float64(slice)/float64(took)))
		}
	}
}

func duration(run Loop, n int) time.Duration {
	start := clock()
	run(n)
	return clock() - start
}

// allocations returns the whole allocations of one iteration, of many if n, which
// a slice has room for, allows it.
func allocations(run Loop, n int) float64 {
	var before, after runtime.MemStats
	n = min(n, 1000)
	runtime.ReadMemStats(&before)
	run(n)
	runtime.ReadMemStats(&after)
	return math.Floor(float64(after.Mallocs-before.Mallocs) / float64(n))
}

// Median returns the middle of the values, which it does not change.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// Ratios returns a's times to b's, by round.
func Ratios(a, b *Contender) []float64 {
	list := make([]float64, len(a.NS))
	for i := range list {
		list[i] = a.NS[i] / b.NS[i]
	}
	return list
}

// Spread returns how far the middle half of the values lies around their median,
// as a part of it.
func Spread(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[3*n/4] - sorted[n/4]) / 2 / sorted[n/2]
}
