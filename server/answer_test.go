package server_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// inBothModes tests a handler without a Broker and with one, and gives the function what
// the server has logged.
func inBothModes(t *testing.T, h server.Handler, speak func(t *testing.T, c *client, log *bytes.Buffer)) {
	t.Helper()
	for name, s := range map[string]*server.Server{"plain": {}, "broker": withBroker()} {
		var log bytes.Buffer
		s.Handler, s.Log = h, slog.New(slog.NewTextHandler(&log, nil))
		t.Run(name, func(t *testing.T) {
			pipe(t, s, func(t *testing.T, c *client) { speak(t, c, &log) })
		})
	}
}

// A nil pointer in a mqttwire.Packet is not nil, and is returned easily.
func TestANilPointerThatAHandlerReturnsAsksForTheUsualAnswer(t *testing.T) {
	h := server.Handler{
		Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) { return (*packets.Connack)(nil), nil },
		Publish: func(_ *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
			if p.QoS == 2 {
				return (*packets.Pubrec)(nil), nil
			}
			return (*packets.Puback)(nil), nil
		},
		PublishRelease: func(*server.Conn, *packets.Pubrel) (*packets.Pubcomp, error) { return nil, nil },
		Subscribe:      func(*server.Conn, *packets.Subscribe) (*packets.Suback, error) { return nil, nil },
		Unsubscribe:    func(*server.Conn, *packets.Unsubscribe) (*packets.Unsuback, error) { return nil, nil },
	}
	inBothModes(t, h, func(t *testing.T, c *client, log *bytes.Buffer) {
		assert.Zero(t, c.connects(mqttwire.V5, "c").ReasonCode)
		for _, p := range []mqttwire.Packet{
			&packets.Publish{Topic: []byte("b")},
			&packets.Publish{Topic: []byte("b"), QoS: 1, PacketID: 1},
			&packets.Publish{Topic: []byte("b"), QoS: 2, PacketID: 2},
			&packets.Pubrel{PacketID: 2},
			&packets.Subscribe{PacketID: 3, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}},
			&packets.Unsubscribe{PacketID: 4, Filters: [][]byte{[]byte("a")}},
		} {
			c.say(p)
			if a := packets.Acknowledge(p); a != nil {
				assert.Equal(t, a.Type(), c.next().Type())
			}
		}
		assert.NotContains(t, log.String(), "WARN")
	})
}
