package broker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newQueue returns an engine of which nothing is asked for.
func newQueue() (*engine, time.Time) {
	b := New(Options{Cluster: &Cluster{Node: "n", Lease: time.Hour, Timeout: time.Second}})
	return b.engine, time.Unix(1e9, 0)
}

func TestTheQueueOfRequestsIsNotLongerThanWhatWaits(t *testing.T) {
	e, now := newQueue()
	e.ask(now, Request{Kind: Send}, nil)
	for n := range Epoch(100_000) { // one always waits
		e.ask(now, Request{Kind: Send, Epoch: n + 1}, nil)
		r, ok := e.next()
		require.True(t, ok)
		require.Equal(t, n, r.Epoch)
	}
	assert.LessOrEqual(t, cap(e.requests), 32)
	for range 100_000 {
		e.ask(now, Request{Kind: Send}, nil)
	}
	for _, ok := e.next(); ok; _, ok = e.next() {
	}
	assert.LessOrEqual(t, cap(e.requests), keptRequests, "the memory of a burst is given back")
}

func TestRequestsThatAreNotInTimeMakeRoom(t *testing.T) {
	e, now := newQueue()
	e.away(true)
	const n = 1000
	unknown := 0
	for range 100 {
		for i := range Epoch(n) {
			e.ask(now, Request{Kind: Append, Epoch: i}, func(_ *turn, r *Reply) {
				assert.Equal(t, Unknown, r.Outcome)
				unknown++
			})
		}
		now = now.Add(time.Second)
		e.b.Tick(now)
	}
	assert.Equal(t, 100*n, unknown)
	assert.LessOrEqual(t, cap(e.requests), 4*n+32)
	e.ask(now, Request{Kind: Send}, nil)
	e.away(false)
	kinds := map[RequestKind]int{}
	for r, ok := e.next(); ok; r, ok = e.next() {
		kinds[r.Kind]++
	}
	assert.Zero(t, kinds[Append])
	assert.Equal(t, 1, kinds[Send])
}
