package server

import (
	"errors"
	"net"
	"syscall"
	"time"
)

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

// wake makes that what there is to write is written. It does not wait: who has brought it
// writes what the client takes at once, unless that is to be done for many; else a goroutine
// does.
func (c *Conn) wake() {
	c.rouseReader()
	switch {
	case !c.begin():
	case c.conn.Together() > fewTogether || !c.write(atOnce):
		go c.write(c.timeout())
	}
}

// fewTogether is for how many connections one goroutine writes at most.
const fewTogether = 8

// flush writes what there is at once, as far as the client takes it.
func (c *Conn) flush() {
	if c.begin() && !c.write(atOnce) {
		go c.write(c.timeout())
	}
}

// atOnce is a timeout for who does not wait.
const atOnce time.Duration = 0

func (c *Conn) timeout() time.Duration {
	return orDefault(c.server.Limits.WriteTimeout, defaultWriteTimeout)
}

// piecesAtOnce is how many buffers are written at once at most: who does has a connection of
// his own to read, and others may bring more for this one all the time.
const piecesAtOnce = 8

// write writes what there is to be written, and reports whether that is done: not if it is to
// be done at once, and there is much, the client does not take it all, or it is not known
// whether it does.
func (c *Conn) write(timeout time.Duration) bool {
	if timeout == atOnce && c.raw == nil {
		return false
	}
	for pieces := 1; ; {
		for ; c.next(); pieces++ {
			if timeout == atOnce && pieces > piecesAtOnce {
				return false
			}
			switch err := c.put(timeout); {
			case err == nil:
			case timeout == atOnce && err == errLater:
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

// rouse lets who reads look whether the connection is to be closed, unless he has.
func (c *Conn) rouse() {
	c.rousing.Lock()
	defer c.rousing.Unlock()
	if !c.ending {
		_ = c.net.SetReadDeadline(time.Unix(1, 0))
	}
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

// errLater says that not all can be written at once.
var errLater = errors.New("server: not all can be written at once")

// put writes what was taken.
func (c *Conn) put(timeout time.Duration) (err error) {
	n := 0
	if timeout == atOnce {
		n, err = writeNow(c.raw, c.rest)
	} else {
		_ = c.net.SetWriteDeadline(time.Now().Add(timeout))
		if n, err = c.net.Write(c.rest); c.raw != nil {
			_ = c.net.SetWriteDeadline(time.Time{}) // which holds for what is written at once too
		}
	}
	c.rest = c.rest[n:]
	c.conn.Wrote(time.Now(), n)
	return err
}

// rawOf returns by what bytes are written to a connection of the system without waiting, or
// nil. What wraps one may do something else when it is written to.
func rawOf(conn net.Conn) syscall.RawConn {
	var raw syscall.RawConn
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, _ = c.SyscallConn()
	case *net.UnixConn:
		raw, _ = c.SyscallConn()
	}
	if !canWriteNow {
		return nil
	}
	return raw
}
