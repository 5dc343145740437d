package capture

import (
	"strings"

	"github.com/mqttwire/mqttwire"
)

// add takes a segment. The side that opens the connection is the client: "The
// Client always establishes the Network Connection", section 1.2.
func (c *conversation) add(s *Segment) {
	d := c.from(s.Src)
	o := c.opposite(d)
	d.seen, c.latest = true, s.mark()
	if s.SYN {
		d.syn = true
		if c.client == nil {
			c.client = d
			if s.ACK {
				c.client = o
			}
		}
	}
	switch {
	case c.over: // what comes late, or again
	case len(c.early) > 0 && c.release(s):
	case c.isEarly(d, o, s):
		c.wait(s)
	default:
		c.readBetween(d, o, s)
	}
}

// read reads a segment whose turn it is.
func (c *conversation) read(s *Segment) {
	d := c.from(s.Src)
	c.readBetween(d, c.opposite(d), s)
}

// readBetween is read for a segment of d, of which o is the opposite direction.
func (c *conversation) readBetween(d, o *direction, s *Segment) {
	if c.over {
		return
	}
	if s.ACK && o.bytes.started {
		o.bytes.acked(s.Ack, inlet{o})
		o.close()
	}
	d.add(s, o)
	switch {
	case s.RST:
		c.reset(d, s.mark())
	default:
		d.close()
	}
}

// close ends a direction whose sender has closed it, once all before that was
// delivered.
func (d *direction) close() {
	c := d.conv
	if d.closed || c.over || !d.bytes.ended() {
		return
	}
	d.closed = true
	m := d.bytes.fin
	if d.state == seeking && c.mqtt && d.search.last.whole {
		d.found(m) // a DISCONNECT, say: a small packet, but nothing follows it
	}
	if d.state == framing {
		d.beginPartial(ClosedInside)
		d.partial.hole(ClosedInside)
		d.endPartial(m)
	}
	d.endStages(m)
	if c.mqtt {
		c.heard(m)
		e := d.event(Closed, m)
		e.Note = d.did(ended{"the client closed the connection", "the server closed the connection"})
		c.emit(&e)
	}
	if c.opposite(d).closed {
		c.ended(ClosedInside, m)
	}
}

// reset ends the conversation, by a RST in a direction.
func (c *conversation) reset(d *direction, m mark) {
	o := c.opposite(d)
	if o.syn && !o.bytes.hasMore() && !d.syn && !d.bytes.hasMore() {
		c.refused = true
		c.note(d, Refused, m, "the connection was refused")
		c.ended(ResetInside, m)
		return
	}
	c.sides[0].finish(ResetInside, m)
	c.sides[1].finish(ResetInside, m)
	if c.mqtt {
		c.heard(m)
		e := d.event(Reset, m)
		e.Note = d.did(ended{"the client reset the connection", "the server reset the connection"})
		c.emit(&e)
	}
	c.ended(ResetInside, m)
}

// hasMore reports whether there is more of a direction than its SYN.
func (a *assembler) hasMore() bool {
	return a.started && (a.next > 0 || len(a.held) > 0 || a.end >= 0)
}

// ended ends the conversation, of which only repeated segments are to come.
func (c *conversation) ended(cause Cause, m mark) {
	if c.over {
		return
	}
	c.over = true
	c.finish(cause, m)
	c.all.summary.count(c)
}

// finishes ends the conversation where the capture ends, or another one begins.
func (c *conversation) finishes(cause Cause) {
	if c.over {
		return
	}
	if c.unanswered() {
		c.over = true
		c.all.summary.count(c)
		c.note(c.clientSide(), Unanswered, c.opened, nobodyAnswered)
		return
	}
	c.ended(cause, c.latest)
}

// nobodyAnswered is what an event says of a SYN without an answer.
const nobodyAnswered = "nobody answered"

// note reports something about a connection to a port of MQTT that has none yet.
func (c *conversation) note(d *direction, k Kind, m mark, note string) {
	if !c.onMQTTPort() {
		return
	}
	e := d.event(k, m)
	e.Note = note
	c.emit(&e)
}

// drop ends a conversation that is held no longer, though it may go on: a SYN that
// nobody answered, or the one that was idle for the longest time of too many.
func (c *conversation) drop() {
	if c.over {
		return
	}
	told := c.mqtt
	c.finishes(CaptureEnds)
	if !told {
		return
	}
	e := c.sides[0].event(Dropped, c.latest)
	e.Sender, e.Note = 0, "more connections than can be held: what is still to come of this one is another stream"
	c.emit(&e)
}

// unanswered reports whether the conversation is a SYN without an answer.
func (c *conversation) unanswered() bool {
	for i, d := range c.sides {
		if d.syn && !c.sides[1-i].seen {
			return !d.bytes.hasMore()
		}
	}
	return false
}

// ended says who has ended a connection.
type ended struct{ client, server string }

// did returns what of the two the sender of a direction did.
func (d *direction) did(what ended) string {
	switch d.conv.sender(d) {
	case mqttwire.FromClient:
		return what.client
	case mqttwire.FromServer:
		return what.server
	}
	return d.src.String() + strings.TrimPrefix(what.client, "the client")
}
