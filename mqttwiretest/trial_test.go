package mqttwiretest_test

import (
	"bytes"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// onPing is the own codec, but for PINGREQ packets it calls f first.
func onPing(f func(b []byte)) mqttwiretest.Codec {
	return mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		if len(b) > 0 && b[0] == 0xC0 {
			f(b)
		}
		return own{}.Decode(b, v, from)
	})
}

// pings are n cases like ping, with malformed ones between them.
func pings(n int) (cases []mqttwiretest.Case) {
	for range n {
		broken := ping()
		broken.Name, broken.Bytes = "long", []byte{0xC0, 1, 0}
		broken.Outcome, broken.Rule = mqttwiretest.Reject, mqttwire.RuleLeftOver
		cases = append(cases, ping(), broken)
	}
	return cases
}

func TestACodecThatEndsItsGoroutineIsReported(t *testing.T) {
	report := mqttwiretest.Options{Cases: pings(2)}.Judge(onPing(func([]byte) { runtime.Goexit() }))
	require.Len(t, report.Rows, 4, "it does not end the judgement")
	for _, row := range report.Rows {
		assert.Equal(t, mqttwiretest.Panicked, row.Got)
		assert.True(t, row.Has(mqttwiretest.DecodePanicked))
		assert.ErrorContains(t, row.Panic, "runtime.Goexit")
	}
}

func TestACodecThatDoesNotEndIsCutOff(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	var calls atomic.Int32
	codec := onPing(func([]byte) { calls.Add(1); <-release })
	report := mqttwiretest.Options{Cases: pings(1), TimeLimit: 20 * time.Millisecond}.Judge(codec)
	assert.LessOrEqual(t, calls.Load(), int32(2), "a case that was cut off is not tried again")
	for _, row := range report.Rows {
		assert.Equal(t, mqttwiretest.CutOff, row.Got)
		assert.Equal(t, []mqttwiretest.Finding{mqttwiretest.DecodeCutOff}, row.Findings, "expected %s", row.Expected)
		assert.ErrorContains(t, row.Err, "no result after 20ms")
	}
}

func TestACodecThatDoesNotEndWithOtherBytesBehindThePacketIsCutOff(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	codec := onPing(func(b []byte) {
		if cap(b) > len(b) {
			<-release
		}
	})
	rows := mqttwiretest.Options{Cases: pings(1)[:1], TimeLimit: 500 * time.Millisecond}.Judge(codec).Rows
	assert.Equal(t, mqttwiretest.Accepted, rows[0].Got)
	assert.Equal(t, []mqttwiretest.Finding{mqttwiretest.DecodeCutOff}, rows[0].Findings)
}

func TestNoMoreCasesAreTriedOnceTooManyWereCutOff(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	var told failures
	options := mqttwiretest.Options{Cases: pings(10), TimeLimit: time.Millisecond}
	report := options.Run(&told, onPing(func([]byte) { <-release }))
	assert.Equal(t, 8, report.Count(mqttwiretest.DecodeCutOff))
	assert.Equal(t, mqttwiretest.NotTried, report.Rows[8].Got)
	assert.False(t, report.Rows[8].Judged())
	assert.Contains(t, told.errors, "12 cases were not tried, since 8 calls of Decode did not end")
}

func TestAPanicSaysWhereItBegan(t *testing.T) {
	rows := mqttwiretest.Options{Cases: pings(1)}.Judge(onPing(index)).Rows
	assert.Contains(t, rows[0].Panic.Error(), "index out of range [9] with length 2 in mqttwiretest_test.index, trial_test.go:")
	assert.Equal(t, rows[0].Err, rows[0].Panic)
}

// index panics in the runtime.
func index(b []byte) { b[9] = 0 }

func TestAPanicWithOtherBytesBehindThePacketIsKept(t *testing.T) {
	rows := mqttwiretest.Options{Cases: pings(1)}.Judge(onPing(func(b []byte) {
		if bytes.HasPrefix(b[len(b):cap(b)], []byte{0xFF}) {
			panic("behind")
		}
	})).Rows
	assert.Equal(t, mqttwiretest.Accepted, rows[0].Got)
	assert.ErrorContains(t, rows[0].Panic, "panic: behind in mqttwiretest_test.")
	assert.Contains(t, rows[0].String(), "panicked with other bytes behind the packet (\"panic: behind in ")
}
