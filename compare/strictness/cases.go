package main

import (
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// selection is the corpus, divided into the cases that are put to the codecs and
// those that are not.
type selection struct {
	put      []mqttwiretest.Case
	sender   []mqttwiretest.Case // wrong for the side they come from alone
	maximum  []mqttwiretest.Case // refused for a maximum packet size that the receiver sets
	declared []mqttwiretest.Case // declare more than mqttwiretest.LargeLength
}

func selectCases() (s selection) {
	for _, c := range mqttwiretest.Cases() {
		to := &s.put
		switch {
		case c.WrongSenderOnly():
			to = &s.sender
		case c.Rule == mqttwire.RulePacketSize:
			to = &s.maximum
		case c.DeclaresLarge():
			to = &s.declared
		}
		*to = append(*to, c)
	}
	return s
}

// caseNames returns the names that the cases have in their files, each once: the
// versions of a case share one.
func caseNames(cases []mqttwiretest.Case) (names []string) {
	for i := range cases {
		name, _, _ := strings.Cut(cases[i].Name, "/")
		if name = "`" + name + "`"; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// caseFile returns the file of the corpus that the case stands in.
func caseFile(c *mqttwiretest.Case) string {
	name, _, _ := strings.Cut(c.Where, ":")
	return name
}
