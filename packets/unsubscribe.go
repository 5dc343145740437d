package packets

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// Unsubscribe is UNSUBSCRIBE, a client's request to end subscriptions. Section
// 3.10.
type Unsubscribe struct {
	// Properties. 5.0 only: other versions leave them out. Section 3.10.2.1.
	Properties mqttwire.Properties

	// Filters are topic filters of 1 to 65535 bytes, in 5.0 also shared ones. It
	// has at least one entry; in 3.1, which does not say so, it may be empty.
	// Decode reuses the slice.
	Filters [][]byte

	// PacketID is the packet identifier, 1 to 65535. Section 3.10.2.
	PacketID uint16

	// Dup says that the packet is sent again. 3.1 only: other versions have no
	// such flag here and leave it out.
	Dup bool
}

// Type returns UNSUBSCRIBE.
func (p *Unsubscribe) Type() mqttwire.PacketType { return mqttwire.UNSUBSCRIBE }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Unsubscribe) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decodePlain(f, v) {
		return nil
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Unsubscribe) decodePlain(f mqttwire.Frame, v mqttwire.Version) bool {
	id := plainID(f.Body)
	if id == 0 || !shortFrame(f, mqttwire.UNSUBSCRIBE, v) && !plainFrame(f, mqttwire.UNSUBSCRIBE, v) || tooRoomy(cap(p.Filters), len(f.Body)) {
		return false
	}
	rest := plainProperties(&p.Properties, f.Body[2:], mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE), v)
	n, ok := decodePlainFilters(p.Filters[:cap(p.Filters)], rest, v)
	p.Filters, p.PacketID, p.Dup = filled(p.Filters, n), id, false
	return ok
}

// decodePlainFilters fills the list with the topic filters in b, and returns how
// many it wrote and whether they are all, at least one, and legal.
func decodePlainFilters(list [][]byte, b []byte, v mqttwire.Version) (n int, ok bool) {
	for ; n < len(list); n++ {
		filter, rest, ok := plainFilter(b, v)
		if !ok {
			return n, false
		}
		list[n] = filter
		if b = rest; len(b) == 0 {
			return n + 1, true
		}
	}
	return n, false // no room for the next
}

func (p *Unsubscribe) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	list := reuse(p.Filters, len(f.Body))
	*p = Unsubscribe{Filters: list}
	var c mqttwire.Cursor
	c.Reset(f, mqttwire.UNSUBSCRIBE, v, tolerance)
	p.decode(&c)
	if err := c.Err(); err != nil {
		*p = Unsubscribe{Filters: reuse(p.Filters, len(f.Body))}
		return err
	}
	return nil
}

func (p *Unsubscribe) decode(c *mqttwire.Cursor) {
	v := c.Version()
	p.Dup = v == mqttwire.V31 && c.Flags()&flagDup != 0
	p.PacketID = c.PacketID()
	c.Properties(mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE), &p.Properties)
	if c.Len() == 0 && v != mqttwire.V31 { // [MQTT-3.10.3-2]
		c.Fail(mqttwire.RuleNoFilters, mqttwire.FieldTopicFilter, 0)
	}
	for c.Len() > 0 {
		if len(p.Filters) == cap(p.Filters) {
			p.Filters = slices.Grow(p.Filters, c.Entries(0))
		}
		p.Filters = append(p.Filters, c.TopicFilter(mqttwire.FieldTopicFilter))
	}
}

// Size returns the number of bytes that Append adds for version v.
func (p *Unsubscribe) Size(v mqttwire.Version) int { return packetSize(p.bodySize(v)) }

func (p *Unsubscribe) bodySize(v mqttwire.Version) uint64 {
	n := 2 + propertiesSize(&p.Properties, v)
	for _, f := range p.Filters {
		n += stringSize(f)
	}
	return n
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Unsubscribe) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE), v)
	if !ok || p.PacketID == 0 || len(p.Filters) == 0 || p.Dup && v == mqttwire.V31 {
		return p.appendExact(dst, v)
	}
	n := 2 + plainListSize(list, v)
	for _, f := range p.Filters {
		n += stringSize(f)
	}
	if n > mqttwire.MaxVarint {
		return p.appendExact(dst, v)
	}
	b := appendHeader(dst, byte(mqttwire.UNSUBSCRIBE)<<4|mqttwire.UNSUBSCRIBE.Flags(), n, n)
	end := len(b) + int(n)
	b = append(b, byte(p.PacketID>>8), byte(p.PacketID))
	b = appendPlainList(b, list, v)
	at := len(b)
	b = b[:end]
	for _, f := range p.Filters {
		if at = mqttwire.PutPlainTopicFilter(b, at, f); at == 0 {
			return p.appendExact(dst, v)
		}
	}
	return b, nil
}

func (p *Unsubscribe) appendExact(dst []byte, v mqttwire.Version) ([]byte, error) {
	a := mqttwire.NewAppender(dst, mqttwire.UNSUBSCRIBE, v)
	if len(p.Filters) == 0 && v != mqttwire.V31 { // [MQTT-3.10.3-2]
		a.Fail(mqttwire.RuleNoFilters, mqttwire.FieldTopicFilter, 0)
	}
	flags := mqttwire.UNSUBSCRIBE.Flags()
	if p.Dup && v == mqttwire.V31 {
		flags |= flagDup
	}
	a.FixedHeader(flags, p.bodySize(v))
	a.PacketID(p.PacketID)
	a.Properties(mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE), &p.Properties)
	for _, f := range p.Filters {
		a.TopicFilter(mqttwire.FieldTopicFilter, f)
	}
	return a.Done()
}

// Clone returns a copy that shares no memory with p.
func (p *Unsubscribe) Clone() *Unsubscribe {
	q, list, m := newCloneWithList[Unsubscribe](p.Filters, p.Pinned())
	*q = *p
	q.Properties, q.Filters = m.properties(p.Properties), list
	for i, f := range list {
		list[i] = m.bytes(f)
	}
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Unsubscribe) Pinned() int {
	n := len(p.Properties.Bytes())
	for _, f := range p.Filters {
		n += len(f)
	}
	return n
}

// String returns the packet in one line.
func (p Unsubscribe) String() string {
	t := newText(mqttwire.UNSUBSCRIBE)
	t.number("packet_id", uint64(p.PacketID))
	t.flag("dup", p.Dup)
	for i, f := range p.Filters {
		if t.more(i, len(p.Filters)) {
			break
		}
		t.bytes("filter", f)
	}
	t.properties("properties", p.Properties)
	return t.String()
}
