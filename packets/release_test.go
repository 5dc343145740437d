package packets_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// manyPackets is what a client sends, as bytes and as lines.
func manyPackets(t *testing.T) (stream []byte, want []string) {
	t.Helper()
	subscribe := &packets.Subscribe{PacketID: 2, Subscriptions: []packets.Subscription{{Filter: []byte("a/#")}}}
	list := []mqttwire.Packet{
		&packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true},
		&packets.Publish{Topic: []byte("a"), Payload: []byte("xy"), QoS: 1, PacketID: 1},
		subscribe,
		&packets.Publish{Topic: []byte("a/b"), Payload: long(200)},
		&packets.Pingreq{},
		&packets.Publish{Topic: []byte("a"), QoS: 2, PacketID: 3},
	}
	for _, p := range list {
		want = append(want, fmt.Sprint(p))
	}
	return appendAll(t, nil, list...), want
}

// halves gives the bytes before the cut, a timeout, and then the others.
type halves struct {
	parts [][]byte
}

func (c *halves) Write(b []byte) (int, error) { return len(b), nil }

func (c *halves) Read(p []byte) (int, error) {
	switch {
	case len(c.parts) == 0:
		return 0, io.EOF
	case len(c.parts[0]) == 0:
		c.parts = c.parts[1:]
		return 0, tiredError{}
	}
	n := copy(p, c.parts[0])
	c.parts[0] = c.parts[0][n:]
	return n, nil
}

func TestReleaseInTheMiddleOfAPacketLosesNoPacketOfAStream(t *testing.T) {
	stream, want := manyPackets(t)
	for cut := range stream {
		s := packets.NewStream(&halves{parts: [][]byte{stream[:cut], stream[cut:]}}, packets.ConnectionOptions{Side: mqttwire.FromServer})
		var got []string
		for {
			p, err := s.Receive()
			if timeout(err) {
				s.Release()
				continue
			}
			if err == io.EOF {
				break
			}
			require.NoError(t, err, "%d", cut)
			got = append(got, fmt.Sprint(p))
		}
		require.Equal(t, want, got, "%d", cut)
	}
}

func TestReleaseInTheMiddleOfAPacketLosesNoPacketOfAConnection(t *testing.T) {
	stream, want := manyPackets(t)
	for cut := range stream {
		for _, asked := range []bool{true, false} { // a Connection also releases by itself, after the CONNECT
			c := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromServer})
			var got []string
			for _, part := range [][]byte{stream[:cut], stream[cut:]} {
				c.Feed(part)
				for {
					p, err := c.Next()
					if err == mqttwire.ErrIncomplete {
						break
					}
					require.NoError(t, err, "%d", cut)
					got = append(got, fmt.Sprint(p))
				}
				if asked {
					c.Release()
				}
			}
			require.Equal(t, want, got, "%d", cut)
		}
	}
}

func TestReleaseWhileAPayloadIsReadLosesNothingOfIt(t *testing.T) {
	payload := long(1000)
	stream := appendAll(t, nil, &packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true},
		&packets.Publish{Topic: []byte("a"), Payload: payload}, &packets.Pingreq{})
	o := packets.ConnectionOptions{Side: mqttwire.FromServer, StreamFrom: 100}
	for cut := range stream {
		s, c := packets.NewStream(&halves{parts: [][]byte{stream[:cut], stream[cut:]}}, o), packets.NewConnection(o)
		c.Feed(stream[:cut])
		for name, conn := range map[string]released{"Stream": releasedStream{s}, "Connection": releasedConnection{c, stream[cut:]}} {
			next := func() mqttwire.Packet {
				p, err := conn.next()
				for timeout(err) || err == mqttwire.ErrIncomplete {
					conn.Release()
					conn.more()
					p, err = conn.next()
				}
				require.NoError(t, err, "%s, %d", name, cut)
				return p
			}
			next()
			next()
			require.Equal(t, len(payload), conn.PayloadSize(), "%s, %d", name, cut)
			var got []byte
			buf := make([]byte, 300)
			for {
				conn.Release()
				n, err := conn.Read(buf)
				got = append(got, buf[:n]...)
				if err == io.EOF {
					break
				}
				if timeout(err) || err == mqttwire.ErrIncomplete {
					conn.more()
					continue
				}
				require.NoError(t, err, "%s, %d", name, cut)
			}
			require.True(t, bytes.Equal(payload, got), "%s, %d: %d bytes", name, cut, len(got))
			assert.Equal(t, mqttwire.PINGREQ, next().Type(), "%s, %d", name, cut)
		}
	}
}

// released is a Stream or a Connection.
type released interface {
	io.Reader
	Release()
	PayloadSize() int
	next() (mqttwire.Packet, error)
	more()
}

type releasedStream struct{ *packets.Stream }

func (s releasedStream) next() (mqttwire.Packet, error) { return s.Receive() }
func (s releasedStream) more()                          {}

type releasedConnection struct {
	*packets.Connection
	rest []byte
}

func (c releasedConnection) next() (mqttwire.Packet, error) { return c.Next() }
func (c releasedConnection) more()                          { c.Feed(c.rest) }
