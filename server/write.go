package server

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// rawConn is what connections of the system have, and TLS has not: after a write that was
// too late more can be written.
type rawConn = syscall.RawConn

// What a connection's writing is at.
const (
	writesNothing int32 = iota
	writes              // a goroutine writes
	writesAgain         // and is to look again
)

// begin reports whether the caller is to write. Else somebody does, and looks again.
func (c *Conn) begin() bool {
	for {
		switch at := c.writing.Load(); {
		case at == writesNothing && c.writing.CompareAndSwap(at, writes):
			return true
		case at == writesAgain:
			return false
		case at == writes && c.writing.CompareAndSwap(at, writesAgain):
			return false
		}
	}
}

// done reports whether there is nothing more to write, and ends writing then.
func (c *Conn) done() bool {
	if c.writing.CompareAndSwap(writes, writesNothing) {
		return true
	}
	c.writing.Store(writes)
	return false
}

// wake makes that what there is to write is written. It does not wait.
func (c *Conn) wake() {
	c.rouseReader()
	if c.begin() {
		go c.write(c.timeout())
	}
}

// flush writes what there is at once, as far as the client takes it.
func (c *Conn) flush() {
	switch {
	case !c.begin():
	case !c.inline:
		go c.write(c.timeout())
	case !c.write(atOnce):
		go c.write(c.timeout())
	}
}

// atOnce is how long who reads waits for the client to take what is written.
const atOnce = 2 * time.Millisecond

func (c *Conn) timeout() time.Duration {
	return orDefault(c.server.Limits.WriteTimeout, defaultWriteTimeout)
}

// write writes what there is to be written, and reports whether that is done: not if the
// client does not take it in that time, of a connection on which that is no failure.
func (c *Conn) write(timeout time.Duration) bool {
	for {
		for c.next() {
			switch err := c.put(timeout); {
			case err == nil:
			case timeout == atOnce && errors.Is(err, os.ErrDeadlineExceeded):
				return false
			default: // nobody writes any more
				c.failed.Store(&err)
				c.rouse()
				return true
			}
		}
		if c.done() {
			break
		}
	}
	if c.isClosed() {
		c.rouse()
	}
	return true
}

// rouse lets who reads look whether the connection is to be closed.
func (c *Conn) rouse() {
	_ = c.net.SetReadDeadline(time.Unix(1, 0))
	c.rouseReader()
}

// next takes what is to be written next, and reports whether there is any.
func (c *Conn) next() bool {
	if len(c.rest) > 0 {
		return true
	}
	if c.buffer == nil {
		c.buffer = buffers.Get().(*[bufferSize]byte)
	}
	if c.rest = c.conn.Append(c.buffer[:0], bufferSize); len(c.rest) > 0 {
		return true
	}
	buffers.Put(c.buffer)
	c.buffer, c.rest = nil, nil
	return false
}

// put writes what was taken.
func (c *Conn) put(timeout time.Duration) error {
	_ = c.net.SetWriteDeadline(time.Now().Add(timeout))
	n, err := c.net.Write(c.rest)
	c.rest = c.rest[n:]
	c.conn.Wrote(time.Now(), n)
	return err
}
