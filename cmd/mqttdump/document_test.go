package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the tests' own program be mqttdump, for commands that a shell runs.
func TestMain(m *testing.M) {
	if how := os.Getenv(asCommand); how != "" {
		status := program()
		if how == andTellMemory {
			memory, _ := os.ReadFile("/proc/self/status")
			os.Stderr.Write(memory)
		}
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// asCommand is the environment variable that makes the tests' program mqttdump.
const asCommand = "MQTTDUMP_TEST_AS_COMMAND"

// andTellMemory is its value that makes the program tell at its end what the system
// knows of it, the most memory that it took among that.
const andTellMemory = "memory"

var document = filepath.Join("docs", "mqttdump.md")

// TestTheDocumentsShowWhatTheCommandPrints runs each command of the document and of the
// README. With -update they are written anew.
func TestTheDocumentsShowWhatTheCommandPrints(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for file, least := range map[string]int{document: 10, "README.md": 1} {
		showsWhatIsPrinted(t, file, least)
	}
}

func showsWhatIsPrinted(t *testing.T, file string, least int) {
	t.Helper()
	text := readFile(t, file)
	block := regexp.MustCompile("(?s)```console\n\\$ (mqttdump [^\n]*)\n(.*?)```")
	runs := 0
	got := block.ReplaceAllStringFunc(text, func(b string) string {
		parts := block.FindStringSubmatch(b)
		runs++
		return "```console\n$ " + parts[1] + "\n" + shown(t, parts[1]) + "```"
	})
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	assert.Equal(t, readFile(t, file), got)
	assert.GreaterOrEqual(t, runs, least)
}

// shown returns what a command line of the document prints: mqttdump, perhaps with a
// head behind it.
func shown(t *testing.T, line string) string {
	t.Helper()
	command, lines, cut := strings.Cut(line, " | head -n ")
	out, notes, _ := dumpAll("", splitWords(t, command)[1:]...)
	if !cut {
		return out + notes
	}
	n, err := strconv.Atoi(lines)
	require.NoError(t, err)
	rows := strings.SplitAfter(out, "\n")
	return strings.Join(rows[:min(n, len(rows))], "") + notes
}

// splitWords splits a command line as a shell does, with single quotes.
func splitWords(t *testing.T, line string) (list []string) {
	t.Helper()
	for _, w := range regexp.MustCompile(`'[^']*'|[^ ]+`).FindAllString(line, -1) {
		list = append(list, strings.Trim(w, "'"))
	}
	return list
}

// TestTheDocumentNamesFlagsThatThereAre looks for what the document names and the
// program does not know.
func TestTheDocumentNamesFlagsThatThereAre(t *testing.T) {
	root := newRoot(newApp(t.Context(), nil, nil, nil))
	text := readFile(t, filepath.Join("..", "..", document))
	for _, name := range regexp.MustCompile("[` ]--([a-z-]+)").FindAllStringSubmatch(text, -1) {
		found := root.Flags().Lookup(name[1]) != nil || root.PersistentFlags().Lookup(name[1]) != nil
		for _, c := range root.Commands() {
			found = found || c.Flags().Lookup(name[1]) != nil
		}
		assert.True(t, found, name[1])
	}
}

// TestTheDocumentNamesAllKeys looks for keys of JSON in the captures that the document
// does not have, and the form of packets does not either.
func TestTheDocumentNamesAllKeys(t *testing.T) {
	text := readFile(t, filepath.Join("..", "..", document))
	ofPackets := readFile(t, filepath.Join("..", "..", "packets", "json.go"))
	files, err := filepath.Glob(filepath.Join(ownCaptures, "*.pcap*"))
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, ".jsonl") {
			continue
		}
		for _, d := range decodedLines(t, dump(t, "-j", "--max-payload", "2", file)) {
			for key := range d {
				seen[key] = true
			}
		}
	}
	assert.Greater(t, len(seen), 30)
	for key := range seen {
		name := strings.TrimSuffix(strings.TrimSuffix(key, "_base64"), "_len")
		assert.True(t, strings.Contains(text, "`"+key+"`") || strings.Contains(ofPackets, name), key)
	}
}

// duckDBOfNode writes a program duckdb into a folder that stands on DuckDB's package for
// Node, if Node finds that: by NODE_PATH, say.
func duckDBOfNode(t *testing.T, folder string) (found bool) {
	t.Helper()
	places := os.Getenv("NODE_PATH") // looked at here, so that another value is another test
	if err := exec.CommandContext(t.Context(), "node", "-e", "require('@duckdb/node-api')").Run(); err != nil {
		t.Logf("Node finds no DuckDB, with NODE_PATH=%q: %v", places, err)
		return false
	}
	program, err := filepath.Abs(filepath.Join("testdata", "duckdb.js"))
	require.NoError(t, err)
	script := fmt.Sprintf("#!/bin/sh\nexec node %s \"$@\"\n", program)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "duckdb"), []byte(script), 0o755))
	return true
}

// TestRecipesForDatabases runs the commands of the document that send lines into a
// database, where there is its program.
func TestRecipesForDatabases(t *testing.T) {
	text := readFile(t, filepath.Join("..", "..", document))
	want := regexp.MustCompile("(?s)Both give this[^`]*`[^`]*` or `[^`]*`[^`]*```\n(.*?)```").FindStringSubmatch(text)
	require.NotNil(t, want)
	for _, recipe := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		program := "sqlite3"
		if strings.Contains(recipe[1], "duckdb") {
			program = "duckdb"
		}
		t.Run(program, func(t *testing.T) {
			folder, err := filepath.Abs(t.TempDir())
			require.NoError(t, err)
			if _, err := exec.LookPath(program); err != nil && (program != "duckdb" || !duckDBOfNode(t, folder)) {
				t.Skipf("there is no %s", program)
			}
			self, err := os.Executable()
			require.NoError(t, err)
			captures, err := filepath.Abs(ownCaptures)
			require.NoError(t, err)
			script := fmt.Sprintf("#!/bin/sh\n%s=1 exec %s \"$@\"\n", asCommand, self)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "mqttdump"), []byte(script), 0o755))
			command := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(recipe[1], "testdata/captures", captures))
			command.Dir = folder
			command.Env = append(os.Environ(), "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Equal(t, strings.ReplaceAll(want[1], "|", ","), strings.ReplaceAll(string(out), "|", ","))
		})
	}
}
