package conformance

import (
	"errors"
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// Row is a statement and what is known of it: cases of the corpus and Go tests
// that show it, and why it, or the rest of it, is above a codec. Why, a case or a
// test of the codec is there.
type Row struct {
	Statement
	Cases   []corpus.Case // those refused by the statement first
	Tests   [][]GoTest    // of each of the layers
	Reasons []string      // of each of the layers; "" for none
	Why     string
}

// Verdict says how much of a statement the codec shows.
type Verdict uint8

// The verdicts.
const (
	Shown       Verdict = iota // by cases or tests
	ShownInPart                // and Row.Why says what the rest needs
	Above                      // a codec: Row.Why says why
)

// Verdict says how much of the statement the codec shows.
func (r Row) Verdict() Verdict {
	switch {
	case r.Why == "":
		return Shown
	case len(r.Cases)+len(r.Tests[0]) > 0:
		return ShownInPart
	}
	return Above
}

// rowMaker holds what the rows of all standards are made from.
type rowMaker struct {
	find    *testFinder
	cases   map[statementKey][]corpus.Case
	tests   []map[statementKey][]string // of each of the layers
	whys    []map[statementKey][]string // of each of the layers
	reasons map[statementKey][]string
	rests   map[statementKey][]string
}

func newRowMaker(find *testFinder, cases []corpus.Case) *rowMaker {
	m := &rowMaker{find, byStatement(cases), nil, nil, index(reasons), index(rests)}
	for _, l := range layers {
		m.tests = append(m.tests, index(l.tests))
		m.whys = append(m.whys, index(l.reasons))
	}
	return m
}

// rows returns the row of each statement, and an error for each that has none.
func (m *rowMaker) rows(s Standard) (rows []Row, err error) {
	for _, statement := range s.Statements {
		r, failed := m.row(s.Version, statement)
		rows = append(rows, r)
		err = errors.Join(err, failed)
	}
	return rows, err
}

func (m *rowMaker) row(v mqttwire.Version, s Statement) (Row, error) {
	k := statementKey{v, s.ID}
	r := Row{Statement: s, Cases: m.cases[k]}
	for i := range layers {
		if err := m.addLayer(&r, i, k); err != nil {
			return Row{}, fmt.Errorf("%s of %s: %w", s.ID, v, err)
		}
	}
	reason, err := only(m.reasons, k)
	if err != nil {
		return Row{}, err
	}
	rest, err := only(m.rests, k)
	if err != nil {
		return Row{}, err
	}
	if r.Why, err = why(s, len(r.Cases)+len(r.Tests[0]) > 0, reason, rest); err != nil {
		return r, fmt.Errorf("%s of %s, scope %s, %w", s.ID, v, s.Scope, err)
	}
	return r, r.checkUpper(v)
}

// addLayer adds to the row what the i-th layer says of its statement.
func (m *rowMaker) addLayer(r *Row, i int, k statementKey) error {
	tests, err := m.find.findAll(m.tests[i][k])
	if err != nil {
		return err
	}
	reason, err := only(m.whys[i], k)
	r.Tests, r.Reasons = append(r.Tests, tests), append(r.Reasons, reason)
	return err
}

// checkUpper returns an error if a layer above the codec says nothing of a statement
// which it has to.
func (r Row) checkUpper(v mqttwire.Version) (err error) {
	for i := 1; i < len(layers); i++ {
		if layers[i].has(r.Statement) && len(r.Tests[i]) == 0 && r.Reasons[i] == "" {
			err = errors.Join(err, fmt.Errorf("%s of %s, scope %s, has no test of the %s and no reason", r.ID, v, r.Scope, layers[i].name))
		}
	}
	return err
}

// why returns why the statement, or the rest of it if it is shown, is above a
// codec. It is an error if that is not said, or said of what is shown.
func why(s Statement, shown bool, reason, rest string) (string, error) {
	switch {
	case shown && reason != "":
		return "", errors.New("is shown, so it needs no reason why it cannot be")
	case shown && rest == "" && s.hasPartAbove():
		return "", errors.New("is shown, but which part of it is above a codec is not said")
	case shown:
		return rest, nil
	case rest != "":
		return "", errors.New("is said to be shown in part, but nothing shows it")
	case s.ofCodec():
		return "", errors.New("has no corpus case and no test")
	case reason != "":
		return reason, nil
	case s.ofConnection():
		return "", errors.New("has no corpus case, no test and no reason")
	}
	return reasonByScope(s), nil
}

// hasPartAbove reports whether a part of the statement is above a codec for
// sure. Scope stream does not say so: packets.Decoder and packets.Encoder know
// the connection.
func (s Statement) hasPartAbove() bool {
	return s.Has("session") || s.Has("server") || s.Has("client") || s.Has("transport")
}

// byStatement returns the cases that show a statement of their own version:
// first those that it refuses, then those that name it besides.
func byStatement(cases []corpus.Case) map[statementKey][]corpus.Case {
	all := map[statementKey][]corpus.Case{}
	for _, c := range cases {
		if c.Statement != "" {
			k := statementKey{c.Version, c.Statement}
			all[k] = append(all[k], c)
		}
	}
	for _, c := range cases {
		for _, id := range c.Shows {
			if id != c.Statement {
				k := statementKey{c.Version, id}
				all[k] = append(all[k], c)
			}
		}
	}
	return all
}
