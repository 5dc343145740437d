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

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Auth) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decodePlain(f, v) {
		return nil
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Auth) decodePlain(f mqttwire.Frame, v mqttwire.Version) bool {
	if len(f.Body) == 0 || v != mqttwire.V5 || !shortFrame(f, mqttwire.AUTH, v) && !plainFrame(f, mqttwire.AUTH, v) {
		return false
	}
	code, ok := plainCodeAndProperties(&p.Properties, f.Body, mqttwire.AUTH)
	p.ReasonCode = code
	return ok && p.Properties.Has(mqttwire.AuthenticationMethod)
}

func (p *Auth) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	*p = Auth{}
	var c mqttwire.Cursor
	c.Reset(f, mqttwire.AUTH, v, tolerance)
	if c.Len() > 0 { // U-3.15.2.1-1: length 0 means code 0
		p.ReasonCode = c.ReasonCode()
		at := c.Offset()
		c.Properties(mqttwire.PropertyOwner(mqttwire.AUTH), &p.Properties)
		if !p.Properties.Has(mqttwire.AuthenticationMethod) { // U-3.15.2.2.2-1
			c.FailAt(mqttwire.RuleAuthMethodMissing, fieldAuthMethod, at, mqttwire.NotANumber)
		}
	}
	c.End()
	if err := c.Err(); err != nil {
		*p = Auth{}
		return err
	}
	return nil
}

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
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(mqttwire.AUTH), v)
	if !ok || v != mqttwire.V5 || !p.Properties.Has(mqttwire.AuthenticationMethod) || !plainCode(p.ReasonCode, mqttwire.AUTH, v) {
		return p.appendExact(dst, v)
	}
	n := 1 + plainListSize(list, v)
	b := appendHeader(dst, byte(mqttwire.AUTH)<<4, n, n)
	return appendPlainList(append(b, byte(p.ReasonCode)), list, v), nil
}

func (p *Auth) appendExact(dst []byte, v mqttwire.Version) ([]byte, error) {
	a := mqttwire.NewAppender(dst, mqttwire.AUTH, v)
	a.FixedHeader(0, p.bodySize())
	if p.long() {
		a.ReasonCode(p.ReasonCode)
		a.Properties(mqttwire.PropertyOwner(mqttwire.AUTH), &p.Properties)
		if !p.Properties.Has(mqttwire.AuthenticationMethod) { // U-3.15.2.2.2-1
			a.Fail(mqttwire.RuleAuthMethodMissing, fieldAuthMethod, mqttwire.NotANumber)
		}
	}
	return a.Done()
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
	t := newText(mqttwire.AUTH)
	t.code(p.ReasonCode)
	t.properties("properties", p.Properties)
	return t.String()
}
