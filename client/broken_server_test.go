package client_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// What a server says that it may not, and what becomes of it: the client ends the
// connection with a code, or lets it pass, as one answer too many does no harm; and then it
// works as before. Who does not speak MQTT gets no DISCONNECT.
func TestAfterWhatAServerMayNotSayTheClientWorksOn(t *testing.T) {
	message := packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: 2, PacketID: 7}
	again := message
	again.Dup = true
	for name, test := range map[string]struct {
		says        []mqttwire.Packet
		bytes       string
		connections int
		code        mqttwire.ReasonCode // of the DISCONNECT
		handled     int
	}{
		"a second CONNACK":              {says: []mqttwire.Packet{&packets.Connack{}}, connections: 2, code: mqttwire.ReasonProtocolError},
		"PINGRESP unasked":              {says: []mqttwire.Packet{&packets.Pingresp{}}, connections: 1},
		"SUBACK unasked":                {says: []mqttwire.Packet{&packets.Suback{PacketID: 9, ReasonCodes: []mqttwire.ReasonCode{0}}}, connections: 1},
		"UNSUBACK unasked":              {says: []mqttwire.Packet{&packets.Unsuback{PacketID: 9, ReasonCodes: []mqttwire.ReasonCode{0}}}, connections: 1},
		"PUBACK unasked":                {says: []mqttwire.Packet{&packets.Puback{PacketID: 9}}, connections: 1},
		"PUBREC unasked":                {says: []mqttwire.Packet{&packets.Pubrec{PacketID: 9}}, connections: 1},
		"PUBREL unasked":                {says: []mqttwire.Packet{&packets.Pubrel{PacketID: 9}}, connections: 1},
		"PUBCOMP unasked":               {says: []mqttwire.Packet{&packets.Pubcomp{PacketID: 9}}, connections: 1},
		"QoS 2 twice":                   {says: []mqttwire.Packet{&message, &again}, connections: 1, handled: 1},
		"QoS 2 twice without DUP":       {says: []mqttwire.Packet{&message, &message}, connections: 1, handled: 1},
		"a packet of clients":           {bytes: "\xc0\x00", connections: 2, code: mqttwire.ReasonProtocolError},
		"a packet type that is none":    {bytes: "\x00\x00", connections: 2, code: mqttwire.ReasonMalformedPacket},
		"no MQTT":                       {bytes: "HTTP/1.1 400 Bad Request\r\n\r\n", connections: 2},
		"an identifier of 0":            {bytes: "\x32\x07\x00\x01a\x00\x00\x00m", connections: 2, code: mqttwire.ReasonProtocolError},
		"QoS 3":                         {bytes: "\x36\x07\x00\x01a\x00\x01\x00m", connections: 2, code: mqttwire.ReasonMalformedPacket},
		"a topic with a wildcard":       {bytes: "\x30\x05\x00\x01#\x00m", connections: 2, code: mqttwire.ReasonMalformedPacket},
		"an alias that was never set":   {bytes: "\x30\x07\x00\x00\x03\x23\x00\x01m", connections: 2, code: mqttwire.ReasonProtocolError},
		"an alias above the maximum":    {bytes: "\x30\x08\x00\x01a\x03\x23\x00\x63m", connections: 2, code: mqttwire.ReasonTopicAliasInvalid},
		"a length of five bytes":        {bytes: "\x30\xff\xff\xff\xff\x01", connections: 2, code: mqttwire.ReasonMalformedPacket},
		"more than the client can take": {bytes: "\x30\xff\xff\xff\x7f", connections: 2, code: mqttwire.ReasonPacketTooLarge},
		"AUTH without a method":         {bytes: "\xf0\x02\x18\x00", connections: 2, code: mqttwire.ReasonProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				handled := 0
				c, err := client.Dial(t.Context(), "mqtt://x", client.Options{
					ClientID: "c", Version: mqttwire.V5, Expiry: time.Hour, Dialer: b.dial, TopicAliases: 10,
					Backoff: client.Backoff{Min: time.Second}, OnMessage: func(*client.Message) { handled++ },
				})
				require.NoError(t, err)
				at := b.of("c")
				at.send(test.says...)
				_, _ = at.conn.Write([]byte(test.bytes))
				pass(time.Minute)
				require.NoError(t, c.Publish(t.Context(), "b", nil, client.QoS(1)))
				var code mqttwire.ReasonCode
				connections := 0
				b.set(func() {
					connections = len(b.all)
					for _, p := range b.got {
						if d, ok := p.(*packets.Disconnect); ok {
							code = d.ReasonCode
						}
					}
				})
				assert.Equal(t, test.connections, connections, "connections")
				assert.Equal(t, test.code, code)
				assert.Equal(t, test.handled, handled)
				require.NoError(t, c.Close(t.Context()))
			})
		})
	}
}
