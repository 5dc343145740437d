package mqttwiretest

import (
	"bytes"
	"slices"

	"github.com/mqttwire/mqttwire"
)

// Violation is a change to the bytes of a legal packet after which they break
// one rule, and no other that a receiver would find first.
type Violation struct {
	// Name says what is changed. It is unique.
	Name string

	// Rule is the rule that the changed packet breaks.
	Rule mqttwire.Rule

	// plant returns the changed packet, or nil if the packet has no place for the
	// change.
	plant func(*planting) []byte
}

// planting is what a change starts from, and what it has to say of its result
// where that is not what follows from packet type, version and rule.
type planting struct {
	anatomy
	from      mqttwire.Sender
	choose    func(n int) int
	statement string
	legal     bool // the bytes are a legal packet, but not from this sender
}

// Violations returns every violation. All rules have one that bytes alone can
// break and that Decode or CheckSender of package packets demands.
func Violations() []Violation {
	return slices.Concat(
		fixedHeaderViolations, cutViolations, textViolations, topicViolations, connectViolations,
		fieldViolations, entryViolations, propertyBlockViolations, propertyViolations, senderViolations,
	)
}

// Plant changes b, a legal packet of version v that the given side sent, and
// returns the case that it has become: Bytes, which share no memory with b, with
// the outcome Reject or RejectSender, the rule and the statement. ok is false if
// the packet has no place for the change. Where there are several places or
// values, choose decides: it is given how many and returns one of 0 to n-1. A nil
// choose takes the first.
func (x Violation) Plant(b []byte, v mqttwire.Version, from mqttwire.Sender, choose func(n int) int) (c Case, ok bool) {
	a, ok := dissect(bytes.Clone(b), v)
	if !ok || x.plant == nil {
		return Case{}, false
	}
	if choose == nil {
		choose = first
	}
	p := planting{anatomy: a, from: from, choose: choose}
	planted := x.plant(&p)
	if planted == nil {
		return Case{}, false
	}
	c = Case{
		Name: x.Name, Where: x.Name, Version: v, Sender: p.from, Bytes: planted,
		Outcome: Reject, Rule: x.Rule, At: mqttwire.NoOffset, Reason: x.Rule.Reason(),
		Statement: p.statement,
	}
	if p.statement == "" {
		c.Statement = x.Rule.Statement(p.typ, v)
	}
	if p.legal {
		c.Outcome, c.Encodes = RejectSender, bytes.Clone(planted)
	}
	return c, true
}

// first chooses the first.
func first(int) int { return 0 }

// one chooses one of list; ok is false if it is empty.
func one[T any](p *planting, list []T) (chosen T, ok bool) {
	if len(list) == 0 {
		return chosen, false
	}
	return list[p.choose(len(list))], true
}

// among chooses one of several strings.
func (p *planting) among(list ...string) string { return list[p.choose(len(list))] }

// partOf chooses one of the parts of the given kinds.
func (p *planting) partOf(kinds ...partKind) (part, bool) { return one(p, p.find(kinds...)) }

// is reports whether the packet is of one of the types.
func (p *planting) is(types ...mqttwire.PacketType) bool { return slices.Contains(types, p.typ) }

// withPart returns the packet with other bytes in the place of a part.
func (p *planting) withPart(at part, by ...byte) []byte { return p.packet(p.replaced(at, by...)) }

// withByte returns the packet with another byte in the place of a part of one
// byte of the given kind, which change makes of the present one.
func (p *planting) withByte(kind partKind, change func(byte) byte) []byte {
	at, ok := p.partOf(kind)
	if !ok {
		return nil
	}
	return p.withPart(at, change(p.body[at.start]))
}

// upTo returns the packet with a body of the first n bytes only.
func (p *planting) upTo(n int) []byte { return p.packet(p.body[:n]) }

// withBits sets bits.
func withBits(bits byte) func(byte) byte { return func(b byte) byte { return b | bits } }

// prefixed returns two bytes of length and s.
func prefixed(s []byte) []byte {
	b, err := mqttwire.AppendBinary(nil, s)
	if err != nil {
		panic("mqttwiretest: " + err.Error()) // whoever makes s keeps it short
	}
	return b
}
