package main

import (
	"errors"
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
	for _, e := range codecs.All() {
		codec := codecs.WithDeadline(e.Codec, deadline)
		all = append(all, measured{e, mqttwiretest.JudgeCases(codec, cases)})
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

// encodedAgain marks legal packets that were accepted and encoded again.
func encodedAgain(r *mqttwiretest.Row) bool {
	return r.Expected == mqttwiretest.MustAccept && r.Got == mqttwiretest.Accepted && r.Encoded != nil
}

// cutOff marks packets at which the codec did not come to an end in time.
func cutOff(r *mqttwiretest.Row) bool { return errors.Is(r.Err, codecs.ErrDeadline) }
