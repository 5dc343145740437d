package main

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAClientGetsWhatItPublishes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:1883")
	if err != nil {
		t.Skip("port 1883 is in use")
	}
	_ = l.Close()
	go main()
	var conn net.Conn
	for conn == nil { // as soon as it listens
		conn, _ = net.Dial("tcp", "127.0.0.1:1883")
	}
	defer conn.Close()
	c := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, c.Send(&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}))
	p, err := c.Receive()
	require.NoError(t, err)
	assert.IsType(t, &packets.Connack{}, p)
	require.NoError(t, c.Send(
		&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a/+"), QoS: 1}}},
		&packets.Publish{Topic: []byte("a/b"), Payload: []byte("hello"), QoS: 2, PacketID: 2},
	))
	for {
		p, err := c.Receive()
		require.NoError(t, err)
		if m, ok := p.(*packets.Publish); ok {
			assert.Equal(t, "hello", string(m.Payload))
			assert.Equal(t, mqttwire.QoS(1), m.QoS)
			return
		}
	}
}
