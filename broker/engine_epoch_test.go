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

// withWill gives a client a will.
func withWill(c *packets.Connect) {
	c.Will = &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1}
}

// The client of a will that is published may be held by another node by then.
func TestAWillHasNoEpochByWhichTheEngineWouldRefuseIt(t *testing.T) {
	for _, retained := range []bool{false, true} {
		e := newEngine(t, 1)
		a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
		watcher := b.connect(mqttwire.V5, "watcher")
		b.subscribe(watcher, sub("w", 1))
		watcher.take()
		a.connect(mqttwire.V5, "p", keeps, withWill, func(c *packets.Connect) { c.Will.Retain = retained })
		b.connect(mqttwire.V5, "p", keeps)
		assert.Equal(t, []string{"w gone QoS1"}, watcher.messages())
		assert.Zero(t, a.b.Stats().Refused)
	}
}

// And what the client itself publishes has one.
func TestAMessageThatComesToTheEngineWhenItsClientIsHeldElsewhereIsRefused(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	p := a.connect(mqttwire.V311, "p", keeps)
	p.send(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1})
	late, ok := a.b.Request()
	require.True(t, ok)
	require.Equal(t, broker.Append, late.Kind)
	b.connect(mqttwire.V311, "p", keeps)
	e.do(a, &late, func(r broker.Reply) { assert.Equal(t, broker.Refused, r.Outcome) })
	assert.Empty(t, append(e.logs[0], e.logs[1]...))
}

func TestAWillThatTheEngineRefusesIsCounted(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p", withWill)
	p.lose()
	r := w.answer(broker.Append, broker.Reply{Outcome: broker.Refused})
	assert.Equal(t, "p", r.Client)
	assert.Zero(t, r.Epoch)
	w.pass(time.Second)
	assert.Empty(t, w.asks(broker.Append), "it is not asked for again")
	assert.Equal(t, uint64(1), w.b.Stats().Refused)
}
