package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

var refused = broker.Reply{Outcome: broker.Refused}

func TestASubscriptionThatTheEngineRefusesIsRefused(t *testing.T) {
	for _, v := range versions {
		o := broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: time.Hour, Level: broker.Appended}}
		o.Hooks.Subscribe = func(_ *broker.Peer, s *packets.Subscription) mqttwire.ReasonCode {
			if string(s.Filter) == "not" {
				return mqttwire.ReasonNotAuthorized
			}
			return 0
		}
		w := newBy(t, o)
		p := w.open(v, "p")
		p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("not", 1), sub("a", 1), sub("b", 1)}})
		w.answer(broker.Listen, refused)
		assert.Empty(t, p.got)
		w.answer(broker.Listen, done)
		a, ok := first[*packets.Suback](p)
		require.True(t, ok)
		switch v {
		case mqttwire.V5:
			assert.Equal(t, []mqttwire.ReasonCode{mqttwire.ReasonNotAuthorized, mqttwire.ReasonImplementationSpecificError, 1}, a.ReasonCodes)
		case mqttwire.V311:
			assert.Equal(t, []mqttwire.ReasonCode{0x80, 0x80, 1}, a.ReasonCodes)
		}
		assert.Equal(t, 1, w.b.Stats().Subscriptions, "also in 3.1, which cannot say so")
		assert.False(t, p.conn.Waits())
		w.pass(time.Minute)
		assert.Empty(t, w.asks(broker.Listen), "nobody wants it any more")
		p.take()
		p.send(&packets.Subscribe{PacketID: 2, Subscriptions: []packets.Subscription{sub("a", 1)}})
		w.answer(broker.Listen, done)
		a, _ = first[*packets.Suback](p)
		assert.Equal(t, []mqttwire.ReasonCode{1}, a.ReasonCodes)
	}
}

func TestAllThatWaitForAFilterThatTheEngineRefusesAreRefused(t *testing.T) {
	w := newBy(t, broker.Options{})
	p, q := w.open(mqttwire.V5, "p"), w.open(mqttwire.V5, "q")
	for _, c := range []*peer{p, q} {
		c.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("a", 1)}})
	}
	w.answer(broker.Listen, refused)
	for _, c := range []*peer{p, q} {
		a, ok := first[*packets.Suback](c)
		require.True(t, ok)
		assert.Equal(t, []mqttwire.ReasonCode{mqttwire.ReasonImplementationSpecificError}, a.ReasonCodes)
	}
	assert.Empty(t, w.asks(broker.Forget), "it was not listened to")
}

func TestAFilterThatTheEngineDoesNotAnswerIsAskedForWhileSomebodyWants(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("a", 1)}})
	w.answer(broker.Listen, broker.Reply{})
	w.pass(time.Second)
	w.answer(broker.Listen, done)
	_, ok := first[*packets.Suback](p)
	assert.True(t, ok)
}

// What is listened to for somebody is listened to in the next incarnation too; and the program
// cannot be told.
func TestAFilterThatSomebodyHasIsAskedForThoughTheEngineRefuses(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	p.subscribed(w, "a")
	w.suspends()
	w.goesOn()
	w.answer(broker.Listen, refused)
	w.pass(time.Second)
	w.answer(broker.Listen, done)
	s, got := sub("own", 1), 0
	cancel, err := w.b.Subscribe(w.now, "", &s, func(*session.Message, session.Delivery) { got++ })
	require.NoError(t, err)
	w.answer(broker.Listen, refused)
	w.pass(time.Second)
	w.answer(broker.Listen, done)
	cancel()
	assert.Len(t, w.asks(broker.Forget), 1)
}

func TestAConnectionWhoseSessionHasAFilterThatTheEngineRefusesIsRefused(t *testing.T) {
	w, _ := newSubscribed(t)
	w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1})
	w.run()
	record := w.asks(broker.Release)[0].Record
	for _, wanted := range []bool{false, true} {
		w := newBy(t, broker.Options{})
		p := w.connect(mqttwire.V5, "p", keeps)
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 5, Record: record})
		w.answer(broker.Listen, refused)
		assert.Equal(t, mqttwire.ReasonServerBusy, p.connack().ReasonCode)
		assert.True(t, p.closed)
		if wanted {
			w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 5})
			w.pass(time.Second)
			w.answer(broker.Listen, refused)
			r := w.answer(broker.Release, done)
			assert.Empty(t, r.Record, "it is as it was")
			w.pass(time.Second)
			assert.Empty(t, w.asks(broker.Listen))
			continue
		}
		w.pass(time.Second) // the session goes on, with its will and up to its end
		w.answer(broker.Listen, done)
		w.answer(broker.Replay, done)
		assert.Equal(t, 1, w.b.Stats().Sessions)
		p = w.connect(mqttwire.V5, "p", keeps)
		w.puts()
		assert.True(t, p.connack().SessionPresent)
	}
}
