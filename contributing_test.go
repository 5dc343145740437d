package mqttwire_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCommandsInDocumentsRunTestsThatThereAre looks for the tests that the documents
// say to run: of a name that is not there, go test would run none, and say ok.
func TestCommandsInDocumentsRunTestsThatThereAre(t *testing.T) {
	command := regexp.MustCompile("(?m)(?:^    |`)go test ([^`#]+)")
	names := regexp.MustCompile(`-(run|bench|fuzz) '?([^ '/\n]+)`)
	seen := 0
	for _, document := range []string{"README.md", "CONTRIBUTING.md", "testdata/corpus/README.md"} {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, c := range command.FindAllStringSubmatch(string(text), -1) {
			for _, name := range names.FindAllStringSubmatch(strings.ReplaceAll(c[1], "\n", " "), -1) {
				if name[2] == "xxx" || name[2] == "^$" { // none, for -bench and -fuzz
					continue
				}
				seen++
				there := testsIn(t, foldersIn(c[1]), map[string]string{"run": "Test", "bench": "Benchmark", "fuzz": "Fuzz"}[name[1]])
				assert.Regexp(t, "(?m)"+name[2], strings.Join(there, "\n"), "%s: go test %s", document, c[1])
			}
		}
	}
	assert.Greater(t, seen, 6)
}

// foldersIn returns the folders that a command names.
func foldersIn(command string) (folders []string) {
	for _, word := range strings.Fields(command) {
		if word == "." || strings.HasPrefix(word, "./") {
			folders = append(folders, word)
		}
	}
	return folders
}

// testsIn returns the names of the tests of a kind in folders, in the order of their
// files.
func testsIn(t *testing.T, folders []string, kind string) (names []string) {
	t.Helper()
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		require.NoError(t, err)
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, found := range regexp.MustCompile(`(?m)^func (`+kind+`\w+)`).FindAllSubmatch(source, -1) {
				names = append(names, string(found[1]))
			}
		}
	}
	return names
}

// TestContributingListsEveryFuzzTargetOnce sets its table beside the targets.
func TestContributingListsEveryFuzzTargetOnce(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	require.NoError(t, err)
	listed := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (Fuzz\\w+)(?: to (Fuzz\\w+))? \\| `(\\S+)` \\|").FindAllStringSubmatch(string(text), -1) {
		first, last, folder := row[1], row[2], row[3]
		listed[folder] = append(listed[folder], targetsBetween(testsIn(t, []string{folder}, "Fuzz"), first, last)...)
	}
	for _, folder := range []string{"fuzz", "packets", "internal/text", "pcap"} {
		assert.ElementsMatch(t, testsIn(t, []string{folder}, "Fuzz"), listed[folder], folder)
	}
}

// targetsBetween returns the targets from the first to the last; only the first if
// there is no last.
func targetsBetween(all []string, first, last string) (names []string) {
	for i, name := range all {
		if name == first {
			for _, name := range all[i:] {
				names = append(names, name)
				if name == last || last == "" {
					break
				}
			}
		}
	}
	return names
}
