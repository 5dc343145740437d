package client_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// beyond connects a client whose handler takes its time, to a server that then sends 150
// messages where 100 may be under way, as mosquitto 2.0 does out of its queue. It returns
// how many were handled after an hour, and how often the client has connected.
func beyond(t *testing.T, o client.Options) (handled, connections int, last mqttwire.ReasonCode) {
	b := newBroker()
	o.Version, o.ClientID, o.Dialer, o.Expiry = mqttwire.V5, "c", b.dial, time.Hour
	o.OnMessage = func(*client.Message) { handled++; time.Sleep(time.Second) }
	c, err := client.New("mqtt://broker", o)
	require.NoError(t, err)
	require.NoError(t, c.Connect(t.Context()))
	server := b.of("c")
	for id := range uint16(150) {
		server.send(&packets.Publish{Topic: []byte("t"), Payload: make([]byte, 500), QoS: 1, PacketID: id + 1})
	}
	pass(time.Hour)
	b.set(func() {
		for _, p := range b.got {
			if d, ok := p.(*packets.Disconnect); ok {
				last = d.ReasonCode
			}
		}
		connections = len(b.all)
	})
	require.NoError(t, c.Close(t.Context()))
	return handled, connections, last
}

func TestAServerMaySendMoreThanReceiveMaximum(t *testing.T) { // [trap 14]
	bubble(t, func(t *testing.T) {
		handled, connections, _ := beyond(t, client.Options{})
		assert.Equal(t, 150, handled)
		assert.Equal(t, 1, connections)
	})
}

func TestAServerMayNotSendMoreThanReceiveMaximumToAStrictClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, _, code := beyond(t, client.Options{Strict: true})
		assert.Equal(t, mqttwire.ReasonReceiveMaximumExceeded, code)
	})
}

func TestAServerThatSendsMoreThanReceiveMaximumStaysWithinTheBytes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, connections, _ := beyond(t, client.Options{Inbound: session.Bounds{Bytes: 60_000}})
		assert.Greater(t, connections, 1)
	})
}
