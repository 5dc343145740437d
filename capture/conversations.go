package capture

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"

	"github.com/mqttwire/mqttwire"
)

// Options say how conversations are read. The zero value is good.
type Options struct {
	// Version is the version of conversations whose CONNECT is not in the
	// capture. If it is 0 their packets tell it, as far as they can.
	Version mqttwire.Version

	// Stages are asked in turn, for each conversation that begins with another
	// protocol, for a Stage that reads it; the first that has one is taken. If none
	// has, the conversation is NotMQTT.
	Stages []StageOpener
}

// Conversations are the TCP conversations of one capture. Segments go in, and
// the events of those conversations that are MQTT come out. It is for one
// goroutine at a time.
type Conversations struct {
	options Options
	open    map[flow]*conversation
	raw     *conversation // what AddBytes takes
	streams int
	last    int // record of the last segment
	queue   eventQueue
}

// NewConversations begins a capture. The error is for options that cannot be
// met.
func NewConversations(o Options) (*Conversations, error) {
	if o.Version != 0 && !o.Version.Known() {
		return nil, fmt.Errorf("there is no MQTT version %v", o.Version)
	}
	return &Conversations{options: o, open: make(map[flow]*conversation)}, nil
}

// Add takes the next segment, in the order in which the segments were recorded.
func (c *Conversations) Add(s Segment) {
	if s.Record == 0 {
		s.Record = c.last + 1
	}
	c.last = s.Record
	c.of(s).add(s)
}

// AddBytes takes the next bytes of MQTT that came without TCP, of one side or of
// both in turn: packet behind packet, of which the first begins at the first
// byte. They are a conversation of their own, and their packets are counted in
// place of records. b is not kept.
func (c *Conversations) AddBytes(b []byte) {
	if c.raw == nil {
		c.raw = c.begin(netip.AddrPort{}, netip.AddrPort{})
		c.raw.raw, c.raw.mqtt = true, true
		c.raw.sides[0].state = framing
	}
	c.raw.sides[0].take(b, mark{record: c.raw.count + 1})
}

// Next returns the next event, in the order of the segments that completed them;
// what stands behind a hole in a direction comes when the hole is given up. ok is
// false if there is none until more is added.
func (c *Conversations) Next() (e Event, ok bool) { return c.queue.pop() }

// Events iterates over what Next returns.
func (c *Conversations) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			e, ok := c.Next()
			if !ok || !yield(e) {
				return
			}
		}
	}
}

// Finish ends all conversations: what is added later belongs to others. Next
// returns what is left of them.
func (c *Conversations) Finish() {
	open := slices.Collect(maps.Values(c.open))
	if c.raw != nil {
		open = append(open, c.raw)
	}
	slices.SortFunc(open, func(a, b *conversation) int { return a.stream - b.stream })
	for _, conv := range open {
		conv.finish()
	}
	clear(c.open)
	c.raw = nil
}

// of returns the conversation that a segment belongs to.
func (c *Conversations) of(s Segment) *conversation {
	key := flowOf(s.Src, s.Dst)
	conv := c.open[key]
	if conv != nil && conv.isReplacedBy(s) {
		conv.finish()
		conv = nil
	}
	if conv == nil {
		conv = c.begin(s.Src, s.Dst)
		c.open[key] = conv
	}
	return conv
}

// begin begins the next stream.
func (c *Conversations) begin(src, dst netip.AddrPort) *conversation {
	conv := newConversation(c.streams, src, dst, &c.queue, c.options)
	c.streams++
	return conv
}
