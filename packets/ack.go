package packets

import "github.com/mqttwire/mqttwire"

// Puback is PUBACK, the answer to a PUBLISH of QoS 1. Section 3.4.
type Puback struct {
	// Properties. 5.0 only: other versions leave them out.
	Properties mqttwire.Properties

	// PacketID is that of the PUBLISH, 1 to 65535.
	PacketID uint16

	// ReasonCode. 5.0 only: other versions leave out a success and refuse a
	// failure, which they cannot say.
	ReasonCode mqttwire.ReasonCode
}

// Pubrec is PUBREC, the first answer to a PUBLISH of QoS 2. Section 3.5.
type Pubrec struct {
	// Properties. 5.0 only: other versions leave them out.
	Properties mqttwire.Properties

	// PacketID is that of the PUBLISH, 1 to 65535.
	PacketID uint16

	// ReasonCode. 5.0 only: other versions leave out a success and refuse a
	// failure, which they cannot say.
	ReasonCode mqttwire.ReasonCode
}

// Pubrel is PUBREL, the answer to PUBREC. Section 3.6.
type Pubrel struct {
	// Properties. 5.0 only: other versions leave them out.
	Properties mqttwire.Properties

	// PacketID is that of the PUBLISH, 1 to 65535.
	PacketID uint16

	// ReasonCode. 5.0 only: other versions leave out a success and refuse a
	// failure, which they cannot say.
	ReasonCode mqttwire.ReasonCode

	// Dup says that the packet is sent again. 3.1 only: other versions have no
	// such flag here and leave it out.
	Dup bool
}

// Pubcomp is PUBCOMP, the answer to PUBREL. Section 3.7.
type Pubcomp struct {
	// Properties. 5.0 only: other versions leave them out.
	Properties mqttwire.Properties

	// PacketID is that of the PUBLISH, 1 to 65535.
	PacketID uint16

	// ReasonCode. 5.0 only: other versions leave out a success and refuse a
	// failure, which they cannot say.
	ReasonCode mqttwire.ReasonCode
}

// ack is what the four acknowledgements have on the wire. Sections 3.4.2,
// 3.5.2, 3.6.2 and 3.7.2.
type ack struct {
	properties mqttwire.Properties
	packetID   uint16
	code       mqttwire.ReasonCode
	dup        bool // of 3.1's PUBREL
}

// shortAck returns the packet identifier of a frame that is an acknowledgement
// without code and properties, in its plainest form; of any other frame it
// returns 0, and leaves it to the exact way. Nearly all acknowledgements are of that
// form, which so takes a third of the time.
func shortAck(f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version) uint16 {
	if len(f.Body) != 2 || !shortFrame(f, t, v) {
		return 0
	}
	return uint16(f.Body[1]) | uint16(f.Body[0])<<8
}

// plainAck returns packet identifier and reason code of an acknowledgement of
// 5.0, of type t and with such a code, and makes p its properties; of anything
// else it returns 0, and leaves it to decodeAck.
func plainAck(p *mqttwire.Properties, b []byte, t mqttwire.PacketType) (id uint16, code mqttwire.ReasonCode) {
	if len(b) < 4 { // nobody needs the form without properties
		return 0, 0
	}
	code = mqttwire.ReasonCode(b[2])
	if !plainCode(code, t, mqttwire.V5) {
		return 0, 0
	}
	if !plainTail(p, b[3:], mqttwire.PropertyOwner(t)) {
		return 0, 0
	}
	return plainID(b), code
}

// decodeAck resets p, which may stand for one of the other three, and reads from
// f an acknowledgement of type t. dup is for 3.1's PUBREL.
func decodeAck(p *Puback, f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version, tolerance *mqttwire.Tolerance) (dup bool, err error) {
	*p = Puback{}
	var c mqttwire.Cursor
	c.Reset(f, t, v, tolerance)
	dup = v == mqttwire.V31 && c.Flags()&flagDup != 0
	p.PacketID = c.PacketID()
	if v == mqttwire.V5 && c.Len() > 0 { // U-3.4.2.1-1: length 2 means code 0
		p.ReasonCode = c.ReasonCode()
		if c.Len() > 0 { // U-3.4.2.2.1-1: length 3 means no properties
			c.Properties(mqttwire.PropertyOwner(t), &p.Properties)
		}
	}
	c.End()
	if err := c.Err(); err != nil {
		*p = Puback{}
		return false, err
	}
	return dup, nil
}

// long reports whether the packet needs its code and properties written. With
// another code than 0, the form with a property length is what every peer
// understands.
func (p *ack) long(v mqttwire.Version) bool {
	return v == mqttwire.V5 && (p.code != 0 || !p.properties.Empty() || p.properties.Err() != nil)
}

func (p *ack) bodySize(v mqttwire.Version) uint64 {
	if p.long(v) {
		return 2 + 1 + uint64(p.properties.Size())
	}
	return 2
}

// appendAck appends the acknowledgement of type t that has these fields.
func appendAck(dst []byte, t mqttwire.PacketType, v mqttwire.Version, id uint16, code mqttwire.ReasonCode, dup bool, properties *mqttwire.Properties) ([]byte, error) {
	list, ok := plainList(properties, mqttwire.PropertyOwner(t), v)
	first := byte(t)<<4 | t.Flags()
	switch {
	case !ok || id == 0 || dup || !plainCode(code, t, v):
		p := ack{*properties, id, code, dup}
		return p.appendExact(dst, t, v)
	case code == 0 && len(list) == 0:
		return append(dst, first, 2, byte(id>>8), byte(id)), nil
	}
	n := 2 + 1 + plainListSize(list, v)
	b := appendHeader(dst, first, n, n)
	b = append(b, byte(id>>8), byte(id), byte(code))
	return appendPlainList(b, list, v), nil
}

func (p *ack) appendExact(dst []byte, t mqttwire.PacketType, v mqttwire.Version) ([]byte, error) {
	a := mqttwire.NewAppender(dst, t, v)
	if v != mqttwire.V5 && !isSuccess(p.code, t) {
		a.Fail(mqttwire.RuleNotInVersion, mqttwire.FieldReasonCode, int64(p.code))
	}
	flags := t.Flags()
	if p.dup && v == mqttwire.V31 {
		flags |= flagDup
	}
	a.FixedHeader(flags, p.bodySize(v))
	a.PacketID(p.packetID)
	if p.long(v) {
		a.ReasonCode(p.code)
		a.Properties(mqttwire.PropertyOwner(t), &p.properties)
	}
	return a.Done()
}

// isSuccess reports whether the code is one by which packets of type t say in
// 5.0 that all is well. Older versions need no code for that.
func isSuccess(c mqttwire.ReasonCode, t mqttwire.PacketType) bool {
	return !c.IsError() && c.AllowedIn(t, mqttwire.V5, 0)
}

func (p *ack) text(t mqttwire.PacketType) string {
	s := newText(t)
	s.number("packet_id", uint64(p.packetID))
	s.code(p.code)
	s.flag("dup", p.dup)
	s.properties("properties", p.properties)
	return s.String()
}

func (p *Puback) ack() ack  { return ack{p.Properties, p.PacketID, p.ReasonCode, false} }
func (p *Pubrec) ack() ack  { return ack{p.Properties, p.PacketID, p.ReasonCode, false} }
func (p *Pubrel) ack() ack  { return ack{p.Properties, p.PacketID, p.ReasonCode, p.Dup} }
func (p *Pubcomp) ack() ack { return ack{p.Properties, p.PacketID, p.ReasonCode, false} }

// Type returns PUBACK.
func (p *Puback) Type() mqttwire.PacketType { return mqttwire.PUBACK }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Puback) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := shortAck(f, mqttwire.PUBACK, v); id != 0 {
		*p = Puback{PacketID: id}
		return nil
	}
	if v == mqttwire.V5 && (shortFrame(f, mqttwire.PUBACK, v) || plainFrame(f, mqttwire.PUBACK, v)) {
		if id, code := plainAck(&p.Properties, f.Body, mqttwire.PUBACK); id != 0 {
			p.PacketID, p.ReasonCode = id, code
			return nil
		}
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Puback) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	_, err := decodeAck(p, f, mqttwire.PUBACK, v, tolerance)
	return err
}

// Size returns the number of bytes that Append adds for version v.
func (p *Puback) Size(v mqttwire.Version) int {
	a := p.ack()
	return packetSize(a.bodySize(v))
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Puback) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendAck(dst, mqttwire.PUBACK, v, p.PacketID, p.ReasonCode, false, &p.Properties)
}

// Clone returns a copy that shares no memory with p.
func (p *Puback) Clone() *Puback {
	q, m := newClone[Puback](p.Pinned())
	*q = *p
	q.Properties = m.properties(p.Properties)
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Puback) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Puback) String() string {
	a := p.ack()
	return a.text(mqttwire.PUBACK)
}

// Type returns PUBREC.
func (p *Pubrec) Type() mqttwire.PacketType { return mqttwire.PUBREC }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Pubrec) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := shortAck(f, mqttwire.PUBREC, v); id != 0 {
		*p = Pubrec{PacketID: id}
		return nil
	}
	if v == mqttwire.V5 && (shortFrame(f, mqttwire.PUBREC, v) || plainFrame(f, mqttwire.PUBREC, v)) {
		if id, code := plainAck(&p.Properties, f.Body, mqttwire.PUBREC); id != 0 {
			p.PacketID, p.ReasonCode = id, code
			return nil
		}
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Pubrec) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	_, err := decodeAck((*Puback)(p), f, mqttwire.PUBREC, v, tolerance)
	return err
}

// Size returns the number of bytes that Append adds for version v.
func (p *Pubrec) Size(v mqttwire.Version) int {
	a := p.ack()
	return packetSize(a.bodySize(v))
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Pubrec) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendAck(dst, mqttwire.PUBREC, v, p.PacketID, p.ReasonCode, false, &p.Properties)
}

// Clone returns a copy that shares no memory with p.
func (p *Pubrec) Clone() *Pubrec {
	q, m := newClone[Pubrec](p.Pinned())
	*q = *p
	q.Properties = m.properties(p.Properties)
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Pubrec) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Pubrec) String() string {
	a := p.ack()
	return a.text(mqttwire.PUBREC)
}

// Type returns PUBREL.
func (p *Pubrel) Type() mqttwire.PacketType { return mqttwire.PUBREL }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Pubrel) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := shortAck(f, mqttwire.PUBREL, v); id != 0 {
		*p = Pubrel{PacketID: id}
		return nil
	}
	if v == mqttwire.V5 && (shortFrame(f, mqttwire.PUBREL, v) || plainFrame(f, mqttwire.PUBREL, v)) {
		if id, code := plainAck(&p.Properties, f.Body, mqttwire.PUBREL); id != 0 {
			p.PacketID, p.ReasonCode, p.Dup = id, code, false
			return nil
		}
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Pubrel) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	var a Puback
	dup, err := decodeAck(&a, f, mqttwire.PUBREL, v, tolerance)
	*p = Pubrel{Properties: a.Properties, PacketID: a.PacketID, ReasonCode: a.ReasonCode, Dup: dup}
	return err
}

// Size returns the number of bytes that Append adds for version v.
func (p *Pubrel) Size(v mqttwire.Version) int {
	a := p.ack()
	return packetSize(a.bodySize(v))
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Pubrel) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendAck(dst, mqttwire.PUBREL, v, p.PacketID, p.ReasonCode, p.Dup, &p.Properties)
}

// Clone returns a copy that shares no memory with p.
func (p *Pubrel) Clone() *Pubrel {
	q, m := newClone[Pubrel](p.Pinned())
	*q = *p
	q.Properties = m.properties(p.Properties)
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Pubrel) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Pubrel) String() string {
	a := p.ack()
	return a.text(mqttwire.PUBREL)
}

// Type returns PUBCOMP.
func (p *Pubcomp) Type() mqttwire.PacketType { return mqttwire.PUBCOMP }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Pubcomp) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := shortAck(f, mqttwire.PUBCOMP, v); id != 0 {
		*p = Pubcomp{PacketID: id}
		return nil
	}
	if v == mqttwire.V5 && (shortFrame(f, mqttwire.PUBCOMP, v) || plainFrame(f, mqttwire.PUBCOMP, v)) {
		if id, code := plainAck(&p.Properties, f.Body, mqttwire.PUBCOMP); id != 0 {
			p.PacketID, p.ReasonCode = id, code
			return nil
		}
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Pubcomp) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	_, err := decodeAck((*Puback)(p), f, mqttwire.PUBCOMP, v, tolerance)
	return err
}

// Size returns the number of bytes that Append adds for version v.
func (p *Pubcomp) Size(v mqttwire.Version) int {
	a := p.ack()
	return packetSize(a.bodySize(v))
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Pubcomp) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendAck(dst, mqttwire.PUBCOMP, v, p.PacketID, p.ReasonCode, false, &p.Properties)
}

// Clone returns a copy that shares no memory with p.
func (p *Pubcomp) Clone() *Pubcomp {
	q, m := newClone[Pubcomp](p.Pinned())
	*q = *p
	q.Properties = m.properties(p.Properties)
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Pubcomp) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Pubcomp) String() string {
	a := p.ack()
	return a.text(mqttwire.PUBCOMP)
}
