package main

import (
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// maxDeclared is the largest remaining length, in bytes, that a codec is told
// of. Some codecs take memory for it before the bytes arrive.
const maxDeclared = 16 << 20

// selection is the corpus, divided into the cases that are put to the codecs and
// those that are not.
type selection struct {
	put      []mqttwiretest.Case
	sender   []mqttwiretest.Case // wrong for the side they come from alone
	maximum  []mqttwiretest.Case // refused for a maximum packet size that the receiver sets
	declared []mqttwiretest.Case // declare more than maxDeclared
}

func selectCases() (s selection) {
	for _, c := range mqttwiretest.Cases() {
		to := &s.put
		switch {
		case c.Outcome == mqttwiretest.RejectSender:
			to = &s.sender
		case c.Rule == mqttwire.RulePacketSize:
			to = &s.maximum
		case declared(c.Bytes) > maxDeclared:
			to = &s.declared
		}
		*to = append(*to, c)
	}
	return s
}

// declared returns the remaining length that b declares, for a codec that takes
// as many bytes for it as there are.
func declared(b []byte) (n uint64) {
	for i := 1; i < len(b); i++ {
		shift := 7 * (i - 1)
		if shift >= 56 {
			return n // more than any limit, or all zeros
		}
		n |= uint64(b[i]&0x7F) << shift
		if b[i] < 0x80 {
			return n
		}
	}
	return n
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
