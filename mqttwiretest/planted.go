package mqttwiretest

import (
	"bytes"

	"github.com/mqttwire/mqttwire"
)

// maxPlanted is how many packets of one type and version a violation is planted
// in.
const maxPlanted = 4

// PlantedCases returns a case for each violation in up to four packets of each
// type and version that have a place for it. The packets are those of the corpus
// that every receiver has to accept. Each call returns the same cases.
func PlantedCases() []Case {
	legal := legalCases()
	var planted []Case
	for _, x := range Violations() {
		type kind struct {
			t mqttwire.PacketType
			v mqttwire.Version
		}
		count := map[kind]int{}
		for i, c := range legal {
			k := kind{mqttwire.PacketType(c.Bytes[0] >> 4), c.Version}
			if count[k] == maxPlanted {
				continue
			}
			p, ok := x.Plant(c.Bytes, c.Version, c.Sender, turns(i))
			if !ok {
				continue
			}
			count[k]++
			p.Name += " in " + c.Name
			p.Where = p.Name
			planted = append(planted, p)
		}
	}
	return planted
}

// legalCases returns the cases of the corpus that every receiver has to accept,
// in the form that encoding gives them.
func legalCases() (legal []Case) {
	for _, c := range Cases() {
		if e, _ := expectation(&c); e == MustAccept && bytes.Equal(c.Bytes, c.Encodes) {
			legal = append(legal, c)
		}
	}
	return legal
}

// turns returns a choice that takes all values in turn, beginning at i.
func turns(i int) func(n int) int {
	return func(n int) int {
		i++
		return (i - 1) % n
	}
}
