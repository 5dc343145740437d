package client_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// TestHowAConnectionHasEndedIsTold: by an error that names the statement if the server has
// broken a rule, and the server gets the code.
func TestHowAConnectionHasEndedIsTold(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(b *broker)
		want string
		code mqttwire.ReasonCode
	}{
		{"a QoS that there is not", func(b *broker) { _, _ = b.of("c").conn.Write([]byte{0x36, 4, 0, 1, 't', 0}) },
			"MQTT-3.3.1-4", mqttwire.ReasonMalformedPacket},
		{"an answer to nothing", func(b *broker) { b.of("c").send(&packets.Connack{}) },
			"MQTT-3.2.0-2", mqttwire.ReasonProtocolError},
		{"its DISCONNECT", func(b *broker) {
			b.of("c").disconnect(&packets.Disconnect{ReasonCode: mqttwire.ReasonAdministrativeAction})
		},
			"0x98", 0},
		{"it says nothing more", func(b *broker) { b.mute(nil) }, "answer", 0},
		{"the link is cut", func(b *broker) { b.cut() }, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				c, err := client.New("mqtt://broker", client.Options{ClientID: "c", Dialer: b.dial})
				require.NoError(t, err)
				var log eventLog
				offline := make(chan struct{})
				c.On(client.Events{
					Error:   func(_ *client.Client, err error) { log.add("%v", err) },
					Offline: func(*client.Client) { log.add("offline"); close(offline) },
				})
				require.NoError(t, c.Connect(t.Context()))
				test.end(b)
				<-offline
				synctest.Wait()
				b.set(func() { b.silent = false })
				got := log.all()
				if test.want == "" {
					assert.Equal(t, []string{"offline"}, got)
				} else {
					assert.Contains(t, got[0], test.want)
					assert.Contains(t, got[0], "mqtt://broker:1883")
					assert.Equal(t, "offline", got[1])
				}
				var codes []mqttwire.ReasonCode
				for _, p := range packetsOf[*packets.Disconnect](b) {
					codes = append(codes, p.ReasonCode)
				}
				if test.code != 0 {
					assert.Equal(t, []mqttwire.ReasonCode{test.code}, codes)
				} else {
					assert.Empty(t, codes)
				}
				require.NoError(t, c.Close(t.Context()))
			})
		})
	}
}
