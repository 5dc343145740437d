package capture

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAPacketDoesNotWaitForItsVersionForLong(t *testing.T) {
	for pause, want := range map[time.Duration]int{time.Second: 0, maxQueuedTime + time.Second: 1} {
		tr := newTrace(t)
		tr.begin(1883).says(puback)
		tr.time = tr.time.Add(pause)
		(&talk{tr, client6, server4, 10, 20}).says("")
		assert.Len(t, tr.upTo(2), want, pause)
	}
}

func TestManyPacketsThatWaitForTheirVersionAreHandedOut(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(1883)
	for range 100 {
		c.says(strings.Repeat(puback, maxQueued/50))
	}
	all := newConversations(t, Options{})
	taken := 0
	all.Handle(func(Event) bool {
		taken++
		return true
	})
	for _, s := range tr.segments {
		all.Add(s)
	}
	assert.Equal(t, 100*(maxQueued/50), taken)
	assert.Zero(t, len(all.queue.events))
}

func TestAnotherProtocolStaysOneStreamHoweverLongItIs(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(9001)
	c.says("SSH-2.0-x\r\n")
	for range 3 * maxJump / (1 << 20) {
		c.up += 1 << 20
		c.says("x")
		c.hears("y")
	}
	c.ends(true, "FA")
	c.ends(false, "FA")
	all := newConversations(t, Options{})
	for _, s := range tr.segments {
		all.Add(s)
	}
	assert.Equal(t, 1, all.Summary().Streams)
	assert.Equal(t, 1, all.Summary().Other, "it has ended")
	assert.Equal(t, 1, all.holding.over.size)
}
