package main

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/codecs"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// deadline is how long a codec may take for one packet.
const deadline = 3 * time.Second

// measured is a codec with what came of the cases.
type measured struct {
	codecs.Entry
	report mqttwiretest.Report
}

func measureAll(cases []mqttwiretest.Case) (all []measured) {
	options := mqttwiretest.Options{Cases: cases, TimeLimit: deadline}
	for _, e := range codecs.All() {
		all = append(all, measured{e, options.Judge(e.Codec)})
	}
	return all
}

// rows returns the judged rows that have all the marks.
func (m *measured) rows(marks ...mark) (found []mqttwiretest.Row) {
	for i := range m.report.Rows {
		if r := &m.report.Rows[i]; r.Judged() && hasAll(r, marks) {
			found = append(found, *r)
		}
	}
	return found
}

// mark is a property of a row.
type mark func(*mqttwiretest.Row) bool

func hasAll(r *mqttwiretest.Row, marks []mark) bool {
	for _, has := range marks {
		if !has(r) {
			return false
		}
	}
	return true
}

func inVersion(v mqttwire.Version) mark {
	return func(r *mqttwiretest.Row) bool { return r.Case.Version == v }
}

func expected(e mqttwiretest.Expectation) mark {
	return func(r *mqttwiretest.Row) bool { return r.Expected == e }
}

func with(f mqttwiretest.Finding) mark {
	return func(r *mqttwiretest.Row) bool { return r.Has(f) }
}

// encodedAgain marks packets that may be accepted, were, and were encoded again.
func encodedAgain(r *mqttwiretest.Row) bool {
	return r.Expected != mqttwiretest.MustRefuse && r.Case.Outcome != mqttwiretest.Reject &&
		r.Got == mqttwiretest.Accepted && r.Encoded != nil
}
