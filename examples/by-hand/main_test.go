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
	go func() { ended <- serve(far, &out) }()
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
			in, _ = p.Append(in, v)
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
		go func() { _ = serve(far, io.Discard) }()
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
	in, _ := (&packets.Connect{Version: mqttwire.V311, ClientID: []byte("me"), CleanStart: true}).Append(nil, 0)
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
		go func() { ended <- serve(far, io.Discard) }()
		b, err := (&packets.Connect{Version: mqttwire.V5, ClientID: []byte("me"), CleanStart: true}).Append(nil, mqttwire.V5)
		require.NoError(t, err)
		_, err = near.Write(b)
		require.NoError(t, err)
		assert.ErrorIs(t, <-ended, os.ErrDeadlineExceeded)
		assert.NoError(t, near.Close())
	})
}
