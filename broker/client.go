package broker

import (
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// client is what is kept of a client identifier; or a subscription of the program
// itself, which has only what is not behind mu.
type client struct {
	b     *Broker
	space *space
	id    string
	slot  uint32
	self  member // of all subscriptions that are not shared
	on    func(m *session.Message, d session.Delivery)

	mu       sync.Mutex // of all that follows, of the session and of the Link of conn
	session  *session.Session
	conn     *Conn // that has the session, or nil
	peer     *Peer // of the last connection
	filters  []subscribed
	shared   map[session.Token]share // messages of groups that have not ended
	replays  []*replay
	timer    timer     // when Tick is to look at the session
	endBy    time.Time // by Limits.SessionExpiry; zero while connected
	changes  int       // since the last snapshot
	changed  int       // bytes of these
	snapshot int       // bytes of that
	gone     bool      // the session has ended
	used     bool      // it was connected, or restored
	ending   bool      // with its connection: see Broker.EndSession
	bridge   bool      // see packets.Connect.Bridge
	named    bool      // the journal has the Name of peer; else none
	hold     *hold     // in a cluster
}

// member is who gets messages by subscriptions: all of a client but those to shared
// filters, of which each has its own.
type member struct {
	client *client
	filter []byte // the shared filter, or nil
}

// subscribed is a subscription that stands in the index.
type subscribed struct {
	filter []byte
	member *member
}

// newClient returns a client without a connection.
func (b *Broker) newClient(sp *space, id string) *client {
	cl := &client{b: b, space: sp, id: id, session: session.New(b.o.session())}
	cl.self.client, cl.slot = cl, b.slots.take()
	cl.timer.index = -1
	return cl
}

// settle takes the events of the session and its connection, with mu held, and leaves
// to the turn what is to be done without it.
func (cl *client) settle(t *turn) {
	if cl.conn != nil {
		cl.settleLink(t, cl.conn)
		return
	}
	for e, ok := cl.session.Event(); ok; e, ok = cl.session.Event() {
		cl.event(t, &e)
	}
	cl.schedule()
	cl.record(t)
}

// settleLink is settle for the events of a connection of the client, which may have
// parted from it.
func (cl *client) settleLink(t *turn, c *Conn) {
	if c.busy { // who routes what has come on it takes them
		cl.record(t) // but what was brought to the client is of this turn
		return
	}
	for e, ok := c.link.Event(); ok; e, ok = c.link.Event() {
		if e.Kind == session.Disconnected {
			cl.disconnected(t, c, e.Cause)
			continue
		}
		cl.event(t, &e)
	}
	cl.record(t)
}

// event handles an event of the session.
func (cl *client) event(t *turn, e *session.Event) {
	switch e.Kind {
	case session.WillDue:
		t.add(task{do: (*turn).publishWill, client: cl, peer: cl.peer, message: e.Message})
	case session.Done:
		if s, ok := cl.shared[e.Token]; ok {
			delete(cl.shared, e.Token)
			s.message.Release()
		}
	case session.Dropped:
		cl.dropped(t, e)
	case session.Ended:
		cl.end(t)
	case session.Fetch:
		if cl.hold != nil {
			cl.hold.fetch(t, e.Token, e.Message)
		}
	case session.Subscribe, session.Unsubscribe:
		if cl.hold != nil {
			cl.hold.marks()
		}
	case session.Arrived:
		if cl.conn == nil { // else who routes it has it
			cl.arrivedAgain(t, e.Message)
		}
	}
}

// dropped handles that a message was dropped, or goes to another member of its group.
func (cl *client) dropped(t *turn, e *session.Event) {
	if s, ok := cl.shared[e.Token]; ok {
		delete(cl.shared, e.Token)
		if s.outlives(e) {
			t.add(task{do: (*turn).shareAgain, client: cl, peer: cl.peer, message: e.Message, share: s})
			return
		}
	}
	if e.Message != nil {
		t.tell(task{do: (*turn).tellDropped, peer: cl.peer, message: e.Message, drop: e.Drop})
	}
}

// disconnected parts the client from a connection that has ended.
func (cl *client) disconnected(t *turn, c *Conn, why session.Cause) {
	t.tell(task{do: (*turn).tellDisconnected, peer: c.peer, cause: why})
	cl.b.counts.connected.Add(-1)
	if cl.conn != c {
		return
	}
	cl.conn = nil
	if cl.hold != nil {
		cl.hold.marks()
	}
	if limit := cl.b.o.Limits.SessionExpiry; limit > 0 {
		cl.endBy = t.now.Add(limit)
	}
	if len(cl.shared) > 0 {
		t.add(task{do: (*turn).giveBack, client: cl})
	}
	cl.session.Release()
	if cl.ending {
		cl.session.End(t.now)
		cl.settle(t)
	}
	cl.schedule()
}

// end takes out what is left of a session that has ended.
func (cl *client) end(t *turn) {
	if cl.gone {
		return
	}
	cl.gone = true
	cl.unsubscribeAll()
	cl.b.timers.remove(&cl.timer)
	cl.b.slots.give(cl.slot)
	cl.b.counts.sessions.Add(-1)
	if cl.b.o.Journal {
		cl.record(t)
		cl.b.log.add(t, session.Record{Session: cl.key(t), Snapshot: true})
		cl.recordName(t, "")
	}
	cl.space.remove(cl) // behind its records: a client that takes its place begins with records of its own
	if cl.hold != nil {
		cl.hold.ended(t)
	}
	t.tell(task{do: (*turn).tellEnded, peer: cl.peer})
}

// unsubscribeAll takes all subscriptions out of the index, and ends replays.
func (cl *client) unsubscribeAll() {
	for _, f := range cl.filters {
		cl.space.index.Delete(f.filter, f.member)
		cl.subscribing(f.filter, -1)
	}
	cl.filters, cl.replays = nil, nil
}

// schedule makes Tick look at the session when it is due.
func (cl *client) schedule() {
	if cl.gone {
		return
	}
	at, ok := cl.session.Deadline()
	if !cl.endBy.IsZero() && (!ok || cl.endBy.Before(at)) {
		at, ok = cl.endBy, true
	}
	if ok && cl.conn == nil {
		cl.b.timers.set(&cl.timer, at, cl)
	} else {
		cl.b.timers.remove(&cl.timer)
	}
}

// due is what Tick does at the time of schedule.
func (cl *client) due(t *turn) {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.gone || cl.conn != nil {
		return
	}
	cl.session.Tick(t.now)
	if !cl.endBy.IsZero() && !t.now.Before(cl.endBy) {
		cl.session.End(t.now)
	}
	cl.settle(t)
}

// publish queues a message for the client, and returns nil if it is on its way.
func (cl *client) publish(t *turn, m *session.Message, d session.Delivery, s *share) error {
	token, err := cl.session.Publish(t.now, m, d)
	if err == nil && s != nil && d.QoS > mqttwire.AtMostOnce {
		if cl.shared == nil {
			cl.shared = map[session.Token]share{}
		}
		m.Keep()
		cl.shared[token] = *s
	}
	cl.settle(t)
	cl.wake(t)
	return err
}

// wake tells the driver of the client's connection that there is something to write,
// once.
func (cl *client) wake(t *turn) {
	if c := cl.conn; c != nil && !c.told {
		c.told = true
		c.now = t.now
		t.ready = append(t.ready, c)
	}
}
