package broker

import (
	"sync"
	"time"
)

// deadlines are what is to be done when: a heap, the earliest first.
type deadlines struct {
	mu   sync.Mutex // nothing else is locked meanwhile
	heap []*timer
}

// timer is one of them, and stands in what it is for.
type timer struct {
	at    time.Time
	what  due
	index int // in the heap, or -1
}

// due is what a timer is for.
type due interface{ due(t *turn) }

// set makes a timer due at a time, in the place of the one that it was due at.
func (d *deadlines) set(t *timer, at time.Time, what due) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t.at, t.what = at, what
	if t.index < 0 {
		t.index = len(d.heap)
		d.heap = append(d.heap, t)
	}
	d.down(d.up(t.index))
}

// remove makes a timer due at no time.
func (d *deadlines) remove(t *timer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.take(t.index)
}

// take takes the timer with that index out.
func (d *deadlines) take(i int) {
	if i < 0 {
		return
	}
	last := len(d.heap) - 1
	d.heap[i].index = -1
	if moved := d.heap[last]; i < last {
		d.heap[i], moved.index = moved, i
		d.heap[last], d.heap = nil, d.heap[:last]
		d.down(d.up(i))
		return
	}
	d.heap[last], d.heap = nil, d.heap[:last]
}

// next takes out the earliest timer that is due at now, and returns what it is for, or
// nil.
func (d *deadlines) next(now time.Time) due {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.heap) == 0 || now.Before(d.heap[0].at) {
		return nil
	}
	what := d.heap[0].what
	d.take(0)
	return what
}

// earliest returns when next has something; ok is false if nothing is due ever.
func (d *deadlines) earliest() (at time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.heap) == 0 {
		return at, false
	}
	return d.heap[0].at, true
}

func (d *deadlines) up(i int) int {
	for i > 0 && d.heap[i].at.Before(d.heap[(i-1)/2].at) {
		d.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	return i
}

func (d *deadlines) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(d.heap); child++ {
			if d.heap[child].at.Before(d.heap[least].at) {
				least = child
			}
		}
		if least == i {
			return
		}
		d.swap(i, least)
		i = least
	}
}

func (d *deadlines) swap(i, j int) {
	d.heap[i], d.heap[j] = d.heap[j], d.heap[i]
	d.heap[i].index, d.heap[j].index = i, j
}

// Deadline returns when Tick is to be called next, if nothing happens before; ok is
// false if there is no need to.
func (b *Broker) Deadline() (at time.Time, ok bool) {
	at, ok = b.timers.earliest()
	if e := b.engine; e != nil {
		if by := e.deadline(); e.suspended.Load() || !ok || by.Before(at) {
			at, ok = by, true
		}
		if e.suspended.Load() {
			return at, ok
		}
	}
	if figures, has := b.figuresDue(); has && (!ok || figures.Before(at)) {
		return figures, true
	}
	return at, ok
}

// Tick does what is due: it publishes wills, ends sessions, deletes retained messages
// that have expired, and publishes figures. Before the Deadline it does nothing.
func (b *Broker) Tick(now time.Time) {
	if b.engine != nil && !b.engine.tick(now) {
		return
	}
	for {
		what := b.timers.next(now)
		if what == nil {
			break
		}
		t := b.turn(now)
		what.due(t)
		t.end()
	}
	b.tickFigures(now)
}
