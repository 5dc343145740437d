package broker

import (
	"cmp"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// holdKey is a client identifier of a namespace.
type holdKey struct{ namespace, id string }

// holdState is how far a node has come with a client.
type holdState uint8

const (
	holdNew       holdState = iota // the claim waits: for the lease, or as there were many
	holdClaiming                   // Claim was asked for
	holdTaking                     // Take was
	holdMaking                     // the session is made of its record
	holdHeld                       // the client is ours
	holdReleasing                  // Release was asked for
)

// hold is what a node has of a client that it holds, or claims.
type hold struct {
	e      *engine
	space  *space
	id     string
	number uint64 // in the order in which they were made

	// These are the engine's.
	state  holdState
	epoch  Epoch
	holder Holder      // that is to release it
	conn   *Conn       // that waits for it, the last one
	comes  *connecting // of conn
	wanted bool        // by another node

	// And these are the client's, behind its lock.
	client      *client
	made        Mark // so many changes there were
	done        Mark // so many of them are recorded
	ephemeral   bool // the session ends with its connection, and needs no record
	putting     bool
	unconfirmed bool // whether it is ours is to be seen
	appends     []*appending
	begun       []begun
	cursors     []cursor
	waiting     []*Conn // for done
	wills       []task  // that wait until it is confirmed
	over        bool    // it was ours up to its end
}

// connecting is a CONNECT that waits until its client is ours.
type connecting struct {
	connect *packets.Connect
	connack *packets.Connack
}

func (h *hold) key() holdKey { return holdKey{h.space.name, h.id} }

// lock locks the client if there is one that has not ended; else it returns nil.
func (h *hold) lock() *client {
	cl := h.now()
	if cl == nil {
		return nil
	}
	cl.mu.Lock()
	if cl.gone {
		cl.mu.Unlock()
		return nil
	}
	return cl
}

// held returns the clients that are ours.
func (e *engine) held() []*hold {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*hold, 0, len(e.holds))
	for _, h := range e.holds {
		if h.client != nil {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(x, y *hold) int { return cmp.Compare(x.number, y.number) })
	return list
}

// newHold adds one, with the engine's lock held.
func (e *engine) newHold(sp *space, id string) *hold {
	e.made++
	h := &hold{e: e, space: sp, id: id, number: e.made}
	e.holds[h.key()] = h
	return h
}

// about returns a Request about the client.
func (h *hold) about(k RequestKind) Request {
	return Request{Kind: k, Namespace: h.space.name, Client: h.id, Epoch: h.epoch}
}

// connect gives a connection its session, now or when the client is ours. Of several that
// wait the last one gets it. [MQTT-3.1.4-3]
func (e *engine) connect(t *turn, c *Conn, sp *space, comes *connecting) error {
	for {
		h, cl, old := e.waits(c, sp, comes)
		if old != nil && old != c {
			old.refuses(t, mqttwire.ReasonServerBusy)
		}
		if cl == nil {
			if h != nil {
				h.claim(t)
			}
			return nil
		}
		switch done, err := c.takeOver(t, cl, comes.connect, comes.connack); {
		case err == errOwned:
			c.refuses(t, mqttwire.ReasonNotAuthorized)
			return nil
		case err != nil:
			c.refuses(t, mqttwire.ReasonUnspecifiedError)
			return err
		case done:
			gave(t, c)
			return nil
		}
	}
}

// waits makes a connection wait for its client, unless that is held. It returns the hold if
// it is to be claimed, the client if it is held, and the connection that has waited before.
func (e *engine) waits(c *Conn, sp *space, comes *connecting) (h *hold, cl *client, old *Conn) {
	key := holdKey{sp.name, c.peer.ClientID}
	e.mu.Lock()
	defer e.mu.Unlock()
	h = e.holds[key]
	if h != nil && h.state == holdHeld && !h.wanted {
		return nil, h.client, nil
	}
	if h == nil {
		h = e.newHold(sp, c.peer.ClientID)
		h.conn, h.comes = c, comes
		c.door.hold.Store(h)
		return h, nil, nil
	}
	old, h.conn, h.comes = h.conn, c, comes
	c.door.hold.Store(h)
	return nil, nil, old
}

// left notes that a connection that waits has ended.
func (h *hold) left(c *Conn) {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	if h.conn == c {
		h.conn, h.comes = nil, nil
	}
}

// How many claims of one client a node makes at once: the third one within ten seconds
// waits a second, so that two connections that take over from each other do not keep two
// nodes busy.
const (
	claimsAtOnce = 2
	claimsWithin = 10 * time.Second
	claimPause   = time.Second
)

// claim claims the client, or waits with it.
func (h *hold) claim(t *turn) {
	e := h.e
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.suspended.Load():
		h.state = holdNew
	case e.claimedOften(h.key(), t.now):
		h.state = holdClaiming
		e.later(t.now, claimPause, h.claimNow)
	default:
		h.state = holdClaiming
		e.askLocked(t.now, h.about(Claim), h.claimed)
	}
}

// claimNow claims the client without having waited, or when it has.
func (h *hold) claimNow(t *turn) {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	h.e.askLocked(t.now, h.about(Claim), h.claimed)
}

// claimedOften takes note of a claim, and reports whether it is to wait.
func (e *engine) claimedOften(key holdKey, now time.Time) bool {
	if len(e.claims) >= e.mostClaims {
		for k, list := range e.claims {
			if now.Sub(list[len(list)-1]) >= claimsWithin {
				delete(e.claims, k)
			}
		}
		e.mostClaims = max(1000, 2*len(e.claims))
	}
	list := e.claims[key]
	for len(list) > 0 && now.Sub(list[0]) >= claimsWithin {
		list = list[1:]
	}
	e.claims[key] = append(list, now)
	return len(list) >= claimsAtOnce
}

// claimed takes the answer to a Claim.
func (h *hold) claimed(t *turn, r *Reply) {
	switch {
	case r.Outcome == Unknown:
		h.e.retry(t, h.claimNow)
	case r.Outcome == Refused:
		h.fail(t, mqttwire.ReasonServerBusy)
	case r.Holder == Holder{}:
		h.set(holdMaking, r.Epoch, Holder{})
		h.make(t, r.Record)
	default:
		h.set(holdTaking, r.Epoch, r.Holder)
		h.take(t)
	}
}

func (h *hold) set(s holdState, epoch Epoch, from Holder) {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	h.state, h.epoch, h.holder = s, epoch, from
}

// take asks for a client that was claimed.
func (h *hold) take(t *turn) {
	h.e.ask(t.now, h.about(Take), func(t *turn, r *Reply) {
		h.e.mu.Lock()
		over := h.state != holdTaking // by another Take
		if !over && r.Outcome == Done {
			h.state = holdMaking
		}
		h.e.mu.Unlock()
		switch {
		case over:
		case r.Outcome == Unknown:
			h.e.retry(t, h.takeAgain)
		case r.Outcome == Refused: // there is a newer claim
			h.fail(t, mqttwire.ReasonServerBusy)
		default:
			h.make(t, r.Record)
		}
	})
}

func (h *hold) takeAgain(t *turn) {
	h.e.mu.Lock()
	over := h.state != holdTaking
	h.e.mu.Unlock()
	if !over {
		h.take(t)
	}
}

// refuses refuses a connection that has waited.
func (c *Conn) refuses(t *turn, code mqttwire.ReasonCode) {
	_ = c.refuse(t.now, &packets.Connack{ReasonCode: code})
	c.door.hold.Store(nil)
	t.ready = append(t.ready, c)
}

// fail gives the client up that is not ours, and refuses who waits for it.
func (h *hold) fail(t *turn, code mqttwire.ReasonCode) {
	if c, _ := h.end(); c != nil {
		c.refuses(t, code)
	}
}

// end forgets the hold, and returns the connection that waits for it.
func (h *hold) end() (*Conn, *connecting) {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	return h.endLocked()
}

func (h *hold) endLocked() (*Conn, *connecting) {
	if h.e.holds[h.key()] == h {
		delete(h.e.holds, h.key())
	}
	c, comes := h.conn, h.comes
	h.conn, h.comes = nil, nil
	return c, comes
}

// again lets who waits for the client claim it anew.
func (h *hold) again(t *turn) {
	if c, comes := h.end(); c != nil {
		_ = h.e.connect(t, c, h.space, comes)
	}
}

// make makes the session of its record: there is none of a client without.
func (h *hold) make(t *turn, record []byte) {
	if len(record) == 0 {
		h.give(t)
		return
	}
	r, err := readRecord(record)
	if err == nil {
		r.session, _, err = session.Restore(h.e.b.o.session(), t.now, r.snapshot, nil)
	}
	if err != nil { // it is as it was
		h.giveUp(t, nil)
		h.fail(t, mqttwire.ReasonUnspecifiedError)
		return
	}
	h.listen(t, r)
}

// listen has the engine bring what the session subscribes to, before that is in its place. If
// the engine refuses, who waits for the client is refused too; and it is asked again, as the
// session has its will and its end, unless another node wants the client.
func (h *hold) listen(t *turn, r *record) {
	h.e.listenFor(t, h.space, filtersOf(r.session), false, func(t *turn, refused []int) {
		if len(refused) == 0 {
			h.restored(t, r)
			return
		}
		h.e.mu.Lock()
		c, wanted := h.conn, h.wanted
		h.conn, h.comes = nil, nil
		h.e.mu.Unlock()
		if c != nil {
			c.refuses(t, mqttwire.ReasonServerBusy)
		}
		if wanted {
			h.giveUp(t, nil)
			h.fail(t, mqttwire.ReasonServerBusy)
			return
		}
		h.e.retry(t, func(t *turn) { h.listen(t, r) })
	})
}

// filtersOf returns the filters of a session.
func filtersOf(s *session.Session) (list [][]byte) {
	for sub := range s.Subscriptions() {
		list = append(list, append([]byte(nil), sub.Filter...))
	}
	return list
}

// restored puts the session in its place. What has come for it meanwhile is replayed.
func (h *hold) restored(t *turn, r *record) {
	b := h.e.b
	cl := b.newClient(h.space, h.id)
	cl.session, cl.used = r.session, true
	cl.peer = &Peer{ClientID: h.id, Namespace: h.space.name, Name: r.name}
	cl.hold = h
	b.counts.sessions.Add(1)
	cl.mu.Lock()
	h.e.mu.Lock()
	h.client = cl
	h.e.mu.Unlock()
	h.begun, h.cursors = r.begun, h.e.logs.begin(r.cursors)
	for sub, id := range cl.session.Subscriptions() {
		cl.index(&sub, id)
	}
	if limit := b.o.Limits.SessionExpiry; limit > 0 {
		cl.endBy = t.now.Add(limit)
	}
	cl.mu.Unlock()
	h.space.add(cl)
	h.catchUp(t)
}

// add adds a client.
func (sp *space) add(cl *client) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.clients[cl.id] = cl
}

// give gives the session to the connections that wait for it; then the client is held.
func (h *hold) give(t *turn) {
	e := h.e
	for {
		e.mu.Lock()
		c, comes := h.conn, h.comes
		h.conn, h.comes = nil, nil
		if c == nil {
			h.state = holdHeld
			cl, wanted := h.client, h.wanted
			if cl == nil { // nobody is there, and there is nothing of it
				h.endLocked()
			}
			e.mu.Unlock()
			h.keeps(t, cl, wanted)
			return
		}
		e.mu.Unlock()
		if !h.giveTo(t, c, comes) {
			return
		}
	}
}

// keeps is that a client is held from now on, if there is one.
func (h *hold) keeps(t *turn, cl *client, wanted bool) {
	switch {
	case cl == nil:
		h.drop(t)
	case wanted:
		h.release(t)
	default:
		cl.mu.Lock()
		defer cl.mu.Unlock()
		cl.schedule()
		cl.settle(t)
	}
}

// gave is that a connection has its session: what is behind its CONNECT is handled. Before,
// Packet would show the CONNECT once more.
func gave(t *turn, c *Conn) {
	c.door.hold.Store(nil)
	t.tell(task{do: (*turn).tellConnected, peer: c.peer})
	t.ready = append(t.ready, c)
}

// giveTo gives the session to a connection, and reports whether the client is still ours.
func (h *hold) giveTo(t *turn, c *Conn, comes *connecting) bool {
	cl := h.now()
	if cl == nil {
		if cl = c.clientFor(h.space); cl == nil {
			c.refuses(t, mqttwire.ReasonQuotaExceeded)
			return true
		}
		cl.mu.Lock()
		cl.hold = h
		cl.mu.Unlock()
		h.e.mu.Lock()
		h.client = cl
		h.e.mu.Unlock()
	}
	done, err := c.takeOver(t, cl, comes.connect, comes.connack)
	switch {
	case err == errOwned:
		c.refuses(t, mqttwire.ReasonNotAuthorized)
	case err != nil:
		c.refuses(t, mqttwire.ReasonUnspecifiedError)
		h.e.mu.Lock()
		if h.client == cl && !cl.used {
			h.client = nil
		}
		h.e.mu.Unlock()
	case done:
		gave(t, c)
	default: // it has ended just now, and the hold with it
		_ = h.e.connect(t, c, h.space, comes)
		return false
	}
	return true
}

// drop tells the engine that the session has ended.
func (h *hold) drop(t *turn) {
	h.e.ask(t.now, h.about(Drop), func(t *turn, r *Reply) {
		switch r.Outcome {
		case Unknown:
			h.e.retry(t, h.drop)
		case Done:
			h.dropped(t)
		}
	})
}

// dropped is that the client was ours up to the end of its session, and so was its will.
func (h *hold) dropped(t *turn) {
	cl := h.now()
	if cl == nil {
		return
	}
	cl.mu.Lock()
	defer cl.mu.Unlock()
	h.over = true
	for _, k := range h.wills {
		t.add(k)
	}
	h.wills = nil
}

// giveUp gives a record back.
func (h *hold) giveUp(t *turn, record []byte) {
	q := h.about(Release)
	q.Record = record
	h.e.ask(t.now, q, func(t *turn, r *Reply) {
		if r.Outcome == Unknown {
			h.e.retry(t, func(t *turn) { h.giveUp(t, record) })
			return
		}
		h.released(t, r.Outcome == Refused)
	})
}

// wanted is that another node claims a client: it gets it as soon as it is ours. Of one
// that is not here the record is as it was.
func (e *engine) wanted(t *turn, key holdKey, epoch Epoch) {
	e.mu.Lock()
	h := e.holds[key]
	release := h != nil && h.state == holdHeld && !h.wanted
	if h != nil && h.state != holdReleasing {
		h.wanted = true
	}
	e.mu.Unlock()
	switch {
	case release:
		h.release(t)
	case h == nil:
		(&hold{e: e, space: e.b.space(key.namespace), id: key.id, epoch: epoch}).giveUp(t, nil)
	}
}

// release ends the connection of a client, and gives the client to who claims it: from
// now on nothing is sent to it here. [MQTT-3.1.4-3]
func (h *hold) release(t *turn) {
	cl := h.now()
	old := cl.lockRested()
	defer cl.mu.Unlock()
	if old != nil {
		defer old.routing.Unlock()
	}
	if cl.gone {
		return
	}
	if old != nil {
		old.now = t.now
		old.disconnect(t.now, &packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver})
		old.settle(t)
		old.wakeSelf(t)
		if cl.gone { // it has ended with its connection
			return
		}
	}
	record := h.record()
	cl.parts(t)
	h.e.mu.Lock()
	h.state = holdReleasing
	h.e.mu.Unlock()
	h.giveUp(t, record)
}

// released is that the client is not ours any more, and what depends on its record may be
// written; unless it was refused, as it was not ours before. Who waits for it here claims
// it.
func (h *hold) released(t *turn, refused bool) {
	if cl := h.now(); cl != nil {
		cl.mu.Lock()
		for _, c := range h.waiting {
			if refused {
				c.link.Lost(t.now, ErrTaken)
				c.staged = nil
			}
		}
		h.through(t)
		cl.mu.Unlock()
	}
	h.again(t)
}

// now returns the client, or nil.
func (h *hold) now() *client {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	return h.client
}

// parts takes a client out that is no longer ours. Its session goes on elsewhere.
func (cl *client) parts(t *turn) {
	cl.gone = true
	cl.unsubscribeAll()
	cl.space.remove(cl)
	cl.b.timers.remove(&cl.timer)
	cl.b.slots.give(cl.slot)
	cl.b.counts.sessions.Add(-1)
}

// forsake ends what is here of a client that another node has: nothing of it is said to
// anybody.
func (h *hold) forsake(t *turn, cl *client) {
	if c := cl.conn; c != nil {
		c.link.Lost(t.now, ErrTaken)
		c.staged, c.door.pong = nil, nil
		for e, ok := c.link.Event(); ok; e, ok = c.link.Event() {
			if e.Kind == session.Disconnected {
				t.tell(task{do: (*turn).tellDisconnected, peer: c.peer, cause: e.Cause})
			}
		}
		cl.b.counts.connected.Add(-1)
		cl.conn = nil
		t.ready = append(t.ready, c)
	}
	h.wills, h.appends = nil, nil
	cl.parts(t)
	h.through(t)
	t.add(task{do: func(t *turn, _ *task) { h.again(t) }})
}

// ended is that the session of the client has ended, with the client's lock held.
func (h *hold) ended(t *turn) {
	h.drop(t)
	h.through(t)
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	if c, comes := h.endLocked(); c != nil {
		t.add(task{do: func(t *turn, _ *task) { _ = h.e.connect(t, c, h.space, comes) }})
	}
}

// gone is that another node has ended: what we wait for from it can be taken, and of its
// clients we are to hold one.
func (e *engine) gone(t *turn, n *Notice) {
	key := holdKey{n.Namespace, n.Client}
	e.mu.Lock()
	var take []*hold
	for _, h := range e.holds {
		if h.state == holdTaking && h.holder == n.Holder {
			take = append(take, h)
		}
	}
	var adopted *hold
	if n.Client != "" && e.holds[key] == nil {
		adopted = e.newHold(e.b.space(n.Namespace), n.Client)
	}
	slices.SortFunc(take, func(x, y *hold) int { return cmp.Compare(x.number, y.number) })
	e.mu.Unlock()
	for _, h := range take {
		h.takeAgain(t)
	}
	if adopted != nil {
		adopted.claim(t)
	}
}
