package capture

import (
	"bytes"
	"time"
)

// A segment may acknowledge bytes that are not in the capture yet: they are recorded
// a little later, as where several queues are recorded side by side, or they never
// are. So an early segment waits until they come, or until it is clear that they do
// not; then they are given up first. Either way an answer stands behind what it
// answers.

// How many segments wait at most, and for how long by the time of the capture.
const (
	maxEarly     = 8
	maxEarlyWait = time.Second
)

// isEarly reports whether a segment of d has to wait for bytes of o, the opposite
// direction.
func (c *conversation) isEarly(d, o *direction, s *Segment) bool {
	switch {
	case c.over || s.RST || d.state == done || o.state == done || !o.bytes.started:
		return false
	case len(c.early) > 0:
		return len(c.early) < maxEarly && c.early[0].Src == s.Src
	case !s.ACK || s.size() == 0 || len(o.bytes.held) > 0 || o.bytes.ended():
		return false
	}
	return o.bytes.tail(s.Ack) > 0
}

// wait lets an early segment wait.
func (c *conversation) wait(s *Segment) {
	c.early = append(c.early, *s)
	last := &c.early[len(c.early)-1]
	last.Payload = bytes.Clone(last.Payload)
}

// release reads early segments, as far as the segment that comes now allows. It
// reports whether that was read with them.
func (c *conversation) release(s *Segment) bool {
	first := &c.early[0]
	o := c.opposite(c.from(first.Src))
	switch {
	case s.Src == first.Src:
		if s.RST || len(c.early) == maxEarly || s.Time.Sub(first.Time) > maxEarlyWait {
			c.releaseAll()
		}
		return false
	case s.size() == 0 || o.bytes.offset(s.Seq) > o.bytes.next:
		c.releaseAll() // what they acknowledge would have come before this
		return false
	}
	c.read(s)
	for len(c.early) > 0 && o.bytes.tail(c.early[0].Ack) <= 0 {
		early := c.nextEarly()
		c.read(&early)
	}
	return true
}

// releaseAll reads all early segments, and gives up what they acknowledge.
func (c *conversation) releaseAll() {
	for len(c.early) > 0 {
		s := c.nextEarly()
		o := c.opposite(c.from(s.Src))
		if n := o.bytes.tail(s.Ack); s.ACK && n > 0 && len(o.bytes.held) == 0 && o.state != done {
			o.bytes.deliver(piece{mark: s.mark(), offset: o.bytes.next, size: n}, inlet{o})
		}
		c.read(&s)
	}
}

// nextEarly takes the first early segment off.
func (c *conversation) nextEarly() Segment {
	s := c.early[0]
	c.early[0] = Segment{}
	if c.early = c.early[1:]; len(c.early) == 0 {
		c.early = nil
	}
	return s
}

// tail is how many bytes behind the last one that is there an acknowledgement is
// for; 0 or less if it is for none, or of no segment of this connection.
func (a *assembler) tail(ack uint32) int64 {
	n := a.offset(ack) - a.next
	if a.end >= 0 {
		n = min(n, a.end-a.next) // a FIN takes a number itself
	}
	if n > maxJump {
		return 0
	}
	return n
}
