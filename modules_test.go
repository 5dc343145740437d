package mqttwire_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A module that requires the library takes on nothing but what the library's tests
// need, and compiles none of that: the import rules see to it.
func TestLibraryRequiresTheTestingLibrariesAlone(t *testing.T) {
	var direct []string
	for _, line := range directives(t, "go.mod", "require") {
		if !strings.HasSuffix(line, "// indirect") {
			name, _, _ := strings.Cut(line, " ")
			direct = append(direct, name)
		}
	}
	assert.ElementsMatch(t, testLibraries, direct)
}

// A module with replacements cannot be installed by its path, so those for the
// modules of the repository stand in go.work. Nobody installs compare.
func TestModulesReplaceNothing(t *testing.T) {
	modules := 0
	for _, file := range modFiles(t) {
		if path.Dir(file) != "compare" {
			assert.Empty(t, directives(t, file, "replace"), file)
			modules++
		}
	}
	assert.Greater(t, modules, 1)
}

// The version that a module requires of another one of the repository is the one
// that go.work replaces; any other would be looked for on the network.
func TestWorkspaceReplacesWhatItsModulesRequire(t *testing.T) {
	var replaced []string
	for _, line := range directives(t, "go.work", "replace") {
		required, _, _ := strings.Cut(line, " => ")
		replaced = append(replaced, required)
	}
	for _, file := range modFiles(t) {
		for _, line := range directives(t, file, "require") {
			if path.Dir(file) != "compare" && strings.HasPrefix(line, module) {
				required, _, _ := strings.Cut(line, " //")
				assert.Contains(t, replaced, required, file)
			}
		}
	}
}

// modFiles returns the go.mod of each module.
func modFiles(t *testing.T) (files []string) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.Name() == "go.mod":
			files = append(files, name)
		}
		return nil
	}))
	return files
}

// directives returns what stands behind a word in a go.mod or a go.work, one by
// one or in brackets.
func directives(t *testing.T, name, word string) (found []string) {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	block := ""
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "//":
		case block != "" && fields[0] == ")":
			block = ""
		case block != "":
			if block == word {
				found = append(found, strings.Join(fields, " "))
			}
		case len(fields) == 2 && fields[1] == "(":
			block = fields[0]
		case fields[0] == word:
			found = append(found, strings.Join(fields[1:], " "))
		}
	}
	return found
}
