package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire/capture"
)

func TestStreamsThatWereSeenLastAreRemembered(t *testing.T) {
	var r recentStreams[int]
	for i := range 5 * generation {
		r.set(i, 10*i)
		if v, ok := r.get(0); ok { // it is asked for again and again
			assert.Zero(t, v)
		} else {
			t.Fatal("forgotten while it was in use")
		}
		if len(r.young)+len(r.old) > 2*generation {
			t.Fatal("too many are held")
		}
	}
	v, ok := r.get(5*generation - 2)
	assert.True(t, ok)
	assert.Equal(t, 10*(5*generation-2), v)
	_, ok = r.get(1)
	assert.False(t, ok)
}
func TestAStreamThatHasEndedIsForgotten(t *testing.T) {
	for name, kinds := range map[string][]capture.Kind{
		"closed by both": {capture.WholePacket, capture.Closed, capture.LostBytes, capture.Closed},
		"reset":          {capture.WholePacket, capture.Reset},
		"refused":        {capture.Refused},
		"unanswered":     {capture.Unanswered},
		"dropped":        {capture.WholePacket, capture.Dropped},
	} {
		c := newConnectionColumns(palette{})
		for i, kind := range kinds {
			assert.Equal(t, i > 0, len(c.lanes.young) == 1, "%s: before event %d", name, i)
			c.of(&capture.Event{Kind: kind, Stream: 7})
		}
		assert.Empty(t, c.lanes.young, name)
	}
}

func TestAStreamIsRememberedAmongOthers(t *testing.T) {
	c := newConnectionColumns(palette{})
	first := c.of(&capture.Event{Kind: capture.WholePacket, Stream: 1})
	second := c.of(&capture.Event{Kind: capture.WholePacket, Stream: 2})
	assert.NotSame(t, first, second)
	assert.Same(t, first, c.of(&capture.Event{Kind: capture.Closed, Stream: 1}))
	assert.Same(t, first, c.of(&capture.Event{Kind: capture.Silence, Stream: 1}))
	assert.Same(t, first, c.of(&capture.Event{Kind: capture.Closed, Stream: 1}))
	assert.NotSame(t, first, c.of(&capture.Event{Kind: capture.WholePacket, Stream: 1}), "it has ended")
}
