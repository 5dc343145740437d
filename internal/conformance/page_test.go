package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

func TestPagesAreCurrent(t *testing.T) {
	assert.NoError(t, Check(root, read(t).Pages()), "run go generate ./...")
}

func TestPagesAreTheSameEachTime(t *testing.T) {
	pages := read(t).Pages()
	for range 3 {
		require.Empty(t, cmp.Diff(pages, read(t).Pages()))
	}
	for _, p := range pages {
		assert.NotContains(t, p.Text, "\r", p.Path)
		assert.True(t, strings.HasSuffix(p.Text, "\n") && !strings.HasSuffix(p.Text, "\n\n"), p.Path)
	}
}

func TestEachPageIsShort(t *testing.T) {
	for _, p := range read(t).Pages() {
		assert.Less(t, len(p.Text), 40_000, p.Path)
	}
}

func TestEachStatementAndEachRuleStandsOnOnePage(t *testing.T) {
	r := read(t)
	found := map[string]int{}
	for _, p := range r.Pages() {
		for _, m := range anchors.FindAllStringSubmatch(p.Text, -1) {
			found[p.Path+"#"+m[1]]++
		}
	}
	want := map[string]int{}
	for _, s := range r.Sections {
		for _, row := range s.Rows {
			h, ok := headingOf(row.ID)
			require.True(t, ok, row.ID)
			want[h.page(s.Version)+"#"+strings.ToLower(row.ID)]++
		}
	}
	rules := 0
	for i, g := range ruleGroups {
		for _, row := range r.rowsOf(i) {
			want[g.page()+"#"+row.Rule.String()]++
			rules++
		}
	}
	assert.Empty(t, cmp.Diff(want, found))
	assert.Equal(t, len(mqttwire.Rules()), rules)
	assert.Len(t, want, 141+251+159+rules, "no two have the same place")
}

func TestStatementsStandUnderTheHeadingOfTheirSection(t *testing.T) {
	for id, want := range map[string]string{
		"MQTT-1.5.3-1":   "1 Introduction",
		"MQTT-3.1.0-1":   "3.1 CONNECT",
		"MQTT-3.10.1-1":  "3.10 UNSUBSCRIBE",
		"U-3.15.2.2.4-1": "3.15 AUTH",
		"U-2.3-1":        "2 MQTT Control Packet format",
		"MQTT-4.12.0-4":  "4 Operational behavior",
	} {
		h, ok := headingOf(id)
		require.True(t, ok, id)
		assert.Equal(t, want, h.String())
	}
	err := checkOutline([]Standard{{Version: mqttwire.V5, Statements: []Statement{{ID: "U-3.9.3-1"}, {ID: "U-3.16-1"}, {ID: "U-5.1-1"}, {ID: "3"}}}})
	assert.EqualError(t, err, "U-3.16-1 of 5.0 stands in no section of the outline\n"+
		"U-5.1-1 of 5.0 stands in no section of the outline\n3 of 5.0 stands in no section of the outline")
}

// madeUpReport has two statements, the second of which the session shows by these
// tests, or explains by the reason; with neither it has the first one alone.
func madeUpReport(t *testing.T, reason string, sessionTests ...string) *Report {
	t.Helper()
	s := Standard{Name: "Made up", Kind: "Made-up statements", Version: mqttwire.V5, Statements: []Statement{
		{ID: "U-3.3-1", Scope: "decode", Text: "A packet is made up"},
		{ID: "U-3.3-2", Scope: "session", Text: "A session is made up"},
	}}
	if reason == "" && len(sessionTests) == 0 {
		s.Statements = s.Statements[:1]
	}
	m := newRowMaker(newTestFinder(root), []corpus.Case{{Name: "made-up", File: "f.txt", Line: 7, Version: mqttwire.V5, Statement: "U-3.3-1"}})
	m.tests[1][statementKey{mqttwire.V5, "U-3.3-2"}] = sessionTests
	m.whys[1][statementKey{mqttwire.V5, "U-3.3-2"}] = listOf(reason)
	rows, err := m.rows(s)
	require.NoError(t, err)
	return &Report{Sections: []Section{{s, rows}}}
}

// The rows of madeUpReport, up to what the session says.
const (
	madeUpFirst  = `| <a id="u-3.3-1"></a>U-3.3-1 | decode | A packet is made up | [made-up](../../testdata/corpus/f.txt#L7) |`
	madeUpSecond = `| <a id="u-3.3-2"></a>U-3.3-2 | session | A session is made up | above a codec: needs the state of the session |`
)

func TestALayerThatSaysNothingHasNoColumn(t *testing.T) {
	r := madeUpReport(t, "")
	assert.Contains(t, r.statementPages()[0].Text, "\n| id | scope | statement | codec |\n|---|---|---|---|\n"+madeUpFirst+"\n")
	assert.Contains(t, r.summaryPage().Text, "| Made up | 1 | 1 | 0 | 0 |\n")
	assert.NotContains(t, r.summaryPage().Text, "session |")
	assert.NotContains(t, r.summaryPage().Text, "Column session")
}

func TestALayerAboveTheCodecHasAColumnWhereItSaysSomething(t *testing.T) {
	tests := []string{"packets.TestEncodingRefuses", "packets.TestEncodingRefuses/PUBLISH topic too long"}
	for name, c := range map[string]struct {
		reason, begin string
		tests         []string
		counts        string
	}{
		"shown":         {tests: tests, counts: "1 | 0"},
		"shown in part": {reason: "others route", begin: "in part: others route. ", tests: tests, counts: "1 | 0"},
		"explained":     {reason: "others route", begin: "others route", counts: "0 | 1"},
	} {
		r := madeUpReport(t, c.reason, c.tests...)
		var links []string
		for _, test := range r.Sections[0].Rows[1].Tests[1] {
			links = append(links, fmt.Sprintf("[%s](../../packets/refuse_test.go#L%d)", test.Name, test.Line))
		}
		require.Len(t, links, len(c.tests), name)
		assert.Contains(t, r.statementPages()[0].Text, "\n| id | scope | statement | codec | session |\n|---|---|---|---|---|\n"+
			madeUpFirst+"  |\n"+madeUpSecond+" "+c.begin+strings.Join(links, ", ")+" |\n", name)
		assert.Contains(t, r.summaryPage().Text, "| above a codec | shown by a session | explained there |\n|---|---|---|---|---|---|---|\n", name)
		assert.Contains(t, r.summaryPage().Text, "| Made up | 2 | 1 | 0 | 1 | "+c.counts+" |\n", name)
		assert.Contains(t, r.summaryPage().Text, "- Column session: "+layers[1].about+"\n", name)
	}
}

func TestATestOfALayerThatIsGoneIsNoticed(t *testing.T) {
	m := newRowMaker(newTestFinder(root), nil)
	m.tests[1][statementKey{mqttwire.V5, madeUp}] = []string{"session.TestThatIsGone"}
	_, err := m.row(mqttwire.V5, Statement{ID: madeUp, Scope: "session"})
	assert.EqualError(t, err, madeUp+" of 5.0: there is no test session.TestThatIsGone")
}

func TestAStatementIsLinkedWhereItStands(t *testing.T) {
	known := read(t).known()
	w := &pageWriter{path: ruleGroups[0].page()}
	for id, want := range map[string]string{
		"MQTT-3.1.2-2":  "[MQTT-3.1.2-2](../../conformance/3.1.1/3.1-connect.md#mqtt-3.1.2-2)",
		"U-2.1.2-1":     "[U-2.1.2-1](../../conformance/5.0/2-packet-format.md#u-2.1.2-1)",
		"section 2.1":   "section 2.1",
		"MQTT-3.1.2-99": "MQTT-3.1.2-99",
	} {
		assert.Equal(t, want, w.statementLink(mqttwire.V31, id, known))
	}
	assert.Equal(t, "[MQTT-3.1.2-2](../../conformance/5.0/3.1-connect.md#mqtt-3.1.2-2)", w.statementLink(mqttwire.V5, "MQTT-3.1.2-2", known))
}

func TestLongListsAreFoldedAndHideNothing(t *testing.T) {
	assert.Equal(t, "a, b, c, d, e", fold([]string{"a", "b", "c", "d", "e"}))
	assert.Equal(t, "a, b, c <details><summary>and 3 more</summary>d, e, f</details>", fold([]string{"a", "b", "c", "d", "e", "f"}))
}

func TestTextIsNotReadAsMarkdown(t *testing.T) {
	assert.Equal(t, `\|\*\_\<\`+"`"+`\$\\ + #`, escape("|*_<`$\\ + #"))
}
