package mqttwire_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inlined are the small functions on the way of every packet whose cost rests on
// the compiler putting them into their callers, by the folder of the callers and
// by the name that is called; .Has is a method of that name of whatever value.
// Each call of that name in the folder has to be inlined.
var inlined = map[string][]string{
	".": {
		"SizeVarint", ".PacketSize", ".size", ".Flags", "uint16At", "uint32At", "text.Load64", "text.ZeroByte", "binaryEnd",
		".listWith", "text.PlainTopicName", ".lost", ".room", ".saw",
	},
	"internal/text": {
		"Load64", "Store64", "ZeroByte", "topicFault", "OddBytes", "equalBytes", "PlainByte", "PlusAlone", "WildcardLast",
		"Shared", "HasSlash", "BeforeEnd", "PlainOdd", ".takes",
	},
	"packets": {
		"mqttwire.SizeVarint", ".Flags", ".Has", ".Empty", "wire.Judge", "wire.Err", "wire.Pass", "wire.PassAt", "wire.Saw", "wire.Frame",
		"wire.PacketID", "wire.String", "wire.TopicName", "wire.TopicFilter", "wire.Binary", "wire.Properties",
		"wire.Refuse", "wire.CheckProperties", "text.PlainString", "text.PlainTopicName", "text.PlainTopicFilter", "text.ASCIIName",
		"text.Load64", "text.Store64", "text.OddBytes", "text.PlusAlone", "text.WildcardLast", "text.Shared", "text.HasSlash",
		"text.BeforeEnd", "text.PlainOdd", ".plainOptions",
		"plainFrame", "plainAck", "isEmpty", "plainLength", "plainID", "fieldEnd", "plainCode", "plainList", "plainListSize", "plainCodeAndListSize", "appendCodeAndList",
		"appendHeader", "appendLength", "appendPrefixed", "appendPlainList", "oversized", "PropertiesOf", "newOf",
	},
}

func TestSmallFunctionsOnTheWayOfEveryPacketAreInlinedIntoTheirCallers(t *testing.T) {
	if testing.Short() {
		t.Skip("asks the compiler")
	}
	for dir, names := range inlined {
		out, err := exec.Command("go", "build", "-gcflags=-m", "./"+dir).CombinedOutput()
		require.NoError(t, err, "%s", out)
		into := map[string]bool{} // places at which the compiler has inlined something
		for _, m := range regexp.MustCompile(`(?m)^(\S+:\d+:\d+): inlining call to `).FindAllSubmatch(out, -1) {
			into[filepath.ToSlash(filepath.Clean(string(m[1])))] = true
		}
		require.NotEmpty(t, into)
		calls := callsOf(t, dir, names)
		for _, name := range names {
			assert.NotEmpty(t, calls[name], "%s calls no %s", dir, name)
			for _, call := range calls[name] {
				assert.True(t, into[call.at], "%s: the call of %s in %s is not inlined", call.at, name, call.from)
			}
		}
	}
}

// call is a call of a function: where its parenthesis opens, and in which
// function of which file.
type call struct{ at, from string }

// callsOf returns the calls of functions and methods of the given names in the
// files of a folder that are not tests.
func callsOf(t *testing.T, dir string, names []string) map[string][]call {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	calls := map[string][]call{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	fset := token.NewFileSet()
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, filepath.Join(dir, entry.Name()), nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				at := fset.Position(c.Lparen)
				for _, name := range calledNames(c) {
					if wanted[name] {
						place := fmt.Sprintf("%s:%d:%d", filepath.ToSlash(at.Filename), at.Line, at.Column)
						calls[name] = append(calls[name], call{place, entry.Name() + " " + f.Name.Name})
					}
				}
				return true
			})
		}
	}
	return calls
}

// calledNames returns the names of inlined that fit the function that is called.
func calledNames(c *ast.CallExpr) []string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return []string{f.Name}
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return []string{"." + f.Sel.Name, x.Name + "." + f.Sel.Name}
		}
		return []string{"." + f.Sel.Name}
	}
	return nil
}
