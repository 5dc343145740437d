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

// moves returns a broker to which the client of recordOf comes, which was at 10 of log 1. It
// knows other logs by a client that subscribes to all, and log 1 up to end.
func moves(t *testing.T, end uint64) (*by, *peer) {
	w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: time.Hour, Timeout: 2 * time.Second, Level: broker.Appended}})
	q := w.open(mqttwire.V5, "q")
	q.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("#", 1)}})
	w.answer(broker.Listen, broker.Reply{Outcome: broker.Done, Positions: []session.Position{{Log: 1, Seq: end}, {Log: 2, Seq: 1_000_000}, {Log: 3, Seq: 7}}})
	w.puts()
	p := w.connect(mqttwire.V5, "p", keeps)
	w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 5, Record: recordOf(t)})
	w.answer(broker.Listen, broker.Reply{Outcome: broker.Done, Positions: []session.Position{{Log: 1, Seq: end}, {Log: 3, Seq: 7}}})
	w.puts()
	return w, p
}

// Of logs that the record does not have those are looked at that can have something for the
// session: they have begun since.
func TestALogThatHasNothingForASessionIsNotReplayedForIt(t *testing.T) {
	w, p := moves(t, 12)
	list := w.asks(broker.Replay)
	require.Len(t, list, 2)
	assert.Equal(t, session.Position{Log: 1, Seq: 10}, list[0].From)
	assert.Equal(t, session.Position{Log: 3}, list[1].From)
	w.answer(broker.Replay, broker.Reply{Outcome: broker.Done, Position: session.Position{Log: 1, Seq: 12}})
	w.answer(broker.Replay, broker.Reply{Outcome: broker.Done, Position: session.Position{Log: 3, Seq: 7}})
	w.puts()
	assert.True(t, p.connack().SessionPresent)
	w.b.Arrive(w.now, loggedOn("t", "live", 2, 1_000_001, 0))
	w.run()
	assert.Equal(t, []string{"t live QoS1"}, p.messages())
}

// A long Replay with little for the session comes to its end, though it takes longer than
// Timeout; and one that was cut off goes on where it was.
func TestALongReplayGoesOnAndDoesNotBeginAgain(t *testing.T) {
	w, p := moves(t, 100)
	list := w.asks(broker.Replay)
	require.Len(t, list, 2)
	w.b.Reply(w.now, broker.Reply{Token: list[1].Token, Outcome: broker.Done, Position: session.Position{Log: 3, Seq: 7}})
	w.held = nil
	for seq := uint64(11); seq <= 22; seq++ {
		w.pass(1500 * time.Millisecond)
		d := loggedOn("other", "m", 1, seq, seq-1)
		if d.Token = list[0].Token; seq%2 == 0 {
			d.Namespace = "other"
		}
		w.b.Arrive(w.now, d)
	}
	assert.Empty(t, w.asks(broker.Replay))
	w.pass(3 * time.Second)
	list = w.asks(broker.Replay)
	require.Len(t, list, 1)
	assert.Equal(t, session.Position{Log: 1, Seq: 22}, list[0].From)
	w.answer(broker.Replay, broker.Reply{Outcome: broker.Done, Position: session.Position{Log: 1, Seq: 100}})
	w.puts()
	assert.True(t, p.connack().SessionPresent)
}
