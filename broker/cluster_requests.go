package broker

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
)

// engine is what a node of a cluster has: what it has asked the engine for, whom it
// holds, and how far it has seen the logs.
type engine struct {
	b         *Broker
	o         Cluster
	requested chan struct{}
	suspended atomic.Bool // nothing but PINGRESP is written
	until     atomic.Int64
	insisted  atomic.Int64 // messages that nobody waits for, and that are asked for until they are answered
	timers    deadlines    // of what was asked for, and of what is done later

	mu         sync.Mutex // of all that follows; nothing else is locked meanwhile, but the timers
	requests   []Request  // those that were not in time among them
	first      int        // of requests
	sent       int        // of them, messages of QoS 0
	pending    map[uint64]*asked
	token      uint64
	lease      lease
	holds      map[holdKey]*hold
	made       uint64                  // of holds
	claims     map[holdKey][]time.Time // the last ones of each client
	mostClaims int                     // from when on old ones are looked for
	filters    map[filterKey]*listened
	replays    map[uint64]func(*turn, *Delivery) // what each brings
	stopped    []*Conn                           // that were given nothing to write, or no packet, as the node is suspended
	isAway     bool
	insists    map[topicKey][]Request // of which the first is asked for until it is answered

	logs    logs
	brought *brought // behind logs.arriving
}

// asked is a Request that is not answered.
type asked struct {
	timer timer
	done  func(*turn, *Reply)
	token uint64
	e     *engine
}

func newEngine(b *Broker, o Cluster) *engine {
	e := &engine{
		b: b, o: o.orDefault(), requested: make(chan struct{}, 1), pending: map[uint64]*asked{},
		holds: map[holdKey]*hold{}, claims: map[holdKey][]time.Time{}, filters: map[filterKey]*listened{},
		replays: map[uint64]func(*turn, *Delivery){}, insists: map[topicKey][]Request{},
	}
	e.suspended.Store(true) // until the first Renew is answered
	e.logs.e, e.logs.of = e, map[uint16]*seen{}
	e.lease.holder.Node = o.Node
	return e
}

// ask asks the engine for something. done is called with the Reply, once, with no lock
// held; nil is for what is not answered.
func (e *engine) ask(now time.Time, r Request, done func(*turn, *Reply)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.askLocked(now, r, done)
}

func (e *engine) askLocked(now time.Time, r Request, done func(*turn, *Reply)) (token uint64) {
	r.Node = e.lease.holder
	if done != nil {
		e.token++
		a := &asked{done: done, token: e.token, e: e}
		a.timer.index = -1
		e.pending[a.token] = a
		e.timers.set(&a.timer, now.Add(e.o.Timeout), a)
		r.Token = a.token
	}
	e.pushLocked(r)
	return r.Token
}

// pushLocked adds a Request. If there is no room those that are not there any more make it,
// or else there is made so much that it lasts.
func (e *engine) pushLocked(r Request) {
	if len(e.requests) == cap(e.requests) {
		live := e.requests[:0]
		for i := e.first; i < len(e.requests); i++ {
			if e.isWanted(&e.requests[i]) {
				live = append(live, e.requests[i])
			}
		}
		clear(e.requests[len(live):])
		e.requests, e.first = live, 0
		if len(live) > cap(live)/2 {
			e.requests = slices.Grow(live, max(8, len(live)))
		}
	}
	e.requests = append(e.requests, r)
	e.tellLocked()
}

// isWanted reports whether a Request is to be handed out: not when it was not in time.
func (e *engine) isWanted(r *Request) bool { return r.Token == 0 || e.pending[r.Token] != nil }

func (e *engine) tellLocked() {
	select {
	case e.requested <- struct{}{}:
	default:
	}
}

// next returns the next Request: while the engine is away Renew alone.
func (e *engine) next() (r Request, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.first < len(e.requests) && !e.isWanted(&e.requests[e.first]) {
		e.popLocked()
	}
	for i := e.first; i < len(e.requests); i++ {
		if r = e.requests[i]; e.isAway && r.Kind != Renew || !e.isWanted(&r) {
			continue
		}
		copy(e.requests[e.first+1:i+1], e.requests[e.first:i])
		e.popLocked()
		if r.counted {
			e.sent--
		}
		return r, true
	}
	return Request{}, false
}

// keptRequests is for how many the memory is kept.
const keptRequests = 1024

// popLocked takes the first Request out.
func (e *engine) popLocked() {
	e.requests[e.first] = Request{}
	if e.first++; e.first < len(e.requests) {
		return
	}
	if e.requests, e.first = e.requests[:0], 0; cap(e.requests) > keptRequests {
		e.requests = nil
	}
}

// answered returns what was asked for with a token, which is answered now; nil if it was.
func (e *engine) answered(token uint64) *asked {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.pending[token]
	if a != nil {
		delete(e.pending, token)
		e.timers.remove(&a.timer)
	}
	return a
}

// due is that the answer did not come in time. What was not handed out is not any more.
func (a *asked) due(t *turn) {
	if a.e.answered(a.token) != nil {
		a.done(t, &Reply{Token: a.token})
	}
}

// newID names a message.
func (e *engine) newID() MessageID {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lease.counter++
	return MessageID{Holder: e.lease.holder, Counter: e.lease.counter}
}

// retryAfter is how long after an answer that is unknown the same is asked for again.
const retryAfter = 250 * time.Millisecond

// later is something that is done later.
type later struct {
	timer timer
	do    func(*turn)
}

func (l *later) due(t *turn) { l.do(t) }

// later does something after a time.
func (e *engine) later(now time.Time, d time.Duration, do func(*turn)) {
	l := &later{do: do}
	l.timer.index = -1
	e.timers.set(&l.timer, now.Add(d), l)
}

// retry does something again, after a while.
func (e *engine) retry(t *turn, do func(*turn)) { e.later(t.now, retryAfter, do) }

// away notes whether the engine is there.
func (e *engine) away(is bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.isAway = is
	e.tellLocked()
}

// deadline returns when tick has something to do.
func (e *engine) deadline() time.Time {
	e.mu.Lock()
	at := e.lease.next
	if !e.suspended.Load() && e.lease.end.Before(at) {
		at = e.lease.end
	}
	e.mu.Unlock()
	if by, ok := e.timers.earliest(); ok && by.Before(at) {
		at = by
	}
	return at
}

// tick does what is due, and reports whether the node may do what is due by itself: not
// while it is suspended.
func (e *engine) tick(now time.Time) bool {
	e.tickLease(now)
	for {
		what := e.timers.next(now)
		if what == nil {
			break
		}
		t := e.b.turn(now)
		what.due(t)
		t.end()
	}
	return !e.suspended.Load()
}

// mostSent is how many messages of QoS 0 may wait for the engine.
const mostSent = 10_000

// send gives the other nodes a message of QoS 0. If too many wait it is dropped.
func (e *engine) send(t *turn, r Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sent >= mostSent {
		e.b.counts.refused.Add(1)
		return
	}
	e.sent++
	r.counted = true
	e.askLocked(t.now, r, nil)
}

// unknownCode and refusedCode are the codes of a message that the engine has not taken.
const (
	unknownCode = mqttwire.ReasonImplementationSpecificError
	refusedCode = mqttwire.ReasonQuotaExceeded
)
