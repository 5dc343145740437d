package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
)

var update = flag.Bool("update", false, "write the document anew, with what the commands print")

// document is what tells of serve, with its place made absolute, as tests go elsewhere.
func document(t *testing.T) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "..", "docs", "serve.md"))
	require.NoError(t, err)
	return file
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

// requireCurrent compares a document with what it should be, or writes it.
func requireCurrent(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	require.Equal(t, want, readFile(t, file))
}

// documentedFiles writes the files of the document into the folder where the test is. Its
// ports may be in use: free ones stand for them.
func documentedFiles(t *testing.T, text string) {
	t.Helper()
	blocks := regexp.MustCompile("(?s)```text\n# ([a-z.]+)\n(.*?)```").FindAllStringSubmatch(text, -1)
	require.Len(t, blocks, 3)
	for _, b := range blocks {
		content := regexp.MustCompile(`(127\.0\.0\.1):\d+`).ReplaceAllString(b[2], "$1:0")
		require.NoError(t, os.WriteFile(b[1], []byte(content), 0o600))
	}
}

// TestTheBrokerOfTheDocumentDoesWhatItSays runs the commands of the document. With -update
// it is written anew.
func TestTheBrokerOfTheDocumentDoesWhatItSays(t *testing.T) {
	file := document(t)
	text := readFile(t, file)
	t.Chdir(t.TempDir())
	documentedFiles(t, text)
	s := serve(t, "--config", "broker.conf", "--max-connections", "10000") // with listen in the file
	requireCurrent(t, file, regexp.MustCompile("(?s)```console\n.*?```").ReplaceAllStringFunc(text, func(block string) string {
		shown := "```console\n"
		for _, line := range regexp.MustCompile(`(?m)^\$ .*$`).FindAllString(block, -1) {
			shown += line + "\n" + answered(t, s, line)
		}
		return shown + "```"
	}))
}

// answered returns what a command line of the document prints: variables, mqtt and its
// arguments.
func answered(t *testing.T, s *serving, line string) string {
	t.Helper()
	words := strings.Fields(strings.ReplaceAll(line[2:], "'", ""))
	vars := map[string]string{}
	for ; strings.Contains(words[0], "="); words = words[1:] {
		name, value, _ := strings.Cut(words[0], "=")
		vars[name] = value
	}
	require.Equal(t, "mqtt", words[0])
	_, p := s.client(vars, words[1:]...)
	return p.out.String() + p.errs.String()
}

func TestTheDocumentNamesFlagsThatThereAre(t *testing.T) {
	root := newRoot(environment{})
	serve, _, err := root.Find([]string{"serve"})
	require.NoError(t, err)
	bench, _, err := root.Find([]string{"bench"})
	require.NoError(t, err)
	known := func(name string) bool {
		return name == "help" || serve.Flags().Lookup(name) != nil || bench.Flags().Lookup(name) != nil
	}
	named := regexp.MustCompile("`([a-z]+(?:-[a-z]+)+)[ `]|--([a-z][a-z-]+)").FindAllStringSubmatch(readFile(t, document(t)), -1)
	require.Greater(t, len(named), 8)
	for _, n := range named {
		assert.True(t, known(n[1]+n[2]), n[0])
	}
}

// TestTheDocumentListsAllMetrics: with -update it is written anew.
func TestTheDocumentListsAllMetrics(t *testing.T) {
	var page strings.Builder
	writeMetrics(&page, broker.Stats{}, server.Stats{})
	rows := "| name | kind | what it counts |\n|---|---|---|\n"
	help := regexp.MustCompile(`# HELP (\S+) (.+)\n# TYPE \S+ (\w+)`).FindAllStringSubmatch(page.String(), -1)
	require.NotEmpty(t, help)
	for _, h := range help {
		rows += fmt.Sprintf("| `%s` | %s | %s |\n", h[1], h[3], h[2])
	}
	table := regexp.MustCompile(`\| name \| kind \|.*\n(\|.*\n)+`)
	requireCurrent(t, document(t), table.ReplaceAllLiteralString(readFile(t, document(t)), rows))
}
