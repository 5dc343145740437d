package mqttwire_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadmeShowsTheTestedExamples keeps the README's Go code the same as that
// of the Example functions, which are compiled and whose output is checked.
func TestReadmeShowsTheTestedExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, name := range []string{"Example_decode", "Example_encode", "Example_stream", "Example_connection", "Example_tolerance", "Example_errors"} {
		assert.Contains(t, string(readme), exampleBody(t, "example_test.go", name), "README.md lacks the body of %s", name)
	}
	kit := exampleBody(t, "mqttwiretest/example_test.go", "ExampleRun")
	assert.Contains(t, string(readme), kit, "README.md lacks the body of the test kit's ExampleRun")
}

// exampleBody returns the statements of a function of a file of examples, as they
// stand there but for one level of indentation, without the output.
func exampleBody(t *testing.T, path, name string) string {
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, 0)
	require.NoError(t, err)
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != name {
			continue
		}
		body := string(source[files.Position(f.Body.Lbrace).Offset+2 : files.Position(f.Body.Rbrace).Offset])
		body, _, found := strings.Cut(body, "\t// Output:")
		require.True(t, found, "%s has no output", name)
		lines := strings.Split(strings.TrimRight(body, "\n"), "\n")
		for i := range lines {
			lines[i] = strings.TrimPrefix(lines[i], "\t")
		}
		return "```go\n" + strings.Join(lines, "\n") + "\n```"
	}
	require.Fail(t, "no such example", name)
	return ""
}
