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

func (p *Unsuback) properties() *mqttwire.Properties { return &p.Properties }

func (p *Unsuback) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Unsuback) clone() mqttwire.Packet { return p.Clone() }

func (*Unsuback) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	place, b := listBeforeEntries(f, mqttwire.UNSUBACK, v)
	place.legal = place.legal && (len(b) > 0) == (v == mqttwire.V5) && // no payload before 5.0
		legalCodes(b, mqttwire.UNSUBACK, v)
	return place
}

func (p *Unsuback) packetID() *uint16 { return &p.PacketID }

func (*Unsuback) reasonCode() *mqttwire.ReasonCode { return nil }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Unsuback) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if id := plainAck(f, mqttwire.UNSUBACK, v); id != 0 && v != mqttwire.V5 && cap(p.ReasonCodes) <= maxReused {
		p.Properties, p.ReasonCodes, p.PacketID = mqttwire.Properties{}, p.ReasonCodes[:0], id // no payload before 5.0
		return nil
	}
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Unsuback) reset(n int) { *p = Unsuback{ReasonCodes: reuse(p.ReasonCodes, n)} }

func (p *Unsuback) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.UNSUBACK, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Unsuback) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if oversized(cap(p.ReasonCodes), len(f.Body)) {
		p.ReasonCodes = nil
	}
	p.ReasonCodes = p.ReasonCodes[:0]
	if !plainFrame(f, mqttwire.UNSUBACK, v) && !wire.Frame(j, f, mqttwire.UNSUBACK, v) {
		return false
	}
	if v != mqttwire.V5 { // no payload before 5.0
		return decodeAck(&p.Properties, &p.PacketID, new(mqttwire.ReasonCode), f.Body, mqttwire.UNSUBACK, v, j)
	}
	b := f.Body
	if p.PacketID = plainID(b); p.PacketID != 0 && j == nil {
		b = b[2:]
	} else if p.PacketID, b = wire.PacketID(j, b); b == nil {
		return false
	}
	if b = wire.Properties(j, &p.Properties, b, mqttwire.PropertyOwner(mqttwire.UNSUBACK)); b == nil {
		return false
	}
	if len(b) == 0 && !wire.Pass(j, mqttwire.RuleNoReasonCodes, mqttwire.FieldReasonCode, b, 0) { // U-2.3-2
		return false
	}
	return decodeCodes(&p.ReasonCodes, b, mqttwire.ReasonSuccess, mqttwire.UNSUBACK, v, j)
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
	const t = mqttwire.UNSUBACK
	if v != mqttwire.V5 {
		return p.append3(dst, v)
	}
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(t), v)
	n := 2 + plainListSize(list, v) + uint64(len(p.ReasonCodes))
	switch {
	case len(p.ReasonCodes) == 0: // U-2.3-2
		return wire.Refuse(dst, mqttwire.RuleNoReasonCodes, t, v, mqttwire.FieldReasonCode, 0)
	case n > mqttwire.MaxVarint:
		return refuseFrame(dst, t, v, n)
	case p.PacketID == 0:
		return refuseID(dst, t, v)
	case !ok:
		if err := checkList(&p.Properties, mqttwire.PropertyOwner(t), v); err != nil {
			return dst, err
		}
	}
	b := appendHeader(dst, byte(t)<<4, n, n)
	b = append(b, byte(p.PacketID>>8), byte(p.PacketID))
	b = appendPlainList(b, list, v)
	return appendCodes(dst, b, p.ReasonCodes, mqttwire.ReasonSuccess, t, v)
}

// append3 appends the packet for 3.1 or 3.1.1, which have no place for codes.
func (p *Unsuback) append3(dst []byte, v mqttwire.Version) ([]byte, error) {
	const t = mqttwire.UNSUBACK
	switch {
	case !v.Known():
		return refuseFrame(dst, t, v, 2)
	case p.PacketID == 0:
		return refuseID(dst, t, v)
	}
	for _, code := range p.ReasonCodes {
		if code != 0 && !isSuccess(code, t) {
			return wire.Refuse(dst, mqttwire.RuleNotInVersion, t, v, mqttwire.FieldReasonCode, int64(code))
		}
	}
	return append(dst, byte(t)<<4, 2, byte(p.PacketID>>8), byte(p.PacketID)), nil
}

func (p *Unsuback) convert(dst packet, c *Conversion) (err error) {
	q := *p
	if err = c.drop(&q.Properties, mqttwire.PropertyOwner(mqttwire.UNSUBACK), 0); err != nil {
		return err
	}
	if q.ReasonCodes, err = c.unsubackCodes(p.ReasonCodes); err != nil {
		return err
	}
	if err = c.verdict(); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err = q.Append(room[:0], c.To); err != nil {
		return err
	}
	to := dst.(*Unsuback)
	q.ReasonCodes = overwritten(to.ReasonCodes, q.ReasonCodes)
	*to = q
	return nil
}

// successes are as many codes of success as most UNSUBACK need. They are only read.
var successes [64]mqttwire.ReasonCode

// unsubackCodes returns the codes of an UNSUBACK that has the given ones, which are not
// looked at before 5.0: none for a version without, and a success for each filter of the
// UNSUBSCRIBE for one that needs them.
func (c *Conversion) unsubackCodes(list []mqttwire.ReasonCode) ([]mqttwire.ReasonCode, error) {
	switch {
	case c.from == mqttwire.V5:
		list, err := c.codes(list)
		if c.To != mqttwire.V5 {
			list = nil
		}
		return list, err
	case c.To != mqttwire.V5:
		return nil, nil
	}
	n := min(max(c.Filters, 0), mqttwire.MaxVarint) // more are refused as too many
	if n <= len(successes) {
		return successes[:n], nil
	}
	return make([]mqttwire.ReasonCode, n), nil
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
	t := newLine(mqttwire.UNSUBACK)
	t.number("packet_id", uint64(p.PacketID))
	t.codes(p.ReasonCodes)
	t.properties("properties", p.Properties)
	return t.String()
}

// visit tells v of the fields.
func (p *Unsuback) visit(v visitor) {
	v.number("packetId", &p.PacketID, always)
	v.codes("reasons", &p.ReasonCodes, rare)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Unsuback) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Unsuback) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Unsuback) LogValue() slogValue { return logPacket(&p) }
