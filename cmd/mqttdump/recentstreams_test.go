package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
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
