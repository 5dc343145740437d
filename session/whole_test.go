package session_test

import (
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
		l.Lost(p.now, nil)
		_, ok = session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}).AppendPingresp(p.now, nil)
		assert.False(t, ok)
	}
}
