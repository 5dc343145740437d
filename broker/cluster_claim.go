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
	holdDropping                   // Drop was: the session has ended
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
	free   bool        // it is claimed though nobody has waited: only if nobody holds it
	paused bool        // it is claimed after a while
	wanted bool        // by another node
	by     Epoch       // by which it is held then
	asked  uint64      // lease.resumes when it was asked for last

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
	waiting     []*Conn // for done, or to be confirmed
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

// left notes that a connection that waits has ended. What was not claimed is not any more:
// the client may be connected to another node by now, and is not to be taken from there for
// nobody.
func (h *hold) left(c *Conn) {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	if h.conn != c {
		return
	}
	h.conn, h.comes = nil, nil
	if h.state == holdNew && !h.free {
		h.endLocked()
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
	case e.holds[h.key()] != h: // who has waited has left
	case e.suspended.Load():
		h.state = holdNew
	case e.claimedOften(h.key(), t.now):
		h.state, h.paused = holdNew, true
		e.later(t.now, claimPause, h.hasPaused)
	default:
		h.askClaim(t.now)
	}
}

// hasPaused claims the client when it has waited, unless it waits for the lease now.
func (h *hold) hasPaused(t *turn) {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	h.paused = false
	if h.e.holds[h.key()] == h && !h.e.suspended.Load() {
		h.askClaim(t.now)
	}
}

// claimAgain claims a client of which nobody knows whether it is ours.
func (h *hold) claimAgain(t *turn) {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	h.askClaim(t.now)
}

// askClaim claims the client, with the engine's lock held.
func (h *hold) askClaim(now time.Time) {
	h.state = holdClaiming
	h.free = h.free && h.conn == nil
	r := h.about(Claim)
	r.Free = h.free
	h.asked = h.e.lease.resumes
	h.e.askLocked(now, r, func(t *turn, a *Reply) { h.claimed(t, a, r.Free) })
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
func (h *hold) claimed(t *turn, r *Reply, free bool) {
	switch {
	case r.Outcome == Unknown:
		h.e.retry(t, h.claimAgain)
	case free && (r.Outcome == Refused || r.Holder != Holder{}): // who waits by now claims it in any case
		h.again(t)
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
	h.wanted = h.wanted && h.by == epoch
}

// take asks for a client that was claimed.
func (h *hold) take(t *turn) {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	h.asked = h.e.lease.resumes
	h.e.askLocked(t.now, h.about(Take), func(t *turn, r *Reply) {
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
	filters := filtersOf(r.session)
	h.e.listenFor(t, h.space, filters, false, func(t *turn, refused []int) {
		if len(refused) == 0 {
			h.restored(t, r, h.e.logsOf(h.space, filters))
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

// restored puts the session in its place. What has come for it meanwhile is replayed, of the
// logs that can have such.
func (h *hold) restored(t *turn, r *record, logs []uint16) {
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
	h.begun, h.cursors = r.begun, h.e.logs.begin(r.cursors, logs)
	if h.doubts(); h.unconfirmed {
		h.put(t)
	}
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

// doubts is that there is a client: if the node was suspended since it was asked for it may
// be another node's, and is to be confirmed as those that were there then. With the client's
// lock held.
func (h *hold) doubts() {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	h.unconfirmed = h.unconfirmed || h.asked != h.e.lease.resumes
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
			if h.state != holdDropping { // it may have ended already
				h.state = holdHeld
			}
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
		cl.mu.Lock()
		h.doubts() // and is put when the session is accepted
		cl.mu.Unlock()
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
	if h := e.holds[key]; n.Client != "" && h == nil {
		adopted = e.newHold(e.b.space(n.Namespace), n.Client)
		adopted.free = true
	} else if n.Client != "" && h.state == holdNew { // it is to be held also if who waits for it leaves
		h.free = true
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
