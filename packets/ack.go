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

// plainAck returns the packet identifier of a frame that is an acknowledgement
// without code and properties, and plain, as nearly all are; of any other frame it
// returns 0.
func plainAck(f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version) (id uint16) {
	if len(f.Body) == 2 && plainFrame(f, t, v) {
		id = uint16(f.Body[1]) | uint16(f.Body[0])<<8
	}
	return
}

// decodeAck reads the body of an acknowledgement of type t into what a packet of
// that type consists of, and reports whether all rules are kept that j does not
// let pass. Sections 3.4.2, 3.5.2, 3.6.2 and 3.7.2.
func decodeAck(p *mqttwire.Properties, id *uint16, code *mqttwire.ReasonCode, b []byte, t mqttwire.PacketType, v mqttwire.Version, j *mqttwire.Judge) bool {
	if *id = plainID(b); *id == 0 || j != nil {
		if _, rest := wire.PacketID(j, b); rest == nil {
			return false
		}
	}
	*code = 0
	if v != mqttwire.V5 || len(b) == 2 { // U-3.4.2.1-1: length 2 means code 0
		*p = mqttwire.Properties{}
		return len(b) == 2 || wire.End(j, b[2:])
	}
	*code = mqttwire.ReasonCode(b[2])
	wire.Saw(j, mqttwire.FieldReasonCode, b[2:], 0, 1)
	if !plainCode(*code, t, v) && !wire.Pass(j, mqttwire.RuleReasonCode, mqttwire.FieldReasonCode, b[2:], int64(b[2])) {
		return false
	}
	if len(b) == 3 { // U-3.4.2.2.1-1: length 3 means no properties
		*p = mqttwire.Properties{}
		return true
	}
	rest := wire.Properties(j, p, b[3:], mqttwire.PropertyOwner(t))
	return rest != nil && (len(rest) == 0 || wire.End(j, rest))
}

// ackSize returns the size of an acknowledgement.
func ackSize(code mqttwire.ReasonCode, p *mqttwire.Properties, v mqttwire.Version) int {
	if v != mqttwire.V5 {
		return packetSize(2)
	}
	return packetSize(2 + codeAndListSize(code, p))
}

// appendAck appends the acknowledgement of type t that has these fields.
func appendAck(dst []byte, t mqttwire.PacketType, v mqttwire.Version, id uint16, code mqttwire.ReasonCode, dup bool, p *mqttwire.Properties) ([]byte, error) {
	first := byte(t)<<4 | t.Flags()
	if dup && v == mqttwire.V31 {
		first |= flagDup
	}
	switch {
	case !v.Known():
		return refuseFrame(dst, t, v, 2)
	case v != mqttwire.V5 && code != 0 && !isSuccess(code, t):
		return wire.Refuse(dst, mqttwire.RuleNotInVersion, t, v, mqttwire.FieldReasonCode, int64(code))
	case v != mqttwire.V5 || code == 0 && wire.NoProperties(p):
		if id == 0 {
			return refuseID(dst, t, v)
		}
		return appendShortAck(dst, first, id), nil
	}
	list, ok := wire.PlainProperties(p, mqttwire.PropertyOwner(t))
	n := 2 + plainCodeAndListSize(code, list)
	switch {
	case n > mqttwire.MaxVarint:
		return refuseFrame(dst, t, v, n)
	case id == 0:
		return refuseID(dst, t, v)
	case !plainCode(code, t, v):
		return refuseCode(dst, t, v, code)
	case !ok:
		if err := wire.CheckProperties(p, mqttwire.PropertyOwner(t)); err != nil {
			return dst, err
		}
	}
	b := appendHeader(dst, first, n, n)
	return appendCodeAndList(append(b, byte(id>>8), byte(id)), code, list), nil
}

// appendShortAck appends an acknowledgement that has a packet identifier and no more.
func appendShortAck(dst []byte, first byte, id uint16) []byte {
	return append(dst, first, 2, byte(id>>8), byte(id))
}

// isSuccess reports whether the code is one by which packets of type t say in
// 5.0 that all is well. Older versions need no code for that.
func isSuccess(c mqttwire.ReasonCode, t mqttwire.PacketType) bool {
	return !c.IsError() && c.AllowedIn(t, mqttwire.V5, 0)
}

// ackLine is what String returns.
func ackLine(t mqttwire.PacketType, id uint16, code mqttwire.ReasonCode, dup bool, p mqttwire.Properties) string {
	s := newLine(t)
	s.number("packet_id", uint64(id))
	s.code(code)
	s.flag("dup", dup)
	s.properties("properties", p)
	return s.String()
}

// Type returns PUBACK.
func (p *Puback) Type() mqttwire.PacketType { return mqttwire.PUBACK }

func (p *Puback) properties() *mqttwire.Properties { return &p.Properties }

func (p *Puback) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Puback) clone() mqttwire.Packet { return p.Clone() }

func (*Puback) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var p Puback
	legal := p.decode(f, v, nil)
	return listPlace{p.Properties, 3, true, legal, v}
}

func (p *Puback) packetID() *uint16 { return &p.PacketID }

func (p *Puback) reasonCode() *mqttwire.ReasonCode { return &p.ReasonCode }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Puback) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := plainAck(f, mqttwire.PUBACK, v); id != 0 {
		*p = Puback{PacketID: id}
		return nil
	}
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Puback) reset(_ int) { *p = Puback{} }

func (p *Puback) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.PUBACK, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Puback) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	return (plainFrame(f, mqttwire.PUBACK, v) || wire.Frame(j, f, mqttwire.PUBACK, v)) &&
		decodeAck(&p.Properties, &p.PacketID, &p.ReasonCode, f.Body, mqttwire.PUBACK, v, j)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Puback) Size(v mqttwire.Version) int {
	return ackSize(p.ReasonCode, &p.Properties, v)
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Puback) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendAck(dst, mqttwire.PUBACK, v, p.PacketID, p.ReasonCode, false, &p.Properties)
}

func (p *Puback) convert(dst packet, c *Conversion) error {
	q := *p
	if err := c.ack(&q.ReasonCode, &q.Properties); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err := q.Append(room[:0], c.To); err != nil {
		return err
	}
	*dst.(*Puback) = q
	return nil
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
	return ackLine(mqttwire.PUBACK, p.PacketID, p.ReasonCode, false, p.Properties)
}

// visit tells v of the fields.
func (p *Puback) visit(v visitor) {
	v.number("packetId", &p.PacketID, always)
	v.code("reason", &p.ReasonCode, mqttwire.PUBACK, rare)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Puback) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Puback) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Puback) LogValue() slogValue { return logPacket(&p) }

// Type returns PUBREC.
func (p *Pubrec) Type() mqttwire.PacketType { return mqttwire.PUBREC }

func (p *Pubrec) properties() *mqttwire.Properties { return &p.Properties }

func (p *Pubrec) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Pubrec) clone() mqttwire.Packet { return p.Clone() }

func (*Pubrec) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var p Pubrec
	legal := p.decode(f, v, nil)
	return listPlace{p.Properties, 3, true, legal, v}
}

func (p *Pubrec) packetID() *uint16 { return &p.PacketID }

func (p *Pubrec) reasonCode() *mqttwire.ReasonCode { return &p.ReasonCode }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Pubrec) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := plainAck(f, mqttwire.PUBREC, v); id != 0 {
		*p = Pubrec{PacketID: id}
		return nil
	}
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Pubrec) reset(_ int) { *p = Pubrec{} }

func (p *Pubrec) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.PUBREC, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Pubrec) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	return (plainFrame(f, mqttwire.PUBREC, v) || wire.Frame(j, f, mqttwire.PUBREC, v)) &&
		decodeAck(&p.Properties, &p.PacketID, &p.ReasonCode, f.Body, mqttwire.PUBREC, v, j)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Pubrec) Size(v mqttwire.Version) int {
	return ackSize(p.ReasonCode, &p.Properties, v)
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Pubrec) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendAck(dst, mqttwire.PUBREC, v, p.PacketID, p.ReasonCode, false, &p.Properties)
}

func (p *Pubrec) convert(dst packet, c *Conversion) error {
	q := *p
	if err := c.ack(&q.ReasonCode, &q.Properties); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err := q.Append(room[:0], c.To); err != nil {
		return err
	}
	*dst.(*Pubrec) = q
	return nil
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
	return ackLine(mqttwire.PUBREC, p.PacketID, p.ReasonCode, false, p.Properties)
}

// visit tells v of the fields.
func (p *Pubrec) visit(v visitor) {
	v.number("packetId", &p.PacketID, always)
	v.code("reason", &p.ReasonCode, mqttwire.PUBREC, rare)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Pubrec) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Pubrec) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Pubrec) LogValue() slogValue { return logPacket(&p) }

// Type returns PUBREL.
func (p *Pubrel) Type() mqttwire.PacketType { return mqttwire.PUBREL }

func (p *Pubrel) properties() *mqttwire.Properties { return &p.Properties }

func (p *Pubrel) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Pubrel) clone() mqttwire.Packet { return p.Clone() }

func (*Pubrel) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var p Pubrel
	legal := p.decode(f, v, nil)
	return listPlace{p.Properties, 3, true, legal, v}
}

func (p *Pubrel) packetID() *uint16 { return &p.PacketID }

func (p *Pubrel) reasonCode() *mqttwire.ReasonCode { return &p.ReasonCode }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Pubrel) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := plainAck(f, mqttwire.PUBREL, v); id != 0 {
		*p = Pubrel{PacketID: id}
		return nil
	}
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Pubrel) reset(_ int) { *p = Pubrel{} }

func (p *Pubrel) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.PUBREL, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Pubrel) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	p.Dup = v == mqttwire.V31 && f.Header.Flags&flagDup != 0
	return (plainFrame(f, mqttwire.PUBREL, v) || wire.Frame(j, f, mqttwire.PUBREL, v)) &&
		decodeAck(&p.Properties, &p.PacketID, &p.ReasonCode, f.Body, mqttwire.PUBREL, v, j)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Pubrel) Size(v mqttwire.Version) int {
	return ackSize(p.ReasonCode, &p.Properties, v)
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Pubrel) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendAck(dst, mqttwire.PUBREL, v, p.PacketID, p.ReasonCode, p.Dup, &p.Properties)
}

func (p *Pubrel) convert(dst packet, c *Conversion) error {
	q := *p
	q.Dup = c.dup(q.Dup)
	if err := c.ack(&q.ReasonCode, &q.Properties); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err := q.Append(room[:0], c.To); err != nil {
		return err
	}
	*dst.(*Pubrel) = q
	return nil
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
	return ackLine(mqttwire.PUBREL, p.PacketID, p.ReasonCode, p.Dup, p.Properties)
}

// visit tells v of the fields.
func (p *Pubrel) visit(v visitor) {
	v.number("packetId", &p.PacketID, always)
	v.code("reason", &p.ReasonCode, mqttwire.PUBREL, rare)
	v.flag("dup", &p.Dup, rare)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Pubrel) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Pubrel) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Pubrel) LogValue() slogValue { return logPacket(&p) }

// Type returns PUBCOMP.
func (p *Pubcomp) Type() mqttwire.PacketType { return mqttwire.PUBCOMP }

func (p *Pubcomp) properties() *mqttwire.Properties { return &p.Properties }

func (p *Pubcomp) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Pubcomp) clone() mqttwire.Packet { return p.Clone() }

func (*Pubcomp) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var p Pubcomp
	legal := p.decode(f, v, nil)
	return listPlace{p.Properties, 3, true, legal, v}
}

func (p *Pubcomp) packetID() *uint16 { return &p.PacketID }

func (p *Pubcomp) reasonCode() *mqttwire.ReasonCode { return &p.ReasonCode }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Pubcomp) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := plainAck(f, mqttwire.PUBCOMP, v); id != 0 {
		*p = Pubcomp{PacketID: id}
		return nil
	}
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Pubcomp) reset(_ int) { *p = Pubcomp{} }

func (p *Pubcomp) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.PUBCOMP, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Pubcomp) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	return (plainFrame(f, mqttwire.PUBCOMP, v) || wire.Frame(j, f, mqttwire.PUBCOMP, v)) &&
		decodeAck(&p.Properties, &p.PacketID, &p.ReasonCode, f.Body, mqttwire.PUBCOMP, v, j)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Pubcomp) Size(v mqttwire.Version) int {
	return ackSize(p.ReasonCode, &p.Properties, v)
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Pubcomp) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendAck(dst, mqttwire.PUBCOMP, v, p.PacketID, p.ReasonCode, false, &p.Properties)
}

func (p *Pubcomp) convert(dst packet, c *Conversion) error {
	q := *p
	if err := c.ack(&q.ReasonCode, &q.Properties); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err := q.Append(room[:0], c.To); err != nil {
		return err
	}
	*dst.(*Pubcomp) = q
	return nil
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
	return ackLine(mqttwire.PUBCOMP, p.PacketID, p.ReasonCode, false, p.Properties)
}

// visit tells v of the fields.
func (p *Pubcomp) visit(v visitor) {
	v.number("packetId", &p.PacketID, always)
	v.code("reason", &p.ReasonCode, mqttwire.PUBCOMP, rare)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Pubcomp) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Pubcomp) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Pubcomp) LogValue() slogValue { return logPacket(&p) }
