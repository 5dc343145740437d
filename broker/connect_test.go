package broker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

// connack returns the CONNACK that has come.
func (p *peer) connack() *packets.Connack {
	p.w.t.Helper()
	a, ok := first[*packets.Connack](p)
	assert.True(p.w.t, ok, "there is no CONNACK")
	if !ok {
		return &packets.Connack{ReasonCode: 0xFF}
	}
	return a
}

func TestAnEmptyClientIdentifierGetsOneThatNobodyHas(t *testing.T) {
	w := newWorld(t, broker.Options{})
	seen := map[string]bool{}
	for range 3 {
		p := w.connect(mqttwire.V5, "")
		id, ok := p.connack().Properties.AssignedClientIdentifier()
		assert.True(t, ok)
		assert.False(t, seen[string(id)])
		assert.NoError(t, mqttwire.CheckString(id, mqttwire.V31))
		seen[string(id)] = true
		assert.Equal(t, string(id), p.conn.Peer().ClientID)
	}
	p := w.connect(mqttwire.V311, "")
	assert.Zero(t, p.connack().ReasonCode)
	assert.NotEmpty(t, p.conn.Peer().ClientID)
	assert.Equal(t, 4, w.b.Stats().Sessions)
}

func TestASessionGoesOnOnTheNextConnection(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		p := w.connect(v, "p", keeps)
		p.subscribe(0, sub("a", 1))
		p.lose()
		from := w.connect(v, "from")
		from.publish("a", "while away", 1)
		from.publish("a", "QoS 0", 0)
		p = w.connect(v, "p", keeps)
		assert.Equal(t, v != mqttwire.V31, p.connack().SessionPresent, v)
		from.publish("a", "later", 1)
		assert.Equal(t, []string{"a while away QoS1", "a later QoS1"}, p.messages(), v)

		p = w.connect(v, "p")
		assert.False(t, p.connack().SessionPresent)
		from.publish("a", "to nobody", 1)
		assert.Empty(t, p.messages())
		assert.Zero(t, w.b.Stats().Subscriptions)
	}
}

// Trap 18: a takeover that tells neither, or loses the session.
func TestATakeoverTellsTheOldConnectionAndMovesTheSession(t *testing.T) {
	for _, v := range versions {
		var heard []string
		w := newWorld(t, broker.Options{Hooks: broker.Hooks{
			Connected:    func(c *broker.Peer) { heard = append(heard, "connected "+c.ClientID) },
			Disconnected: func(c *broker.Peer, _ sessionCause) { heard = append(heard, "disconnected "+c.ClientID) },
			SessionEnded: func(c *broker.Peer) { heard = append(heard, "ended "+c.ClientID) },
		}})
		old := w.connect(v, "p", keeps)
		old.subscribe(0, sub("a", 1))
		p := w.connect(v, "p", keeps)
		assert.True(t, old.closed, v)
		if d, ok := first[*packets.Disconnect](old); v == mqttwire.V5 {
			assert.True(t, ok)
			assert.Equal(t, mqttwire.ReasonSessionTakenOver, d.ReasonCode)
		} else {
			assert.False(t, ok, v)
		}
		assert.Equal(t, v != mqttwire.V31, p.connack().SessionPresent, v)
		p.publish("a", "m", 1)
		assert.Equal(t, []string{"a m QoS1"}, p.messages(), v)
		assert.Equal(t, 1, w.b.Stats().Connected)
		assert.Equal(t, 1, w.b.Stats().Sessions)
		assert.Equal(t, []string{"connected p", "disconnected p", "connected p"}, heard)

		heard = nil
		w.connect(v, "p") // clean
		assert.True(t, p.closed)
		assert.Zero(t, w.b.Stats().Subscriptions)
	}
}

func TestASessionThatEndsWithItsConnectionIsNotTakenOver(t *testing.T) {
	var ended int
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{SessionEnded: func(*broker.Peer) { ended++ }}})
	old := w.connect(mqttwire.V5, "p")
	old.subscribe(0, sub("a", 1))
	p := w.connect(mqttwire.V5, "p", func(c *packets.Connect) { c.CleanStart = false })
	assert.False(t, p.connack().SessionPresent)
	assert.True(t, old.closed)
	assert.Equal(t, 1, ended)
	assert.Equal(t, 1, w.b.Stats().Sessions)
	assert.Zero(t, w.b.Stats().Subscriptions)
}

// Trap 18, with QoS 2: at each step of the exchange.
func TestATakeoverAtEachStepOfAnExchangeSendsTheMessageOnOnce(t *testing.T) {
	for step := range 4 {
		w := newWorld(t, broker.Options{})
		to := w.connect(mqttwire.V5, "to")
		to.subscribe(0, sub("a", 0))
		m := &packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: 2, PacketID: 7}
		script := []mqttwire.Packet{m, &packets.Pubrel{PacketID: 7}}
		p := w.connect(mqttwire.V5, "p", keeps)
		p.deaf = step%2 == 1 // the answer is lost
		p.send(script[:min(step/2+1, 2)]...)
		p = w.connect(mqttwire.V5, "p", keeps)
		again := *m
		again.Dup = true
		if step < 2 {
			p.send(&again)
		}
		p.send(script[1])
		assert.Equal(t, []string{"a m"}, to.messages(), step)
		p.publish("a", "next", 2, func(q *packets.Publish) { q.PacketID = 7 })
		assert.Equal(t, []string{"a next"}, to.messages(), step)
	}
}

func TestASessionEndsWhenItsIntervalHasPassed(t *testing.T) {
	var ended []string
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{SessionEnded: func(c *broker.Peer) { ended = append(ended, c.ClientID) }}})
	for id, interval := range map[string]uint32{"short": 10, "long": 1000} {
		p := w.connect(mqttwire.V5, id, func(c *packets.Connect) { c.Properties.SetSessionExpiryInterval(interval) })
		p.subscribe(0, sub("a", 0))
		p.lose()
	}
	w.pass(9 * time.Second)
	assert.Empty(t, ended)
	w.pass(2 * time.Second)
	assert.Equal(t, []string{"short"}, ended)
	assert.Equal(t, 1, w.b.Stats().Sessions)
	assert.Equal(t, 1, w.b.Stats().Subscriptions)
	w.pass(1000 * time.Second)
	assert.Equal(t, []string{"short", "long"}, ended)
	assert.Zero(t, w.b.Stats().Subscriptions)
}

func TestASessionIsKeptNoLongerThanTheLimit(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{Limits: broker.Limits{SessionExpiry: time.Minute}})
		p := w.connect(v, "p", keeps)
		announced, ok := p.connack().Properties.SessionExpiryInterval()
		assert.Equal(t, v == mqttwire.V5, ok)
		if ok {
			assert.Equal(t, uint32(60), announced)
			d := &packets.Disconnect{}
			d.Properties.SetSessionExpiryInterval(5000)
			p.send(d)
		}
		p.lose()
		w.pass(59 * time.Second)
		assert.Equal(t, 1, w.b.Stats().Sessions, v)
		w.pass(time.Second)
		assert.Zero(t, w.b.Stats().Sessions, v)
	}
}

func TestAClientBeyondTheLimitOfSessionsIsRefused(t *testing.T) {
	w := newWorld(t, broker.Options{Limits: broker.Limits{Sessions: 1}})
	w.connect(mqttwire.V5, "p")
	p := w.connect(mqttwire.V5, "q")
	assert.Equal(t, mqttwire.ReasonQuotaExceeded, p.connack().ReasonCode)
	assert.True(t, p.closed)
	assert.Zero(t, w.connect(mqttwire.V5, "p").connack().ReasonCode, "one that is known comes in")
	assert.Equal(t, 1, w.b.Stats().Sessions)
}

func TestWhatIsOfferedIsAnnouncedAndKeptTo(t *testing.T) {
	w := newWorld(t, broker.Options{Offers: broker.Offers{
		LimitQoS: true, MaximumQoS: 1, NoRetain: true, NoWildcards: true, NoShared: true, NoSubscriptionIDs: true,
		KeepAlive: 30, ReceiveMaximum: 5, TopicAliases: 3, PacketSize: 5000,
	}})
	p := w.connect(mqttwire.V5, "p")
	assert.Equal(t, "[Maximum QoS: 1, Retain Available: 0, Wildcard Subscription Available: 0, Subscription Identifier Available: 0, "+
		"Shared Subscription Available: 0, Server Keep Alive: 30, Receive Maximum: 5, Topic Alias Maximum: 3, Maximum Packet Size: 5000]",
		p.connack().Properties.String())
	assert.Equal(t, []mqttwire.ReasonCode{1}, p.subscribe(0, sub("a", 2)))
	for _, will := range []*packets.Will{{Topic: []byte("w"), QoS: 2}, {Topic: []byte("w"), Retain: true}} {
		q := w.connect(mqttwire.V5, "q", func(c *packets.Connect) { c.Will = will })
		want := mqttwire.ReasonQoSNotSupported
		if will.Retain {
			want = mqttwire.ReasonRetainNotSupported
		}
		assert.Equal(t, want, q.connack().ReasonCode)
		assert.True(t, q.closed)
	}
	assert.Equal(t, 1, w.b.Stats().Sessions, "nothing is left of who was refused")
	old := w.connect(mqttwire.V311, "old")
	assert.Equal(t, []mqttwire.ReasonCode{0x80, 0x80, 1}, old.subscribe(0, sub("a/+", 0), sub("$share/g/a", 0), sub("a", 2)))
	old.publish("a", "m", 0, retain)
	assert.Zero(t, w.b.Stats().Retained)
	assert.Equal(t, []string{"a m"}, old.messages())
}

func TestTheHookConnectDecides(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{Hooks: broker.Hooks{
			Connect: func(_ context.Context, c *broker.Peer, p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
				if string(p.Password) != "secret" {
					return nil, mqttwire.ReasonBadUserNameOrPassword
				}
				c.Name = "the user " + c.Name
				return nil, 0
			},
		}})
		p := w.connect(v, "p", func(c *packets.Connect) { c.UserName, c.Password = []byte("u"), []byte("wrong") })
		want := mqttwire.ReasonBadUserNameOrPassword
		if v != mqttwire.V5 {
			want = mqttwire.ReturnBadUserNameOrPassword
		}
		assert.Equal(t, want, p.connack().ReasonCode, v)
		assert.True(t, p.closed)
		p = w.connect(v, "p", func(c *packets.Connect) { c.UserName, c.Password = []byte("u"), []byte("secret") })
		assert.Zero(t, p.connack().ReasonCode, v)
		assert.Equal(t, "the user u", w.b.Clients("")[0].Peer.Name)
	}
}

func TestNamespacesSeeNothingOfEachOther(t *testing.T) {
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{
		Connect: func(_ context.Context, c *broker.Peer, p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			c.Namespace = c.Name
			return nil, 0
		},
	}})
	of := func(name string) func(*packets.Connect) {
		return func(c *packets.Connect) { c.UserName = []byte(name) }
	}
	a, b := w.connect(mqttwire.V5, "same", of("a")), w.connect(mqttwire.V5, "same", of("b"))
	assert.False(t, a.closed)
	a.subscribe(0, sub("#", 0))
	b.subscribe(0, sub("#", 0))
	a.publish("t", "from a", 0, retain)
	b.publish("t", "from b", 0, retain)
	assert.Equal(t, []string{"t from a"}, a.messages())
	assert.Equal(t, []string{"t from b"}, b.messages())
	c := w.connect(mqttwire.V5, "c", of("a"))
	c.subscribe(0, sub("#", 0))
	assert.Equal(t, []string{"t from a retain"}, c.messages())
	assert.Len(t, w.b.Clients("a"), 2)
	assert.Len(t, w.b.Clients("b"), 1)
}

func TestAConnectionEndsWithItsCredentials(t *testing.T) {
	w := newWorld(t, broker.Options{})
	w = newWorld(t, broker.Options{Hooks: broker.Hooks{
		Connect: func(_ context.Context, c *broker.Peer, _ *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			c.Expires = w.now.Add(time.Minute)
			return nil, 0
		},
	}})
	p := w.connect(mqttwire.V5, "p")
	w.pass(59 * time.Second)
	assert.False(t, p.closed)
	w.pass(time.Second)
	assert.True(t, p.closed)
	d, _ := first[*packets.Disconnect](p)
	assert.Equal(t, mqttwire.ReasonMaximumConnectTime, d.ReasonCode)
}

// A driver that handles until there is no packet would never end.
func TestAConnectThatCannotEvenBeRefusedEndsTheConnection(t *testing.T) {
	for _, hooks := range []broker.Hooks{{}, {Connect: func(context.Context, *broker.Peer, *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
		return nil, mqttwire.ReasonNotAuthorized
	}}} {
		w := newWorld(t, broker.Options{Hooks: hooks})
		p := w.connect(mqttwire.V5, "p", func(c *packets.Connect) { c.Properties.SetMaximumPacketSize(1) })
		assert.True(t, p.closed)
		assert.Empty(t, p.got)
		assert.Zero(t, w.b.Stats().Sessions)
		assert.Zero(t, w.b.Stats().Attached)
	}
}
