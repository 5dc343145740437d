package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// root is the folder of the module, seen from this package.
const root = "../.."

// madeUp is a statement that no standard has.
const madeUp = "MQTT-9.9.9-1"

// madeUpMaker makes rows in which the session has a reason for what is made up.
func madeUpMaker(cases []corpus.Case) *rowMaker {
	m := newRowMaker(newTestFinder(root), cases)
	m.whys[1][statementKey{mqttwire.V5, madeUp}] = []string{"of no session"}
	return m
}

func rowsOfMadeUp(scope string, cases ...corpus.Case) ([]Row, error) {
	s := Standard{Version: mqttwire.V5, Statements: []Statement{{ID: madeUp, Scope: scope, Text: "A packet is made up"}}}
	return madeUpMaker(cases).rows(s)
}

func TestAStatementOfACodecWithoutACaseIsNoticed(t *testing.T) {
	for _, scope := range []string{"decode", "encode", "decode+encode", "decode+server", "decode+encode+session"} {
		_, err := rowsOfMadeUp(scope)
		assert.EqualError(t, err, madeUp+" of 5.0, scope "+scope+", has no corpus case and no test")
	}
}

func TestAStatementOfAConnectionNeedsAReasonOfItsOwn(t *testing.T) {
	for _, scope := range []string{"encode+stream", "encode+session", "stream+encode", "stream", "server+stream", "client+stream"} {
		_, err := rowsOfMadeUp(scope)
		assert.EqualError(t, err, madeUp+" of 5.0, scope "+scope+", has no corpus case, no test and no reason")
	}
}

func TestAStatementAboveACodecIsExplainedByItsScope(t *testing.T) {
	for _, scope := range scopes {
		if scope == "decode" || scope == "encode" || scope == "stream" {
			continue
		}
		rows, err := rowsOfMadeUp(scope)
		require.NoError(t, err)
		assert.Equal(t, Above, rows[0].Verdict())
		assert.Equal(t, "above a codec: "+scopeReasons[scope], (&pageWriter{}).codecCell(rows[0]))
	}
	rows, err := rowsOfMadeUp("server+session")
	require.NoError(t, err)
	assert.Equal(t, scopeReasons["server"]+"; "+scopeReasons["session"], rows[0].Why)
}

func TestACaseShowsTheStatementsItNamesInItsOwnVersion(t *testing.T) {
	for _, c := range []struct {
		c     corpus.Case
		shown bool
	}{
		{corpus.Case{Version: mqttwire.V5, Statement: madeUp}, true},
		{corpus.Case{Version: mqttwire.V5, Statement: "U-1-1", Shows: []string{"U-1-2", madeUp}}, true},
		{corpus.Case{Version: mqttwire.V5, Statement: "U-1-1", Shows: []string{"U-1-2"}}, false},
		{corpus.Case{Version: mqttwire.V311, Statement: madeUp, Shows: []string{madeUp}}, false},
		{corpus.Case{Version: mqttwire.V31, Statement: madeUp, Shows: []string{madeUp}}, false},
	} {
		rows, err := rowsOfMadeUp("decode", c.c)
		if !c.shown {
			assert.ErrorContains(t, err, "has no corpus case", c.c)
			continue
		}
		require.NoError(t, err, c.c)
		assert.Equal(t, Shown, rows[0].Verdict())
		assert.Equal(t, []corpus.Case{c.c}, rows[0].Cases)
	}
}

func TestCasesThatBreakAStatementComeFirst(t *testing.T) {
	rows, err := rowsOfMadeUp("decode",
		corpus.Case{Name: "legal", Version: mqttwire.V5, Shows: []string{madeUp}},
		corpus.Case{Name: "broken", Version: mqttwire.V5, Statement: madeUp, Shows: []string{madeUp}})
	require.NoError(t, err)
	require.Len(t, rows[0].Cases, 2, "a case that names a statement twice counts once")
	assert.Equal(t, "broken", rows[0].Cases[0].Name)
}

func TestWhatIsShownIsNotExplained(t *testing.T) {
	shown := []corpus.Case{{Version: mqttwire.V5, Statement: madeUp}}
	k := statementKey{mqttwire.V5, madeUp}
	for name, c := range map[string]struct {
		scope, reason, rest string
		cases               []corpus.Case
		verdict             Verdict
		want                string // the error
	}{
		"shown":                                 {scope: "encode+stream", cases: shown, verdict: Shown},
		"explained":                             {scope: "encode+stream", reason: "because", verdict: Above},
		"of a connection, explained":            {scope: "stream", reason: "because", verdict: Above},
		"shown in part":                         {scope: "decode+server", rest: "the rest", cases: shown, verdict: ShownInPart},
		"shown and explained":                   {scope: "encode+stream", reason: "because", cases: shown, want: "is shown, so it needs no reason"},
		"a part above, not said":                {scope: "decode+server", cases: shown, want: "which part of it is above a codec is not said"},
		"in part, but nothing shown":            {scope: "server", rest: "the rest", want: "but nothing shows it"},
		"explained, though a codec can keep it": {scope: "decode", reason: "because", want: "has no corpus case and no test"},
	} {
		m := madeUpMaker(c.cases)
		m.reasons[k] = listOf(c.reason)
		m.rests[k] = listOf(c.rest)
		r, err := m.row(mqttwire.V5, Statement{ID: madeUp, Scope: c.scope})
		if c.want != "" {
			assert.ErrorContains(t, err, c.want, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, c.verdict, r.Verdict(), name)
		assert.Equal(t, c.reason+c.rest, r.Why, name)
	}
}

func listOf(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func TestAStatementWithTwoReasonsIsNoticed(t *testing.T) {
	m := newRowMaker(newTestFinder(root), nil)
	m.reasons[statementKey{mqttwire.V5, madeUp}] = []string{"one", "two"}
	_, err := m.row(mqttwire.V5, Statement{ID: madeUp, Scope: "encode+stream"})
	assert.EqualError(t, err, madeUp+" of 5.0 has 2 reasons: one; two")
}

func TestAStatementWhoseTestIsGoneIsNoticed(t *testing.T) {
	m := newRowMaker(newTestFinder(root), nil)
	m.tests[0][statementKey{mqttwire.V5, madeUp}] = []string{"packets.TestEncodingRefuses", "packets.TestThatIsGone"}
	_, err := m.row(mqttwire.V5, Statement{ID: madeUp, Scope: "encode"})
	assert.EqualError(t, err, madeUp+" of 5.0: there is no test packets.TestThatIsGone")
}

func TestAStatementWithStateNeedsATestOfTheSessionOrAReason(t *testing.T) {
	shown := []corpus.Case{{Version: mqttwire.V5, Statement: madeUp}}
	k := statementKey{mqttwire.V5, madeUp}
	for scope, needed := range map[string]bool{
		"decode": false, "encode": false, "decode+encode": false, "stream": true, "encode+stream": true, "session": true,
		"server": true, "client": true, "client+server": true, "transport": true, "encode+session": true,
	} {
		s := Statement{ID: madeUp, Scope: scope}
		m := newRowMaker(newTestFinder(root), shown)
		if s.hasPartAbove() {
			m.rests[k] = []string{"the rest"}
		}
		_, err := m.row(mqttwire.V5, s)
		if !needed {
			assert.NoError(t, err, scope)
			continue
		}
		assert.EqualError(t, err, madeUp+" of 5.0, scope "+scope+", has no test of the session and no reason")
		m.tests[1][k] = []string{"packets.TestEncodingRefuses"}
		_, err = m.row(mqttwire.V5, s)
		assert.NoError(t, err, scope)
		m.tests[1][k], m.whys[1][k] = nil, []string{"of no session"}
		_, err = m.row(mqttwire.V5, s)
		assert.NoError(t, err, scope)
		m.whys[1][k] = []string{"one", "two"}
		_, err = m.row(mqttwire.V5, s)
		assert.EqualError(t, err, madeUp+" of 5.0: "+madeUp+" of 5.0 has 2 reasons: one; two")
	}
}
