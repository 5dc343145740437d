package mqttwire_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryEntryPointIsShownByAnExample asks that whoever looks up what there is to
// call finds it called on the same page of documentation: each exported function, and
// each type that has methods which change it, by itself or by its New.
func TestEveryEntryPointIsShownByAnExample(t *testing.T) {
	for folder, listing := range map[string]string{".": "api/mqttwire.txt", "packets": "api/packets.txt"} {
		b, err := os.ReadFile(listing)
		require.NoError(t, err)
		points := entryPoints(string(b))
		require.Greater(t, len(points), 25, folder)
		shown := namesInExamples(t, folder)
		for _, name := range points {
			assert.True(t, shown[name] || shown["New"+name], "%s: no Example of %s calls it", name, folder)
		}
	}
}

func TestEntryPointsAreFunctionsAndTypesThatAreChanged(t *testing.T) {
	assert.Equal(t, []string{"Cut", "NewReader", "Reader", "Set"}, entryPoints(`const One = 1
field Set.Max int
func Cut(b []byte) error
func NewReader() *Reader
method (*Reader) Next() error
method (*Reader) Skip() error
method (*Set) Release()
method (Sender) String() string
method Source.Next() error
type Sender uint8
type Set struct
`))
}

// entryPoints returns the names of the entry points in a listing of an API.
func entryPoints(listing string) (names []string) {
	for _, found := range regexp.MustCompile(`(?m)^(?:func |method \(\*)(\w+)`).FindAllStringSubmatch(listing, -1) {
		if len(names) == 0 || names[len(names)-1] != found[1] {
			names = append(names, found[1])
		}
	}
	return names
}

// namesInExamples returns what the Examples in a folder that are run name of its
// package.
func namesInExamples(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	names := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, example := range doc.Examples(file) {
			if example.Output != "" { // else it is not run
				of, _, _ := strings.Cut(example.Name, "_")
				names[of] = true
				addNamesOf(names, strings.TrimSuffix(file.Name.Name, "_test"), example.Code)
			}
		}
	}
	return names
}

// addNamesOf adds what code names of a package.
func addNamesOf(names map[string]bool, pkg string, code ast.Node) {
	ast.Inspect(code, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg {
				names[s.Sel.Name] = true
			}
		}
		return true
	})
}
