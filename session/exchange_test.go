package session_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// TestAMessageOfQoS2ComesOnceWhereverTheLinkIsCut cuts the connection after every byte
// that either side has written, and again after some of what follows. [trap 2]
func TestAMessageOfQoS2ComesOnceWhereverTheLinkIsCut(t *testing.T) {
	for _, v := range versions {
		for _, journal := range []bool{false, true} {
			for first := 0; ; first++ {
				more := false
				for second := 0; ; second += 9 {
					a, b := cutTwice(t, v, journal, first, second)
					more = more || a
					if !b || testing.Short() && second > 0 {
						break
					}
				}
				if !more {
					break
				}
			}
		}
	}
}

// cutTwice publishes three messages each way, cuts the connection after so many bytes,
// and again, and reports whether there were so many.
func cutTwice(t *testing.T, v mqttwire.Version, journal bool, first, second int) (a, b bool) {
	name := fmt.Sprintf("%s journal %t cuts %d %d", v, journal, first, second)
	o := session.Options{InFlight: 2, Journal: journal}
	p := newPair(t, v, o, o)
	if v == mqttwire.V5 {
		p.connect.Properties.SetSessionExpiryInterval(3600)
	}
	p.open()
	var want []string
	for i := range 3 {
		payload := fmt.Sprint(i)
		p.publish(&p.client, payload, mqttwire.ExactlyOnce)
		p.publish(&p.server, payload, mqttwire.ExactlyOnce)
		want = append(want, "t "+payload)
	}
	a = p.runBytes(first)
	p.cut()
	p.reopen()
	b = p.runBytes(second)
	p.cut()
	p.open()
	require.Equal(t, want, p.server.got, name)
	require.Equal(t, want, p.client.got, name)
	for _, e := range []*end{&p.client, &p.server} {
		require.Len(t, e.all(session.Done), 3, name)
		st := e.session.Stats()
		require.Zero(t, st.IDs+st.Received+st.Bytes+st.Waiting+st.InFlight+st.Released, name)
	}
	return a, b
}

// reopen makes a new connection, and moves nothing.
func (p *pair) reopen() {
	p.client.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	p.server.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	p.client.out, p.server.out = nil, nil
	require.NoError(p.t, p.client.link.Open(p.now, p.client.session, &p.connect))
}

// runBytes moves so many bytes, one by one and in turn, and reports whether there were
// so many.
func (p *pair) runBytes(n int) bool {
	for range n {
		p.write(&p.client)
		p.write(&p.server)
		switch {
		case len(p.client.out) > 0:
			b := p.client.out[:1]
			p.client.out = p.client.out[1:]
			p.feed(&p.server, b)
		case len(p.server.out) > 0:
			b := p.server.out[:1]
			p.server.out = p.server.out[1:]
			p.feed(&p.client, b)
		default:
			return false
		}
	}
	return true
}

func TestEachSideMayHaveTheSameIdentifiersInUse(t *testing.T) { // [trap 8]
	for _, v := range versions {
		p := connected(t, v)
		for i := range 5 {
			p.publish(&p.client, fmt.Sprint("c", i), mqttwire.ExactlyOnce)
			p.publish(&p.server, fmt.Sprint("s", i), mqttwire.ExactlyOnce)
		}
		p.run()
		assert.Equal(t, []string{"t c0", "t c1", "t c2", "t c3", "t c4"}, p.server.got, v)
		assert.Equal(t, []string{"t s0", "t s1", "t s2", "t s3", "t s4"}, p.client.got, v)
		ids := func(e *end) (list []uint16) {
			for _, packet := range e.wire {
				if m, ok := packet.(*packets.Publish); ok {
					list = append(list, m.PacketID)
				}
			}
			return list
		}
		assert.Equal(t, ids(&p.client), ids(&p.server), v)
	}
}

func TestAfterAReconnectMessagesComeInTheOrderOfPublishing(t *testing.T) { // [trap 3]
	for _, v := range versions {
		p := newPair(t, v, session.Options{InFlight: 7, Queue: session.Bounds{Count: 10}}, session.Options{})
		if v == mqttwire.V5 {
			p.connect.Properties.SetSessionExpiryInterval(3600)
		}
		p.open()
		for range 9 { // so that the identifiers are not those of a table that begins
			p.publish(&p.client, "first", mqttwire.AtLeastOnce)
		}
		p.run()
		p.server.got = nil
		var want []string
		for i := range 10 {
			p.publish(&p.client, fmt.Sprint(i), mqttwire.QoS(1+i%2))
			want = append(want, fmt.Sprint("t ", i))
		}
		p.write(&p.client) // seven are written, and lost
		p.cut()
		p.open()
		assert.Equal(t, want, p.server.got, v)
		var dup []bool
		for _, packet := range p.server.wire[len(p.server.wire)-20:] {
			if m, ok := packet.(*packets.Publish); ok {
				dup = append(dup, m.Dup)
			}
		}
		assert.Contains(t, dup, true)
	}
}

func TestAPubrelLeavesThoughNoMessageMay(t *testing.T) { // [trap 6]
	p := newPair(t, mqttwire.V5, session.Options{Queue: session.Bounds{Count: 2000}}, session.Options{})
	p.connack.Properties.SetReceiveMaximum(1)
	p.open()
	for range 1001 {
		p.publish(&p.client, "x", mqttwire.ExactlyOnce)
	}
	p.move(&p.client, &p.server)
	p.move(&p.server, &p.client) // PUBREC
	n := len(p.server.wire)
	p.move(&p.client, &p.server)
	require.Len(t, p.server.wire, n+1)
	assert.IsType(t, (*packets.Pubrel)(nil), p.server.wire[n])
	assert.Equal(t, 1000, p.client.session.Stats().Waiting)
}

func TestARefusedMessageFreesItsSlotAndItsIdentifier(t *testing.T) { // [trap 5]
	p := newPair(t, mqttwire.V5, session.Options{}, session.Options{})
	p.connack.Properties.SetReceiveMaximum(1)
	p.open()
	for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
		var tokens []session.Token
		for range 3 {
			tokens = append(tokens, p.publish(&p.client, "x", q))
		}
		p.client.events = nil
		for range 3 {
			p.write(&p.client)
			p.server.link.Feed(p.now, p.client.out)
			p.client.out = nil
			packet, ok := p.server.link.Packet()
			require.True(t, ok)
			id := packet.(*packets.Publish).PacketID
			answer := mqttwire.Packet(&packets.Puback{PacketID: id, ReasonCode: mqttwire.ReasonNotAuthorized})
			if q == mqttwire.ExactlyOnce {
				answer = &packets.Pubrec{PacketID: id, ReasonCode: mqttwire.ReasonNotAuthorized}
			}
			require.NoError(t, p.server.link.Answer(p.now, answer))
			p.move(&p.server, &p.client)
		}
		p.events()
		done := p.client.all(session.Done)
		require.Len(t, done, 3)
		for i, e := range done {
			assert.Equal(t, tokens[i], e.Token)
			assert.Equal(t, session.Refused, e.Outcome)
			assert.Equal(t, mqttwire.ReasonNotAuthorized, e.Code)
		}
		assert.Zero(t, p.client.session.Stats().IDs)
		assert.Zero(t, p.server.session.Stats().Received)
	}
}
