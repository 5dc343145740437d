package main

import (
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// summary returns the table with a line for each codec and version.
func summary(all []measured) string {
	var s strings.Builder
	s.WriteString("| codec | version | cases | malformed accepted | legal refused | encoded otherwise | panicked | read outside | unsteady | wrote | cut off |\n")
	s.WriteString("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for i := range all {
		for v := mqttwire.V31; v.Known(); v++ {
			s.WriteString(all[i].summaryLine(v))
		}
	}
	return s.String()
}

// summaryLine returns the line of one version; "" if the codec does not know it.
func (m *measured) summaryLine(v mqttwire.Version) string {
	in := inVersion(v)
	judged := len(m.rows(in))
	if judged == 0 {
		return ""
	}
	count := func(f mqttwiretest.Finding, marks ...mark) int {
		return len(m.rows(append(marks, in, with(f))...))
	}
	return fmt.Sprintf("| %s | %s | %d | %s | %s | %s | %d | %d | %d | %d | %d |\n", m.Package, v, judged,
		share(count(mqttwiretest.AcceptedWrongly), len(m.rows(in, expected(mqttwiretest.MustRefuse)))),
		share(count(mqttwiretest.RefusedWrongly), len(m.rows(in, expected(mqttwiretest.MustAccept)))),
		share(count(mqttwiretest.EncodedOtherwise, encodedAgain), len(m.rows(in, encodedAgain))),
		count(mqttwiretest.DecodePanicked), count(mqttwiretest.ReadOutside), count(mqttwiretest.Unsteady),
		count(mqttwiretest.WroteInput), count(mqttwiretest.DecodeCutOff))
}

// share returns "n of all" and, if n is not 0, how much that is.
func share(n, all int) string {
	if n == 0 || all == 0 {
		return fmt.Sprintf("%d of %d", n, all)
	}
	return fmt.Sprintf("%d of %d = %.1f %%", n, all, 100*float64(n)/float64(all))
}
