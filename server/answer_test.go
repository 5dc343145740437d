package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
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

// refusals are codes of a CONNACK, and with what they refuse a client by its version.
var refusals = map[mqttwire.ReasonCode]map[mqttwire.Version]mqttwire.ReasonCode{
	0x02: {mqttwire.V31: 2, mqttwire.V311: 2, mqttwire.V5: 0x85},
	0x05: {mqttwire.V31: 5, mqttwire.V311: 5, mqttwire.V5: 0x87},
	0x10: {mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x88}, // of other packets
	0x77: {mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x88}, // of none
	0x87: {mqttwire.V31: 5, mqttwire.V311: 5, mqttwire.V5: 0x87},
	0x91: {mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x88},
	0xFF: {mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x88},
}

func TestAConnackWithACodeRefusesTheClientWhateverTheCode(t *testing.T) {
	for code, want := range refusals {
		h := server.Handler{Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) {
			return &packets.Connack{ReasonCode: code}, nil
		}}
		for v, want := range want {
			inBothModes(t, h, func(t *testing.T, c *client, log *bytes.Buffer) {
				assert.Equal(t, want, c.connects(v, "c").ReasonCode, "%v %v", code, v)
				_, err := c.Receive()
				assert.Equal(t, io.EOF, err)
				if v == mqttwire.V5 {
					assert.Equal(t, want == 0x88, strings.Contains(log.String(), "answer does not fit"), code)
				}
			})
		}
	}
}

// A handler that asks who the client is does not let in one that cannot be asked.
func TestAnAuthThatCannotBeSentRefusesTheClient(t *testing.T) {
	h := server.Handler{Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) {
		return &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}, nil
	}}
	for v, want := range map[mqttwire.Version]mqttwire.ReasonCode{mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x80} {
		inBothModes(t, h, func(t *testing.T, c *client, log *bytes.Buffer) {
			assert.Equal(t, want, c.connects(v, "c").ReasonCode, v)
			assert.Contains(t, log.String(), "answer does not fit")
		})
	}
}
