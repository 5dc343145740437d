package server_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// versions are all that a connection may have.
var versions = []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5}

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// client is one that speaks packet by packet.
type client struct {
	t    testing.TB
	conn net.Conn
	*packets.Stream
}

func newClient(t testing.TB, conn net.Conn) *client {
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &client{t, conn, packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})}
}

// next returns the next packet that comes.
func (c *client) next() mqttwire.Packet {
	c.t.Helper()
	p, err := c.Receive()
	require.NoError(c.t, err)
	return packets.Clone(p)
}

// say sends packets.
func (c *client) say(all ...mqttwire.Packet) {
	c.t.Helper()
	for _, p := range all {
		require.NoError(c.t, c.Send(p))
	}
}

// connects connects, and returns the CONNACK.
func (c *client) connects(v mqttwire.Version, id string, with ...func(*packets.Connect)) *packets.Connack {
	c.t.Helper()
	p := &packets.Connect{Version: v, ClientID: []byte(id), CleanStart: true}
	for _, f := range with {
		f(p)
	}
	c.say(p)
	a, ok := c.next().(*packets.Connack)
	require.True(c.t, ok)
	return a
}

// subscribes subscribes to a filter.
func (c *client) subscribes(filter string, q mqttwire.QoS) {
	c.t.Helper()
	c.say(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte(filter), QoS: q}}})
	_, ok := c.next().(*packets.Suback)
	require.True(c.t, ok)
}

// serves starts a server on the loopback, which ends with the test, and returns where.
func serves(t testing.TB, s *server.Server) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
	})
	return l.Addr().String()
}

func dial(t testing.TB, address string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return newClient(t, conn)
}

func withBroker() *server.Server {
	return &server.Server{Broker: broker.New(broker.Options{})}
}

// until waits until something is so, at most as long as the test may take.
func until(t testing.TB, so func() bool) {
	t.Helper()
	over := time.After(patience)
	for !so() {
		select {
		case <-over:
			require.Fail(t, "it does not become so")
		case <-time.After(time.Millisecond):
		}
	}
}
