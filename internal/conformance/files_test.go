package conformance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var twoPages = []Page{{"CONFORMANCE.md", "summary\n"}, {"conformance/5.0/a.md", "one\ntwo\n"}}

func written(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, Write(root, twoPages))
	require.NoError(t, Check(root, twoPages))
	return root
}

func TestAPageThatIsNotCurrentIsNamedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"one\ntwo":          "conformance/5.0/a.md:2 is not current",
		"one\n":             "conformance/5.0/a.md:2 is not current",
		"one\ntwo\nthree\n": "conformance/5.0/a.md:3 is not current",
		"One\ntwo\n":        "conformance/5.0/a.md:1 is not current",
		"":                  "conformance/5.0/a.md:1 is not current",
	} {
		root := written(t)
		require.NoError(t, os.WriteFile(filepath.Join(root, "conformance", "5.0", "a.md"), []byte(text), 0o644))
		assert.EqualError(t, Check(root, twoPages), want, "%q", text)
		require.NoError(t, Write(root, twoPages))
		assert.NoError(t, Check(root, twoPages), "%q", text)
	}
}

func TestAPageThatIsMissingIsNamed(t *testing.T) {
	root := written(t)
	require.NoError(t, os.Remove(filepath.Join(root, "CONFORMANCE.md")))
	assert.ErrorIs(t, Check(root, twoPages), os.ErrNotExist)
	assert.ErrorContains(t, Check(root, twoPages), "CONFORMANCE.md")
}

func TestAFileThatIsNoPageIsNamedAndAPageOfEarlierRemoved(t *testing.T) {
	root := written(t)
	for _, name := range []string{"old.md", "notes.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, "conformance", "5.0", name), nil, 0o644))
	}
	assert.EqualError(t, Check(root, twoPages),
		"conformance/5.0/notes.txt is no page of the report\nconformance/5.0/old.md is no page of the report")
	require.NoError(t, Write(root, twoPages))
	assert.EqualError(t, Check(root, twoPages), "conformance/5.0/notes.txt is no page of the report")
}
