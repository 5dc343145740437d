package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// drops returns the requests that were dropped, and why.
func drops(list []session.Event) (all []string) {
	for _, e := range list {
		if e.Kind == session.Dropped {
			all = append(all, fmt.Sprint(e.Token, " ", e.Drop, " ", e.Outcome))
		}
	}
	return all
}

// offline takes the events of a session that has no Link.
func offline(s *session.Session) (list []session.Event) {
	for e, ok := s.Event(); ok; e, ok = s.Event() {
		list = append(list, e)
	}
	return list
}

func TestAFullQueueFollowsItsPolicy(t *testing.T) { // [trap 16]
	full := func(token int) string { return fmt.Sprint(token, " ", session.DropFull, " ", session.NotSent) }
	for _, c := range []struct {
		policy session.Policy
		err    error
		drops  []string
	}{
		{session.RefuseNew, session.ErrQueueFull, nil},
		{session.DropOldest, nil, []string{full(1)}},
		{session.DropNewest, nil, []string{full(5)}},
		{session.DropQoS0First, nil, []string{full(2)}},
	} {
		s := session.New(session.Options{Side: mqttwire.FromClient, Full: c.policy, QueueQoS0: true, Queue: session.Bounds{Count: 4}})
		for i := range 4 {
			_, err := s.Publish(began, message("t", "x"), session.Delivery{QoS: mqttwire.QoS(1 - i%2)})
			require.NoError(t, err)
		}
		before := offline(s)
		assert.Len(t, before, 1, "Pressure")
		_, err := s.Publish(began, message("t", "x"), session.Delivery{QoS: 1})
		assert.ErrorIs(t, err, c.err)
		assert.Equal(t, c.drops, drops(offline(s)))
		assert.Equal(t, 4, s.Stats().Waiting)
	}
}

func TestWithoutMessagesOfQoS0ThatPolicyRefuses(t *testing.T) {
	s := session.New(session.Options{Side: mqttwire.FromClient, Full: session.DropQoS0First, QueueQoS0: true, Queue: session.Bounds{Count: 3}})
	publish := func(q mqttwire.QoS) error {
		_, err := s.Publish(began, message("t", "x"), session.Delivery{QoS: q})
		return err
	}
	require.NoError(t, publish(0))
	for range 200 { // the place of the oldest moves on
		require.NoError(t, publish(0))
	}
	require.NoError(t, publish(1))
	require.NoError(t, publish(1))
	require.NoError(t, publish(1))
	assert.ErrorIs(t, publish(1), session.ErrQueueFull)
	assert.ErrorIs(t, publish(0), session.ErrQueueFull)
	assert.Equal(t, 3, s.Stats().Waiting)
}

func TestTheQueueIsBoundedInBytes(t *testing.T) { // [trap 16]
	m := message("t", string(make([]byte, 1000)))
	s := session.New(session.Options{Side: mqttwire.FromClient, Full: session.DropOldest, Queue: session.Bounds{Bytes: 10 * m.Size()}})
	for range 100 {
		_, err := s.Publish(began, m, session.Delivery{QoS: 1})
		require.NoError(t, err)
		assert.LessOrEqual(t, s.Stats().Bytes, 10*m.Size())
	}
	assert.Equal(t, 10, s.Stats().Waiting)
	_, err := s.Publish(began, message("t", string(make([]byte, 20000))), session.Delivery{QoS: 1})
	assert.ErrorIs(t, err, session.ErrTooLarge)
	assert.Equal(t, 10, s.Stats().Waiting, "nothing was dropped for it")
}

func TestMessagesInFlightCountAgainstTheBoundAndAreNotDropped(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Session: session.Options{Full: session.DropOldest, Queue: session.Bounds{Count: 3}}})
	for range 3 {
		p.publish("x", 1)
	}
	require.Len(t, p.Got(), 3)
	_, err := p.Session.Publish(p.Now, message("t", "y"), session.Delivery{QoS: 1})
	assert.ErrorIs(t, err, session.ErrQueueFull)
	p.Say(&packets.Puback{PacketID: 2})
	p.publish("y", 1)
}

func TestPressureIsToldOnceUpAndOnceDown(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Session: session.Options{Queue: session.Bounds{Count: 100}}})
	for range 100 {
		p.publish("x", 1)
	}
	p.Take()
	require.Len(t, p.All(session.Pressure), 1)
	assert.True(t, p.All(session.Pressure)[0].Above)
	p.Got()
	for id := uint16(1); id <= 100; id++ {
		p.Say(&packets.Puback{PacketID: id})
	}
	require.Len(t, p.All(session.Pressure), 2)
	assert.False(t, p.All(session.Pressure)[1].Above)
}

func TestMessagesOfQoS0AreKeptWithoutAConnectionOnlyIfAsked(t *testing.T) {
	for _, keep := range []bool{false, true} {
		p := newPair(t, mqttwire.V311, session.Options{QueueQoS0: keep}, session.Options{})
		_, err := p.client.session.Publish(p.now, message("t", "early"), session.Delivery{})
		if !keep {
			assert.ErrorIs(t, err, session.ErrNotConnected)
		}
		p.open()
		p.publish(&p.client, "late", 0)
		p.cut()
		if keep {
			assert.Empty(t, p.client.all(session.Dropped))
		} else {
			assert.Equal(t, []string{fmt.Sprint(1, " ", session.DropNotConnected, " ", session.NotSent)}, drops(p.client.events))
		}
		p.open()
		assert.Equal(t, map[bool][]string{true: {"t early", "t late"}}[keep], p.server.got)
	}
}

func TestAMessageOfQoS0IsDoneWhenItIsWritten(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
	first, second := p.publish("a", 0), p.publish("b", 0)
	b := p.Link.Append(nil, 1000)
	p.Link.Wrote(p.Now, len(b)/2)
	p.Take()
	require.Len(t, p.All(session.Done), 1)
	assert.Equal(t, first, p.All(session.Done)[0].Token)
	p.Link.Wrote(p.Now, len(b)-len(b)/2-1)
	p.Link.Lost(p.Now, nil)
	p.Take()
	assert.Len(t, p.All(session.Done), 1)
	assert.Equal(t, []string{fmt.Sprint(second, " ", session.DropConnectionLost, " ", session.Unknown)}, drops(p.Events))
}

func TestAMessageThatExpiresWhileItWaitsIsNotSent(t *testing.T) { // [MQTT-3.3.2-5] [trap 15] [trap 20]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for q := range mqttwire.QoS(3) {
			p := newPeer(t, v, against{Side: side})
			token, err := p.Session.Publish(p.Now, expiring("old", 10), session.Delivery{QoS: q})
			require.NoError(t, err)
			p.publish("new", q)
			p.Now = p.Now.Add(10 * time.Second)
			p.Link.Tick(p.Now)
			got := p.Got()
			require.Len(t, got, 1)
			assert.Equal(t, "new", string(got[0].(*packets.Publish).Payload))
			assert.Equal(t, []string{fmt.Sprint(token, " ", session.DropExpired, " ", session.NotSent)}, drops(p.Events))
		}
	})
}

// expiring returns a message with an interval.
func expiring(payload string, seconds uint32) *session.Message {
	p := &packets.Publish{Topic: []byte("t"), Payload: []byte(payload)}
	p.Properties.SetMessageExpiryInterval(seconds)
	p.Properties.SetContentType([]byte("x"))
	return session.NewMessage(began, p)
}

func TestTheIntervalIsCountedDownWhileAMessageWaits(t *testing.T) { // [MQTT-3.3.2-6] [trap 20]
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	_, err := p.Session.Publish(p.Now, expiring("x", 10), session.Delivery{QoS: 1, SubscriptionIDs: []uint32{3, 7}})
	require.NoError(t, err)
	p.Now = p.Now.Add(3500 * time.Millisecond)
	p.Link.Tick(p.Now)
	got := p.Got()[0].(*packets.Publish)
	left, _ := got.Properties.MessageExpiryInterval()
	assert.EqualValues(t, 7, left)
	kind, _ := got.Properties.ContentType()
	assert.Equal(t, "x", string(kind))
	var ids []uint32
	for id := range got.Properties.SubscriptionIDs() {
		ids = append(ids, id)
	}
	assert.Equal(t, []uint32{3, 7}, ids)
}

func TestAMessageThatWasBegunGoesOnThoughItExpires(t *testing.T) { // [MQTT-4.3.3-7]
	for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
		a := against{Side: mqttwire.FromServer}
		a.Connect.Properties.SetSessionExpiryInterval(1000)
		p := newPeer(t, mqttwire.V5, a)
		_, err := p.Session.Publish(p.Now, expiring("x", 10), session.Delivery{QoS: q})
		require.NoError(t, err)
		require.Len(t, p.Got(), 1)
		p.Link.Lost(p.Now, nil)
		a.Old, a.Now = p.Session, p.Now.Add(60*time.Second)
		p = newPeer(t, mqttwire.V5, a)
		require.Len(t, p.Opened, 1)
		m := p.Opened[0].(*packets.Publish)
		assert.True(t, m.Dup)
		left, ok := m.Properties.MessageExpiryInterval()
		assert.True(t, ok)
		assert.Zero(t, left)
	}
}

func TestAMessageThatIsTooLargeForThePeerIsDroppedAndTheNextGoesOut(t *testing.T) { // [MQTT-3.1.2-25] [trap 15]
	for _, side := range sides {
		for q := range mqttwire.QoS(3) {
			a := against{Side: side}
			announce := &a.Connack
			if side == mqttwire.FromServer {
				a.Connect.Properties.SetMaximumPacketSize(100)
			} else {
				announce.Properties.SetMaximumPacketSize(100)
			}
			p := newPeer(t, mqttwire.V5, a)
			token := p.publish(string(make([]byte, 200)), q)
			p.publish("small", q)
			got := p.Got()
			require.Len(t, got, 1)
			assert.Equal(t, "small", string(got[0].(*packets.Publish).Payload))
			assert.Equal(t, []string{fmt.Sprint(token, " ", session.DropTooLarge, " ", session.NotSent)}, drops(p.Events))
			assert.Equal(t, min(1, int(q)), p.Session.Stats().IDs)
		}
	}
}

func TestAMessageThatBecomesTooLargeWithAnotherConnectionIsDropped(t *testing.T) { // [trap 15]
	a := against{Side: mqttwire.FromServer}
	a.Connect.Properties.SetSessionExpiryInterval(1000)
	p := newPeer(t, mqttwire.V5, a)
	token := p.publish(string(make([]byte, 200)), 1)
	p.publish("small", 1)
	require.Len(t, p.Got(), 2)
	p.Link.Lost(p.Now, nil)
	a.Old = p.Session
	a.Connect.Properties.SetMaximumPacketSize(100)
	p = newPeer(t, mqttwire.V5, a)
	require.Len(t, p.Opened, 1)
	assert.Equal(t, "small", string(p.Opened[0].(*packets.Publish).Payload))
	assert.Equal(t, []string{fmt.Sprint(token, " ", session.DropTooLarge, " ", session.Unknown)}, drops(p.Events))
	assert.Equal(t, 1, p.Session.Stats().InFlight)
}

func TestWhatTheServerDoesNotTakeIsRefusedOrDropped(t *testing.T) {
	a := against{Side: mqttwire.FromClient, Session: session.Options{QueueQoS0: true}}
	a.Connack.Properties.SetMaximumQoS(1)
	a.Connack.Properties.SetRetainAvailable(false)
	early := session.New(session.Options{Side: mqttwire.FromClient})
	two, err := early.Publish(began, message("t", "x"), session.Delivery{QoS: 2})
	require.NoError(t, err)
	kept, err := early.Publish(began, message("t", "x"), session.Delivery{QoS: 1, Retain: true})
	require.NoError(t, err)
	a.Old = early
	p := newPeer(t, mqttwire.V5, a)
	assert.Empty(t, p.Opened)
	notSent := " " + fmt.Sprint(session.DropNotSupported, " ", session.NotSent)
	assert.Equal(t, []string{fmt.Sprint(two) + notSent, fmt.Sprint(kept) + notSent}, drops(p.Events))
	_, err = early.Publish(p.Now, message("t", "x"), session.Delivery{QoS: 2})
	assert.ErrorIs(t, err, session.ErrNotSupported)
	_, err = early.Publish(p.Now, message("t", "x"), session.Delivery{Retain: true})
	assert.ErrorIs(t, err, session.ErrNotSupported)
	assert.Zero(t, early.Stats().IDs)
}

func TestNoMoreThanThePeersReceiveMaximumIsInFlight(t *testing.T) { // [MQTT-3.3.4-7] [MQTT-3.3.4-9] [trap 4]
	for _, side := range sides {
		a := against{Side: side}
		a.Connect.Properties.SetSessionExpiryInterval(1000)
		if side == mqttwire.FromServer {
			a.Connect.Properties.SetReceiveMaximum(3)
		} else {
			a.Connack.Properties.SetReceiveMaximum(3)
		}
		p := newPeer(t, mqttwire.V5, a)
		for range 6 {
			p.publish("x", 2)
		}
		require.Len(t, p.Got(), 3)
		p.Say(&packets.Pubrec{PacketID: 1})
		require.Len(t, p.Got(), 1, "PUBREL frees no slot")
		p.Say(&packets.Pubcomp{PacketID: 1})
		require.Len(t, p.Got(), 1)
		p.Say(&packets.Pubrec{PacketID: 2})
		p.Got()
		p.Link.Lost(p.Now, nil)

		a.Old = p.Session
		if side == mqttwire.FromServer {
			a.Connect.Properties.SetReceiveMaximum(2) // less than what is in flight
		} else {
			a.Connack.Properties.SetReceiveMaximum(2)
			a.Connack.SessionPresent = true
		}
		p = newPeer(t, mqttwire.V5, a)
		require.Len(t, p.Opened, 2)
		assert.IsType(t, (*packets.Pubrel)(nil), p.Opened[0])
		assert.True(t, p.Opened[1].(*packets.Publish).Dup)
		p.Say(&packets.Pubcomp{PacketID: 2})
		list := p.Got()
		require.Len(t, list, 1)
		assert.True(t, list[0].(*packets.Publish).Dup)
		assert.Equal(t, uint16(4), list[0].(*packets.Publish).PacketID)
	}
}

func TestAllIdentifiersMayBeInUse(t *testing.T) { // [trap 7]
	p := newPeer(t, mqttwire.V311, against{Side: mqttwire.FromClient, Session: session.Options{Queue: session.Bounds{Count: 1 << 20, Bytes: 1 << 30}}})
	for range 65536 {
		p.publish("x", 1)
	}
	seen := make(map[uint16]bool)
	for _, packet := range p.Got() {
		id := packet.(*packets.Publish).PacketID
		require.False(t, seen[id])
		seen[id] = true
	}
	assert.Len(t, seen, 65525, "some are kept")
	assert.Equal(t, 11, p.Session.Stats().Waiting)
	for range 11 {
		_, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
		require.NoError(t, err)
	}
	list := p.Got()
	require.Len(t, list, 10)
	for _, packet := range list {
		assert.False(t, seen[packet.(*packets.Subscribe).PacketID])
	}
	p.Say(&packets.Suback{PacketID: list[3].(*packets.Subscribe).PacketID, ReasonCodes: []mqttwire.ReasonCode{0}})
	list = p.Got()
	require.Len(t, list, 1, "the eleventh")
	p.Say(&packets.Puback{PacketID: 4711})
	assert.Empty(t, p.Got(), "what is free is kept for others")
}

func TestALongExchangeKeepsItsIdentifierOverManyRounds(t *testing.T) { // [trap 7]
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	p.publish("long", 2)
	long := p.Got()[0].(*packets.Publish).PacketID
	for range 70000 {
		p.publish("x", 1)
		list := p.Got()
		require.Len(t, list, 1)
		id := list[0].(*packets.Publish).PacketID
		require.NotEqual(t, long, id)
		p.Say(&packets.Puback{PacketID: id})
		p.Events = p.Events[:0]
	}
	p.Say(&packets.Pubrec{PacketID: long})
	assert.Equal(t, []mqttwire.Packet{&packets.Pubrel{PacketID: long}}, p.Got())
	assert.Equal(t, 1, p.Session.Stats().IDs)
}

func TestALargeMessageIsHandedOutInParts(t *testing.T) {
	for _, v := range versions {
		p := newPair(t, v, session.Options{}, session.Options{})
		p.open()
		payload := string(make([]byte, 5000))
		p.publish(&p.client, payload, 1)
		p.publish(&p.client, "next", 1)
		var b []byte
		for {
			part := p.client.link.Append(nil, 7)
			if len(part) == 0 {
				break
			}
			require.LessOrEqual(t, len(part), 7)
			p.client.link.Wrote(p.now, len(part))
			b = append(b, part...)
		}
		p.feed(&p.server, b)
		assert.Equal(t, []string{"t " + payload, "t next"}, p.server.got)
	}
}

func TestBuffersHandOutTheSameBytesWithoutCopyingPayloads(t *testing.T) {
	for _, v := range versions {
		a, b := connected(t, v), connected(t, v)
		m := message("topic", string(make([]byte, 1000)))
		for _, p := range []*pair{a, b} {
			p.subscribe("x")
			for q := range mqttwire.QoS(3) {
				_, err := p.client.session.Publish(p.now, m, session.Delivery{QoS: q})
				require.NoError(t, err)
			}
			p.client.link.Tick(p.now)
		}
		want := a.client.link.Append(nil, 1<<20)
		bufs := b.client.link.Buffers(nil)
		var got []byte
		aliased := 0
		for _, part := range bufs {
			got = append(got, part...)
			if len(part) == 1000 && &part[0] == &m.Payload()[0] {
				aliased++
			}
		}
		assert.Equal(t, want, got)
		assert.Equal(t, 3, aliased)
		assert.Empty(t, b.client.link.Buffers(nil), "the others are still to be written")
		b.client.link.Wrote(b.now, len(got))
		b.feed(&b.server, got)
		b.run()
		assert.Len(t, b.server.got, 3)
	}
}

func TestAMessageOfQoS2ThatCannotBeSentAgainGoesOnWithPubrel(t *testing.T) { // [MQTT-3.1.2-25] [trap 15]
	for _, journal := range []bool{false, true} {
		for _, buffers := range []bool{false, true} {
			o := session.Options{Journal: journal}
			p := newPair(t, mqttwire.V5, o, o)
			p.connect.Properties.SetSessionExpiryInterval(100)
			p.open()
			token := p.publish(&p.server, string(make([]byte, 200)), 2)
			p.move(&p.server, &p.client)
			p.write(&p.client)
			p.cut() // PUBREC is lost
			p.connect.Properties.SetMaximumPacketSize(100)
			p.client.got = nil
			p.reopen()
			p.move(&p.client, &p.server)
			if buffers && !journal {
				for _, b := range p.server.link.Buffers(nil) {
					p.server.out = append(p.server.out, b...)
					p.server.link.Wrote(p.now, len(b))
				}
			}
			p.run()
			assert.Equal(t, []string{fmt.Sprint(token, " ", session.DropTooLarge, " ", session.Unknown)}, drops(p.server.events))
			assert.Empty(t, p.server.all(session.Done))
			assert.Zero(t, p.server.session.Stats().IDs)
			assert.Zero(t, p.client.session.Stats().Received, "it is forgotten there too")
			for range 20 { // until the identifier comes again
				p.publish(&p.server, "next", 2)
			}
			p.run()
			assert.Len(t, p.client.got, 20)
		}
	}
}

func TestPressureIsToldAboveThreeQuartersAndBelowHalf(t *testing.T) {
	p := newPeer(t, mqttwire.V311, against{Side: mqttwire.FromClient, Session: session.Options{InFlight: 1, Queue: session.Bounds{Count: 8}}})
	told := func() (above []bool) {
		p.Take()
		for _, e := range p.All(session.Pressure) {
			above = append(above, e.Above)
		}
		return above
	}
	for range 6 {
		p.publish("m", 1)
	}
	assert.Empty(t, told())
	p.publish("m", 1)
	assert.Equal(t, []bool{true}, told())
	for id := uint16(1); id <= 3; id++ {
		assert.Equal(t, []bool{true}, told())
		p.Got()
		p.Say(&packets.Puback{PacketID: id})
	}
	assert.Equal(t, []bool{true, false}, told())
}
