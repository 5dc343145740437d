package server_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// What comes in one piece is told of when all of it was handled, but not after a function of
// the Handler, which may wait for just that.
func TestReceiversAreToldBeforeAFunctionOfTheHandler(t *testing.T) {
	for name, test := range map[string]struct {
		packet mqttwire.Packet
		handle func(h *server.Handler, wait func())
	}{
		"Ping": {&packets.Pingreq{}, func(h *server.Handler, wait func()) {
			h.Ping = func(*server.Conn) bool { wait(); return true }
		}},
		"Unsubscribe": {&packets.Unsubscribe{PacketID: 1, Filters: [][]byte{[]byte("a")}}, func(h *server.Handler, wait func()) {
			h.Unsubscribe = func(*server.Conn, *packets.Unsubscribe) (*packets.Unsuback, error) { wait(); return nil, nil }
		}},
		"Disconnect": {&packets.Disconnect{}, func(h *server.Handler, wait func()) {
			h.Disconnect = func(*server.Conn, *packets.Disconnect) { wait() }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			came := make(chan struct{})
			s := withBroker()
			test.handle(&s.Handler, func() { <-came })
			address := serves(t, s)
			defer close(came)
			to, from := dial(t, address), dial(t, address)
			to.connects(mqttwire.V311, "to")
			to.subscribes("#", 0)
			from.connects(mqttwire.V311, "from")
			piece, err := (&packets.Publish{Topic: []byte("a"), Payload: []byte("hello")}).Append(nil, mqttwire.V311)
			require.NoError(t, err)
			piece, err = test.packet.Append(piece, mqttwire.V311)
			require.NoError(t, err)
			_, err = from.conn.Write(piece)
			require.NoError(t, err)
			m, ok := to.next().(*packets.Publish)
			require.True(t, ok)
			assert.Equal(t, "hello", string(m.Payload))
		})
	}
}
