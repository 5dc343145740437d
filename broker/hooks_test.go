package broker_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestTheHookPublishRefusesAndChanges(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{Hooks: broker.Hooks{Publish: func(c *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
			switch string(p.Topic) {
			case "no":
				return mqttwire.ReasonNotAuthorized
			case "change":
				p.Topic, p.QoS, p.Payload = []byte("changed/"+c.ClientID), 0, []byte("other")
			case "break":
				p.Topic = []byte("a/#")
			}
			return 0
		}}})
		p := w.connect(v, "p")
		p.subscribe(0, sub("#", 2))
		for q := range mqttwire.QoS(3) {
			for _, topic := range []string{"no", "break"} {
				p.take()
				p.publish(topic, "m", q)
				a, acked := first[*packets.Puback](p)
				r, recd := first[*packets.Pubrec](p)
				assert.Equal(t, q == 1, acked)
				assert.Equal(t, q == 2, recd)
				want := mqttwire.ReasonNotAuthorized
				if topic == "break" {
					want = mqttwire.ReasonImplementationSpecificError
				}
				if v == mqttwire.V5 && acked {
					assert.Equal(t, want, a.ReasonCode)
				}
				if v == mqttwire.V5 && recd {
					assert.Equal(t, want, r.ReasonCode)
				}
				assert.Empty(t, p.messages())
				assert.False(t, p.closed)
			}
			p.publish("change", "m", q)
			assert.Equal(t, []string{"changed/p other"}, p.messages())
		}
		assert.Equal(t, uint64(6), w.b.Stats().Refused)
	}
}

func TestTheHookSubscribeRefusesAndLowersTheQoS(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{Hooks: broker.Hooks{Subscribe: func(c *broker.Peer, s *packets.Subscription) mqttwire.ReasonCode {
			if string(s.Filter) == "no" {
				return mqttwire.ReasonNotAuthorized
			}
			s.QoS = 1
			return 0
		}}})
		p := w.connect(v, "p")
		refused := map[mqttwire.Version]mqttwire.ReasonCode{mqttwire.V31: 2, mqttwire.V311: 0x80, mqttwire.V5: 0x87}[v]
		assert.Equal(t, []mqttwire.ReasonCode{1, refused, 0}, p.subscribe(0, sub("yes", 2), sub("no", 2), sub("zero", 0)), v)
		p.publish("no", "m", 0)
		p.publish("yes", "m", 2)
		assert.Equal(t, []string{"yes m QoS1"}, p.messages(), v)
		assert.Equal(t, 2, w.b.Stats().Subscriptions)
	}
}

func TestTheHookDeliverLeavesOutAndChanges(t *testing.T) {
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{Deliver: func(c *broker.Peer, p *packets.Publish) bool {
		switch c.ClientID {
		case "out":
			return false
		case "other":
			p.Payload = append([]byte("other "), p.Payload...)
		}
		return true
	}}})
	out, other, p := w.connect(mqttwire.V5, "out"), w.connect(mqttwire.V5, "other"), w.connect(mqttwire.V5, "p")
	for i := range 3000 {
		p.publish(fmt.Sprintf("r/%04d", i), "m", 0, retain)
	}
	for _, q := range []*peer{out, other, p} {
		q.subscribe(0, sub("a", 1))
	}
	p.publish("a", "m", 1)
	assert.Empty(t, out.messages())
	assert.Equal(t, []string{"a other m QoS1"}, other.messages())
	assert.Equal(t, []string{"a m QoS1"}, p.messages())
	for _, q := range []*peer{out, other, p} {
		q.subscribe(0, sub("r/+", 1))
	}
	assert.Empty(t, out.messages())
	got := other.messages()
	assert.Len(t, got, 3000)
	assert.Equal(t, "r/0000 other m retain", got[0])
	assert.Equal(t, "r/2999 other m retain", got[2999])
	assert.Len(t, p.messages(), 3000)
	assert.Empty(t, w.b.Stats().Dropped)
}

func TestTheHookDroppedHearsOfWhatAClientDoesNotGet(t *testing.T) {
	var heard []string
	w := newWorld(t, broker.Options{
		Hooks: broker.Hooks{Dropped: func(c *broker.Peer, m *session.Message, why session.Drop) {
			heard = append(heard, c.ClientID+" "+string(m.Payload())+": "+why.String())
		}},
		Limits: broker.Limits{Queue: session.Bounds{Count: 1}},
	})
	p := w.connect(mqttwire.V5, "p", keeps)
	p.subscribe(0, sub("a", 1))
	p.lose()
	from := w.connect(mqttwire.V5, "from")
	from.publish("a", "1", 1)
	from.publish("a", "2", 1)
	from.publish("a", "3", 0)
	assert.Equal(t, []string{
		"p 2: " + session.DropFull.String(), "p 3: " + session.DropNotConnected.String(),
	}, heard)
	assert.Equal(t, map[session.Drop]uint64{session.DropFull: 1, session.DropNotConnected: 1}, w.b.Stats().Dropped)
}

func TestAChainAsksAllHooksUntilOneRefuses(t *testing.T) {
	var heard []string
	hook := func(name string, code mqttwire.ReasonCode) broker.Hooks {
		hear := func(what string) { heard = append(heard, name+" "+what) }
		return broker.Hooks{
			Connect: func(context.Context, *broker.Peer, *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
				hear("connect")
				return nil, 0
			},
			Publish: func(*broker.Peer, *packets.Publish) mqttwire.ReasonCode {
				hear("publish")
				return code
			},
			Subscribe: func(*broker.Peer, *packets.Subscription) mqttwire.ReasonCode {
				hear("subscribe")
				return code
			},
			Deliver: func(*broker.Peer, *packets.Publish) bool {
				hear("deliver")
				return code == 0
			},
			Dropped:      func(*broker.Peer, *session.Message, session.Drop) { hear("dropped") },
			Connected:    func(*broker.Peer) { hear("connected") },
			Disconnected: func(*broker.Peer, session.Cause) { hear("disconnected") },
			SessionEnded: func(*broker.Peer) { hear("ended") },
		}
	}
	w := newWorld(t, broker.Options{Hooks: broker.Chain(hook("a", 0), broker.Hooks{}, hook("b", mqttwire.ReasonNotAuthorized), hook("c", 0))})
	p := w.connect(mqttwire.V5, "p")
	assert.Equal(t, []string{"a connect", "b connect", "c connect", "a connected", "b connected", "c connected"}, heard)
	heard = nil
	p.subscribe(0, sub("a", 0))
	p.publish("a", "m", 0)
	assert.Equal(t, []string{"a subscribe", "b subscribe", "a publish", "b publish"}, heard)
	heard = nil
	p.lose()
	assert.Equal(t, []string{"a ended", "b ended", "c ended", "a disconnected", "b disconnected", "c disconnected"}, heard)
	assert.Equal(t, broker.Hooks{}, broker.Chain(broker.Hooks{}))
}

// An exchange of two steps, and one again on the open connection.
func TestTheHookAuthGoesOnUntilItSaysYes(t *testing.T) {
	method := func(code mqttwire.ReasonCode, data string) *packets.Auth {
		a := &packets.Auth{ReasonCode: code}
		a.Properties.SetAuthenticationMethod([]byte("M"))
		a.Properties.SetAuthenticationData([]byte(data))
		return a
	}
	step := func(p *mqttwire.Properties) (*packets.Auth, mqttwire.ReasonCode) {
		data, _ := p.AuthenticationData()
		switch string(data) {
		case "1":
			a := &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}
			a.Properties.SetAuthenticationData([]byte("2"))
			return a, 0
		case "3":
			a := &packets.Auth{}
			a.Properties.SetAuthenticationData([]byte("4"))
			return a, 0
		}
		return nil, mqttwire.ReasonNotAuthorized
	}
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{
		Connect: func(_ context.Context, _ *broker.Peer, p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			return step(&p.Properties)
		},
		Auth: func(_ context.Context, _ *broker.Peer, a *packets.Auth) (*packets.Auth, mqttwire.ReasonCode) {
			return step(&a.Properties)
		},
	}})
	begin := func(data string) func(*packets.Connect) {
		return func(c *packets.Connect) { c.Properties = method(0, data).Properties }
	}
	p := w.connect(mqttwire.V5, "p", begin("1"))
	a, ok := first[*packets.Auth](p)
	assert.True(t, ok)
	assert.Equal(t, method(0x18, "2").String(), sorted(a))
	p.send(method(0x18, "3"))
	assert.Zero(t, p.connack().ReasonCode)
	data, _ := p.connack().Properties.AuthenticationData()
	assert.Equal(t, "4", string(data))
	p.take()
	p.send(method(0x19, "1"))
	p.send(method(0x18, "3"))
	assert.Len(t, p.got, 2)
	assert.Equal(t, mqttwire.ReasonSuccess, p.got[1].(*packets.Auth).ReasonCode)
	p.send(method(0x19, "wrong"))
	d, ok := first[*packets.Disconnect](p)
	assert.True(t, ok)
	assert.Equal(t, mqttwire.ReasonNotAuthorized, d.ReasonCode)
	assert.True(t, p.closed)

	p = w.connect(mqttwire.V5, "p", begin("1"))
	p.send(method(0x18, "wrong"))
	assert.Equal(t, mqttwire.ReasonNotAuthorized, p.connack().ReasonCode)
	assert.True(t, p.closed)
	assert.Zero(t, w.b.Stats().Sessions)

	w = newWorld(t, broker.Options{})
	p = w.connect(mqttwire.V5, "p", begin("1"))
	assert.Equal(t, mqttwire.ReasonBadAuthenticationMethod, p.connack().ReasonCode)
}

// sorted returns an AUTH in words, with the properties in the order in which tests give
// them.
func sorted(a *packets.Auth) string {
	b := &packets.Auth{ReasonCode: a.ReasonCode}
	method, _ := a.Properties.AuthenticationMethod()
	data, _ := a.Properties.AuthenticationData()
	b.Properties.SetAuthenticationMethod(method)
	b.Properties.SetAuthenticationData(data)
	return b.String()
}

func TestWhatTheHookConnectKeepsOfAClientIsFoundInTheListOfClients(t *testing.T) {
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{
		Connect: func(_ context.Context, c *broker.Peer, p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			c.Data = "proved by " + string(p.Password)
			return nil, 0
		},
	}})
	w.connect(mqttwire.V5, "p", func(c *packets.Connect) { c.Password = []byte("secret") })
	c, ok := w.b.Client("", "p")
	assert.True(t, ok)
	assert.Equal(t, "proved by secret", c.Peer.Data)
}
