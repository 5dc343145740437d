package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

func read(t *testing.T) *Report {
	t.Helper()
	r, err := Read(root)
	require.NoError(t, err)
	return r
}

func TestEveryStatementIsShownOrExplained(t *testing.T) {
	for _, s := range read(t).Sections {
		require.Len(t, s.Rows, len(s.Statements))
		for i, row := range s.Rows {
			assert.Equal(t, s.Statements[i], row.Statement)
			assert.True(t, row.Why != "" || len(row.Cases)+len(row.Tests[0]) > 0, row.ID)
			assert.False(t, row.ofCodec() && row.Verdict() == Above, row.ID)
			assert.False(t, row.Has("stream") && row.Verdict() == Above, row.ID)
		}
	}
}

func TestTheSessionSaysSomethingOfEveryStatementWithState(t *testing.T) {
	for i, want := range []int{93, 188, 28} {
		s, n := read(t).Sections[i], 0
		for _, row := range s.Rows {
			if row.hasState() {
				n++
				assert.True(t, len(row.Tests[1]) > 0 || row.Reasons[1] != "", row.ID)
			}
		}
		assert.Equal(t, want, n, s.Name)
	}
}

func TestEveryRuleHasACaseOrATest(t *testing.T) {
	rows := read(t).Rules
	require.Len(t, rows, len(mqttwire.Rules()))
	for _, row := range rows {
		assert.NotEmpty(t, row.Statements, row.Rule)
	}
	standards, err := Standards()
	require.NoError(t, err)
	_, err = ruleRows(newTestFinder(root), standards, nil)
	assert.ErrorContains(t, err, "rule utf8 has no corpus case and no test")
	assert.NotContains(t, err.Error(), "rule version ", "callers break it, and a test shows that")
}

func TestRemarksOnStatementsThatDoNotExistAreNoticed(t *testing.T) {
	standards, err := Standards()
	require.NoError(t, err)
	require.NoError(t, checkNotes(standards))
	assert.ErrorContains(t, checkNotes(standards[1:]), "MQTT-3.3.1-1 of 3.1.1 is named, but no such statement exists")
}

func TestCasesThatNameStatementsThatDoNotExistAreNoticed(t *testing.T) {
	standards, err := Standards()
	require.NoError(t, err)
	both := []corpus.Case{
		{Name: "a/3.1.1", Version: mqttwire.V311, Shows: []string{"MQTT-1.5.3-1", "MQTT-1.5.4-1"}},
		{Name: "a/5.0", Version: mqttwire.V5, Shows: []string{"MQTT-1.5.3-1", "MQTT-1.5.4-1"}},
	}
	assert.NoError(t, checkNames(standards, both), "each identifier is known in one of the versions")
	assert.ErrorContains(t, checkNames(standards, both[:1]), "shows MQTT-1.5.4-1, which is no statement of its versions")
}
