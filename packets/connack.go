package packets

import "github.com/mqttwire/mqttwire"

// Connack is CONNACK, a server's answer to CONNECT. Section 3.2.
//
// A server that knows only MQTT 3 answers a 5.0 client with the CONNACK of that
// version; Decode for V5 recognises it and returns an error of class
// ErrUnsupportedVersion.
type Connack struct {
	// SessionPresent says that the server has a session of this client. It goes
	// with code 0 only. 3.1 has no such flag: Append refuses it. Section
	// 3.2.2.1.1.
	SessionPresent bool

	// ReasonCode is, in 3.1 and 3.1.1, the return code 0 to 5. Section 3.2.2.2.
	ReasonCode mqttwire.ReasonCode

	// Properties. 5.0 only: other versions leave them out. Section 3.2.2.3.
	Properties mqttwire.Properties
}

// sessionPresent is bit 0 of the connect acknowledge flags. Section 3.2.2.1.
const sessionPresent = 0x01

// Type returns CONNACK.
func (p *Connack) Type() mqttwire.PacketType { return mqttwire.CONNACK }

func (p *Connack) properties() *mqttwire.Properties { return &p.Properties }

func (p *Connack) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Connack) clone() mqttwire.Packet { return p.Clone() }

func (*Connack) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var p Connack
	legal := p.decode(f, v, nil)
	return listPlace{p.Properties, 2, false, legal, v}
}

func (*Connack) packetID() *uint16 { return nil }

func (p *Connack) reasonCode() *mqttwire.ReasonCode { return &p.ReasonCode }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Connack) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Connack) reset(_ int) { *p = Connack{} }

func (p *Connack) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.CONNACK, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Connack) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if !plainFrame(f, mqttwire.CONNACK, v) && !wire.Frame(j, f, mqttwire.CONNACK, v) {
		return false
	}
	b := f.Body
	if len(b) == 0 {
		return wire.Missing(j, b, mqttwire.FieldAcknowledgeFlags)
	}
	flags := b[0]
	wire.Saw(j, mqttwire.FieldAcknowledgeFlags, b, 0, 1)
	p.SessionPresent = flags&sessionPresent != 0 && v != mqttwire.V31
	if flags&^sessionPresent != 0 && v != mqttwire.V31 && // [MQTT-3.2.2-1]; 3.1 has no flags here
		!wire.Pass(j, mqttwire.RuleAcknowledgeFlags, mqttwire.FieldAcknowledgeFlags, b, int64(flags)) {
		return false
	}
	if len(b) == 1 {
		return wire.Missing(j, b[1:], mqttwire.FieldReasonCode)
	}
	code := mqttwire.ReasonCode(b[1])
	wire.Saw(j, mqttwire.FieldReasonCode, b[1:], 0, 1)
	p.ReasonCode = code
	if code != 0 && !p.judgeCode(b, v, j) {
		return false
	}
	if p.SessionPresent && code != 0 && // [MQTT-3.2.2-6]
		!wire.Pass(j, mqttwire.RuleSessionPresent, mqttwire.FieldAcknowledgeFlags, b, int64(flags)) {
		return false
	}
	if b = readProperties(&p.Properties, b[2:], mqttwire.PropertyOwner(mqttwire.CONNACK), v, j); b == nil {
		return false
	}
	return len(b) == 0 || wire.End(j, b)
}

// judgeCode checks a code other than 0, which is in b[1].
func (p *Connack) judgeCode(b []byte, v mqttwire.Version, j *mqttwire.Judge) bool {
	code := p.ReasonCode
	if v == mqttwire.V5 && len(b) == 2 && code == mqttwire.ReturnUnacceptableProtocolVersion &&
		!wire.Pass(j, mqttwire.RuleVersionRefused, mqttwire.FieldReasonCode, b[1:], int64(code)) {
		return false
	}
	return code.AllowedIn(mqttwire.CONNACK, v, mqttwire.FromServer) || // [MQTT-3.2.2-8]
		wire.Pass(j, mqttwire.RuleReasonCode, mqttwire.FieldReasonCode, b[1:], int64(code))
}

// Size returns the number of bytes that Append adds for version v.
func (p *Connack) Size(v mqttwire.Version) int { return packetSize(p.bodySize(v)) }

func (p *Connack) bodySize(v mqttwire.Version) uint64 { return 2 + propertiesSize(&p.Properties, v) }

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Connack) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	const t = mqttwire.CONNACK
	flags := p.flags()
	switch {
	case p.SessionPresent && v == mqttwire.V31:
		return wire.Refuse(dst, mqttwire.RuleNotInVersion, t, v, mqttwire.FieldAcknowledgeFlags, int64(flags))
	case p.SessionPresent && p.ReasonCode != 0 && v.Known(): // [MQTT-3.2.2-6]
		return wire.Refuse(dst, mqttwire.RuleSessionPresent, t, v, mqttwire.FieldAcknowledgeFlags, int64(flags))
	}
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(t), v)
	n := 2 + plainListSize(list, v)
	switch {
	case !v.Known() || n > mqttwire.MaxVarint:
		return refuseFrame(dst, t, v, n)
	case !plainCode(p.ReasonCode, t, v):
		return refuseCode(dst, t, v, p.ReasonCode)
	case !ok:
		if err := checkList(&p.Properties, mqttwire.PropertyOwner(t), v); err != nil {
			return dst, err
		}
	}
	b := appendHeader(dst, byte(t)<<4, n, n)
	return appendPlainList(append(b, flags, byte(p.ReasonCode)), list, v), nil
}

// flags returns the acknowledge flags. Section 3.2.2.1.
func (p *Connack) flags() byte {
	if p.SessionPresent {
		return sessionPresent
	}
	return 0
}

func (p *Connack) convert(dst packet, c *Conversion) error {
	q := *p
	if c.To == mqttwire.V31 || c.from == mqttwire.V31 { // which has no such flag
		q.SessionPresent = false
		if p.SessionPresent && c.from != mqttwire.V31 {
			c.loseField(mqttwire.FieldAcknowledgeFlags, 0, int64(p.flags()), nil)
		}
	}
	if err := c.ack(&q.ReasonCode, &q.Properties); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err := q.Append(room[:0], c.To); err != nil {
		return err
	}
	*dst.(*Connack) = q
	return nil
}

// Clone returns a copy that shares no memory with p.
func (p *Connack) Clone() *Connack {
	q, m := newClone[Connack](p.Pinned())
	*q = *p
	q.Properties = m.properties(p.Properties)
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Connack) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Connack) String() string {
	t := newLine(mqttwire.CONNACK)
	t.code(p.ReasonCode)
	t.flag("session_present", p.SessionPresent)
	t.properties("properties", p.Properties)
	return t.String()
}

// visit tells v of the fields.
func (p *Connack) visit(v visitor) {
	v.flag("sessionPresent", &p.SessionPresent, always)
	v.code("reason", &p.ReasonCode, mqttwire.CONNACK, always)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Connack) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Connack) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Connack) LogValue() slogValue { return logPacket(&p) }
