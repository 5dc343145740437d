package mqttwire_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	return string(b)
}

// TestReadmeShowsTheServerThatIsTested keeps the README's program the same as that of
// the examples, to which CI lets mosquitto's clients talk.
func TestReadmeShowsTheServerThatIsTested(t *testing.T) {
	source, err := os.ReadFile("examples/server/main.go")
	require.NoError(t, err)
	_, program, found := strings.Cut(string(source), "\npackage main\n")
	require.True(t, found)
	assert.Contains(t, readme(t), "```go\npackage main\n"+program+"```\n")
}

// TestReadmeNamesWhatThereIs looks up each name of a package that the README says in
// the listing of the API.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	var listing strings.Builder
	for _, file := range []string{"api/mqttwire.txt", "api/packets.txt", "api/mqttwiretest.txt"} {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		listing.Write(b)
	}
	names := regexp.MustCompile(`\b(?:mqttwire|packets|mqttwiretest)\.([A-Z]\w*)`).FindAllStringSubmatch(readme(t), -1)
	require.Greater(t, len(names), 40)
	for _, name := range names {
		assert.Regexp(t, `\b`+name[1]+`\b`, listing.String())
	}
}

func TestReadmeFitsTwoMinutes(t *testing.T) {
	lines := strings.Split(readme(t), "\n")
	assert.LessOrEqual(t, len(lines), 221)
	for i, line := range lines {
		assert.LessOrEqual(t, len([]rune(line)), 120, "line %d", i+1)
	}
}
