package main

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Each power of two of nanoseconds has so many buckets, so that what is told of a time is
// wrong by less than one part of them.
const (
	latencyBits    = 6
	latencyBuckets = 1 << latencyBits
)

// latencies counts times by buckets. It may be used by many goroutines at once.
type latencies struct {
	counts [(64 - latencyBits + 1) * latencyBuckets]atomic.Uint64
	count  atomic.Uint64
	most   atomic.Int64
}

// add counts a time; one below 0 is 0.
func (l *latencies) add(d time.Duration) {
	d = max(0, d)
	l.counts[latencyBucket(uint64(d))].Add(1)
	l.count.Add(1)
	for most := l.most.Load(); int64(d) > most && !l.most.CompareAndSwap(most, int64(d)); most = l.most.Load() {
	}
}

// latencyBucket returns where a number is counted.
func latencyBucket(n uint64) int {
	shift := max(0, bits.Len64(n)-latencyBits-1)
	return shift*latencyBuckets + int(n>>shift)
}

// latencyBound returns the largest number of a bucket.
func latencyBound(bucket int) uint64 {
	shift := max(0, bucket/latencyBuckets-1)
	return uint64(bucket-shift*latencyBuckets+1)<<shift - 1
}

// at returns the time within which such a part of all stays, from 0 to 1; 0 if there is
// none.
func (l *latencies) at(part float64) time.Duration {
	rank := uint64(part * float64(l.count.Load()))
	seen := uint64(0)
	for i := range l.counts {
		if seen += l.counts[i].Load(); seen > rank {
			return min(time.Duration(latencyBound(i)), l.max())
		}
	}
	return l.max()
}

func (l *latencies) max() time.Duration { return time.Duration(l.most.Load()) }
