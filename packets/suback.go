package packets

import "github.com/mqttwire/mqttwire"

// Suback is SUBACK, a server's answer to SUBSCRIBE. Section 3.9.
type Suback struct {
	// Properties. 5.0 only: other versions leave them out. Section 3.9.2.1.
	Properties mqttwire.Properties

	// ReasonCodes has a code for each topic filter of the SUBSCRIBE, in its
	// order, and so at least one (in 3.1 it may be empty like the SUBSCRIBE):
	// the granted QoS 0 to 2, or a failure, which in 3.1.1 is 0x80 and in 3.1
	// does not exist. Decode reuses the slice. Section 3.9.3.
	ReasonCodes []mqttwire.ReasonCode

	// PacketID is that of the SUBSCRIBE, 1 to 65535.
	PacketID uint16
}

// Type returns SUBACK.
func (p *Suback) Type() mqttwire.PacketType { return mqttwire.SUBACK }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Suback) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decodePlain(f, v) {
		return nil
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Suback) decodePlain(f mqttwire.Frame, v mqttwire.Version) bool {
	id := plainID(f.Body)
	if id == 0 || !shortFrame(f, mqttwire.SUBACK, v) && !plainFrame(f, mqttwire.SUBACK, v) || tooRoomy(cap(p.ReasonCodes), len(f.Body)) {
		return false
	}
	codes := plainProperties(&p.Properties, f.Body[2:], mqttwire.PropertyOwner(mqttwire.SUBACK), v)
	p.PacketID = id
	return plainReasonCodes(&p.ReasonCodes, codes, mqttwire.ReasonGrantedQoS2, mqttwire.SUBACK, v)
}

func (p *Suback) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	list := reuse(p.ReasonCodes, len(f.Body))
	*p = Suback{ReasonCodes: list}
	var c mqttwire.Cursor
	c.Reset(f, mqttwire.SUBACK, v, tolerance)
	p.decode(&c)
	if err := c.Err(); err != nil {
		*p = Suback{ReasonCodes: reuse(p.ReasonCodes, len(f.Body))}
		return err
	}
	return nil
}

func (p *Suback) decode(c *mqttwire.Cursor) {
	p.PacketID = c.PacketID()
	c.Properties(mqttwire.PropertyOwner(mqttwire.SUBACK), &p.Properties)
	if c.Len() == 0 && c.Version() != mqttwire.V31 { // U-2.3-2
		c.Fail(mqttwire.RuleNoReasonCodes, mqttwire.FieldReasonCode, 0)
	}
	p.ReasonCodes = c.ReasonCodes(p.ReasonCodes)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Suback) Size(v mqttwire.Version) int { return packetSize(p.bodySize(v)) }

func (p *Suback) bodySize(v mqttwire.Version) uint64 {
	return 2 + propertiesSize(&p.Properties, v) + uint64(len(p.ReasonCodes))
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Suback) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(mqttwire.SUBACK), v)
	n := 2 + plainListSize(list, v) + uint64(len(p.ReasonCodes))
	if !ok || p.PacketID == 0 || len(p.ReasonCodes) == 0 || n > mqttwire.MaxVarint {
		return p.appendExact(dst, v)
	}
	b := appendHeader(dst, byte(mqttwire.SUBACK)<<4, n, n)
	b = append(b, byte(p.PacketID>>8), byte(p.PacketID))
	b = appendPlainList(b, list, v)
	for _, code := range p.ReasonCodes {
		if code > mqttwire.ReasonGrantedQoS2 && !plainCode(code, mqttwire.SUBACK, v) {
			return p.appendExact(dst, v)
		}
		b = append(b, byte(code))
	}
	return b, nil
}

func (p *Suback) appendExact(dst []byte, v mqttwire.Version) ([]byte, error) {
	a := mqttwire.NewAppender(dst, mqttwire.SUBACK, v)
	if len(p.ReasonCodes) == 0 && v != mqttwire.V31 { // U-2.3-2
		a.Fail(mqttwire.RuleNoReasonCodes, mqttwire.FieldReasonCode, 0)
	}
	a.FixedHeader(0, p.bodySize(v))
	a.PacketID(p.PacketID)
	a.Properties(mqttwire.PropertyOwner(mqttwire.SUBACK), &p.Properties)
	for _, code := range p.ReasonCodes {
		a.ReasonCode(code)
	}
	return a.Done()
}

// Clone returns a copy that shares no memory with p.
func (p *Suback) Clone() *Suback {
	q, codes, m := newCloneWithList[Suback](p.ReasonCodes, p.Pinned())
	*q = *p
	q.Properties, q.ReasonCodes = m.properties(p.Properties), codes
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Suback) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Suback) String() string {
	t := newText(mqttwire.SUBACK)
	t.number("packet_id", uint64(p.PacketID))
	t.codes(p.ReasonCodes)
	t.properties("properties", p.Properties)
	return t.String()
}
