package main

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// listen starts a broker on a port of the system's, until the test ends.
func listen(t *testing.T) *net.TCPAddr {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- serve(listener) }()
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		assert.ErrorIs(t, <-ended, net.ErrClosed)
	})
	return listener.Addr().(*net.TCPAddr)
}

func TestAClientGetsWhatItPublishes(t *testing.T) {
	conn, err := net.Dial("tcp", listen(t).String())
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))
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

// The programs of another project talk through the broker in each version, with each QoS,
// and get what was retained before they subscribed.
func TestMosquittoClientsPublishAndSubscribe(t *testing.T) {
	for _, program := range []string{"mosquitto_pub", "mosquitto_sub"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed (apt-get install mosquitto-clients)", program)
		}
	}
	for _, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for qos := range 3 {
			t.Run(fmt.Sprintf("%s, QoS %d", version, qos), func(t *testing.T) {
				addr := listen(t)
				run := func(program string, args ...string) string {
					args = append(args, "-h", addr.IP.String(), "-p", fmt.Sprint(addr.Port), "-V", version, "-q", fmt.Sprint(qos))
					out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
					require.NoError(t, err, "%s", out)
					return string(out)
				}
				run("mosquitto_pub", "-t", "sport/tennis/score", "-m", "of another topic", "-r")
				run("mosquitto_pub", "-t", "sport/tennis/player", "-m", "smash", "-r")
				out := run("mosquitto_sub", "-t", "sport/+/player", "-C", "1", "-W", "30", "-F", "%t %p %q %r")
				assert.Equal(t, fmt.Sprintf("sport/tennis/player smash %d 1", qos), strings.TrimSpace(out))
			})
		}
	}
}
