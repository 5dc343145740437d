package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// RuleRow is a rule of the rule table, the statements that its errors name, and
// the cases or tests that break it.
type RuleRow struct {
	Rule       mqttwire.Rule
	Statements []VersionStatements
	Cases      []corpus.Case
	Tests      []GoTest
}

// VersionStatements are the statements of a rule in one version, in the order of
// the standard.
type VersionStatements struct {
	Version mqttwire.Version
	IDs     []string
}

// ruleRows returns the row of each rule, and an error for each that nothing
// breaks.
func ruleRows(find *testFinder, all []Standard, cases []corpus.Case) (rows []RuleRow, err error) {
	order := orderOf(all)
	for _, rule := range mqttwire.Rules() {
		row := RuleRow{Rule: rule}
		for _, c := range cases {
			if c.Rule == rule.String() {
				row.Cases = append(row.Cases, c)
			}
		}
		var failed error
		if row.Tests, failed = find.findAll(ruleTests[rule.String()]); failed != nil {
			err = errors.Join(err, fmt.Errorf("rule %s: %w", rule, failed))
		}
		if len(row.Cases)+len(row.Tests) == 0 {
			err = errors.Join(err, fmt.Errorf("rule %s has no corpus case and no test", rule))
		}
		row.Statements = statementsOf(row, order)
		rows = append(rows, row)
	}
	return rows, err
}

// orderOf returns the place of each statement in its table, counted from 1.
func orderOf(all []Standard) map[statementKey]int {
	order := map[statementKey]int{}
	for _, s := range all {
		for i, statement := range s.Statements {
			order[statementKey{s.Version, statement.ID}] = i + 1
		}
	}
	return order
}

// statementsOf returns the statements of a rule: those that its row has for any
// packet and, because a property has its own, those of its cases.
func statementsOf(row RuleRow, order map[statementKey]int) (all []VersionStatements) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		var ids []string
		for t := mqttwire.CONNECT; t <= mqttwire.AUTH; t++ {
			ids = append(ids, row.Rule.StatementBy(t, v, mqttwire.FromClient), row.Rule.StatementBy(t, v, mqttwire.FromServer))
		}
		for _, c := range row.Cases {
			if c.Version == v {
				ids = append(ids, c.Statement)
			}
		}
		slices.SortFunc(ids, func(a, b string) int {
			return cmp.Or(
				cmp.Compare(unnumbered(a), unnumbered(b)),
				cmp.Compare(order[statementKey{v, a}], order[statementKey{v, b}]),
				cmp.Compare(a, b))
		})
		ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
		if len(ids) > 0 {
			all = append(all, VersionStatements{v, ids})
		}
	}
	return all
}

// unnumbered returns 1 for the rules of 5.0 that have no number, else 0.
func unnumbered(id string) int {
	if strings.HasPrefix(id, "U-") {
		return 1
	}
	return 0
}
