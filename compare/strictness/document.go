package main

import (
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// document returns the whole of STRICTNESS.md.
func document(all []measured, cases selection, versions map[string]string) string {
	var s strings.Builder
	s.WriteString(heading)
	s.WriteString(modules(all, versions))
	s.WriteString("\n## Summary\n\n")
	s.WriteString(summary(all))
	fmt.Fprintf(&s, counting, deadline)
	s.WriteString(left(all, cases))
	for i := range all {
		fmt.Fprintf(&s, "\n## %s\n\n%s", all[i].Package, all[i].verdicts())
	}
	return s.String()
}

const heading = `# Strictness of Go codecs

What Go codecs of MQTT accept and refuse, put to the [corpus](../testdata/corpus/README.md) by ` + "`mqttwiretest`" + `. This file is
generated. To measure again, in the folder compare/:

    go run ./strictness

The corpus is ours. It was written from the standards' rules together with the first codec of the table, whose tests demand that
it gets every case right: its lines are 0 for that reason. The figures count cases of that corpus, many of them alike. They do not
say how often such packets are seen, nor what a client or server on top of a codec checks besides.

`

const counting = `
- cases: those put to the codec, in the versions that it knows. Malformed and legal ones are counted apart; the rest, where the
  standard leaves the receiver free, count neither way.
- malformed accepted: the standard of the case's version forbids the packet, by a rule that the packet alone shows, and the codec
  decoded it without an error. Some of these rules the standard does not number and some it only implies.
- legal refused: the standard of that version allows the packet and the codec refused it. MQTT 3.1 has receivers ignore bits that
  3.1.1 reserves; a codec that refuses them in 3.1 is counted here.
- encoded otherwise: a packet that may be accepted, decoded and encoded again, is another one or none. The order of properties, but
  for User Properties among each other, and the forms that the standard leaves free do not count. A property that is gone counts,
  also if it had its default value.
- panicked. Read outside: bytes behind the packet changed the result. Unsteady: the same bytes did not always give the same result.
  Wrote: the packet's bytes were changed. Cut off: no result after %v, which counts neither as accepted nor as refused.

`

// modules returns the table of what was measured.
func modules(all []measured, versions map[string]string) string {
	var s strings.Builder
	s.WriteString("| package | module version | what is called |\n|---|---|---|\n")
	for i := range all {
		fmt.Fprintf(&s, "| %s | %s | %s |\n", all[i].Package, versions[all[i].Module], all[i].Calls)
	}
	s.WriteString("\nA CONNECT of another version than the case's is refused by each adapter, where a caller would read the field.\n")
	return s.String()
}

// left says how many cases count neither way, and which are not put to the
// codecs.
func left(all []measured, cases selection) string {
	var s strings.Builder
	free := len(all[0].rows(expected(mqttwiretest.MayEither)))
	fmt.Fprintf(&s, "Of %d cases, the standard leaves the receiver free in %d. Not put to any codec are:\n\n", len(cases.put), free)
	fmt.Fprintf(&s, "- %d cases that are wrong only for the side they come from, which a codec need not be told;\n", len(cases.sender))
	fmt.Fprintf(&s, "- %d that are refused for a maximum packet size, which a receiver sets;\n", len(cases.maximum))
	fmt.Fprintf(&s, "- %d that declare a remaining length over %d MiB, since a codec may take the memory before the bytes arrive: %s.\n",
		len(cases.declared), mqttwiretest.LargeLength>>20, strings.Join(caseNames(cases.declared), ", "))
	return s.String()
}
