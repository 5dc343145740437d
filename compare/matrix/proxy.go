package main

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// life is how long a connection lasts at most while the proxy cuts, from the first byte of
// the server's on: a handshake of WebSocket alone may take mosquitto as long.
const life = 50 * time.Millisecond

// opening is how many bytes a connection has in one direction, at most, before MQTT begins.
var opening = map[string]int64{"tcp": 0, "tls": 2500, "ws": 300}

// proxy passes connections on and, once told to, breaks them, each behind some bytes in one direction, a
// few or many, or when it has lasted for a life, whichever is first.
type proxy struct {
	listener net.Listener
	to       string
	cuts     atomic.Int64 // that it makes before it lets connections be: with all broken early nothing would ever be done
	opening  int64
	cutting  atomic.Bool
	began    chan struct{} // is closed when it begins to cut
	closing  chan struct{}
	broken   atomic.Int64
	running  sync.WaitGroup
}

func newProxy(to string, cuts, opening int64) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: listener, to: to, opening: opening, began: make(chan struct{}), closing: make(chan struct{})}
	p.cuts.Store(cuts)
	p.running.Go(p.run)
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// cut breaks the connections that there are, and begins to cut those to come.
func (p *proxy) cut() {
	p.cutting.Store(true)
	close(p.began)
}

// spare breaks no more connections.
func (p *proxy) spare() { p.cuts.Store(0) }

// close ends all connections, also those whose server reads no more.
func (p *proxy) close() {
	_ = p.listener.Close()
	close(p.closing)
	p.running.Wait()
}

func (p *proxy) run() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		p.pass(near, far)
	}
}

// pass passes bytes on in both directions, until one of them ends or has to.
func (p *proxy) pass(near, far net.Conn) {
	limits := [2]int64{1 << 60, 1 << 60}
	answers := net.Conn(far)
	ended := make(chan struct{})
	end := sync.OnceFunc(func() { _, _ = near.Close(), far.Close(); close(ended) })
	at := make(chan struct{}) // when it is to break
	switch {
	case !p.cutting.Load():
		at = p.began
	case p.broken.Load() < p.cuts.Load():
		limits[rand.IntN(2)] = p.opening + 100 + rand.Int64N(1<<(6+rand.IntN(8)))
		answers = &answered{Conn: far, first: func() { time.AfterFunc(life, func() { close(at) }) }}
	}
	p.running.Go(func() { p.breakAt(at, ended, end) })
	p.running.Go(func() { p.move(far, near, limits[0], end) })
	p.running.Go(func() { p.move(near, answers, limits[1], end) })
}

// move moves bytes in one direction, up to a limit.
func (p *proxy) move(to io.Writer, from io.Reader, limit int64, end func()) {
	if n, _ := io.CopyN(to, from, limit); n == limit {
		p.broken.Add(1)
	}
	end()
}

// answered is a connection to a server that tells when something is read for the first time.
type answered struct {
	net.Conn
	once  sync.Once
	first func()
}

func (a *answered) Read(b []byte) (int, error) {
	n, err := a.Conn.Read(b)
	if n > 0 {
		a.once.Do(a.first)
	}
	return n, err
}

// breakAt breaks a connection at a time, unless it has ended by then or has to.
func (p *proxy) breakAt(time, ended <-chan struct{}, end func()) {
	select {
	case <-time:
		p.broken.Add(1)
		end()
	case <-p.closing:
		end()
	case <-ended:
	}
}
