package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Conn is a connection of a client.
type Conn struct {
	// Value is the program's own: it is not used here.
	Value any

	server  *Server
	net     net.Conn
	conn    connection
	rate    bucket
	first   [64]byte               // what is read while the connection rests
	opened  bool                   // a CONNECT was handled
	id      atomic.Pointer[string] // nil until the client has one
	raw     syscall.RawConn        // by which a goroutine that must not wait writes, or nil
	writing atomic.Int32
	buffer  *[bufferSize]byte // of who writes, while there is something to be written
	rest    []byte            // of it what is not written
	failed  atomic.Pointer[error]
	rousing sync.Mutex // of ending
	ending  bool       // what is read is not looked at any more
}

// attach gives the connection its link.
func (c *Conn) attach() {
	s, conn := c.server, c.net
	c.raw = rawOf(conn)
	o := s.Link
	o.Side = mqttwire.FromServer
	from, now := broker.Origin{}, time.Now()
	if a := conn.RemoteAddr(); a != nil {
		from.Address = a.String()
	}
	from.Identity = s.identify(conn)
	if s.Broker != nil {
		if s.Broker.Requested() != nil {
			s.readers.Store(c, make(chan struct{}, 1))
		}
		c.conn = s.Broker.Attach(s.ctx, now, session.NewLink(o), from, c.wake)
	} else {
		c.conn = newPlain(now, session.NewLink(o), from, c.wake)
	}
	if !s.begun(c) {
		c.Disconnect(mqttwire.ReasonServerShuttingDown)
	}
}

// defaultHandshakeTimeout is how long the handshake of TLS may take, if Link does not say
// how long a connection may take to begin.
const defaultHandshakeTimeout = 30 * time.Second

// identify returns who the peer is by its certificate, or "".
func (s *Server) identify(conn net.Conn) string {
	t := secured(conn)
	if t != nil {
		ctx, cancel := context.WithTimeout(context.Background(), orDefault(s.Link.ConnectTimeout, defaultHandshakeTimeout))
		defer cancel()
		if t.HandshakeContext(ctx) != nil {
			return "" // which the first read says again
		}
	}
	if s.Identify != nil {
		return s.Identify(conn)
	}
	if t != nil {
		if chains := t.ConnectionState().VerifiedChains; len(chains) > 0 {
			return chains[0][0].Subject.CommonName
		}
	}
	return ""
}

// secured returns the connection of TLS that a connection is, or has below it, as one of
// WebSocket; or nil.
func secured(conn net.Conn) *tls.Conn {
	for {
		if t, ok := conn.(*tls.Conn); ok {
			return t
		}
		over, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		conn = over.NetConn()
	}
}

// ClientID returns the client identifier, once the CONNECT has been handled, of a client
// without one that which it got; before it is "". Any goroutine may ask.
func (c *Conn) ClientID() string {
	if id := c.id.Load(); id != nil {
		return *id
	}
	return ""
}

// identified has others see who the client is: only this goroutine may look by itself.
func (c *Conn) identified() {
	if id := c.conn.Peer().ClientID; id != "" {
		c.id.Store(&id)
	}
}

// Peer returns who the client is, as the hooks of a broker see it. It must not be
// changed. While its CONNECT is handled, and an exchange of authentication that follows,
// only functions of the Handler may look at it.
func (c *Conn) Peer() *broker.Peer { return c.conn.Peer() }

// Version returns the version of the connection, or 0 while no CONNECT has told it.
func (c *Conn) Version() mqttwire.Version { return c.conn.Version() }

// NetConn returns the connection below, which must not be read, written or closed.
func (c *Conn) NetConn() net.Conn { return c.net }

// Disconnect closes the connection, in 5.0 with a DISCONNECT of that code, behind what is
// already to be written. Any goroutine may call it, also a function of the Handler.
func (c *Conn) Disconnect(code mqttwire.ReasonCode) {
	c.conn.Disconnect(time.Now(), &packets.Disconnect{ReasonCode: code})
	c.wake()
}

// Send sends the client a message, whatever it has subscribed to, with the QoS and the
// RETAIN flag of p, which is copied. It returns ErrNotConnected before the CONNACK and
// after the end, and other errors as session.Session.Publish does. It is for a server
// without a Broker: with one it returns session.ErrState.
func (c *Conn) Send(p *packets.Publish) error {
	plain, ok := c.conn.(*plain)
	if !ok {
		return session.ErrState
	}
	now := time.Now()
	return plain.publish(now, session.NewMessage(now, p), session.Delivery{QoS: p.QoS, Retain: p.Retain, Quiet: true})
}

func (c *Conn) log(message string, args ...any) {
	if l := c.server.Log; l != nil {
		l.Warn(message, append([]any{"client", c.ClientID(), "address", c.conn.Peer().Origin.Address}, args...)...)
	}
}

// buffers are those of connections that do not rest.
var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

const bufferSize = 16 << 10

// restAfter is how long nothing has to come until a connection rests, or half of that.
const restAfter = 20 * time.Millisecond

// finish ends a connection that is to be closed, or is gone as err says, and returns why.
func (c *Conn) finish(err error) error {
	s := c.server
	c.end()
	c.conn.Lost(time.Now(), err)
	_ = c.net.Close()
	s.forget(c)
	s.addresses.leave(c.net, s.Limits.ConnsPerAddress)
	cause, _ := c.conn.Closed()
	if c.opened && s.Handler.Close != nil {
		c.closed(cause)
	}
	if s.Log != nil {
		s.Log.Info("connection ended", "client", c.ClientID(), "address", c.conn.Peer().Origin.Address, "why", cause.Error())
	}
	return cause
}

// closed calls the function Close, which may panic.
func (c *Conn) closed(cause session.Cause) {
	defer func() {
		if r := recover(); r != nil {
			c.log("handler failed", "packet", "Close", "error", panicked(r).Error(), "stack", string(debug.Stack()))
		}
	}()
	c.server.Handler.Close(c, cause)
}

// read reads and handles until the connection is to be closed, or is gone.
func (c *Conn) read() error {
	for {
		n, err := c.readFirst()
		if n > 0 {
			c.feed(c.first[:n])
		}
		if err == nil && n == len(c.first) {
			err = c.readMore()
		}
		if err != nil || c.isClosed() {
			return err
		}
		c.conn.Release()
	}
}

// readFirst waits for the first bytes, and meets the deadlines of the connection
// meanwhile.
func (c *Conn) readFirst() (n int, err error) {
	for {
		if c.isClosed() {
			return 0, nil
		}
		at, _ := c.conn.Deadline()
		_ = c.net.SetReadDeadline(at)
		if c.isClosed() { // who closes it has set the deadline before
			return 0, nil
		}
		n, err = c.net.Read(c.first[:])
		if n > 0 || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		c.conn.Tick(time.Now())
		c.flush()
	}
}

// readMore reads as long as bytes come.
func (c *Conn) readMore() error {
	b := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(b)
	for rests := (time.Time{}); !c.isClosed(); {
		if now := time.Now(); rests.Sub(now) < restAfter/2 { // not at each read, which costs
			rests = now.Add(restAfter)
			_ = c.net.SetReadDeadline(rests)
			if at, ok := c.conn.Deadline(); ok && !now.Before(at) { // which who always has some bytes would get past
				c.conn.Tick(now)
				c.flush()
				continue
			}
		}
		n, err := c.net.Read(b[:])
		if n > 0 {
			c.feed(b[:n])
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// feed handles what has come, and writes what it has brought.
func (c *Conn) feed(b []byte) {
	c.conn.Feed(time.Now(), b)
	c.handleAll()
	for c.awaits() {
		c.handleAll()
	}
}

// handleAll handles the packets that have come, and writes what they have brought.
func (c *Conn) handleAll() {
	for {
		p, ok := c.conn.Packet()
		if !ok {
			break
		}
		c.opened = true
		now := time.Now()
		if wait := c.rate.take(now); wait > 0 {
			c.conn.Tell()
			c.flush()
			c.server.wait(wait)
			now = time.Now()
		}
		if c.server.behind() {
			c.conn.Tell()
			c.flush()
			c.server.catchUp()
			now = time.Now()
		}
		c.handle(now, p)
		if c.id.Load() == nil {
			c.identified()
		}
	}
	c.flush()
}

// isClosed reports whether the connection is to be closed, or cannot be written to.
func (c *Conn) isClosed() bool {
	_, closed := c.conn.Closed()
	return closed || c.failed.Load() != nil
}

// end lets the last words come to the client: it closes the sending side, and reads for
// a bounded time what still comes, as else the network may throw away what the client
// has not read.
func (c *Conn) end() {
	c.rousing.Lock()
	c.ending = true // else who has written the last words might end the reading
	c.rousing.Unlock()
	if half, ok := c.net.(interface{ CloseWrite() error }); !ok || c.failed.Load() != nil || half.CloseWrite() != nil {
		return
	}
	_ = c.net.SetReadDeadline(time.Now().Add(orDefault(c.server.Limits.CloseTimeout, defaultCloseTimeout)))
	b := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(b)
	_, _ = io.CopyBuffer(discard{}, onlyReader{c.net}, b[:])
}

// discard and onlyReader keep io.CopyBuffer from other ways than the buffer.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

type onlyReader struct{ io.Reader }
