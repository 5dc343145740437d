package packets

import "github.com/mqttwire/mqttwire"

// Auth is AUTH, a step of enhanced authentication. MQTT 5.0 only. Section 3.15.
type Auth struct {
	// Properties have an Authentication Method. The empty list goes with code 0
	// only, and makes the packet of remaining length 0: the standard both
	// describes and rules out that form, so it is accepted; CheckOptional tells.
	// Section 3.15.2.2.
	Properties mqttwire.Properties

	// ReasonCode is 0x00, 0x18 or 0x19. Section 3.15.2.1.
	ReasonCode mqttwire.ReasonCode
}

// Type returns AUTH.
func (p *Auth) Type() mqttwire.PacketType { return mqttwire.AUTH }

func (p *Auth) properties() *mqttwire.Properties { return &p.Properties }

func (p *Auth) withProperties(list mqttwire.Properties) mqttwire.Packet {
	q := *p
	q.Properties = list
	return &q
}

func (p *Auth) clone() mqttwire.Packet { return p.Clone() }

func (*Auth) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var p Auth
	legal := p.decode(f, v, nil)
	return listPlace{p.Properties, 1, true, legal, v}
}

func (*Auth) listFault(f mqttwire.Frame, list mqttwire.Properties) (mqttwire.Rule, mqttwire.Field, int64) {
	p := Auth{Properties: list}
	if len(f.Body) > 0 {
		p.ReasonCode = mqttwire.ReasonCode(f.Body[0])
	}
	if p.long() && lacksMethod(&list) {
		return mqttwire.RuleAuthMethodMissing, fieldAuthMethod, mqttwire.NotANumber
	}
	return 0, "", 0
}

func (*Auth) packetID() *uint16 { return nil }

func (p *Auth) reasonCode() *mqttwire.ReasonCode { return &p.ReasonCode }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Auth) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Auth) reset(_ int) { *p = Auth{} }

func (p *Auth) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.AUTH, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Auth) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if (v != mqttwire.V5 || !plainFrame(f, mqttwire.AUTH, v)) && !wire.Frame(j, f, mqttwire.AUTH, v) {
		return false
	}
	b := f.Body
	if len(b) == 0 { // U-3.15.2.1-1: length 0 means code 0
		*p = Auth{}
		return true
	}
	p.ReasonCode = mqttwire.ReasonCode(b[0])
	wire.Saw(j, mqttwire.FieldReasonCode, b, 0, 1)
	if !plainCode(p.ReasonCode, mqttwire.AUTH, v) && !wire.Pass(j, mqttwire.RuleReasonCode, mqttwire.FieldReasonCode, b, int64(b[0])) {
		return false
	}
	list := b[1:]
	if b = wire.Properties(j, &p.Properties, list, mqttwire.PropertyOwner(mqttwire.AUTH)); b == nil {
		return false
	}
	if lacksMethod(&p.Properties) && !wire.Pass(j, mqttwire.RuleAuthMethodMissing, fieldAuthMethod, list, mqttwire.NotANumber) {
		return false
	}
	return len(b) == 0 || wire.End(j, b)
}

// lacksMethod reports whether there is no authentication method. U-3.15.2.2.2-1
func lacksMethod(p *mqttwire.Properties) bool { return !p.Has(mqttwire.AuthenticationMethod) }

// long reports whether the packet needs its code and properties written.
func (p *Auth) long() bool {
	return p.ReasonCode != 0 || !p.Properties.Empty() || p.Properties.Err() != nil
}

// Size returns the number of bytes that Append adds for version v.
func (p *Auth) Size(v mqttwire.Version) int { return packetSize(p.bodySize()) }

func (p *Auth) bodySize() uint64 {
	if p.long() {
		return 1 + uint64(p.Properties.Size())
	}
	return 0
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Auth) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	const t = mqttwire.AUTH
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(t), v)
	n := p.bodySize()
	switch {
	case v != mqttwire.V5 || n > mqttwire.MaxVarint:
		return refuseFrame(dst, t, v, n)
	case n == 0:
		return append(dst, byte(t)<<4, 0), nil
	case !plainCode(p.ReasonCode, t, v):
		return refuseCode(dst, t, v, p.ReasonCode)
	case !ok:
		if err := checkList(&p.Properties, mqttwire.PropertyOwner(t), v); err != nil {
			return dst, err
		}
	}
	if lacksMethod(&p.Properties) {
		return wire.Refuse(dst, mqttwire.RuleAuthMethodMissing, t, v, fieldAuthMethod, mqttwire.NotANumber)
	}
	b := appendHeader(dst, byte(t)<<4, n, n)
	return appendPlainList(append(b, byte(p.ReasonCode)), list, v), nil
}

func (p *Auth) convert(dst packet, c *Conversion) error {
	q := *p
	if c.To != mqttwire.V5 {
		c.loseField(mqttwire.FieldPacketType, 0, int64(mqttwire.AUTH), nil)
		return c.verdict()
	}
	if err := c.drop(&q.Properties, mqttwire.PropertyOwner(mqttwire.AUTH), 0); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err := q.Append(room[:0], c.To); err != nil {
		return err
	}
	*dst.(*Auth) = q
	return nil
}

// Clone returns a copy that shares no memory with p.
func (p *Auth) Clone() *Auth {
	q, m := newClone[Auth](p.Pinned())
	*q = *p
	q.Properties = m.properties(p.Properties)
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Auth) Pinned() int { return len(p.Properties.Bytes()) }

// String returns the packet in one line.
func (p Auth) String() string {
	t := newLine(mqttwire.AUTH)
	t.code(p.ReasonCode)
	t.properties("properties", p.Properties)
	return t.String()
}

// visit tells v of the fields.
func (p *Auth) visit(v visitor) {
	v.code("reason", &p.ReasonCode, mqttwire.AUTH, rare)
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Auth) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Auth) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Auth) LogValue() slogValue { return logPacket(&p) }
