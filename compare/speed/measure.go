package main

import (
	"math"
	"runtime"
	"slices"
	"time"
)

// plan is how much is measured.
type plan struct {
	rounds int
	slice  time.Duration // that a contender runs for in each round
}

var (
	fullPlan  = plan{31, 2 * time.Millisecond}
	quickPlan = plan{3, 20 * time.Microsecond}
)

// measure measures the rows. In each round each contender of each row runs for a
// slice, those of a row right after each other, so that what slows the machine
// down slows them all. The collector runs before each row, outside the slices; it
// also runs by itself, and those that allocate come last, so that they pay for it.
func measure(rows []row, p plan) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for i := range rows {
		for j := range rows[i].contenders {
			c := &rows[i].contenders[j]
			c.n = calibrate(c.run, p.slice)
			c.allocs = allocations(c.run, c.n) / rows[i].perIteration()
			c.ns = make([]float64, 0, p.rounds)
		}
	}
	for round := range p.rounds {
		for i := range rows {
			runtime.GC()
			for _, c := range rows[i].order(round) {
				c.ns = append(c.ns, c.timed()/rows[i].perIteration())
			}
		}
	}
}

func (r *row) perIteration() float64 { return float64(max(r.operations, 1)) }

// order returns the contenders in the order of a round: those that do not
// allocate, then the others, in each of the two groups another one first.
func (r *row) order(round int) []*contender {
	var first, last []*contender
	for i := range r.contenders {
		if c := &r.contenders[i]; c.allocs == 0 {
			first = append(first, c)
		} else {
			last = append(last, c)
		}
	}
	return append(rotated(first, round), rotated(last, round)...)
}

func rotated(list []*contender, n int) []*contender {
	if len(list) == 0 {
		return nil
	}
	n %= len(list)
	return append(slices.Clone(list[n:]), list[:n]...)
}

// timed runs a slice, which is called through a function value so that no work
// can be left out, after a short turn to warm up, and returns the nanoseconds
// of one iteration.
func (c *contender) timed() float64 {
	c.run(c.n/16 + 1)
	return float64(duration(c.run, c.n).Nanoseconds()) / float64(c.n)
}

// calibrate returns how many iterations take about as long as the slice. A run
// counts by the shorter of two times: one that the collector interrupts may seem
// to take as long as a thousand iterations.
func calibrate(run loop, slice time.Duration) int {
	run(1)
	for n := 1; ; n *= 4 {
		took := min(duration(run, n), duration(run, n))
		if took >= slice/4 {
			return max(1, int(float64(n)*float64(slice)/float64(took)))
		}
	}
}

func duration(run loop, n int) time.Duration {
	start := clock()
	run(n)
	return clock() - start
}

// allocations returns the whole allocations of one iteration, of many if n, which
// a slice has room for, allows it.
func allocations(run loop, n int) float64 {
	var before, after runtime.MemStats
	n = min(n, 1000)
	runtime.ReadMemStats(&before)
	run(n)
	runtime.ReadMemStats(&after)
	return math.Floor(float64(after.Mallocs-before.Mallocs) / float64(n))
}

// median returns the middle of the values, which it does not change.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// ratio returns the median over the rounds of a's time to b's.
func ratio(a, b *contender) float64 { return median(ratios(a, b)) }

func ratios(a, b *contender) []float64 {
	list := make([]float64, len(a.ns))
	for i := range list {
		list[i] = a.ns[i] / b.ns[i]
	}
	return list
}

// spread returns how far the middle half of the values lies around their median,
// as a part of it.
func spread(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[3*n/4] - sorted[n/4]) / 2 / sorted[n/2]
}
