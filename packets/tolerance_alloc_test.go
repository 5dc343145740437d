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

func TestDecodersAndConnectionsWithAToleranceAllocateNothing(t *testing.T) {
	connect := &packets.Connect{Version: v5, ClientID: []byte("c")}
	small := [][]byte{[]byte("\x40\x02\x00\x01"), []byte(pingreq), []byte(publishAB5), []byte("\x82\x07\x00\x01\x00\x00\x01a\x00")}
	to := &mqttwire.Tolerance{Allow: mqttwire.Interop}

	d := clientDecoder(t, packets.Options{Tolerance: to}, &packets.Connack{})
	frames := make([]mqttwire.Frame, len(small))
	for i, b := range small {
		frames[i] = frameOf(t, string(b))
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, f := range frames {
			if _, err := d.Decode(f); err != nil {
				t.Fatal(err)
			}
		}
	}), "Decoder")

	_, c := greeted(t, connect, &packets.Connack{}, packets.ConnectionOptions{Tolerance: to})
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, b := range small {
			c.Feed(b)
			if _, err := c.Next(); err != nil {
				t.Fatal(err)
			}
		}
	}), "Connection")
	assert.Empty(t, to.Findings)
}
