package packets

import "github.com/mqttwire/mqttwire"

// Disconnect is DISCONNECT, the last packet of a connection. Before 5.0 only a
// client sends it. Section 3.14.
type Disconnect struct {
	// Properties. 5.0 only: other versions leave them out. Section 3.14.2.2.
	Properties mqttwire.Properties

	// ReasonCode. 5.0 only: other versions can say 0, a normal disconnection,
	// and refuse the others. Section 3.14.2.1.
	//
	// Without properties it is written in the shortest form, as mosquitto writes it, and
	// some peers do not look at the code there: mochi's broker, and Paho's Python client
	// (eclipse-paho/paho.mqtt.python#860). One that they have to act on, such as
	// Disconnect with Will Message, takes a Reason String with it, as the answers of
	// ReplyWithReason do.
	ReasonCode mqttwire.ReasonCode
}

// Type returns DISCONNECT.
func (p *Disconnect) Type() mqttwire.PacketType { return mqttwire.DISCONNECT }

func (p *Disconnect) properties() *mqttwire.Properties { return &p.Properties }

func (p *Disconnect) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Disconnect) clone() mqttwire.Packet { return p.Clone() }

func (*Disconnect) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var p Disconnect
	legal := p.decode(f, v, nil)
	return listPlace{p.Properties, 1, true, legal, v}
}

func (*Disconnect) packetID() *uint16 { return nil }

func (p *Disconnect) reasonCode() *mqttwire.ReasonCode { return &p.ReasonCode }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Disconnect) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if isEmpty(f, mqttwire.DISCONNECT, v) {
		*p = Disconnect{}
		return nil
	}
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Disconnect) reset(_ int) { *p = Disconnect{} }

func (p *Disconnect) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.DISCONNECT, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Disconnect) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if !plainFrame(f, mqttwire.DISCONNECT, v) && !wire.Frame(j, f, mqttwire.DISCONNECT, v) {
		return false
	}
	b := f.Body
	p.ReasonCode = 0
	if v == mqttwire.V5 && len(b) > 0 { // U-3.14.2.1-1: length 0 means code 0
		p.ReasonCode = mqttwire.ReasonCode(b[0])
		wire.Saw(j, mqttwire.FieldReasonCode, b, 0, 1)
		if !plainCode(p.ReasonCode, mqttwire.DISCONNECT, v) && !wire.Pass(j, mqttwire.RuleReasonCode, mqttwire.FieldReasonCode, b, int64(b[0])) {
			return false
		}
		b = b[1:]
	}
	if v != mqttwire.V5 || len(b) == 0 { // U-3.14.2.2.1-1: length 1 means no properties
		p.Properties = mqttwire.Properties{}
	} else if b = wire.Properties(j, &p.Properties, b, mqttwire.PropertyOwner(mqttwire.DISCONNECT)); b == nil {
		return false
	}
	return len(b) == 0 || wire.End(j, b)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Disconnect) Size(v mqttwire.Version) int {
	if v != mqttwire.V5 {
		return packetSize(0)
	}
	return packetSize(codeAndListSize(p.ReasonCode, &p.Properties))
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Disconnect) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	const t = mqttwire.DISCONNECT
	if v != mqttwire.V5 && p.ReasonCode != 0 && v.Known() {
		return wire.Refuse(dst, mqttwire.RuleNotInVersion, t, v, mqttwire.FieldReasonCode, int64(p.ReasonCode))
	}
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(t), v)
	n := plainCodeAndListSize(p.ReasonCode, list)
	switch {
	case !v.Known() || n > mqttwire.MaxVarint:
		return refuseFrame(dst, t, v, n)
	case ok && n == 0:
		return append(dst, byte(t)<<4, 0), nil
	case !plainCode(p.ReasonCode, t, v):
		return refuseCode(dst, t, v, p.ReasonCode)
	case !ok:
		if err := checkList(&p.Properties, mqttwire.PropertyOwner(t), v); err != nil {
			return dst, err
		}
	}
	return appendCodeAndList(appendHeader(dst, byte(t)<<4, n, n), p.ReasonCode, list), nil
}

func (p *Disconnect) convert(dst packet, c *Conversion) error {
	q := *p
	if c.Sender == mqttwire.FromServer && c.from == mqttwire.V5 && c.To != mqttwire.V5 {
		c.loseField(mqttwire.FieldPacketType, 0, int64(mqttwire.DISCONNECT), nil)
	}
	if err := c.ack(&q.ReasonCode, &q.Properties); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err := q.Append(room[:0], c.To); err != nil {
		return err
	}
	*dst.(*Disconnect) = q
	return nil
}

// Clone returns a copy that shares no memory with p.
func (p *Disconnect) Clone() *Disconnect {
	q, m := newClone[Disconnect](p.Pinned())
	*q = *p
	q.Properties = m.properties(p.Properties)
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Disconnect) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Disconnect) String() string {
	t := newLine(mqttwire.DISCONNECT)
	t.code(p.ReasonCode)
	t.properties("properties", p.Properties)
	return t.String()
}

// visit tells v of the fields.
func (p *Disconnect) visit(v visitor) {
	v.code("reason", &p.ReasonCode, mqttwire.DISCONNECT, rare)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Disconnect) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Disconnect) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Disconnect) LogValue() slogValue { return logPacket(&p) }
