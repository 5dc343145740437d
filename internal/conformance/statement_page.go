package conformance

import (
	"strings"

	"github.com/mqttwire/mqttwire"
)

// statementPages writes the page of each heading that has statements, by
// version.
func (r *Report) statementPages() (pages []Page) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		for _, h := range outline {
			if r.count(v, h) > 0 {
				pages = append(pages, r.statementPage(v, h))
			}
		}
	}
	return pages
}

func (r *Report) statementPage(v mqttwire.Version, h heading) Page {
	w := &pageWriter{path: h.page(v)}
	w.intro("MQTT " + v.String() + ": " + h.String())
	for _, s := range r.Sections {
		if rows := s.under(h); s.Version == v && len(rows) > 0 {
			w.printf("\n## %s\n\n%s\n\n", s.Kind, tally(rows))
			w.statementTable(rows)
		}
	}
	return w.page()
}

// under returns the rows of the statements under a heading.
func (s Section) under(h heading) (rows []Row) {
	for _, row := range s.Rows {
		if found, _ := headingOf(row.ID); found == h {
			rows = append(rows, row)
		}
	}
	return rows
}

// count returns how many statements of a version stand under a heading.
func (r *Report) count(v mqttwire.Version, h heading) (n int) {
	for _, s := range r.Sections {
		if s.Version == v {
			n += len(s.under(h))
		}
	}
	return n
}

// statementTable writes the rows, with a column for the codec and one for each
// layer above it that says something of one of them.
func (w *pageWriter) statementTable(rows []Row) {
	columns := []int{0}
	for i := 1; i < len(layers); i++ {
		if countShownBy(rows, i)+countExplainedBy(rows, i) > 0 {
			columns = append(columns, i)
		}
	}
	w.WriteString("| id | scope | statement |")
	for _, i := range columns {
		w.printf(" %s |", layers[i].name)
	}
	w.printf("\n|%s\n", strings.Repeat("---|", 3+len(columns)))
	for _, row := range rows {
		w.printf("| %s | %s | %s | %s |", anchor(row.ID), row.Scope, escape(row.Text), w.codecCell(row))
		for _, i := range columns[1:] {
			w.printf(" %s |", w.upperCell(row, i))
		}
		w.WriteByte('\n')
	}
}

// codecCell says what the codec shows of a statement, and why no more.
func (w *pageWriter) codecCell(r Row) string {
	switch r.Verdict() {
	case Shown:
		return w.evidence(r.Cases, r.Tests[0])
	case ShownInPart:
		return "in part: " + r.Why + ". " + w.evidence(r.Cases, r.Tests[0])
	}
	return "above a codec: " + r.Why
}

// upperCell says what the i-th layer, above the codec, shows of a statement, and
// why no more.
func (w *pageWriter) upperCell(r Row, i int) string {
	links, reason := fold(w.testLinks(r.Tests[i])), r.Reasons[i]
	if links != "" && reason != "" {
		return "in part: " + reason + ". " + links
	}
	return reason + links
}

// countShownBy returns how many of the rows have a test of the i-th layer.
func countShownBy(rows []Row, i int) (n int) {
	for _, row := range rows {
		if len(row.Tests[i]) > 0 {
			n++
		}
	}
	return n
}

// countExplainedBy returns of how many of the rows the i-th layer only says why it
// does not show them.
func countExplainedBy(rows []Row, i int) (n int) {
	for _, row := range rows {
		if len(row.Tests[i]) == 0 && row.Reasons[i] != "" {
			n++
		}
	}
	return n
}

// statementLink links a statement that is named for a version. Where that
// standard does not have it, the next one does; one of no table is not linked.
func (w *pageWriter) statementLink(v mqttwire.Version, id string, known map[statementKey]bool) string {
	for ; v <= mqttwire.V5; v++ {
		if h, ok := headingOf(id); ok && known[statementKey{v, id}] {
			return w.link(id, h.page(v), anchorOf(id))
		}
	}
	return escape(strings.TrimSpace(id))
}
