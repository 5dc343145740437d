package main

import (
	"fmt"
	"io"
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

// listen starts a server on a port of the system's, until the test ends.
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

// TestMosquittoClientsPublishAndSubscribe has the programs of another project talk
// through the server in each version, with each QoS.
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
				common := []string{"-h", addr.IP.String(), "-p", fmt.Sprint(addr.Port), "-V", version, "-q", fmt.Sprint(qos)}
				publish := func(topic, message string) {
					args := append([]string{"-t", topic, "-m", message}, common...)
					out, err := exec.CommandContext(t.Context(), "mosquitto_pub", args...).CombinedOutput()
					require.NoError(t, err, "%s", out)
				}

				// It ends after one message; when it has subscribed it does not tell, so that
				// messages go out until it ends.
				args := append([]string{"-t", "sport/+/player", "-C", "1", "-W", "30", "-F", "%t %p"}, common...)
				sub := exec.CommandContext(t.Context(), "mosquitto_sub", args...)
				var out strings.Builder
				sub.Stdout, sub.Stderr = &out, &out
				require.NoError(t, sub.Start())
				ended := make(chan error, 1)
				go func() { ended <- sub.Wait() }()
				for {
					select {
					case err := <-ended:
						assert.NoError(t, err)
						assert.Equal(t, "sport/tennis/player smash\n", out.String())
						return
					default:
						publish("sport/tennis/score", "of another topic")
						publish("sport/tennis/player", "smash")
					}
				}
			})
		}
	}
}

// TestAClientThatBreaksARuleIsTold sees that the server closes what it cannot
// understand, after a DISCONNECT with the reason.
func TestAClientThatBreaksARuleIsTold(t *testing.T) {
	conn, err := net.Dial("tcp", listen(t).String())
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))

	s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, s.Send(&packets.Connect{Version: mqttwire.V5, CleanStart: true, ClientID: []byte("c")}))
	p, err := s.Receive()
	require.NoError(t, err)
	require.Equal(t, mqttwire.CONNACK, p.Type())

	_, err = conn.Write([]byte{0x82, 0x00}) // a SUBSCRIBE without anything
	require.NoError(t, err)
	p, err = s.Receive()
	require.NoError(t, err)
	require.IsType(t, &packets.Disconnect{}, p)
	assert.Equal(t, mqttwire.ReasonMalformedPacket, p.(*packets.Disconnect).ReasonCode)
}

// TestAMessageThatAClientDoesNotTakeIsNotTheEndForIt sends one that is larger than
// the client's Maximum Packet Size, and one that is not. [MQTT-3.1.2-25]
func TestAMessageThatAClientDoesNotTakeIsNotTheEndForIt(t *testing.T) {
	conn, err := net.Dial("tcp", listen(t).String())
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))

	s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
	connect := &packets.Connect{Version: mqttwire.V5, CleanStart: true}
	connect.Properties.SetMaximumPacketSize(60)
	require.NoError(t, s.Send(connect,
		&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}},
		&packets.Publish{Topic: []byte("a"), Payload: make([]byte, 100)},
		&packets.Publish{Topic: []byte("a"), Payload: []byte("small")}))
	var received []string
	for len(received) < 3 {
		p, err := s.Receive()
		require.NoError(t, err)
		received = append(received, fmt.Sprint(p))
	}
	assert.Contains(t, received[0], "Assigned Client Identifier")
	assert.Equal(t, []string{`SUBACK packet_id=1 code=0x00 (Granted QoS 0)`, `PUBLISH topic="a" qos=0 payload=5B`}, received[1:])
}

// A client that asks for a session that outlasts the connection is told that it does not,
// and one that asks to be authenticated is refused. Section 3.2.2.3.2 [MQTT-4.12.0-1]
func TestWhatThereIsNotIsNotPromised(t *testing.T) {
	for method, want := range map[string]mqttwire.ReasonCode{"": 0, "M": mqttwire.ReasonBadAuthenticationMethod} {
		conn, err := net.Dial("tcp", listen(t).String())
		require.NoError(t, err)
		require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))
		s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
		connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
		connect.Properties.SetSessionExpiryInterval(3600)
		if method != "" {
			connect.Properties.SetAuthenticationMethod([]byte(method))
		}
		require.NoError(t, s.Send(connect))
		p, err := s.Receive()
		require.NoError(t, err)
		require.IsType(t, &packets.Connack{}, p)
		assert.Equal(t, want, p.(*packets.Connack).ReasonCode)
		if want == 0 {
			expiry, ok := p.(*packets.Connack).Properties.SessionExpiryInterval()
			assert.True(t, ok)
			assert.Zero(t, expiry)
		} else {
			_, err = s.Receive()
			assert.Equal(t, io.EOF, err)
		}
		require.NoError(t, conn.Close())
	}
}
