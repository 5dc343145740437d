package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// tally counts the messages of a cell, by the number that their payload begins with.
type tally struct {
	mu       sync.Mutex
	times    []int // that each has come
	distinct int
	highest  int
	disorder int // messages whose first arrival is behind that of a later one
	strange  int
	last     time.Time
}

func newTally(n int) *tally { return &tally{times: make([]int, n), highest: -1, last: time.Now()} }

// payload returns that of the i-th message: its number, and some bytes more.
func payload(i int) []byte { return fmt.Appendf(nil, "%d %0100d", i, 0) }

func (t *tally) got(payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = time.Now()
	var i int
	if _, err := fmt.Sscan(string(payload), &i); err != nil || i < 0 || i >= len(t.times) {
		t.strange++
		return
	}
	if t.times[i]++; t.times[i] > 1 {
		return
	}
	t.distinct++
	if i < t.highest {
		t.disorder++
	}
	t.highest = max(t.highest, i)
}

// counts are what is left of a tally when a cell has ended.
type counts struct {
	arrived  int
	lost     int
	again    int // arrivals beyond the first
	disorder int
	strange  int
}

func (t *tally) counts() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := counts{arrived: t.distinct, lost: len(t.times) - t.distinct, disorder: t.disorder, strange: t.strange}
	for _, n := range t.times {
		c.again += max(n-1, 0)
	}
	return c
}

// await returns when all messages have come and it is quiet then, or when none has come for
// the patience, which is short if some may be lost.
func (t *tally) await(patience time.Duration) {
	for {
		t.mu.Lock()
		since, all := time.Since(t.last), t.distinct == len(t.times)
		t.mu.Unlock()
		if all && since > settle || since > patience {
			return
		}
		time.Sleep(settle / 10)
	}
}

// awaitFirst returns when a message has come, or after the patience.
func (t *tally) awaitFirst(ctx context.Context, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		t.mu.Lock()
		any := t.distinct > 0
		t.mu.Unlock()
		if any {
			return
		}
		time.Sleep(settle / 10)
	}
}

// settle is for how long nothing may come when all is done: what came twice would come then.
const settle = 300 * time.Millisecond

// faults returns what of the counts is against the promise of a QoS, and says "by the
// server" where that was seen to be its fault alone.
func (c counts) faults(qos byte, by blame) (list []string) {
	fault := func(what string, is, its int) {
		if by.known && is <= its {
			what += " by the server"
		}
		if is > 0 {
			list = append(list, what)
		}
	}
	fault("strange payloads", c.strange, -1)
	if qos > 0 {
		fault("lost", c.lost, by.unsent)
	}
	fault("out of order", c.disorder, by.late)
	if qos != 1 {
		fault("twice", c.again, by.again)
	}
	return list
}
