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

// suspends ends the lease.
func (w *by) suspends() {
	w.pass(9 * time.Second)
	w.held = nil
}

// goesOn begins another incarnation, and confirms each client.
func (w *by) goesOn() {
	w.pass(2 * time.Second)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
	w.puts()
}

// takes takes so many bytes at most of what is to be written, as a network that takes no more.
func (p *peer) takes(max int) []byte {
	b := p.conn.Append(nil, max)
	p.conn.Wrote(p.w.now, len(b))
	return b
}

// reads reads what has come, which has to be whole packets.
func (p *peer) reads(b []byte) (list []mqttwire.Packet) {
	p.in.Feed(b)
	for {
		packet, err := p.in.Next()
		if err == mqttwire.ErrIncomplete {
			return list
		}
		require.NoError(p.w.t, err)
		list = append(list, packets.Clone(packet))
	}
}

func TestAPingrespDoesNotGoIntoThePacketInWhichTheNodeWasSuspended(t *testing.T) {
	for _, level := range levels {
		w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: lease, Level: level}})
		p := w.open(mqttwire.V5, "p")
		p.deaf = true
		for id := range uint16(2000) {
			p.send(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: id + 1})
			w.answer(broker.Append, done)
		}
		out := p.takes(5001)
		w.suspends()
		p.send(&packets.Pingreq{})
		assert.Empty(t, p.takes(1<<20))
		w.goesOn()
		for b := p.takes(1 << 20); len(b) > 0; b = p.takes(1 << 20) {
			out = append(out, b...)
		}
		list := p.reads(out)
		require.Len(t, list, 2001)
		assert.IsType(t, &packets.Pingresp{}, list[2000])
	}
}

// What a network takes may be less than a PINGRESP.
func TestAPingrespOfASuspendedNodeIsWholeBeforeAnythingElse(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	p.deaf = true
	p.publish("a", "m", 1)
	w.suspends()
	for range 3 {
		p.send(&packets.Pingreq{})
	}
	out := p.takes(1)
	w.goesOn()
	p.send(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 9})
	for len(w.asks(broker.Append)) > 0 {
		w.answer(broker.Append, done)
	}
	for b := p.takes(1); len(b) > 0; b = p.takes(1) {
		out = append(out, b...)
	}
	list := p.reads(out)
	require.NotEmpty(t, list)
	for i, packet := range list {
		assert.Equal(t, i < 3, packet.Type() == mqttwire.PINGRESP, "%d is %v", i, packet)
	}
}

func TestWhoPingsASuspendedNodeAndDoesNotReadIsClosed(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	w.suspends()
	p.deaf = true
	for range 140 {
		b := make([]byte, 0, 2000)
		for range 1000 {
			b = append(b, 0xc0, 0)
		}
		p.bytes(b)
	}
	cause, _ := p.conn.Closed()
	assert.Equal(t, session.OutputFull, cause.Kind)
	assert.Len(t, p.conn.Append(nil, 1<<20), 256<<10+2)
	w.pass(time.Minute)
	_, closed := p.conn.Closed()
	assert.True(t, closed)
}

// What is written while a message of the client is sent on counts as what is written else:
// or all that was written would seem to wait, and the client not to read.
func TestPingrespThatAreWrittenWhileAMessageIsSentOnAreCounted(t *testing.T) {
	for _, buffers := range []bool{false, true} {
		w := newBy(t, broker.Options{})
		p := w.open(mqttwire.V5, "p")
		w.suspends()
		p.deaf = true
		p.send(&packets.Pingreq{})
		w.goesOn()
		s := sub("x", 0)
		var out []byte
		_, err := w.b.Subscribe(w.now, "", &s, func(*session.Message, session.Delivery) {
			if !buffers {
				out = p.takes(1 << 16)
				return
			}
			for _, b := range p.conn.Buffers(nil) {
				out = append(out, b...)
				p.conn.Wrote(w.now, len(b))
			}
		})
		require.NoError(t, err)
		p.publish("x", "m", 0)
		assert.Equal(t, []byte{0xd0, 0}, out)
		assert.Empty(t, p.takes(1<<16))
		_, stalls := p.conn.Deadline()
		assert.False(t, stalls, "all is written")
	}
}
