package capture

import (
	"bytes"
	"slices"
	"time"
)

// What an assembler holds behind a hole before it gives the hole up, in bytes
// and in pieces. A segment that was lost on the way comes again within the
// receiver's window, which is seldom over 4 MiB; one that only the capture lost
// never comes.
const (
	maxHeldBytes  = 4 << 20
	maxHeldPieces = 1 << 12
)

// What is held, and for how long, if the capture has nothing of the receiver,
// whose acknowledgements would tell what came.
const (
	maxHeldAlone = 256 << 10
	maxWaitAlone = 5 * time.Second
)

// maxJump is how far from the bytes before a segment may be that is of the same
// connection: further than that no window reaches in practice.
const maxJump = 64 << 20

// stream takes what an assembler puts in order.
type stream interface {
	// take gets the next bytes, which it may not keep. The mark is that of the
	// record that completed them.
	take(data []byte, m mark)

	// lose says that the next n bytes are not in the capture.
	lose(n int64, m mark)
}

// assembler puts the payload of one direction's segments in order. Each byte is
// delivered once, as it arrived first; holes are filled or given up.
type assembler struct {
	position
	end       int64 // offset behind the last byte, told by FIN; -1 until then
	peer      int64 // the receiver has all bytes before this offset, or more
	held      []piece
	heldBytes int
	last      mark // of what was delivered last
	fin       mark // of the segment that told the end
}

// position is how far a direction has come.
type position struct {
	started   bool
	fromStart bool   // the SYN was seen, so offset 0 is the first byte of the direction
	first     uint32 // sequence number of offset 0
	next      int64  // offset of the next byte to deliver; what is held stands behind it
}

// piece is a run of bytes that waits for what comes before it.
type piece struct {
	mark
	offset int64
	size   int64
	data   []byte // nil: these bytes were on the wire, but are not in the record
}

// begin fixes the sequence number of offset 0.
func (a *assembler) begin(first uint32, fromStart bool) {
	*a = assembler{position: position{started: true, fromStart: fromStart, first: first}, end: -1}
}

// offset returns the offset that a sequence number stands for: the one nearest
// to the next byte, since sequence numbers wrap.
func (p *position) offset(seq uint32) int64 {
	return p.next + int64(int32(seq-p.first-uint32(p.next)))
}

// add takes a segment and delivers what it completes.
func (a *assembler) add(s *Segment, to stream) {
	seq, payload, missing := s.Seq, s.Payload, int64(s.Missing)
	if s.SYN {
		seq++ // the SYN itself takes a number
	}
	if s.RST {
		// Bytes in a RST explain it to people; they belong to no stream.
		payload, missing = nil, 0
	}
	size := int64(len(payload)) + missing
	if !a.started {
		if !s.SYN && size == 0 && !s.FIN {
			// A keepalive probe without payload names a byte before the next.
			return
		}
		a.begin(seq, s.SYN)
	}
	offset := a.offset(seq)
	if s.FIN && a.end < 0 {
		a.end, a.fin = offset+size, s.mark()
	}
	if n := int64(len(payload)); n > 0 && missing == 0 && offset == a.next && len(a.held) == 0 {
		a.last = a.last.later(s.mark()) // nearly always, and it costs no copy
		a.next += n
		to.take(payload, a.last)
	} else if n > 0 {
		a.insert(piece{mark: s.mark(), offset: offset, size: n, data: payload}, to)
		offset += n
	}
	if missing > 0 {
		a.insert(piece{mark: s.mark(), offset: offset, size: missing}, to)
	}
	a.giveUpAcked(to)
	for a.heldBytes > maxHeldBytes || len(a.held) > maxHeldPieces {
		a.giveUp(to)
	}
}

// insert delivers or holds those bytes of p that were not there before.
func (a *assembler) insert(p piece, to stream) {
	p = p.from(a.next)
	if p.size > 0 && p.offset == a.next && (len(a.held) == 0 || p.offset+p.size <= a.held[0].offset) {
		a.deliver(p, to)
		p.size = 0
	}
	for i := a.search(p.offset); p.size > 0; i++ {
		gap := p
		if i < len(a.held) {
			gap.size = min(p.size, max(a.held[i].offset-p.offset, 0))
		}
		if gap.size > 0 {
			if gap.data != nil {
				gap.data = bytes.Clone(gap.data[:gap.size])
				a.heldBytes += len(gap.data)
			}
			a.held = slices.Insert(a.held, i, gap)
			i++
		}
		if i >= len(a.held) {
			break
		}
		p = p.from(a.held[i].offset + a.held[i].size)
	}
	a.deliverHeld(to)
}

// from returns what p has at and behind an offset.
func (p piece) from(offset int64) piece {
	if n := min(offset-p.offset, p.size); n > 0 {
		p.offset += n
		p.size -= n
		if p.data != nil {
			p.data = p.data[n:]
		}
	}
	return p
}

// search returns the index of the first held piece that ends behind offset.
func (a *assembler) search(offset int64) int {
	i, _ := slices.BinarySearchFunc(a.held, offset, func(p piece, offset int64) int {
		if p.offset+p.size <= offset {
			return -1
		}
		return 1
	})
	return i
}

func (a *assembler) deliver(p piece, to stream) {
	a.last = a.last.later(p.mark)
	a.next += p.size
	if p.data == nil {
		to.lose(p.size, a.last)
		return
	}
	to.take(p.data, a.last)
}

// deliverHeld delivers what is held up to the next hole.
func (a *assembler) deliverHeld(to stream) {
	for len(a.held) > 0 && a.held[0].offset == a.next {
		p := a.held[0]
		a.held[0].data = nil
		if a.held = a.held[1:]; len(a.held) == 0 {
			a.held = nil
		}
		a.heldBytes -= len(p.data)
		a.deliver(p, to)
	}
}

// giveUp reports the first hole as lost and delivers what stands behind it.
func (a *assembler) giveUp(to stream) {
	first := a.held[0]
	a.deliver(piece{mark: first.mark, offset: a.next, size: first.offset - a.next}, to)
	a.deliverHeld(to)
}

// acked hears from the receiver that all bytes before a sequence number have come:
// those of them that are not there now are not in the capture. A hole behind which
// nothing is may still be filled: the acknowledgement may have been recorded before
// what it is for.
func (a *assembler) acked(ack uint32, to stream) {
	if at := a.offset(ack); at <= a.next+maxJump { // else it is of no segment that was seen
		a.peer = max(a.peer, at)
	}
	a.giveUpAcked(to)
}

// giveUpAcked gives up the holes that the receiver has acknowledged past.
func (a *assembler) giveUpAcked(to stream) {
	for len(a.held) > 0 && a.peer >= a.held[0].offset {
		a.giveUp(to)
	}
	if len(a.held) == 0 && a.end > a.next && a.peer >= a.end {
		a.deliver(piece{mark: a.fin, offset: a.next, size: a.end - a.next}, to)
	}
}

// alone gives holes up where no acknowledgements tell, at the time of a segment.
func (a *assembler) alone(now mark, to stream) {
	for len(a.held) > 0 && (a.heldBytes > maxHeldAlone || now.time.Sub(a.held[0].time) > maxWaitAlone) {
		a.giveUp(to)
	}
}

// skip takes a segment of a direction that is not read any more.
func (a *assembler) skip(s *Segment) {
	if !a.started {
		a.begin(s.Seq, s.SYN)
	}
	a.next = max(a.next, a.offset(s.Seq)+s.size())
	if s.FIN {
		a.end, a.fin = a.next, s.mark()
	}
}

// ended reports whether all bytes up to the end that FIN told were delivered.
func (a *assembler) ended() bool { return a.started && a.end >= 0 && a.next >= a.end }

// farOff reports whether a segment with payload is of another connection, by its
// sequence number.
func (p *position) farOff(s *Segment, reach int64) bool {
	at := p.offset(s.Seq)
	return s.size() > 0 && (at+s.size() < p.next-reach || at > p.next+reach)
}

// finish gives up all holes, since no more segments come, and returns how many
// bytes are missing before the end that FIN told.
func (a *assembler) finish(to stream) (missing int64) {
	for len(a.held) > 0 {
		a.giveUp(to)
	}
	if !a.started {
		return 0
	}
	return max(a.end-a.next, 0)
}
