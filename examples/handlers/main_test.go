package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// printed is what the server prints.
type printed struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(b)
}

func TestBytesAreAnsweredByBytesAndEachFunctionIsCalledOnce(t *testing.T) {
	for v, connack := range map[mqttwire.Version]string{
		mqttwire.V31: "20 02 00 00", mqttwire.V311: "20 02 00 00", mqttwire.V5: "20 08 00 00 05 11 00 00 00 00",
	} {
		synctest.Test(t, func(t *testing.T) {
			var out printed
			s := newServer(&out)
			near, far := net.Pipe()
			go func() { _ = s.ServeConn(far) }()
			var in []byte
			for _, p := range []mqttwire.Packet{
				&packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true, Will: &packets.Will{Topic: []byte("w"), Payload: []byte("gone")}},
				&packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: 2, PacketID: 7},
				&packets.Pubrel{PacketID: 7},
				&packets.Pingreq{},
			} {
				var err error
				in, err = p.Append(in, v)
				require.NoError(t, err)
			}
			go func() {
				for i := range in { // one byte at a time
					if _, err := near.Write(in[i : i+1]); err != nil {
						return // it has closed
					}
				}
			}()
			want := connack + " 50 02 00 07 70 02 00 07 d0 00"
			got := make([]byte, (len(want)+1)/3)
			_, err := io.ReadFull(near, got)
			require.NoError(t, err)
			assert.Equal(t, want, strings.Trim(spaced(got), " "), v)
			assert.Equal(t, "c connects\nc has the will w \"gone\"\nc: a \"m\"\n", out.b.String())
			_ = near.Close()
			_ = s.Close()
		})
	}
}

func spaced(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
		s.WriteByte(' ')
	}
	return s.String()
}

// twice connects two clients with that identifier, and returns their connections.
func twice(t *testing.T, s *server.Server, id string) (conns []net.Conn) {
	for range 2 {
		near, far := net.Pipe()
		conns = append(conns, near)
		go func() { _ = s.ServeConn(far) }()
		c := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
		require.NoError(t, c.Send(&packets.Connect{Version: mqttwire.V311, ClientID: []byte(id), CleanStart: true}))
		_, err := c.Receive()
		require.NoError(t, err)
	}
	return conns
}

func TestASecondConnectionOfAClientThrowsTheFirstOneOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out printed
		s := newServer(&out)
		conns := twice(t, s, "c")
		_, err := io.ReadAll(conns[0])
		assert.NoError(t, err, "it is closed")
		synctest.Wait()
		assert.Equal(t, 1, len(s.Conns()))
		_ = conns[1].Close()
		_ = s.Close()
	})
}

// [MQTT-3.1.3-6]
func TestClientsWithoutAnIdentifierAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out printed
		s := newServer(&out)
		conns := twice(t, s, "")
		synctest.Wait()
		assert.Equal(t, 2, len(s.Conns()))
		for _, conn := range conns {
			_ = conn.Close()
		}
		_ = s.Close()
	})
}
