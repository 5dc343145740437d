package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// inBothModes tests a handler without a Broker and with one, and lets the function see what
// the server has logged.
func inBothModes(t *testing.T, h server.Handler, speak func(t *testing.T, c *client, logged func() string)) {
	t.Helper()
	for name, s := range map[string]*server.Server{"plain": {}, "broker": withBroker()} {
		var log bytes.Buffer
		s.Handler, s.Log = h, slog.New(slog.NewTextHandler(&log, nil))
		logged := func() string {
			synctest.Wait() // until nobody writes it
			return log.String()
		}
		t.Run(name, func(t *testing.T) {
			pipe(t, s, func(t *testing.T, c *client) { speak(t, c, logged) })
		})
	}
}

// A nil pointer in a mqttwire.Packet is not nil, and is returned easily.
func TestANilPointerThatAHandlerReturnsAsksForTheUsualAnswer(t *testing.T) {
	h := server.Handler{
		Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) { return (*packets.Connack)(nil), nil },
		Publish: func(_ *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
			if p.QoS == 2 {
				return (*packets.Pubrec)(nil), nil
			}
			return (*packets.Puback)(nil), nil
		},
		PublishRelease: func(*server.Conn, *packets.Pubrel) (*packets.Pubcomp, error) { return nil, nil },
		Subscribe:      func(*server.Conn, *packets.Subscribe) (*packets.Suback, error) { return nil, nil },
		Unsubscribe:    func(*server.Conn, *packets.Unsubscribe) (*packets.Unsuback, error) { return nil, nil },
	}
	inBothModes(t, h, func(t *testing.T, c *client, logged func() string) {
		assert.Zero(t, c.connects(mqttwire.V5, "c").ReasonCode)
		for _, p := range []mqttwire.Packet{
			&packets.Publish{Topic: []byte("b")},
			&packets.Publish{Topic: []byte("b"), QoS: 1, PacketID: 1},
			&packets.Publish{Topic: []byte("b"), QoS: 2, PacketID: 2},
			&packets.Pubrel{PacketID: 2},
			&packets.Subscribe{PacketID: 3, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}},
			&packets.Unsubscribe{PacketID: 4, Filters: [][]byte{[]byte("a")}},
		} {
			c.say(p)
			if a := packets.Acknowledge(p); a != nil {
				assert.Equal(t, a.Type(), c.next().Type())
			}
		}
		assert.NotContains(t, logged(), "WARN")
	})
}

// refusals are codes of a CONNACK, and with what they refuse a client by its version.
var refusals = map[mqttwire.ReasonCode]map[mqttwire.Version]mqttwire.ReasonCode{
	0x02: {mqttwire.V31: 2, mqttwire.V311: 2, mqttwire.V5: 0x85},
	0x05: {mqttwire.V31: 5, mqttwire.V311: 5, mqttwire.V5: 0x87},
	0x10: {mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x88}, // of other packets
	0x77: {mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x88}, // of none
	0x87: {mqttwire.V31: 5, mqttwire.V311: 5, mqttwire.V5: 0x87},
	0x91: {mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x88},
	0xFF: {mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x88},
}

func TestAConnackWithACodeRefusesTheClientWhateverTheCode(t *testing.T) {
	for code, want := range refusals {
		h := server.Handler{Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) {
			return &packets.Connack{ReasonCode: code}, nil
		}}
		for v, want := range want {
			inBothModes(t, h, func(t *testing.T, c *client, logged func() string) {
				assert.Equal(t, want, c.connects(v, "c").ReasonCode, "%v %v", code, v)
				_, err := c.Receive()
				assert.Equal(t, io.EOF, err)
				if v == mqttwire.V5 {
					assert.Equal(t, want == 0x88, strings.Contains(logged(), "answer does not fit"), code)
				}
			})
		}
	}
}

// A handler that asks who the client is does not let in one that cannot be asked.
func TestAnAuthThatCannotBeSentRefusesTheClient(t *testing.T) {
	h := server.Handler{Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) {
		return &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}, nil
	}}
	for v, want := range map[mqttwire.Version]mqttwire.ReasonCode{mqttwire.V31: 3, mqttwire.V311: 3, mqttwire.V5: 0x80} {
		inBothModes(t, h, func(t *testing.T, c *client, logged func() string) {
			assert.Equal(t, want, c.connects(v, "c").ReasonCode, v)
			assert.Contains(t, logged(), "answer does not fit")
		})
	}
}

// strange is a handler that answers with codes that no version has there.
var strange = server.Handler{
	Publish: func(_ *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
		if p.QoS == 2 {
			return &packets.Pubrec{PacketID: p.PacketID, ReasonCode: 0xFF}, nil
		}
		return &packets.Puback{PacketID: p.PacketID, ReasonCode: 0x77}, nil
	},
	PublishRelease: func(_ *server.Conn, p *packets.Pubrel) (*packets.Pubcomp, error) {
		return &packets.Pubcomp{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNotAuthorized}, nil
	},
	Subscribe: func(_ *server.Conn, p *packets.Subscribe) (*packets.Suback, error) {
		return &packets.Suback{PacketID: p.PacketID, ReasonCodes: []mqttwire.ReasonCode{0x55}}, nil
	},
	Unsubscribe: func(_ *server.Conn, p *packets.Unsubscribe) (*packets.Unsuback, error) {
		return &packets.Unsuback{PacketID: p.PacketID, ReasonCodes: []mqttwire.ReasonCode{0x01}}, nil
	},
}

func TestAnAnswerWithACodeThatNoVersionHasIsReplacedByTheUsualOne(t *testing.T) {
	for _, v := range versions {
		inBothModes(t, strange, func(t *testing.T, c *client, logged func() string) {
			c.connects(v, "c")
			for i, p := range []mqttwire.Packet{
				&packets.Publish{Topic: []byte("b"), QoS: 1, PacketID: 1},
				&packets.Publish{Topic: []byte("b"), QoS: 2, PacketID: 2},
				&packets.Pubrel{PacketID: 2},
				&packets.Subscribe{PacketID: 3, Subscriptions: []packets.Subscription{{Filter: []byte("a"), QoS: 1}}},
				&packets.Unsubscribe{PacketID: 4, Filters: [][]byte{[]byte("a")}},
			} {
				c.say(p)
				a := c.next()
				assert.Equal(t, packets.Acknowledge(p).Type(), a.Type(), v)
				code, _ := packets.ReasonCode(a)
				assert.False(t, code.IsError(), v)
				if suback, ok := a.(*packets.Suback); ok {
					assert.Equal(t, []mqttwire.ReasonCode{1}, suback.ReasonCodes, "what was asked for")
				}
				assert.Equal(t, i+1, strings.Count(logged(), "answer does not fit"), "%v %v", v, p)
			}
		})
	}
}

// An AUTH that no client understands is as if the handler had none.
func TestAnAuthWithACodeThatNoVersionHasEndsTheExchange(t *testing.T) {
	h := server.Handler{
		Connect: func(_ *server.Conn, p *packets.Connect) (mqttwire.Packet, error) {
			return &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication, Properties: p.Properties.Clone()}, nil
		},
		Auth: func(_ *server.Conn, p *packets.Auth) (*packets.Auth, error) {
			return &packets.Auth{ReasonCode: 0x77, Properties: p.Properties.Clone()}, nil
		},
	}
	inBothModes(t, h, func(t *testing.T, c *client, logged func() string) {
		p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
		p.Properties.SetAuthenticationMethod([]byte("M"))
		c.say(p)
		a, ok := c.next().(*packets.Auth)
		require.True(t, ok)
		c.say(a)
		refusal, ok := c.next().(*packets.Connack)
		require.True(t, ok)
		assert.Equal(t, mqttwire.ReasonNotAuthorized, refusal.ReasonCode)
		assert.Contains(t, logged(), "answer does not fit")
	})
}

// A client that waits for the end of a re-authentication would do so for ever.
// [MQTT-4.12.1-2]
func TestAnAuthThatCannotBeSentEndsTheConnection(t *testing.T) {
	h := server.Handler{
		Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) {
			a := &packets.Connack{}
			a.Properties.SetAuthenticationMethod([]byte("M")) // [MQTT-4.12.0-5]
			return a, nil
		},
		Auth: func(*server.Conn, *packets.Auth) (*packets.Auth, error) {
			a := &packets.Auth{}
			a.Properties.SetAuthenticationMethod([]byte("another"))
			return a, nil
		},
	}
	pipe(t, &server.Server{Handler: h}, func(t *testing.T, c *client) {
		a := c.connects(mqttwire.V5, "c", func(p *packets.Connect) { p.Properties.SetAuthenticationMethod([]byte("M")) })
		require.Zero(t, a.ReasonCode)
		again := &packets.Auth{ReasonCode: mqttwire.ReasonReauthenticate}
		again.Properties.SetAuthenticationMethod([]byte("M"))
		c.say(again)
		assert.Equal(t, mqttwire.ReasonUnspecifiedError, c.next().(*packets.Disconnect).ReasonCode)
	})
}

// [MQTT-3.1.3-6]
func TestAClientWithoutAnIdentifierHasThatOfTheAnswerOrOneOfItsOwn(t *testing.T) {
	for _, given := range []string{"", "given"} {
		ids := make(chan string, 1)
		s := &server.Server{Handler: server.Handler{
			Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) {
				if given == "" {
					return nil, nil
				}
				p := &packets.Connack{}
				p.Properties.SetAssignedClientIdentifier([]byte(given))
				return p, nil
			},
			Ping: func(c *server.Conn) bool { ids <- c.ClientID(); return true },
		}}
		c := dial(t, serves(t, s))
		id, ok := c.connects(mqttwire.V5, "").Properties.AssignedClientIdentifier()
		require.True(t, ok)
		c.say(&packets.Pingreq{})
		assert.Equal(t, string(id), <-ids)
		if given != "" {
			assert.Equal(t, given, string(id))
		} else {
			assert.GreaterOrEqual(t, len(id), 22, "so that nobody else calls itself so")
		}
		_ = c.conn.Close()
	}
}
