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

// At every Level: else the subscription that a client was granted is not there when its
// node has ended.
func TestWhatAClientIsAcknowledgedWaitsForItsRecord(t *testing.T) {
	for _, level := range levels {
		for _, v := range versions {
			w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: lease, Level: level}})
			p := w.connect(v, "p", keeps, hasWill)
			w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1})
			require.Len(t, w.asks(broker.Put), 1)
			assert.Empty(t, p.got, "the will")
			w.puts()
			assert.Len(t, p.take(), 1)
			p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("a", 1)}})
			w.answer(broker.Listen, done)
			require.Len(t, w.asks(broker.Put), 1)
			assert.Empty(t, p.got, "the subscription")
			w.puts()
			assert.Len(t, p.take(), 1)
			p.send(&packets.Unsubscribe{PacketID: 2, Filters: [][]byte{[]byte("a")}})
			require.Len(t, w.asks(broker.Put), 1)
			assert.Empty(t, p.got, "the end of it")
			w.puts()
			assert.Len(t, p.take(), 1)
		}
	}
}

// With Appended nothing else does.
func TestWithAppendedAMessageWaitsForNoRecord(t *testing.T) {
	w, p := newSubscribed(t)
	p.packet = 10
	for seq := uint64(11); seq < 20; seq++ {
		w.b.Arrive(w.now, logged("m", seq, seq-1))
		w.run()
		assert.Len(t, p.messages(), 1)
	}
	w.b.Arrive(w.now, broker.Delivery{Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("t")})})
	w.run()
	assert.Len(t, p.messages(), 1)
	p.publish("t", "m", 1)
	w.answer(broker.Append, done)
	assert.Len(t, p.take(), 1)
	assert.Empty(t, w.asks(broker.Put))
	p.send(&packets.Subscribe{PacketID: 9, Subscriptions: []packets.Subscription{sub("t", 0)}})
	assert.Empty(t, p.got)
	w.b.Arrive(w.now, logged("behind", 20, 19))
	w.run()
	assert.Empty(t, p.got, "it is behind SUBACK")
	w.puts()
	require.Len(t, p.got, 2)
	assert.IsType(t, &packets.Suback{}, p.got[0])
	assert.Equal(t, []mqttwire.ReasonCode{0}, p.got[0].(*packets.Suback).ReasonCodes)
}
