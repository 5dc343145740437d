package api

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

func TestTheRecordedListingIsThatOfTheCode(t *testing.T) {
	want := map[string]bool{}
	for _, folder := range Packages {
		text, err := Text(root, folder)
		require.NoError(t, err)
		recorded, err := os.ReadFile(filepath.Join(root, File(folder)))
		require.NoError(t, err)
		assert.Equal(t, string(recorded), text, "if the change is meant: go generate ./internal/api")
		want[filepath.Base(File(folder))] = true
	}
	entries, err := os.ReadDir(filepath.Join(root, "api"))
	require.NoError(t, err)
	for _, entry := range entries {
		assert.True(t, want[entry.Name()], "api/%s is of no package", entry.Name())
	}
}

func TestEachKindOfNameHasItsLine(t *testing.T) {
	folder := t.TempDir()
	source := `package p

type common struct{ n int }

// Set sets.
func (c *common) Set(n int) {}

func (c *common) hidden() {}

type List struct {
	common
	A, B []byte
	c    int
}

type Doer interface {
	error
	Do(x int) (err error)
}

type N uint8

const (
	One N = 1
	two N = 2
)

var Err error

func F[T any](
	a, b T,
) {
}

func (N) String() string { return "" }
`
	require.NoError(t, os.WriteFile(filepath.Join(folder, "p.go"), []byte(source), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "p_test.go"), []byte("package p\n\nfunc G() {}\n"), 0o600))
	lines, err := Listing(folder)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"const One N = 1", "field List.A []byte", "field List.B []byte", "func F[T any]( a, b T, )",
		"method (*List) Set(n int)", "method (N) String() string", "method Doer embeds error", "method Doer.Do(x int) (err error)",
		"type Doer interface", "type List struct", "type N uint8", "var Err error",
	}, lines)
}
