package interleaved

import (
	"testing"
	"time"
)

func TestMedianAndSpread(t *testing.T) {
	values := []float64{9, 1, 5, 3, 7}
	if got := Median(values); got != 5 {
		t.Errorf("the median is %v", got)
	}
	if got := Spread(values); got != 0.4 {
		t.Errorf("the spread is %v", got)
	}
	if values[0] != 9 {
		t.Error("the values were changed")
	}
}

func TestEachContenderRunsInEachRoundAndTellsItsAllocations(t *testing.T) {
	var kept [][]byte
	idle := &Contender{Run: func(n int) (sum uint64) {
		for i := range n {
			sum += uint64(i)
		}
		return sum
	}}
	allocates := &Contender{Run: func(n int) uint64 {
		kept = kept[:0]
		for range n {
			kept = append(kept, make([]byte, 64), make([]byte, 64))
		}
		return uint64(len(kept))
	}}
	Measure([]Row{{Operations: 2, Contenders: []*Contender{allocates, idle}}}, Plan{4, time.Microsecond})
	if len(idle.NS) != 4 || len(allocates.NS) != 4 || len(Ratios(idle, allocates)) != 4 {
		t.Errorf("4 rounds gave %d and %d times", len(idle.NS), len(allocates.NS))
	}
	if idle.Allocs != 0 || allocates.Allocs != 1 {
		t.Errorf("2 operations allocate %v and %v", idle.Allocs, allocates.Allocs)
	}
}
