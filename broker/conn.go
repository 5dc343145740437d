package broker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/answer"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Conn is a connection to the broker, and all by which its driver reaches its Link.
type Conn struct {
	b     *Broker
	ctx   context.Context
	peer  *Peer
	ready func() // or nil

	later *[]*Conn // that are to be told, or nil; of who calls Packet

	own     sync.Mutex // of all that follows, as long as there is no client
	mu      atomic.Pointer[sync.Mutex]
	routing sync.Mutex // held while what has come on it is sent on

	link    *session.Link
	client  *client             // that has, or had, the session; nil before the CONNACK
	connect *packets.Connect    // a copy, while authentication goes on
	wanted  *packets.Disconnect // to be sent when routing is over
	now     time.Time           // of the last call that has told it
	moved   time.Time           // when bytes were handed out or written last
	handed  uint64              // bytes that were handed out
	wrote   uint64              // bytes that are on the network
	staged  *staged             // with a journal; nil if nothing is
	door    *door               // in a cluster

	together atomic.Int32 // see Together

	waits bool // until changes are durable; the log's
	auth  bool // the AUTH that is awaited is one of a CONNECT
	busy  bool // while routing is held: nothing is written, and no event is taken
	told  bool // Ready was called, and Append has not returned nothing since
	lost  bool // Lost was called
	part  bool // what is staged begins, or what was taken of it ends, within a packet
}

// lock locks the Conn, with its client if there is one, and returns what to unlock.
func (c *Conn) lock() *sync.Mutex {
	for {
		mu := c.mu.Load()
		mu.Lock()
		if c.mu.Load() == mu {
			return mu
		}
		mu.Unlock() // there is a client now
	}
}

// Peer returns who the connection is of, as hooks see it. Before the CONNACK only
// Origin is filled.
func (c *Conn) Peer() *Peer { return c.peer }

// Version returns the version of the connection, or 0 while no CONNECT has told it.
func (c *Conn) Version() mqttwire.Version {
	defer c.lock().Unlock()
	return c.link.Version()
}

// settle takes the events of the Link, and of the session if there is one.
func (c *Conn) settle(t *turn) {
	if c.client != nil {
		c.client.settleLink(t, c)
		return
	}
	for _, ok := c.link.Event(); ok; _, ok = c.link.Event() { // of a connection that was never open
	}
}

// Feed gives the broker the next bytes of the peer: see session.Link.Feed. While Waits reports
// true they must stay as they are too, though Packet has returned false.
func (c *Conn) Feed(now time.Time, chunk []byte) {
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	c.now = now
	c.b.counts.bytesIn.Add(uint64(len(chunk)))
	if !c.fedLate(t, chunk) {
		c.link.Feed(now, chunk)
	}
	c.settle(t)
}

// Packet returns the next packet of the peer before it is handled: see
// session.Link.Packet.
func (c *Conn) Packet() (mqttwire.Packet, bool) {
	mu := c.lock()
	p, ok := c.shown()
	if ok {
		mu.Unlock()
		return p, true
	}
	t := c.b.turn(c.now)
	c.settle(t)
	mu.Unlock()
	t.end()
	c.Tell()
	return nil, false
}

// Tell tells those who have got something to write by what has come on the connection, and
// whom Packet tells else when it has no more. Who may wait between two packets calls it before.
func (c *Conn) Tell() {
	if list := c.later; list != nil {
		c.later = nil
		tellReady(*list)
		*list = emptied(*list)
		c.b.lists.Put(list)
	}
}

// tellLater leaves it to Tell to tell connections.
func (c *Conn) tellLater(all []*Conn) {
	switch {
	case len(all) == 0:
		return
	case c.later == nil:
		c.later = c.b.lists.Get().(*[]*Conn)
	}
	*c.later = append(*c.later, all...)
}

// Together returns with how many others the connection was told last that there is something
// to write, and itself: by the function given to Attach, one after the other.
func (c *Conn) Together() int { return int(c.together.Load()) }

// Handle handles the packet that Packet has returned in the usual way: it is answered,
// and a message is sent on.
func (c *Conn) Handle(now time.Time) { _ = c.Answer(now, nil) }

// Answer is Handle with an answer that has the caller's codes and properties: see
// session.Link.Answer. It may also be a CONNACK, with what is to be announced beside
// Offers, or that refuses. What it refuses is not done: a message is not sent on, and a
// subscription is not made. Hooks are asked all the same. nil is the usual answer, and a
// nil pointer to a packet is none.
func (c *Conn) Answer(now time.Time, a mqttwire.Packet) error {
	if a != nil && answer.IsNil(a) {
		return session.ErrAnswer
	}
	mu := c.lock()
	c.now = now
	p, ok := c.shown()
	if ok && c.pings(now) {
		mu.Unlock()
		return nil
	}
	mu.Unlock()
	if !ok {
		return session.ErrState
	}
	switch p := p.(type) {
	case *packets.Publish:
		return c.published(now, p, a)
	case *packets.Connect:
		return c.connects(now, p, a)
	case *packets.Auth:
		c.Tell() // as the hooks may wait
		return c.authenticates(now, p, a)
	case *packets.Subscribe:
		c.Tell()
		return c.subscribes(now, p, a)
	case *packets.Unsubscribe:
		return c.unsubscribes(now, p, a)
	}
	t := c.b.turn(now)
	t.later = c
	defer t.end()
	defer c.lock().Unlock()
	err := c.answer(now, a)
	c.settle(t)
	return err
}

// answer lets the Link handle its packet.
func (c *Conn) answer(now time.Time, a mqttwire.Packet) error {
	if a == nil {
		c.link.Handle(now)
		return nil
	}
	return c.link.Answer(now, a)
}

// Append appends to dst what is to be written now, up to max bytes of it: see
// session.Link.Append. Now is the time of the last call that has told it.
func (c *Conn) Append(dst []byte, max int) []byte {
	mu := c.lock()
	t := c.b.turn(c.now)
	start := len(dst)
	dst, all := c.appendPong(dst, max)
	switch waits := c.isSuspended(); {
	case waits || !all || c.busy && len(dst) > start:
		c.handedOut(t, len(dst)-start, waits)
	case !c.busy:
		if c.stages() {
			dst, waits = c.appendStaged(t, dst, max-(len(dst)-start))
		} else {
			dst = c.link.Append(dst, max-(len(dst)-start))
		}
		c.handedOut(t, len(dst)-start, waits)
	}
	mu.Unlock()
	t.end()
	return dst
}

// handedOut notes that bytes were handed out, or wait for changes that are not durable,
// and goes on with replays.
func (c *Conn) handedOut(t *turn, n int, waits bool) {
	if n == 0 {
		c.told = waits
	} else {
		if c.handed == c.wrote {
			c.moved = c.now
		}
		c.handed += uint64(n)
	}
	if cl := c.client; cl != nil && cl.conn == c && len(cl.replays) > 0 {
		cl.replay(t)
	}
	c.settle(t)
}

// Buffers appends to bufs what is to be written now, without copying payloads: see
// session.Link.Buffers.
func (c *Conn) Buffers(bufs [][]byte) [][]byte {
	mu := c.lock()
	t := c.b.turn(c.now)
	start, n := len(bufs), 0
	bufs = c.pongBuffers(bufs)
	suspended, pongs := c.isSuspended(), len(bufs) > start
	if !c.busy || suspended || pongs {
		waits := suspended
		switch {
		case suspended || pongs:
		case c.stages():
			bufs, waits = c.stagedBuffers(t, bufs)
		default:
			bufs = c.link.Buffers(bufs)
		}
		for _, b := range bufs[start:] {
			n += len(b)
		}
		c.handedOut(t, n, waits)
	}
	mu.Unlock()
	t.end()
	return bufs
}

// Wrote says that n more of the bytes that were handed out are on the network.
func (c *Conn) Wrote(now time.Time, n int) {
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	c.now, c.moved = now, now
	c.wrote += uint64(n)
	c.b.counts.bytesOut.Add(uint64(n))
	c.link.Wrote(now, n)
	c.settle(t)
}

// Deadline returns when Tick is to be called next, if nothing happens before; ok is
// false if there is no need to.
func (c *Conn) Deadline() (at time.Time, ok bool) {
	defer c.lock().Unlock()
	at, ok = c.link.Deadline()
	for _, by := range []time.Time{c.stalls(), c.expires()} {
		if !by.IsZero() && (!ok || by.Before(at)) {
			at, ok = by, true
		}
	}
	return at, ok
}

// open reports whether the connection has the session.
func (c *Conn) open() bool { return c.client != nil && c.client.conn == c }

// isOpen is open without the lock.
func (c *Conn) isOpen() bool {
	defer c.lock().Unlock()
	return c.open()
}

// stalls returns when the connection is closed as it takes nothing; the zero time is
// never.
func (c *Conn) stalls() time.Time {
	if !c.open() || c.handed == c.wrote {
		return time.Time{}
	}
	return c.moved.Add(c.b.o.Limits.Stalled)
}

// expires returns when the client may no longer be connected; the zero time is never.
func (c *Conn) expires() time.Time {
	if !c.open() {
		return time.Time{}
	}
	return c.peer.Expires
}

// Tick does what is due: it closes a connection that is silent, takes nothing, or may
// not go on.
func (c *Conn) Tick(now time.Time) {
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	c.now = now
	due := func(by time.Time) bool { return !by.IsZero() && !now.Before(by) }
	switch {
	case due(c.stalls()):
		c.disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonQuotaExceeded})
	case due(c.expires()):
		c.disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonMaximumConnectTime})
	default:
		if c.door != nil && c.halts() {
			c.link.Unread(now)
		}
		c.link.Tick(now)
	}
	c.settle(t)
}

// Disconnect closes the connection: in 5.0 behind a DISCONNECT, d or one without a code
// if it is nil. Before the CONNACK the client is refused with the code of d. Any
// goroutine may call it.
func (c *Conn) Disconnect(now time.Time, d *packets.Disconnect) {
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	c.now = now
	if d == nil {
		d = &packets.Disconnect{}
	}
	if c.busy {
		c.wanted = d.Clone()
		return
	}
	c.disconnect(now, d)
	c.settle(t)
	if !c.told {
		c.told = true
		t.ready = append(t.ready, c)
	}
}

// disconnect is Disconnect with the lock held, and while nothing is routed.
func (c *Conn) disconnect(now time.Time, d *packets.Disconnect) {
	if cause, _ := c.link.Closed(); cause.Kind != 0 { // it has ended, and what is to be written still may be
		return
	}
	err := c.link.Disconnect(now, d)
	if err == session.ErrState && d.ReasonCode.IsError() {
		err = c.link.Refuse(now, &packets.Connack{ReasonCode: connackCode(d.ReasonCode)})
	}
	if err != nil {
		c.link.Lost(now, nil)
	}
}

// connackCode returns the code itself if a CONNACK may have it, or one that it may.
func connackCode(code mqttwire.ReasonCode) mqttwire.ReasonCode {
	if code.AllowedIn(mqttwire.CONNACK, mqttwire.V5, mqttwire.FromServer) {
		return code
	}
	return mqttwire.ReasonServerUnavailable
}

// Drain is Disconnect as soon as nothing is in flight: see session.Link.Drain. Before
// the CONNACK it is Disconnect.
func (c *Conn) Drain(now time.Time, d *packets.Disconnect) {
	mu := c.lock()
	c.now = now
	err := c.link.Drain(now, d)
	t := c.b.turn(now)
	if err == nil && !c.told {
		c.told = true
		t.ready = append(t.ready, c)
	}
	mu.Unlock()
	t.end()
	if err != nil {
		c.Disconnect(now, d)
	}
}

// Closed reports whether the transport is to be closed, and why: everything that had to
// be written is, or cannot be any more.
func (c *Conn) Closed() (session.Cause, bool) {
	defer c.lock().Unlock()
	return c.link.Closed() // which has handed out what is staged, and waits for it, if it is not lost
}

// Lost says that the transport is gone, with its error or nil. It is the last call, for
// every connection.
func (c *Conn) Lost(now time.Time, err error) {
	c.Tell()
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	c.now = now
	c.link.Lost(now, err)
	c.staged = nil
	c.settle(t)
	if !c.lost {
		c.lost = true
		c.leaves()
		c.peer.conn.Store(nil) // who keeps the Peer does not keep the connection
		c.b.counts.attached.Add(-1)
	}
}

// Release gives back memory that is held for what may come: for a connection on which
// nothing comes or goes for a while. Packets that were shown are no longer valid.
func (c *Conn) Release() {
	defer c.lock().Unlock()
	if !c.busy {
		c.link.Release()
	}
}
