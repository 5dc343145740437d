package mqttwiretest

import (
	"bytes"
	"slices"

	"github.com/mqttwire/mqttwire"
)

// Fault is a change to a legal packet value after which it breaks one rule of
// encoding.
type Fault struct {
	// Name says what is changed. It is unique.
	Name string

	// Rule is the rule that the changed value breaks.
	Rule mqttwire.Rule

	// plant changes the value, or returns false if it has no place for the
	// change.
	plant func(*faulty) bool
}

// faulty is the value that a fault is planted in, and the version that it is to
// be encoded for.
type faulty struct {
	packet  mqttwire.Packet
	version mqttwire.Version
	choose  func(n int) int
}

// Faults returns every fault.
func Faults() []Fault {
	return slices.Concat(connectFaults, publishFaults, listFaults, codeFaults, textFaults, propertyFaults)
}

// Plant changes p, a legal packet of version v of package packets, so that it
// cannot be encoded for v. ok is false, and p unchanged, if it has no place for
// the change. Where there are several places or values, choose decides: it is
// given how many and returns one of 0 to n-1; a nil choose takes the first. Plant
// writes to no byte that p's slices show, but puts other slices in their place.
func (x Fault) Plant(p mqttwire.Packet, v mqttwire.Version, choose func(n int) int) (ok bool) {
	if x.plant == nil || p == nil {
		return false
	}
	if choose == nil {
		choose = first
	}
	return x.plant(&faulty{packet: p, version: v, choose: choose})
}

// among chooses one of several values.
func among[T any](f *faulty, list ...T) T { return list[f.choose(len(list))] }

// as returns the value as a *P; ok is false if it is of another type.
func as[P any](f *faulty) (p P, ok bool) {
	p, ok = f.packet.(P)
	return p, ok
}

// overlong is one byte more than a string or binary data may have.
func overlong() []byte { return bytes.Repeat([]byte{'x'}, 65536) }
