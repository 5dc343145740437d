package client

import (
	"context"
	"math"
	"net"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// The sizes of what is read at once.
const (
	readLeast = 256
	readMost  = 64 << 10
)

// linger is how long a connection is read on when the last packet was written, for the
// server to close it: else it might not get that packet.
const linger = time.Second

// serve runs a connection from the CONNECT on, until the server has taken the client or it
// has ended. What the attempt needs, whose context is ctx, is given up by settled in the
// first case.
func (c *Client) serve(ctx context.Context, settled context.CancelFunc, conn net.Conn, s server, connect *packets.Connect, first chan<- error) attempt {
	link := session.NewLink(c.linkOptions())
	c.mu.Lock()
	if c.phase >= phaseClosing || c.ctx.Err() != nil {
		c.unlock()
		hangUp(conn)
		return attempt{err: errClosed}
	}
	if err := link.Open(time.Now(), c.session, connect); err != nil {
		c.unlock()
		hangUp(conn)
		return attempt{err: err}
	}
	c.link, c.conn, c.cause, c.telling, c.lingering = link, conn, nil, first, false
	c.gone, c.openedAt, c.deaf = make(chan struct{}), time.Time{}, false
	c.info.URL, c.info.Version = s.url.Scheme+"://"+s.url.Host, connect.Version
	stop := context.AfterFunc(ctx, func() { c.expire(link, context.Cause(ctx)) })
	c.settled = func() { stop(); settled() }
	c.arm()
	c.wake()
	c.unlock()
	if opened, ended := c.read(ctx, link, conn); opened {
		return attempt{opened: true, made: &made{link: link, conn: conn, ended: ended}}
	}
	stop()
	return c.parted(conn)
}

// linkOptions returns those of a connection. It is the context of the attempt that ends
// one without a CONNACK, as that counts from dialing on; the timeout of the Link, which
// is for a new authentication too, comes behind it.
func (c *Client) linkOptions() session.LinkOptions {
	o := session.LinkOptions{
		Side: mqttwire.FromClient, Hold: true, TopicAliases: c.o.TopicAliases, ConnectTimeout: c.o.ConnectTimeout + time.Second,
		PingEvery: c.o.PingEvery, Limits: c.o.Limits,
	}
	if !c.o.Strict {
		o.Tolerance = &mqttwire.Tolerance{Allow: mqttwire.Interop, Max: -1}
		o.Excess = math.MaxUint16 // Options.Inbound bounds what is held
	}
	return o
}

// kill ends the context of the client, and its connection.
func (c *Client) kill(why error) {
	c.cancel(why)
	go func() {
		c.mu.Lock()
		defer c.unlock()
		if c.link != nil {
			c.end(context.Cause(c.ctx))
		}
	}()
}

// expire ends a connection that the server has not taken in time.
func (c *Client) expire(link *session.Link, why error) {
	c.mu.Lock()
	defer c.unlock()
	if c.link == link && c.openedAt.IsZero() {
		c.end(why)
	}
}

// lose ends a connection at once.
func (c *Client) lose(link *session.Link, why error) {
	c.mu.Lock()
	defer c.unlock()
	if c.link == link {
		c.end(why)
	}
}

// end ends the connection at once. Under the lock.
func (c *Client) end(why error) {
	if c.cause == nil {
		c.cause = why
	}
	c.link.Lost(time.Now(), why)
	c.drain()
	go hangUp(c.conn)
}

// hangUp closes a connection.
func hangUp(conn net.Conn) { _ = conn.Close() }

// read reads until the connection has ended; or, and that it reports, before that until
// the server has taken the client.
func (c *Client) read(ctx context.Context, link *session.Link, conn net.Conn) (opened, ended bool) {
	c.mu.Lock()
	before := c.openedAt.IsZero()
	c.unlock()
	buf := make([]byte, readLeast)
	for small := 0; ; {
		n, err := conn.Read(buf)
		c.mu.Lock()
		now := time.Now()
		if n > 0 {
			c.stats.BytesIn += uint64(n)
			link.Feed(now, buf[:n])
			c.handle(ctx, link)
		}
		if err != nil {
			link.Lost(now, err)
		}
		c.drain()
		c.arm()
		c.wake()
		opened = before && !c.openedAt.IsZero()
		c.unlock()
		switch {
		case err != nil || opened:
			return opened, err != nil
		case n == len(buf) && n < readMost:
			buf, small = make([]byte, 4*n), 0
		case n > len(buf)/4:
			small = 0
		default:
			if small++; small > 64 && len(buf) > readLeast {
				buf, small = make([]byte, len(buf)/4), 0
			}
		}
	}
}

// handle handles the packets that have come. Under the lock, which is free while the
// server proves itself.
func (c *Client) handle(ctx context.Context, link *session.Link) {
	for {
		p, ok := link.Packet()
		if !ok {
			return
		}
		c.observe(p)
		link.Handle(time.Now())
		c.drain()
		if c.gated {
			c.unlock()
			err := c.finishAuth(ctx)
			c.mu.Lock()
			c.gated = false
			if err != nil && c.link == link {
				c.end(err)
				return
			}
			c.nowOpen()
		}
	}
}

// drain takes all events, and reports whether there were any. Under the lock.
func (c *Client) drain() (happened bool) {
	if c.link == nil {
		return c.drainSession()
	}
	for e := c.link.NextEvent(); e != nil; e = c.link.NextEvent() {
		c.event(e)
		happened = true
	}
	c.roomFreed()
	return happened
}

// drainSession is drain without a connection.
func (c *Client) drainSession() (happened bool) {
	for e, ok := c.session.Event(); ok; e, ok = c.session.Event() {
		c.event(&e)
		happened = true
	}
	c.roomFreed()
	return happened
}

// event handles an event.
func (c *Client) event(e *session.Event) {
	switch e.Kind {
	case session.Arrived:
		c.arrived(e)
	case session.Done:
		c.requestDone(e)
	case session.Dropped:
		c.requestDropped(e)
	case session.Connected:
		c.accepted(e.Packet.(*packets.Connack))
	case session.AuthStep:
		c.authStep(e)
	case session.Redirect:
		reference, _ := packets.PropertiesOf(e.Packet).ServerReference()
		c.refer = firstWord(string(reference))
	case session.Unsubscribe:
		c.resubscribeRefused(e)
	case session.Disconnected:
		c.disconnected(e.Cause)
	}
}

// firstWord returns the first of several server references. Section 4.11.
func firstWord(s string) string {
	for i, r := range s {
		if r == ' ' {
			return s[:i]
		}
	}
	return s
}

// accepted takes note of a CONNACK of success.
func (c *Client) accepted(p *packets.Connack) {
	c.info.Connack = p.Clone()
	if id, ok := p.Properties.AssignedClientIdentifier(); ok {
		c.info.ClientID = string(id)
	}
	if !p.SessionPresent && (c.info.Version != mqttwire.V31 || c.o.Expiry == 0) { // 3.1 does not say
		c.stale = nil
	}
	if c.gated = c.o.Auth != nil; !c.gated {
		c.nowOpen()
	}
}

// nowOpen takes note that the connection is one.
func (c *Client) nowOpen() {
	if c.link == nil || c.link.Session() == nil { // it has ended meanwhile
		return
	}
	c.open, c.openedAt = true, time.Now()
	c.settled()
	c.settled = nil
	close(c.opened)
	c.stats.Connections++
	c.note(levelInfo, "connected", "server", c.info.URL, "version", c.info.Version.String(), "session present", c.info.Connack.SessionPresent)
	if c.telling != nil {
		c.telling <- nil
		c.telling = nil
	}
	c.withoutIDs()
	connack := c.info.Connack
	if f := c.on.Connect; f != nil {
		c.lane.push(job{f: func() { f(c, connack) }})
	}
}

// disconnected takes note that the connection has ended: nothing more is read.
func (c *Client) disconnected(cause session.Cause) {
	if c.cause == nil {
		c.cause = cause
	}
	if c.open {
		c.opened = make(chan struct{})
		c.lasted = time.Since(c.openedAt)
		c.note(levelInfo, "connection ended", "server", c.info.URL, "cause", cause)
		if cause.Kind != session.WeDisconnected && cause.Kind != session.TransportLost {
			c.errorEvent(&ConnectError{Server: c.info.URL, Version: c.info.Version, Err: cause})
		}
		if f := c.on.Offline; f != nil {
			c.lane.push(job{f: func() { f(c) }})
		}
	}
	c.wasOpen, c.open = c.open, false
	close(c.gone)
	c.loseAcks()
	c.loseAuth(cause)
	switch cause.Kind {
	case session.PingTimeout, session.ConnectTimeout, session.TransportLost, session.OutputFull:
		go hangUp(c.conn) // nothing more can be written
	}
	c.checkFlushes()
}

// parted returns how a connection has ended, and forgets it.
func (c *Client) parted(conn net.Conn) attempt {
	go hangUp(conn) // which may wait, as that of TLS
	c.mu.Lock()
	defer c.unlock()
	a := attempt{err: c.cause, opened: c.wasOpen, lasted: c.lasted, refer: c.refer}
	c.link, c.conn, c.refer, c.wasOpen, c.telling, c.settled = nil, nil, "", false, nil, nil
	if c.timer != nil {
		c.timer.Stop()
	}
	c.timerAt = time.Time{}
	c.drain()
	c.wake()
	return a
}

// arm sets the timer to the next deadline of the connection. It is left alone if it
// fires earlier, as it does as a rule. Under the lock.
func (c *Client) arm() {
	if c.link == nil {
		return
	}
	at, ok := c.link.Deadline()
	if !ok || !c.timerAt.IsZero() && !at.Before(c.timerAt) {
		return
	}
	c.timerAt = at
	wait := max(time.Until(at), 0)
	if c.timer == nil {
		c.timer = time.AfterFunc(wait, c.tick)
		return
	}
	c.timer.Reset(wait)
}

// tick does what is due.
func (c *Client) tick() {
	c.mu.Lock()
	defer c.unlock()
	c.timerAt = time.Time{}
	if c.link == nil {
		return
	}
	c.link.Tick(time.Now())
	c.drain()
	if _, closed := c.link.Closed(); closed && !c.lingering {
		go hangUp(c.conn)
	}
	c.arm()
	c.wake()
}
