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

// lasting describes a Link whose session outlives the connection.
func lasting(side mqttwire.Sender, v mqttwire.Version) against {
	a := against{Side: side}
	if v == mqttwire.V5 {
		a.Connect.Properties.SetSessionExpiryInterval(1000)
	}
	return a
}

// back lets the connection end, and returns the peer of the next one, with the session
// present.
func (p *peer) back(a against) *peer {
	p.Link.Lost(p.Now, nil)
	p.Take()
	a.Old, a.Now = p.Session, p.Now
	a.Connack.SessionPresent = a.Side == mqttwire.FromClient && p.v != mqttwire.V31
	return newPeer(p.t, p.v, a)
}

// inShort returns packets by type and reason code, as their Reason String is for people.
func inShort(list []mqttwire.Packet) (short []string) {
	for _, packet := range list {
		c, _ := packets.ReasonCode(packet)
		short = append(short, fmt.Sprintf("%s 0x%02X", packet.Type(), byte(c)))
	}
	return short
}

// outgoing returns the PUBLISH that a Link sends of the message "x".
func outgoing(id uint16, q mqttwire.QoS, dup bool) *packets.Publish {
	return &packets.Publish{Topic: []byte("t"), Payload: []byte("x"), PacketID: id, QoS: q, Dup: dup}
}

func TestAMessageOfQoS1IsUnacknowledgedUntilItsPuback(t *testing.T) { // [MQTT-4.3.2-2] [MQTT-4.3.2-3] [MQTT-3.3.1-1]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		a := lasting(side, v)
		p := newPeer(t, v, a)
		p.publish("x", 1)
		require.Equal(t, []mqttwire.Packet{outgoing(1, 1, false)}, p.Got())
		for range 3 {
			p = p.back(a)
			require.Equal(t, []mqttwire.Packet{outgoing(1, 1, true)}, p.Opened)
			assert.Equal(t, 1, p.Session.Stats().InFlight)
		}
		p.Say(&packets.Puback{PacketID: 1})
		assert.Zero(t, p.Session.Stats().InFlight+p.Session.Stats().IDs)
		assert.Empty(t, p.back(a).Opened)
	})
}

func TestAMessageOfQoS2IsUnacknowledgedUntilItsPubrecAndItsPubrelUntilItsPubcomp(t *testing.T) { // [MQTT-4.3.3-2] to [MQTT-4.3.3-6]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		a := lasting(side, v)
		p := newPeer(t, v, a)
		p.publish("x", 2)
		require.Equal(t, []mqttwire.Packet{outgoing(1, 2, false)}, p.Got())
		for range 2 {
			p = p.back(a)
			require.Equal(t, []mqttwire.Packet{outgoing(1, 2, true)}, p.Opened)
		}
		p.Say(&packets.Pubrec{PacketID: 1})
		require.Equal(t, []mqttwire.Packet{&packets.Pubrel{PacketID: 1}}, p.Got())
		for range 2 {
			p = p.back(a)
			// In 3.1 a PUBREL that is sent again has DUP.
			require.Equal(t, []mqttwire.Packet{&packets.Pubrel{PacketID: 1, Dup: v == mqttwire.V31}}, p.Opened, "and no PUBLISH any more")
			assert.Equal(t, 1, p.Session.Stats().Released)
		}
		p.Say(&packets.Pubcomp{PacketID: 1})
		assert.Zero(t, p.Session.Stats().Released+p.Session.Stats().IDs)
		assert.Empty(t, p.back(a).Opened)
	})
}

func TestNothingIsSentAgainOnTheSameConnection(t *testing.T) { // [MQTT-4.4.0-1]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, lasting(side, v))
		p.publish("x", 1)
		p.publish("x", 2)
		p.publish("x", 2)
		p.Got()
		p.Say(&packets.Pubrec{PacketID: 3})
		require.Len(t, p.Got(), 1)
		for range 10 {
			p.Now = p.Now.Add(time.Hour)
			p.Link.Tick(p.Now)
			p.Say(arriving(1, 0))
			assert.Empty(t, p.Got())
		}
	})
}

func TestAMessageThatWasRefusedIsNotSentAgain(t *testing.T) { // [MQTT-4.4.0-2]
	for _, side := range sides {
		a := lasting(side, mqttwire.V5)
		p := newPeer(t, mqttwire.V5, a)
		p.publish("x", 1)
		p.publish("x", 2)
		require.Len(t, p.Got(), 2)
		p.Say(&packets.Puback{PacketID: 1, ReasonCode: mqttwire.ReasonQuotaExceeded},
			&packets.Pubrec{PacketID: 2, ReasonCode: mqttwire.ReasonQuotaExceeded})
		assert.Empty(t, p.Got(), "no PUBREL")
		assert.Empty(t, p.back(a).Opened)
	}
}

func TestTheAnswerToAMessageFollowsItsQoS(t *testing.T) { // [MQTT-3.3.4-1] [MQTT-4.5.0-2]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		p.Say(arriving(0, 0))
		assert.Empty(t, p.Got())
		p.Say(arriving(8, 1))
		assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 8}}, p.Got())
		p.Say(arriving(9, 2))
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 9}}, p.Got())
		assert.Len(t, p.All(session.Arrived), 3)
		p.Feed(arriving(10, 1), arriving(11, 2)) // whose events nobody takes
		for _, ok := p.Link.Packet(); ok; _, ok = p.Link.Packet() {
			p.Link.Handle(p.Now)
		}
		assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 10}, &packets.Pubrec{PacketID: 11}}, p.Got())
	})
}

func TestAfterItsPubackAnIdentifierIsOfANewMessageWhateverDupSays(t *testing.T) { // [MQTT-4.3.2-4] [MQTT-4.3.2-5]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		for i, m := range []*packets.Publish{arriving(700, 1), again(arriving(700, 1)), arriving(700, 1)} {
			p.Say(m)
			assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 700}}, p.Got())
			assert.Len(t, p.All(session.Arrived), i+1)
		}
	})
}

func TestAMessageOfQoS2IsHandedOnOnceUntilItsPubrel(t *testing.T) { // [MQTT-4.3.3-8] [MQTT-4.3.3-10] to [MQTT-4.3.3-12]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		a := lasting(side, v)
		p := newPeer(t, v, a)
		handedOn := 0
		for range 3 { // with the same identifier
			p.Say(arriving(700, 2), again(arriving(700, 2)))
			rec := &packets.Pubrec{PacketID: 700}
			assert.Equal(t, []mqttwire.Packet{rec, rec}, p.Got())
			handedOn += len(p.All(session.Arrived))
			p = p.back(a)
			p.Say(again(arriving(700, 2)), &packets.Pubrel{PacketID: 700})
			assert.Equal(t, []mqttwire.Packet{rec, &packets.Pubcomp{PacketID: 700}}, p.Got())
			handedOn += len(p.All(session.Arrived))
			p.Events = nil
		}
		assert.Equal(t, 3, handedOn)
	})
}

func TestAfterAPubrecThatRefusesAnIdentifierIsOfANewMessage(t *testing.T) { // [MQTT-4.3.3-9]
	for _, side := range sides {
		p := newPeer(t, mqttwire.V5, against{Side: side})
		for i := range 3 {
			p.show(arriving(700, 2))
			require.NoError(t, p.Link.Answer(p.Now, &packets.Pubrec{PacketID: 700, ReasonCode: mqttwire.ReasonNotAuthorized}))
			p.Take()
			assert.Len(t, p.Got(), 1)
			assert.Len(t, p.All(session.Arrived), i+1)
		}
		p.Say(arriving(700, 2))
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 700}}, p.Got())
		assert.Len(t, p.All(session.Arrived), 4)
	}
}

func TestAnExchangeThatHasBegunGoesOnThoughItsMessageHasExpired(t *testing.T) { // [MQTT-4.3.3-13]
	for _, side := range sides {
		p := newPeer(t, mqttwire.V5, against{Side: side})
		m := arriving(7, 2)
		m.Properties.SetMessageExpiryInterval(1)
		p.Say(m)
		require.Len(t, p.Got(), 1)
		p.Now = p.Now.Add(time.Hour)
		p.Say(again(m), &packets.Pubrel{PacketID: 7})
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 7}, &packets.Pubcomp{PacketID: 7}}, p.Got())
	}
}

func TestDupSaysOnlyWhetherThisPublishIsSentAgain(t *testing.T) { // [MQTT-3.3.1-3]
	for _, v := range versions {
		a := lasting(mqttwire.FromServer, v)
		p := newPeer(t, v, a)
		came := again(arriving(300, 1))
		_, err := p.Session.Publish(p.Now, session.NewMessage(p.Now, came), session.Delivery{QoS: 1})
		require.NoError(t, err)
		got := p.Got()
		require.Len(t, got, 1)
		assert.False(t, got[0].(*packets.Publish).Dup, "though it came with DUP")
		assert.Equal(t, uint16(1), got[0].(*packets.Publish).PacketID)
		p = p.back(a)
		require.Len(t, p.Opened, 1)
		assert.True(t, p.Opened[0].(*packets.Publish).Dup)
	}
}
