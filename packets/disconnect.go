package packets

import "github.com/mqttwire/mqttwire"

// Disconnect is DISCONNECT, the last packet of a connection. Before 5.0 only a
// client sends it. Section 3.14.
type Disconnect struct {
	// Properties. 5.0 only: other versions leave them out. Section 3.14.2.2.
	Properties mqttwire.Properties

	// ReasonCode. 5.0 only: other versions can say 0, a normal disconnection,
	// and refuse the others. Section 3.14.2.1.
	ReasonCode mqttwire.ReasonCode
}

// Type returns DISCONNECT.
func (p *Disconnect) Type() mqttwire.PacketType { return mqttwire.DISCONNECT }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Disconnect) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if isEmpty(f, mqttwire.DISCONNECT, v) {
		*p = Disconnect{}
		return nil
	}
	if p.decodePlain(f, v) {
		return nil
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Disconnect) decodePlain(f mqttwire.Frame, v mqttwire.Version) bool {
	if len(f.Body) == 0 || v != mqttwire.V5 || !shortFrame(f, mqttwire.DISCONNECT, v) && !plainFrame(f, mqttwire.DISCONNECT, v) {
		return false
	}
	code, ok := plainCodeAndProperties(&p.Properties, f.Body, mqttwire.DISCONNECT)
	p.ReasonCode = code
	return ok
}

func (p *Disconnect) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	*p = Disconnect{}
	var c mqttwire.Cursor
	c.Reset(f, mqttwire.DISCONNECT, v, tolerance)
	if v == mqttwire.V5 && c.Len() > 0 { // U-3.14.2.1-1: length 0 means code 0
		p.ReasonCode = c.ReasonCode()
		if c.Len() > 0 { // U-3.14.2.2.1-1: length 1 means no properties
			c.Properties(mqttwire.PropertyOwner(mqttwire.DISCONNECT), &p.Properties)
		}
	}
	c.End()
	if err := c.Err(); err != nil {
		*p = Disconnect{}
		return err
	}
	return nil
}

// long reports whether the packet needs its code and properties written. With
// another code than 0, the form with a property length is what every peer
// understands.
func (p *Disconnect) long(v mqttwire.Version) bool {
	return v == mqttwire.V5 && (p.ReasonCode != 0 || !p.Properties.Empty() || p.Properties.Err() != nil)
}

// Size returns the number of bytes that Append adds for version v.
func (p *Disconnect) Size(v mqttwire.Version) int { return packetSize(p.bodySize(v)) }

func (p *Disconnect) bodySize(v mqttwire.Version) uint64 {
	if p.long(v) {
		return 1 + uint64(p.Properties.Size())
	}
	return 0
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Disconnect) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(mqttwire.DISCONNECT), v)
	switch {
	case !ok:
		return p.appendExact(dst, v)
	case p.ReasonCode == 0 && len(list) == 0:
		return append(dst, byte(mqttwire.DISCONNECT)<<4, 0), nil
	case !plainCode(p.ReasonCode, mqttwire.DISCONNECT, v):
		return p.appendExact(dst, v)
	}
	n := 1 + plainListSize(list, v)
	b := appendHeader(dst, byte(mqttwire.DISCONNECT)<<4, n, n)
	return appendPlainList(append(b, byte(p.ReasonCode)), list, v), nil
}

func (p *Disconnect) appendExact(dst []byte, v mqttwire.Version) ([]byte, error) {
	a := mqttwire.NewAppender(dst, mqttwire.DISCONNECT, v)
	if v != mqttwire.V5 && p.ReasonCode != 0 {
		a.Fail(mqttwire.RuleNotInVersion, mqttwire.FieldReasonCode, int64(p.ReasonCode))
	}
	a.FixedHeader(0, p.bodySize(v))
	if p.long(v) {
		a.ReasonCode(p.ReasonCode)
		a.Properties(mqttwire.PropertyOwner(mqttwire.DISCONNECT), &p.Properties)
	}
	return a.Done()
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
	t := newText(mqttwire.DISCONNECT)
	t.code(p.ReasonCode)
	t.properties("properties", p.Properties)
	return t.String()
}
