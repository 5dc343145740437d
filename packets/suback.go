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

func (p *Suback) properties() *mqttwire.Properties { return &p.Properties }

func (p *Suback) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Suback) clone() mqttwire.Packet { return p.Clone() }

func (*Suback) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	place, b := listBeforeEntries(f, mqttwire.SUBACK, v)
	place.legal = place.legal && (len(b) > 0 || v == mqttwire.V31) &&
		legalCodes(b, mqttwire.SUBACK, v)
	return place
}

func (p *Suback) packetID() *uint16 { return &p.PacketID }

func (*Suback) reasonCode() *mqttwire.ReasonCode { return nil }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Suback) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Suback) reset(n int) { *p = Suback{ReasonCodes: reuse(p.ReasonCodes, n)} }

func (p *Suback) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.SUBACK, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Suback) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if !plainFrame(f, mqttwire.SUBACK, v) && !wire.Frame(j, f, mqttwire.SUBACK, v) {
		return false
	}
	b := f.Body
	if p.PacketID = plainID(b); p.PacketID != 0 && j == nil {
		b = b[2:]
	} else if p.PacketID, b = wire.PacketID(j, b); b == nil {
		return false
	}
	if b = readProperties(&p.Properties, b, mqttwire.PropertyOwner(mqttwire.SUBACK), v, j); b == nil {
		return false
	}
	if len(b) == 0 && v != mqttwire.V31 && !wire.Pass(j, mqttwire.RuleNoReasonCodes, mqttwire.FieldReasonCode, b, 0) { // U-2.3-2
		return false
	}
	if oversized(cap(p.ReasonCodes), len(f.Body)) {
		p.ReasonCodes = nil
	}
	return decodeCodes(&p.ReasonCodes, b, mqttwire.ReasonGrantedQoS2, mqttwire.SUBACK, v, j)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Suback) Size(v mqttwire.Version) int { return packetSize(p.bodySize(v)) }

func (p *Suback) bodySize(v mqttwire.Version) uint64 {
	return 2 + propertiesSize(&p.Properties, v) + uint64(len(p.ReasonCodes))
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Suback) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	const t = mqttwire.SUBACK
	if len(p.ReasonCodes) == 0 && v.Known() && v != mqttwire.V31 { // U-2.3-2
		return wire.Refuse(dst, mqttwire.RuleNoReasonCodes, t, v, mqttwire.FieldReasonCode, 0)
	}
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(t), v)
	n := 2 + plainListSize(list, v) + uint64(len(p.ReasonCodes))
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
	b := appendHeader(dst, byte(t)<<4, n, n)
	b = append(b, byte(p.PacketID>>8), byte(p.PacketID))
	b = appendPlainList(b, list, v)
	return appendCodes(dst, b, p.ReasonCodes, mqttwire.ReasonGrantedQoS2, t, v)
}

func (p *Suback) convert(dst packet, c *Conversion) (err error) {
	q := *p
	if err = c.drop(&q.Properties, mqttwire.PropertyOwner(mqttwire.SUBACK), 0); err != nil {
		return err
	}
	if q.ReasonCodes, err = c.codes(p.ReasonCodes); err != nil {
		return err
	}
	if err = c.verdict(); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err = q.Append(room[:0], c.To); err != nil {
		return err
	}
	to := dst.(*Suback)
	q.ReasonCodes = overwritten(to.ReasonCodes, q.ReasonCodes)
	*to = q
	return nil
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
	t := newLine(mqttwire.SUBACK)
	t.number("packet_id", uint64(p.PacketID))
	t.codes(p.ReasonCodes)
	t.properties("properties", p.Properties)
	return t.String()
}

// visit tells v of the fields.
func (p *Suback) visit(v visitor) {
	v.number("packetId", &p.PacketID, always)
	v.codes("reasons", &p.ReasonCodes, always)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Suback) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Suback) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Suback) LogValue() slogValue { return logPacket(&p) }
