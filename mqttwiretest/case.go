package mqttwiretest

import (
	"bytes"
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// Outcome is what decoding the bytes of a Case must give.
type Outcome string

// The outcomes.
const (
	Accept       Outcome = "accept"        // a legal packet
	Incomplete   Outcome = "incomplete"    // the bytes end inside the packet: more are needed
	Reject       Outcome = "reject"        // no legal packet, by Case.Rule
	RejectSender Outcome = "reject-sender" // legal, but not from Case.Sender, by Case.Rule
	Optional     Outcome = "optional"      // a receiver may refuse it, by Case.Rule, or not
)

// Case is the bytes of a packet, in one version and from one side, and what must
// come of them.
type Case struct {
	// Name says what is special. It is unique among the cases of one source.
	Name string

	// Where is file, line and name for a case of the corpus; "" stands for Name.
	Where string

	// Version is the version that the bytes are decoded in.
	Version mqttwire.Version

	// Sender is the side that sent the bytes.
	Sender mqttwire.Sender

	// Max is the largest packet that the receiver allows, in bytes; 0 for the
	// protocol's own maximum.
	Max int

	// Bytes are the bytes of one packet, or the first of them if Outcome is
	// Incomplete.
	Bytes []byte

	// Outcome is what must come of Bytes.
	Outcome Outcome

	// Rule is the rule that the packet breaks; 0 for Accept and Incomplete.
	Rule mqttwire.Rule

	// At is the offset in Bytes at which Rule is broken; mqttwire.NoOffset where
	// the case does not say.
	At int

	// Reason is the reason code to answer with; 0 if Rule is 0.
	Reason mqttwire.ReasonCode

	// Statement is the statement of the standard that Rule comes from, here and
	// in this version; "" if Rule is 0.
	Statement string

	// Encodes is what the packet encodes to, the same as Bytes but where the
	// standard leaves forms free; nil for Incomplete and Reject. In a case of
	// one's own, nil stands for Bytes.
	Encodes []byte
}

// LargeLength is a remaining length of 16 MiB, in bytes: see DeclaresLarge.
const LargeLength = 16 << 20

// DeclaresLarge reports whether the bytes declare a remaining length over
// LargeLength. A codec that takes memory by what is declared, before the bytes
// arrive, takes up to 256 MiB or, if it does not stop at the fourth byte of the
// length, much more.
func (c Case) DeclaresLarge() bool { return declared(c.Bytes) > LargeLength }

// WrongSenderOnly reports whether the packet is wrong for the side that it comes
// from alone, so that a codec which is not told the side cannot know.
func (c Case) WrongSenderOnly() bool { return c.Outcome == RejectSender }

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

// encoding returns what the packet encodes to; nil if it decodes to none.
func (c *Case) encoding() []byte {
	switch c.Outcome {
	case Incomplete, Reject:
		return nil
	}
	if c.Encodes == nil {
		return c.Bytes
	}
	return c.Encodes
}

// check checks what a case of one's own may lack.
func (c *Case) check() error {
	switch c.Outcome {
	case Accept, Incomplete, Reject, RejectSender, Optional:
	default:
		return fmt.Errorf("no outcome %q", c.Outcome)
	}
	switch {
	case !c.Version.Known():
		return fmt.Errorf("no version %d", c.Version)
	case c.Sender != mqttwire.FromClient && c.Sender != mqttwire.FromServer:
		return fmt.Errorf("no sender %d", c.Sender)
	}
	return nil
}

// Cases returns the corpus. Each call makes new slices, which are the caller's.
// It panics if a file of the corpus, which is compiled in, does not parse; the
// panic names file and line.
func Cases() []Case {
	loaded, err := corpus.Load()
	if err != nil {
		panic("mqttwiretest: " + err.Error())
	}
	rules := ruleNames()
	cases := make([]Case, len(loaded))
	for i := range loaded {
		c := &loaded[i]
		cases[i] = Case{
			Name: c.Name, Where: c.Where(), Version: c.Version, Sender: c.Sender, Max: c.Max,
			Bytes: bytes.Clone(c.Bytes), Outcome: Outcome(c.Outcome), Rule: rules[c.Rule],
			At: mqttwire.NoOffset, Reason: c.Reason, Statement: c.Statement, Encodes: bytes.Clone(c.Encodes),
		}
		if c.Outcome == corpus.Reject {
			cases[i].At = c.At
		}
	}
	return cases
}

// ruleNames returns the rules by their names.
func ruleNames() map[string]mqttwire.Rule {
	names := map[string]mqttwire.Rule{}
	for _, r := range mqttwire.Rules() {
		names[r.String()] = r
	}
	return names
}
