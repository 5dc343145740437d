package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// broker is a server for tests, made of sessions: it keeps those that are to be kept, and
// sends on what is published.
type broker struct {
	mu       sync.Mutex
	sessions map[string]*session.Session
	here     map[string]*brokerConn
	all      []*brokerConn // every connection there was
	dials    []time.Time

	away      error                                            // what dialing ends with
	connack   func(c *packets.Connect) *packets.Connack        // what a CONNECT is answered with; nil is success
	auth      func(l *brokerConn, data []byte) mqttwire.Packet // what an AUTH, or a CONNECT with a method, is answered with
	answer    func(p mqttwire.Packet) mqttwire.Packet          // what a packet is answered with; nil is the usual
	silent    bool                                             // it reads, and answers nothing
	room      int                                              // of a connection
	subscribe func(sub packets.Subscription, id uint32)
	limit     func() (toServer, toClient int) // bytes after which a connection breaks
	forget    bool                            // it keeps no session
	copies    bool                            // a message goes out once for each subscription
	got       []mqttwire.Packet               // all packets but PINGREQ
	pings     int
}

// brokerConn is one connection of it.
type brokerConn struct {
	b       *broker
	conn    *memoryConn
	client  *memoryConn
	link    *session.Link
	id      string
	version mqttwire.Version
	moved   sync.Cond
	stopped bool
}

var errAway = errors.New("the server is away")

func newBroker() *broker {
	return &broker{sessions: map[string]*session.Session{}, here: map[string]*brokerConn{}, room: 64 << 10}
}

// dial is a client's Dialer.
func (b *broker) dial(context.Context, *url.URL) (net.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dials = append(b.dials, time.Now())
	if b.away != nil {
		return nil, b.away
	}
	near, far := connection(b.room)
	if b.limit != nil {
		far.in.limit, far.out.limit = b.limit()
	}
	c := &brokerConn{b: b, conn: far, client: near}
	c.moved.L = &b.mu
	c.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	c.link.Tick(time.Now())
	b.all = append(b.all, c)
	go c.read()
	go c.write()
	return near, nil
}

// cut breaks all connections.
func (b *broker) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.here {
		c.conn.cut()
	}
}

// set changes something.
func (b *broker) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// last returns the connection of a client, or nil.
func (b *broker) of(id string) *brokerConn {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.here[id]
}

// send sends a packet to a client as it is, which need not be legal in a session.
func (c *brokerConn) send(list ...mqttwire.Packet) {
	var out []byte
	for _, p := range list {
		b, err := p.Append(nil, c.version)
		if err != nil {
			panic(err)
		}
		out = append(out, b...)
	}
	_, _ = c.conn.Write(out)
}

// disconnect sends a DISCONNECT of 5.0, and closes.
func (c *brokerConn) disconnect(d *packets.Disconnect) {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	_ = c.link.Disconnect(time.Now(), d)
	c.moved.Broadcast()
}

// publish publishes a message of the server.
func (b *broker) publish(p *packets.Publish) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forward(p)
}

func (b *broker) forward(p *packets.Publish) {
	now := time.Now()
	m := session.NewMessage(now, p)
	for _, s := range b.sessions {
		var d session.Delivery
		found := false
		for sub, id := range s.Subscriptions() {
			if !mqttwire.MatchTopic(sub.Filter, p.Topic) {
				continue
			}
			if b.copies {
				d = session.Delivery{}
			}
			found = true
			d.QoS = max(d.QoS, min(sub.QoS, p.QoS))
			if id != 0 {
				d.SubscriptionIDs = append(d.SubscriptionIDs, id)
			}
			if b.copies {
				_, _ = s.Publish(now, m, d)
			}
		}
		if found && !b.copies {
			_, _ = s.Publish(now, m, d)
		}
	}
	b.wake()
}

func (b *broker) wake() {
	for _, c := range b.here {
		c.moved.Broadcast()
	}
}

func (c *brokerConn) read() {
	b := c.b
	buf := make([]byte, 4096)
	for {
		n, err := c.conn.Read(buf)
		b.mu.Lock()
		now := time.Now()
		if !b.silent {
			c.link.Feed(now, buf[:n])
		}
		for p, ok := c.link.Packet(); ok && !b.silent; p, ok = c.link.Packet() {
			c.packet(now, p)
			c.events(now)
		}
		if err != nil {
			c.link.Lost(now, err)
		}
		_, closed := c.link.Closed()
		c.events(now)
		c.moved.Broadcast()
		if err != nil || closed {
			c.stop()
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
	}
}

func (c *brokerConn) stop() {
	c.stopped = true
	if c.b.here[c.id] == c {
		delete(c.b.here, c.id)
		if c.b.forget {
			delete(c.b.sessions, c.id)
		}
	}
	_ = c.conn.Close()
	c.moved.Broadcast()
}

func (c *brokerConn) packet(now time.Time, p mqttwire.Packet) {
	if p.Type() == mqttwire.PINGREQ {
		c.b.pings++
	} else {
		c.b.got = append(c.b.got, packets.Clone(p))
	}
	switch p := p.(type) {
	case *packets.Connect:
		c.connect(now, p)
		return
	case *packets.Auth:
		if a := c.b.auth(c, data(&p.Properties)); a != nil {
			c.answer(now, a)
			return
		}
	case *packets.Subscribe:
		if c.b.subscribe != nil {
			id, _ := p.Properties.SubscriptionIdentifier()
			for _, sub := range p.Subscriptions {
				c.b.subscribe(sub, id)
			}
		}
	}
	if c.b.answer != nil {
		if a := c.b.answer(p); a != nil {
			if err := c.link.Answer(now, a); err != nil {
				panic(fmt.Sprint(a, err))
			}
			return
		}
	}
	c.link.Handle(now)
}

func data(p *mqttwire.Properties) []byte {
	d, _ := p.AuthenticationData()
	return d
}

// answer answers a step of authentication.
func (c *brokerConn) answer(now time.Time, a mqttwire.Packet) {
	var err error
	switch a := a.(type) {
	case *packets.Auth:
		if c.link.Version() == mqttwire.V5 && c.id != "" && c.b.here[c.id] == c {
			err = c.link.Answer(now, a)
		} else {
			err = c.link.Auth(now, a)
		}
	case *packets.Connack:
		if a.ReasonCode != 0 {
			err = c.link.Refuse(now, a)
		} else {
			err = c.accept(now, a)
		}
	case *packets.Disconnect:
		c.link.Handle(now)
		err = c.link.Disconnect(now, a)
	}
	if err != nil {
		panic(err)
	}
}

func (c *brokerConn) connect(now time.Time, p *packets.Connect) {
	b := c.b
	c.version = p.Version
	c.id = string(p.ClientID)
	clean := p.CleanStart
	if method, ok := p.Properties.AuthenticationMethod(); ok && b.auth != nil {
		_ = method
		if clean {
			delete(b.sessions, c.id)
		}
		c.link.Handle(now)
		c.answer(now, b.auth(c, data(&p.Properties)))
		return
	}
	ack := &packets.Connack{}
	if b.connack != nil {
		if a := b.connack(p); a != nil {
			ack = a
		}
	}
	if ack.ReasonCode != 0 {
		c.link.Handle(now)
		_ = c.link.Refuse(now, ack)
		return
	}
	if c.id == "" {
		c.id = fmt.Sprint("assigned-", len(b.all))
		if p.Version == mqttwire.V5 {
			ack.Properties.SetAssignedClientIdentifier([]byte(c.id))
		}
	}
	if old := b.here[c.id]; old != nil {
		_ = old.link.Disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver})
		old.moved.Broadcast()
	}
	if err := c.accept(now, ack); err != nil {
		panic(err)
	}
}

func (c *brokerConn) accept(now time.Time, ack *packets.Connack) error {
	b := c.b
	s := b.sessions[c.id]
	if s == nil {
		s = session.New(session.Options{Side: mqttwire.FromServer, Queue: session.Bounds{Count: 100000, Bytes: 1 << 30}})
		b.sessions[c.id] = s
	}
	err := c.link.Accept(now, s, ack)
	if err == session.ErrEnded {
		delete(b.sessions, c.id)
		return c.accept(now, ack)
	}
	b.here[c.id] = c
	return err
}

func (c *brokerConn) events(time.Time) {
	for e, ok := c.link.Event(); ok; e, ok = c.link.Event() {
		if e.Kind == session.Arrived {
			c.b.forward(e.Packet.(*packets.Publish))
		}
	}
}

func (c *brokerConn) write() {
	b := c.b
	b.mu.Lock()
	defer b.mu.Unlock()
	var buf []byte
	for {
		buf = c.link.Append(buf[:0], 4096)
		if len(buf) == 0 {
			if _, closed := c.link.Closed(); closed || c.stopped {
				c.stop()
				return
			}
			c.moved.Wait()
			continue
		}
		b.mu.Unlock()
		n, err := c.conn.Write(buf)
		b.mu.Lock()
		c.link.Wrote(time.Now(), n)
		if err != nil {
			c.link.Lost(time.Now(), err)
			c.stop()
			return
		}
	}
}

// packetsOf returns the packets of one type that have come.
func packetsOf[P mqttwire.Packet](b *broker) (list []P) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.got {
		if q, ok := p.(P); ok {
			list = append(list, q)
		}
	}
	return list
}

// end ends all connections, those that take nothing too.
func (b *broker) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.all {
		_ = c.conn.Close()
	}
}

// stats returns the numbers of a client's session at the server.
func (b *broker) stats(id string) session.Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sessions[id].Stats()
}

// pinged returns how many PINGREQ have come, and dialed how often somebody has dialed.
func (b *broker) pinged() int { b.mu.Lock(); defer b.mu.Unlock(); return b.pings }

func (b *broker) dialedTimes() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.dials) }
