package conformance

import (
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire/internal/corpus"
)

// Page is a file of the report.
type Page struct {
	Path string // below the root of the module, with slashes
	Text string
}

// The summary is a page at the root; all others are in one folder, in which
// nothing else is.
const (
	summary = "CONFORMANCE.md"
	folder  = "conformance"
)

// Pages writes the report: the summary, then a page for each heading of each
// standard, then one for each group of rules.
func (r *Report) Pages() []Page {
	all := []Page{r.summaryPage()}
	all = append(all, r.statementPages()...)
	return append(all, r.rulePages()...)
}

// pageWriter writes a page in Markdown.
type pageWriter struct {
	strings.Builder
	path string
}

func (w *pageWriter) printf(format string, args ...any) { fmt.Fprintf(w, format, args...) }

func (w *pageWriter) page() Page { return Page{w.path, w.String()} }

// intro begins a page other than the summary.
func (w *pageWriter) intro(title string) {
	w.printf("# %s\n\n%s says how to read this page, and how to write it anew.\n", title, w.link(summary, summary, ""))
}

// link links a text to a file below the root, and in it to an anchor or a line.
func (w *pageWriter) link(text, file, fragment string) string {
	up := strings.Repeat("../", strings.Count(w.path, "/"))
	if fragment != "" {
		fragment = "#" + fragment
	}
	return "[" + escape(text) + "](" + up + file + fragment + ")"
}

// anchor names a row of a table, for links to it.
func anchor(name string) string {
	return fmt.Sprintf(`<a id="%s"></a>%s`, anchorOf(name), name)
}

func anchorOf(name string) string { return strings.ToLower(name) }

func lineOf(n int) string { return fmt.Sprintf("L%d", n) }

// caseLinks links the cases. One of several versions is named once.
func (w *pageWriter) caseLinks(cases []corpus.Case) (links []string) {
	seen := map[string]bool{}
	for _, c := range cases {
		if e := entryOf(c); !seen[e] {
			seen[e] = true
			name := strings.TrimSuffix(c.Name, "/"+c.Version.String())
			links = append(links, w.link(name, "testdata/corpus/"+c.File, lineOf(c.Line)))
		}
	}
	return links
}

func (w *pageWriter) testLinks(tests []GoTest) (links []string) {
	for _, t := range tests {
		links = append(links, w.link(t.Name, t.File, lineOf(t.Line)))
	}
	return links
}

// fold joins a list and, if it is long, hides all but the beginning until the
// reader asks for it.
func fold(list []string) string {
	const first, most = 3, 5
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s <details><summary>and %d more</summary>%s</details>",
		strings.Join(list[:first], ", "), len(list)-first, strings.Join(list[first:], ", "))
}

// evidence links what shows a statement or a rule. The tests come first, as
// cases may be many.
func (w *pageWriter) evidence(cases []corpus.Case, tests []GoTest) string {
	return fold(append(w.testLinks(tests), w.caseLinks(cases)...))
}

// escape keeps a text from being read as Markdown.
var escape = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`", "$", `\$`).Replace
