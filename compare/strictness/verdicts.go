package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// maxNames is how many case names of a group are written out.
const maxNames = 4

// group is the rows with something in common that share a finding.
type group struct {
	key   string
	found []mqttwiretest.Row
	of    int // how many rows the group would have at most
}

// groups divides found by key, largest first; among are the rows that could have
// been found.
func groups(found, among []mqttwiretest.Row, key func(*mqttwiretest.Row) string) (all []group) {
	of := map[string]int{}
	for i := range among {
		of[key(&among[i])]++
	}
	byKey := map[string][]mqttwiretest.Row{}
	for i := range found {
		k := key(&found[i])
		byKey[k] = append(byKey[k], found[i])
	}
	for k, rows := range byKey {
		all = append(all, group{k, rows, of[k]})
	}
	slices.SortFunc(all, func(a, b group) int {
		return cmp.Or(cmp.Compare(len(b.found), len(a.found)), cmp.Compare(a.key, b.key))
	})
	return all
}

// names returns the names of the rows' cases, the first maxNames written out.
func names(rows []mqttwiretest.Row) string {
	var cases []mqttwiretest.Case
	for i := range rows {
		cases = append(cases, rows[i].Case)
	}
	all := caseNames(cases)
	if more := len(all) - maxNames; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:maxNames], ", "), more)
	}
	return strings.Join(all, ", ")
}

// verdicts returns the part of the document on one codec's findings.
func (m *measured) verdicts() string {
	parts := []string{
		m.malformedAccepted(),
		m.legalRefused(),
		m.byFile("Packets encoded to another packet", mqttwiretest.EncodedOtherwise, encodedAgain),
		withErrors("Panicked", m.rows(with(mqttwiretest.DecodePanicked)), func(r *mqttwiretest.Row) error { return r.Panic }),
		m.byFile("Read outside the packet", mqttwiretest.ReadOutside),
		m.byFile("Not the same each time", mqttwiretest.Unsteady),
		m.byFile("Wrote to the packet's bytes", mqttwiretest.WroteInput),
		withErrors("Cut off", m.rows(with(mqttwiretest.DecodeCutOff)), func(r *mqttwiretest.Row) error { return r.Err }),
		m.notTried(),
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	if len(parts) == 0 {
		return "Nothing found.\n"
	}
	return strings.Join(parts, "\n")
}

// malformedAccepted returns the table of the broken rules that went unnoticed.
func (m *measured) malformedAccepted() string {
	found := m.rows(with(mqttwiretest.AcceptedWrongly))
	if len(found) == 0 {
		return ""
	}
	var s strings.Builder
	s.WriteString("Malformed packets accepted, by the rule that they break:\n\n")
	s.WriteString("| rule | what the rule demands | accepted | cases |\n|---|---|--:|---|\n")
	for _, g := range groups(found, m.rows(expected(mqttwiretest.MustRefuse)), ruleOf) {
		fmt.Fprintf(&s, "| %s | %s | %d of %d | %s |\n", g.key, allowedOf(&g.found[0]), len(g.found), g.of, names(g.found))
	}
	return s.String()
}

// notWhole stands in place of a rule for bytes that end inside the packet.
const notWhole = "incomplete"

func ruleOf(r *mqttwiretest.Row) string {
	if r.Case.Rule == 0 {
		return notWhole
	}
	return r.Case.Rule.String()
}

func allowedOf(r *mqttwiretest.Row) string {
	if r.Case.Rule == 0 {
		return "the bytes do not end inside the packet"
	}
	return r.Case.Rule.Allowed()
}

// legalRefused returns the table of the legal packets refused. It goes by the
// codec's own error, since one check often refuses many cases.
func (m *measured) legalRefused() string {
	found := m.rows(with(mqttwiretest.RefusedWrongly))
	if len(found) == 0 {
		return ""
	}
	var s strings.Builder
	s.WriteString("Legal packets refused, by the codec's error:\n\n| error | refused | cases |\n|---|--:|---|\n")
	for _, g := range groups(found, nil, func(r *mqttwiretest.Row) string { return fmt.Sprint(r.Err) }) {
		fmt.Fprintf(&s, "| %s | %d | %s |\n", strings.ReplaceAll(g.key, "|", "\\|"), len(g.found), names(g.found))
	}
	return s.String()
}

// byFile returns a table of the rows with a finding, out of those with all the
// marks, by the file of the corpus.
func (m *measured) byFile(title string, f mqttwiretest.Finding, among ...mark) string {
	found := m.rows(append(among, with(f))...)
	if len(found) == 0 {
		return ""
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s, by the file of the corpus:\n\n| file | found | cases |\n|---|--:|---|\n", title)
	for _, g := range groups(found, m.rows(among...), func(r *mqttwiretest.Row) string { return caseFile(&r.Case) }) {
		fmt.Fprintf(&s, "| %s | %d of %d | %s |\n", g.key, len(g.found), g.of, names(g.found))
	}
	return s.String()
}

// notTried says how many cases were left, as too many had been cut off.
func (m *measured) notTried() string {
	n := 0
	for i := range m.report.Rows {
		if m.report.Rows[i].Got == mqttwiretest.NotTried {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Not tried, since too many had been cut off before: %d cases.\n", n)
}

// withErrors returns a list of the rows found, each with its error.
func withErrors(title string, found []mqttwiretest.Row, errorOf func(*mqttwiretest.Row) error) string {
	if len(found) == 0 {
		return ""
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s:\n\n", title)
	for i := range found {
		fmt.Fprintf(&s, "- `%s` (%s): %v\n", found[i].Case.Name, found[i].Case.Version, errorOf(&found[i]))
	}
	return s.String()
}
