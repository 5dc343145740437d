package broker

import (
	"maps"
	"slices"
	"sync"

	"github.com/mqttwire/mqttwire/session"
)

// logs is how far the node has seen the logs.
type logs struct {
	e        *engine
	arriving sync.Mutex // held while a message is sent on, so that those of a log keep their order

	mu sync.Mutex // of of; nothing else is locked meanwhile
	of map[uint16]*seen
}

// seen is how far it has seen one.
type seen struct {
	seq      uint64 // all up to here was sent on to who is here
	missed   uint64 // up to here was left out
	catching bool   // live messages are left out, until what is missing is there
	again    bool   // something may be missing again
}

// cursor is how far the session of a client has got a log.
type cursor struct {
	session.Position
	missed   uint64
	catching bool // live messages are left out, until what came before is there
	asked    bool
}

// log returns one, made if it is not there.
func (g *logs) log(log uint16, seq uint64) *seen {
	l := g.of[log]
	if l == nil {
		l = &seen{seq: seq}
		g.of[log] = l
	}
	return l
}

// sorted returns the logs that are known, in order.
func (g *logs) sorted() []uint16 { return slices.Sorted(maps.Keys(g.of)) }

// endAt takes note that all up to the positions has come that comes.
func (g *logs) endAt(all []session.Position) {
	g.arriving.Lock()
	defer g.arriving.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range all {
		if l := g.log(p.Log, p.Seq); l.catching {
			l.missed = max(l.missed, p.Seq)
		} else {
			l.seq = max(l.seq, p.Seq)
		}
	}
}

// begin returns the cursors of a session that has got logs up to some positions: it is to get
// what is behind them, and all of those others that can have something for it.
func (g *logs) begin(at []session.Position, others []uint16) []cursor {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []cursor
	for _, p := range at {
		list = append(list, cursor{Position: p, catching: true})
	}
	for _, log := range g.sorted() {
		l := g.of[log]
		i := slices.IndexFunc(list, func(c cursor) bool { return c.Log == log })
		if i < 0 {
			if !slices.Contains(others, log) {
				continue
			}
			i = len(list) // it has begun since
			list = append(list, cursor{Position: session.Position{Log: log}, catching: true})
		}
		list[i].missed = max(l.seq, l.missed)
	}
	return list
}

// upTo returns how far a session has got all logs.
func (g *logs) upTo(cursors []cursor) []session.Position {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]session.Position, len(cursors), len(cursors)+len(g.of))
	for i := range cursors {
		list[i] = cursors[i].Position
	}
	for _, log := range g.sorted() {
		l := g.of[log]
		i := slices.IndexFunc(cursors, func(c cursor) bool { return c.Log == log })
		switch {
		case i < 0:
			list = append(list, session.Position{Log: log, Seq: l.seq})
		case !cursors[i].catching:
			list[i].Seq = max(list[i].Seq, l.seq)
		}
	}
	return list
}

// takes reports whether the client is to get a live message, and takes note of it.
func (h *hold) takes(m *session.Message) bool {
	at, ok := m.Position()
	if !ok {
		return true
	}
	c := h.cursor(at.Log)
	switch {
	case c.catching:
		c.missed = max(c.missed, at.Seq)
		return false
	case at.Seq <= c.Seq:
		return false
	}
	c.Seq = at.Seq
	return true
}

// cursor returns that of a log, made if it is not there.
func (h *hold) cursor(log uint16) *cursor {
	i := slices.IndexFunc(h.cursors, func(c cursor) bool { return c.Log == log })
	if i < 0 {
		i = len(h.cursors)
		h.cursors = append(h.cursors, cursor{Position: session.Position{Log: log}})
	}
	return &h.cursors[i]
}

// arrive takes a message that the engine brings.
func (e *engine) arrive(t *turn, d *Delivery) (taken bool) {
	g := &e.logs
	g.arriving.Lock()
	defer g.arriving.Unlock()
	at, logged := d.Message.Position()
	switch sp := e.b.space(d.Namespace); {
	case d.Retained:
		e.brings(d)
		e.b.keep(t, sp, d.Message, d.Publisher)
	case d.Token != 0:
		if f := e.goesOn(t, d.Token); f != nil && logged {
			f(t, d)
		}
	case len(d.Filter) > 0:
		return e.arriveFor(t, d, sp)
	case !logged:
		p := d.Message.Publish()
		e.local(t, sp, d.Message, &p, d.Publisher)
	default:
		e.live(t, d, at)
	}
	return true
}

// arriveFor takes a message for a group. While nobody knows whether the members that are here
// are ours another node is to get it.
func (e *engine) arriveFor(t *turn, d *Delivery, sp *space) (taken bool) {
	if e.isSuspended(t.now) {
		return false
	}
	filter := append(append(append([]byte("$share/"), d.Group...), '/'), d.Filter...)
	p := d.Message.Publish()
	group := t.groupOf(sp, d.Message, filter)
	return group != nil && t.offer(group, d.Message, share{qos: p.QoS, retain: p.Retain}, t.b.number(group.Len()))
}

// live takes a live message of a log: if one before it is missing all that is are asked
// for, and until they are there no other is taken. Listen and Replay may have come further
// than Previous, so that one which is lower is not missing.
func (e *engine) live(t *turn, d *Delivery, at session.Position) {
	g := &e.logs
	g.mu.Lock()
	l := g.log(at.Log, 0)
	pass, missing := at.Seq <= l.seq, d.Previous > l.seq
	if !pass && (l.catching || missing) {
		l.missed = max(l.missed, at.Seq)
	}
	catching := l.catching
	g.mu.Unlock()
	switch {
	case pass:
	case catching:
	case missing:
		e.replay(t, at.Log)
	default:
		e.sendOn(t, d, at)
	}
}

// sendOn sends a message of a log on to who is here.
func (e *engine) sendOn(t *turn, d *Delivery, at session.Position) {
	sp, p := e.b.space(d.Namespace), d.Message.Publish()
	e.local(t, sp, d.Message, &p, d.Publisher)
	e.logs.mu.Lock()
	defer e.logs.mu.Unlock()
	l := e.logs.log(at.Log, at.Seq)
	l.seq = max(l.seq, at.Seq)
}

// gap is that something may be missing of a log.
func (e *engine) gap(t *turn, log uint16) {
	e.logs.arriving.Lock()
	defer e.logs.arriving.Unlock()
	e.logs.mu.Lock()
	l := e.logs.of[log]
	none := l == nil || l.catching
	if l != nil && l.catching {
		l.again = true
	}
	e.logs.mu.Unlock()
	if !none {
		e.replay(t, log)
	}
}

// stop leaves out live messages of all logs, up to goOn.
func (g *logs) stop() {
	g.arriving.Lock()
	defer g.arriving.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.of {
		l.catching = true
	}
}

// goOn asks for what was left out of all logs.
func (g *logs) goOn(t *turn) {
	g.arriving.Lock()
	defer g.arriving.Unlock()
	g.mu.Lock()
	list := g.sorted()
	g.mu.Unlock()
	for _, log := range list {
		g.e.replay(t, log)
	}
}

// replay asks for what is missing of a log.
func (e *engine) replay(t *turn, log uint16) {
	e.logs.mu.Lock()
	l := e.logs.of[log]
	l.catching, l.again = true, false
	from := session.Position{Log: log, Seq: l.seq}
	e.logs.mu.Unlock()
	e.askReplay(t, from, func(t *turn, d *Delivery) {
		if at, _ := d.Message.Position(); at.Log == log && e.logs.isNext(at) {
			e.sendOn(t, d, at)
		}
	}, func(t *turn, r *Reply) { e.replayed(t, log, r) })
}

// isNext reports whether a message was not sent on.
func (g *logs) isNext(at session.Position) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return at.Seq > g.of[at.Log].seq
}

// replayed is that what was missing of a log is there.
func (e *engine) replayed(t *turn, log uint16, r *Reply) {
	if r.Outcome != Done {
		e.retry(t, func(t *turn) {
			e.logs.arriving.Lock()
			defer e.logs.arriving.Unlock()
			e.replay(t, log)
		})
		return
	}
	e.logs.arriving.Lock()
	defer e.logs.arriving.Unlock()
	e.logs.mu.Lock()
	l := e.logs.of[log]
	l.seq = max(l.seq, r.Position.Seq)
	more := l.again || l.missed > l.seq
	l.catching = more
	e.logs.mu.Unlock()
	if more {
		e.replay(t, log)
	}
}

// askReplay asks for what is behind a position: each is for f, and the Reply for done.
func (e *engine) askReplay(t *turn, from session.Position, f func(*turn, *Delivery), done func(*turn, *Reply)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var token uint64
	token = e.askLocked(t.now, Request{Kind: Replay, From: from}, func(t *turn, r *Reply) {
		e.mu.Lock()
		delete(e.replays, token)
		e.mu.Unlock()
		done(t, r)
	})
	e.replays[token] = f
}

// goesOn returns for whom the messages of a Replay are, or nil. Its Reply is late only when
// nothing has come for Timeout: a long one is not to begin again and again.
func (e *engine) goesOn(t *turn, token uint64) func(*turn, *Delivery) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, a := e.replays[token], e.pending[token]
	if f != nil && a != nil {
		e.timers.set(&a.timer, t.now.Add(e.o.Timeout), a)
	}
	return f
}

// catchUp asks for what the session has missed of the logs; when there is nothing it goes
// to who waits for it.
func (h *hold) catchUp(t *turn) {
	cl := h.lock()
	if cl == nil {
		return
	}
	left := 0
	for i := range h.cursors {
		c := &h.cursors[i]
		if !c.catching {
			continue
		}
		if left++; !c.asked {
			c.asked = true
			log := c.Log
			h.e.askReplay(t, c.Position, h.catch, func(t *turn, r *Reply) { h.caught(t, log, r) })
		}
	}
	cl.mu.Unlock()
	if left > 0 {
		return
	}
	h.e.mu.Lock()
	made := h.state == holdMaking
	h.e.mu.Unlock()
	if made {
		h.give(t)
	}
}

// catch takes a message that the session has missed, or that is not for it.
func (h *hold) catch(t *turn, d *Delivery) {
	at, _ := d.Message.Position()
	if d.Namespace == h.space.name {
		p := d.Message.Publish()
		from := h.space.find(d.Publisher)
		t.match(h.space, d.Message, p.QoS, p.Retain, from)
		for i := range t.receivers {
			if r := &t.receivers[i]; r.client.hold == h {
				h.catchOne(t, d.Message, at, &r.delivery)
				return
			}
		}
	}
	h.passes(at)
}

// passes notes that the session has got a log up to a message that is not for it: who asks
// for the rest need not begin in front of it.
func (h *hold) passes(at session.Position) {
	cl := h.lock()
	if cl == nil {
		return
	}
	defer cl.mu.Unlock()
	if c := h.cursor(at.Log); c.catching {
		c.Seq = max(c.Seq, at.Seq)
	}
}

func (h *hold) catchOne(t *turn, m *session.Message, at session.Position, d *session.Delivery) {
	asked, ok := t.asksDeliver(h.now(), m, d)
	cl := h.lock()
	if cl == nil {
		return
	}
	c := h.cursor(at.Log)
	if c.catching && at.Seq > c.Seq {
		c.Seq = at.Seq
		if ok {
			if err := cl.publish(t, asked, *d, nil); err == nil {
				t.b.counts.delivered.Add(1)
			}
		}
	}
	cl.mu.Unlock()
}

// caught is that what was missed of a log is there.
func (h *hold) caught(t *turn, log uint16, r *Reply) {
	cl := h.lock()
	if cl == nil {
		return
	}
	c := h.cursor(log)
	c.asked = false
	if r.Outcome == Done {
		c.Seq = max(c.Seq, r.Position.Seq)
		c.catching = c.missed > c.Seq
	}
	cl.mu.Unlock()
	if r.Outcome != Done {
		h.e.retry(t, h.catchUp)
		return
	}
	h.catchUp(t)
}

// fetch asks for a message of which the session has only the Position.
func (h *hold) fetch(t *turn, token session.Token, hollow *session.Message) {
	q := h.about(Fetch)
	q.From, _ = hollow.Position()
	h.e.ask(t.now, q, func(t *turn, r *Reply) {
		if r.Outcome == Unknown {
			h.e.retry(t, func(t *turn) { h.fetch(t, token, hollow) })
			return
		}
		cl := h.lock()
		if cl == nil {
			return
		}
		defer cl.mu.Unlock()
		m := r.Message
		if r.Outcome == Refused {
			m = nil
		}
		if cl.session.Fetched(t.now, token, m) == nil {
			cl.wake(t)
		}
		cl.settle(t)
	})
}

// hasRoom reports whether a retained message may be given to the engine.
func (b *Broker) hasRoom(sp *space, m *session.Message) bool {
	r := &sp.retained
	r.mu.Lock()
	defer r.mu.Unlock()
	old, _ := r.names.Get(m.Topic())
	return b.o.Offers.NoRetain || len(m.Payload()) == 0 || r.room(m, old, b.o.Limits.Retained)
}
