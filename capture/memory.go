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

// chain is a list of entries, that which had a segment longest ago first.
type chain struct {
	first, last *entry
	size        int
	which       int // of entry.links it uses
}

// link is the place of an entry in one of the chains that use it.
type link struct {
	chain      *chain
	prev, next *entry
}

// holding is what Conversations hold.
type holding struct {
	open, unbegun, over chain // by the first link
	heavy               chain // by the second
	bytes               int   // that wait in all of them
}

func newHolding() *holding { return &holding{heavy: chain{which: 1}} }

// add puts an entry at the end, wherever it was.
func (l *chain) add(e *entry) {
	at := &e.links[l.which]
	if at.chain == l && l.last == e {
		return
	}
	if at.chain != nil {
		at.chain.remove(e)
	}
	*at = link{chain: l, prev: l.last}
	if l.last != nil {
		l.last.links[l.which].next = e
	} else {
		l.first = e
	}
	l.last = e
	l.size++
}

// remove takes an entry out of the chain, in which it is.
func (l *chain) remove(e *entry) {
	at := &e.links[l.which]
	if at.prev != nil {
		at.prev.links[l.which].next = at.next
	} else {
		l.first = at.next
	}
	if at.next != nil {
		at.next.links[l.which].prev = at.prev
	} else {
		l.last = at.prev
	}
	l.size--
	*at = link{}
}

// touch takes note that a conversation had a segment, and holds no more than it may.
func (c *Conversations) touch(e *entry) {
	h := c.holding
	if e.conv != nil && e.conv.over {
		c.ends(e)
	}
	switch {
	case e.over:
		h.over.add(e)
	case e.conv != nil && e.conv.begun():
		h.open.add(e)
	default:
		h.unbegun.add(e)
	}
	if e.conv != nil {
		c.weigh(e)
	}
	switch {
	case h.over.size > maxOver:
		c.forget(h.over.first)
	case h.open.size > maxOpen:
		c.dropIdle(&h.open)
	case h.unbegun.size > maxUnbegun:
		c.dropIdle(&h.unbegun)
	}
	if h.bytes > maxWaiting {
		c.relieve()
	}
}

// dropIdle drops the conversation of a chain that was idle for the longest time.
func (c *Conversations) dropIdle(l *chain) {
	idle := l.first
	if idle.conv != nil {
		idle.conv.drop()
	} else {
		c.finishes(idle, CaptureEnds)
	}
	c.forget(idle)
}

// weigh counts how much a conversation holds.
func (c *Conversations) weigh(e *entry) {
	h := c.holding
	n := e.conv.held()
	h.bytes += n - e.counted
	e.counted = n
	switch {
	case n > heavy:
		h.heavy.add(e)
	case e.links[1].chain != nil:
		h.heavy.remove(e)
	}
}

// relieve lets conversations hold less, or nothing, until all hold no more than they
// may.
func (c *Conversations) relieve() {
	h := c.holding
	for h.bytes > maxWaiting {
		switch {
		case h.heavy.first != nil:
			c.relieveOf(h.heavy.first)
		case h.open.first != nil: // each holds little, but there are many
			c.dropIdle(&h.open)
		case h.unbegun.first != nil:
			c.dropIdle(&h.unbegun)
		default:
			return
		}
	}
}

// relieveOf lets a conversation hold less, or nothing.
func (c *Conversations) relieveOf(e *entry) {
	for _, d := range e.conv.sides {
		d.relieve()
	}
	c.weigh(e)
	if e.links[1].chain == nil {
		return
	}
	e.conv.drop()
	c.forget(e)
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
