package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

// alive gives a client a Keep Alive of four seconds.
func alive(c *packets.Connect) { c.KeepAlive = 4 }

// pings lets a client ping every three seconds, if it is not closed.
func (p *peer) pings(w *by, n int) {
	for range n {
		w.pass(3 * time.Second)
		if !p.closed {
			p.send(&packets.Pingreq{})
		}
	}
}

// What it sends while a packet of it waits for the engine is not read.
func TestAClientThatWaitsForTheEngineIsNotSilent(t *testing.T) {
	for _, v := range versions {
		w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: time.Hour, Timeout: time.Hour, Level: broker.Appended}})
		p := w.open(v, "p", alive)
		p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("a", 1)}})
		p.pings(w, 4)
		assert.False(t, p.closed, "%v", p.cause)
		w.answer(broker.Listen, done)
		assert.Len(t, p.take(), 5, "SUBACK, and what was not read")
		w.pass(7 * time.Second)
		assert.True(t, p.closed, "it is read again, and silent")
	}
}

func TestAClientWhoseMessageWaitsInASuspendedNodeIsNotSilent(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p", alive)
	p.pings(w, 2)
	w.pass(time.Second)
	p.send(&packets.Pingreq{})
	w.pass(2 * time.Second) // suspended
	p.publish("a", "m", 1)
	assert.True(t, p.conn.Waits())
	p.pings(w, 4)
	assert.False(t, p.closed, "%v", p.cause)
	w.pass(time.Second)
	for len(w.asks(broker.Renew)) > 1 {
		w.answer(broker.Renew, broker.Reply{})
	}
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
	w.puts()
	assert.False(t, p.conn.Waits())
	assert.Len(t, w.asks(broker.Append), 1)
}
