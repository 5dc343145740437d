package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

// hasWill lets a client have a will.
func hasWill(c *packets.Connect) {
	c.Will = &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1}
}

// resumes ends the lease and begins the next incarnation.
func (w *by) resumes() {
	w.pass(9 * time.Second)
	w.held = nil
	w.pass(2 * time.Second)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
}

// A will that becomes due while nobody knows whose the client is.
func TestAWillWaitsUntilItsClientIsConfirmed(t *testing.T) {
	for _, ours := range []bool{true, false} {
		w := newBy(t, broker.Options{})
		p := w.open(mqttwire.V5, "p", keeps, func(c *packets.Connect) {
			c.Will = &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1}
		})
		w.pass(9 * time.Second)
		w.held = nil
		p.lose()
		assert.Empty(t, w.asks(broker.Append))
		w.pass(2 * time.Second)
		w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
		assert.Empty(t, w.asks(broker.Append))
		outcome := broker.Refused
		if ours {
			outcome = broker.Done
		}
		for len(w.asks(broker.Put)) > 0 {
			w.answer(broker.Put, broker.Reply{Outcome: outcome})
		}
		assert.Equal(t, ours, len(w.asks(broker.Append)) == 1)
	}
}

// The same of a session that has ended with its connection.
func TestTheWillOfASessionThatHasEndedWaitsUntilItWasOurs(t *testing.T) {
	for _, ours := range []bool{true, false} {
		w := newBy(t, broker.Options{})
		p := w.open(mqttwire.V5, "p", func(c *packets.Connect) {
			c.Will = &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1}
		})
		w.pass(9 * time.Second)
		w.held = nil
		p.lose()
		assert.Empty(t, w.asks(broker.Append))
		outcome := broker.Refused
		if ours {
			outcome = broker.Done
		}
		w.answer(broker.Drop, broker.Reply{Outcome: outcome})
		assert.Equal(t, ours, len(w.asks(broker.Append)) == 1)
	}
}

// And of one that has ended before the Put is answered that would have confirmed it.
func TestTheWillOfASessionThatHasEndedUnconfirmedWaitsUntilItWasOurs(t *testing.T) {
	for _, ours := range []bool{true, false} {
		w := newBy(t, broker.Options{})
		p := w.open(mqttwire.V5, "p", hasWill) // ends with its connection
		w.resumes()
		require.Len(t, w.asks(broker.Put), 1)
		p.lose()
		assert.Empty(t, w.asks(broker.Append), "nobody knows whether the client is ours")
		outcome := broker.Done
		if !ours {
			outcome = broker.Refused
		}
		w.answer(broker.Put, broker.Reply{Outcome: outcome})
		w.answer(broker.Drop, broker.Reply{Outcome: outcome})
		assert.Equal(t, ours, len(w.asks(broker.Append)) == 1)
	}
}

func TestTheWillOfASessionThatHasExpiredUnconfirmedWaitsUntilItWasOurs(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p", hasWill, func(c *packets.Connect) {
		c.CleanStart = false
		c.Properties.SetSessionExpiryInterval(5)
		c.Will.Properties.SetWillDelayInterval(100)
	})
	w.pass(7 * time.Second)
	p.lose() // and goes to another node
	w.puts()
	w.pass(2 * time.Second)
	w.held = nil
	w.pass(4 * time.Second)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
	w.b.Tick(w.now)
	w.run()
	assert.Empty(t, w.asks(broker.Append), "nobody knows whether the client is ours")
	w.answer(broker.Drop, broker.Reply{Outcome: broker.Refused})
	assert.Empty(t, w.asks(broker.Append))
}

// A client that is wanted before it is confirmed; and its connection is told that it was
// taken over only if it was ours.
func TestTheWillOfAClientThatIsWantedUnconfirmedWaitsUntilItWasOurs(t *testing.T) {
	for _, ours := range []bool{true, false} {
		w := newBy(t, broker.Options{})
		p := w.open(mqttwire.V5, "p", keeps, hasWill)
		w.resumes()
		require.Len(t, w.asks(broker.Put), 1)
		w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1})
		w.run()
		outcome := broker.Done
		if !ours {
			outcome = broker.Refused
		}
		w.answer(broker.Put, broker.Reply{Outcome: outcome})
		assert.Empty(t, w.asks(broker.Append))
		assert.Empty(t, p.got)
		w.answer(broker.Release, broker.Reply{Outcome: outcome})
		assert.Equal(t, ours, len(w.asks(broker.Append)) == 1)
		assert.Equal(t, ours, len(p.got) == 1)
		assert.True(t, p.closed)
	}
}

// A driver may answer Puts while others are still asked for.
func TestWillsOfClientsThatAreConfirmedBeforeTheNodeGoesOnArePublished(t *testing.T) {
	const n = 300
	w := newBy(t, broker.Options{})
	for i := range n {
		w.open(mqttwire.V5, fmt.Sprint("p", i), keeps, hasWill)
	}
	w.pass(9 * time.Second)
	for _, p := range w.peers {
		p.lose()
	}
	w.puts()
	w.now = w.now.Add(2 * time.Second)
	w.b.Tick(w.now)
	renew := w.asks(broker.Renew)
	resumed, answered := make(chan struct{}), make(chan int)
	go func() {
		wills := 0
		for resuming := true; ; {
			r, ok := w.b.Request()
			switch {
			case !ok && !resuming:
				answered <- wills
				return
			case !ok:
				select {
				case <-resumed:
					resuming = false
				case <-w.b.Requested():
				}
			case r.Kind == broker.Append:
				wills++
			}
			w.b.Reply(w.now, broker.Reply{Token: r.Token, Outcome: broker.Done})
		}
	}()
	w.b.Reply(w.now, broker.Reply{Token: renew[len(renew)-1].Token, Outcome: broker.Done, Incarnation: 2})
	close(resumed)
	assert.Equal(t, n, <-answered)
}
