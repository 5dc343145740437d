package capture

import (
	"cmp"
	"fmt"
	"iter"
	"net/netip"
	"slices"
)

// Conversations are the TCP conversations of one capture. Segments go in, and
// the events of those conversations that are MQTT come out. It is for one
// goroutine at a time.
type Conversations struct {
	options Options
	open    map[flow]*entry
	raw     *conversation // what AddBytes takes
	streams int
	last    int    // record of the last segment
	recent  *entry // that of the last segment, or nil
	spare   spare
	queue   eventQueue
	holding *holding
	summary Summary
}

// NewConversations begins a capture. The error is for options that cannot be
// met.
func NewConversations(o Options) (*Conversations, error) {
	for _, v := range o.StreamVersions {
		if !v.Known() {
			return nil, fmt.Errorf("there is no MQTT version %v", v)
		}
	}
	if o.Version != 0 && !o.Version.Known() {
		return nil, fmt.Errorf("there is no MQTT version %v", o.Version)
	}
	o.Stages = append(slices.Clip(o.Stages), openProxyStage)
	c := &Conversations{options: o, open: make(map[flow]*entry), holding: newHolding()}
	c.queue.summary = &c.summary
	return c, nil
}

// Add takes the next segment, in the order in which the segments were recorded.
func (c *Conversations) Add(s Segment) {
	if s.Record == 0 {
		s.Record = c.last + 1
	}
	c.last = s.Record
	s.order = c.summary.Segments
	c.summary.Segments++
	c.queue.expire(s.Time)
	if !s.Src.IsValid() && !s.Dst.IsValid() {
		c.addRow(&s)
		return
	}
	e := c.of(&s)
	c.addTo(e, &s)
	c.touch(e)
}

// AddBytes takes the next bytes of MQTT that came without TCP, of one side or of
// both in turn: packet behind packet, of which the first begins at the first
// byte. They are a conversation of their own, and their packets are counted in
// place of records. b is not kept.
func (c *Conversations) AddBytes(b []byte) {
	if c.raw == nil {
		c.BeginBytes(0)
	}
	c.raw.sides[0].take(b, mark{record: c.raw.count + 1})
}

// addRow takes a segment without addresses: the next bytes of both sides.
func (c *Conversations) addRow(s *Segment) {
	if c.raw == nil || !c.raw.recorded {
		c.BeginBytes(s.File)
		c.raw.recorded = true
	}
	d := c.raw.sides[0]
	d.take(s.Payload, s.mark())
	if s.Missing > 0 {
		d.lose(int64(s.Missing), s.mark())
	}
}

// BeginBytes begins another conversation for AddBytes, whose events name a file; one
// that was begun before ends.
func (c *Conversations) BeginBytes(file int) {
	if c.raw != nil {
		c.raw.finishes(CaptureEnds)
	}
	c.raw = new(conversation)
	c.raw.begin(c.nextStream(), netip.AddrPort{}, netip.AddrPort{}, c)
	c.raw.raw, c.raw.mqtt, c.raw.file = true, true, file
	c.raw.sides[0].state, c.raw.sides[0].wholeStart = framing, true
}

// Next returns the next event, in the order of the segments that completed them;
// what stands behind a hole in a direction comes when the hole is given up, and what
// comes before the first packet boundary is sure, when that is. ok is false if there
// is none until more is added.
func (c *Conversations) Next() (e Event, ok bool) { return c.queue.pop() }

// Handle has take called with each event as it comes about, in place of Next and
// Events: what waits at once, the others in the course of Add, AddBytes and Finish,
// which take must not call. So no events wait, however many packets a segment
// completes: that bounds memory. When take returns false it is not called any more,
// and what comes about waits for Next again.
func (c *Conversations) Handle(take func(Event) bool) {
	c.queue.handler = take
	c.queue.flush()
}

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
	open := make([]*entry, 0, len(c.open)+1)
	for _, e := range c.open {
		open = append(open, e)
	}
	if c.raw != nil {
		open = append(open, &entry{conv: c.raw, stream: c.raw.stream})
	}
	slices.SortFunc(open, func(a, b *entry) int { return cmp.Compare(a.stream, b.stream) })
	for _, e := range open {
		c.finishes(e, CaptureEnds)
	}
	clear(c.open)
	c.raw, c.recent, c.spare, c.holding = nil, nil, spare{}, newHolding()
	c.queue.flush()
}

// nextStream counts one more stream.
func (c *Conversations) nextStream() int {
	stream := c.streams
	c.streams++
	c.summary.Streams++
	return stream
}

// Iterate returns the events of a capture whose segments are given, as they come
// about: it is a Conversations for who needs no more. The error, which comes alone
// and first, is for options that cannot be met.
func Iterate(segments iter.Seq[Segment], o Options) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		c, err := NewConversations(o)
		if err != nil {
			yield(Event{}, err)
			return
		}
		stopped := false
		c.Handle(func(e Event) bool {
			stopped = !yield(e, nil)
			return !stopped
		})
		for s := range segments {
			if c.Add(s); stopped {
				return
			}
		}
		c.Finish()
	}
}
