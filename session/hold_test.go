package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// holding describes a Link whose acknowledgements are held.
func holding(side mqttwire.Sender) against {
	return against{Side: side, Link: session.LinkOptions{Hold: true}}
}

// tokens returns the AckTokens of the messages that have come.
func (p *peer) tokens() (list []session.AckToken) {
	for _, e := range p.All(session.Arrived) {
		list = append(list, e.Ack)
	}
	return list
}

func TestHeldAcknowledgementsLeaveInTheOrderOfTheMessages(t *testing.T) { // [trap 23]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, holding(side))
		p.Say(arriving(1, 1), arriving(2, 2), arriving(3, 1), arriving(4, 2))
		acks := p.tokens()
		require.Len(t, acks, 4)
		assert.Empty(t, p.Got())
		require.NoError(t, p.Session.Ack(acks[2], 0))
		assert.Empty(t, p.Got(), "one before it is held")
		require.NoError(t, p.Session.Ack(acks[1], 0))
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 2}}, p.Got(), "PUBREC waits for no PUBACK")
		require.NoError(t, p.Session.Ack(acks[0], 0))
		assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 1}, &packets.Puback{PacketID: 3}}, p.Got())
		require.NoError(t, p.Session.Ack(acks[3], 0))
		assert.Len(t, p.Got(), 1)
	})
}

func TestAMessageIsAcknowledgedOnce(t *testing.T) { // [trap 23]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, holding(side))
		p.Say(arriving(1, 1), arriving(2, 1))
		acks := p.tokens()
		require.NoError(t, p.Session.Ack(acks[1], 0))
		assert.ErrorIs(t, p.Session.Ack(acks[1], 0), session.ErrStale)
		require.NoError(t, p.Session.Ack(acks[0], 0))
		assert.ErrorIs(t, p.Session.Ack(acks[0], 0), session.ErrStale)
		assert.ErrorIs(t, p.Session.Ack(acks[1], 0), session.ErrStale)
		assert.ErrorIs(t, p.Session.Ack(0, 0), session.ErrStale)
		assert.ErrorIs(t, p.Session.Ack(acks[1]+1, 0), session.ErrStale, "one that was not given out")
		assert.Len(t, p.Got(), 2)
	})
}

func TestAnAckTokenOfAnOldConnectionIsStale(t *testing.T) { // [trap 23]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
			a := holding(side)
			if v == mqttwire.V5 {
				a.Connect.Properties.SetSessionExpiryInterval(100)
			}
			p := newPeer(t, v, a)
			p.Say(arriving(1, q))
			old := p.tokens()[0]
			p.Link.Lost(p.Now, nil)
			assert.ErrorIs(t, p.Session.Ack(old, 0), session.ErrStale)

			a.Old = p.Session
			a.Connack.SessionPresent = v != mqttwire.V31 && side == mqttwire.FromClient
			p = newPeer(t, v, a)
			p.Say(again(arriving(1, q)))
			assert.ErrorIs(t, p.Session.Ack(old, 0), session.ErrStale)
			assert.Empty(t, p.Got())
			require.Len(t, p.tokens(), 1, "it comes again, as it was not acknowledged")
			require.NoError(t, p.Session.Ack(p.tokens()[0], 0))
			assert.Len(t, p.Got(), 1)
		}
	})
}

func TestAMessageOfQoS2ThatWasAcknowledgedNeverComesAgain(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		a := holding(side)
		if v == mqttwire.V5 {
			a.Connect.Properties.SetSessionExpiryInterval(100)
		}
		p := newPeer(t, v, a)
		p.Say(arriving(1, 2), arriving(2, 2))
		require.NoError(t, p.Session.Ack(p.tokens()[1], 0)) // and its PUBREC waits for the first
		p.Link.Lost(p.Now, nil)

		a.Old = p.Session
		a.Connack.SessionPresent = v != mqttwire.V31 && side == mqttwire.FromClient
		p = newPeer(t, v, a)
		p.Say(again(arriving(1, 2)), again(arriving(2, 2)))
		require.Len(t, p.tokens(), 1)
		assert.Equal(t, []byte{1}, p.All(session.Arrived)[0].Packet.(*packets.Publish).Payload)
		require.NoError(t, p.Session.Ack(p.tokens()[0], 0))
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 1}, &packets.Pubrec{PacketID: 2}}, p.Got())
	})
}

func TestARepeatedMessageThatIsHeldIsNotHandedOnTwice(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, holding(side))
		p.Say(arriving(1, 1), arriving(2, 2), again(arriving(1, 1)), again(arriving(2, 2)))
		require.Len(t, p.tokens(), 2)
		assert.Empty(t, p.Got())
		for _, a := range p.tokens() {
			require.NoError(t, p.Session.Ack(a, 0))
		}
		assert.Len(t, p.Got(), 2)
	})
}

func TestAHeldMessageMayBeRefused(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, holding(side))
		p.Say(arriving(1, 1), arriving(2, 2))
		assert.ErrorIs(t, p.Session.Ack(p.tokens()[0], mqttwire.ReasonServerMoved), session.ErrAnswer)
		for _, a := range p.tokens() {
			require.NoError(t, p.Session.Ack(a, mqttwire.ReasonQuotaExceeded))
		}
		want := code(v, mqttwire.ReasonQuotaExceeded)
		assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 1, ReasonCode: want}, &packets.Pubrec{PacketID: 2, ReasonCode: want}}, p.Got())
	})
}

func TestTheDriverMayHoldOneMessage(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	p.Feed(arriving(1, 1), arriving(2, 1))
	_, ok := p.Link.Packet()
	require.True(t, ok)
	a := p.Link.Hold(p.Now)
	p.Take()
	assert.Equal(t, a, p.tokens()[0])
	_, ok = p.Link.Packet()
	require.True(t, ok)
	p.Link.Handle(p.Now)
	assert.Empty(t, p.Got(), "the second waits for the first")
	require.NoError(t, p.Session.Ack(a, 0))
	assert.Len(t, p.Got(), 2)
}

func TestHeldMessagesCountAgainstOurReceiveMaximum(t *testing.T) {
	a := withReceiveMaximum(mqttwire.FromClient, 2)
	a.Link.Hold = true
	p := newPeer(t, mqttwire.V5, a)
	p.Say(arriving(1, 1), arriving(2, 2))
	require.NoError(t, p.Session.Ack(p.tokens()[0], 0))
	p.Got()
	p.Say(arriving(3, 1))
	_, closed := p.Link.Closed()
	assert.False(t, closed)
	p.Say(arriving(4, 1))
	assert.Equal(t, session.ReceiveMaximumExceeded, p.closed().Kind)
}

func TestAHeldMessageOfQoS2GivesItsSlotBackWithPubcomp(t *testing.T) {
	a := withReceiveMaximum(mqttwire.FromClient, 1)
	a.Link.Hold = true
	p := newPeer(t, mqttwire.V5, a)
	for id := uint16(1); id < 20; id += 2 {
		p.Say(arriving(id, 2))
		require.NoError(t, p.Session.Ack(p.tokens()[id-1], 0))
		p.Got()
		p.Say(&packets.Pubrel{PacketID: id})
		require.Len(t, p.Got(), 1)
		p.Say(arriving(id+1, 1))
		require.NoError(t, p.Session.Ack(p.tokens()[id], 0))
		require.Len(t, p.Got(), 1)
	}
}

// What a server has given to somebody else may fail there, or nobody may know. In 5.0 a code
// says so, and what came behind is acknowledged in its turn; before, the connection ends, and the
// message comes again.
func TestAMessageWhoseFateIsHeardLaterMayFail(t *testing.T) {
	for _, v := range versions {
		for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
			for _, code := range []mqttwire.ReasonCode{mqttwire.ReasonImplementationSpecificError, mqttwire.ReasonQuotaExceeded} {
				p := newPeer(t, v, holding(mqttwire.FromServer))
				p.Say(arriving(1, q), arriving(2, q), arriving(3, q))
				acks := p.tokens()
				require.NoError(t, p.Session.Ack(acks[1], code), "it is known first")
				assert.Empty(t, p.Got())
				if v != mqttwire.V5 {
					require.NoError(t, p.Link.Disconnect(p.Now, nil))
					assert.Empty(t, p.Got(), "no acknowledgement of what has failed")
					_, closed := p.Link.Closed()
					assert.True(t, closed)
					assert.ErrorIs(t, p.Session.Ack(acks[0], 0), session.ErrStale)
					continue
				}
				require.NoError(t, p.Session.Ack(acks[0], 0))
				answers := p.Got()
				require.Len(t, answers, 2)
				for i, want := range []mqttwire.ReasonCode{0, code} {
					got, _ := packets.ReasonCode(answers[i])
					assert.Equal(t, want, got)
				}
				p.Say(arriving(2, q))
				assert.Len(t, p.All(session.Arrived), 4, "its identifier is free")
			}
		}
	}
}
