package broker_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

// changesQoS returns what makes the hook Publish change one QoS into another.
func changesQoS(from, to mqttwire.QoS) func(*broker.Options) {
	return func(o *broker.Options) {
		o.Hooks.Publish = func(_ *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
			if p.QoS == from {
				p.QoS = to
			}
			return 0
		}
	}
}

func newByChanging(t testing.TB, from, to mqttwire.QoS) *by {
	var o broker.Options
	changesQoS(from, to)(&o)
	return newBy(t, o)
}

func TestAMessageThatTheHookGivesQoS0IsAcknowledgedAtOnce(t *testing.T) {
	for _, v := range versions {
		for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
			w := newByChanging(t, q, 0)
			p := w.open(v, "p")
			p.publish("a", "m", q)
			p.publish("a", "kept", q, retain)
			list := append(w.asks(broker.Send), w.asks(broker.Retain)...)
			require.Len(t, list, 2)
			assert.Zero(t, list[0].Token, "nobody answers it")
			require.NotEmpty(t, p.got)
			code, _ := packets.ReasonCode(p.got[0])
			assert.Zero(t, code)
			w.pass(11 * time.Second) // more than Timeout
			assert.False(t, p.closed)
		}
	}
}

// Its acknowledgement stays behind those of before.
func TestAMessageThatTheHookGivesQoS0WaitsForNobodyButThoseBeforeIt(t *testing.T) {
	w := newBy(t, broker.Options{Hooks: broker.Hooks{Publish: func(_ *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		if string(p.Topic) == "low" {
			p.QoS = 0
		}
		return 0
	}}})
	p := w.open(mqttwire.V5, "p")
	p.publish("a", "m", 1)
	p.publish("low", "m", 1)
	assert.Empty(t, p.got)
	assert.Len(t, w.asks(broker.Send), 1)
	w.answer(broker.Append, done)
	assert.Len(t, p.got, 2)
}

func TestAMessageOfQoS0ThatTheHookGivesMoreIsAppended(t *testing.T) {
	for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
		e := newEngine(t, 1)
		n := e.node("a", broker.Appended, changesQoS(0, q))
		p := n.connect(mqttwire.V5, "p")
		n.subscribe(p, sub("a", 1))
		p.take()
		for _, payload := range []string{"one", "two"} {
			n.publish(p, "a", payload, 0)
		}
		assert.Equal(t, []string{"a one QoS1", "a two QoS1"}, p.messages())
	}
}

func TestAMessageOfQoS0ThatTheHookGivesMoreIsAskedForUntilItIsAnswered(t *testing.T) {
	w := newByChanging(t, 0, 1)
	p := w.open(mqttwire.V5, "p")
	p.publish("a", "m", 0)
	r := w.answer(broker.Append, broker.Reply{})
	assert.NotZero(t, r.ID)
	w.pass(time.Second)
	assert.Equal(t, r.ID, w.answer(broker.Append, done).ID)
	w.pass(time.Second)
	assert.Empty(t, w.asks(broker.Append))
}

func TestMessagesOfQoS0ThatTheHookGivesMoreAndForWhichTheEngineHasNoTimeAreDropped(t *testing.T) {
	w := newByChanging(t, 0, 1)
	p := w.open(mqttwire.V5, "p")
	for i := range 10_010 {
		p.publish(strconv.Itoa(i), "m", 0)
	}
	list := w.asks(broker.Append)
	assert.Len(t, list, 10_000)
	assert.Equal(t, uint64(10), w.b.Stats().Refused)
	w.b.Reply(w.now, broker.Reply{Token: list[0].Token, Outcome: broker.Done})
	p.publish("one more", "m", 0)
	assert.Len(t, w.asks(broker.Append), 10_001)
}
