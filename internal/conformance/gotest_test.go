package conformance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const testsToFind = `package a

import "testing"

func helper(name string) string { return "first row" }

// A comment is no part of the line of a test.
func TestRows(t *testing.T) {
	for _, name := range []string{
		"first row",
		"second\trow", "second\trow",
	} {
		t.Log(helper(name))
	}
}

func (s suite) TestMethod(t *testing.T) {}
`

func TestTestsAreFoundByFolderFunctionAndCase(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "a", "b"), 0o755))
	for _, name := range []string{"a/b/rows_test.go", "root_test.go"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(testsToFind), 0o644))
	}
	find := newTestFinder(root)
	for _, want := range []GoTest{
		{"a/b.TestRows", "a/b/rows_test.go", 8},
		{"a/b.TestRows/first row", "a/b/rows_test.go", 10},
		{"a/b.TestRows/second\trow", "a/b/rows_test.go", 11},
		{"mqttwire.TestRows", "root_test.go", 8},
	} {
		found, err := find.find(want.Name)
		require.NoError(t, err)
		assert.Equal(t, want, found)
	}
	for _, name := range []string{"a.TestRows", "a/b.TestMethod", "a/b.TestRows/row", "a/b.helper"} {
		_, err := find.find(name)
		assert.EqualError(t, err, "there is no test "+name)
	}
}

func TestAFileOfTestsThatDoesNotParseIsNamed(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "broken_test.go"), []byte("package a\nfunc"), 0o644))
	_, err := newTestFinder(root).find("mqttwire.TestRows")
	assert.ErrorContains(t, err, "broken_test.go:2")
}

func TestTestsThatDoNotExistAreNotFound(t *testing.T) {
	for _, name := range []string{
		"mqttwire.TestEncodingRefuses", // it is in packets
		"packets.TestEncodingRefuse",
		"packets.TestEncodingRefuses/PUBLISH topic",
		"packets.loadCorpus", // it is no test
		"nowhere.TestMatchTopic",
		"TestMatchTopic",
		"",
	} {
		_, err := newTestFinder(root).find(name)
		assert.EqualError(t, err, "there is no test "+name)
	}
}
