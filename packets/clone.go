package packets

import "github.com/mqttwire/mqttwire"

// block is what Clone makes by one allocation: a packet and the memory of its
// byte slices, M being an array. The slices keep the packet alive too, and the
// other way round.
type block[P, M any] struct {
	packet P
	memory M
}

// newClone returns an empty packet and memory for n bytes. Up to 4 KiB that is
// one allocation, of which less than half is left over; beyond, the packet and
// its memory are allocated apart, since copying is what costs there.
func newClone[P any](n int) (*P, memory) {
	switch {
	case n == 0:
		return new(P), memory{}
	case n <= 32:
		b := new(block[P, [32]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 64:
		b := new(block[P, [64]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 96:
		b := new(block[P, [96]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 128:
		b := new(block[P, [128]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 192:
		b := new(block[P, [192]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 256:
		b := new(block[P, [256]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 384:
		b := new(block[P, [384]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 512:
		b := new(block[P, [512]byte])
		return &b.packet, memory{b.memory[:0]}
	}
	return newLargeClone[P](n)
}

// newLargeClone is newClone for more than 512 bytes.
func newLargeClone[P any](n int) (*P, memory) {
	switch {
	case n <= 768:
		b := new(block[P, [768]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 1024:
		b := new(block[P, [1024]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 1536:
		b := new(block[P, [1536]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 2048:
		b := new(block[P, [2048]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 3072:
		b := new(block[P, [3072]byte])
		return &b.packet, memory{b.memory[:0]}
	case n <= 4096:
		b := new(block[P, [4096]byte])
		return &b.packet, memory{b.memory[:0]}
	}
	return new(P), memory{make([]byte, 0, n)}
}

// shortList is how many entries a list has at most for newCloneWithList to put it
// into the packet's block.
const shortList = 4

// packetAndList is a packet and the memory of the list that it has.
type packetAndList[P, E any] struct {
	packet P
	list   [shortList]E
}

// newCloneWithList is newClone for a packet with a list, of which it also
// returns a copy: in the same block if the list is short. The copy of an empty
// list is nil.
func newCloneWithList[P, E any](list []E, n int) (*P, []E, memory) {
	if len(list) == 0 || len(list) > shortList {
		p, m := newClone[P](n)
		return p, append([]E(nil), list...), m
	}
	b, m := newClone[packetAndList[P, E]](n)
	return &b.packet, append(b.list[:0], list...), m
}

// memory is the memory into which a packet's Clone copies all of the packet's
// bytes.
type memory struct{ buf []byte }

// bytes copies b, keeping the difference between nil and empty.
func (m *memory) bytes(b []byte) []byte {
	switch {
	case b == nil:
		return nil
	case len(b) == 0:
		return []byte{}
	}
	start := len(m.buf)
	m.buf = append(m.buf, b...)
	return m.buf[start:len(m.buf):len(m.buf)]
}

// properties copies a property list.
func (m *memory) properties(p mqttwire.Properties) mqttwire.Properties {
	p, m.buf = wire.CloneProperties(&p, m.buf)
	return p
}

// Pinned returns how many bytes of the frame that p was decoded from its slices
// alias: what Clone copies. As long as p is kept, it keeps alive not only these
// but all of the buffer that the frame was cut from; so compare it with the size
// of that buffer to decide between keeping p and keeping a clone.
//
// Lists that a packet owns, such as reason codes, do not count. A packet that was
// not decoded has the sum of its fields. For a type that is none of this
// package's, Pinned returns 0.
func Pinned(p mqttwire.Packet) int {
	q, ok := p.(interface{ Pinned() int })
	if !ok {
		return 0
	}
	return q.Pinned()
}
