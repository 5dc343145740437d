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

// TestReadmeShowsTheProgramsThatAreTested keeps the README's programs the same as those of
// the examples, to which CI lets mosquitto's clients talk.
func TestReadmeShowsTheProgramsThatAreTested(t *testing.T) {
	for _, example := range []string{"broker", "hello"} {
		source, err := os.ReadFile("examples/" + example + "/main.go")
		require.NoError(t, err)
		_, program, found := strings.Cut(string(source), "\npackage main\n")
		require.True(t, found)
		assert.Contains(t, readme(t), "```go\npackage main\n"+program+"```\n")
		assert.LessOrEqual(t, strings.Count(program, "\n"), 40, example)
	}
}

// TestReadmeNamesWhatThereIs looks up each name of a package that the README says in
// the listing of the API.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	var listing strings.Builder
	for _, file := range []string{"mqttwire", "packets", "mqttwiretest", "client", "broker", "server"} {
		b, err := os.ReadFile("api/" + file + ".txt")
		require.NoError(t, err)
		listing.Write(b)
	}
	names := regexp.MustCompile(`\b(?:mqttwire|packets|mqttwiretest|client|broker|server)\.([A-Z]\w*)`).FindAllStringSubmatch(readme(t), -1)
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
