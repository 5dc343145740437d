package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Trap 22: one that reads nothing stalls others, or fills the memory.
func TestAClientThatReadsNothingHoldsUpNobodyAndIsClosed(t *testing.T) {
	w := newWorld(t, broker.Options{Limits: broker.Limits{Queue: session.Bounds{Count: 20}, Stalled: 10 * time.Second}})
	slow, quick := w.connect(mqttwire.V5, "slow", keeps), w.connect(mqttwire.V5, "quick")
	slow.subscribe(0, sub("#", 1))
	quick.subscribe(0, sub("#", 1))
	slow.take()
	slow.deaf = true
	from := w.connect(mqttwire.V5, "from")
	var want, got []string
	for i := range 100 {
		q := mqttwire.QoS(i % 2)
		from.publish("a", fmt.Sprint(i), q)
		m := fmt.Sprint("a ", i)
		if q > 0 {
			m += " QoS1"
		}
		want = append(want, m)
		got = append(got, quick.all(t)...)
	}
	assert.Equal(t, want, got)
	st := w.b.Clients("")[2].Session
	assert.Equal(t, "slow", w.b.Clients("")[2].Peer.ClientID)
	assert.Equal(t, 20, st.Waiting+st.InFlight)
	assert.Equal(t, map[session.Drop]uint64{session.DropFull: 80}, w.b.Stats().Dropped)
	_ = slow.conn.Append(nil, 10) // of which nothing is taken
	w.pass(11 * time.Second)
	d, closed := slow.conn.Closed()
	assert.False(t, closed, "there is something to be written")
	w.pass(6 * time.Second)
	d, closed = slow.conn.Closed()
	assert.True(t, closed)
	assert.Equal(t, mqttwire.ReasonQuotaExceeded, d.Code)
	slow.lose()
	assert.Equal(t, 2, w.b.Stats().Connected)

	back := w.connect(mqttwire.V5, "slow", keeps)
	var numbers []int
	for _, m := range back.all(t) {
		var n int
		_, err := fmt.Sscanf(m, "a %d QoS1", &n)
		assert.NoError(t, err, m)
		numbers = append(numbers, n)
	}
	assert.Len(t, numbers, 20)
	assert.IsIncreasing(t, numbers)
}

// Trap 6: what is no PUBLISH waits for the quota too.
func TestAcknowledgementsGoOutWhileMessagesWait(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p", func(c *packets.Connect) { c.Properties.SetReceiveMaximum(1) })
	p.subscribe(0, sub("a", 2))
	from := w.connect(mqttwire.V5, "from")
	for range 500 {
		from.publish("a", "m", 2)
	}
	p.take()
	p.send(&packets.Pingreq{})
	p.publish("b", "m", 2)
	_, ok := first[*packets.Pingresp](p)
	assert.True(t, ok)
	_, ok = first[*packets.Pubcomp](p)
	assert.True(t, ok)
	assert.Empty(t, p.messages())
}

// Trap 8: own packet identifiers and those of the peer in one table.
func TestBothSidesMayUseTheSamePacketIdentifiersAtOnce(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		p := w.connect(v, "p")
		p.subscribe(0, sub("#", 2))
		from := w.connect(v, "from")
		from.publish("a", "1", 2)
		m, ok := first[*packets.Publish](p)
		assert.True(t, ok)
		p.take()
		p.send(&packets.Publish{Topic: []byte("b"), QoS: 2, PacketID: m.PacketID})
		p.send(&packets.Pubrec{PacketID: m.PacketID})
		_, ok = first[*packets.Pubrel](p)
		assert.True(t, ok)
		p.send(&packets.Pubrel{PacketID: m.PacketID}, &packets.Pubcomp{PacketID: m.PacketID})
		_, ok = first[*packets.Pubcomp](p)
		assert.True(t, ok)
		assert.False(t, p.closed)
		st := w.b.Clients("")[1].Session
		assert.Equal(t, 1, st.IDs, "that of the message of its own")
		assert.Zero(t, st.Received)
	}
}

// Trap 14: an honest peer that sends all again is thrown out, or one that goes over the
// Receive Maximum is not.
func TestWhoSendsMoreThanTheReceiveMaximumIsDisconnected(t *testing.T) {
	w := newWorld(t, broker.Options{Offers: broker.Offers{ReceiveMaximum: 3}})
	p := w.connect(mqttwire.V5, "p", keeps)
	send := func(n int, dup bool) {
		for i := 1; i <= n; i++ {
			p.send(&packets.Publish{Topic: []byte("a"), QoS: 2, PacketID: uint16(i), Dup: dup})
		}
	}
	send(3, false)
	assert.False(t, p.closed)
	p.lose()
	p = w.connect(mqttwire.V5, "p", keeps)
	send(3, true)
	assert.False(t, p.closed)
	send(3, true)
	assert.False(t, p.closed)
	p.send(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 4})
	d, ok := first[*packets.Disconnect](p)
	assert.True(t, ok)
	assert.Equal(t, mqttwire.ReasonReceiveMaximumExceeded, d.ReasonCode)
	assert.True(t, p.closed)
}

// Trap 25: the last words come behind what was to be written, and nothing comes behind
// them.
func TestDisconnectIsTheLastPacketOfAConnection(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p")
	p.deaf = true
	p.send(&packets.Pingreq{})
	assert.True(t, w.b.Disconnect(w.now, "", "p", mqttwire.ReasonServerShuttingDown))
	p.bytes([]byte{0xC0, 0}) // still sending
	assert.False(t, w.b.Disconnect(w.now, "", "p", mqttwire.ReasonServerShuttingDown))
	_, closed := p.conn.Closed()
	assert.False(t, closed)
	p.deaf = false
	p.read()
	assert.True(t, p.closed)
	assert.Len(t, p.got, 3)
	assert.Equal(t, mqttwire.ReasonServerShuttingDown, p.got[2].(*packets.Disconnect).ReasonCode)
	p.conn.Disconnect(w.now, nil)
	p.conn.Lost(w.now, nil)
	assert.Zero(t, w.b.Stats().Attached)
}
