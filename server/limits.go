package server

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Limits bound what clients can make the server do. The zero value bounds every wait, and
// has no limit of numbers and rates.
type Limits struct {
	// WriteTimeout is how long a write may take; 0 is 30 s.
	WriteTimeout time.Duration

	// CloseTimeout is how long what the client sends is read at the end; 0 is 1 s.
	CloseTimeout time.Duration

	// Conns is how many connections there are at most, and ConnsPerAddress of one
	// address. One beyond is closed at once. 0 is no limit.
	Conns           int
	ConnsPerAddress int

	// AcceptRate is how many connections are accepted a second, by a listener; what is
	// beyond waits. MessageRate is how many packets of a client are handled a second;
	// what is beyond is read later. 0 is no limit.
	AcceptRate  float64
	MessageRate float64
}

const (
	defaultWriteTimeout = 30 * time.Second
	defaultCloseTimeout = time.Second
)

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// bucket lets something happen so many times a second, and that often at once.
type bucket struct {
	rate   float64 // 0 is no limit
	tokens float64
	last   time.Time
}

// take takes one, and returns how long to wait before it may happen.
func (b *bucket) take(now time.Time) time.Duration {
	if b.rate <= 0 {
		return 0
	}
	most := max(1, b.rate)
	if b.last.IsZero() {
		b.tokens = most
	} else {
		b.tokens = min(most, b.tokens+b.rate*now.Sub(b.last).Seconds())
	}
	b.last = now
	if b.tokens--; b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / b.rate * float64(time.Second))
}

// addresses counts the connections of each address.
type addresses struct {
	mu    sync.Mutex
	count map[netip.Addr]int
}

// addressOf returns the address of a connection without its port; the zero Addr if it
// has none.
func addressOf(conn net.Conn) netip.Addr {
	switch a := conn.RemoteAddr().(type) {
	case nil:
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	default:
		if ap, err := netip.ParseAddrPort(a.String()); err == nil {
			return ap.Addr().Unmap()
		}
	}
	return netip.Addr{}
}

// enter counts a connection, and reports whether it is within the limit. One without an
// address always is. Its address is asked for only if there is a limit.
func (a *addresses) enter(conn net.Conn, limit int) bool {
	if limit <= 0 {
		return true
	}
	addr := addressOf(conn)
	if !addr.IsValid() {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count[addr] >= limit {
		return false
	}
	if a.count == nil {
		a.count = map[netip.Addr]int{}
	}
	a.count[addr]++
	return true
}

// leave is the reverse of enter.
func (a *addresses) leave(conn net.Conn, limit int) {
	if limit <= 0 {
		return
	}
	addr := addressOf(conn)
	if !addr.IsValid() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count[addr]--; a.count[addr] <= 0 {
		delete(a.count, addr)
	}
}
