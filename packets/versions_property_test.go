package packets_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAValueEncodedForAnotherVersionFailsOrDecodesThere(t *testing.T) {
	checkGenerated(t, 12, func(t *rapid.T, g generated) {
		if c, ok := g.packet.(*packets.Connect); ok && rapid.Bool().Draw(t, "version told by the caller") {
			c.Version = 0
		}
		to := mqttwiretest.Version().Draw(t, "to")
		b, err := g.packet.Append(nil, to)
		if err != nil {
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e)
			require.NotEqual(t, g.version, to, "what its own version allows")
			require.Nil(t, b)
			return
		}
		require.Equal(t, len(b), g.packet.Size(to))
		f, rest, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		require.Empty(t, rest)
		p, err := packets.Decode(f, to)
		require.NoError(t, err, "%v encodes to %x", g.packet, b)
		again, err := p.Append(nil, to)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
