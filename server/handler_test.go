package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// pipe serves a connection in memory, which the function speaks on as a client, in a
// bubble of virtual time. Goroutines that are left over fail the test.
func pipe(t *testing.T, s *server.Server, speak func(t *testing.T, c *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- s.ServeConn(far) }()
		speak(t, newClient(t, near))
		_ = near.Close()
		assert.Error(t, <-ended)
		assert.NoError(t, s.Close())
		assert.Equal(t, server.ErrServerClosed, s.ServeConn(far))
	})
}

func TestWithoutABrokerTheUsualAnswersAreSent(t *testing.T) {
	for _, v := range versions {
		pipe(t, &server.Server{}, func(t *testing.T, c *client) {
			a := c.connects(v, "c", func(p *packets.Connect) { p.CleanStart = false })
			assert.Zero(t, a.ReasonCode)
			assert.False(t, a.SessionPresent)
			if v == mqttwire.V5 {
				expiry, ok := a.Properties.SessionExpiryInterval()
				assert.True(t, ok)
				assert.Zero(t, expiry)
			}
			c.subscribes("#", 1)
			for _, p := range []mqttwire.Packet{
				&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1},
				&packets.Publish{Topic: []byte("a"), QoS: 2, PacketID: 2},
				&packets.Pubrel{PacketID: 2},
				&packets.Unsubscribe{PacketID: 3, Filters: [][]byte{[]byte("#")}},
				&packets.Pingreq{},
			} {
				c.say(p)
				assert.Equal(t, packets.Acknowledge(p).Type(), c.next().Type(), v)
			}
			c.say(&packets.Disconnect{})
			_, err := c.Receive()
			assert.Equal(t, io.EOF, err)
		})
	}
}

func TestAClientWithoutAnIdentifierGetsOne(t *testing.T) {
	seen := make(chan string, 1)
	s := &server.Server{Handler: server.Handler{Publish: func(c *server.Conn, _ *packets.Publish) (mqttwire.Packet, error) {
		seen <- c.ClientID()
		return nil, nil
	}}}
	pipe(t, s, func(t *testing.T, c *client) {
		id, ok := c.connects(mqttwire.V5, "").Properties.AssignedClientIdentifier()
		assert.True(t, ok)
		c.say(&packets.Publish{Topic: []byte("a")})
		assert.Equal(t, string(id), <-seen)
	})
}

// answers is a handler that answers all with codes of its own.
func answers(seen *[]mqttwire.PacketType) server.Handler {
	see := func(p mqttwire.Packet) { *seen = append(*seen, p.Type()) }
	return server.Handler{
		Connect: func(_ *server.Conn, p *packets.Connect) (mqttwire.Packet, error) {
			see(p)
			a := &packets.Connack{}
			a.Properties.SetReasonString([]byte("welcome"))
			return a, nil
		},
		Publish: func(_ *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
			see(p)
			switch p.QoS {
			case 1:
				return &packets.Puback{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNotAuthorized}, nil
			case 2:
				return &packets.Pubrec{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNoMatchingSubscribers}, nil
			}
			return nil, nil
		},
		PublishRelease: func(_ *server.Conn, p *packets.Pubrel) (*packets.Pubcomp, error) {
			see(p)
			a := &packets.Pubcomp{PacketID: p.PacketID}
			a.Properties.SetReasonString([]byte("done"))
			return a, nil
		},
		Subscribe: func(_ *server.Conn, p *packets.Subscribe) (*packets.Suback, error) {
			see(p)
			return &packets.Suback{PacketID: p.PacketID, ReasonCodes: []mqttwire.ReasonCode{1, mqttwire.ReasonNotAuthorized}}, nil
		},
		Unsubscribe: func(_ *server.Conn, p *packets.Unsubscribe) (*packets.Unsuback, error) {
			see(p)
			return &packets.Unsuback{PacketID: p.PacketID, ReasonCodes: []mqttwire.ReasonCode{mqttwire.ReasonNotAuthorized}}, nil
		},
		PublishAck: func(_ *server.Conn, p *packets.Puback) { see(p) },
		PublishReceived: func(_ *server.Conn, p *packets.Pubrec) (*packets.Pubrel, error) {
			see(p)
			return nil, nil
		},
		PublishComplete: func(_ *server.Conn, p *packets.Pubcomp) { see(p) },
		Ping: func(*server.Conn) bool {
			see(&packets.Pingreq{})
			return true
		},
		Disconnect: func(_ *server.Conn, p *packets.Disconnect) { see(p) },
		Close:      func(*server.Conn, error) { *seen = append(*seen, 0) },
	}
}

func TestWhatAHandlerReturnsIsTheAnswer(t *testing.T) {
	for _, b := range []bool{false, true} {
		var seen []mqttwire.PacketType
		s := &server.Server{Handler: answers(&seen)}
		if b {
			s = withBroker()
			s.Handler = answers(&seen)
		}
		pipe(t, s, func(t *testing.T, c *client) {
			reason, _ := c.connects(mqttwire.V5, "c").Properties.ReasonString()
			assert.Equal(t, "welcome", string(reason))
			c.say(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), QoS: 2}, {Filter: []byte("b")}}})
			assert.Equal(t, []mqttwire.ReasonCode{1, 0x87}, c.next().(*packets.Suback).ReasonCodes)
			c.say(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1})
			assert.Equal(t, mqttwire.ReasonNotAuthorized, c.next().(*packets.Puback).ReasonCode, "and it is not sent on")
			c.say(&packets.Publish{Topic: []byte("a"), QoS: 2, PacketID: 2})
			assert.Equal(t, mqttwire.ReasonNoMatchingSubscribers, c.next().(*packets.Pubrec).ReasonCode)
			if b {
				m := c.next().(*packets.Publish)
				assert.Equal(t, mqttwire.QoS(1), m.QoS, "as it was granted")
				c.say(&packets.Puback{PacketID: m.PacketID})
			}
			c.say(&packets.Pubrel{PacketID: 2})
			done, _ := c.next().(*packets.Pubcomp).Properties.ReasonString()
			assert.Equal(t, "done", string(done))
			c.say(&packets.Unsubscribe{PacketID: 3, Filters: [][]byte{[]byte("a")}})
			assert.Equal(t, []mqttwire.ReasonCode{0x87}, c.next().(*packets.Unsuback).ReasonCodes)
			c.say(&packets.Pingreq{})
			c.next()
			c.say(&packets.Disconnect{})
		})
		want := []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.SUBSCRIBE, mqttwire.PUBLISH, mqttwire.PUBLISH, mqttwire.PUBREL, mqttwire.UNSUBSCRIBE, mqttwire.PINGREQ, mqttwire.DISCONNECT, 0}
		if b {
			want = append(want[:4:4], append([]mqttwire.PacketType{mqttwire.PUBACK}, want[4:]...)...)
		}
		assert.Equal(t, want, seen)
	}
}

func TestAnAnswerThatDoesNotFitIsReplacedByTheUsualOne(t *testing.T) {
	for _, b := range []bool{false, true} {
		s := &server.Server{}
		if b {
			s = withBroker()
		}
		s.Handler = server.Handler{
			Publish: func(_ *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
				if p.QoS == 0 {
					return &packets.Puback{PacketID: 1}, nil
				}
				return &packets.Puback{PacketID: p.PacketID + 1, ReasonCode: mqttwire.ReasonNotAuthorized}, nil
			},
			Subscribe: func(_ *server.Conn, p *packets.Subscribe) (*packets.Suback, error) {
				return &packets.Suback{PacketID: p.PacketID, ReasonCodes: make([]mqttwire.ReasonCode, 7)}, nil
			},
			Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) { return &packets.Pingresp{}, nil },
		}
		pipe(t, s, func(t *testing.T, c *client) {
			assert.Zero(t, c.connects(mqttwire.V5, "c").ReasonCode)
			c.subscribes("a", 1)
			c.say(&packets.Publish{Topic: []byte("b")}, &packets.Publish{Topic: []byte("b"), QoS: 1, PacketID: 1})
			a := c.next().(*packets.Puback)
			assert.False(t, a.ReasonCode.IsError())
			assert.Equal(t, uint16(1), a.PacketID)
		})
	}
}

func TestAnErrorOfAHandlerRefusesThePacket(t *testing.T) {
	for _, v := range versions {
		s := &server.Server{Handler: server.Handler{
			Publish: func(_ *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
				return nil, mqttwire.NewError(mqttwire.RuleTopicEmpty, mqttwire.PUBLISH, v, mqttwire.FieldTopicName, 0, 0)
			},
			Subscribe: func(*server.Conn, *packets.Subscribe) (*packets.Suback, error) { return nil, errors.New("no") },
		}}
		pipe(t, s, func(t *testing.T, c *client) {
			c.connects(v, "c")
			c.say(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
			want := map[mqttwire.Version]mqttwire.ReasonCode{mqttwire.V31: 0, mqttwire.V311: 0x80, mqttwire.V5: 0x80}[v]
			assert.Equal(t, []mqttwire.ReasonCode{want}, c.next().(*packets.Suback).ReasonCodes)
			c.say(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1})
			a := c.next().(*packets.Puback)
			assert.Equal(t, v == mqttwire.V5, a.ReasonCode.IsError())
			c.say(&packets.Publish{Topic: []byte("a")}) // which no answer refuses
			if v == mqttwire.V5 {
				assert.True(t, c.next().(*packets.Disconnect).ReasonCode.IsError())
			}
			_, err := c.Receive()
			assert.Equal(t, io.EOF, err)
		})
	}
}

func TestAHandlerThatPanicsEndsItsConnectionAlone(t *testing.T) {
	var mu sync.Mutex
	closed := 0
	var log bytes.Buffer
	s := withBroker()
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	s.Handler = server.Handler{
		Publish: func(_ *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
			if string(p.Topic) == "panic" {
				panic("as a test")
			}
			return nil, nil
		},
		Ping: func(*server.Conn) bool { return false },
		Close: func(*server.Conn, error) {
			mu.Lock()
			closed++
			mu.Unlock()
			panic("again")
		},
	}
	pipe(t, s, func(t *testing.T, c *client) {
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- s.ServeConn(far) }()
		other := newClient(t, near)
		other.connects(mqttwire.V5, "other")
		c.connects(mqttwire.V5, "c")
		c.say(&packets.Publish{Topic: []byte("panic"), QoS: 1, PacketID: 1})
		assert.Equal(t, mqttwire.ReasonUnspecifiedError, c.next().(*packets.Disconnect).ReasonCode)
		other.say(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1})
		assert.IsType(t, &packets.Puback{}, other.next())
		other.say(&packets.Pingreq{})
		assert.IsType(t, &packets.Disconnect{}, other.next(), "as Ping says no")
		_ = near.Close()
		assert.Error(t, <-ended)
	})
	assert.Equal(t, 2, closed)
	failures := 0
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, `msg="handler failed"`) {
			failures++
			assert.Contains(t, line, "handler_test.go:", "where it was")
		}
	}
	assert.Equal(t, 3, failures)
	assert.Contains(t, log.String(), "as a test")
	assert.Contains(t, log.String(), "again")
}

func TestAServerWithoutABrokerSendsMessagesOfItsOwn(t *testing.T) {
	s := &server.Server{Handler: server.Handler{Publish: func(c *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
		return nil, c.Send(&packets.Publish{Topic: []byte("echo"), Payload: p.Payload, QoS: 1})
	}}}
	pipe(t, s, func(t *testing.T, c *client) {
		c.connects(mqttwire.V5, "c")
		c.say(&packets.Publish{Topic: []byte("a"), Payload: []byte("m")})
		m := c.next().(*packets.Publish)
		assert.Equal(t, "echo m", string(m.Topic)+" "+string(m.Payload))
	})
	s = withBroker()
	got := make(chan error, 1)
	s.Handler.Publish = func(c *server.Conn, _ *packets.Publish) (mqttwire.Packet, error) {
		got <- c.Send(&packets.Publish{Topic: []byte("a")})
		return nil, nil
	}
	pipe(t, s, func(t *testing.T, c *client) {
		c.connects(mqttwire.V5, "c")
		c.say(&packets.Publish{Topic: []byte("a")})
		assert.Error(t, <-got)
	})
}

// An exchange that the handler leads, without a broker and with one whose hooks it asks.
func TestAHandlerLeadsAnExchange(t *testing.T) {
	auth := func(code mqttwire.ReasonCode, data string) *packets.Auth {
		a := &packets.Auth{ReasonCode: code}
		a.Properties.SetAuthenticationMethod([]byte("M"))
		a.Properties.SetAuthenticationData([]byte(data))
		return a
	}
	for _, b := range []bool{false, true} {
		s := &server.Server{}
		if b {
			s = &server.Server{Broker: broker.New(broker.Options{})}
		}
		s.Handler = server.Handler{
			Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) { return auth(0x18, "who"), nil },
			Auth: func(_ *server.Conn, p *packets.Auth) (*packets.Auth, error) {
				if data, _ := p.Properties.AuthenticationData(); string(data) != "me" {
					return nil, nil
				}
				return auth(0, "welcome"), nil
			},
		}
		for answer, want := range map[string]mqttwire.ReasonCode{"me": 0, "nobody": mqttwire.ReasonNotAuthorized} {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				ended := make(chan error, 1)
				go func() { ended <- s.ServeConn(far) }()
				c := newClient(t, near)
				p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
				p.Properties.SetAuthenticationMethod([]byte("M"))
				c.say(p)
				assert.IsType(t, &packets.Auth{}, c.next())
				c.say(auth(0x18, answer))
				a, ok := c.next().(*packets.Connack)
				require.True(t, ok)
				assert.Equal(t, want, a.ReasonCode)
				if want == 0 {
					data, _ := a.Properties.AuthenticationData()
					assert.Equal(t, "welcome", string(data))
				}
				_ = near.Close()
				<-ended
				_ = s.Close()
			})
			s = &server.Server{Broker: s.Broker, Handler: s.Handler}
		}
	}
}

func TestAConnectThatCannotEvenBeRefusedEndsTheConnection(t *testing.T) {
	for _, s := range []*server.Server{{}, withBroker()} {
		pipe(t, s, func(t *testing.T, c *client) {
			p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
			p.Properties.SetMaximumPacketSize(1)
			c.say(p)
			_, err := c.Receive()
			assert.Equal(t, io.EOF, err)
		})
	}
}

// A handler may leave the Authentication Method out: it is that of the CONNECT.
func TestWithoutABrokerAnExchangeHasTheMethodOfTheConnect(t *testing.T) {
	named := func(p *mqttwire.Properties) { p.SetAuthenticationMethod([]byte("m")) }
	pipe(t, &server.Server{Handler: server.Handler{
		Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) {
			return &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}, nil
		},
		Auth: func(_ *server.Conn, a *packets.Auth) (*packets.Auth, error) { return &packets.Auth{}, nil },
	}}, func(t *testing.T, c *client) {
		method := func(p mqttwire.Packet, of *mqttwire.Properties) string {
			name, _ := of.AuthenticationMethod()
			return p.Type().String() + " " + string(name)
		}
		connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
		named(&connect.Properties)
		c.say(connect)
		a := c.next().(*packets.Auth)
		assert.Equal(t, "AUTH m", method(a, &a.Properties))
		again := &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}
		named(&again.Properties)
		c.say(again)
		ack := c.next().(*packets.Connack)
		assert.Equal(t, "CONNACK m", method(ack, &ack.Properties))
		assert.Zero(t, ack.ReasonCode)
		again.ReasonCode = mqttwire.ReasonReauthenticate
		c.say(again)
		a = c.next().(*packets.Auth)
		assert.Equal(t, "AUTH m", method(a, &a.Properties))
		assert.Zero(t, a.ReasonCode)
	})
}

func TestWithoutABrokerAnExchangeWhoseConnackCannotBeSentEnds(t *testing.T) {
	pipe(t, &server.Server{Handler: server.Handler{
		Connect: func(*server.Conn, *packets.Connect) (mqttwire.Packet, error) {
			return &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}, nil
		},
		Auth: func(*server.Conn, *packets.Auth) (*packets.Auth, error) {
			a := &packets.Auth{}
			a.Properties.SetReasonString([]byte("\xFF"))
			return a, nil
		},
	}}, func(t *testing.T, c *client) {
		connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
		connect.Properties.SetAuthenticationMethod([]byte("m"))
		c.say(connect)
		c.next()
		a := &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}
		a.Properties.SetAuthenticationMethod([]byte("m"))
		c.say(a)
		assert.Equal(t, mqttwire.ReasonUnspecifiedError, c.next().(*packets.Connack).ReasonCode)
	})
}

// Of two who close a connection the first says why, though nothing of it is written yet.
func TestTheFirstDisconnectIsTheLastWord(t *testing.T) {
	for _, s := range []*server.Server{{}, withBroker()} {
		s.Handler.Publish = func(c *server.Conn, _ *packets.Publish) (mqttwire.Packet, error) {
			c.Disconnect(mqttwire.ReasonQuotaExceeded)
			c.Disconnect(mqttwire.ReasonAdministrativeAction)
			return nil, nil
		}
		pipe(t, s, func(t *testing.T, c *client) {
			c.connects(mqttwire.V5, "c")
			c.say(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1})
			for p := c.next(); ; p = c.next() {
				if d, ok := p.(*packets.Disconnect); ok {
					assert.Equal(t, mqttwire.ReasonQuotaExceeded, d.ReasonCode)
					return
				}
			}
		})
	}
}
