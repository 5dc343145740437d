package client_test

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// memoryConn is one end of a connection in memory, with a buffer in each direction, as
// those of an operating system have. Everything that waits in it counts as waiting for
// package testing/synctest.
type memoryConn struct{ in, out *stream }

// stream is one direction.
type stream struct {
	mu     sync.Mutex
	moved  sync.Cond
	bytes  []byte
	room   int  // how many bytes it holds
	ended  bool // nothing more is written
	closed bool // nobody reads, or writes
	passed int  // bytes that were written, in all
	limit  int  // how many bytes pass before cut; 0 is no limit
}

func newStream(room int) *stream {
	s := &stream{room: room}
	s.moved.L = &s.mu
	return s
}

// connection returns the two ends of a new connection with buffers of so many bytes.
func connection(room int) (a, b *memoryConn) {
	x, y := newStream(room), newStream(room)
	return &memoryConn{x, y}, &memoryConn{y, x}
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.bytes) == 0 && !s.ended && !s.closed {
		s.moved.Wait()
	}
	if s.closed {
		return 0, net.ErrClosed
	}
	if len(s.bytes) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.bytes)
	s.bytes = s.bytes[n:]
	s.moved.Broadcast()
	return n, nil
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		for len(s.bytes) >= s.room && !s.closed && !s.ended {
			s.moved.Wait()
		}
		if s.closed || s.ended {
			return n, net.ErrClosed
		}
		m := min(len(p), s.room-len(s.bytes))
		if s.limit > 0 {
			m = min(m, s.limit-s.passed)
		}
		s.bytes = append(s.bytes, p[:m]...)
		s.passed += m
		n, p = n+m, p[m:]
		if s.limit > 0 && s.passed >= s.limit {
			s.ended = true
		}
		s.moved.Broadcast()
	}
	return n, nil
}

func (s *stream) set(f func(*stream)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
	s.moved.Broadcast()
}

func (c *memoryConn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *memoryConn) Write(p []byte) (int, error) { return c.out.write(p) }

func (c *memoryConn) CloseWrite() error {
	c.out.set(func(s *stream) { s.ended = true })
	return nil
}

func (c *memoryConn) Close() error {
	c.in.set(func(s *stream) { s.closed = true })
	c.out.set(func(s *stream) { s.ended = true })
	return nil
}

// cut ends the connection as a link that breaks: what is on its way is lost.
func (c *memoryConn) cut() {
	for _, s := range []*stream{c.in, c.out} {
		s.set(func(s *stream) { s.bytes, s.ended = nil, true })
	}
}

func (c *memoryConn) LocalAddr() net.Addr              { return address{} }
func (c *memoryConn) RemoteAddr() net.Addr             { return address{} }
func (c *memoryConn) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (c *memoryConn) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (c *memoryConn) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

type address struct{}

func (address) Network() string { return "memory" }
func (address) String() string  { return "memory" }
