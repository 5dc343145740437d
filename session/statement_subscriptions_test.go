package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// granted returns the filters that a session has with their QoS.
func granted(s *session.Session) (list []string) {
	for sub := range s.Subscriptions() {
		list = append(list, string(sub.Filter)+" "+sub.QoS.String())
	}
	return list
}

func TestASubscribeHasOneSubackWithACodeForEachFilterInTheirOrder(t *testing.T) { // [MQTT-3.8.4-1] [MQTT-3.8.4-5] to [MQTT-3.8.4-7] [MQTT-3.9.3-1]
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer, Session: session.Options{Subscriptions: session.Bounds{Count: 3}}})
		q := asking(5, "d", "a", "c", "b", "d")
		for i := range q.Subscriptions {
			q.Subscriptions[i].QoS = mqttwire.QoS(i % 3)
		}
		p.Say(q)
		full := map[mqttwire.Version]mqttwire.ReasonCode{mqttwire.V31: 0, mqttwire.V311: 0x80, mqttwire.V5: 0x97}[v]
		want := &packets.Suback{PacketID: 5, ReasonCodes: []mqttwire.ReasonCode{0, 1, 2, full, 1}}
		assert.Equal(t, []mqttwire.Packet{want}, p.Got())
		assert.Equal(t, []string{"d QoS 1", "a QoS 1", "c QoS 2"}, granted(p.Session), "as five packets would")
		assert.Len(t, p.All(session.Subscribe), 1)
	}
}

func TestAServerThatDoesNotSendQoS2GrantsLess(t *testing.T) { // [MQTT-3.2.2-10]
	for most := mqttwire.AtMostOnce; most <= mqttwire.AtLeastOnce; most++ {
		a := against{Side: mqttwire.FromServer}
		a.Connack.Properties.SetMaximumQoS(most)
		p := newPeer(t, mqttwire.V5, a)
		for q := range mqttwire.QoS(3) {
			s := asking(5, "a")
			s.Subscriptions[0].QoS = q
			p.Say(s)
			want := &packets.Suback{PacketID: 5, ReasonCodes: []mqttwire.ReasonCode{mqttwire.ReasonCode(min(q, most))}}
			assert.Equal(t, []mqttwire.Packet{want}, p.Got())
			assert.Equal(t, []string{"a " + min(q, most).String()}, granted(p.Session))
		}
	}
}

func TestASubscriptionWithTheSameFilterIsReplaced(t *testing.T) { // [MQTT-3.8.4-3]
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		p.Say(asking(5, "a", "b"))
		p.publish("x", 1)
		p.publish("x", 2)
		require.Len(t, p.Got(), 3)
		q := asking(6, "a", "A")
		q.Subscriptions[0].QoS = 2
		p.Say(q)
		require.Len(t, p.Got(), 1)
		assert.Equal(t, []string{"a QoS 2", "b QoS 1", "A QoS 1"}, granted(p.Session))
		assert.Equal(t, 2, p.Session.Stats().InFlight, "the flow goes on")
	}
}

func TestAnUnsubscribeTakesOutTheSameFiltersAndIsAnsweredInAnyCase(t *testing.T) { // [MQTT-3.10.4-1] [MQTT-3.10.4-4] to [MQTT-3.10.4-6] [MQTT-3.11.3-1]
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		p.Say(asking(5, "a/+", "a/b", "A/b", "a/#", "é"))
		p.Got()
		answer := func(id uint16, codes ...mqttwire.ReasonCode) []mqttwire.Packet {
			a := &packets.Unsuback{PacketID: id}
			if v == mqttwire.V5 {
				a.ReasonCodes = codes
			}
			return []mqttwire.Packet{a}
		}
		const none = mqttwire.ReasonNoSubscriptionExisted
		p.Say(leaving(6, "e\u0301", "a", "+/b", "a/b/"))
		assert.Equal(t, answer(6, none, none, none, none), p.Got())
		assert.Len(t, granted(p.Session), 5)
		p.Say(leaving(7, "x", "a/b", "a/#", "a/b", "é"))
		assert.Equal(t, answer(7, none, 0, 0, none, 0), p.Got())
		assert.Equal(t, []string{"a/+ QoS 1", "A/b QoS 1"}, granted(p.Session))
		assert.Len(t, p.All(session.Unsubscribe), 2)
	}
}

func TestWhatWasBegunIsFinishedAfterAnUnsubscribe(t *testing.T) { // [MQTT-3.10.4-3]
	for _, v := range versions {
		a := lasting(mqttwire.FromServer, v)
		p := newPeer(t, v, a)
		p.Say(asking(5, "t"))
		p.publish("x", 1)
		p.publish("x", 2)
		p.Got()
		p.Say(leaving(6, "t"))
		require.Len(t, p.Got(), 1)
		p = p.back(a)
		require.Equal(t, []mqttwire.Packet{outgoing(1, 1, true), outgoing(2, 2, true)}, p.Opened)
		p.Say(&packets.Puback{PacketID: 1}, &packets.Pubrec{PacketID: 2})
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrel{PacketID: 2}}, p.Got())
		p.Say(&packets.Pubcomp{PacketID: 2})
		assert.Len(t, p.All(session.Done), 2)
	}
}

func TestAMessageHasTheSubscriptionIdentifiersOfItsOwnReceiverAlone(t *testing.T) { // [MQTT-3.3.4-3] [MQTT-3.3.4-4]
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	ids := [][]uint32{{7}, nil, {8, 9}, nil, {10}}
	for _, list := range ids {
		_, err := p.Session.Publish(p.Now, message("t", "m"), session.Delivery{SubscriptionIDs: list})
		require.NoError(t, err)
	}
	sent := p.Got()
	require.Len(t, sent, len(ids))
	for i, packet := range sent {
		var got []uint32
		for id := range packets.PropertiesOf(packet).SubscriptionIDs() {
			got = append(got, id)
		}
		assert.Equal(t, ids[i], got)
	}
}
