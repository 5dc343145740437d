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

// ends is a DISCONNECT with which the session ends.
func ends() *packets.Disconnect {
	d := &packets.Disconnect{}
	d.Properties.SetSessionExpiryInterval(0)
	return d
}

func TestAClientIsNotClaimedWhileItIsUnknownWhetherItsSessionWasDropped(t *testing.T) {
	for _, o := range []broker.Outcome{broker.Done, broker.Refused} {
		w := newBy(t, broker.Options{})
		p := w.open(mqttwire.V5, "p", keeps)
		p.send(ends())
		p.lose()
		w.answer(broker.Drop, broker.Reply{}) // it did not come to the engine
		p = w.connect(mqttwire.V5, "p", keeps)
		w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1})
		w.pass(time.Second)
		assert.Empty(t, w.asks(broker.Claim), "whose Reply has the record of the session that has ended")
		assert.Empty(t, w.asks(broker.Release))
		assert.Equal(t, broker.Epoch(1), w.answer(broker.Drop, broker.Reply{Outcome: o}).Epoch)
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 2})
		w.puts()
		a, ok := first[*packets.Connack](p)
		require.True(t, ok)
		assert.False(t, a.SessionPresent)
	}
}

func TestASessionThatHasEndedIsNotThereAgainThoughItsDropWasLost(t *testing.T) {
	e := newEngine(t, 1)
	a := e.node("a", broker.Recorded)
	p := a.connect(mqttwire.V5, "p", keeps)
	a.subscribe(p, sub("t", 1))
	lost := 0
	e.refuse = func(r *broker.Request) (broker.Outcome, bool) {
		if r.Kind == broker.Drop && lost < 3 {
			lost++
			return broker.Unknown, true
		}
		return 0, false
	}
	a.send(p, ends())
	e.run()
	p = a.connect(mqttwire.V5, "p", keeps)
	assert.Empty(t, p.got)
	e.pass(time.Second)
	assert.False(t, p.connack().SessionPresent)
	e.pass(time.Second)
	assert.Equal(t, []string{"a"}, e.held("p"))
}
