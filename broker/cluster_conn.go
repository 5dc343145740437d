package broker

import (
	"bytes"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// door is what a connection has in a cluster.
type door struct {
	hold    atomic.Pointer[hold] // whose client its CONNECT waits for, or nil
	asks    bool                 // its SUBSCRIBE waits
	halted  bool                 // a packet of it waits for the engine
	stopped bool                 // it is to be told when the node is not suspended any more; the engine's
	pong    []byte               // PINGRESP that go before all else
	late    []byte               // what was fed while something waited
}

// mostLate is how many bytes are kept that are fed though a packet waits.
const mostLate = 64 << 10

// Waits reports whether the next packet of the client waits for the engine, so that
// nothing more of it is to be read: the function given to Attach is called when it does not
// any more, and up to the next call of Packet Waits stays true. Without Options.Cluster it
// is false.
func (c *Conn) Waits() bool {
	if c.door == nil {
		return false
	}
	defer c.lock().Unlock()
	return c.halts()
}

// halts is Waits with the lock held.
func (c *Conn) halts() bool { return c.door.halted || c.door.isBusy() }

// isBusy reports whether a packet is being handled until the engine has answered.
func (d *door) isBusy() bool { return d.hold.Load() != nil || d.asks }

// fedLate keeps what is fed while a packet waits, and reports whether one does. A driver
// that goes on reading all the same is closed.
func (c *Conn) fedLate(t *turn, chunk []byte) bool {
	d := c.door
	if d == nil || !c.halts() && len(d.late) == 0 {
		return false
	}
	if len(d.late)+len(chunk) > mostLate {
		c.disconnect(t.now, &packets.Disconnect{ReasonCode: mqttwire.ReasonQuotaExceeded})
		d.late = nil
		return true
	}
	d.late = append(d.late, chunk...)
	return true
}

// shown returns the next packet that is to be handled now, with the lock held.
func (c *Conn) shown() (mqttwire.Packet, bool) {
	d := c.door
	if d == nil {
		return c.link.Packet()
	}
	if d.halted = d.isBusy(); d.halted {
		return nil, false
	}
	p, ok := c.link.Packet()
	if !ok && len(d.late) > 0 {
		b := bytes.Clone(d.late)
		d.late = nil
		c.link.Feed(c.now, b)
		p, ok = c.link.Packet()
	}
	if ok && !c.mayHandle(p) {
		d.halted = true
		return nil, false
	}
	return p, ok
}

// mayHandle reports whether a packet may be handled now: while the node is suspended only a
// PINGREQ, and not too many messages that wait for the engine.
func (c *Conn) mayHandle(p mqttwire.Packet) bool {
	if _, ok := p.(*packets.Pingreq); ok {
		return true
	}
	if c.client == nil { // what there is to wait for waits later
		return true
	}
	if c.isSuspended() {
		return false
	}
	m, ok := p.(*packets.Publish)
	return !ok || m.QoS == mqttwire.AtMostOnce || !c.open() || len(c.client.hold.appends) < mostAppends
}

// isSuspended reports whether nothing but PINGRESP may be written, with the lock held. Who
// waits for the end of it is told.
func (c *Conn) isSuspended() bool {
	e := c.b.engine
	if e == nil {
		return false
	}
	if e.isSuspended(c.now) && e.stop(c) {
		return true
	}
	if c.client == nil || !c.client.hold.unconfirmed {
		return false
	}
	c.client.hold.awaits(c) // also if it has parted from its client
	return true
}

// pings answers a PINGREQ while nothing else may be written, and reports whether it has.
func (c *Conn) pings(now time.Time) bool {
	if c.door == nil || !c.isSuspended() || !c.staged.empty() && c.part {
		return false
	}
	b, ok := c.link.AppendPingresp(now, c.door.pong)
	if ok {
		c.door.pong = b
	}
	return ok
}

// stages reports whether what is written waits until something is kept, with the lock held.
// With Appended it does while what the client is acknowledged is not recorded: a
// subscription, the will, that the session of before has ended.
func (c *Conn) stages() bool {
	e := c.b.engine
	switch {
	case e == nil:
		return c.b.o.Journal
	case e.recorded() || !c.staged.empty():
		return true
	}
	return c.client != nil && c.client.hold.done < c.client.hold.made
}

// leaves is that the connection has ended: it waits for nothing.
func (c *Conn) leaves() {
	if c.door == nil {
		return
	}
	if h := c.door.hold.Swap(nil); h != nil {
		h.left(c)
	}
	c.door.late, c.door.pong = nil, nil
	c.b.engine.unstop(c)
}

// appendPong appends PINGRESP that wait, and reports whether all are out: before that
// nothing else may be, as they may end within one.
func (c *Conn) appendPong(dst []byte, max int) (_ []byte, all bool) {
	if c.door == nil || len(c.door.pong) == 0 {
		return dst, true
	}
	n := min(len(c.door.pong), max)
	if n > 0 {
		dst = append(dst, c.door.pong[:n]...)
		c.door.pong = c.door.pong[n:]
	}
	return dst, len(c.door.pong) == 0
}

// pongBuffers is appendPong for Buffers.
func (c *Conn) pongBuffers(bufs [][]byte) [][]byte {
	if c.door == nil || len(c.door.pong) == 0 || c.handed != c.wrote {
		return bufs
	}
	b := c.door.pong
	c.door.pong = nil
	return append(bufs, b)
}

// listens answers a SUBSCRIBE when the engine brings what it asks for, now or later.
func (c *Conn) listens(t *turn, p *packets.Subscribe, answer *packets.Suback) error {
	mu := c.lock()
	if !c.open() {
		mu.Unlock()
		return session.ErrEnded
	}
	c.door.asks = true
	mu.Unlock()
	filters, at := granted(p.Subscriptions, answer.ReasonCodes)
	c.b.engine.listenFor(t, c.client.space, filters, false, func(t *turn, refused []int) {
		defer c.lock().Unlock()
		c.door.asks = false
		for _, i := range refused {
			answer.ReasonCodes[at[i]] = mqttwire.ReasonImplementationSpecificError
		}
		_ = c.grant(t, p, answer) // the connection may have ended meanwhile
		t.ready = append(t.ready, c)
	})
	return nil
}
