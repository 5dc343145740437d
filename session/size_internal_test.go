package session

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
)

func TestAnIdleSessionIsOneSmallAllocation(t *testing.T) {
	assert.LessOrEqual(t, int(unsafe.Sizeof(Session{})), 384)
	var s *Session
	assert.Equal(t, 1.0, testing.AllocsPerRun(100, func() { s = New(Options{Side: mqttwire.FromServer}) }))
	assert.NotNil(t, s)
}

func TestAnEntryOfAQueueIsSmall(t *testing.T) {
	assert.LessOrEqual(t, int(unsafe.Sizeof(entry{})), 48)
	t.Log(unsafe.Sizeof(Session{}), unsafe.Sizeof(Link{}), unsafe.Sizeof(entry{}), unsafe.Sizeof(Event{}), unsafe.Sizeof(tools{}), unsafe.Sizeof(LinkOptions{}))
}
