package capture

import "bytes"

// How many conversations are held at most: those under way; those of which only
// segments without payload came, as of a flood of SYNs; and those that have ended,
// of which segments may still be repeated.
const (
	maxOpen    = 1 << 14
	maxUnbegun = 1 << 11
	maxOver    = 1 << 10
)

// How many bytes all conversations together hold that wait for something, at most;
// and with how many a conversation is asked first to hold less.
const (
	maxWaiting = 20 << 20
	heavy      = 64 << 10
)

// chain is a list of conversations, that which had a segment longest ago first.
type chain struct {
	first, last *conversation
	size        int
	link        func(*conversation) *link
}

// link is the place of a conversation in one of the chains that use it.
type link struct {
	chain      *chain
	prev, next *conversation
}

// holding is what Conversations hold.
type holding struct {
	open, unbegun, over chain // by conversation.place
	heavy               chain // by conversation.heavyPlace
	bytes               int   // that wait in all of them
}

func newHolding() *holding {
	all := func(c *conversation) *link { return &c.place }
	h := new(holding)
	h.open.link, h.unbegun.link, h.over.link = all, all, all
	h.heavy.link = func(c *conversation) *link { return &c.heavyPlace }
	return h
}

// add puts a conversation at the end, wherever it was.
func (l *chain) add(c *conversation) {
	at := l.link(c)
	if at.chain == l && l.last == c {
		return
	}
	l.remove(c)
	*at = link{chain: l, prev: l.last}
	if l.last != nil {
		l.link(l.last).next = c
	} else {
		l.first = c
	}
	l.last = c
	l.size++
}

// remove takes a conversation out of the chain that it is in.
func (l *chain) remove(c *conversation) {
	at := l.link(c)
	in := at.chain
	if in == nil {
		return
	}
	if at.prev != nil {
		in.link(at.prev).next = at.next
	} else {
		in.first = at.next
	}
	if at.next != nil {
		in.link(at.next).prev = at.prev
	} else {
		in.last = at.prev
	}
	in.size--
	*at = link{}
}

// touch takes note that a conversation had a segment, and holds no more than it may.
func (c *Conversations) touch(conv *conversation) {
	h := c.holding
	switch {
	case conv.over:
		h.over.add(conv)
	case conv.begun():
		h.open.add(conv)
	default:
		h.unbegun.add(conv)
	}
	if h.over.size > maxOver {
		c.forget(h.over.first)
	}
	for _, l := range [...]struct {
		chain *chain
		max   int
	}{{&h.open, maxOpen}, {&h.unbegun, maxUnbegun}} {
		if l.chain.size > l.max {
			c.dropIdle(l.chain)
		}
	}
	if conv.place.chain != nil {
		c.weigh(conv)
	}
	for h.bytes > maxWaiting {
		switch {
		case h.heavy.first != nil:
			c.relieve(h.heavy.first)
		case h.open.first != nil: // each holds little, but there are many
			c.dropIdle(&h.open)
		default:
			return
		}
	}
}

// dropIdle drops the conversation of a chain that was idle for the longest time.
func (c *Conversations) dropIdle(l *chain) {
	idle := l.first
	idle.drop()
	c.forget(idle)
}

// weigh counts how much a conversation holds.
func (c *Conversations) weigh(conv *conversation) {
	h := c.holding
	n := conv.held()
	h.bytes += n - conv.counted
	conv.counted = n
	switch {
	case n > heavy:
		h.heavy.add(conv)
	case conv.heavyPlace.chain != nil:
		h.heavy.remove(conv)
	}
}

// relieve lets a conversation hold less, or nothing.
func (c *Conversations) relieve(conv *conversation) {
	for _, d := range conv.sides {
		d.relieve()
	}
	c.weigh(conv)
	if conv.heavyPlace.chain == nil {
		return
	}
	conv.drop()
	c.forget(conv)
}

// forget ends that a conversation is held.
func (c *Conversations) forget(conv *conversation) {
	h := c.holding
	h.open.remove(conv)
	h.heavy.remove(conv)
	h.bytes -= conv.counted
	conv.counted = 0
	delete(c.open, flowOf(conv.both[0].src, conv.both[0].dst))
	if c.recent == conv {
		c.recent = nil
	}
	*conv = conversation{place: link{next: c.spare}}
	c.spare = conv
}

// begun reports whether a segment with payload came.
func (c *conversation) begun() bool { return c.sides[0].bytes.hasMore() || c.sides[1].bytes.hasMore() }

// held is how many bytes the conversation holds besides its fixed size, about.
func (c *conversation) held() int {
	n := len(c.clientID)
	for _, s := range c.early {
		n += len(s.Payload)
	}
	for _, d := range c.sides {
		n += d.held()
	}
	for _, s := range c.stages {
		n += s.Held()
	}
	return n
}

// held is how many bytes the direction holds, about.
func (d *direction) held() int {
	const pieceSize, searchPieceSize = 88, 56
	return d.bytes.heldBytes + pieceSize*cap(d.bytes.held) + cap(d.buf) + cap(d.partial.body) +
		cap(d.search.buf) + searchPieceSize*cap(d.search.pieces) + 2*d.named
}

// relieve gives up what the direction waits for, and keeps of a packet the first part.
func (d *direction) relieve() {
	for len(d.bytes.held) > 0 {
		d.bytes.giveUp(inlet{d})
	}
	switch {
	case d.state == framing && len(d.buf) > heavy/4:
		d.cutShort(d.bytes.last)
	case d.state == framing:
		d.buf = bytes.Clone(d.buf)
	case d.state == seeking && cap(d.search.buf) > heavy/4:
		d.search.skipAll()
	}
	d.forgetAliases()
	d.close()
}
