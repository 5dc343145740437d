package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

func owned(o *broker.Options) { o.Owned = true }

func TestASessionIsItsOwnersOnEveryNode(t *testing.T) {
	for _, level := range levels {
		for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
			e := newEngine(t, 1)
			a, b := e.node("a", level, owned), e.node("b", level, owned)
			alice := a.connect(v, "p", named("alice"))
			a.subscribe(alice, sub("t", 1))
			alice.lose()
			e.run()
			for _, n := range []*node{b, a, a} { // taken from the other node, and held already
				for _, name := range []string{"bob", ""} {
					other := n.connect(v, "p", named(name))
					code := other.connack().ReasonCode
					assert.True(t, code == mqttwire.ReasonNotAuthorized || v != mqttwire.V5 && code == 5, "%v %v", v, code)
					assert.True(t, other.closed)
				}
				e.pass(10 * time.Second) // as one of many claims would wait
				alice = n.connect(v, "p", named("alice"))
				assert.Zero(t, alice.connack().ReasonCode)
				assert.True(t, alice.connack().SessionPresent)
				alice.lose()
				e.run()
				assert.Equal(t, []string{n.name}, e.held("p"))
			}
		}
	}
}

// It is what the hooks see of the client too: of its will, and of what it is sent.
func TestAClientThatAnotherNodeHasHadHasItsName(t *testing.T) {
	var published, delivered, ended []string
	hooks := func(o *broker.Options) {
		o.Hooks.Publish = func(c *broker.Peer, _ *packets.Publish) mqttwire.ReasonCode {
			published = append(published, c.Name)
			return 0
		}
		o.Hooks.Deliver = func(c *broker.Peer, _ *packets.Publish) bool {
			delivered = append(delivered, c.Name)
			return true
		}
		o.Hooks.SessionEnded = func(c *broker.Peer) { ended = append(ended, c.Name) }
	}
	e := newEngine(t, 1)
	a := e.node("a", broker.Recorded)
	e.node("b", broker.Recorded, hooks)
	p := a.connect(mqttwire.V5, "p", named("alice"), func(c *packets.Connect) {
		c.Will = &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1}
	})
	a.subscribe(p, sub("w", 1))
	a.cut = true
	e.pass(lease + time.Second)
	assert.Equal(t, []string{"alice"}, published)
	assert.Equal(t, []string{"alice"}, delivered)
	e.pass(1000 * time.Second)
	assert.Equal(t, []string{"alice"}, ended)
}

// The record has the name of who was connected last.
func TestTheRecordOfAClientThatComesByAnotherNameHasThat(t *testing.T) {
	for _, level := range levels {
		e := newEngine(t, 1)
		a, b := e.node("a", level), e.node("b", level)
		a.subscribe(a.connect(mqttwire.V5, "p", named("alice")), sub("t", 1))
		for i, n := range []*node{a, b} { // held, and taken
			p := n.connect(mqttwire.V5, "p", named([]string{"bob", "carol"}[i]))
			assert.True(t, p.connack().SessionPresent)
		}
		b.cut = true
		e.pass(lease + time.Second)
		p, ok := a.b.Client("", "p")
		require.True(t, ok)
		assert.Equal(t, "carol", p.Peer.Name)
	}
}

// A record of before there were names in it.
func TestARecordWithoutANameIsRead(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p", named("alice"))
	p.subscribed(w, "t")
	w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1})
	w.run()
	record := w.asks(broker.Release)[0].Record
	require.Equal(t, append([]byte{2, 5}, "alice"...), record[:7])
	w = newBy(t, broker.Options{})
	p = w.connect(mqttwire.V5, "p", keeps)
	w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1, Record: append([]byte{1}, record[7:]...)})
	w.answer(broker.Listen, done)
	w.puts()
	assert.True(t, p.connack().SessionPresent)
}

// subscribed subscribes, and answers what is asked for.
func (p *peer) subscribed(w *by, filter string) {
	p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub(filter, 1)}})
	w.answer(broker.Listen, done)
	w.puts()
	p.take()
}
