package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/session"
)

func TestANewFileIsWholeWithEitherOfItsHeadPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	created, err := create(path)
	require.NoError(t, err)
	require.True(t, created)
	for page := range 2 {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		b[page*os.Getpagesize()+pageHead]++
		c, err := inspected(b)
		require.NoError(t, err)
		assert.Equal(t, state{}, c.state)
	}
}

func TestAFileThatSomebodyElseHasMadeMeanwhileStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	require.NoError(t, os.WriteFile(path, []byte("of somebody else"), 0o600))
	created, err := create(path)
	require.NoError(t, err)
	assert.False(t, created)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "of somebody else", string(b))
	names, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, names, 1)
}

func TestAFileThatHasChangedSinceItWasReadIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	other, err := Open(path, Options{})
	require.NoError(t, err)
	require.NoError(t, other.Close())
	s := &Store{path: path}
	old, err := s.inspectLocked()
	require.NoError(t, err)
	other, err = Open(path, Options{})
	require.NoError(t, err)
	require.NoError(t, other.Append([]session.Record{{Session: []byte("a"), Data: []byte("1")}}))
	require.NoError(t, other.Close())
	same, err := s.use(old)
	require.NoError(t, err)
	require.False(t, same)
	require.NoError(t, s.open())
	assert.Equal(t, Stats{Sessions: 1, Records: 1}, s.Stats())
	require.NoError(t, s.Close())
}
