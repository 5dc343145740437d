package session_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// peer is the other side of a Link: a script of packets, which may break any rule of
// the session.
type peer struct {
	t       testing.TB
	v       mqttwire.Version
	now     time.Time
	link    *session.Link
	session *session.Session
	events  []session.Event
	opened  []mqttwire.Packet // written by a server with its CONNACK, or by a client behind it
}

// against describes the Link that a peer is against.
type against struct {
	side    mqttwire.Sender
	session session.Options
	link    session.LinkOptions
	connect packets.Connect
	connack packets.Connack
	old     *session.Session // to go on with
	now     time.Time
}

// newPeer returns a peer of a connection that is open.
func newPeer(t testing.TB, v mqttwire.Version, a against) *peer {
	p := &peer{t: t, v: v, now: began, session: a.old}
	if !a.now.IsZero() {
		p.now = a.now
	}
	a.session.Side, a.link.Side = a.side, a.side
	if p.session == nil {
		p.session = session.New(a.session)
	}
	p.link = session.NewLink(a.link)
	a.connect.Version = v
	if a.connect.ClientID == nil {
		a.connect.ClientID = []byte("c")
	}
	if a.side == mqttwire.FromClient {
		require.NoError(t, p.link.Open(p.now, p.session, &a.connect))
		p.got()
		p.say(&a.connack)
		p.opened = p.got()
		return p
	}
	p.feed(&a.connect)
	_, ok := p.link.Packet()
	require.True(t, ok)
	require.NoError(t, p.link.Accept(p.now, p.session, &a.connack))
	p.opened = p.got()[1:]
	return p
}

// feed lets bytes of packets come, and handles nothing.
func (p *peer) feed(list ...mqttwire.Packet) {
	var b []byte
	for _, packet := range list {
		out, err := packet.Append(b, p.v)
		require.NoError(p.t, err)
		b = out
	}
	p.link.Feed(p.now, b)
}

// say lets packets come, and handles them.
func (p *peer) say(list ...mqttwire.Packet) {
	p.feed(list...)
	for {
		if _, ok := p.link.Packet(); !ok {
			break
		}
		p.link.Handle(p.now)
		p.take()
	}
	p.take()
}

func (p *peer) take() {
	for e, ok := p.link.Event(); ok; e, ok = p.link.Event() {
		if e.Packet != nil {
			e.Packet = packets.Clone(e.Packet)
		}
		p.events = append(p.events, e)
	}
}

// all returns the events of a kind.
func (p *peer) all(k session.Kind) (list []session.Event) {
	for _, e := range p.events {
		if e.Kind == k {
			list = append(list, e)
		}
	}
	return list
}

// got returns the packets that the Link has written since.
func (p *peer) got() (list []mqttwire.Packet) {
	for _, ok := p.session.Change(); ok; _, ok = p.session.Change() {
	}
	b := p.link.Append(nil, 1<<20)
	p.link.Wrote(p.now, len(b))
	p.take()
	for len(b) > 0 {
		f, rest, err := mqttwire.CutFrame(b, 0)
		require.NoError(p.t, err)
		packet, err := packets.Decode(f, p.v)
		require.NoError(p.t, err)
		list, b = append(list, packet), rest
	}
	return list
}

// closed returns why the Link has closed.
func (p *peer) closed() session.Cause {
	p.got()
	c, ok := p.link.Closed()
	require.True(p.t, ok)
	return c
}

// publish publishes a message.
func (p *peer) publish(payload string, q mqttwire.QoS) session.Token {
	t, err := p.session.Publish(p.now, message("t", payload), session.Delivery{QoS: q})
	require.NoError(p.t, err)
	return t
}

// arriving returns a PUBLISH of the peer.
func arriving(id uint16, q mqttwire.QoS) *packets.Publish {
	return &packets.Publish{Topic: []byte("t"), Payload: []byte{byte(id)}, PacketID: id, QoS: q}
}

// again returns the PUBLISH with DUP.
func again(p *packets.Publish) *packets.Publish {
	q := *p
	q.Dup = true
	return &q
}

// both sides of a connection.
var sides = []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer}
