package conformance

import (
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire/internal/corpus"
)

// Markdown writes the report as the text of CONFORMANCE.md.
func (r *Report) Markdown() string {
	var b strings.Builder
	b.WriteString(introduction)
	r.writeCounts(&b)
	for _, s := range r.Sections {
		s.write(&b)
	}
	r.writeRules(&b)
	return b.String()
}

const introduction = `# Conformance

What shows, for each statement of MQTT 3.1.1 and 5.0, that this library keeps it, and why the other statements are above a codec.
This file is generated from the tables in [testdata/spec](testdata/spec), the [corpus](testdata/corpus) and the tests; a test
fails when it is not current. To write it anew:

    go generate ./...

How to read it:

- The words of a statement are ours; the standard's own text stands in its section of the same number. Rules of 5.0 that have no
  number are called U-, section, counter. MQTT 3.1 numbers nothing: part two names its sections.
- Scope says who can keep the statement. decode: one packet alone shows a breach. encode: an encoder can guarantee it. stream: it
  needs what came before on the connection, or who sends. session, server, client, transport: it is about these.
- Shown by: cases of the corpus in that version, those that break the statement first, and tests for what no case can show. A case
  is one packet or, in the folder streams, both sides of a connection. ` + "`go test ./packets -run Corpus`" + ` runs every case.
- A packet that breaks a statement is refused at the offset, with the reason code and the statement that the case names; a legal
  one decodes to the given fields and encodes to the same bytes. A case that is legal but for its sender is refused by
  ` + "`packets.CheckSender`" + `, one that a receiver may refuse by ` + "`packets.CheckOptional`" + `. ` + "`packets.TestEncodingRefuses`" + ` has values
  that an encoder refuses.
- A connection is decoded by a ` + "`packets.Decoder`" + ` for each side, in any pieces: what comes before the packet that breaks a statement
  is decoded, that packet is refused, and answered as the case names. A ` + "`packets.Encoder`" + ` refuses to write it.
- In part: what is said there is above a codec, the rest is shown.
- Above a codec: no bytes of one packet or one connection can show it. Every statement with decode or stream in its scope, or
  with encode alone, is shown: a test fails otherwise.

`

var verdicts = [...]Verdict{Shown, ShownInPart, Above}

func (r *Report) writeCounts(b *strings.Builder) {
	b.WriteString("| | statements | shown | shown in part | above a codec |\n|---|---|---|---|---|\n")
	for _, s := range r.Sections {
		fmt.Fprintf(b, "| %s | %d |", s.Name, len(s.Rows))
		for _, v := range verdicts {
			fmt.Fprintf(b, " %d |", s.Count(v))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "\nThe corpus has %d cases of one packet and %d of a connection, counted once for each version; the rule table has %d rules.\n",
		r.Cases, r.Streams, len(r.Rules))
	b.WriteString("\n# Part one: the statements\n")
}

// Count returns how many statements of the section have the verdict.
func (s Section) Count(v Verdict) (n int) {
	for _, row := range s.Rows {
		if row.Verdict() == v {
			n++
		}
	}
	return n
}

// chapters are the titles of the chapters, by their numbers.
var chapters = map[string]string{
	"1": "Introduction",
	"2": "MQTT Control Packet format",
	"3": "MQTT Control Packets",
	"4": "Operational behavior",
	"6": "Using WebSocket as a network transport",
	"7": "Conformance",
}

func (s Section) write(b *strings.Builder) {
	chapter := ""
	for _, row := range s.Rows {
		if c := row.Chapter(); c != chapter {
			chapter = c
			fmt.Fprintf(b, "\n## %s: chapter %s, %s\n\n| id | scope | statement | shown by |\n|---|---|---|---|\n", s.Name, c, chapters[c])
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", row.ID, row.Scope, escape(row.Text), row.shownBy())
	}
}

// shownBy is the last column of a statement.
func (r Row) shownBy() string {
	switch r.Verdict() {
	case Shown:
		return evidence(r.Cases, r.Tests)
	case ShownInPart:
		return evidence(r.Cases, r.Tests) + "; in part: " + r.Why
	}
	return "above a codec: " + r.Why
}

func (r *Report) writeRules(b *strings.Builder) {
	b.WriteString("\n# Part two: the rules\n\n" +
		"Every check of the library is a row of one table, `rules.go`. An error names its rule, and the statement that fits the packet and\n" +
		"its version. A case counts once for each of its versions, and is named once.\n\n" +
		"| rule | class | reason code | what is allowed | statements | cases | shown by |\n|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rules {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %d | %s |\n", row.Rule, row.Rule.Class(), row.Rule.Reason(),
			escape(row.Rule.Allowed()), row.statements(), len(row.Cases), evidence(row.Cases, row.Tests))
	}
}

// statements is the column of the statements of a rule.
func (r RuleRow) statements() string {
	var all []string
	for _, s := range r.Statements {
		var ids []string
		for _, id := range s.IDs {
			ids = append(ids, strings.TrimPrefix(id, s.Version.String()+" "))
		}
		all = append(all, s.Version.String()+": "+some(ids))
	}
	return strings.Join(all, "; ")
}

// evidence links the cases, or the first of them, and the tests. A case of
// several versions is named once.
func evidence(cases []corpus.Case, tests []GoTest) string {
	var links, all []string
	seen := map[string]bool{}
	for _, c := range cases {
		if e := entryOf(c); !seen[e] {
			seen[e] = true
			name := strings.TrimSuffix(c.Name, "/"+c.Version.String())
			links = append(links, fmt.Sprintf("[%s](testdata/corpus/%s)", name, c.File))
		}
	}
	if len(links) > 0 {
		all = append(all, some(links))
	}
	for _, t := range tests {
		all = append(all, fmt.Sprintf("[%s](%s)", t.Name, t.File))
	}
	return strings.Join(all, ", ")
}

// some lists the first three, and says how many there are more.
func some(list []string) string {
	const first = 3
	if len(list) <= first {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:first], ", "), len(list)-first)
}

// escape keeps a text from being read as Markdown.
var escape = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`", "$", `\$`).Replace
