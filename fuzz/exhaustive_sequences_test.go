package fuzz

import (
	"encoding/binary"
	"iter"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// all is a set of byte strings that are tried one after the other. Each is valid
// until the next.
type all = iter.Seq[[]byte]

// everyByte are the 256 strings of one byte.
var everyByte = func() (pieces []string) {
	for b := range 256 {
		pieces = append(pieces, string([]byte{byte(b)}))
	}
	return pieces
}()

// each cuts a string into its bytes.
func each(s string) []string {
	var pieces []string
	for i := range len(s) {
		pieces = append(pieces, s[i:i+1])
	}
	return pieces
}

// repeats are all strings of least to most pieces.
func repeats(pieces []string, least, most int) all {
	return func(yield func([]byte) bool) {
		repeatInto(make([]byte, 0, 64), pieces, least, most, yield)
	}
}

func repeatInto(b []byte, pieces []string, least, most int, yield func([]byte) bool) bool {
	if least <= 0 && !yield(b) {
		return false
	}
	if most == 0 {
		return true
	}
	for _, p := range pieces {
		if !repeatInto(append(b, p...), pieces, least-1, most-1, yield) {
			return false
		}
	}
	return true
}

// just are the strings given.
func just(pieces ...string) all { return repeats(pieces, 1, 1) }

// either are the strings of all sets.
func either(sets ...all) all {
	return func(yield func([]byte) bool) {
		for _, set := range sets {
			for b := range set {
				if !yield(b) {
					return
				}
			}
		}
	}
}

// row are the strings of the first set, each followed by those of the second,
// and so on.
func row(sets ...all) all {
	return func(yield func([]byte) bool) {
		rowInto(make([]byte, 0, 64), sets, yield)
	}
}

func rowInto(b []byte, sets []all, yield func([]byte) bool) bool {
	if len(sets) == 0 {
		return yield(b)
	}
	for next := range sets[0] {
		if !rowInto(append(b, next...), sets[1:], yield) {
			return false
		}
	}
	return true
}

// withHead are the strings of a set, each after what head says for it.
func withHead(set all, head func(dst []byte, size int) []byte) all {
	return func(yield func([]byte) bool) {
		var b []byte
		for s := range set {
			b = append(head(b[:0], len(s)), s...)
			if !yield(b) {
				return
			}
		}
	}
}

// fields are the strings, each after its length in two bytes.
func fields(set all) all {
	return withHead(set, func(dst []byte, size int) []byte {
		return binary.BigEndian.AppendUint16(dst, uint16(size))
	})
}

// blocks are the strings, each after its length as a variable byte integer.
func blocks(set all) all {
	return withHead(set, appendVariableByteInteger)
}

// packetsOf are packets of a first byte.
func packetsOf(first byte, bodies ...all) all {
	return withHead(row(bodies...), func(dst []byte, size int) []byte {
		return appendVariableByteInteger(append(dst, first), size)
	})
}

func appendVariableByteInteger(dst []byte, n int) []byte {
	dst, err := mqttwire.AppendVarint(dst, uint32(n))
	if err != nil {
		panic(err)
	}
	return dst
}

// runs are n to m times the same character.
func runs(character string, n, m int) all {
	var pieces []string
	for ; n <= m; n++ {
		pieces = append(pieces, strings.Repeat(character, n))
	}
	return just(pieces...)
}
