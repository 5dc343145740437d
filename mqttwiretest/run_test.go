package mqttwiretest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// failures collects what Run tells.
type failures struct{ errors, logs []string }

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

func (f *failures) Logf(format string, args ...any) {
	f.logs = append(f.logs, fmt.Sprintf(format, args...))
}

func TestRunFailsWithALineForEachFailedRow(t *testing.T) {
	var f failures
	report := mqttwiretest.Options{Cases: pings(3)}.Run(&f, onPing(func(b []byte) {
		if len(b) == 2 {
			panic("here")
		}
	}))
	require.Len(t, report.Failed(), 3)
	require.Len(t, f.errors, 3)
	for i, row := range report.Failed() {
		assert.Equal(t, row.String(), f.errors[i])
	}
	assert.Equal(t, []string{report.String()}, f.logs)
}

func TestRunWritesOutThreeAlikeAndCountsTheRest(t *testing.T) {
	var f failures
	report := mqttwiretest.Run(&f, mqttwiretest.CodecFunc(ignoreLeftOver))
	more := len(report.Failed()) - 3
	require.Greater(t, more, 10)
	require.Len(t, f.errors, 4)
	assert.Equal(t, fmt.Sprintf("accepted wrongly, left-over: %d more", more), f.errors[3])
	assert.Contains(t, report.String(), fmt.Sprintf("%d failed; accepted wrongly: %d", more+3, more+3))
}

func TestRunReportsARowBeforeTheNextCaseIsTried(t *testing.T) {
	var f failures
	told := 0
	mqttwiretest.Options{Cases: pings(2)}.Run(&f, onPing(func([]byte) {
		told = max(told, len(f.errors))
		panic("here")
	}))
	assert.Equal(t, 3, told)
}

func TestRunFailsIfNothingWasJudged(t *testing.T) {
	nothing := mqttwiretest.CodecFunc(func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) {
		return nil, mqttwiretest.ErrVersion
	})
	var f failures
	mqttwiretest.Run(&f, nothing)
	require.Len(t, f.errors, 1)
	assert.Contains(t, f.errors[0], "no case was judged")
	assert.Contains(t, f.logs[0], "; not judged: 3.1; not judged: 3.1.1; not judged: 5.0")

	f = failures{}
	mqttwiretest.Options{Cases: []mqttwiretest.Case{}}.Run(&f, own{})
	assert.Len(t, f.errors, 1, "nor with no cases")
}

// badError is an error whose text cannot be had.
type badError struct{}

func (*badError) Error() string { panic("no text") }

func TestALineKeepsToItselfWhateverTheErrorSays(t *testing.T) {
	for name, err := range map[string]error{
		"long":  errors.New(strings.Repeat("x", 1000)),
		"lines": errors.New("first\nsecond\x00"),
		"panic": &badError{},
		"nil":   (*badError)(nil),
	} {
		var f failures
		mqttwiretest.Options{Cases: pings(1)[:1]}.Run(&f, mqttwiretest.CodecFunc(func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) {
			return nil, err
		}))
		require.Len(t, f.errors, 1, name)
		assert.NotContains(t, f.errors[0], "\n", name)
		assert.NotContains(t, f.errors[0], "\x00", name)
		assert.Less(t, len(f.errors[0]), 350, name)
	}
}
