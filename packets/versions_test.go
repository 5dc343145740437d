package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestOlderVersionsLeaveOutMetadata(t *testing.T) {
	for _, c := range []struct {
		p     mqttwire.Packet
		v     mqttwire.Version
		bytes string
	}{
		{&packets.Publish{Topic: []byte("a"), Properties: props(withUser, withAlias)}, v311, "\x30\x03\x00\x01a"},
		{&packets.Puback{PacketID: 1, ReasonCode: 0x10, Properties: props(withReason)}, v311, "\x40\x02\x00\x01"},
		{&packets.Pubrel{PacketID: 1, Dup: true}, v311, "\x62\x02\x00\x01"},
		{&packets.Connack{Properties: props(withReason)}, v31, "\x20\x02\x00\x00"},
		{&packets.Unsuback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0, 0x11}}, v31, "\xB0\x02\x00\x01"},
		{&packets.Disconnect{Properties: props(withReason)}, v311, "\xE0\x00"},
		{&packets.Subscribe{PacketID: 1, Dup: true, Properties: props(withUser), Subscriptions: []packets.Subscription{{Filter: []byte("a")}}}, v311, "\x82\x06\x00\x01\x00\x01a\x00"},
		{&packets.Connect{CleanStart: true, Properties: props(withUser), Will: &packets.Will{Topic: []byte("w"), Properties: props(withUser)}}, v311,
			"\x10\x11\x00\x04MQTT\x04\x06\x00\x00\x00\x00\x00\x01w\x00\x00"},
	} {
		b, err := c.p.Append(nil, c.v)
		require.NoError(t, err)
		assert.Equal(t, c.bytes, string(b))
		assert.Equal(t, len(b), c.p.Size(c.v))
	}
}

func TestConnectAcceptsTheVersionAskedFor(t *testing.T) {
	for _, c := range roundTrips {
		if _, ok := c.p.(*packets.Connect); !ok {
			continue
		}
		f, _, err := mqttwire.CutFrame([]byte(c.bytes), 0)
		require.NoError(t, err)
		for _, accept := range []mqttwire.Version{0, v31, v311, v5} {
			var p packets.Connect
			err := p.Decode(f, accept)
			if accept == 0 || accept == c.v {
				require.NoError(t, err)
				require.Equal(t, c.v, p.Version)
				continue
			}
			require.ErrorIs(t, err, mqttwire.ErrUnsupportedVersion)
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, mqttwire.ReasonUnsupportedProtocolVersion, e.Reason)
		}
		b, err := c.p.Append(nil, 0)
		require.NoError(t, err)
		require.Equal(t, c.bytes, string(b), "version 0 writes the packet's own")
		require.Equal(t, len(b), c.p.Size(0))
	}
}
