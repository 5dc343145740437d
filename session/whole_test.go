package session_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// fed feeds the server's Link of a pair a packet of its client, which it then shows.
func (p *pair) fed(packet mqttwire.Packet, v mqttwire.Version) {
	b, err := packet.Append(nil, v)
	require.NoError(p.t, err)
	p.server.link.Feed(p.now, b)
	_, ok := p.server.link.Packet()
	require.True(p.t, ok)
}

func TestAPingrespGoesBeforeAllThatWaitsAndNotIntoAPacket(t *testing.T) {
	for _, v := range versions {
		p := connected(t, v)
		l := p.server.link
		p.fed(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 7}, v)
		l.Handle(p.now)
		none, ok := l.AppendPingresp(p.now, nil)
		assert.False(t, ok, "there is no PINGREQ")
		assert.Empty(t, none)
		p.fed(&packets.Pingreq{}, v)
		out, ok := l.AppendPingresp(p.now, []byte{1})
		assert.True(t, ok)
		assert.Equal(t, []byte{1, 0xd0, 0}, out)
		_, ok = l.Packet()
		assert.False(t, ok, "the PINGREQ is handled")
		_, closed := l.Closed()
		assert.False(t, closed)
		require.NoError(t, l.Disconnect(p.now, nil))
		rest := l.Append(nil, 1000)
		assert.Equal(t, byte(0x40), rest[0], "the PUBACK is behind it")
		l.Wrote(p.now, len(rest))
		_, closed = l.Closed()
		assert.False(t, closed, "the PINGRESP is still to be written")
		l.Wrote(p.now, 2)
		_, closed = l.Closed()
		assert.True(t, closed)
	}
}

func TestWithinAPacketNoPingrespIsHandedOut(t *testing.T) {
	for _, v := range versions {
		p := connected(t, v)
		l := p.server.link
		p.publish(&p.server, string(make([]byte, 500)), 1)
		for l.Whole() {
			require.Len(t, l.Append(nil, 100), 100)
		}
		p.fed(&packets.Pingreq{}, v)
		_, ok := l.AppendPingresp(p.now, nil)
		assert.False(t, ok)
		_, ok = l.Packet()
		assert.True(t, ok, "it is still to be handled")
		for !l.Whole() {
			require.NotEmpty(t, l.Append(nil, 100))
		}
		_, ok = l.AppendPingresp(p.now, nil)
		assert.True(t, ok)

		p.fed(&packets.Pingreq{}, v)
		l.Handle(p.now)
		require.Len(t, l.Append(nil, 1), 1)
		assert.False(t, l.Whole())
		p.fed(&packets.Pingreq{}, v)
		_, ok = l.AppendPingresp(p.now, nil)
		assert.False(t, ok)
		require.Len(t, l.Append(nil, 1), 1)
		assert.True(t, l.Whole(), "the PINGRESP is out")
		_, ok = l.AppendPingresp(p.now, nil)
		assert.True(t, ok)
		l.Lost(p.now, nil)
		_, ok = session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}).AppendPingresp(p.now, nil)
		assert.False(t, ok)
	}
}

// Memory is given to what comes next in the middle of a packet too.
func TestWithinAPacketOfALongOutputNoPingrespIsHandedOut(t *testing.T) {
	p := connected(t, mqttwire.V5)
	l := p.server.link
	for id := range uint16(2000) {
		p.fed(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: id + 1}, mqttwire.V5)
		l.Handle(p.now)
		for e := l.NextEvent(); e != nil; e = l.NextEvent() {
			require.Equal(t, session.Arrived, e.Kind)
		}
	}
	require.Len(t, l.Append(nil, 5001), 5001)
	assert.False(t, l.Whole(), "a PUBACK has four bytes")
	p.fed(&packets.Pingreq{}, mqttwire.V5)
	_, ok := l.AppendPingresp(p.now, nil)
	assert.False(t, ok)
	require.Empty(t, l.Append(nil, 0))
	assert.False(t, l.Whole())
	l.Handle(p.now)
	require.Len(t, l.Append(nil, 1<<20), 2000*4-5001+2)
	assert.True(t, l.Whole())
	l.Wrote(p.now, 2000*4+2)
	p.fed(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1}, mqttwire.V5)
	l.Handle(p.now)
	require.Empty(t, l.Append(nil, 0))
	assert.True(t, l.Whole(), "nothing of it is out")
	require.Len(t, l.Append(nil, 1), 1)
	l.Wrote(p.now, 1)
	assert.False(t, l.Whole())
	require.Len(t, l.Buffers(nil), 1)
	assert.True(t, l.Whole())
}

func TestWhoPingsAndDoesNotReadIsClosed(t *testing.T) {
	for _, v := range versions {
		p := connected(t, v)
		l := p.server.link
		waits := bytes.Repeat([]byte{0xd0, 0}, 128<<10)
		p.fed(&packets.Pingreq{}, v)
		_, ok := l.AppendPingresp(p.now, waits[2:])
		require.True(t, ok)
		cause, _ := l.Closed()
		require.Zero(t, cause.Kind)
		p.fed(&packets.Pingreq{}, v)
		_, ok = l.AppendPingresp(p.now, waits)
		assert.True(t, ok)
		cause, _ = l.Closed()
		assert.Equal(t, session.OutputFull, cause.Kind)
	}
}
