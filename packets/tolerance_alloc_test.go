//go:build !race

// Allocations are counted without the race detector, which allocates too.

package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestChecksOfAGoodPacketAllocateNothing(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		if packets.CheckSender(p, c.Version, c.Sender) == nil {
			assert.Zero(t, testing.AllocsPerRun(10, func() {
				_ = packets.CheckSender(p, c.Version, c.Sender)
			}), c.Where())
		}
		if packets.CheckOptional(p, c.Version) == nil {
			assert.Zero(t, testing.AllocsPerRun(10, func() {
				_ = packets.CheckOptional(p, c.Version)
			}), c.Where())
		}
	}
}

func TestAToleranceThatHasNothingToJudgeAllocatesNothing(t *testing.T) {
	to := &mqttwire.Tolerance{Allow: mqttwire.Interop}
	var set packets.Set
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		f := c.Frame()
		assert.Zero(t, testing.AllocsPerRun(10, func() {
			if _, err := set.DecodeTolerant(f, c.Version, to); err != nil {
				t.Fatal(err)
			}
		}), c.Where())
	}
	assert.Empty(t, to.Findings)
}
