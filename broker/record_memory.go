package broker

import (
	"bytes"
	"slices"
)

// recordMemory is where the bytes of records stand until they are durable, piece by piece,
// so that a record has no memory of its own.
type recordMemory struct {
	pieces []piece  // in the order in which they were filled; what is added goes into the last
	spare  [][]byte // pieces that are used again
}

// piece is memory of records, the last of which is the one of the mark.
type piece struct {
	bytes []byte
	last  Mark
}

const (
	pieceSize  = 64 << 10
	keptPieces = 16 // that are not in use
)

// copy returns a copy of what belongs to the record of a mark. It stays as it is until
// that is durable.
func (m *recordMemory) copy(b []byte, of Mark) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(b) > pieceSize {
		return slices.Clip(bytes.Clone(b))
	}
	if n := len(m.pieces); n == 0 || cap(m.pieces[n-1].bytes)-len(m.pieces[n-1].bytes) < len(b) {
		m.pieces = append(m.pieces, piece{bytes: m.take()})
	}
	p := &m.pieces[len(m.pieces)-1]
	at := len(p.bytes)
	p.bytes, p.last = append(p.bytes, b...), of
	return p.bytes[at:len(p.bytes):len(p.bytes)]
}

func (m *recordMemory) take() []byte {
	if n := len(m.spare); n > 0 {
		b := m.spare[n-1]
		m.spare = m.spare[:n-1]
		return b
	}
	return make([]byte, 0, pieceSize)
}

// free takes the pieces back whose records are all durable.
func (m *recordMemory) free(durable Mark) {
	n := 0
	for n < len(m.pieces) && m.pieces[n].last <= durable {
		if len(m.spare) < keptPieces {
			m.spare = append(m.spare, m.pieces[n].bytes[:0])
		}
		n++
	}
	rest := copy(m.pieces, m.pieces[n:])
	clear(m.pieces[rest:])
	m.pieces = m.pieces[:rest]
}
