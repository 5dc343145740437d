package mqttwire_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/mqttwire/mqttwire"

// importRule says what the code of a room may import. Its tests may import more:
// any room that may be imported at all, and the testing libraries.
type importRule struct {
	notStd []string // what it may not of the standard library, with all that is below
	butStd []string // what it may of that all the same
	rooms  []string // other rooms, by their folders
	others []string // modules of other people

	files map[string][]string // what single files of it may of the standard library all the same
}

// What rooms stay away from in the standard library: all of them from looking into
// memory, pure ones from I/O too, and the wire layer from formatting as well.
var (
	wire = []string{"fmt", "reflect", "unsafe", "encoding", "net", "log", "os", "C"}
	pure = []string{"reflect", "unsafe", "net", "log", "os", "C"}
	all  = []string{"reflect", "unsafe", "C"}
)

// testLibraries are what the tests of every room may import.
var testLibraries = []string{"github.com/google/go-cmp", "github.com/stretchr/testify", "pgregory.net/rapid"}

// importRules has a row for each folder with Go code.
var importRules = map[string]importRule{
	".": {notStd: wire, butStd: []string{"net/netip"}, rooms: []string{"internal", "internal/text"}}, // an address is a value
	"packets": {notStd: wire, rooms: []string{".", "internal", "internal/text"}, files: map[string][]string{
		"json.go": {"encoding/json"}, "log.go": {"log/slog"}}},
	"session":                       {notStd: wire, butStd: []string{"encoding/binary"}, rooms: []string{".", "packets", "internal/answer"}},
	"client":                        {notStd: all, rooms: []string{".", "packets", "session", "topic"}},
	"broker":                        {notStd: wire, butStd: []string{"encoding/binary"}, rooms: []string{".", "packets", "session", "topic", "internal/answer"}},
	"sessiontest":                   {notStd: pure, rooms: []string{".", "packets", "session"}},
	"server":                        {notStd: all, rooms: []string{".", "packets", "session", "broker", "internal/answer"}},
	"internal":                      {notStd: wire},
	"internal/answer":               {notStd: wire, rooms: []string{".", "packets"}},
	"internal/text":                 {notStd: wire},
	"capture":                       {notStd: pure, butStd: []string{"net/netip"}, rooms: []string{".", "internal", "packets"}},
	"topic":                         {notStd: wire, rooms: []string{".", "packets"}},
	"mqttwiretest":                  {notStd: pure, rooms: []string{".", "packets", "internal/corpus"}, others: []string{"pgregory.net/rapid"}},
	"fuzz":                          {notStd: wire},
	"examples/events":               {notStd: all, rooms: []string{".", "client", "packets"}},
	"examples/durable":              {notStd: all, rooms: []string{".", "packets", "client", "store"}},
	"examples/tracing":              {notStd: all, rooms: []string{".", "packets", "client"}, others: []string{"go.opentelemetry.io/otel"}},
	"examples/exchange":             {notStd: all, rooms: []string{".", "packets"}},
	"examples/listener":             {notStd: all, rooms: []string{".", "client", "packets"}},
	"examples/proxy":                {notStd: all, rooms: []string{".", "packets"}},
	"examples/server":               {notStd: all, rooms: []string{".", "packets"}},
	"examples/broker":               {notStd: all, rooms: []string{"broker", "server"}},
	"examples/bridge":               {notStd: all, rooms: []string{".", "client", "packets", "session"}},
	"examples/by-hand":              {notStd: all, rooms: []string{".", "packets", "session"}},
	"examples/controller":           {notStd: all, rooms: []string{".", "packets", "broker", "server", "topic"}},
	"examples/handlers":             {notStd: all, rooms: []string{".", "packets", "server"}},
	"examples/hello":                {notStd: all, rooms: []string{"client"}},
	"internal/api":                  {notStd: all},
	"internal/api/generate":         {notStd: all, rooms: []string{"internal/api"}},
	"internal/corpus":               {notStd: pure, rooms: []string{".", "testdata/corpus"}},
	"internal/model":                {notStd: wire},
	"internal/mosquitto":            {notStd: all},
	"internal/simulation":           {notStd: pure, rooms: []string{".", "packets", "session"}},
	"internal/conformance":          {notStd: all, rooms: []string{".", "internal/corpus", "testdata/spec"}},
	"internal/conformance/generate": {notStd: all, rooms: []string{"internal/conformance"}},
	"testdata/corpus":               {notStd: wire},
	"testdata/spec":                 {notStd: wire},

	"store": {notStd: all, rooms: []string{"session"}, others: []string{"go.etcd.io/bbolt"}},
	"ws":    {notStd: all, rooms: []string{".", "client"}, others: []string{"github.com/gobwas/ws"}},
	"pcap": {notStd: all, rooms: []string{".", "capture"}, others: []string{"github.com/gopacket/gopacket", "github.com/klauspost/compress",
		"github.com/gobwas/ws", "github.com/gobwas/httphead", "golang.org/x/crypto"}},
	"cmd/mqtt": {notStd: all, rooms: []string{".", "packets", "session", "client", "topic", "broker", "server", "store", "ws"}, others: []string{
		"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/schollz/progressbar/v3", "golang.org/x/crypto", "golang.org/x/term",
		"github.com/pires/go-proxyproto", "golang.org/x/net", "golang.org/x/sys"}},
	"cmd/mqttdump": {notStd: all, rooms: []string{".", "packets", "topic", "capture", "pcap"}, others: []string{
		"github.com/expr-lang/expr", "github.com/fatih/color", "github.com/mattn/go-isatty", "github.com/schollz/progressbar/v3",
		"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sys"}},

	"compare/captures": {notStd: all, rooms: []string{".", "packets", "capture", "pcap"}},
	"compare/clients": {notStd: all, rooms: []string{".", "client", "session", "compare/interleaved"}, others: []string{
		"github.com/eclipse/paho.golang", "github.com/eclipse/paho.mqtt.golang"}},
	"compare/load": {notStd: all, rooms: []string{".", "packets", "broker", "server", "compare/interleaved"}, others: []string{"github.com/mochi-mqtt/server/v2"}},
	"compare/matrix": {notStd: all, rooms: []string{".", "packets", "session", "client", "ws"}, others: []string{
		"github.com/eclipse/paho.golang", "github.com/eclipse/paho.mqtt.golang", "github.com/mochi-mqtt/server/v2"}},
	"compare/codecs": {notStd: all, rooms: []string{".", "packets", "mqttwiretest"}, others: []string{
		"github.com/eclipse/paho.golang", "github.com/eclipse/paho.mqtt.golang", "github.com/mochi-mqtt/server/v2"}},
	"compare/mochi":                {notStd: all, rooms: []string{".", "packets"}, others: []string{"github.com/mochi-mqtt/server/v2"}},
	"compare/interleaved":          {notStd: all},
	"compare/against/record":       {notStd: all},
	"compare/against/texts":        {notStd: all},
	"compare/against/work":         {notStd: all, rooms: []string{"compare/interleaved"}},
	"compare/against/mutate":       {notStd: all, rooms: []string{".", "internal/corpus", "compare/against/texts"}},
	"compare/against/outcome":      {notStd: all, rooms: []string{".", "packets", "compare/against/record", "compare/against/texts"}},
	"compare/against/differential": {notStd: all, rooms: []string{"compare/against/mutate", "compare/against/outcome", "compare/against/record"}},
	"compare/against/rows": {notStd: all, rooms: []string{".", "packets", "compare/interleaved", "compare/against/texts",
		"compare/against/work"}},
	"compare/against/speed": {notStd: all, rooms: []string{"compare/interleaved", "compare/against/rows", "compare/against/work"}},
	"compare/languages":     {notStd: all, rooms: []string{".", "packets", "compare/against/texts", "compare/interleaved"}},
	"compare/speed": {notStd: all, rooms: []string{".", "packets", "compare/interleaved", "compare/speed/floor", "compare/against/texts"}, others: []string{
		"github.com/256dpi/gomqtt", "github.com/eclipse/paho.golang", "github.com/eclipse/paho.mqtt.golang",
		"github.com/mochi-mqtt/server/v2", "github.com/soypat/natiu-mqtt"}},
	"compare/speed/floor": {notStd: all, rooms: []string{".", "packets"}},
	"compare/topics": {notStd: all, rooms: []string{"packets", "topic", "compare/interleaved"}, others: []string{
		"github.com/256dpi/gomqtt", "github.com/mochi-mqtt/server/v2"}},
	"compare/strictness": {notStd: all, rooms: []string{".", "compare/codecs", "mqttwiretest"}},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	assert.Empty(t, importFaults(t, os.DirFS("."), importRules))
}

func TestImportRulesSeeEveryFolderAndEveryImport(t *testing.T) {
	rules := map[string]importRule{
		".":              {notStd: []string{"net", "fmt"}, butStd: []string{"net/netip"}},
		"packets":        {rooms: []string{"."}, others: []string{"example.com/codec"}},
		"internal/model": {notStd: []string{"log"}, files: map[string][]string{"a.go": {"log/slog"}}},
	}
	const root, packets, model = "a.go", "packets/a.go", "internal/model/a.go"
	for name, test := range map[string]struct {
		file, imports string
		want          []string
	}{
		"nothing":                       {root, ``, nil},
		"the standard library":          {root, `"errors"; "net/netip"; "network"`, nil},
		"not all of it":                 {root, `"fmt"; "net"; "net/http"`, []string{". may not import fmt", ". may not import net", ". may not import net/http"}},
		"in tests all of it":            {"a_test.go", `"fmt"; "net/http"`, nil},
		"what a file may":               {model, `"log/slog"`, nil},
		"what only another file may":    {"internal/model/b.go", `"log/slog"`, []string{"internal/model may not import log/slog"}},
		"more than a file may":          {model, `"log"`, []string{"internal/model may not import log"}},
		"a room":                        {packets, `"` + module + `"`, nil},
		"against the arrow":             {root, `"` + module + `/packets"`, []string{". may not import " + module + "/packets"}},
		"in tests any room":             {"a_test.go", `"` + module + `/packets"; "` + module + `/internal/model"`, nil},
		"the model, in code":            {packets, `"` + module + `/internal/model"`, []string{"packets may not import " + module + "/internal/model"}},
		"another module":                {packets, `"example.com/codec"; "example.com/codec/v2"`, nil},
		"another of a like name":        {packets, `"example.com/codecs"`, []string{"packets may not import example.com/codecs"}},
		"one that is another room's":    {root, `"example.com/codec"`, []string{". may not import example.com/codec"}},
		"the testing libraries":         {"a_test.go", `"github.com/stretchr/testify/assert"; "pgregory.net/rapid"`, nil},
		"those, in code":                {root, `"github.com/stretchr/testify/assert"`, []string{". may not import github.com/stretchr/testify/assert"}},
		"another module, in tests":      {"a_test.go", `"example.com/codec"`, []string{"tests of . may not import example.com/codec"}},
		"a command, in tests":           {"packets/a_test.go", `"` + module + `/cmd/mqttdump"`, []string{"tests of packets may not import " + module + "/cmd/mqttdump"}},
		"an example, in tests":          {"packets/a_test.go", `"` + module + `/examples/exchange"`, []string{"tests of packets may not import " + module + "/examples/exchange"}},
		"a new folder":                  {"broker/a.go", ``, []string{"broker has Go code and no rule"}},
		"a new folder of tests":         {"broker/a_test.go", ``, []string{"broker has Go code and no rule"}},
		"a new folder below one":        {"packets/new/a.go", ``, []string{"packets/new has Go code and no rule"}},
		"a new folder of test data":     {"testdata/new/a.go", ``, []string{"testdata/new has Go code and no rule"}},
		"code for another system":       {"packets/a_windows.go", `"example.com/windows"`, []string{"packets may not import example.com/windows"}},
		"a folder that is not for code": {".git/a.go", ``, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for _, file := range []string{root, packets, model} {
				tree[file] = &fstest.MapFile{Data: []byte("package p")}
			}
			tree[test.file] = &fstest.MapFile{Data: []byte("package p; import (" + test.imports + ")")}
			assert.Equal(t, test.want, importFaults(t, tree, rules))
		})
	}
	assert.Contains(t, importFaults(t, fstest.MapFS{}, rules), "packets has a rule and no Go code")
	other := fstest.MapFS{"internal/model/b.go": &fstest.MapFile{Data: []byte("package p")}}
	assert.Contains(t, importFaults(t, other, rules), "internal/model/a.go has a rule and is not there")
}

// importFaults returns what breaks the rules in a tree: imports, and folders and
// rules without each other.
func importFaults(t *testing.T, tree fs.FS, rules map[string]importRule) (faults []string) {
	t.Helper()
	rooms, err := readRooms(tree)
	require.NoError(t, err)
	for dir := range rules {
		if rooms[dir] == nil {
			faults = append(faults, dir+" has a rule and no Go code")
		}
	}
	for dir, room := range rooms {
		rule, ok := rules[dir]
		if !ok {
			faults = append(faults, dir+" has Go code and no rule")
			continue
		}
		for file := range rule.files {
			if room.imports[file] == nil {
				faults = append(faults, path.Join(dir, file)+" has a rule and is not there")
			}
		}
		for file, imports := range room.imports {
			for name := range imports {
				if !rule.allows(name) && !slices.Contains(rule.files[file], name) {
					faults = append(faults, fmt.Sprintf("%s may not import %s", dir, name))
				}
			}
		}
		for name := range room.testImports {
			if !rule.allowsTests(name) {
				faults = append(faults, fmt.Sprintf("tests of %s may not import %s", dir, name))
			}
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

// allows reports whether the code of a room may import a package.
func (r importRule) allows(name string) bool {
	switch dir, own := roomOf(name); {
	case own:
		return slices.Contains(r.rooms, dir)
	case isStd(name):
		return !isBelow(name, r.notStd) || isBelow(name, r.butStd)
	}
	return isBelow(name, r.others)
}

// allowsTests is allows for the tests of a room. Nobody imports commands and
// examples.
func (r importRule) allowsTests(name string) bool {
	switch dir, own := roomOf(name); {
	case own:
		return !isBelow(dir, []string{"cmd", "examples"})
	case isStd(name):
		return true
	}
	return isBelow(name, r.others) || isBelow(name, testLibraries)
}

// roomOf returns the folder of a package, if it is one of this repository. The
// path of each of its modules is that of its folder.
func roomOf(name string) (dir string, own bool) {
	if name == module {
		return ".", true
	}
	return strings.CutPrefix(name, module+"/")
}

// isStd reports whether a package is of the standard library, or is "C".
func isStd(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}

// isBelow reports whether a path is one of the list or below one.
func isBelow(name string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}

// room is what the files of a folder import, whatever system they are for.
type room struct {
	imports     map[string]map[string]bool // by file
	testImports map[string]bool
}

// readRooms reads all folders with Go code, of all modules, by their paths.
func readRooms(tree fs.FS) (map[string]*room, error) {
	rooms := map[string]*room{}
	return rooms, fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		imports, err := importsOf(tree, name)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if rooms[dir] == nil {
			rooms[dir] = &room{map[string]map[string]bool{}, map[string]bool{}}
		}
		if strings.HasSuffix(name, "_test.go") {
			maps.Copy(rooms[dir].testImports, imports)
		} else {
			rooms[dir].imports[path.Base(name)] = imports
		}
		return nil
	})
}

// importsOf returns the import paths of a file.
func importsOf(tree fs.FS, name string) (map[string]bool, error) {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	imports := map[string]bool{}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports[imported] = true
	}
	return imports, nil
}

// The model judges the library, so it is for tests alone.
func TestOnlyTestsMayImportTheModel(t *testing.T) {
	for dir, rule := range importRules {
		assert.NotContains(t, rule.rooms, "internal/model", dir)
	}
}

func TestNobodyMayImportTheCommandsOrTheExamples(t *testing.T) {
	for dir, rule := range importRules {
		for _, room := range rule.rooms {
			assert.False(t, isBelow(room, []string{"cmd", "examples"}), "%s may import %s", dir, room)
		}
	}
}
