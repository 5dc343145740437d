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
			if assert.NotNil(t, e.Message) {
				assert.Equal(t, "x", string(e.Message.Payload()))
			}
		}
		assert.Zero(t, p.client.session.Stats().IDs)
		assert.Zero(t, p.server.session.Stats().Received)
	}
}

func TestManyPubrelsGoOutBeforeAnyMessageAndFillNoBuffer(t *testing.T) {
	const n = 3000
	a := against{Side: mqttwire.FromClient, Link: session.LinkOptions{Output: 6000},
		Session: session.Options{Queue: session.Bounds{Count: 2 * n, Bytes: 10 << 20}}}
	p := newPeer(t, mqttwire.V311, a)
	for range n {
		p.publish("x", 2)
	}
	for id := uint16(1); id <= n; id++ {
		p.Got()
		p.Say(&packets.Pubrec{PacketID: id})
	}
	p.Got()
	p.publish("y", 2)
	p.Got()
	p.Link.Lost(p.Now, nil)
	a.Old = p.Session
	a.Connack.SessionPresent = true
	p = newPeer(t, mqttwire.V311, a)
	p.publish("z", 1)
	list := p.Opened
	for more := p.Got(); len(more) > 0; more = p.Got() {
		list = append(list, more...)
	}
	require.Len(t, list, n+2)
	for i, packet := range list[:n] {
		require.Equal(t, &packets.Pubrel{PacketID: uint16(i + 1)}, packet)
	}
	assert.True(t, list[n].(*packets.Publish).Dup)
	assert.Equal(t, "z", string(list[n+1].(*packets.Publish).Payload))
	for id := uint16(1); id <= n; id++ {
		p.Say(&packets.Pubcomp{PacketID: id})
	}
	assert.Len(t, p.All(session.Done), n)
}

func TestAPubrecThatIsOutOfOrderKeepsThatOrder(t *testing.T) { // [MQTT-4.6.0-4]
	a := against{Side: mqttwire.FromClient}
	p := newPeer(t, mqttwire.V311, a)
	for range 3 {
		p.publish("x", 2)
	}
	p.Got()
	p.Say(&packets.Pubrec{PacketID: 3}, &packets.Pubrec{PacketID: 1})
	p.Got()
	assert.Equal(t, session.CanceledSent, p.Session.Cancel(1))
	p.Link.Lost(p.Now, nil)
	a.Old = p.Session
	a.Connack.SessionPresent = true
	p = newPeer(t, mqttwire.V311, a)
	require.Len(t, p.Opened, 3)
	assert.Equal(t, uint16(3), p.Opened[0].(*packets.Pubrel).PacketID)
	assert.Equal(t, uint16(1), p.Opened[1].(*packets.Pubrel).PacketID)
	assert.Equal(t, uint16(2), p.Opened[2].(*packets.Publish).PacketID)
	p.Say(&packets.Pubcomp{PacketID: 1})
	assert.Empty(t, p.All(session.Done))
}

func TestBefore5ARefusedMessageIsAcknowledgedAndNotHandedOnTwice(t *testing.T) { // [MQTT-3.3.5-2]
	for _, v := range versions[:2] {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		p.show(arriving(1, 1))
		require.NoError(t, p.Link.Answer(p.Now, &packets.Puback{PacketID: 1, ReasonCode: mqttwire.ReasonNotAuthorized}))
		p.show(arriving(2, 2))
		require.NoError(t, p.Link.Answer(p.Now, &packets.Pubrec{PacketID: 2, ReasonCode: mqttwire.ReasonNotAuthorized}))
		assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 1}, &packets.Pubrec{PacketID: 2}}, p.Got())
		p.Take()
		n := len(p.All(session.Arrived))
		p.Say(again(arriving(2, 2)))
		assert.Len(t, p.All(session.Arrived), n)
	}
}
