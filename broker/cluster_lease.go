package broker

import (
	"cmp"
	"slices"
	"time"
)

// lease is how long the engine believes this node to be there; the engine's lock guards
// it.
type lease struct {
	holder  Holder
	counter uint64    // of messages
	end     time.Time // of it, the Margin taken off
	next    time.Time // when it is renewed
	resumes uint64    // how often the node was not suspended any more
}

// tickLease renews the lease, and suspends the node at its end.
func (e *engine) tickLease(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !now.Before(e.lease.end) {
		e.suspended.Store(true)
	}
	if now.Before(e.lease.next) {
		return
	}
	e.lease.next = now.Add(e.o.Lease / 3)
	e.askLocked(now, Request{Kind: Renew}, func(t *turn, r *Reply) { e.renewed(t, now, r) })
}

// isSuspended reports whether nothing but PINGRESP may be written at now.
func (e *engine) isSuspended(now time.Time) bool {
	if now.UnixNano() >= e.until.Load() {
		e.suspended.Store(true)
	}
	return e.suspended.Load()
}

// renewed takes the answer to a Renew that was asked for at a time.
func (e *engine) renewed(t *turn, asked time.Time, r *Reply) {
	end := asked.Add(e.o.Lease - e.o.Margin)
	if r.Outcome != Done || !t.now.Before(end) {
		return
	}
	e.mu.Lock()
	again := r.Incarnation != e.lease.holder.Incarnation
	if again {
		e.lease.holder.Incarnation, e.lease.counter = r.Incarnation, 0
	}
	if end.After(e.lease.end) {
		e.lease.end = end
	}
	was := e.isSuspended(t.now)
	if was {
		e.lease.resumes++
	}
	e.mu.Unlock()
	e.hasBrought(t, again)
	if was {
		e.confirmAll(t)
	}
	e.until.Store(end.UnixNano())
	e.suspended.Store(false)
	if again {
		e.listenAgain(t)
	}
	if was {
		e.resume(t)
	}
}

// confirmAll asks whether each client is still ours; up to the answer its connection is
// suspended.
func (e *engine) confirmAll(t *turn) {
	for _, h := range e.held() {
		if cl := h.lock(); cl != nil {
			h.unconfirmed = true
			h.put(t)
			cl.mu.Unlock()
		}
	}
}

// resume lets go on what was stopped as the node was suspended.
func (e *engine) resume(t *turn) {
	e.mu.Lock()
	var waiting []*hold
	for _, h := range e.holds {
		if h.state == holdNew && !h.paused {
			waiting = append(waiting, h)
		}
	}
	slices.SortFunc(waiting, func(x, y *hold) int { return cmp.Compare(x.number, y.number) })
	for _, c := range e.stopped {
		c.door.stopped = false
	}
	t.ready = append(t.ready, e.stopped...)
	e.stopped = nil
	e.mu.Unlock()
	for _, h := range waiting {
		h.claim(t)
	}
	e.publishWills(t)
}

// publishWills publishes the wills of clients that were confirmed while the node was still
// suspended.
func (e *engine) publishWills(t *turn) {
	for _, h := range e.held() {
		if cl := h.lock(); cl != nil {
			if !h.unconfirmed {
				h.publishWills(t)
			}
			cl.mu.Unlock()
		}
	}
}

// stop reports whether the node is suspended still, and notes that a connection is to be
// told when it goes on.
func (e *engine) stop(c *Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.suspended.Load() {
		return false
	}
	if !c.door.stopped {
		c.door.stopped = true
		e.stopped = append(e.stopped, c)
	}
	return true
}

// unstop is for a connection that has ended.
func (e *engine) unstop(c *Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.door.stopped {
		c.door.stopped = false
		e.stopped = slices.DeleteFunc(e.stopped, func(x *Conn) bool { return x == c })
	}
}
