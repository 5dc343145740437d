package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestPercentiles(t *testing.T) {
	var r latencyRow
	assert.Zero(t, r.percentile(50))
	for i := range 101 {
		r.add(time.Duration(i))
	}
	for _, p := range []int{0, 50, 90, 99, 100} {
		assert.Equal(t, time.Duration(p), r.percentile(p))
	}
}

// TestASampleIsOfAll: each answer has the same chance, whenever it came.
func TestASampleIsOfAll(t *testing.T) {
	var r latencyRow
	const n = 10 * mostSamples
	for i := range n {
		r.add(time.Duration(i))
	}
	slices.Sort(r.samples)
	require.Len(t, r.samples, mostSamples)
	assert.InDelta(t, n/2, int(r.percentile(50)), n/20)
	assert.InDelta(t, n/10, int(r.percentile(10)), n/20)
	assert.Equal(t, [3]time.Duration{0, n - 1, n * (n - 1) / 2}, [3]time.Duration{r.least, r.most, r.total})
}

func TestTheSlowestAnswersAreTold(t *testing.T) {
	k := newTalk(t, mqttwire.V311)
	c := k.open().connects("c", nil)
	for i, wait := range []time.Duration{30, 50, 10, 40, 20} {
		c.client(publishOf(uint16(i+1), 1, "a")).wait(wait * time.Millisecond).server(&packets.Puback{PacketID: uint16(i + 1)})
	}
	c.client(publishOf(9, 1, "never"))
	l := &latency{top: 3, follow: newFollower()}
	l.follow.onStep, l.follow.onOver = l.step, l.over
	for _, e := range k.events() {
		require.NoError(t, l.take("", &e))
	}
	l.finish()
	var ids []uint16
	for _, s := range l.slowest {
		ids = append(ids, s.id)
	}
	assert.Equal(t, []uint16{2, 4, 1}, ids)
	row := l.rows[stepPuback][mqttwire.FromServer]
	assert.Equal(t, 5, row.count)
	assert.Equal(t, 1, row.unanswered)
	assert.Equal(t, 51*time.Millisecond, row.most)
}
