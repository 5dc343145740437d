package packets

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
)

// Publish is PUBLISH, an application message. Section 3.3.
type Publish struct {
	// Topic is a topic name of 1 to 65535 bytes; in 5.0 it may be empty if the
	// properties have a Topic Alias. Section 3.3.2.1.
	Topic []byte

	// Payload is the application message, up to the end of the packet; it may be
	// empty. Section 3.3.3.
	Payload []byte

	// Properties. 5.0 only: other versions leave them out. Section 3.3.2.3.
	Properties mqttwire.Properties

	// PacketID is the packet identifier, 1 to 65535; with QoS 0 there is none on
	// the wire and the field is not looked at. Section 3.3.2.2.
	PacketID uint16

	// QoS is 0, 1 or 2. Section 3.3.1.2.
	QoS mqttwire.QoS

	// Dup says that the message may have been sent before; with QoS 0 it is
	// false, but for 3.1. Section 3.3.1.1.
	Dup bool

	// Retain asks a server to keep the message, and tells a client that it was
	// kept. Section 3.3.1.3.
	Retain bool
}

// The flag bits of PUBLISH, of which DUP is also that of PUBREL, SUBSCRIBE and
// UNSUBSCRIBE in 3.1. Section 3.3.1.
const (
	flagRetain = 0x01
	flagQoS    = 0x06
	flagDup    = 0x08

	qosShift = 1
)

// Type returns PUBLISH.
func (p *Publish) Type() mqttwire.PacketType { return mqttwire.PUBLISH }

func (p *Publish) properties() *mqttwire.Properties { return &p.Properties }

func (p *Publish) clone() mqttwire.Packet { return p.Clone() }

func (*Publish) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var p Publish
	if !p.decode(f, v, nil) {
		return listPlace{}
	}
	return p.listPlace(f, v)
}

// listPlace is listIn for the packet that was decoded from f.
func (p *Publish) listPlace(f mqttwire.Frame, v mqttwire.Version) listPlace {
	return listPlace{p.Properties, len(f.Body) - len(p.Payload) - p.Properties.Size(), false, true, v}
}

func (*Publish) listFault(f mqttwire.Frame, list mqttwire.Properties) (mqttwire.Rule, mqttwire.Field, int64) {
	p := Publish{Topic: f.Body[2:fieldEnd(f.Body)], Properties: list}
	if p.lacksTopic(mqttwire.V5) {
		return mqttwire.RuleTopicOrAlias, mqttwire.FieldTopicName, 0
	}
	return 0, "", 0
}

func (p *Publish) packetID() *uint16 {
	if p.QoS == mqttwire.AtMostOnce {
		return nil // not on the wire [MQTT-2.2.1-2]
	}
	return &p.PacketID
}

func (*Publish) reasonCode() *mqttwire.ReasonCode { return nil }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Publish) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Publish) reset(_ int) { *p = Publish{} }

func (p *Publish) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.PUBLISH, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

// decode reads the packet, and reports whether all rules are kept that j does not
// let pass.
func (p *Publish) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	flags, b := f.Header.Flags, f.Body
	if (f.Header.Type != mqttwire.PUBLISH || !plainLength(f) || !v.Known() || plainFlags>>flags&1 == 0) && !p.judgeHeader(f, v, j) {
		return false
	}
	var topic []byte
	n := fieldEnd(b)
	if j == nil && n > 2 && text.ASCIIName(b[2:n]) {
		topic, b = b[2:n:n], b[n:]
	} else if n == 2 && v == mqttwire.V5 { // a topic alias may stand for it
		wire.Saw(j, mqttwire.FieldTopicName, b, 2, 2)
		topic, b = b[2:2:2], b[2:]
	} else if topic, b = wire.TopicName(j, b, mqttwire.FieldTopicName, v); b == nil {
		return false
	}
	id := uint16(0)
	if flags&flagQoS != 0 {
		if id = plainID(b); id != 0 && j == nil {
			b = b[2:]
		} else if id, b = wire.PacketID(j, b); b == nil {
			return false
		}
	}
	p.Properties = mqttwire.Properties{} // as most have none
	switch {
	case v != mqttwire.V5:
	case j == nil && len(b) > 0 && b[0] == 0:
		b = b[1:]
	default:
		if b = wire.Properties(j, &p.Properties, b, mqttwire.PropertyOwner(mqttwire.PUBLISH)); b == nil {
			p.Topic, p.PacketID = topic, id // ReadHeader returns them if the list is too long for it
			p.setFlags(flags)
			return false
		}
	}
	wire.Saw(j, mqttwire.FieldPayload, b, 0, len(b))
	p.Topic, p.PacketID, p.Payload = topic, id, b[:len(b):len(b)]
	p.setFlags(flags)
	return n != 2 || v != mqttwire.V5 || p.Properties.Has(mqttwire.TopicAlias) || // U-3.3.2.1-1
		wire.Pass(j, mqttwire.RuleTopicOrAlias, mqttwire.FieldTopicName, f.Body, 0)
}

// judgeHeader judges a fixed header that is not plain.
func (p *Publish) judgeHeader(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if !wire.Frame(j, f, mqttwire.PUBLISH, v) {
		return false
	}
	p.setFlags(f.Header.Flags)
	rule, field, found := p.flagsFault(v)
	return rule == 0 || wire.PassAt(j, rule, field, 0, found)
}

// plainFlags has a bit for each value of the flags that is legal in every version.
var plainFlags = func() (legal uint16) {
	for flags := range byte(1 << 4) {
		var p Publish
		p.setFlags(flags)
		if rule, _, _ := p.flagsFault(mqttwire.V5); rule == 0 { // 3.1 allows more
			legal |= 1 << flags
		}
	}
	return legal
}()

// setFlags is the inverse of flags.
func (p *Publish) setFlags(flags byte) {
	p.QoS, p.Dup, p.Retain = mqttwire.QoS(flags&flagQoS>>qosShift), flags&flagDup != 0, flags&flagRetain != 0
}

// flagsFault returns the rule that QoS and DUP break, or 0; and which of the two
// it is, with its value.
func (p *Publish) flagsFault(v mqttwire.Version) (mqttwire.Rule, mqttwire.Field, int64) {
	switch {
	case !p.QoS.Valid(): // [MQTT-3.3.1-4]
		return mqttwire.RuleQoS, mqttwire.FieldQoS, int64(p.QoS)
	case p.Dup && p.QoS == 0 && v != mqttwire.V31: // [MQTT-3.3.1-2]
		return mqttwire.RuleDup, mqttwire.FieldDup, 1
	}
	return 0, "", 0
}

// Size returns the number of bytes that Append adds for version v.
func (p *Publish) Size(v mqttwire.Version) int {
	return packetSize(p.headerSize(propertiesSize(&p.Properties, v)) + uint64(len(p.Payload)))
}

// headerSize is the size of the variable header, in which the property list takes
// so many bytes.
func (p *Publish) headerSize(list uint64) uint64 {
	n := stringSize(p.Topic) + list
	if p.QoS > 0 {
		n += 2
	}
	return n
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Publish) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	return p.append(dst, v, uint64(len(p.Payload)), p.Payload)
}

// AppendHeader appends all of the packet but the payload, which has to follow on
// the wire: for sending both as net.Buffers without copying the payload. On
// error it returns dst as it was.
func (p *Publish) AppendHeader(dst []byte, v mqttwire.Version) ([]byte, error) {
	return p.append(dst, v, uint64(len(p.Payload)), nil)
}

// append appends the packet, but of its payload, which has payloadSize bytes,
// only those of payload.
func (p *Publish) append(dst []byte, v mqttwire.Version, payloadSize uint64, payload []byte) ([]byte, error) {
	const t = mqttwire.PUBLISH
	if !v.Known() {
		return wire.Refuse(dst, mqttwire.RuleVersion, t, v, mqttwire.FieldVersion, int64(v))
	}
	if rule, field, found := p.flagsFault(v); rule != 0 {
		return wire.Refuse(dst, rule, t, v, field, found)
	}
	if p.lacksTopic(v) {
		return wire.Refuse(dst, mqttwire.RuleTopicOrAlias, t, v, mqttwire.FieldTopicName, 0)
	}
	n := p.headerSize(propertiesSize(&p.Properties, v))
	if n+payloadSize > mqttwire.MaxVarint { // U-2.1.4-1
		const most = 1 << 62 // so that no sum wraps
		return wire.Refuse(dst, mqttwire.RuleRemainingLength, t, v, mqttwire.FieldRemainingLength, int64(n+min(payloadSize, most)))
	}
	b := appendHeader(dst, byte(t)<<4|p.flags(), n+payloadSize, n+uint64(len(payload)))
	at := len(b)
	b = b[:at+int(n)+len(payload)] // to be written by index, which is shorter than to append
	next := text.PutTopicName(b, at, p.Topic)
	switch {
	case next != 0:
	case len(p.Topic) == 0 && v == mqttwire.V5:
		b[at], b[at+1] = 0, 0
		next = at + 2
	default:
		var err error
		if next, err = wire.PutTopicName(b, at, p.Topic, t, v, mqttwire.FieldTopicName); err != nil {
			return dst, err
		}
	}
	if p.QoS > 0 {
		if p.PacketID == 0 {
			return refuseID(dst, t, v)
		}
		b[next], b[next+1] = byte(p.PacketID>>8), byte(p.PacketID)
		next += 2
	}
	switch {
	case v != mqttwire.V5:
	case wire.NoProperties(&p.Properties):
		b[next] = 0
		next++
	default:
		list, ok := wire.PlainProperties(&p.Properties, mqttwire.PropertyOwner(t))
		if !ok {
			if err := wire.CheckProperties(&p.Properties, mqttwire.PropertyOwner(t)); err != nil {
				return dst, err
			}
		}
		next = len(appendPlainList(b[:next], list, v))
	}
	copy(b[next:], payload)
	return b, nil
}

// lacksTopic reports whether there is neither a topic name nor, in 5.0, an alias for
// one. Before 5.0 the topic name is checked by itself. U-3.3.2.1-1
func (p *Publish) lacksTopic(v mqttwire.Version) bool {
	return len(p.Topic) == 0 && v == mqttwire.V5 && !p.Properties.Has(mqttwire.TopicAlias)
}

func (p *Publish) flags() byte {
	b := byte(p.QoS) << qosShift & flagQoS
	if p.Dup {
		b |= flagDup
	}
	if p.Retain {
		b |= flagRetain
	}
	return b
}

func (p *Publish) convert(dst packet, c *Conversion) error {
	q := *p
	if p.Dup && p.QoS == mqttwire.AtMostOnce && c.To != mqttwire.V31 { // [MQTT-3.3.1-2]
		c.loseField(mqttwire.FieldDup, 0, 1, nil)
		q.Dup = false
	}
	if err := c.drop(&q.Properties, mqttwire.PropertyOwner(mqttwire.PUBLISH), 0); err != nil {
		return err
	}
	if err := c.verdict(); err != nil {
		return err
	}
	if len(p.Topic) == 0 && c.To != mqttwire.V5 { // a Topic Alias stood for it
		q.Topic = c.Topic
	}
	var room [checkRoom]byte
	if _, err := q.AppendHeader(room[:0], c.To); err != nil {
		return err
	}
	*dst.(*Publish) = q
	return nil
}

// Clone returns a copy that shares no memory with p.
func (p *Publish) Clone() *Publish {
	q, m := newClone[Publish](p.Pinned())
	*q = *p
	q.Topic, q.Payload = m.bytes(p.Topic), m.bytes(p.Payload)
	q.Properties = m.properties(p.Properties)
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Publish) Pinned() int {
	return len(p.Topic) + len(p.Payload) + len(p.Properties.Bytes())
}

// String returns the packet in one line, without the payload.
func (p Publish) String() string {
	t := newLine(mqttwire.PUBLISH)
	t.bytes("topic", p.Topic)
	t.number("qos", uint64(p.QoS))
	if p.QoS > 0 {
		t.number("packet_id", uint64(p.PacketID))
	}
	t.flag("dup", p.Dup)
	t.flag("retain", p.Retain)
	t.length("payload", p.Payload)
	t.properties("properties", p.Properties)
	return t.String()
}

// visit tells v of the fields.
func (p *Publish) visit(v visitor) {
	v.flag("dup", &p.Dup, always)
	v.byte("qos", (*uint8)(&p.QoS), always)
	v.flag("retain", &p.Retain, always)
	v.text("topic", &p.Topic)
	v.number("packetId", &p.PacketID, p.QoS == 0)
	v.properties("props", &p.Properties)
	v.payload("payload", &p.Payload)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Publish) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Publish) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Publish) LogValue() slogValue { return logPacket(&p) }
