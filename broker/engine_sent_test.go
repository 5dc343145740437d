package broker_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// A message waits up to when it is handed out, and no longer: a bound that forgets some which
// are not there any more is at its end one day, and then nothing of QoS 0 leaves.
func TestRetainedMessagesOfQoS0DoNotWaitAnyMoreOnceTheyAreHandedOut(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	for range 10_000 {
		p.publish("a", "m", 0, retain)
		r, ok := w.b.Request()
		require.True(t, ok)
		require.Equal(t, broker.Retain, r.Kind)
	}
	p.publish("a", "m", 0, retain)
	p.publish("a", "m", 0)
	assert.Len(t, w.asks(broker.Retain), 1)
	assert.Len(t, w.asks(broker.Send), 1)
	assert.Zero(t, w.b.Stats().Refused)
}

func TestRetainedMessagesOfQoS0ForWhichTheEngineHasNoTimeAreDropped(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	for range 10_001 {
		p.publish("a", "m", 0, retain)
	}
	assert.Len(t, w.asks(broker.Retain), 10_000)
	assert.Equal(t, uint64(1), w.b.Stats().Refused)
}

// Of two messages with the same name the engine keeps one.
func TestEachRetainedMessageHasItsName(t *testing.T) {
	for q := mqttwire.AtMostOnce; q <= mqttwire.ExactlyOnce; q++ {
		w := newBy(t, broker.Options{})
		p := w.open(mqttwire.V5, "p", func(c *packets.Connect) {
			c.Will = &packets.Will{Topic: []byte("of the will"), Payload: []byte("m"), QoS: q, Retain: true}
		})
		for _, topic := range []string{"one", "other"} {
			m := session.NewMessage(w.now, &packets.Publish{Topic: []byte(topic), Payload: []byte("m"), QoS: q, Retain: true})
			require.NoError(t, w.b.Publish(w.now, "", m, nil))
		}
		p.publish("of the client", "m", q, retain)
		p.lose()
		names := map[broker.MessageID]bool{}
		for _, r := range w.asks(broker.Retain) {
			assert.Equal(t, broker.Holder{Node: "n", Incarnation: 1}, r.ID.Holder, "%s", r.Message.Topic())
			names[r.ID] = true
		}
		assert.Len(t, names, 4, "of the program, of the client, and its will")
	}
}
