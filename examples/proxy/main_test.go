package main

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/mosquitto"
	"github.com/mqttwire/mqttwire/packets"
)

// start runs a proxy on a port of the system's, until the test ends.
func start(t *testing.T, p proxy) *net.TCPAddr {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- p.serve(listener) }()
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		assert.ErrorIs(t, <-ended, net.ErrClosed)
	})
	return listener.Addr().(*net.TCPAddr)
}

// TestMosquittoTalksToClientsOfOtherVersions has the server and the clients of another
// project talk through the proxy: each version of a client to each of the server.
func TestMosquittoTalksToClientsOfOtherVersions(t *testing.T) {
	mosquitto.Needs(t, "mosquitto_pub", "mosquitto_sub")
	server := mosquitto.Start(t).Address
	for _, version := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		addr := start(t, proxy{server: server, version: version})
		for _, client := range []string{"mqttv31", "mqttv311", "mqttv5"} {
			for qos := range 3 {
				t.Run(fmt.Sprintf("%s to %v, QoS %d", client, version, qos), func(t *testing.T) {
					common := []string{"-h", addr.IP.String(), "-p", strconv.Itoa(addr.Port), "-V", client, "-q", strconv.Itoa(qos)}
					topic := fmt.Sprintf("%s/%v/%d", client, version, qos)
					pub := append([]string{"-r", "-t", topic, "-m", "smash"}, common...)
					out, err := exec.CommandContext(t.Context(), "mosquitto_pub", pub...).CombinedOutput()
					require.NoError(t, err, "%s", out)
					sub := append([]string{"-t", client + "/+/" + strconv.Itoa(qos), "-C", "1", "-W", "30", "-F", "%p %q"}, common...)
					out, err = exec.CommandContext(t.Context(), "mosquitto_sub", sub...).CombinedOutput()
					require.NoError(t, err, "%s", out)
					assert.Equal(t, fmt.Sprintf("smash %d\n", qos), string(out))
				})
			}
		}
	}
}

// peers returns a client of one version at a proxy, and the server of another behind it,
// after CONNECT and CONNACK.
func peers(t *testing.T, from, to mqttwire.Version, strict bool) (client, server *packets.Stream) {
	t.Helper()
	return peersAfter(t, &packets.Connect{Version: from, ClientID: []byte("c"), CleanStart: true}, to, strict)
}

// peersAfter is peers for a client that sends that CONNECT.
func peersAfter(t *testing.T, first *packets.Connect, to mqttwire.Version, strict bool) (client, server *packets.Stream) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := start(t, proxy{server: listener.Addr().String(), version: to, strict: strict})
	near, err := net.Dial("tcp", addr.String())
	require.NoError(t, err)
	client = packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, client.Send(first))
	far, err := listener.Accept()
	require.NoError(t, err)
	server = packets.NewStream(far, packets.ConnectionOptions{Side: mqttwire.FromServer})
	t.Cleanup(func() {
		assert.NoError(t, near.Close())
		assert.NoError(t, far.Close())
		assert.NoError(t, listener.Close())
	})
	connect, err := server.Receive()
	require.NoError(t, err)
	assert.Equal(t, to, connect.(*packets.Connect).Version)
	require.NoError(t, server.Send(&packets.Connack{}))
	_, err = client.Receive()
	require.NoError(t, err)
	return client, server
}

func TestAnUnsubackOf311BecomesOneWithACodeForEachFilter(t *testing.T) {
	client, server := peers(t, mqttwire.V5, mqttwire.V311, false)
	require.NoError(t, client.Send(&packets.Unsubscribe{PacketID: 7, Filters: [][]byte{[]byte("a"), []byte("b")}}))
	p, err := server.Receive()
	require.NoError(t, err)
	require.NoError(t, server.Send(&packets.Unsuback{PacketID: p.(*packets.Unsubscribe).PacketID}))
	p, err = client.Receive()
	require.NoError(t, err)
	assert.Equal(t, &packets.Unsuback{PacketID: 7, ReasonCodes: []mqttwire.ReasonCode{0, 0}}, packets.Clone(p))
}

// connectWithoutIdentifier has a client without a client identifier connect through the
// proxy, and returns the one that the server got, and what the client got as CONNACK.
func connectWithoutIdentifier(t *testing.T, from, to mqttwire.Version) (identifier string, connack *packets.Connack) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	near, err := net.Dial("tcp", start(t, proxy{server: listener.Addr().String(), version: to}).String())
	require.NoError(t, err)
	client := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, client.Send(&packets.Connect{Version: from, CleanStart: true}))
	far, err := listener.Accept()
	require.NoError(t, err)
	server := packets.NewStream(far, packets.ConnectionOptions{Side: mqttwire.FromServer})
	p, err := server.Receive()
	require.NoError(t, err)
	identifier = string(p.(*packets.Connect).ClientID)
	connack = new(packets.Connack)
	if identifier == "" {
		connack.Properties.SetAssignedClientIdentifier([]byte("of the server"))
	}
	require.NoError(t, server.Send(connack))
	p, err = client.Receive()
	require.NoError(t, err)
	connack = p.(*packets.Connack).Clone()
	require.NoError(t, near.Close())
	require.NoError(t, far.Close())
	require.NoError(t, listener.Close())
	return identifier, connack
}

func TestAClientWithoutAnIdentifierIsToldTheOneThatTheProxyAssigns(t *testing.T) {
	for _, version := range []mqttwire.Version{mqttwire.V31, mqttwire.V311} {
		assigned, connack := connectWithoutIdentifier(t, mqttwire.V5, version)
		assert.Len(t, assigned, 23)
		told, _ := connack.Properties.AssignedClientIdentifier()
		assert.Equal(t, assigned, string(told))
	}
}

func TestAServerOf31GetsAnIdentifierForAClientThatHasNone(t *testing.T) {
	assigned, _ := connectWithoutIdentifier(t, mqttwire.V311, mqttwire.V31)
	assert.Len(t, assigned, 23)
}

func TestAServerThatAssignsIdentifiersIsLeftToIt(t *testing.T) {
	for _, from := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		assigned, _ := connectWithoutIdentifier(t, from, mqttwire.V5)
		assert.Empty(t, assigned)
	}
}

func TestALossThatChangesTheMeaningEndsTheConnectionIfAsked(t *testing.T) {
	for _, strict := range []bool{false, true} {
		client, server := peers(t, mqttwire.V5, mqttwire.V311, strict)
		m := packets.Publish{Topic: []byte("a"), Payload: []byte("1")}
		m.Properties.SetResponseTopic([]byte("b"))
		require.NoError(t, client.Send(&m))
		p, err := server.Receive()
		if strict {
			assert.Error(t, err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, &packets.Publish{Topic: []byte("a"), Payload: []byte("1")}, packets.Clone(p))
	}
}

func TestAMessageThatIsLargerThanTheClientTakesIsDiscarded(t *testing.T) {
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
	connect.Properties.SetMaximumPacketSize(100)
	client, server := peersAfter(t, connect, mqttwire.V311, false)
	for qos, acknowledged := range []mqttwire.PacketType{0, mqttwire.PUBACK, mqttwire.PUBREC} {
		m := &packets.Publish{Topic: []byte("a"), Payload: make([]byte, 100), QoS: mqttwire.QoS(qos), PacketID: uint16(qos)}
		require.NoError(t, server.Send(m))
		if acknowledged != 0 {
			p, err := server.Receive()
			require.NoError(t, err)
			assert.Equal(t, acknowledged, p.Type())
			id, _ := packets.PacketID(p)
			assert.Equal(t, m.PacketID, id)
		}
		small := &packets.Publish{Topic: []byte("b"), Payload: []byte("1")}
		require.NoError(t, server.Send(small))
		p, err := client.Receive()
		require.NoError(t, err)
		assert.Equal(t, small, packets.Clone(p))
	}
}

func TestAClientWhoseConnectCannotBePassedOnIsTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	near, err := net.Dial("tcp", start(t, proxy{server: listener.Addr().String(), version: mqttwire.V311, strict: true}).String())
	require.NoError(t, err)
	client := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
	connect := packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
	connect.Properties.SetReceiveMaximum(20)
	require.NoError(t, client.Send(&connect))
	p, err := client.Receive()
	require.NoError(t, err)
	assert.Equal(t, mqttwire.ReasonImplementationSpecificError, p.(*packets.Connack).ReasonCode)
	require.NoError(t, near.Close())
	require.NoError(t, listener.Close())
}
