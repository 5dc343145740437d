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

func TestAClientThatHasLeftBeforeItWasClaimedIsNotClaimed(t *testing.T) {
	w := &by{world: newWorld(t, broker.Options{Cluster: &broker.Cluster{Node: "n"}})}
	p := w.connect(mqttwire.V5, "p", keeps)
	p.lose() // and goes to another node
	w.b.Tick(w.now)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 1})
	assert.Empty(t, w.asks(broker.Claim), "so that the other node has to give it up")
	w.open(mqttwire.V5, "p")
}

func TestAClientThatHasLeftWhileItsClaimWaitsIsNotClaimed(t *testing.T) {
	w := newBy(t, broker.Options{})
	refused := broker.Reply{Outcome: broker.Refused}
	for range 2 {
		w.connect(mqttwire.V5, "p", keeps)
		w.answer(broker.Claim, refused)
	}
	p := w.connect(mqttwire.V5, "p", keeps)
	assert.Empty(t, w.asks(broker.Claim), "the third one waits")
	p.lose()
	w.pass(time.Second)
	assert.Empty(t, w.asks(broker.Claim))
	w.connect(mqttwire.V5, "p", keeps)
	w.pass(time.Second)
	assert.Len(t, w.asks(broker.Claim), 1)
}

// A claim that waits a second when the lease ends waits for the next one too.
func TestAClaimThatHasWaitedIsNotAskedForWithoutALease(t *testing.T) {
	w := newBy(t, broker.Options{})
	for range 2 {
		w.connect(mqttwire.V5, "p", keeps)
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Refused})
	}
	w.pass(8*time.Second - time.Millisecond)
	w.connect(mqttwire.V5, "p", keeps)
	w.held = nil
	w.pass(2 * time.Second)
	assert.Empty(t, w.asks(broker.Claim))
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
	w.pass(time.Second)
	assert.Len(t, w.asks(broker.Claim), 1)
}

func TestWhoHasLeftASuspendedNodeStaysWhereItIs(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	e.run()
	a.cut = true
	e.pass(lease + time.Second)
	a.world.now = e.now
	p := a.world.connect(mqttwire.V5, "p", keeps) // no answer
	p.lose()
	q := b.connect(mqttwire.V5, "p", keeps)
	assert.Zero(t, q.connack().ReasonCode)
	a.cut = false
	e.pass(lease)
	assert.False(t, q.closed, "%v", q.got)
}

// A client of a node that has ended may be connected elsewhere when its Gone comes.
func TestAClientThatNobodyWaitsForIsTakenFromNobody(t *testing.T) {
	gone := broker.Notice{Kind: broker.Gone, Holder: broker.Holder{Node: "x", Incarnation: 9}, Client: "p"}
	other := broker.Holder{Node: "c", Incarnation: 3}
	for _, a := range []broker.Reply{{Outcome: broker.Refused}, {Outcome: broker.Done, Epoch: 8, Holder: other}} {
		w := newBy(t, broker.Options{})
		w.b.Notice(w.now, gone)
		assert.True(t, w.answer(broker.Claim, broker.Reply{}).Free)
		w.pass(time.Second)
		assert.True(t, w.answer(broker.Claim, a).Free)
		assert.Empty(t, w.asks(broker.Take))
		assert.Empty(t, w.asks(broker.Drop))

		w.b.Notice(w.now, gone)
		p := w.connect(mqttwire.V5, "p", keeps) // meanwhile
		w.pass(time.Second)
		assert.True(t, w.answer(broker.Claim, a).Free)
		assert.False(t, p.closed)
		w.pass(time.Second)
		assert.False(t, w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 9, Holder: other}).Free)
		assert.Len(t, w.asks(broker.Take), 1)
	}
}

// Somebody waits for the client of a node that has ended, and leaves before it is claimed.
func TestAClientThatIsToBeHeldIsClaimedThoughWhoHasWaitedForItHasLeft(t *testing.T) {
	w := &by{world: newWorld(t, broker.Options{Cluster: &broker.Cluster{Node: "n"}})}
	p := w.connect(mqttwire.V5, "p", keeps)
	w.b.Notice(w.now, broker.Notice{Kind: broker.Gone, Holder: broker.Holder{Node: "x", Incarnation: 9}, Client: "p"})
	p.lose()
	w.b.Tick(w.now)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 1})
	assert.True(t, w.answer(broker.Claim, broker.Reply{Outcome: broker.Refused}).Free)
}

func TestAClientThatIsBackBeforeItsNodeIsGoneStaysWhereItIs(t *testing.T) {
	e := newEngine(t, 1)
	a, _, c := e.node("a", broker.Recorded), e.node("b", broker.Recorded), e.node("c", broker.Recorded)
	p := a.connect(mqttwire.V5, "p", keeps)
	a.subscribe(p, sub("t", 1))
	a.cut = true
	const step = 50 * time.Millisecond
	for e.now.Add(step).Before(a.until) {
		e.pass(step)
	}
	e.now = a.until
	e.expire() // the Notice is on its way to b
	c.world.now = e.now
	q := c.world.connect(mqttwire.V5, "p", keeps)
	for range 20 { // c is faster
		c.step()
		c.world.run()
	}
	require.True(t, q.connack().SessionPresent)
	e.run()
	e.pass(5 * time.Second)
	assert.False(t, q.closed, "%v", q.got)
	assert.Equal(t, []string{"c"}, e.held("p")[len(e.held("p"))-1:])
}

func TestAWantedThatComesLateIsOfNobody(t *testing.T) {
	late := broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1}
	for _, early := range []bool{true, false} { // before the Reply of Claim, or behind it
		w := newBy(t, broker.Options{})
		w.open(mqttwire.V5, "p", keeps)
		w.b.Notice(w.now, late)
		w.run()
		w.puts()
		w.answer(broker.Release, done)
		p := w.connect(mqttwire.V5, "p", keeps)
		if early {
			w.b.Notice(w.now, late)
		}
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 3})
		w.puts()
		if !early {
			w.b.Notice(w.now, late)
		}
		w.run()
		assert.Empty(t, w.asks(broker.Release))
		require.Len(t, p.got, 1)
		assert.IsType(t, &packets.Connack{}, p.got[0])
		assert.False(t, p.closed)
		w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 3})
		assert.Len(t, w.asks(broker.Release), 1)
	}
}
