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

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Connack) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decodePlain(f, v) {
		return nil
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Connack) decodePlain(f mqttwire.Frame, v mqttwire.Version) bool {
	b := f.Body
	if len(b) < 2 || !shortFrame(f, mqttwire.CONNACK, v) && !plainFrame(f, mqttwire.CONNACK, v) {
		return false
	}
	flags, code := b[0], mqttwire.ReasonCode(b[1])
	if flags != 0 && (flags != sessionPresent || code != 0 || v == mqttwire.V31) || !plainCode(code, mqttwire.CONNACK, v) {
		return false
	}
	p.SessionPresent, p.ReasonCode = flags != 0, code
	rest := plainProperties(&p.Properties, b[2:], mqttwire.PropertyOwner(mqttwire.CONNACK), v)
	return rest != nil && len(rest) == 0
}

func (p *Connack) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	*p = Connack{}
	var c mqttwire.Cursor
	c.Reset(f, mqttwire.CONNACK, v, tolerance)
	p.decode(&c)
	if err := c.Err(); err != nil {
		*p = Connack{}
		return err
	}
	return nil
}

func (p *Connack) decode(c *mqttwire.Cursor) {
	v, at := c.Version(), c.Offset()
	short := c.Len() == 2
	flags := c.Byte(mqttwire.FieldAcknowledgeFlags)
	if flags&^sessionPresent != 0 && v != mqttwire.V31 { // [MQTT-3.2.2-1]; 3.1 has no flags here
		c.FailAt(mqttwire.RuleAcknowledgeFlags, mqttwire.FieldAcknowledgeFlags, at, int64(flags))
	}
	p.SessionPresent = flags&sessionPresent != 0 && v != mqttwire.V31
	code := mqttwire.ReasonCode(c.Byte(mqttwire.FieldReasonCode))
	if v == mqttwire.V5 && short && code == mqttwire.ReturnUnacceptableProtocolVersion {
		c.FailAt(mqttwire.RuleVersionRefused, mqttwire.FieldReasonCode, at+1, int64(code))
	}
	if !code.AllowedIn(mqttwire.CONNACK, v, mqttwire.FromServer) { // [MQTT-3.2.2-8]
		c.FailAt(mqttwire.RuleReasonCode, mqttwire.FieldReasonCode, at+1, int64(code))
	}
	p.ReasonCode = code
	if p.SessionPresent && code != 0 { // [MQTT-3.2.2-6]
		c.FailAt(mqttwire.RuleSessionPresent, mqttwire.FieldAcknowledgeFlags, at, int64(flags))
	}
	c.Properties(mqttwire.PropertyOwner(mqttwire.CONNACK), &p.Properties)
	c.End()
}

// Size returns the number of bytes that Append adds for version v.
func (p *Connack) Size(v mqttwire.Version) int { return packetSize(p.bodySize(v)) }

func (p *Connack) bodySize(v mqttwire.Version) uint64 { return 2 + propertiesSize(&p.Properties, v) }

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Connack) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(mqttwire.CONNACK), v)
	if !ok || p.SessionPresent && (v == mqttwire.V31 || p.ReasonCode != 0) || !plainCode(p.ReasonCode, mqttwire.CONNACK, v) {
		return p.appendExact(dst, v)
	}
	n := 2 + plainListSize(list, v)
	b := appendHeader(dst, byte(mqttwire.CONNACK)<<4, n, n)
	b = append(b, p.flags(), byte(p.ReasonCode))
	return appendPlainList(b, list, v), nil
}

func (p *Connack) appendExact(dst []byte, v mqttwire.Version) ([]byte, error) {
	a := mqttwire.NewAppender(dst, mqttwire.CONNACK, v)
	flags := p.flags()
	switch {
	case p.SessionPresent && v == mqttwire.V31:
		a.Fail(mqttwire.RuleNotInVersion, mqttwire.FieldAcknowledgeFlags, int64(flags))
	case p.SessionPresent && p.ReasonCode != 0: // [MQTT-3.2.2-6]
		a.Fail(mqttwire.RuleSessionPresent, mqttwire.FieldAcknowledgeFlags, int64(flags))
	}
	a.FixedHeader(0, p.bodySize(v))
	a.Byte(flags)
	a.ReasonCode(p.ReasonCode)
	a.Properties(mqttwire.PropertyOwner(mqttwire.CONNACK), &p.Properties)
	return a.Done()
}

// flags returns the acknowledge flags. Section 3.2.2.1.
func (p *Connack) flags() byte {
	if p.SessionPresent {
		return sessionPresent
	}
	return 0
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
	t := newText(mqttwire.CONNACK)
	t.code(p.ReasonCode)
	t.flag("session_present", p.SessionPresent)
	t.properties("properties", p.Properties)
	return t.String()
}
