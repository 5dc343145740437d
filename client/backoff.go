package client

import (
	"math/rand/v2"
	"time"
)

// Backoff says how long a client waits before it connects again. The n-th wait is
// drawn between 0 and Min times 2 to the n-th, at most Max: so that clients which have
// lost the same server do not come back at once. After a code that says that the server
// is busy it is drawn between half of Max and Max.
type Backoff struct {
	// Min is the bound of the first wait; 0 is 1 s.
	Min time.Duration

	// Max is the bound of all; 0 is 60 s.
	Max time.Duration

	// StableAfter is how long a connection has to last for the waits to begin anew; 0 is
	// 30 s. So one that the server ends again and again does not come back faster.
	StableAfter time.Duration

	// Jitter draws a wait up to d; nil is evenly from 0 to d. One that returns d makes the
	// waits fixed.
	Jitter func(d time.Duration) time.Duration

	// Never ends the client for good when its connection ends.
	Never bool
}

func (b Backoff) withDefaults() Backoff {
	if b.Min <= 0 {
		b.Min = time.Second
	}
	if b.Max <= 0 {
		b.Max = 60 * time.Second
	}
	b.Max = max(b.Max, b.Min)
	if b.StableAfter <= 0 {
		b.StableAfter = 30 * time.Second
	}
	if b.Jitter == nil {
		b.Jitter = func(d time.Duration) time.Duration { return time.Duration(rand.Int64N(int64(d) + 1)) }
	}
	return b
}

// wait returns the n-th wait, counted from 0.
func (b *Backoff) wait(n int) time.Duration {
	d := b.Min
	for ; n > 0 && d < b.Max; n-- {
		d *= 2
	}
	return b.Jitter(min(d, b.Max))
}

// long returns a wait for a server that is busy.
func (b *Backoff) long() time.Duration { return b.Max/2 + b.Jitter(b.Max/2) }
