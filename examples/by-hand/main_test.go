package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// talk gives a server bytes in pieces of that size, and returns what it prints and why
// it has ended.
func talk(in []byte, size int) (printed string, why error) {
	near, far := net.Pipe()
	var out bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- newServer().serve(far, &out) }()
	go func() {
		for ; len(in) > 0; in = in[min(size, len(in)):] {
			if _, err := near.Write(in[:min(size, len(in))]); err != nil {
				return // it has closed
			}
		}
	}()
	if _, err := io.Copy(io.Discard, near); err != nil { // until it closes
		return "", err
	}
	why = <-ended
	return out.String(), why
}

func TestPacketsArePrintedHoweverTheirBytesCome(t *testing.T) {
	long := strings.Repeat("x", 200) // a remaining length of two bytes
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		var in []byte
		for _, p := range []mqttwire.Packet{
			&packets.Connect{Version: v, ClientID: []byte("me"), CleanStart: true, KeepAlive: 60, Will: &packets.Will{Topic: []byte("w"), QoS: 1}},
			&packets.Publish{Topic: []byte("a"), Payload: []byte(long), QoS: 1, PacketID: 0x4142},
			&packets.Publish{Topic: []byte("b"), Payload: []byte("m"), QoS: 2, PacketID: 2, Dup: true, Retain: true},
			&packets.Pubrel{PacketID: 2},
			&packets.Pingreq{},
			&packets.Disconnect{},
		} {
			var err error
			in, err = p.Append(in, v)
			require.NoError(t, err)
		}
		want := "CONNECT version=" + v.String() + ` clean=true will=true keepalive=60 id="me"
PUBLISH dup=false qos=1 retain=false topic="a" message="` + long + `"
PUBLISH dup=true qos=2 retain=true topic="b" message="m"
PUBREL
PINGREQ
DISCONNECT
`
		for _, size := range []int{1, 3, 100, len(in)} {
			printed, why := talk(in, size)
			assert.Equal(t, want, printed)
			assert.ErrorContains(t, why, "the peer has disconnected")
		}
	}
}

// [MQTT-3.1.3-6]
func TestEachClientWithoutAnIdentifierGetsOneOfItsOwn(t *testing.T) {
	given := map[string]bool{}
	for range 10 {
		near, far := net.Pipe()
		go func() { _ = newServer().serve(far, io.Discard) }()
		c := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
		require.NoError(t, c.Send(&packets.Connect{Version: mqttwire.V5, CleanStart: true}))
		p, err := c.Receive()
		require.NoError(t, err)
		id, _ := p.(*packets.Connack).Properties.AssignedClientIdentifier()
		given[string(id)] = true
		_ = near.Close()
	}
	assert.Len(t, given, 10)
	assert.NotContains(t, given, "")
}

func TestOfAPacketThatIsRefusedNothingIsPrinted(t *testing.T) {
	in, err := (&packets.Connect{Version: mqttwire.V311, ClientID: []byte("me"), CleanStart: true}).Append(nil, 0)
	require.NoError(t, err)
	for _, bad := range []string{
		"\x30\x03\x00\x09a",         // a topic name that is longer than the packet
		"\x36\x05\x00\x01a\x00\x01", // QoS 3
		"\x32\x03\x00\x01a",         // QoS 1, and no packet identifier
	} {
		printed, why := talk(append(in[:len(in):len(in)], bad...), 1000)
		assert.Equal(t, "CONNECT version=3.1.1 clean=true will=false keepalive=0 id=\"me\"\n", printed)
		assert.Error(t, why)
	}
}

func TestAClientThatReadsNothingIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- newServer().serve(far, io.Discard) }()
		b, err := (&packets.Connect{Version: mqttwire.V5, ClientID: []byte("me"), CleanStart: true}).Append(nil, mqttwire.V5)
		require.NoError(t, err)
		_, err = near.Write(b)
		require.NoError(t, err)
		assert.ErrorIs(t, <-ended, os.ErrDeadlineExceeded)
		assert.NoError(t, near.Close())
	})
}

// connects connects a client to a server, and returns it with what it was answered.
func connects(t *testing.T, s *server, p *packets.Connect) (*packets.Stream, *packets.Connack, <-chan error) {
	t.Helper()
	near, far := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- s.serve(far, io.Discard) }()
	c := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, c.Send(p))
	a, err := c.Receive()
	require.NoError(t, err)
	require.IsType(t, &packets.Connack{}, a)
	return c, packets.Clone(a).(*packets.Connack), ended
}

// A session ends with its connection: a client that has asked for more is told so, and
// what comes back finds none. Section 3.2.2.3.2 [MQTT-3.2.2-3]
func TestNoSessionIsPromised(t *testing.T) {
	s := newServer()
	for range 2 {
		p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("me")}
		p.Properties.SetSessionExpiryInterval(3600)
		c, a, ended := connects(t, s, p)
		expiry, ok := a.Properties.SessionExpiryInterval()
		assert.True(t, ok)
		assert.Zero(t, expiry)
		assert.False(t, a.SessionPresent)
		require.NoError(t, c.Send(&packets.Disconnect{}))
		assert.ErrorContains(t, <-ended, "the peer has disconnected")
	}
	assert.Empty(t, s.clients)
}

// [MQTT-3.1.4-3]
func TestASecondConnectionOfAClientThrowsTheFirstOneOut(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		s := newServer()
		p := &packets.Connect{Version: v, ClientID: []byte("me"), CleanStart: true}
		first, _, firstEnded := connects(t, s, p)
		second, _, secondEnded := connects(t, s, p)
		d, err := first.Receive()
		if v == mqttwire.V5 {
			require.NoError(t, err)
			assert.Equal(t, mqttwire.ReasonSessionTakenOver, d.(*packets.Disconnect).ReasonCode)
			_, err = first.Receive()
		}
		assert.Equal(t, io.EOF, err)
		assert.ErrorContains(t, <-firstEnded, mqttwire.ReasonSessionTakenOver.String())

		require.NoError(t, second.Send(&packets.Pingreq{}))
		pong, err := second.Receive()
		require.NoError(t, err)
		assert.Equal(t, mqttwire.PINGRESP, pong.Type())
		require.NoError(t, second.Send(&packets.Disconnect{}))
		assert.ErrorContains(t, <-secondEnded, "the peer has disconnected")
		assert.Empty(t, s.clients)
	}
}

// [MQTT-4.12.0-1]
func TestAnAuthenticationThatNobodyKnowsIsRefused(t *testing.T) {
	p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("me"), CleanStart: true}
	p.Properties.SetAuthenticationMethod([]byte("M"))
	_, a, ended := connects(t, newServer(), p)
	assert.Equal(t, mqttwire.ReasonBadAuthenticationMethod, a.ReasonCode)
	assert.Error(t, <-ended)
}

func TestAClientThatTakesNoAnswerIsClosed(t *testing.T) {
	near, far := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- newServer().serve(far, io.Discard) }()
	c := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
	p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("me"), CleanStart: true}
	p.Properties.SetMaximumPacketSize(5)
	require.NoError(t, c.Send(p))
	_, err := c.Receive()
	assert.Equal(t, io.EOF, err)
	assert.ErrorIs(t, <-ended, mqttwire.ErrTooLarge)
}
