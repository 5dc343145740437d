package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// code is 0 before 5.0, and else what is given.
func code(v mqttwire.Version, c mqttwire.ReasonCode) mqttwire.ReasonCode {
	if v != mqttwire.V5 {
		return 0
	}
	return c
}

// forEach calls f for each side and version.
func forEach(t *testing.T, f func(t *testing.T, side mqttwire.Sender, v mqttwire.Version)) {
	for _, side := range sides {
		for _, v := range versions {
			t.Run(side.String()+" "+v.String(), func(t *testing.T) { f(t, side, v) })
		}
	}
}

func TestAMessageOfQoS2IsHandedOnWhenItComes(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		p.Say(arriving(7, 2))
		require.Len(t, p.All(session.Arrived), 1)
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 7}}, p.Got())
		p.Say(&packets.Pubrel{PacketID: 7})
		assert.Len(t, p.All(session.Arrived), 1)
		assert.Equal(t, []mqttwire.Packet{&packets.Pubcomp{PacketID: 7}}, p.Got())
		assert.Zero(t, p.Session.Stats().Received)
	})
}

func TestARepeatedMessageOfQoS2IsAnsweredAndNotHandedOn(t *testing.T) { // [trap 2]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		p.Say(arriving(7, 2), again(arriving(7, 2)), arriving(7, 2))
		assert.Len(t, p.All(session.Arrived), 1)
		rec := &packets.Pubrec{PacketID: 7}
		assert.Equal(t, []mqttwire.Packet{rec, rec, rec}, p.Got())
	})
}

func TestAPubrelWithAnUnknownIdentifierIsAnsweredWithPubcomp(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		p.Say(&packets.Pubrel{PacketID: 9})
		want := &packets.Pubcomp{PacketID: 9, ReasonCode: code(v, mqttwire.ReasonPacketIdentifierNotFound)}
		assert.Equal(t, []mqttwire.Packet{want}, p.Got())
		assert.EqualValues(t, 1, p.Session.Stats().Unknown)
	})
}

func TestAPubrecWithAnUnknownIdentifierIsAnsweredWithPubrel(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		p.Say(&packets.Pubrec{PacketID: 9})
		want := &packets.Pubrel{PacketID: 9, ReasonCode: code(v, mqttwire.ReasonPacketIdentifierNotFound)}
		assert.Equal(t, []mqttwire.Packet{want}, p.Got())
		if v == mqttwire.V5 {
			p.Say(&packets.Pubrec{PacketID: 9, ReasonCode: mqttwire.ReasonUnspecifiedError})
			assert.Empty(t, p.Got(), "one that refuses has no answer")
		}
	})
}

func TestAcknowledgementsWithUnknownIdentifiersChangeNothing(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side, Session: session.Options{InFlight: 1}})
		p.publish("a", 1)
		p.publish("b", 1)
		require.Len(t, p.Got(), 1)
		p.Say(&packets.Puback{PacketID: 9}, &packets.Pubcomp{PacketID: 9}, &packets.Pubcomp{PacketID: 1})
		assert.Empty(t, p.Got(), "there is no slot more than before") // [MQTT-4.9.0-3]
		assert.EqualValues(t, 3, p.Session.Stats().Unknown)
		assert.Equal(t, 1, p.Session.Stats().InFlight)
		p.Say(&packets.Puback{PacketID: 1})
		assert.Len(t, p.Got(), 1)
	})
}

func TestAnAcknowledgementOfTheOtherQoSChangesNothing(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		p.publish("a", 1)
		p.publish("b", 2)
		p.Got()
		p.Say(&packets.Puback{PacketID: 2})
		assert.Equal(t, 2, p.Session.Stats().InFlight)
		p.Say(&packets.Pubrec{PacketID: 1})
		assert.Equal(t, 2, p.Session.Stats().InFlight)
		assert.Empty(t, p.All(session.Done))
	})
}

func TestAMessageWithAnIdentifierInUseIsRefused(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
			p := newPeer(t, v, against{Side: side, Link: session.LinkOptions{Hold: q == mqttwire.ExactlyOnce}})
			p.Say(arriving(7, 3-q))
			p.Got()
			p.Say(arriving(7, q))
			assert.Len(t, p.All(session.Arrived), 1)
			if v != mqttwire.V5 {
				assert.Equal(t, session.IdentifierInUse, p.closed().Kind)
				continue
			}
			want := mqttwire.Packet(&packets.Puback{PacketID: 7, ReasonCode: mqttwire.ReasonPacketIdentifierInUse})
			if q == mqttwire.ExactlyOnce {
				want = &packets.Pubrec{PacketID: 7, ReasonCode: mqttwire.ReasonPacketIdentifierInUse}
			}
			assert.Equal(t, []mqttwire.Packet{want}, p.Got())
			_, closed := p.Link.Closed()
			assert.False(t, closed)
		}
	})
}

func TestAPeerThatSendsMoreThanOurReceiveMaximumIsDisconnected(t *testing.T) { // [trap 14]
	for _, side := range sides {
		for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
			p := newPeer(t, mqttwire.V5, withReceiveMaximum(side, 3))
			p.Say(arriving(1, q), arriving(2, q), arriving(3, q))
			_, closed := p.Link.Closed()
			assert.False(t, closed)
			p.Say(arriving(4, q))
			assert.Len(t, p.All(session.Arrived), 3)
			got := p.Got()
			assert.Equal(t, &packets.Disconnect{ReasonCode: mqttwire.ReasonReceiveMaximumExceeded}, got[len(got)-1])
			assert.Equal(t, session.ReceiveMaximumExceeded, p.closed().Kind)
		}
	}
}

func TestAPeerMayBeLetSendMoreThanOurReceiveMaximum(t *testing.T) {
	for _, side := range sides {
		for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
			a := withReceiveMaximum(side, 3)
			a.Link.Excess = 2
			p := newPeer(t, mqttwire.V5, a)
			p.Say(arriving(1, q), arriving(2, q), arriving(3, q), arriving(4, q), arriving(5, q))
			_, closed := p.Link.Closed()
			assert.False(t, closed)
			p.Say(arriving(6, q))
			assert.Len(t, p.All(session.Arrived), 5)
			assert.Equal(t, session.ReceiveMaximumExceeded, p.closed().Kind)
		}
	}
}

// withReceiveMaximum describes a Link that has announced a Receive Maximum.
func withReceiveMaximum(side mqttwire.Sender, n uint16) against {
	a := against{Side: side}
	a.Connect.Properties.SetSessionExpiryInterval(100)
	if side == mqttwire.FromClient {
		a.Connect.Properties.SetReceiveMaximum(n)
	} else {
		a.Connack.Properties.SetReceiveMaximum(n)
	}
	return a
}

func TestAnHonestPeerMayUseAllOfOurReceiveMaximumAgainAndAgain(t *testing.T) { // [trap 14]
	for _, side := range sides {
		a := withReceiveMaximum(side, 3)
		p := newPeer(t, mqttwire.V5, a)
		for i := range uint16(20) { // as soon as it has seen an acknowledgement
			p.Say(arriving(3*i+1, 1), arriving(3*i+2, 2), arriving(3*i+3, 1))
			require.Len(t, p.Got(), 3)
			p.Say(&packets.Pubrel{PacketID: 3*i + 2})
			require.Len(t, p.Got(), 1)
		}
		p.Say(arriving(101, 2), arriving(102, 2), arriving(103, 2))
		p.Got()
		p.Link.Lost(p.Now, nil)

		a.Old = p.Session
		a.Connack.SessionPresent = side == mqttwire.FromClient
		p = newPeer(t, mqttwire.V5, a)
		p.Say(again(arriving(101, 2)), again(arriving(102, 2)), again(arriving(103, 2)))
		assert.Len(t, p.Got(), 3)
		assert.Empty(t, p.All(session.Arrived), "it has come before")
		for id := uint16(101); id <= 103; id++ {
			p.Say(&packets.Pubrel{PacketID: id})
		}
		assert.Len(t, p.Got(), 3)
		p.Say(arriving(201, 1), arriving(202, 1), arriving(203, 1))
		assert.Len(t, p.Got(), 3)
	}
}

func TestAnAcknowledgementThatWasNotWrittenFreesNoSlotOfThePeer(t *testing.T) {
	p := newPeer(t, mqttwire.V5, withReceiveMaximum(mqttwire.FromServer, 2))
	p.Say(arriving(1, 1), arriving(2, 1), arriving(3, 1)) // the peer has seen no PUBACK yet
	assert.Equal(t, session.ReceiveMaximumExceeded, p.closed().Kind)
}

func TestPacketsThatBreakARuleDoNotShow(t *testing.T) {
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		p.Link.Feed(p.Now, []byte{0x36, 4, 0, 1, 't', 0}) // QoS 3
		packet, ok := p.Link.Packet()
		assert.False(t, ok)
		assert.Nil(t, packet)
		got := p.Got()
		if v == mqttwire.V5 {
			require.Len(t, got, 1)
			assert.Equal(t, mqttwire.ReasonMalformedPacket, got[0].(*packets.Disconnect).ReasonCode)
		} else {
			assert.Empty(t, got)
		}
		c := p.closed()
		assert.Equal(t, session.PacketRefused, c.Kind)
		assert.ErrorIs(t, c, mqttwire.ErrMalformed)
		require.Len(t, p.All(session.Disconnected), 1)
		assert.Equal(t, c, p.All(session.Disconnected)[0].Cause)
	}
}

func TestPacketsBehindTheEndAreNotLookedAt(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	p.Say(&packets.Disconnect{}, arriving(1, 1))
	assert.Empty(t, p.All(session.Arrived))
	assert.Empty(t, p.Got())
	p.Say(arriving(2, 1))
	assert.Empty(t, p.All(session.Arrived))
	assert.Equal(t, session.PeerDisconnected, p.closed().Kind)
}

func TestATopicAliasIsResolvedWhereAPacketShows(t *testing.T) {
	a := against{Side: mqttwire.FromServer}
	a.Connack.Properties.SetTopicAliasMaximum(5)
	p := newPeer(t, mqttwire.V5, a)
	first, second := arriving(1, 0), arriving(2, 0)
	first.Properties.SetTopicAlias(3)
	second.Topic = nil
	second.Properties.SetTopicAlias(3)
	p.Say(first, second)
	require.Len(t, p.All(session.Arrived), 2)
	for _, e := range p.All(session.Arrived) {
		assert.Equal(t, "t", string(e.Packet.(*packets.Publish).Topic))
	}
	m := session.NewMessage(began, p.All(session.Arrived)[1].Packet.(*packets.Publish))
	list := m.Publish().Properties
	assert.True(t, list.Empty(), "an alias is not kept")
}

func TestAPingIsAnswered(t *testing.T) {
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		p.Say(&packets.Pingreq{})
		assert.Equal(t, []mqttwire.Packet{&packets.Pingresp{}}, p.Got())
	}
}

func TestAPeerThatDoesNotReadIsDisconnected(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Link: session.LinkOptions{Output: 100}})
	for range 60 {
		p.Say(&packets.Pingreq{})
	}
	got := p.Got()
	assert.Equal(t, &packets.Disconnect{ReasonCode: mqttwire.ReasonQuotaExceeded}, got[len(got)-1])
	assert.Len(t, got, 52)
	assert.Equal(t, session.OutputFull, p.closed().Kind)
}

func TestEventsThatWereNotTakenBeforeTheNextPacketAreGoneIfTheyAreOfMessages(t *testing.T) {
	p := newPeer(t, mqttwire.V311, against{Side: mqttwire.FromClient})
	token, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
	require.NoError(t, err)
	p.Got()
	p.Feed(arriving(1, 0), &packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0}}, arriving(2, 0))
	for range 3 {
		_, ok := p.Link.Packet()
		require.True(t, ok)
		p.Link.Handle(p.Now)
	}
	p.Take()
	require.Len(t, p.All(session.Arrived), 1)
	assert.Equal(t, []byte{2}, p.All(session.Arrived)[0].Packet.(*packets.Publish).Payload)
	require.Len(t, p.All(session.Done), 1, "what is told of a request stays")
	assert.Equal(t, token, p.All(session.Done)[0].Token)
	assert.Nil(t, p.All(session.Done)[0].Packet)
}

func TestAMessageThatIsTooLargeForUsIsRefusedAlone(t *testing.T) {
	for q := range mqttwire.QoS(3) {
		p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Link: session.LinkOptions{Limits: mqttwire.Limits{PacketSize: 100}}})
		large := arriving(7, q)
		large.Payload = make([]byte, 300)
		b, err := large.Append(nil, p.v)
		require.NoError(t, err)
		b, err = (&packets.Pingreq{}).Append(b, p.v)
		require.NoError(t, err)
		for i := range b { // byte by byte
			p.Link.Feed(p.Now, b[i:i+1])
			if _, ok := p.Link.Packet(); ok {
				p.Link.Handle(p.Now)
			}
		}
		got := p.Got()
		assert.Empty(t, p.All(session.Arrived))
		switch q {
		case 0:
			require.Len(t, got, 1)
			assert.Equal(t, mqttwire.ReasonPacketTooLarge, got[0].(*packets.Disconnect).ReasonCode)
		case 1:
			assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 7, ReasonCode: mqttwire.ReasonQuotaExceeded}, &packets.Pingresp{}}, got)
		case 2:
			assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 7, ReasonCode: mqttwire.ReasonQuotaExceeded}, &packets.Pingresp{}}, got)
		}
		assert.Zero(t, p.Session.Stats().Received)
	}
}

func TestAMessageThatIsRefusedForItsFormatIsRefusedAlone(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Link: session.LinkOptions{Optional: true, Hold: true}})
	bad := arriving(2, 1)
	bad.Payload = []byte{0xFF}
	bad.Properties.SetPayloadFormatIndicator(1)
	p.Say(arriving(1, 1), bad)
	assert.Empty(t, p.Got(), "it waits for the one that is held")
	require.NoError(t, p.Session.Ack(p.tokens()[0], 0))
	assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 1}, &packets.Puback{PacketID: 2, ReasonCode: mqttwire.ReasonPayloadFormatInvalid}}, p.Got())
}
