package session

import (
	"github.com/mqttwire/mqttwire"
)

// request is a SUBSCRIBE or UNSUBSCRIBE.
type request struct{ packet mqttwire.Packet }

// entry is a request that has not ended: a message, a SUBSCRIBE or an UNSUBSCRIBE.
type entry struct {
	message *Message
	ids     *[]uint32 // of its subscriptions, if there are several
	request *request  // SUBSCRIBE or UNSUBSCRIBE; else nil
	token   Token
	id      uint32 // of its one subscription, or 0
	packet  uint16 // the packet identifier, or 0
	flags   entryFlags
	qos     mqttwire.QoS
}

// entryFlags are what an entry is, or has gone through.
type entryFlags uint16

const (
	dead     entryFlags = 1 << iota // has ended, and only takes its place
	retain                          // goes out with RETAIN
	quiet                           // nobody wants to hear of it
	handed                          // was handed out before, so that the peer may know of it
	repeat                          // was handed out with its packet identifier, so that it goes out with DUP
	onLink                          // was handed out on the present connection
	fetched                         // was asked for, as it is hollow
	canceled                        // nobody hears of it, whatever comes
)

func (e *entry) is(f entryFlags) bool { return e.flags&f != 0 }

// keep keeps the message of the entry for somebody who does not say when it is through.
func (e *entry) keep() {
	if e.message != nil {
		e.message.Keep()
	}
}

// size is what the entry counts for.
func (e *entry) size() int {
	if e.message == nil {
		return 0
	}
	return e.message.size
}

// ring is a queue of entries, as a rule in the order of their tokens, of which any may
// end. An entry keeps its position while it is there, unless the ring is compacted. The
// memory follows the number of entries that have not ended.
type ring struct {
	buf   []entry // as many as a power of two
	first uint32  // position of the first entry
	n     uint32  // entries, dead ones included
	dead  uint32

	// Two positions that its user sets; each stays before the same entry.
	mark  uint32 // of what is to be sent next
	begun uint32 // of the first message that was not begun
}

// len returns the number of entries that have not ended.
func (r *ring) len() int { return int(r.n - r.dead) }

// end returns the position behind the last entry.
func (r *ring) end() uint32 { return r.first + r.n }

// at returns the entry at a position.
func (r *ring) at(pos uint32) *entry { return &r.buf[pos&uint32(len(r.buf)-1)] }

// full reports whether push has no room.
func (r *ring) full() bool { return int(r.n) == len(r.buf) }

// sparse reports whether there are so many dead entries that the ring is to be
// compacted, not grown.
func (r *ring) sparse() bool { return r.dead > r.n/2 }

// grow doubles the room. Positions stay.
func (r *ring) grow() {
	buf := make([]entry, max(8, 2*len(r.buf)))
	for pos := r.first; pos != r.end(); pos++ {
		buf[pos&uint32(len(buf)-1)] = *r.at(pos)
	}
	r.buf = buf
}

// push appends an entry, for which there is room, and returns its position.
func (r *ring) push(e entry) (pos uint32) {
	pos = r.end()
	*r.at(pos) = e
	r.n++
	return pos
}

// add appends an entry, for which there is room, and of which remove has left nothing that
// is kept. What is to be set of it are message, token and QoS.
func (r *ring) add() *entry {
	e := r.at(r.end())
	r.n++
	e.id, e.packet, e.flags = 0, 0, 0
	return e
}

// remove ends the entry at pos, and gives room free at both ends.
func (r *ring) remove(pos uint32) {
	e := r.at(pos)
	e.message, e.ids, e.request, e.flags = nil, nil, nil, dead
	switch pos {
	case r.first: // as a rule
		r.first++
		r.n--
		for r.dead > 0 && r.n > 0 && r.at(r.first).is(dead) {
			r.first++
			r.n--
			r.dead--
		}
	case r.end() - 1:
		r.n--
		for r.dead > 0 && r.at(r.end()-1).is(dead) {
			r.n--
			r.dead--
		}
	default:
		r.dead++
		return
	}
	r.mark, r.begun = r.within(r.mark), r.within(r.begun)
}

// removeFirst is remove for e, the first entry of a ring without dead ones.
func (r *ring) removeFirst(e *entry) {
	e.message, e.ids, e.request, e.flags = nil, nil, nil, dead
	if r.mark == r.first {
		r.mark++
	}
	if r.begun == r.first {
		r.begun++
	}
	r.first++
	r.n--
}

// within returns the position that is next to pos within what is there.
func (r *ring) within(pos uint32) uint32 {
	switch d := int32(pos - r.first); {
	case d < 0:
		return r.first
	case uint32(d) > r.n:
		return r.end()
	}
	return pos
}

// isBegun reports whether pos is before those that were not begun.
func (r *ring) isBegun(pos uint32) bool { return int32(pos-r.begun) < 0 }

// next returns the first entry at pos or behind that has not ended, or false.
func (r *ring) next(pos uint32) (uint32, bool) {
	if int32(pos-r.first) < 0 {
		pos = r.first
	}
	for ; int32(pos-r.end()) < 0; pos++ {
		if !r.at(pos).is(dead) {
			return pos, true
		}
	}
	return r.end(), false
}

// find returns the entry of a token, or false.
func (r *ring) find(t Token) (pos uint32, ok bool) {
	low, high := uint32(0), r.n
	for low < high {
		middle := (low + high) / 2
		if r.at(r.first+middle).token < t {
			low = middle + 1
		} else {
			high = middle
		}
	}
	pos = r.first + low
	return pos, low < r.n && r.at(pos).token == t && !r.at(pos).is(dead)
}

// search is find in a ring that is not in the order of the tokens.
func (r *ring) search(t Token) (pos uint32, ok bool) {
	for pos, ok = r.next(r.first); ok; pos, ok = r.next(pos + 1) {
		if r.at(pos).token == t {
			return pos, true
		}
	}
	return pos, false
}

// compact moves the entries together, and tells moved of each.
func (r *ring) compact(moved func(from, to uint32, e *entry)) {
	to, mark, begun := r.first, r.first, r.first
	for pos := r.first; pos != r.end(); pos++ {
		e := r.at(pos)
		if pos == r.mark {
			mark = to
		}
		if pos == r.begun {
			begun = to
		}
		if e.is(dead) {
			continue
		}
		if pos != to {
			*r.at(to) = *e
			*e = entry{}
		}
		moved(pos, to, r.at(to))
		to++
	}
	if r.mark == r.end() {
		mark = to
	}
	if r.begun == r.end() {
		begun = to
	}
	r.n, r.dead, r.mark, r.begun = to-r.first, 0, mark, begun
}

// all calls f for each entry that has not ended, in order.
func (r *ring) all(f func(pos uint32, e *entry)) {
	for pos, ok := r.next(r.first); ok; pos, ok = r.next(pos + 1) {
		f(pos, r.at(pos))
	}
}

// release gives back the memory if there are no entries.
func (r *ring) release() {
	if r.n == 0 {
		*r = ring{}
	}
}
