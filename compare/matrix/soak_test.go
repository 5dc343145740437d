package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASoakOfSomeSecondsPasses(t *testing.T) {
	require.NoError(t, soak(t.Context(), 3*time.Second))
}

func TestALedgerTellsWhatIsAgainstThePromise(t *testing.T) {
	for _, c := range []struct {
		what    string
		qos     byte
		arrived []int
		missing int
		fault   string
	}{
		{"all", 2, []int{0, 1, 2}, 0, ""},
		{"one is lost", 1, []int{0, 2}, 1, ""},
		{"one comes again", 1, []int{0, 1, 2, 1}, 0, ""},
		{"one comes again", 2, []int{0, 1, 2, 1}, 0, "message 1 came twice"},
		{"two change places", 1, []int{0, 2, 1}, 0, "message 1 came behind 2"},
		{"one is strange", 1, []int{0, 1, 2, 3}, 0, "a strange message came"},
	} {
		l := &ledger{times: make([]int32, 3)}
		for _, i := range c.arrived {
			l.got(c.qos, payload(i))
		}
		missing, fault := l.missing()
		assert.Equal(t, c.missing, missing, c.what)
		if c.fault == "" {
			assert.NoError(t, fault, c.what)
		} else {
			assert.ErrorContains(t, fault, c.fault, c.what)
		}
	}
}

func TestALedgerTellsOfAMessageOfAnotherTopic(t *testing.T) {
	l := &ledger{times: make([]int32, 1)}
	l.gotMessage("a", 1, message{topic: "a", payload: payload(0)})
	_, fault := l.missing()
	require.NoError(t, fault)
	l.gotMessage("a", 1, message{topic: "b", payload: payload(0)})
	_, fault = l.missing()
	assert.ErrorContains(t, fault, `a message of "b" came`)
}

func TestALedgerBoundsWhatIsUnderWay(t *testing.T) {
	l := &ledger{}
	for range mostBehind {
		assert.True(t, l.sends())
	}
	assert.False(t, l.sends())
	l.got(1, payload(0))
	l.got(1, payload(0))
	assert.True(t, l.sends(), "one has come")
	assert.False(t, l.sends(), "it came again")
	assert.Equal(t, mostBehind, l.most)
}

func TestALedgerTellsWhereAMessageIsLost(t *testing.T) {
	l := &ledger{times: make([]int32, 3)}
	l.saw(payload(0))
	l.got(1, payload(0))
	l.saw(payload(2))
	assert.Equal(t, []string{"1 (PUBLISH came: false)", "2 (PUBLISH came: true)"}, l.lost())
}

func TestALedgerTellsThatASessionIsGone(t *testing.T) {
	l := &ledger{}
	for _, present := range []bool{false, true, true} {
		l.opened(present)
		_, fault := l.missing()
		assert.NoError(t, fault, "the first is new")
	}
	l.opened(false)
	_, fault := l.missing()
	assert.ErrorContains(t, fault, "gone 1 times")
}

func TestMemoryThatGrowsIsTold(t *testing.T) {
	sampled := func(last figures) *meter {
		m := &meter{}
		for range 40 {
			m.all = append(m.all, figures{memory: 100 << 20, file: 100 << 20})
		}
		for range 20 {
			m.all = append(m.all, last)
		}
		return m
	}
	assert.NoError(t, sampled(figures{memory: 120 << 20, file: 120 << 20}).grows())
	assert.ErrorContains(t, sampled(figures{memory: 150 << 20, file: 100 << 20}).grows(), "the memory grows")
	assert.ErrorContains(t, sampled(figures{memory: 100 << 20, file: 150 << 20}).grows(), "the store grows")
}
