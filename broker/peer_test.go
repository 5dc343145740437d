package broker_test

import (
	"bytes"
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// versions are all that a connection may have.
var versions = []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5}

// began is when the tests begin.
var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is a broker with peers, and a clock.
type world struct {
	t     testing.TB
	now   time.Time
	b     *broker.Broker
	peers map[*broker.Conn]*peer
	ready []*broker.Conn
}

// counter is a source of numbers that are not random.
type counter struct{ n uint64 }

func (c *counter) Uint64() uint64 { c.n++; return c.n }

func newWorld(t testing.TB, o broker.Options) *world {
	w := &world{t: t, now: began, peers: map[*broker.Conn]*peer{}}
	if o.Rand == nil {
		o.Rand = &counter{}
	}
	w.b = broker.New(o)
	return w
}

// peer is the client's side of a connection, packet by packet.
type peer struct {
	w       *world
	conn    *broker.Conn
	version mqttwire.Version
	in      *packets.Connection
	got     []mqttwire.Packet // that have come
	deaf    bool              // it reads nothing
	closed  bool
	cause   session.Cause
	packet  uint16
	buffers bool // its driver writes parts
}

// attach makes a connection on which nothing was sent.
func (w *world) attach(v mqttwire.Version) *peer {
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	p := &peer{w: w, version: v, in: packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromClient})}
	p.conn = w.b.Attach(context.Background(), w.now, l, broker.Origin{Address: "test"}, func() { w.ready = append(w.ready, p.conn) })
	w.peers[p.conn] = p
	p.buffers = len(w.peers)%2 == 0
	return p
}

// connect makes a connection of a client, and returns it with its CONNACK.
func (w *world) connect(v mqttwire.Version, id string, with ...func(*packets.Connect)) *peer {
	w.t.Helper()
	p := w.attach(v)
	c := &packets.Connect{Version: v, ClientID: []byte(id), CleanStart: true}
	for _, f := range with {
		f(c)
	}
	p.send(c)
	return p
}

// keeps makes a session that outlives its connection.
func keeps(c *packets.Connect) {
	c.CleanStart = false
	if c.Version == mqttwire.V5 {
		c.Properties.SetSessionExpiryInterval(3600)
	}
}

// send sends packets of the client, and lets everything run.
func (p *peer) send(all ...mqttwire.Packet) {
	p.w.t.Helper()
	for _, packet := range all {
		b, err := p.in.Append(nil, packet)
		require.NoError(p.w.t, err)
		p.bytes(b)
	}
}

// bytes sends bytes of the client, and lets everything run.
func (p *peer) bytes(b []byte) {
	p.conn.Feed(p.w.now, b)
	for _, ok := p.conn.Packet(); ok; _, ok = p.conn.Packet() {
		p.conn.Handle(p.w.now)
	}
	p.w.ready = append(p.w.ready, p.conn)
	p.w.run()
}

// run writes what there is to be written.
func (w *world) run() {
	w.t.Helper()
	for n := 0; len(w.ready) > 0; n++ {
		require.Less(w.t, n, 1_000_000, "it does not come to an end")
		c := w.ready[0]
		w.ready = w.ready[1:]
		w.peers[c].read()
	}
}

// read lets the client read what was written to it.
func (p *peer) read() {
	p.w.t.Helper()
	if p.deaf {
		return
	}
	for _, ok := p.conn.Packet(); ok; _, ok = p.conn.Packet() { // that have waited
		p.conn.Handle(p.w.now)
	}
	for {
		b := p.next()
		if len(b) == 0 {
			break
		}
		p.conn.Wrote(p.w.now, len(b))
		p.in.Feed(b)
		for {
			packet, err := p.in.Next()
			if err == mqttwire.ErrIncomplete {
				break
			}
			require.NoError(p.w.t, err)
			if m, ok := packet.(*packets.Publish); ok {
				m.Topic = p.in.Topic(m)
			}
			p.got = append(p.got, packets.Clone(packet))
		}
	}
	if cause, closed := p.conn.Closed(); closed && !p.closed {
		p.closed, p.cause = true, cause
		p.conn.Lost(p.w.now, nil)
	}
}

// next returns what is to be written.
func (p *peer) next() []byte {
	if p.buffers {
		return bytes.Join(p.conn.Buffers(nil), nil)
	}
	return p.conn.Append(nil, 1<<16)
}

// lose ends the connection without a packet.
func (p *peer) lose() {
	p.closed = true
	p.conn.Lost(p.w.now, nil)
	p.w.run()
}

// pass lets time pass, and does what is due.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for {
		at, ok := w.b.Deadline()
		var of *peer
		for c, p := range w.peers {
			if by, has := c.Deadline(); has && !p.closed && (!ok || by.Before(at)) {
				at, ok, of = by, true, p
			}
		}
		if !ok || at.After(end) {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
		if of == nil {
			w.b.Tick(w.now)
		} else {
			of.conn.Tick(w.now)
			of.read()
		}
		w.run()
	}
	w.now = end
}

// take returns what has come since the last call.
func (p *peer) take() []mqttwire.Packet {
	list := p.got
	p.got = nil
	return list
}

// messages returns the messages among what has come since the last call: topic, payload,
// and of what they are more than plain ones of QoS 0.
func (p *peer) messages() (list []string) {
	for _, packet := range p.take() {
		if m, ok := packet.(*packets.Publish); ok {
			list = append(list, describe(m))
		}
	}
	return list
}

func describe(m *packets.Publish) string {
	s := string(m.Topic) + " " + string(m.Payload)
	if m.QoS > 0 {
		s += " QoS" + strconv.Itoa(int(m.QoS))
	}
	if m.Retain {
		s += " retain"
	}
	if m.Dup {
		s += " dup"
	}
	for id := range m.Properties.SubscriptionIDs() {
		s += " #" + strconv.Itoa(int(id))
	}
	return s
}

// subscribe subscribes, and returns the codes.
func (p *peer) subscribe(id uint32, all ...packets.Subscription) []mqttwire.ReasonCode {
	p.w.t.Helper()
	p.packet++
	s := &packets.Subscribe{PacketID: p.packet, Subscriptions: all}
	if id != 0 {
		s.Properties.AddSubscriptionID(id)
	}
	at := len(p.got)
	p.send(s)
	for _, packet := range p.got[at:] {
		if a, ok := packet.(*packets.Suback); ok && a.PacketID == s.PacketID {
			return a.ReasonCodes
		}
	}
	return nil
}

func sub(filter string, q mqttwire.QoS) packets.Subscription {
	return packets.Subscription{Filter: []byte(filter), QoS: q}
}

// publish publishes a message.
func (p *peer) publish(topic, payload string, q mqttwire.QoS, with ...func(*packets.Publish)) {
	p.w.t.Helper()
	m := &packets.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: q}
	if q > 0 {
		p.packet++
		m.PacketID = p.packet
	}
	for _, f := range with {
		f(m)
	}
	p.send(m)
	if q == 2 {
		p.send(&packets.Pubrel{PacketID: m.PacketID})
	}
}

func retain(m *packets.Publish) { m.Retain = true }

// first returns the first packet of a type among what has come.
func first[P mqttwire.Packet](p *peer) (found P, ok bool) {
	for _, packet := range p.got {
		if found, ok = packet.(P); ok {
			return found, true
		}
	}
	return found, false
}

// sessionCause is why a connection has ended.
type sessionCause = session.Cause
