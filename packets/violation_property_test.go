package packets_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAPlantedViolationIsRefusedWithItsStatement(t *testing.T) {
	checkGenerated(t, 3, func(t *rapid.T, g generated) {
		choose := drawChoose(t)
		for _, x := range mqttwiretest.Violations() {
			if c, ok := x.Plant(g.bytes, g.version, g.from, choose); ok {
				requireRefused(t, &c)
			}
		}
	})
}

// requireRefused checks that a planted case is refused by what was planted, that
// the error points into the packet, and that nothing of the packet is left.
func requireRefused(t *rapid.T, c *mqttwiretest.Case) {
	f, rest, err := mqttwire.CutFrame(c.Bytes, 0)
	if err == nil {
		require.Empty(t, rest, c.Name)
		p := packets.New(f.Header.Type)
		err = p.Decode(f, c.Version)
		if c.Outcome == mqttwiretest.RejectSender {
			require.NoError(t, err, c.Name)
			err = packets.CheckSender(p, c.Version, c.Sender)
		} else {
			require.Empty(t, cmp.Diff(packets.New(f.Header.Type), p, sameFields), c.Name)
		}
	}
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e, "%s: %x", c.Name, c.Bytes)
	require.Equal(t, c.Rule.String(), e.Rule.String(), "%s: %x", c.Name, c.Bytes)
	require.Equal(t, c.Statement, e.Statement, c.Name)
	require.Equal(t, c.Reason, e.Reason, c.Name)
	require.ErrorIs(t, err, c.Rule.Class(), c.Name)
	if c.Outcome == mqttwiretest.Reject {
		require.GreaterOrEqual(t, e.Offset, 0, c.Name)
		require.LessOrEqual(t, e.Offset, len(c.Bytes), c.Name)
	}
}
