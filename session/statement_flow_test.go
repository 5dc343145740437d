package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// taking describes a Link whose peer takes so many messages at once.
func taking(side mqttwire.Sender, n uint16) against {
	a := lasting(side, mqttwire.V5)
	if side == mqttwire.FromServer {
		a.Connect.Properties.SetReceiveMaximum(n)
	} else {
		a.Connack.Properties.SetReceiveMaximum(n)
	}
	return a
}

func TestTheQuotaBeginsAtTheReceiveMaximumWithEachConnection(t *testing.T) { // [MQTT-4.9.0-1] [MQTT-4.9.0-2]
	for _, side := range sides {
		for _, n := range []uint16{1, 2, 7} {
			a := taking(side, n)
			p := newPeer(t, mqttwire.V5, a)
			for range 10 {
				p.publish("x", 1)
			}
			require.Len(t, p.Got(), int(n))
			assert.Empty(t, p.Got())
			p = p.back(a)
			require.Len(t, p.Opened, int(n))
			for id := uint16(1); id <= 10-n; id++ {
				p.Say(&packets.Puback{PacketID: id})
				require.Len(t, p.Got(), 1, "one slot")
			}
		}
	}
}

func TestWithoutAQuotaOnlyPublishWaits(t *testing.T) { // [MQTT-3.3.4-8] [MQTT-3.3.4-10] [MQTT-4.9.0-3]
	for _, side := range sides {
		p := newPeer(t, mqttwire.V5, taking(side, 2))
		p.publish("x", 2)
		p.publish("x", 1)
		p.publish("waits", 1)
		require.Len(t, p.Got(), 2)
		p.Say(arriving(31, 1), arriving(32, 2), &packets.Pubrel{PacketID: 32}, &packets.Pubrec{PacketID: 1})
		want := []mqttwire.Packet{&packets.Puback{PacketID: 31}, &packets.Pubrec{PacketID: 32}, &packets.Pubcomp{PacketID: 32}, &packets.Pubrel{PacketID: 1}}
		assert.Equal(t, want, p.Got())
		assert.Len(t, p.All(session.Arrived), 2)
		if side == mqttwire.FromServer {
			p.Say(asking(33, "a"), leaving(34, "a"), &packets.Pingreq{})
			assert.Len(t, p.Got(), 3)
		} else {
			_, err := p.Session.Subscribe(p.Now, asking(0, "a"))
			require.NoError(t, err)
			_, err = p.Session.Unsubscribe(p.Now, leaving(0, "a"))
			require.NoError(t, err)
			assert.Len(t, p.Got(), 2)
		}
		assert.Equal(t, 1, p.Session.Stats().Waiting)
		require.NoError(t, p.Link.Disconnect(p.Now, nil))
		assert.Equal(t, []mqttwire.Packet{&packets.Disconnect{}}, p.Got())
	}
}
