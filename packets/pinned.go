package packets

import "github.com/mqttwire/mqttwire"

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
