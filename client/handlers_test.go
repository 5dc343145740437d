package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// place is somewhere that code of the user runs.
type place struct {
	name string
	// set has f called there, once, and returns what makes that happen after Connect.
	set func(o *client.Options, e *client.Events, l *client.Listener, f func(c *client.Client)) func(b *broker, c *client.Client)
}

// onMessage makes a message come.
func onMessage(b *broker, c *client.Client) {
	_, _ = c.Subscribe(context.Background(), nil, client.Sub("in", 1))
	b.publish(&packets.Publish{Topic: []byte("in"), QoS: 1})
}

var places = []place{
	{"OnMessage", func(o *client.Options, _ *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		var c *client.Client
		o.OnMessage = func(*client.Message) { f(c) }
		return func(b *broker, d *client.Client) { c = d; onMessage(b, d) }
	}},
	{"Events.Message", func(_ *client.Options, e *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		e.Message = func(c *client.Client, _ *client.Message) { f(c) }
		return onMessage
	}},
	{"a handler", func(_ *client.Options, _ *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		return func(b *broker, c *client.Client) {
			_, _ = c.Subscribe(context.Background(), func(*client.Message) { f(c) }, client.Sub("in", 1))
			b.publish(&packets.Publish{Topic: []byte("in"), QoS: 1})
		}
	}},
	{"an Inbox", func(_ *client.Options, _ *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		return func(b *broker, c *client.Client) {
			_, _ = c.SubscribeTo(context.Background(), &client.Inbox{Handler: func(*client.Message) { f(c) }}, client.Sub("in", 2))
			b.publish(&packets.Publish{Topic: []byte("in"), QoS: 2})
		}
	}},
	{"Messages", func(_ *client.Options, _ *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		return func(b *broker, c *client.Client) {
			go func() {
				for range c.Messages(context.Background()) {
					f(c)
				}
			}()
			onMessage(b, c)
		}
	}},
	{"Events.Connect", func(_ *client.Options, e *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		e.Connect = func(c *client.Client, _ *packets.Connack) { f(c) }
		return nil
	}},
	{"Events.Offline", func(_ *client.Options, e *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		e.Offline = f
		return func(b *broker, _ *client.Client) { b.cut() }
	}},
	{"Events.Reconnect", func(_ *client.Options, e *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		e.Reconnect = func(c *client.Client, _ int) { f(c) }
		return func(b *broker, _ *client.Client) { b.cut() }
	}},
	{"Events.Error", func(_ *client.Options, e *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		e.Error = func(c *client.Client, _ error) { f(c) }
		return func(b *broker, _ *client.Client) {
			b.set(func() { b.away = errAway })
			b.cut()
			time.Sleep(time.Minute)
			b.set(func() { b.away = nil })
		}
	}},
	{"Events.Close", func(_ *client.Options, e *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		e.Close = func(c *client.Client, _ error) { f(c) }
		return func(_ *broker, c *client.Client) { _ = c.Close(context.Background()) }
	}},
	{"OnDropped", func(o *client.Options, _ *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		var c *client.Client
		o.OnDropped = func(client.Dropped) { f(c) }
		return func(b *broker, d *client.Client) {
			c = d
			d.Send(&packets.Publish{Topic: []byte("refuse"), QoS: 1})
		}
	}},
	{"a Listener", func(_ *client.Options, _ *client.Events, l *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		l.PublishAck = func(c *client.Client, _ *packets.Puback) { f(c) }
		return func(_ *broker, c *client.Client) { c.Send(&packets.Publish{Topic: []byte("x"), QoS: 1}) }
	}},
	{"AroundPublish", func(o *client.Options, _ *client.Events, _ *client.Listener, f func(*client.Client)) func(*broker, *client.Client) {
		var c *client.Client
		inside := false
		o.AroundPublish = func(ctx context.Context, p *packets.Publish, publish func(context.Context, *packets.Publish) error) error {
			if !inside {
				inside = true
				f(c)
			}
			return publish(ctx, p)
		}
		return func(_ *broker, d *client.Client) {
			c = d
			_ = d.Publish(context.Background(), "x", nil, client.QoS(1))
		}
	}},
}

// calls are the methods of a client, and of what it gives.
var calls = map[string]func(ctx context.Context, c *client.Client){
	"Publish 0": func(ctx context.Context, c *client.Client) { _ = c.Publish(ctx, "out", nil) },
	"Publish 1": func(ctx context.Context, c *client.Client) { _ = c.Publish(ctx, "out", nil, client.QoS(1)) },
	"Publish 2": func(ctx context.Context, c *client.Client) { _ = c.Publish(ctx, "out", nil, client.QoS(2)) },
	"Publish 3 times": func(ctx context.Context, c *client.Client) {
		for range 3 {
			_ = c.Publish(ctx, "out", nil, client.QoS(2))
		}
	},
	"Send": func(_ context.Context, c *client.Client) {
		_ = c.Send(&packets.Publish{Topic: []byte("out"), QoS: 1}).Err()
	},
	"Subscribe": func(ctx context.Context, c *client.Client) {
		_, _ = c.Subscribe(ctx, func(*client.Message) {}, client.Sub("more", 1))
	},
	"SubscribeTo": func(ctx context.Context, c *client.Client) {
		_, _ = c.SubscribeTo(ctx, &client.Inbox{}, client.Sub("more", 1))
	},
	"Unsubscribe": func(ctx context.Context, c *client.Client) { _ = c.Unsubscribe(ctx, "more") },
	"Handle":      func(_ context.Context, c *client.Client) { _ = c.Handle("more", func(*client.Message) {}) },
	"Request": func(ctx context.Context, c *client.Client) {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, _ = c.Request(ctx, "out", nil)
	},
	"ReAuth":          func(ctx context.Context, c *client.Client) { _ = c.ReAuth(ctx) },
	"Flush":           func(ctx context.Context, c *client.Client) { _ = c.Flush(ctx) },
	"Sync":            func(ctx context.Context, c *client.Client) { _ = c.Sync(ctx) },
	"AwaitConnection": func(ctx context.Context, c *client.Client) { _ = c.AwaitConnection(ctx) },
	"ServerInfo":      func(_ context.Context, c *client.Client) { _ = c.ServerInfo() },
	"Stats":           func(_ context.Context, c *client.Client) { _ = c.Stats() },
	"On":              func(_ context.Context, c *client.Client) { c.On(client.Events{}) },
	"Listen":          func(_ context.Context, c *client.Client) { c.Listen(client.Listener{}) },
	"Connect":         func(ctx context.Context, c *client.Client) { _ = c.Connect(ctx) },
	"Start":           func(_ context.Context, c *client.Client) { _ = c.Start() },
	"Run": func(ctx context.Context, c *client.Client) {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = c.Run(ctx)
	},
	"Close": func(ctx context.Context, c *client.Client) { _ = c.Close(ctx) },
	"Abort": func(_ context.Context, c *client.Client) { _ = c.Abort() },
}

// TestTrap1HandlersMayCallEverything: nobody waits for a handler, so that each method
// returns in each, with one message in flight and one that waits at most.
func TestTrap1HandlersMayCallEverything(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		for _, p := range places {
			for name, call := range calls {
				t.Run(v.String()+" "+p.name+" "+name, func(t *testing.T) {
					bubble(t, func(t *testing.T) { callInside(t, v, p, call) })
				})
			}
		}
	}
}

func callInside(t *testing.T, v mqttwire.Version, p place, call func(context.Context, *client.Client)) {
	b := newBroker()
	b.connack = func(*packets.Connect) *packets.Connack {
		a := &packets.Connack{}
		a.Properties.SetReceiveMaximum(1)
		return a
	}
	b.answer = func(p mqttwire.Packet) mqttwire.Packet {
		if p, ok := p.(*packets.Publish); ok && string(p.Topic) == "refuse" {
			return &packets.Puback{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNotAuthorized}
		}
		return nil
	}
	o := client.Options{Version: v, ClientID: "c", Dialer: b.dial, Expiry: time.Hour, ReceiveMaximum: 1, Session: session.Options{
		InFlight: 1, Queue: session.Bounds{Count: 1}}, Journal: session.MemoryJournal()}
	var e client.Events
	var l client.Listener
	began, done := false, make(chan struct{})
	then := p.set(&o, &e, &l, func(c *client.Client) {
		if began {
			return
		}
		began = true
		call(context.Background(), c)
		close(done)
	})
	c, err := client.New("mqtt://broker", o)
	require.NoError(t, err)
	c.On(e)
	c.Listen(l)
	require.NoError(t, c.Connect(t.Context()))
	if then != nil {
		go then(b, c)
	}
	if v != mqttwire.V5 && p.name == "OnDropped" { // no code refuses there
		require.NoError(t, c.Abort())
		return
	}
	select {
	case <-done:
	case <-time.After(10 * time.Minute):
		assert.Fail(t, "it has not returned")
		b.end()
	}
	require.NoError(t, c.Abort())
	time.Sleep(time.Hour) // what has begun ends
}

var errRefusedByUser = errors.New("not this one")

func TestAroundPublishSeesAndChangesEachPublish(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := b.options(mqttwire.V5)
		var seen []string
		o.AroundPublish = func(ctx context.Context, p *packets.Publish, publish func(context.Context, *packets.Publish) error) error {
			if string(p.Topic) == "secret" {
				return errRefusedByUser
			}
			p.Properties.AddUser([]byte("trace"), []byte("7"))
			p.Payload = []byte("redacted")
			err := publish(ctx, p)
			seen = append(seen, string(p.Topic))
			return err
		}
		c := b.dialed(t, o)
		require.NoError(t, c.Publish(t.Context(), "t", []byte("x"), client.QoS(1)))
		assert.ErrorIs(t, c.Publish(t.Context(), "secret", []byte("x")), errRefusedByUser)
		assert.Equal(t, []string{"t"}, seen)
		got := packetsOf[*packets.Publish](b)
		require.Len(t, got, 1)
		assert.Equal(t, "redacted", string(got[0].Payload))
		assert.True(t, got[0].Properties.Has(mqttwire.UserProperty))
	})
}

type traceKey struct{}

func TestAroundHandlerGivesHandlersTheirContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := b.options(mqttwire.V5)
		ended := 0
		o.AroundHandler = func(ctx context.Context, m *client.Message, handle func(context.Context)) {
			handle(context.WithValue(ctx, traceKey{}, m.Topic))
			ended++
		}
		got := make(chan context.Context, 1)
		o.OnMessage = func(m *client.Message) { got <- m.Context() }
		c := b.dialed(t, o)
		onMessage(b, c)
		ctx := <-got
		assert.Equal(t, "in", ctx.Value(traceKey{}))
		assert.NoError(t, ctx.Err())
		require.NoError(t, c.Close(t.Context()))
		assert.Error(t, ctx.Err(), "it ends with the client")
		assert.Equal(t, 1, ended)
	})
}

// TestAListenerHearsOfEachPacketOnce: in the order in which they came.
func TestAListenerHearsOfEachPacketOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c, err := client.New("mqtt://broker", b.options(mqttwire.V5))
		require.NoError(t, err)
		var log eventLog
		c.Listen(client.Listener{
			ConnectAck:      func(_ *client.Client, p *packets.Connack) { log.add("%s", p.Type()) },
			Publish:         func(_ *client.Client, p *packets.Publish) { log.add("%s %s", p.Type(), p.Topic) },
			PublishAck:      func(_ *client.Client, p *packets.Puback) { log.add("%s", p.Type()) },
			PublishReceived: func(_ *client.Client, p *packets.Pubrec) { log.add("%s", p.Type()) },
			PublishRelease:  func(_ *client.Client, p *packets.Pubrel) { log.add("%s", p.Type()) },
			PublishComplete: func(_ *client.Client, p *packets.Pubcomp) { log.add("%s", p.Type()) },
			SubscribeAck:    func(_ *client.Client, p *packets.Suback) { log.add("%s", p.Type()) },
			UnsubscribeAck:  func(_ *client.Client, p *packets.Unsuback) { log.add("%s", p.Type()) },
			Ping:            func(*client.Client) { log.add("PINGRESP") },
			Disconnect:      func(_ *client.Client, p *packets.Disconnect) { log.add("%s", p.Type()) },
		})
		c.On(client.Events{Message: func(_ *client.Client, m *client.Message) { log.add("handler of %s", m.Topic) }})
		require.NoError(t, c.Connect(t.Context()))
		_, err = c.Subscribe(t.Context(), nil, client.Sub("t", 2))
		require.NoError(t, err)
		require.NoError(t, c.Publish(t.Context(), "a", nil, client.QoS(1)))
		require.NoError(t, c.Publish(t.Context(), "a", nil, client.QoS(2)))
		b.publish(&packets.Publish{Topic: []byte("t"), QoS: 2})
		pass(time.Second)
		require.NoError(t, c.Unsubscribe(t.Context(), "t"))
		pass(50 * time.Second)
		b.of("c").disconnect(&packets.Disconnect{ReasonCode: mqttwire.ReasonNotAuthorized})
		<-c.Done()
		pass(time.Second)
		assert.Equal(t, []string{"CONNACK", "SUBACK", "PUBACK", "PUBREC", "PUBCOMP", "PUBLISH t", "handler of t", "PUBREL",
			"UNSUBACK", "PINGRESP", "DISCONNECT"}, log.all())
	})
}

func TestAListenerMayKeepThePacket(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c, err := client.New("mqtt://broker", b.options(mqttwire.V5))
		require.NoError(t, err)
		var kept []*packets.Publish
		c.Listen(client.Listener{Publish: func(_ *client.Client, p *packets.Publish) { kept = append(kept, p) }})
		require.NoError(t, c.Connect(t.Context()))
		_, err = c.Subscribe(t.Context(), func(*client.Message) {}, client.Sub("+", 1))
		require.NoError(t, err)
		for _, topic := range []string{"one", "two", "six"} {
			b.publish(&packets.Publish{Topic: []byte(topic), Payload: []byte(topic), QoS: 1})
		}
		pass(time.Second)
		require.Len(t, kept, 3)
		for i, topic := range []string{"one", "two", "six"} {
			assert.Equal(t, topic+topic, string(kept[i].Topic)+string(kept[i].Payload))
		}
		require.NoError(t, c.Close(t.Context()))
	})
}
