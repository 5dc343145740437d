package packets

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
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

func (p *Unsubscribe) properties() *mqttwire.Properties { return &p.Properties }

func (p *Unsubscribe) clone() mqttwire.Packet { return p.Clone() }

func (*Unsubscribe) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	place, b := listBeforeEntries(f, mqttwire.UNSUBSCRIBE, v)
	place.legal = place.legal && (len(b) > 0 || v == mqttwire.V31)
	for place.legal && len(b) > 0 {
		var one [1][]byte
		n := entryEnd(b, 0)
		_, _, place.legal = decodeFilters(one[:], b[:n:n], v, nil)
		b = b[n:]
	}
	return place
}

func (p *Unsubscribe) packetID() *uint16 { return &p.PacketID }

func (*Unsubscribe) reasonCode() *mqttwire.ReasonCode { return nil }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Unsubscribe) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Unsubscribe) reset(n int) { *p = Unsubscribe{Filters: reuse(p.Filters[:cap(p.Filters)], n)} }

func (p *Unsubscribe) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.UNSUBSCRIBE, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Unsubscribe) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if !plainFrame(f, mqttwire.UNSUBSCRIBE, v) && !wire.Frame(j, f, mqttwire.UNSUBSCRIBE, v) {
		return false
	}
	b := f.Body
	if p.PacketID = plainID(b); p.PacketID != 0 && j == nil {
		b = b[2:]
	} else if p.PacketID, b = wire.PacketID(j, b); b == nil {
		return false
	}
	p.Dup = v == mqttwire.V31 && f.Header.Flags&flagDup != 0
	if b = readProperties(&p.Properties, b, mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE), v, j); b == nil {
		return false
	}
	if len(b) == 0 && v != mqttwire.V31 && !wire.Pass(j, mqttwire.RuleNoFilters, mqttwire.FieldTopicFilter, b, 0) { // [MQTT-3.10.3-2]
		return false
	}
	if oversized(cap(p.Filters), len(f.Body)) {
		p.Filters = nil
	}
	list, n, ok := decodeFilters(p.Filters[:cap(p.Filters)], b, v, j)
	p.Filters = filled(list, n)
	return ok
}

// decodeFilters writes the topic filters in b over the list, which grows if they
// are more, and returns how many they are.
func decodeFilters(list [][]byte, b []byte, v mqttwire.Version, j *mqttwire.Judge) (all [][]byte, n int, ok bool) {
	for ; len(b) > 0; n++ {
		if n == len(list) {
			list = room(list, entries(b, 0))
		}
		if end := fieldEnd(b); j == nil && end > 2 && text.PlainTopicFilter(b[2:end]) {
			list[n], b = b[2:end:end], b[end:]
		} else if list[n], b = wire.TopicFilter(j, b, mqttwire.FieldTopicFilter, v); b == nil {
			return list, n, false
		}
	}
	return list, n, true
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
	const t = mqttwire.UNSUBSCRIBE
	if len(p.Filters) == 0 && v.Known() && v != mqttwire.V31 { // [MQTT-3.10.3-2]
		return wire.Refuse(dst, mqttwire.RuleNoFilters, t, v, mqttwire.FieldTopicFilter, 0)
	}
	first := byte(t)<<4 | t.Flags()
	if p.Dup && v == mqttwire.V31 {
		first |= flagDup
	}
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(t), v)
	n := 2 + plainListSize(list, v)
	for _, f := range p.Filters {
		n += stringSize(f)
	}
	switch {
	case !v.Known() || n > mqttwire.MaxVarint:
		return refuseFrame(dst, t, v, n)
	case p.PacketID == 0:
		return refuseID(dst, t, v)
	case !ok:
		if err := checkList(&p.Properties, mqttwire.PropertyOwner(t), v); err != nil {
			return dst, err
		}
	}
	b := appendHeader(dst, first, n, n)
	end := len(b) + int(n)
	b = append(b, byte(p.PacketID>>8), byte(p.PacketID))
	b = appendPlainList(b, list, v)
	at := len(b)
	b = b[:end]
	at, written := text.PutTopicFilters(b, at, p.Filters)
	if written < len(p.Filters) {
		if err := putFilters(b, at, p.Filters[written:], v); err != nil {
			return dst, err
		}
	}
	return b, nil
}

// putFilters writes filters that may be not plain, or not legal in version v, to b[at:],
// which has room for them. Those at which text.PutTopicFilters would end at once are not
// for it.
func putFilters(b []byte, at int, filters [][]byte, v mqttwire.Version) (err error) {
	for len(filters) > 0 {
		var n int
		if f := filters[0]; (len(f) < 8 || text.Load64(f)&text.HighBits != 0) && text.PutTopicFilter(b, at, f) != 0 {
			at, n = at+2+len(f), 1
		} else if at, n = text.PutTopicFilters(b, at, filters); n == 0 {
			if at, err = wire.PutTopicFilter(b, at, filters[0], mqttwire.UNSUBSCRIBE, v, mqttwire.FieldTopicFilter); err != nil {
				return err
			}
			n = 1
		}
		filters = filters[n:]
	}
	return nil
}

func (p *Unsubscribe) convert(dst packet, c *Conversion) error {
	q := *p
	q.Dup = c.dup(p.Dup)
	if err := c.drop(&q.Properties, mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE), 0); err != nil {
		return err
	}
	for i, filter := range p.Filters {
		c.filter(filter, i)
	}
	if err := c.verdict(); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err := q.Append(room[:0], c.To); err != nil {
		return err
	}
	to := dst.(*Unsubscribe)
	q.Filters = overwritten(to.Filters, p.Filters)
	*to = q
	return nil
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
	t := newLine(mqttwire.UNSUBSCRIBE)
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

// visit tells v of the fields.
func (p *Unsubscribe) visit(v visitor) {
	v.flag("dup", &p.Dup, rare)
	v.number("packetId", &p.PacketID, always)
	v.list("filters", len(p.Filters), func(n int) { p.Filters = make([][]byte, n) },
		func(i int, v visitor) { v.text("topic", &p.Filters[i]) })
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Unsubscribe) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Unsubscribe) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Unsubscribe) LogValue() slogValue { return logPacket(&p) }
