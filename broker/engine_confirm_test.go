package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
)

// A claim, or what comes behind it, that spans the end of the lease: the incarnation that
// was answered has ended, and another node may have the client.
func TestAClientThatWasClaimedBeforeTheEndOfTheLeaseIsConfirmedFirst(t *testing.T) {
	record := recordOf(t)
	claimed := broker.Reply{Outcome: broker.Done, Epoch: 1}
	other := broker.Reply{Outcome: broker.Done, Epoch: 1, Holder: broker.Holder{Node: "other", Incarnation: 1}}
	there := broker.Reply{Outcome: broker.Done, Epoch: 1, Record: record}
	for name, ask := range map[string]struct{ before, behind func(w *by) }{
		"a claim of a client of which there is nothing": {nil, func(w *by) { w.answer(broker.Claim, claimed) }},
		"a claim of one with a record": {nil, func(w *by) {
			w.answer(broker.Claim, there)
			w.answer(broker.Listen, done)
		}},
		"a take": {func(w *by) { w.answer(broker.Claim, other) }, func(w *by) {
			w.answer(broker.Take, there)
			w.answer(broker.Listen, done)
		}},
		"a session that waits for its filters": {func(w *by) { w.answer(broker.Claim, there) }, func(w *by) { w.answer(broker.Listen, done) }},
	} {
		for _, level := range levels {
			for _, ours := range []bool{true, false} {
				w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: lease, Timeout: time.Minute, Level: level}})
				p := w.connect(mqttwire.V5, "p")
				if ask.before != nil {
					ask.before(w)
				}
				w.pass(11 * time.Second)
				for len(w.asks(broker.Renew)) > 1 {
					w.answer(broker.Renew, broker.Reply{})
				}
				w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
				for len(w.asks(broker.Listen)) > 1 { // of incarnation 1
					w.answer(broker.Listen, broker.Reply{})
				}
				ask.behind(w)
				for len(w.asks(broker.Replay)) > 0 {
					w.answer(broker.Replay, done)
				}
				require.Len(t, w.asks(broker.Put), 1, name)
				assert.Empty(t, p.got, "%s: nobody has confirmed it", name)
				if ours {
					w.puts()
					assert.Len(t, p.got, 1, name)
				} else {
					w.answer(broker.Put, broker.Reply{Outcome: broker.Refused})
					assert.Empty(t, p.got, name)
					assert.True(t, p.closed, name)
				}
			}
		}
	}
}

// recordOf returns a record of a client "p" that subscribes to t, of a node that knows log 1
// up to 10.
func recordOf(t testing.TB) []byte {
	w, _ := newSubscribed(t)
	w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1})
	w.run()
	return w.asks(broker.Release)[0].Record
}
