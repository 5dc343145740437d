package conformance

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// GoTest is a test function, or a case of its table, and where it stands.
type GoTest struct {
	// Name is its folder ("mqttwire" for the root), a dot, the function and, behind a
	// slash, the case.
	Name string

	File string // below the root, with slashes
	Line int    // of the case or, without one, of the function
}

// testFinder finds tests in the files below root.
type testFinder struct {
	root    string
	folders map[string][]testFile // that were read
}

// testFile is a file of tests.
type testFile struct {
	name string
	set  *token.FileSet
	ast  *ast.File
}

func newTestFinder(root string) *testFinder { return &testFinder{root, map[string][]testFile{}} }

// findAll looks for all of the tests.
func (t *testFinder) findAll(names []string) (tests []GoTest, err error) {
	for _, name := range names {
		test, failed := t.find(name)
		tests = append(tests, test)
		err = errors.Join(err, failed)
	}
	return tests, err
}

// find looks for the test.
func (t *testFinder) find(name string) (GoTest, error) {
	dir, rest, _ := strings.Cut(name, ".")
	if dir == "mqttwire" {
		dir = "."
	}
	function, row, _ := strings.Cut(rest, "/")
	files, err := t.files(dir)
	if err != nil {
		return GoTest{}, err
	}
	for _, f := range files {
		if at := testIn(f.ast, function, row); at.IsValid() {
			return GoTest{name, path.Join(dir, f.name), f.set.Position(at).Line}, nil
		}
	}
	return GoTest{}, fmt.Errorf("there is no test %s", name)
}

// files returns the test files of a folder, in the order of their names.
func (t *testFinder) files(dir string) ([]testFile, error) {
	if files, ok := t.folders[dir]; ok {
		return files, nil
	}
	names, err := filepath.Glob(filepath.Join(t.root, filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		return nil, err
	}
	var files []testFile
	for _, name := range names {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, testFile{filepath.Base(name), set, f})
	}
	t.folders[dir] = files
	return files, nil
}

// testIn returns the place of the test function in the file or, if row is not
// empty, of the string in the function that names the case.
func testIn(file *ast.File, function, row string) token.Pos {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		switch {
		case !ok || f.Recv != nil || f.Name.Name != function || !strings.HasPrefix(function, "Test"):
		case row == "":
			return f.Pos()
		default:
			return stringIn(f.Body, row)
		}
	}
	return token.NoPos
}

func stringIn(body ast.Node, want string) (at token.Pos) {
	ast.Inspect(body, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && !at.IsValid() {
			if text, err := strconv.Unquote(lit.Value); err == nil && text == want {
				at = lit.Pos()
			}
		}
		return !at.IsValid()
	})
	return at
}
