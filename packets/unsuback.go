package packets

import "github.com/mqttwire/mqttwire"

// Unsuback is UNSUBACK, a server's answer to UNSUBSCRIBE. Section 3.11.
type Unsuback struct {
	// Properties. 5.0 only: other versions leave them out. Section 3.11.2.1.
	Properties mqttwire.Properties

	// ReasonCodes has a code for each topic filter of the UNSUBSCRIBE, in its
	// order, and so at least one. 5.0 only: other versions leave out successes
	// and refuse a failure, which they cannot say. Decode reuses the slice.
	// Section 3.11.3.
	ReasonCodes []mqttwire.ReasonCode

	// PacketID is that of the UNSUBSCRIBE, 1 to 65535.
	PacketID uint16
}

// Type returns UNSUBACK.
func (p *Unsuback) Type() mqttwire.PacketType { return mqttwire.UNSUBACK }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Unsuback) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := shortAck(f, mqttwire.UNSUBACK, v); id != 0 && v != mqttwire.V5 && cap(p.ReasonCodes) <= maxReused {
		p.Properties, p.ReasonCodes, p.PacketID = mqttwire.Properties{}, p.ReasonCodes[:0], id // no payload before 5.0
		return nil
	}
	if p.decodePlain(f, v) {
		return nil
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Unsuback) decodePlain(f mqttwire.Frame, v mqttwire.Version) bool {
	id := plainID(f.Body)
	if id == 0 || v != mqttwire.V5 || !shortFrame(f, mqttwire.UNSUBACK, v) && !plainFrame(f, mqttwire.UNSUBACK, v) || tooRoomy(cap(p.ReasonCodes), len(f.Body)) {
		return false
	}
	p.PacketID = id
	codes := plainProperties5(&p.Properties, f.Body[2:], mqttwire.PropertyOwner(mqttwire.UNSUBACK))
	return plainReasonCodes(&p.ReasonCodes, codes, mqttwire.ReasonSuccess, mqttwire.UNSUBACK, v)
}

func (p *Unsuback) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	list := reuse(p.ReasonCodes, len(f.Body))
	*p = Unsuback{ReasonCodes: list}
	var c mqttwire.Cursor
	c.Reset(f, mqttwire.UNSUBACK, v, tolerance)
	p.decode(&c)
	if err := c.Err(); err != nil {
		*p = Unsuback{ReasonCodes: reuse(p.ReasonCodes, len(f.Body))}
		return err
	}
	return nil
}

func (p *Unsuback) decode(c *mqttwire.Cursor) {
	p.PacketID = c.PacketID()
	if c.Version() != mqttwire.V5 {
		c.End() // no payload before 5.0
		return
	}
	c.Properties(mqttwire.PropertyOwner(mqttwire.UNSUBACK), &p.Properties)
	if c.Len() == 0 { // U-2.3-2
		c.Fail(mqttwire.RuleNoReasonCodes, mqttwire.FieldReasonCode, 0)
	}
	p.ReasonCodes = c.ReasonCodes(p.ReasonCodes)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Unsuback) Size(v mqttwire.Version) int { return packetSize(p.bodySize(v)) }

func (p *Unsuback) bodySize(v mqttwire.Version) uint64 {
	if v != mqttwire.V5 {
		return 2
	}
	return 2 + propertiesSize(&p.Properties, v) + uint64(len(p.ReasonCodes))
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Unsuback) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(mqttwire.UNSUBACK), v)
	switch {
	case !ok || p.PacketID == 0 || len(p.ReasonCodes) == 0 != (v != mqttwire.V5):
		return p.appendExact(dst, v)
	case v != mqttwire.V5:
		return append(dst, byte(mqttwire.UNSUBACK)<<4, 2, byte(p.PacketID>>8), byte(p.PacketID)), nil
	}
	n := 2 + plainListSize(list, v) + uint64(len(p.ReasonCodes))
	if n > mqttwire.MaxVarint {
		return p.appendExact(dst, v)
	}
	b := appendHeader(dst, byte(mqttwire.UNSUBACK)<<4, n, n)
	b = append(b, byte(p.PacketID>>8), byte(p.PacketID))
	b = appendPlainList(b, list, v)
	for _, code := range p.ReasonCodes {
		if !plainCode(code, mqttwire.UNSUBACK, v) {
			return p.appendExact(dst, v)
		}
		b = append(b, byte(code))
	}
	return b, nil
}

func (p *Unsuback) appendExact(dst []byte, v mqttwire.Version) ([]byte, error) {
	a := mqttwire.NewAppender(dst, mqttwire.UNSUBACK, v)
	if len(p.ReasonCodes) == 0 && v == mqttwire.V5 { // U-2.3-2
		a.Fail(mqttwire.RuleNoReasonCodes, mqttwire.FieldReasonCode, 0)
	}
	a.FixedHeader(0, p.bodySize(v))
	a.PacketID(p.PacketID)
	a.Properties(mqttwire.PropertyOwner(mqttwire.UNSUBACK), &p.Properties)
	for _, code := range p.ReasonCodes {
		switch {
		case v == mqttwire.V5:
			a.ReasonCode(code)
		case !isSuccess(code, mqttwire.UNSUBACK):
			a.Fail(mqttwire.RuleNotInVersion, mqttwire.FieldReasonCode, int64(code))
		}
	}
	return a.Done()
}

// Clone returns a copy that shares no memory with p.
func (p *Unsuback) Clone() *Unsuback {
	q, codes, m := newCloneWithList[Unsuback](p.ReasonCodes, p.Pinned())
	*q = *p
	q.Properties, q.ReasonCodes = m.properties(p.Properties), codes
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Unsuback) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Unsuback) String() string {
	t := newText(mqttwire.UNSUBACK)
	t.number("packet_id", uint64(p.PacketID))
	t.codes(p.ReasonCodes)
	t.properties("properties", p.Properties)
	return t.String()
}
