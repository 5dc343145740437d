package packets_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzFields takes any bytes apart: their places tile them, and the error is that of
// Decode.
func FuzzFields(f *testing.F) {
	for _, k := range loadCorpus(f) {
		if len(k.Bytes) <= 256 {
			f.Add(k.Bytes, uint8(k.Version))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, version uint8) {
		b = b[:min(len(b), 4096)]
		v := mqttwire.Version(version)
		places, err := packets.AppendFields(nil, b, v)
		requireTiles(t, b, places)
		require.Equal(t, wholeError(b, v), err)
		for _, p := range places {
			require.False(t, err == nil && p.Field == "", "%+v has no name", p)
		}
	})
}
