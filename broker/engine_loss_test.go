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

// loggedOn is a live message of a log.
func loggedOn(topic, payload string, log uint16, seq, previous uint64) broker.Delivery {
	p := &packets.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: 1}
	return broker.Delivery{Message: session.NewMessageAt(began, p, session.Position{Log: log, Seq: seq}), Previous: previous}
}

// What is lost is missed by the next message of the log, and not only of its topic: else a
// record would say that the session has got it.
func TestALossIsMissedBeforeAMessageOfAnotherTopicIsSentOn(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p", keeps)
	p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("#", 1)}})
	w.answer(broker.Listen, broker.Reply{Outcome: broker.Done, Positions: []session.Position{{Log: 1, Seq: 10}}})
	w.puts()
	p.take()
	w.b.Arrive(w.now, loggedOn("x", "one", 1, 11, 0))
	w.b.Arrive(w.now, loggedOn("y", "other", 1, 13, 12)) // 12 is lost
	w.b.Arrive(w.now, loggedOn("x", "three", 1, 14, 13))
	w.run()
	assert.Equal(t, []string{"x one QoS1"}, p.messages())
	list := w.asks(broker.Replay)
	require.Len(t, list, 1)
	assert.Equal(t, session.Position{Log: 1, Seq: 11}, list[0].From)
}

// Listen and Replay tell more than messages do: what they have passed is not missing.
func TestAMessageBehindWhatListenHasPassedIsNotMissing(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p", keeps)
	for i, filter := range []string{"x", "y"} {
		p.send(&packets.Subscribe{PacketID: uint16(i + 1), Subscriptions: []packets.Subscription{sub(filter, 1)}})
		w.answer(broker.Listen, broker.Reply{Outcome: broker.Done, Positions: []session.Position{{Log: 1, Seq: 10 * uint64(i+1)}}})
		w.puts()
	}
	p.take()
	w.b.Arrive(w.now, loggedOn("y", "one", 1, 21, 7))
	w.b.Arrive(w.now, loggedOn("x", "two", 1, 25, 21))
	w.run()
	assert.Equal(t, []string{"y one QoS1", "x two QoS1"}, p.messages())
	assert.Empty(t, w.asks(broker.Replay))
}

// And so with an engine that loses one message and does not say so.
func TestAMessageThatIsLostOnTheWayComesWithTheNextOneOfAnyTopic(t *testing.T) {
	for lost := range uint64(3) {
		e := newEngine(t, 1)
		a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
		p, from := a.connect(mqttwire.V5, "p", keeps), b.connect(mqttwire.V5, "from")
		a.subscribe(p, sub("#", 1))
		p.take()
		e.lose = func(n *node, at session.Position) bool { return n == a && at.Seq == lost+1 }
		want := []string{"x 0 QoS1", "y 1 QoS1", "x 2 QoS1", "y 3 QoS1"}
		for _, m := range want {
			b.publish(from, m[:1], m[2:3], 1)
		}
		e.pass(time.Second)
		assert.Equal(t, want, p.messages())
	}
}
