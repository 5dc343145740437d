package conformance

import (
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// summaryPage writes the page that says how to read the others, and links them.
func (r *Report) summaryPage() Page {
	w := &pageWriter{path: summary}
	w.WriteString(introduction)
	w.writeCounts(r)
	w.writeContents(r)
	w.WriteString(legendStart)
	for i, l := range layers {
		if i == 0 || r.saidBy(i) > 0 {
			w.printf("- Column %s: %s\n", l.name, l.about)
		}
	}
	w.WriteString(legendEnd)
	return w.page()
}

const introduction = `# Conformance

What shows, for each statement of MQTT 3.1.1 and 5.0, that this library keeps it, and why the other statements are above a codec.
This page and those that it links are generated from the tables in [testdata/spec](testdata/spec), the [corpus](testdata/corpus) and
the tests; a test fails when one is not current. To write them anew:

    go generate ./...

`

const legendStart = `
## How to read the pages

- The words of a statement are ours; the standard's own text stands in its section of the same number. Rules of 5.0 that have no
  number are called U-, section, counter. MQTT 3.1 numbers nothing: the pages of the rules name its sections.
- Scope says who can keep the statement. decode: one packet alone shows a breach. encode: an encoder can guarantee it. stream: it
  needs what came before on the connection, or who sends. session, server, client, transport: it is about these.
`

const legendEnd = `- A link leads to the line of the case, or of the test; in a test with a table, to the line that names the case.
- A packet that breaks a statement is refused at the offset, with the reason code and the statement that the case names; a legal
  one decodes to the given fields and encodes to the same bytes. A case that is legal but for its sender is refused by
  ` + "`packets.CheckSender`" + `, one that a receiver may refuse by ` + "`packets.CheckOptional`" + `. ` + "`packets.TestEncodingRefuses`" + ` has values
  that an encoder refuses.
- A connection is decoded by a ` + "`packets.Decoder`" + ` for each side, in any pieces: what comes before the packet that breaks a statement
  is decoded, that packet is refused, and answered as the case names. A ` + "`packets.Encoder`" + ` refuses to write it.
- In part: what is said there is above a codec, or above the session in its column; the rest is shown.
- Above a codec: no bytes of one packet or one connection can show it. Every statement with decode or stream in its scope, or
  with encode alone, is shown: a test fails otherwise.
`

var verdicts = [...]Verdict{Shown, ShownInPart, Above}

// String is the verdict as counts name it.
func (v Verdict) String() string { return [...]string{"shown", "shown in part", "above a codec"}[v] }

// writeCounts writes what the codec shows of each standard and, for a layer above
// it, how many statements it shows and of how many it only says why not.
func (w *pageWriter) writeCounts(r *Report) {
	w.WriteString("| | statements |")
	for _, v := range verdicts {
		w.printf(" %s |", v)
	}
	upper := r.upperLayers()
	for _, i := range upper {
		w.printf(" shown by a %s | explained there |", layers[i].name)
	}
	w.printf("\n|%s\n", strings.Repeat("---|", 2+len(verdicts)+2*len(upper)))
	for _, s := range r.Sections {
		w.printf("| %s | %d |", s.Name, len(s.Rows))
		for _, v := range verdicts {
			w.printf(" %d |", count(s.Rows, v))
		}
		for _, i := range upper {
			w.printf(" %d | %d |", countShownBy(s.Rows, i), countExplainedBy(s.Rows, i))
		}
		w.WriteByte('\n')
	}
	w.printf("\nThe corpus has %d cases of one packet and %d of a connection, counted once for each version; the rule table has %d rules.\n",
		r.Cases, r.Streams, len(r.Rules))
}

// writeContents links the pages.
func (w *pageWriter) writeContents(r *Report) {
	w.WriteString("\n## The statements, by section\n\n| | MQTT 3.1.1 | MQTT 5.0 |\n|---|---|---|\n")
	for _, h := range outline {
		w.printf("| %s |", h)
		for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
			if n := r.count(v, h); n > 0 {
				w.printf(" %s |", w.link(fmt.Sprint(n), h.page(v), ""))
			} else {
				w.WriteString(" |")
			}
		}
		w.WriteByte('\n')
	}
	w.WriteString("\n## The rules\n\n")
	for i, g := range ruleGroups {
		var links []string
		for _, row := range r.rowsOf(i) {
			links = append(links, w.link(row.Rule.String(), g.page(), anchorOf(row.Rule.String())))
		}
		w.printf("- %s: %s\n", w.link(g.title, g.page(), ""), strings.Join(links, ", "))
	}
}

// saidBy returns of how many statements the i-th layer, above the codec, says
// something.
func (r *Report) saidBy(i int) (n int) {
	for _, s := range r.Sections {
		n += countShownBy(s.Rows, i) + countExplainedBy(s.Rows, i)
	}
	return n
}

// upperLayers are the layers above the codec that say something of a statement.
func (r *Report) upperLayers() (all []int) {
	for i := 1; i < len(layers); i++ {
		if r.saidBy(i) > 0 {
			all = append(all, i)
		}
	}
	return all
}

// count returns how many of the rows have the verdict.
func count(rows []Row, v Verdict) (n int) {
	for _, row := range rows {
		if row.Verdict() == v {
			n++
		}
	}
	return n
}

// tally counts the rows by what the codec shows of them.
func tally(rows []Row) string {
	var parts []string
	for _, v := range verdicts {
		if n := count(rows, v); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	return strings.Join(parts, ", ") + "."
}
