package mqttwire_test

import (
	"go/build"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/mqttwire/mqttwire"

// importRules says what a room may import: which parts of the standard library
// it may not, and which packages of other modules or other rooms it may.
var importRules = map[string]struct{ notStd, others []string }{
	".":                             {notStd: []string{"fmt", "reflect", "unsafe", "encoding", "net", "log", "os", "C"}, others: []string{module + "/internal", module + "/internal/text"}},
	"packets":                       {notStd: []string{"fmt", "reflect", "unsafe", "encoding", "net", "log", "os", "C"}, others: []string{module, module + "/internal", module + "/internal/text"}},
	"internal":                      {notStd: []string{"fmt", "reflect", "unsafe", "encoding", "net", "log", "os", "C"}},
	"internal/text":                 {notStd: []string{"fmt", "reflect", "unsafe", "encoding", "net", "log", "os", "C"}},
	"capture":                       {notStd: []string{"reflect", "unsafe", "C"}, others: []string{module, module + "/packets", "github.com/gopacket/gopacket"}},
	"cmd/mqttdump":                  {notStd: []string{"reflect", "unsafe", "C"}, others: []string{module, module + "/packets", module + "/capture", "github.com/fatih/color"}},
	"internal/corpus":               {notStd: []string{"reflect", "unsafe", "C"}, others: []string{module, module + "/testdata/corpus"}},
	"mqttwiretest":                  {notStd: []string{"reflect", "unsafe", "net", "log", "os", "C"}, others: []string{module, module + "/packets", module + "/internal/corpus", "pgregory.net/rapid"}},
	"internal/model":                {notStd: []string{"fmt", "reflect", "unsafe", "encoding", "net", "log", "os", "C"}},
	"internal/conformance":          {notStd: []string{"reflect", "unsafe", "C"}, others: []string{module, module + "/internal/corpus", module + "/testdata/spec"}},
	"internal/conformance/generate": {notStd: []string{"reflect", "unsafe", "C"}, others: []string{module + "/internal/conformance"}},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	for dir, rule := range importRules {
		p, err := build.ImportDir(dir, 0)
		require.NoError(t, err, dir)
		for _, path := range p.Imports {
			first, _, _ := strings.Cut(path, "/")
			if strings.Contains(first, ".") {
				assert.True(t, allowed(path, rule.others), "%s may not import %s", dir, path)
			} else {
				assert.NotContains(t, rule.notStd, first, "%s may not import %s", dir, path)
			}
		}
	}
}

// allowed reports whether path is in the list or, for another module, below an
// entry of it.
func allowed(path string, list []string) bool {
	for _, p := range list {
		if path == p || !strings.HasPrefix(p, module) && strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

// The model judges the library, so it is for tests alone.
func TestOnlyTestsImportTheModel(t *testing.T) {
	for dir := range importRules {
		p, err := build.ImportDir(dir, 0)
		require.NoError(t, err, dir)
		assert.NotContains(t, p.Imports, module+"/internal/model", dir)
	}
}

func TestNothingImportsTheCommandsOrTheExamples(t *testing.T) {
	for dir := range importRules {
		p, err := build.ImportDir(dir, 0)
		require.NoError(t, err, dir)
		for _, path := range append(append(p.Imports, p.TestImports...), p.XTestImports...) {
			assert.False(t, strings.HasPrefix(path, module+"/cmd/") || strings.HasPrefix(path, module+"/examples/"),
				"%s imports %s", dir, path)
		}
	}
}
