package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
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
			assert.True(t, row.Why != "" || len(row.Cases)+len(row.Tests) > 0, row.ID)
			assert.False(t, row.ofCodec() && row.Verdict() == Above, row.ID)
			assert.False(t, row.Has("stream") && row.Verdict() == Above, row.ID)
		}
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
	_, err = ruleRows(root, standards, nil)
	assert.ErrorContains(t, err, "rule utf8 has no corpus case and no test")
	assert.NotContains(t, err.Error(), "rule version ", "callers break it, and a test shows that")
}

func TestConformanceFileIsCurrent(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "CONFORMANCE.md"))
	require.NoError(t, err)
	found, want := strings.Split(string(b), "\n"), strings.Split(read(t).Markdown(), "\n")
	for i := range min(len(found), len(want)) {
		require.Equal(t, want[i], found[i], "CONFORMANCE.md:%d is not current: run go generate ./...", i+1)
	}
	require.Len(t, found, len(want), "CONFORMANCE.md is not current: run go generate ./...")
}

func TestConformanceFileIsTheSameEachTime(t *testing.T) {
	text := read(t).Markdown()
	for range 3 {
		require.Equal(t, text, read(t).Markdown())
	}
	assert.NotContains(t, text, "\r")
	assert.True(t, strings.HasSuffix(text, "|\n"))
}

func TestConformanceFileLinksFilesThatExist(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(read(t).Markdown(), -1)
	require.NotEmpty(t, links)
	for _, l := range links {
		_, err := os.Stat(filepath.Join(root, filepath.FromSlash(l[1])))
		require.NoError(t, err)
	}
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

func TestLongListsAreCutShort(t *testing.T) {
	assert.Equal(t, "a, b, c", some([]string{"a", "b", "c"}))
	assert.Equal(t, "a, b, c and 1 more", some([]string{"a", "b", "c", "d"}))
}

func TestTextIsNotReadAsMarkdown(t *testing.T) {
	assert.Equal(t, `\|\*\_\<\`+"`"+`\$\\ + #`, escape("|*_<`$\\ + #"))
}
