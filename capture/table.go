package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/mqttwire/mqttwire"
)

// The table of conversations finds that of a segment by its addresses. A conversation
// takes much memory, of which a flood of SYNs needs nothing, nor what is repeated of
// one that has ended. So the table has an entry for each, which takes little, and a
// conversation only while it is under way.

// flow is the pair of addresses of a conversation, the same for both directions, in
// words that are found again at little cost: address and port of each.
type flow [5]uint64

func flowOf(a, b netip.AddrPort) flow {
	low, high := a.Addr().As16(), b.Addr().As16()
	f := flow{
		binary.BigEndian.Uint64(low[:]), binary.BigEndian.Uint64(low[8:]),
		binary.BigEndian.Uint64(high[:]), binary.BigEndian.Uint64(high[8:]),
		uint64(a.Port())<<16 | uint64(b.Port()),
	}
	if f[0] > f[2] || f[0] == f[2] && (f[1] > f[3] || f[1] == f[3] && a.Port() > b.Port()) {
		return flow{f[2], f[3], f[0], f[1], uint64(b.Port())<<16 | uint64(a.Port())}
	}
	return f
}

// entry is what the table has of a conversation.
type entry struct {
	conv   *conversation // while it is under way
	over   bool          // it was: only repeated segments are to come
	flow   flow
	stream int

	// src and dst are those of its first segment, whose mark is opened. positions are
	// of the direction from src and of the other one, while there is no conversation.
	src, dst  netip.AddrPort
	opened    mark
	positions [2]position

	links   [2]link // see holding
	counted int     // how many bytes conv was counted with
}

// spare is what was used and may be used again.
type spare struct {
	entries       *entry // by their links
	conversations []*conversation
}

// maxSpare is how many conversations are kept that are not used.
const maxSpare = 64

// of returns the entry that a segment belongs to.
func (c *Conversations) of(s *Segment) *entry {
	e := c.recent
	if e == nil || !(e.src == s.Src && e.dst == s.Dst || e.src == s.Dst && e.dst == s.Src) {
		f := flowOf(s.Src, s.Dst)
		if e = c.open[f]; e == nil {
			e = c.begin(f, s)
		}
	}
	if e.isReplacedBy(s) {
		c.finishes(e, LostInside)
		f := e.flow
		c.forget(e)
		e = c.begin(f, s)
	}
	c.recent = e
	return e
}

// begin begins the next stream, with its first segment.
func (c *Conversations) begin(f flow, s *Segment) *entry {
	e := c.spare.entries
	if e != nil {
		c.spare.entries = e.links[0].next
	} else {
		e = new(entry)
	}
	*e = entry{flow: f, stream: c.nextStream(), src: s.Src, dst: s.Dst, opened: s.mark()}
	c.open[f] = e
	return e
}

// addTo adds a segment to its conversation, which begins with what is more than a SYN.
func (c *Conversations) addTo(e *entry, s *Segment) {
	switch {
	case e.conv != nil:
		e.conv.add(s)
	case e.over: // it comes late, or again
	case s.isLoneSYN() && s.Src == e.src:
		e.positions[0] = position{started: true, fromStart: true, first: s.Seq + 1}
	default:
		c.converse(e).add(s)
	}
}

// isLoneSYN reports whether a segment is a SYN that opens a connection, and nothing
// else.
func (s *Segment) isLoneSYN() bool {
	return s.SYN && !s.ACK && !s.FIN && !s.RST && s.size() == 0
}

// converse begins the conversation of an entry, with the SYN that it has, if it has
// one.
func (c *Conversations) converse(e *entry) *conversation {
	var conv *conversation
	if n := len(c.spare.conversations); n > 0 {
		conv, c.spare.conversations = c.spare.conversations[n-1], c.spare.conversations[:n-1]
	} else {
		conv = new(conversation)
	}
	conv.begin(e.stream, e.src, e.dst, c)
	conv.opened, e.conv = e.opened, conv
	if p := e.positions[0]; p.started {
		conv.add(&Segment{
			Record: e.opened.record, File: e.opened.file, Time: e.opened.time, order: e.opened.order,
			Src: e.src, Dst: e.dst, SYN: true, Seq: p.first - 1,
		})
	}
	return conv
}

// isReplacedBy reports whether a segment is of another connection between the same
// addresses. A SYN or SYN+ACK of this one, sent again or recorded late, has the
// sequence number before the first byte. A SYN whose direction has nothing yet opens
// another if the opposite one began in the middle of a connection: in this one it
// would have come first. Where no SYN tells, a sequence number does that is far from
// all before.
func (e *entry) isReplacedBy(s *Segment) bool {
	own, other := &e.positions[0], &e.positions[1]
	if c := e.conv; c != nil {
		own, other = &c.both[0].bytes.position, &c.both[1].bytes.position
	}
	if s.Src != e.src {
		own, other = other, own
	}
	switch {
	case s.SYN && own.started:
		return own.first != s.Seq+1
	case s.SYN:
		return !s.ACK && other.started && !other.fromStart
	case !own.started || s.RST:
		return false
	case e.over:
		return own.farOff(s, maxHeldBytes)
	}
	return own.farOff(s, maxJump)
}

// finishes ends what an entry has where the capture ends, or another connection begins.
func (c *Conversations) finishes(e *entry, cause Cause) {
	switch {
	case e.conv != nil:
		e.conv.finishes(cause)
	case !e.over:
		c.unanswered(e)
	}
}

// unanswered reports a SYN that nobody answered.
func (c *Conversations) unanswered(e *entry) {
	e.over = true
	c.summary.Unanswered++
	if !c.options.isMQTT(e.src.Port()) && !c.options.isMQTT(e.dst.Port()) {
		return
	}
	c.queue.emit(&Event{
		Kind: Unanswered, Record: e.opened.record, File: e.opened.file, Time: e.opened.time,
		Stream: e.stream, Src: e.src, Dst: e.dst, Sender: mqttwire.FromClient, Note: nobodyAnswered,
	}, nil)
}

// ends takes a conversation that has ended off its entry.
func (c *Conversations) ends(e *entry) {
	conv := e.conv
	e.over, e.positions = true, [2]position{conv.both[0].bytes.position, conv.both[1].bytes.position}
	c.release(e)
}

// release lets go of an entry's conversation.
func (c *Conversations) release(e *entry) {
	h := c.holding
	if e.links[1].chain != nil {
		h.heavy.remove(e)
	}
	h.bytes -= e.counted
	e.counted = 0
	*e.conv = conversation{}
	if len(c.spare.conversations) < maxSpare {
		c.spare.conversations = append(c.spare.conversations, e.conv)
	}
	e.conv = nil
}

// forget takes an entry out of the table.
func (c *Conversations) forget(e *entry) {
	if e.conv != nil {
		c.release(e)
	}
	delete(c.open, e.flow)
	if c.recent == e {
		c.recent = nil
	}
	if chain := e.links[0].chain; chain != nil {
		chain.remove(e)
	}
	e.links[0].next, c.spare.entries = c.spare.entries, e
}
