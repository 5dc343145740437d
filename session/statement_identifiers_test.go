package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// asking returns a SUBSCRIBE of the filters.
func asking(id uint16, filters ...string) *packets.Subscribe {
	q := &packets.Subscribe{PacketID: id}
	for _, f := range filters {
		q.Subscriptions = append(q.Subscriptions, packets.Subscription{Filter: []byte(f), QoS: 1})
	}
	return q
}

// leaving returns an UNSUBSCRIBE of the filters.
func leaving(id uint16, filters ...string) *packets.Unsubscribe {
	q := &packets.Unsubscribe{PacketID: id}
	for _, f := range filters {
		q.Filters = append(q.Filters, []byte(f))
	}
	return q
}

func TestWhatHasBegunAndHasNotEndedHasAnIdentifierOfItsOwn(t *testing.T) { // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		seen := map[uint16]bool{0: true}
		fresh := func(want int) (ids []uint16) {
			list := p.Got()
			require.Len(t, list, want)
			for _, packet := range list {
				id, _ := packets.PacketID(packet)
				require.False(t, seen[id], id)
				seen[id] = true
				ids = append(ids, id)
			}
			return ids
		}
		for range 5 {
			p.publish("x", 1)
			p.publish("x", 2)
			if side == mqttwire.FromServer {
				fresh(2)
				continue
			}
			_, err := p.Session.Subscribe(p.Now, asking(0, "a"))
			require.NoError(t, err)
			_, err = p.Session.Unsubscribe(p.Now, leaving(0, "a"))
			require.NoError(t, err)
			fresh(4)
		}
		p.publish("x", 2)
		id := fresh(1)[0]
		p.Say(&packets.Pubrec{PacketID: id})
		p.Got()
		p.publish("x", 1)
		fresh(1) // PUBREC has not made it free
	})
}

func TestAnIdentifierIsFreeWhenItsExchangeHasEnded(t *testing.T) { // [MQTT-2.3.1-3]
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromClient})
		p.publish("x", 1)
		p.publish("x", 2)
		p.Got()
		_, err := p.Session.Subscribe(p.Now, asking(0, "a"))
		require.NoError(t, err)
		p.Got()
		_, err = p.Session.Unsubscribe(p.Now, leaving(0, "a"))
		require.NoError(t, err)
		p.Got()
		used := func(want int) { t.Helper(); assert.Equal(t, want, p.Session.Stats().IDs, v) }
		used(4)
		p.Say(&packets.Puback{PacketID: 1})
		used(3)
		p.Say(&packets.Pubrec{PacketID: 2})
		used(3)
		p.Say(&packets.Pubcomp{PacketID: 2})
		used(2)
		p.Say(&packets.Suback{PacketID: 3, ReasonCodes: []mqttwire.ReasonCode{1}})
		used(1)
		unsuback := &packets.Unsuback{PacketID: 4}
		if v == mqttwire.V5 {
			unsuback.ReasonCodes = []mqttwire.ReasonCode{0}
		}
		p.Say(unsuback)
		used(0)
	}
}

func TestAnAnswerHasTheIdentifierOfWhatItAnswers(t *testing.T) { // [MQTT-2.2.1-5] [MQTT-2.2.1-6] [MQTT-3.8.4-2] [MQTT-3.10.4-5]
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		p.Say(arriving(301, 1), arriving(302, 2), &packets.Pubrel{PacketID: 302}, asking(303, "a"), leaving(304, "a"))
		p.publish("x", 2)
		var types []mqttwire.PacketType
		var ids []uint16
		for _, packet := range p.Got() {
			id, _ := packets.PacketID(packet)
			types, ids = append(types, packet.Type()), append(ids, id)
		}
		assert.Equal(t, []mqttwire.PacketType{mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBCOMP, mqttwire.SUBACK,
			mqttwire.UNSUBACK, mqttwire.PUBLISH}, types)
		assert.Equal(t, []uint16{301, 302, 302, 303, 304, 1}, ids)
		p.Say(&packets.Pubrec{PacketID: 1})
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrel{PacketID: 1}}, p.Got())
	}
}
