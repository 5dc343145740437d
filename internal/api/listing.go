// Package api lists what packages export, a line for each name, so that each change
// of the API shows in the recorded listing in the folder api.
package api

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Packages are the folders whose API is recorded, from the root of the module.
var Packages = []string{
	".",
	"packets",
	"topic",
	"session",
	"sessiontest",
	"client",
	"broker",
	"server",
	"capture",
	"mqttwiretest",
	"store",
	"ws",
}

// File returns the path of a package's recorded listing, from the root of the
// module.
func File(folder string) string {
	name := folder
	if folder == "." {
		name = "mqttwire"
	}
	return filepath.Join("api", strings.ReplaceAll(name, "/", "_")+".txt")
}

// Listing returns a line for each exported constant, variable, function, method,
// type and field of the package in a folder, in the order of the alphabet.
func Listing(folder string) ([]string, error) {
	files := token.NewFileSet()
	l := listing{files: files, embedded: map[string][]string{}}
	parsed, err := parse(files, folder)
	if err != nil {
		return nil, err
	}
	for _, file := range parsed {
		l.findEmbedded(file)
	}
	for _, file := range parsed {
		for _, decl := range file.Decls {
			l.add(decl)
		}
	}
	sort.Strings(l.lines)
	return l.lines, l.err
}

// parse parses the files of a package that are not tests.
func parse(files *token.FileSet, folder string) (parsed []*ast.File, err error) {
	names, err := fs.Glob(os.DirFS(folder), "*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, filepath.Join(folder, name), nil, 0)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	return parsed, nil
}

// listing collects lines.
type listing struct {
	files    *token.FileSet
	embedded map[string][]string // exported types by the types, not exported, that they embed
	lines    []string
	err      error
}

func (l *listing) line(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// text returns an expression or a declaration in one line.
func (l *listing) text(node any) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, l.files, node); err != nil {
		l.err = err
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// findEmbedded notes which exported structs embed types that are not exported, as
// the methods of those are theirs too.
func (l *listing) findEmbedded(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || !spec.Name.IsExported() {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				if name, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 && !name.IsExported() {
					l.embedded[name.Name] = append(l.embedded[name.Name], spec.Name.Name)
				}
			}
		}
		return true
	})
}

func (l *listing) add(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() {
			l.function(d)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					l.typ(s)
				}
			case *ast.ValueSpec:
				l.values(d.Tok, s)
			}
		}
	}
}

func (l *listing) function(d *ast.FuncDecl) {
	signature := strings.TrimPrefix(l.text(d.Type), "func")
	if d.Recv == nil {
		l.line("func %s%s", d.Name.Name, signature)
		return
	}
	receiver := l.text(d.Recv.List[0].Type)
	name := strings.TrimPrefix(receiver, "*")
	owners := []string{name}
	if !ast.IsExported(name) {
		owners = l.embedded[name]
	}
	for _, owner := range owners {
		l.line("method (%s) %s%s", strings.Replace(receiver, name, owner, 1), d.Name.Name, signature)
	}
}

func (l *listing) typ(s *ast.TypeSpec) {
	switch t := s.Type.(type) {
	case *ast.StructType:
		l.line("type %s struct", s.Name.Name)
		for _, field := range t.Fields.List {
			for _, name := range field.Names {
				if name.IsExported() {
					l.line("field %s.%s %s", s.Name.Name, name.Name, l.text(field.Type))
				}
			}
		}
	case *ast.InterfaceType:
		l.line("type %s interface", s.Name.Name)
		for _, method := range t.Methods.List {
			if len(method.Names) == 0 {
				l.line("method %s embeds %s", s.Name.Name, l.text(method.Type))
			}
			for _, name := range method.Names {
				l.line("method %s.%s%s", s.Name.Name, name.Name, strings.TrimPrefix(l.text(method.Type), "func"))
			}
		}
	default:
		l.line("type %s %s", s.Name.Name, l.text(s.Type))
	}
}

func (l *listing) values(tok token.Token, s *ast.ValueSpec) {
	for i, name := range s.Names {
		if !name.IsExported() {
			continue
		}
		line := tok.String() + " " + name.Name
		if s.Type != nil {
			line += " " + l.text(s.Type)
		}
		if tok == token.CONST && i < len(s.Values) {
			line += " = " + l.text(s.Values[i])
		}
		l.line("%s", line)
	}
}

// Text returns the listing of a package as its file has it.
func Text(root, folder string) (string, error) {
	lines, err := Listing(filepath.Join(root, folder))
	if err != nil {
		return "", err
	}
	return strings.Join(lines, "\n") + "\n", nil
}
