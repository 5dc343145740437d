package ws

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a connection over WebSocket. What is read and written are the bytes of MQTT;
// deadlines are those of the connection below. It may be used by many goroutines at
// once.
//
// A connection that a Listener has accepted makes its handshake with the first Read or
// Write, so that a client that is slow holds up nobody else.
type Conn struct {
	under     net.Conn
	handshake func() error // of a server

	shaking sync.Mutex // of what follows
	done    bool       // the handshake was made
	shaken  error      // how it has ended
	chosen  string     // the subprotocol

	open atomic.Bool // the handshake has ended well

	reading sync.Mutex // of what follows
	frames  frames
	early   []byte // that came with the handshake
	ended   error  // why nothing more is read

	writer writer
	answer answer
}

var _ net.Conn = (*Conn)(nil)

// newConn returns a Conn of a client or a server, whose handshake is still to be made.
func newConn(under net.Conn, client bool) *Conn {
	c := &Conn{under: under}
	c.frames.masked = !client
	c.writer.masked = client
	return c
}

// begin says that the handshake was made, with what has come behind it.
func (c *Conn) begin(chosen string, early []byte) *Conn {
	c.chosen, c.early, c.done = chosen, early, true
	c.open.Store(true)
	return c
}

// shake makes the handshake if that is still to be done.
func (c *Conn) shake() error {
	c.shaking.Lock()
	defer c.shaking.Unlock()
	if !c.done {
		c.shaken = c.handshake()
		c.done = true
		c.open.Store(c.shaken == nil)
	}
	return c.shaken
}

// Subprotocol returns "mqtt" or "mqttv3.1"; of a connection that was accepted, after
// the first Read.
func (c *Conn) Subprotocol() string {
	c.shaking.Lock()
	defer c.shaking.Unlock()
	return c.chosen
}

// Read reads what is next of the data, of one frame or of several. Besides the errors
// of the connection below it returns io.EOF or a *CloseError when the peer has closed,
// and io.ErrUnexpectedEOF when it is gone amid a frame.
func (c *Conn) Read(b []byte) (int, error) {
	if err := c.shake(); err != nil {
		return 0, err
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	for {
		if c.ended != nil || len(b) == 0 {
			return 0, c.ended
		}
		n, err := c.receive(b)
		from, to := 0, 0
		for from < n && c.ended == nil {
			var e event
			from, to, e = c.frames.read(b[:n], from, to)
			c.react(e)
		}
		if err != nil && c.ended == nil {
			err = c.lost(err)
		}
		switch {
		case to > 0:
			return to, nil
		case err != nil && c.ended == nil:
			return 0, err
		}
	}
}

// receive reads bytes from the connection below, or those that came early.
func (c *Conn) receive(b []byte) (int, error) {
	if len(c.early) == 0 {
		return c.under.Read(b)
	}
	n := copy(b, c.early)
	if c.early = c.early[n:]; len(c.early) == 0 {
		c.early = nil
	}
	return n, nil
}

// lost keeps an error of the connection below, unless it is one of a deadline, after
// which it goes on.
func (c *Conn) lost(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return err
	}
	if err == io.EOF && !c.frames.between() {
		err = io.ErrUnexpectedEOF
	}
	c.ended = err
	return err
}

// Close closes the connection, after a closing frame if one can be written within a
// second. It may be called at any time, and again.
func (c *Conn) Close() error {
	if c.open.Load() {
		c.farewell()
	}
	return c.under.Close()
}

// CloseWrite sends a closing frame. What the peer sends can still be read, up to its
// own.
func (c *Conn) CloseWrite() error {
	if err := c.shake(); err != nil {
		return err
	}
	c.answer.close(CodeNormal)
	c.writer.turn.Lock()
	defer c.writer.turn.Unlock()
	return c.answers()
}

// NetConn returns the connection below, of TLS for wss; reading and writing it spoils this
// one.
func (c *Conn) NetConn() net.Conn { return c.under }

// LocalAddr returns the address of our end.
func (c *Conn) LocalAddr() net.Addr { return c.under.LocalAddr() }

// RemoteAddr returns the address of the peer, or of the proxy in front of it.
func (c *Conn) RemoteAddr() net.Addr { return c.under.RemoteAddr() }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets the deadline of Read, and that of a handshake that it makes.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.under.SetReadDeadline(t) }

// SetWriteDeadline sets the deadline of Write. After a Write that it has cut off, no
// other can follow.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.writer.deadline.set(t)
	return c.under.SetWriteDeadline(t)
}
