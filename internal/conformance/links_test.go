package conformance

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	links   = regexp.MustCompile(`\[((?:[^\]\\]|\\.)*)\]\(([^)]*)\)`)
	anchors = regexp.MustCompile(`<a id="([^"]*)"></a>`)
	escaped = regexp.MustCompile(`\\(.)`)
)

// linkChecker follows links to lines of files and to anchors of pages.
type linkChecker struct {
	lines   map[string][]string // of files that were read
	anchors map[string]bool     // page#anchor
}

func newLinkChecker(pages []Page) *linkChecker {
	c := &linkChecker{map[string][]string{}, map[string]bool{}}
	for _, p := range pages {
		for _, m := range anchors.FindAllStringSubmatch(p.Text, -1) {
			c.anchors[p.Path+"#"+m[1]] = true
		}
	}
	return c
}

// check returns an error if the link on the page leads nowhere, or not to what
// its text names.
func (c *linkChecker) check(page, text, target string) error {
	target, fragment, _ := strings.Cut(target, "#")
	file := path.Join(path.Dir(page), target)
	if fragment == "" {
		_, err := os.Stat(filepath.Join(root, filepath.FromSlash(file)))
		return err
	}
	if path.Ext(file) == ".md" {
		if strings.ToLower(text) != fragment || !c.anchors[file+"#"+fragment] {
			return fmt.Errorf("%s has no anchor %s for %s", file, fragment, text)
		}
		return nil
	}
	line, err := c.line(file, fragment)
	if err == nil && !names(line, path.Ext(file), text) {
		err = fmt.Errorf("%s#%s is %q, not %s", file, fragment, line, text)
	}
	return err
}

// line returns the line of the file that the fragment names.
func (c *linkChecker) line(file, fragment string) (string, error) {
	if c.lines[file] == nil {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return "", err
		}
		c.lines[file] = strings.Split(string(b), "\n")
	}
	n, err := strconv.Atoi(strings.TrimPrefix(fragment, "L"))
	if err != nil || n < 1 || n > len(c.lines[file]) {
		return "", fmt.Errorf("%s has no line %s", file, fragment)
	}
	return c.lines[file][n-1], nil
}

// names reports whether the line of a file is that of the case or the test.
func names(line, ext, text string) bool {
	if ext == ".txt" {
		return line == "case: "+text
	}
	_, function, _ := strings.Cut(text, ".")
	function, row, _ := strings.Cut(function, "/")
	if row == "" {
		return strings.HasPrefix(line, "func "+function+"(")
	}
	return strings.Contains(line, strconv.Quote(row))
}

func TestEachLinkLeadsToWhatItNames(t *testing.T) {
	pages := read(t).Pages()
	c := newLinkChecker(pages)
	for _, p := range pages {
		found := links.FindAllStringSubmatch(p.Text, -1)
		require.Len(t, found, strings.Count(p.Text, "]("), "%s: the test sees every link", p.Path)
		require.NotEmpty(t, found, p.Path)
		for _, l := range found {
			assert.NoError(t, c.check(p.Path, escaped.ReplaceAllString(l[1], "$1"), l[2]), p.Path)
		}
	}
}

func TestALinkThatLeadsElsewhereIsNoticed(t *testing.T) {
	const page = "conformance/5.0/3.1-connect.md"
	c := newLinkChecker([]Page{{page, anchor("U-1")}})
	at, err := newTestFinder(root).find("packets.TestEncodingRefuses/PUBLISH topic too long")
	require.NoError(t, err)
	test := fmt.Sprintf("../../packets/refuse_test.go#L%d", at.Line)
	require.NoError(t, c.check(page, "U-1", "3.1-connect.md#u-1"))
	require.NoError(t, c.check(page, at.Name, test))
	for _, l := range []struct{ text, target, want string }{
		{"U-2", "3.1-connect.md#u-2", "has no anchor u-2"},
		{"U-2", "3.1-connect.md#u-1", "has no anchor u-1 for U-2"},
		{"a", "../../testdata/corpus/gone.txt#L1", "gone.txt"},
		{"a", "../../testdata/gone", "gone"},
		{"a", "../../testdata/corpus/connect.txt#L0", "has no line L0"},
		{"a", "../../testdata/corpus/connect.txt#L100000", "has no line L100000"},
		{"a", "../../testdata/corpus/connect.txt#x", "has no line x"},
		{"CONNECT", "../../testdata/corpus/connect.txt#L1", `connect.txt#L1 is "# CONNECT, section 3.1", not CONNECT`},
		{"packets.TestEncodingRefuses/PUBLISH topic", test, "not packets.TestEncodingRefuses/PUBLISH topic"},
		{"packets.TestEncodingRefuses", test, "not packets.TestEncodingRefuses"},
	} {
		assert.ErrorContains(t, c.check(page, l.text, l.target), l.want)
	}
}
