package packets_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAppendThenDecodeGivesTheSameValue(t *testing.T) {
	checkGenerated(t, 12, func(t *rapid.T, g generated) {
		got, _ := g.decode(t)
		requireSame(t, g.packet, got)
	})
}

func TestDecodeThenAppendGivesTheSameBytes(t *testing.T) {
	checkGenerated(t, 12, func(t *rapid.T, g generated) {
		p, _ := g.decode(t)
		prefix := rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "prefix")
		got, err := p.Append(append([]byte(nil), prefix...), g.version)
		require.NoError(t, err)
		require.Equal(t, string(prefix)+string(g.bytes), string(got))
	})
}

func TestSizeIsWhatAppendAdds(t *testing.T) {
	checkGenerated(t, 12, func(t *rapid.T, g generated) {
		require.Equal(t, len(g.bytes), g.packet.Size(g.version))
		decoded, _ := g.decode(t)
		require.Equal(t, len(g.bytes), decoded.Size(g.version))
	})
}

func TestAReusedPacketKeepsNothingOfTheOneBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, from := mqttwiretest.Version().Draw(t, "version"), mqttwiretest.Sender().Draw(t, "sender")
		var set packets.Set
		for _, want := range rapid.SliceOfN(mqttwiretest.Packet(v, from), 20, 20).Draw(t, "packets") {
			b, err := want.Append(nil, v)
			require.NoError(t, err)
			f, _, err := mqttwire.CutFrame(b, 0)
			require.NoError(t, err)
			got, err := set.Decode(f, v)
			require.NoError(t, err)
			requireSame(t, want, got)
		}
	})
}
