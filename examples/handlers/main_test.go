package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
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

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

// connect connects a client, and returns it with what it was answered.
func connect(t *testing.T, s *server.Server, p *packets.Connect) (net.Conn, *packets.Stream, mqttwire.Packet) {
	t.Helper()
	near, far := net.Pipe()
	go s.ServeConn(far)
	c := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, c.Send(p))
	a, err := c.Receive()
	require.NoError(t, err)
	return near, c, packets.Clone(a)
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
			assert.Equal(t, `"c" connects
"c" has the will "w" "gone"
"c": "a" "m"
"c": PUBREL packet_id=7 code=0x00 (Success)
`, out.String())
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
		near, _, _ := connect(t, s, &packets.Connect{Version: mqttwire.V311, ClientID: []byte(id), CleanStart: true})
		conns = append(conns, near)
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

// What the server sends with QoS 1 and 2 the client acknowledges, and each acknowledgement
// is seen once.
func TestEachAcknowledgementOfAClientIsSeen(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		synctest.Test(t, func(t *testing.T) {
			var out printed
			s := newServer(&out)
			near, c, _ := connect(t, s, &packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true})
			require.Len(t, s.Conns(), 1)
			for q := range mqttwire.QoS(3) {
				require.NoError(t, s.Conns()[0].Send(&packets.Publish{Topic: []byte("a"), QoS: q}))
			}
			for range 4 { // three PUBLISH, and a PUBREL
				p, err := c.Receive()
				require.NoError(t, err)
				if a := packets.Acknowledge(p); a != nil {
					require.NoError(t, c.Send(a))
				}
			}
			require.NoError(t, c.Send(
				&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), QoS: 1}}},
				&packets.Unsubscribe{PacketID: 2, Filters: [][]byte{[]byte("a")}}))
			for _, want := range []mqttwire.PacketType{mqttwire.SUBACK, mqttwire.UNSUBACK} {
				p, err := c.Receive()
				require.NoError(t, err)
				assert.Equal(t, want, p.Type())
			}
			require.NoError(t, c.Send(&packets.Disconnect{}))
			_, err := c.Receive()
			assert.Equal(t, io.EOF, err)
			synctest.Wait()
			var seen []string
			for line := range strings.Lines(out.String()) {
				seen = append(seen, strings.Fields(line)[1])
			}
			assert.Equal(t, []string{"connects", "PUBACK", "PUBREC", "PUBCOMP", "SUBSCRIBE", "UNSUBSCRIBE", "DISCONNECT", "session:"}, seen)
			require.NoError(t, near.Close())
			require.NoError(t, s.Close())
		})
	}
}

// A CONNACK has the code that its version has, and never says that there is a session: it
// ended with its connection. [MQTT-3.2.2-3]
func TestAConnackHasACodeAndNoSessionPresent(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		refused := mqttwire.ReturnIdentifierRejected
		if v == mqttwire.V5 {
			refused = mqttwire.ReasonClientIdentifierNotValid
		}
		for id, code := range map[string]mqttwire.ReasonCode{"c": 0, "c/+": refused} {
			synctest.Test(t, func(t *testing.T) {
				var out printed
				s := newServer(&out)
				for range 2 {
					p := &packets.Connect{Version: v, ClientID: []byte(id)}
					p.Properties.SetSessionExpiryInterval(3600)
					near, _, a := connect(t, s, p)
					require.IsType(t, &packets.Connack{}, a)
					assert.Equal(t, code, a.(*packets.Connack).ReasonCode)
					assert.False(t, a.(*packets.Connack).SessionPresent)
					require.NoError(t, near.Close())
					synctest.Wait()
				}
				require.NoError(t, s.Close())
			})
		}
	}
}

// answerTo returns the answer to a challenge.
func answerTo(t *testing.T, a mqttwire.Packet, with string, code mqttwire.ReasonCode) *packets.Auth {
	t.Helper()
	require.IsType(t, &packets.Auth{}, a)
	data, _ := a.(*packets.Auth).Properties.AuthenticationData()
	h := hmac.New(sha256.New, []byte(with))
	h.Write(data)
	p := &packets.Auth{ReasonCode: code}
	p.Properties.SetAuthenticationMethod([]byte("HMAC"))
	p.Properties.SetAuthenticationData(h.Sum(nil))
	return p
}

// Who does not know the key is refused, and throws nobody out. Section 4.12 [MQTT-3.1.4-2]
func TestAnExchangeLetsInWhoKnowsTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out printed
		s := newServer(&out)
		with := func(method string) *packets.Connect {
			p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
			p.Properties.SetAuthenticationMethod([]byte(method))
			return p
		}
		near, first, a := connect(t, s, with("HMAC"))
		send := func(c *packets.Stream, p mqttwire.Packet) mqttwire.Packet {
			require.NoError(t, c.Send(p))
			answer, err := c.Receive()
			require.NoError(t, err)
			return packets.Clone(answer)
		}
		again := answerTo(t, a, "", mqttwire.ReasonReauthenticate)
		assert.Zero(t, send(first, answerTo(t, a, "an example", 0x18)).(*packets.Connack).ReasonCode)

		_, other, a := connect(t, s, with("HMAC"))
		refused := send(other, answerTo(t, a, "a guess", 0x18))
		assert.Equal(t, mqttwire.ReasonNotAuthorized, refused.(*packets.Connack).ReasonCode)
		_, _, refused = connect(t, s, with("PLAIN"))
		assert.Equal(t, mqttwire.ReasonBadAuthenticationMethod, refused.(*packets.Connack).ReasonCode)

		a = send(first, again) // while it is connected, which it still is
		assert.Zero(t, send(first, answerTo(t, a, "an example", 0x18)).(*packets.Auth).ReasonCode)

		_, second, a := connect(t, s, with("HMAC"))
		assert.Zero(t, send(second, answerTo(t, a, "an example", 0x18)).(*packets.Connack).ReasonCode)
		gone, err := first.Receive()
		require.NoError(t, err)
		assert.Equal(t, mqttwire.ReasonSessionTakenOver, gone.(*packets.Disconnect).ReasonCode)
		require.NoError(t, near.Close())
		require.NoError(t, s.Close())
	})
}
