package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Server serves connections. Its fields must not be changed once it serves; it must not
// be copied. The zero value is a plain protocol server.
type Server struct {
	// Broker has the sessions, and sends messages on; nil is a plain protocol server. It
	// may be that of several servers.
	Broker *broker.Broker

	// Handler sees the packets of clients, and may answer them.
	Handler Handler

	Limits Limits

	// Link has what is read, and the timeouts of connections; its Side is set here.
	Link session.LinkOptions

	// Journal keeps the changes of a Broker that has Options.Journal; nil leaves them to
	// the caller. If it fails all connections end, and no more are served. Of several
	// servers of a Broker one has it.
	Journal session.Journal

	// Engine gets what a Broker asks for that has Options.Cluster, in order, on one
	// goroutine; nil leaves it to the caller. It should not wait: the answers are given to
	// Broker.Reply, from any goroutine. Of several servers of a Broker one has it.
	Engine func(broker.Request)

	// TLS is for ListenAndServe with the scheme mqtts.
	TLS *tls.Config

	// Identify returns who the transport has proved the peer to be; nil is the common
	// name in the certificate of a TLS client that was verified, also below WebSocket.
	Identify func(net.Conn) string

	// Log gets a line for each connection that ends, for what handlers get wrong, and at most
	// one a second for connections beyond Limits; nil is none. No password, no authentication
	// data and no payload is in it.
	Log *slog.Logger

	mu         sync.Mutex // of all that follows
	listeners  map[net.Listener]struct{}
	conns      map[*Conn]bool
	addresses  addresses
	stop       chan struct{}   // closed when no more is served; made with the first connection
	ctx        context.Context // of hooks: ends when the server does not wait for them any more
	cancel     context.CancelFunc
	taken      chan struct{} // closed when the Journal has taken something; nil: nobody waits
	stopped    bool
	failed     error
	working    sync.WaitGroup // the goroutines of the Broker
	serving    sync.WaitGroup // connections
	beyond     int            // connections that were refused since toldBeyond
	refusals   uint64         // of those, since the beginning
	toldBeyond time.Time
	readers    sync.Map // in a cluster, of each *Conn the chan by which its reader is woken
}

// ErrServerClosed is what Serve and ServeConn return after Shutdown or Close.
var ErrServerClosed = errors.New("server: closed")

// ErrJournal is in what Serve and ServeConn return after the Journal has failed, with its
// error.
var ErrJournal = errors.New("server: the journal has failed")

// start begins what goes on beside connections, and reports whether the server serves.
func (s *Server) start() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.stop != nil {
		return !s.stopped
	}
	s.stop = make(chan struct{})
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if s.Broker != nil {
		s.working.Go(s.tick)
		if s.Journal != nil {
			s.working.Go(s.commit)
		}
		if s.Engine != nil {
			s.working.Go(s.ask)
		}
	}
	return true
}

// tickEvery is how late a deadline of the Broker may be met.
const tickEvery = 100 * time.Millisecond

// tick meets the deadlines of the Broker.
func (s *Server) tick() {
	timer := time.NewTicker(tickEvery)
	defer timer.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-timer.C:
			if at, ok := s.Broker.Deadline(); ok && !now.Before(at) {
				s.Broker.Tick(now)
			}
		}
	}
}

// commit makes the changes of the Broker durable.
func (s *Server) commit() {
	var records []session.Record
	for {
		stopped := false
		select {
		case <-s.stop:
			stopped = true // what there is then is durable too
		case <-s.Broker.Changed():
		}
		all, mark := s.Broker.Changes(records[:0])
		if records = all; len(records) > 0 {
			if err := s.Journal.Append(records); err != nil {
				s.fail(err)
				return
			}
			clear(records)
		}
		s.Broker.Durable(mark)
		s.journaled()
		if stopped {
			return
		}
	}
}

// fail ends all connections, as what they depend on cannot be kept.
func (s *Server) fail(err error) {
	if s.Log != nil {
		s.Log.Error("journal failed", "error", err)
	}
	s.mu.Lock()
	s.failed = fmt.Errorf("%w: %w", ErrJournal, err)
	s.mu.Unlock()
	go s.Close() // which waits for who calls this
}

// Serve serves the connections of a listener until it fails, or Shutdown or Close is
// called, which close it. While the process or the system is out of file descriptors it
// waits, and goes on. It may be called for as many listeners as wanted.
func (s *Server) Serve(l net.Listener) error {
	if !s.enter(l) {
		_ = l.Close()
		return s.closedBy()
	}
	defer s.leave(l)
	rate, pause := bucket{rate: s.Limits.AcceptRate}, time.Duration(0)
	for {
		conn, err := l.Accept()
		if err != nil {
			if pause = pauseAfter(err, pause); !s.isStopped() && pause > 0 && s.wait(pause) {
				continue
			}
			if s.isStopped() {
				return s.closedBy()
			}
			return err
		}
		pause = 0
		if !s.begin() {
			_ = conn.Close()
			return s.closedBy()
		}
		go func() {
			defer s.serving.Done()
			_ = s.serve(conn)
		}()
		if !s.wait(rate.take(time.Now())) {
			return s.closedBy()
		}
	}
}

// The waits for file descriptors: each is twice the one before.
const (
	leastPause = 5 * time.Millisecond
	mostPause  = time.Second
)

// pauseAfter returns how long to wait after an error of Accept that may be over by then,
// with the wait before it; 0 if the listener has failed.
func pauseAfter(err error, before time.Duration) time.Duration {
	ne, ok := err.(net.Error)
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || ok && ne.Timeout() {
		return min(max(2*before, leastPause), mostPause)
	}
	return 0
}

// wait waits, and reports whether the server serves after that.
func (s *Server) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stop:
		return false
	}
}

func (s *Server) enter(l net.Listener) bool {
	if !s.start() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners == nil {
		s.listeners = map[net.Listener]struct{}{}
	}
	s.listeners[l] = struct{}{}
	return !s.stopped
}

func (s *Server) leave(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	_ = l.Close()
}

func (s *Server) isStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// closedBy returns why no more is served.
func (s *Server) closedBy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	return ErrServerClosed
}

// ServeConn serves a connection of the caller's own until it ends, and closes it. It
// returns why, which is never nil.
func (s *Server) ServeConn(conn net.Conn) error {
	if !s.begin() {
		_ = conn.Close()
		return s.closedBy()
	}
	defer s.serving.Done()
	return s.serve(conn)
}

// begin counts a connection that is served, and reports whether any is.
func (s *Server) begin() bool {
	if !s.start() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.serving.Add(1)
	return true
}

// serve is ServeConn for a connection that is counted. What stands on the stack while a
// connection rests is kept small: read waits, and open and finish do the rest.
func (s *Server) serve(conn net.Conn) error {
	deepen()
	c, err := s.open(conn)
	if err != nil {
		_ = conn.Close()
		s.refused(conn, err)
		return err
	}
	return c.finish(c.read())
}

// deepen makes the stack of the goroutine as deep as a CONNECT needs at once, while there
// is next to nothing on it: on the way it would be copied twice, with all that stands on
// it. What is not in use of it goes when the memory of the program is collected.
//
//go:noinline
func deepen() byte {
	var room [4 << 10]byte
	return room[unwritten]
}

// unwritten is where deepen looks, so that the room is not optimised away.
var unwritten int

// open begins a connection, if it is within the limits. It is in the list before its
// address is asked for, as that may have to wait for what a proxy says of it.
func (s *Server) open(conn net.Conn) (*Conn, error) {
	c := &Conn{server: s, net: conn, rate: bucket{rate: s.Limits.MessageRate}}
	if err := s.add(c); err != nil {
		return nil, err
	}
	if !s.addresses.enter(conn, s.Limits.ConnsPerAddress) {
		s.forget(c)
		return nil, ErrTooMany
	}
	c.attach()
	return c, nil
}

// ErrTooMany says that a connection was beyond Limits, and closed.
var ErrTooMany = errors.New("server: too many connections")

// refused counts a connection beyond Limits, and logs it with how many there were since the
// one that was logged before: once a second at most.
func (s *Server) refused(conn net.Conn, err error) {
	if err != ErrTooMany {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals++
	s.beyond++
	if s.Log == nil {
		return
	}
	if now := time.Now(); now.Sub(s.toldBeyond) >= time.Second {
		s.Log.Warn("connections refused", "why", err, "count", s.beyond, "last", conn.RemoteAddr())
		s.beyond, s.toldBeyond = 0, now
	}
}

// add notes a connection, if there may be one more.
func (s *Server) add(c *Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch limit := s.Limits.Conns; {
	case s.stopped:
		return ErrServerClosed
	case limit > 0 && len(s.conns) >= limit:
		return ErrTooMany
	}
	if s.conns == nil {
		s.conns = map[*Conn]bool{}
	}
	s.conns[c] = false
	return nil
}

// begun notes that a connection has all that its methods need, and reports whether the
// server still serves.
func (s *Server) begun(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
	return !s.stopped
}

func (s *Server) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.readers.Delete(c)
}

// Conns returns the connections that there are, in no order, but for those whose handshake
// of TLS, or whose Identify, has not ended.
func (s *Server) Conns() []*Conn { return s.connections(true) }

// connections returns the connections that have begun, or those that have not.
func (s *Server) connections(begun bool) []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Conn, 0, len(s.conns))
	for c, has := range s.conns {
		if has == begun {
			list = append(list, c)
		}
	}
	return list
}

// Shutdown closes all listeners, and ends each connection when nothing is in flight on
// it, in 5.0 with a DISCONNECT of code 0x8B. When ctx ends it waits no longer: those that
// are left are closed. It returns when all have ended, with the error of ctx if that was
// before, or with ErrJournal if what changed last could not be made durable; functions of
// the Handler that do not return are waited for no longer than Limits.CloseTimeout after
// that, so that one of them may call it.
func (s *Server) Shutdown(ctx context.Context) error {
	return s.end(ctx, func(c *Conn, now time.Time) {
		c.conn.Drain(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown})
	})
}

// Close closes all listeners, and ends each connection at once, in 5.0 with a DISCONNECT
// of code 0x8B. It waits for what is to be written, and for functions of the Handler, a few
// times Limits.CloseTimeout at most; a function of the Handler that calls it had better do so
// in a goroutine of its own. Its only error is ErrJournal, as that of Shutdown.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), orDefault(s.Limits.CloseTimeout, defaultCloseTimeout))
	defer cancel()
	err := s.end(ctx, func(c *Conn, now time.Time) { c.Disconnect(mqttwire.ReasonServerShuttingDown) })
	if errors.Is(err, ErrJournal) {
		return err
	}
	return nil // that some had to be cut off is what Close is for
}

// end ends the server: connections by f, and after ctx by force.
func (s *Server) end(ctx context.Context, f func(*Conn, time.Time)) error {
	s.mu.Lock()
	first := !s.stopped
	s.stopped = true
	for l := range s.listeners {
		_ = l.Close()
	}
	s.mu.Unlock()
	now := time.Now()
	for _, c := range s.connections(false) { // nobody is told anything yet
		_ = c.net.Close()
	}
	for _, c := range s.Conns() {
		f(c, now)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serving.Wait()
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		if s.has() {
			err = ctx.Err()
		}
		if s.cancel != nil {
			s.cancel()
		}
		for _, c := range s.Conns() {
			c.Disconnect(mqttwire.ReasonServerShuttingDown)
		}
		s.abort(done)
	}
	if first && s.stop != nil {
		close(s.stop)
		s.cancel()
	}
	s.working.Wait()
	if why := s.closedBy(); errors.Is(why, ErrJournal) {
		return why // says more than that ctx ended
	}
	return err
}

// has reports whether there are connections.
func (s *Server) has() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) > 0
}

// abort closes the connections that do not end by themselves in time. It does not wait for
// a function of the Handler that does not return, which may be the one that called.
func (s *Server) abort(done chan struct{}) {
	timer := time.NewTimer(orDefault(s.Limits.CloseTimeout, defaultCloseTimeout))
	defer timer.Stop()
	select {
	case <-done:
		return
	case <-timer.C:
	}
	for _, c := range s.Conns() {
		_ = c.net.Close()
	}
	timer.Reset(orDefault(s.Limits.CloseTimeout, defaultCloseTimeout))
	select {
	case <-done:
	case <-timer.C:
	}
}
