package packets

import "github.com/mqttwire/mqttwire"

// Pingreq is PINGREQ, with which a client shows that it is alive. It is a fixed
// header and nothing else. Section 3.12.
type Pingreq struct{}

// Pingresp is PINGRESP, a server's answer to PINGREQ. It is a fixed header and
// nothing else. Section 3.13.
type Pingresp struct{}

// isEmpty reports whether the frame is a packet of type t without a body, and
// plain.
func isEmpty(f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version) bool {
	return len(f.Body) == 0 && plainFrame(f, t, v)
}

// decodePing checks a packet that has no body. U-3.12.1-1 U-3.13.1-1
func decodePing(f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version, j *mqttwire.Judge) bool {
	return isEmpty(f, t, v) || wire.Frame(j, f, t, v) && wire.End(j, f.Body)
}

// appendPing appends a packet that has no body.
func appendPing(dst []byte, t mqttwire.PacketType, v mqttwire.Version) ([]byte, error) {
	if !v.Known() {
		return refuseFrame(dst, t, v, 0)
	}
	return append(dst, byte(t)<<4, 0), nil
}

// Type returns PINGREQ.
func (p *Pingreq) Type() mqttwire.PacketType { return mqttwire.PINGREQ }

func (p *Pingreq) properties() *mqttwire.Properties { return nil }

func (p *Pingreq) clone() mqttwire.Packet { return p.Clone() }

func (*Pingreq) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	return listPlace{short: true, legal: decodePing(f, mqttwire.PINGREQ, v, nil), version: v}
}

func (*Pingreq) packetID() *uint16 { return nil }

func (*Pingreq) reasonCode() *mqttwire.ReasonCode { return nil }

// Decode checks f, a frame of version v.
func (p *Pingreq) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if isEmpty(f, mqttwire.PINGREQ, v) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Pingreq) reset(_ int) {}

func (p *Pingreq) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.PINGREQ, v, tolerance)
	if !p.decode(f, v, &j) {
		return wire.Err(&j)
	}
	return nil
}

func (p *Pingreq) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	return decodePing(f, mqttwire.PINGREQ, v, j)
}

// Size returns 2, the number of bytes that Append adds for version v.
func (p *Pingreq) Size(v mqttwire.Version) int { return packetSize(0) }

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Pingreq) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendPing(dst, mqttwire.PINGREQ, v)
}

func (p *Pingreq) convert(dst packet, _ *Conversion) error { return nil }

// Clone returns a copy.
func (p *Pingreq) Clone() *Pingreq { return &Pingreq{} }

// Pinned returns 0: there is nothing to keep alive.
func (p *Pingreq) Pinned() int { return 0 }

// String returns "PINGREQ".
func (p Pingreq) String() string { return mqttwire.PINGREQ.String() }

// visit has no field to tell of.
func (p *Pingreq) visit(_ visitor) {}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Pingreq) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Pingreq) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Pingreq) LogValue() slogValue { return logPacket(&p) }

// Type returns PINGRESP.
func (p *Pingresp) Type() mqttwire.PacketType { return mqttwire.PINGRESP }

func (p *Pingresp) properties() *mqttwire.Properties { return nil }

func (p *Pingresp) clone() mqttwire.Packet { return p.Clone() }

func (*Pingresp) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	return listPlace{short: true, legal: decodePing(f, mqttwire.PINGRESP, v, nil), version: v}
}

func (*Pingresp) packetID() *uint16 { return nil }

func (*Pingresp) reasonCode() *mqttwire.ReasonCode { return nil }

// Decode checks f, a frame of version v.
func (p *Pingresp) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if isEmpty(f, mqttwire.PINGRESP, v) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Pingresp) reset(_ int) {}

func (p *Pingresp) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.PINGRESP, v, tolerance)
	if !p.decode(f, v, &j) {
		return wire.Err(&j)
	}
	return nil
}

func (p *Pingresp) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	return decodePing(f, mqttwire.PINGRESP, v, j)
}

// Size returns 2, the number of bytes that Append adds for version v.
func (p *Pingresp) Size(v mqttwire.Version) int { return packetSize(0) }

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Pingresp) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return appendPing(dst, mqttwire.PINGRESP, v)
}

func (p *Pingresp) convert(dst packet, _ *Conversion) error { return nil }

// Clone returns a copy.
func (p *Pingresp) Clone() *Pingresp { return &Pingresp{} }

// Pinned returns 0: there is nothing to keep alive.
func (p *Pingresp) Pinned() int { return 0 }

// String returns "PINGRESP".
func (p Pingresp) String() string { return mqttwire.PINGRESP.String() }

// visit has no field to tell of.
func (p *Pingresp) visit(_ visitor) {}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Pingresp) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Pingresp) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Pingresp) LogValue() slogValue { return logPacket(&p) }
