package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestAMessageGoesOutWithThePropertiesThatItCameWith(t *testing.T) { // [MQTT-3.3.2-4] [MQTT-3.3.2-15] to [MQTT-3.3.2-18] [MQTT-3.3.2-20]
	came := arriving(9, 2)
	came.Properties.SetPayloadFormatIndicator(1)
	came.Properties.SetResponseTopic([]byte("answers"))
	came.Properties.SetCorrelationData([]byte{0, 1, 255})
	came.Properties.SetContentType([]byte("text/plain"))
	for _, name := range []string{"z", "a", "z", "m"} {
		came.Properties.AddUser([]byte(name), []byte("1"))
	}
	from := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	from.Say(came)
	require.Len(t, from.All(session.Arrived), 1)
	m := session.NewMessage(from.Now, from.All(session.Arrived)[0].Packet.(*packets.Publish))
	a := lasting(mqttwire.FromServer, mqttwire.V5)
	to := newPeer(t, mqttwire.V5, a)
	_, err := to.Session.Publish(to.Now, m, session.Delivery{QoS: 1})
	require.NoError(t, err)
	first := to.Got()
	again := to.back(a).Opened
	for _, list := range [][]mqttwire.Packet{first, again} {
		require.Len(t, list, 1)
		got := list[0].(*packets.Publish)
		assert.Equal(t, came.Properties.Bytes(), got.Properties.Bytes())
		assert.Equal(t, came.Payload, got.Payload)
	}
}

func TestAMessageCarriesTheSubscriptionIdentifiersThatItIsGiven(t *testing.T) { // [MQTT-3.3.4-3] to [MQTT-3.3.4-5]
	for _, want := range [][]uint32{nil, {7}, {7, 1, 268435455}} {
		a := lasting(mqttwire.FromServer, mqttwire.V5)
		p := newPeer(t, mqttwire.V5, a)
		_, err := p.Session.Publish(p.Now, message("t", "x"), session.Delivery{QoS: 1, SubscriptionIDs: want})
		require.NoError(t, err)
		first := p.Got()
		for _, list := range [][]mqttwire.Packet{first, p.back(a).Opened} {
			require.Len(t, list, 1)
			var ids []uint32
			for id := range list[0].(*packets.Publish).Properties.SubscriptionIDs() {
				ids = append(ids, id)
			}
			assert.Equal(t, want, ids)
		}
	}
}

func TestAClientSendsNoSubscriptionIdentifierWithAMessage(t *testing.T) { // [MQTT-3.3.4-6]
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
	_, err := p.Session.Publish(p.Now, message("t", "x"), session.Delivery{QoS: 1, SubscriptionIDs: []uint32{7}})
	require.ErrorIs(t, err, session.ErrState)
	came := arriving(9, 1) // with one, from its server
	came.Properties.AddSubscriptionID(7)
	p.Say(came)
	p.Got()
	_, err = p.Session.Publish(p.Now, session.NewMessage(p.Now, p.All(session.Arrived)[0].Packet.(*packets.Publish)), session.Delivery{QoS: 1})
	require.NoError(t, err)
	got := p.Got()
	require.Len(t, got, 1)
	assert.Empty(t, got[0].(*packets.Publish).Properties.Bytes())
}

func TestRetainIsWhatTheDeliverySays(t *testing.T) { // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
	for _, v := range versions {
		for _, came := range []bool{false, true} {
			for _, retain := range []bool{false, true} {
				a := lasting(mqttwire.FromServer, v)
				p := newPeer(t, v, a)
				m := session.NewMessage(p.Now, &packets.Publish{Topic: []byte("t"), Retain: came})
				_, err := p.Session.Publish(p.Now, m, session.Delivery{QoS: 1, Retain: retain})
				require.NoError(t, err)
				first := p.Got()
				for _, list := range [][]mqttwire.Packet{first, p.back(a).Opened} {
					require.Len(t, list, 1)
					assert.Equal(t, retain, list[0].(*packets.Publish).Retain)
				}
			}
		}
	}
}
