package session_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestPubrelsLeaveInTheOrderOfThePubrecs(t *testing.T) { // [MQTT-4.6.0-4]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		a := lasting(side, v)
		p := newPeer(t, v, a)
		for range 4 {
			p.publish("x", 2)
		}
		p.Got()
		order := []uint16{3, 1, 4, 2}
		ids := func(list []mqttwire.Packet) (ids []uint16) {
			for _, packet := range list {
				ids = append(ids, packet.(*packets.Pubrel).PacketID)
			}
			return ids
		}
		for _, id := range order {
			p.Say(&packets.Pubrec{PacketID: id})
		}
		assert.Equal(t, order, ids(p.Got()))
		assert.Equal(t, order, ids(p.back(a).Opened), "also on the next connection")
	})
}

func TestAcknowledgementsLeaveInTheOrderOfTheMessages(t *testing.T) { // [MQTT-4.6.0-2] [MQTT-4.6.0-3]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		var want []mqttwire.Packet
		for _, id := range []uint16{9, 2, 30, 7, 5} {
			p.Say(arriving(id, 1), arriving(id+100, 2))
			want = append(want, &packets.Puback{PacketID: id}, &packets.Pubrec{PacketID: id + 100})
		}
		assert.Equal(t, want, p.Got())
	})
}

func TestMessagesGoOutInTheOrderInWhichTheyWerePublished(t *testing.T) { // [MQTT-4.6.0-5] [MQTT-4.6.0-6]
	for _, v := range versions {
		for q := range mqttwire.QoS(3) {
			p := newPair(t, v, session.Options{}, session.Options{InFlight: 3, QueueQoS0: true})
			if v == mqttwire.V5 {
				p.connect.Properties.SetSessionExpiryInterval(1000)
			}
			p.open()
			var want []string
			for i := range 40 {
				switch i {
				case 7:
					p.run()
				case 10: // what is in flight comes again
					p.write(&p.server)
					p.cut()
				case 20:
					p.reopen()
				}
				if q > 0 || i < 7 || i >= 10 { // what was written of QoS 0 is gone
					want = append(want, fmt.Sprint("t ", i))
				}
				p.publish(&p.server, fmt.Sprint(i), q)
			}
			p.run()
			assert.Equal(t, want, p.client.got, "%s %s", v, q)
		}
	}
}
