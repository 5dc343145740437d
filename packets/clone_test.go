package packets_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestClonesShareNoMemoryWithTheFrame(t *testing.T) {
	for _, c := range roundTrips {
		b := []byte(c.bytes)
		f, _, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		p, err := packets.Decode(f, c.v)
		require.NoError(t, err)
		clone := cloneOf(t, p)
		assert.Empty(t, cmp.Diff(p, clone, cmpopts.EquateEmpty()))
		copy(b, bytes.Repeat([]byte{0xEE}, len(b)))
		assert.Empty(t, cmp.Diff(c.p, clone, cmpopts.EquateEmpty()), c.name)
	}
}

// cloneOf returns a clone, which is of the packet's own type.
func cloneOf(t *testing.T, p mqttwire.Packet) mqttwire.Packet {
	t.Helper()
	clone := packets.Clone(p)
	require.IsType(t, p, clone)
	return clone
}
