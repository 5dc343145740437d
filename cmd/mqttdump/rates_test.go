package main

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestRatesOfAnyTimesCountEveryPacket(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var r rates
		count := rapid.IntRange(1, 20).Draw(rt, "packets")
		for range count {
			at := time.Unix(rapid.Int64Range(-1<<40, 1<<55).Draw(rt, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(rt, "nanoseconds"))
			r.add(at, 10)
		}
		var all bucket
		for _, b := range r.buckets {
			all.packets += b.packets
			all.bytes += b.bytes
		}
		if all.packets != int64(count) || all.bytes != 10*int64(count) || len(r.buckets) > mostBuckets+1 {
			rt.Fatalf("%+v of %d, in %d", all, count, len(r.buckets))
		}
		if first, last := r.span(); !last.After(first) {
			rt.Fatalf("from %v to %v", first, last)
		}
	})
}

func TestRatesOverAllThatADurationHas(t *testing.T) {
	var r rates
	start := time.Unix(1, 0)
	r.add(start, 1)
	r.add(start.Add(math.MaxInt64), 1)
	first, last := r.span()
	assert.Equal(t, start, first)
	assert.True(t, last.After(start.Add(math.MaxInt64)))
	assert.LessOrEqual(t, len(r.buckets), mostBuckets)
}

func TestTicksOfAnySpanAreFew(t *testing.T) {
	for _, span := range []time.Duration{1, 7, 8, 15, 16, time.Microsecond, time.Second, 90 * time.Minute, 400 * 24 * time.Hour, math.MaxInt64 - 1, math.MaxInt64} {
		list := ticks(span)
		assert.NotEmpty(t, list, span)
		assert.LessOrEqual(t, len(list), 16, span)
		for i := 1; i < len(list); i++ {
			assert.Greater(t, list[i].X, list[i-1].X, span)
		}
	}
	assert.Empty(t, ticks(0))
	assert.Empty(t, ticks(-1))
}
