package conformance

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// Report is all that the pages tell.
type Report struct {
	Sections []Section
	Rules    []RuleRow
	Cases    int // of one packet, in the corpus
	Streams  int // of a connection
}

// Section is a standard and the rows of its statements.
type Section struct {
	Standard
	Rows []Row
}

// Read makes the report from the tables of statements, the corpus and the test
// files below root, the folder of the module. It is an error if a statement is
// neither shown nor explained, or both, or if a rule has no case and no test.
func Read(root string) (*Report, error) {
	standards, err := Standards()
	if err != nil {
		return nil, err
	}
	cases, err := corpus.Load()
	if err != nil {
		return nil, err
	}
	streams, err := corpus.LoadStreams()
	if err != nil {
		return nil, err
	}
	r := &Report{Cases: len(cases), Streams: len(streams)}
	cases = append(cases, corpus.CasesOf(streams)...)
	err = errors.Join(checkOutline(standards), checkNotes(standards), checkNames(standards, cases))
	find := newTestFinder(root)
	m := newRowMaker(find, cases)
	for _, s := range standards {
		rows, failed := m.rows(s)
		err = errors.Join(err, failed)
		r.Sections = append(r.Sections, Section{s, rows})
	}
	var failed error
	r.Rules, failed = ruleRows(find, standards, cases)
	return r, errors.Join(err, failed)
}

// known returns all statements of the report.
func (r *Report) known() map[statementKey]bool {
	var standards []Standard
	for _, s := range r.Sections {
		standards = append(standards, s.Standard)
	}
	return known(standards)
}

// known returns all statements of the tables.
func known(standards []Standard) map[statementKey]bool {
	all := map[statementKey]bool{}
	for _, s := range standards {
		for _, statement := range s.Statements {
			all[statementKey{s.Version, statement.ID}] = true
		}
	}
	return all
}

// checkNotes checks that the remarks are on statements and rules that exist.
func checkNotes(standards []Standard) (err error) {
	known := known(standards)
	for k := range index(slices.Concat(allNotes(), reasons, rests)) {
		if !known[k] {
			err = errors.Join(err, fmt.Errorf("%s of %s is named, but no such statement exists", k.id, k.version))
		}
	}
	for name := range ruleTests {
		if !slices.ContainsFunc(mqttwire.Rules(), func(r mqttwire.Rule) bool { return r.String() == name }) {
			err = errors.Join(err, fmt.Errorf("rule %s is named, but no such rule exists", name))
		}
	}
	return err
}

// checkNames checks that what a case says it shows is a statement of one of the
// versions of its entry in the corpus.
func checkNames(standards []Standard, cases []corpus.Case) (err error) {
	known := known(standards)
	versions := map[string][]mqttwire.Version{}
	for _, c := range cases {
		versions[entryOf(c)] = append(versions[entryOf(c)], c.Version)
	}
	for _, c := range cases {
		for _, id := range c.Shows {
			if !slices.ContainsFunc(versions[entryOf(c)], func(v mqttwire.Version) bool { return known[statementKey{v, id}] }) {
				err = errors.Join(err, fmt.Errorf("%s: shows %s, which is no statement of its versions", c.Where(), id))
			}
		}
	}
	return err
}

// entryOf tells apart the entries of the corpus, each of which is a case in one
// or more versions.
func entryOf(c corpus.Case) string { return fmt.Sprintf("%s:%d", c.File, c.Line) }
