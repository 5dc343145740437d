package session_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// versions are all that a connection may have.
var versions = []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5}

// began is when the tests begin.
var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// pair is a client and a server with a connection between them.
type pair struct {
	t       testing.TB
	now     time.Time
	client  end
	server  end
	connect packets.Connect
	connack packets.Connack
}

// end is one side of a pair.
type end struct {
	session *session.Session
	link    *session.Link
	events  []session.Event
	got     []string // of messages: topic and payload
	acks    []session.AckToken
	out     []byte            // written, and not yet moved to the other side
	wire    []mqttwire.Packet // that have come
	options session.Options
	changes [][]byte // that are durable
}

// newPair returns a pair that is not connected.
func newPair(t testing.TB, v mqttwire.Version, client, server session.Options) *pair {
	client.Side, server.Side = mqttwire.FromClient, mqttwire.FromServer
	return &pair{
		t: t, now: began,
		client:  end{session: session.New(client), options: client},
		server:  end{session: session.New(server), options: server},
		connect: packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: false, KeepAlive: 60},
	}
}

// connected returns a pair that is connected.
func connected(t testing.TB, v mqttwire.Version) *pair {
	p := newPair(t, v, session.Options{}, session.Options{})
	if v == mqttwire.V5 {
		p.connect.Properties.SetSessionExpiryInterval(3600)
	}
	p.open()
	return p
}

// open makes a new connection, and lets everything run.
func (p *pair) open() { p.openWith(session.LinkOptions{}, session.LinkOptions{}) }

func (p *pair) openWith(client, server session.LinkOptions) {
	client.Side, server.Side = mqttwire.FromClient, mqttwire.FromServer
	p.client.link, p.server.link = session.NewLink(client), session.NewLink(server)
	p.client.out, p.server.out = nil, nil
	require.NoError(p.t, p.client.link.Open(p.now, p.client.session, &p.connect))
	p.run()
}

// cut ends the connection without a packet: what is on the way is lost.
func (p *pair) cut() {
	p.client.link.Lost(p.now, nil)
	p.server.link.Lost(p.now, nil)
	p.client.out, p.server.out = nil, nil
	p.events()
}

// run lets everything run until nothing moves.
func (p *pair) run() {
	for range 1000 {
		a := p.move(&p.client, &p.server)
		b := p.move(&p.server, &p.client)
		if !a && !b {
			return
		}
	}
	require.Fail(p.t, "it does not come to an end")
}

// move moves what one side writes to the other, and reports whether there was any.
func (p *pair) move(from, to *end) bool {
	p.write(from)
	b := from.out
	from.out = nil
	if len(b) == 0 {
		return false
	}
	p.feed(to, b)
	return true
}

// write takes changes, events and bytes of a side.
func (p *pair) write(e *end) {
	for {
		p.take(e)
		n := len(e.out)
		e.out = e.link.Append(e.out, 1<<20)
		e.link.Wrote(p.now, len(e.out)-n)
		p.take(e)
		if len(e.out) == n && !p.take(e) {
			return
		}
	}
}

// take takes changes and events, and reports whether there were any. What is durable
// is always the session as it is.
func (p *pair) take(e *end) (any bool) {
	for c, ok := e.session.Change(); ok; c, ok = e.session.Change() {
		e.changes = append(e.changes, bytes.Clone(c.Data))
		any = true
	}
	if any {
		s, _, err := session.Restore(e.options, p.now, nil, slices.Values(e.changes))
		require.NoError(p.t, err)
		require.Equal(p.t, e.session.AppendSnapshot(nil), s.AppendSnapshot(nil))
	}
	for {
		ev, ok := e.link.Event()
		if !ok {
			return any
		}
		any = true
		e.event(ev)
	}
}

// crash ends the connection and both processes of a side, and starts one from what is
// durable.
func (p *pair) crash(e *end) {
	s, _, err := session.Restore(e.options, p.now, nil, slices.Values(e.changes))
	require.NoError(p.t, err)
	p.client.link.Lost(p.now, nil)
	p.server.link.Lost(p.now, nil)
	p.client.out, p.server.out = nil, nil
	e.session = s
}

// events takes the events of both sides.
func (p *pair) events() {
	p.take(&p.client)
	p.take(&p.server)
}

func (e *end) event(ev session.Event) {
	if ev.Kind == session.Arrived {
		m := ev.Packet.(*packets.Publish)
		e.got = append(e.got, string(m.Topic)+" "+string(m.Payload))
		if ev.Ack != 0 {
			e.acks = append(e.acks, ev.Ack)
		}
	}
	if ev.Packet != nil {
		ev.Packet = packets.Clone(ev.Packet)
	}
	e.events = append(e.events, ev)
}

// feed gives a side bytes, and handles what they hold.
func (p *pair) feed(e *end, b []byte) {
	e.link.Feed(p.now, b)
	for {
		packet, ok := e.link.Packet()
		if !ok {
			break
		}
		e.wire = append(e.wire, packets.Clone(packet))
		e.link.Handle(p.now)
		p.take(e)
		if _, ok := packet.(*packets.Connect); ok {
			require.NoError(p.t, e.link.Accept(p.now, e.session, &p.connack))
		}
	}
	p.take(e)
}

// ended returns the events of a kind that a side has had.
func (e *end) all(k session.Kind) (list []session.Event) {
	for _, ev := range e.events {
		if ev.Kind == k {
			list = append(list, ev)
		}
	}
	return list
}

// message returns a message to publish.
func message(topic, payload string) *session.Message {
	return session.NewMessage(began, &packets.Publish{Topic: []byte(topic), Payload: []byte(payload)})
}

// publish publishes a message at a side.
func (p *pair) publish(e *end, payload string, q mqttwire.QoS) session.Token {
	t, err := e.session.Publish(p.now, message("t", payload), session.Delivery{QoS: q})
	require.NoError(p.t, err)
	return t
}

func TestMessagesGoBothWaysWithEachQoS(t *testing.T) {
	for _, v := range versions {
		p := connected(t, v)
		for _, side := range [][2]*end{{&p.client, &p.server}, {&p.server, &p.client}} {
			from, to := side[0], side[1]
			var tokens []session.Token
			for q := range mqttwire.QoS(3) {
				tokens = append(tokens, p.publish(from, q.String(), q))
			}
			p.run()
			assert.Equal(t, []string{"t QoS 0", "t QoS 1", "t QoS 2"}, to.got, v)
			var done []session.Token
			for _, e := range from.all(session.Done) {
				assert.Equal(t, session.Acked, e.Outcome, v)
				done = append(done, e.Token)
			}
			assert.ElementsMatch(t, tokens, done, v)
			assert.Zero(t, from.session.Stats().IDs, v)
			assert.Zero(t, from.session.Stats().Bytes, v)
			assert.Zero(t, to.session.Stats().Received, v)
		}
	}
}
