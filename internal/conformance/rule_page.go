package conformance

import "strings"

// rulePages writes the page of each group of rules.
func (r *Report) rulePages() (pages []Page) {
	known := r.known()
	for i, g := range ruleGroups {
		w := &pageWriter{path: g.page()}
		w.intro("Rules: " + g.title)
		w.WriteString("\nEvery check of the library is a row of one table, " + w.link("rules.go", "rules.go", "") + ".\n" +
			"An error names its rule, and the statement that fits the packet and its version. A case counts once for each of its versions, and is\n" +
			"named once.\n\n" +
			"| rule | class | reason code | what is allowed | statements | cases | shown by |\n|---|---|---|---|---|---|---|\n")
		for _, row := range r.rowsOf(i) {
			w.printf("| %s | %s | %s | %s | %s | %d | %s |\n", anchor(row.Rule.String()), row.Rule.Class(), row.Rule.Reason(),
				escape(row.Rule.Allowed()), w.statements(row, known), len(row.Cases), w.evidence(row.Cases, row.Tests))
		}
		pages = append(pages, w.page())
	}
	return pages
}

// statements is the column of the statements of a rule.
func (w *pageWriter) statements(r RuleRow, known map[statementKey]bool) string {
	var all []string
	for _, s := range r.Statements {
		var ids []string
		for _, id := range s.IDs {
			ids = append(ids, w.statementLink(s.Version, strings.TrimPrefix(id, s.Version.String()+" "), known))
		}
		all = append(all, s.Version.String()+": "+fold(ids))
	}
	return strings.Join(all, "; ")
}
