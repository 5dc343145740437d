package packets

import "github.com/mqttwire/mqttwire"

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

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Publish) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decodePlain(f, v) {
		return nil
	}
	return p.decodeFrame(f, v, nil)
}

// decodePlain reads a packet that is legal at first sight, and reports whether it
// is. Whatever else it may be it leaves to decodeFrame, which names what is wrong
// and may still accept. PUBLISH is the packet that counts, and without a Cursor it
// takes half of the time.
func (p *Publish) decodePlain(f mqttwire.Frame, v mqttwire.Version) bool {
	flags, b := f.Header.Flags, f.Body
	if f.Header.Type != mqttwire.PUBLISH || !plainLength(f) || !v.Known() || len(b) < 2 ||
		flags&flagQoS == flagQoS || flags&(flagQoS|flagDup) == flagDup {
		return false
	}
	n := 2 + (int(b[0])<<8 | int(b[1]))
	if n > len(b) || n > 2 && !mqttwire.PlainTopicName(b[2:n]) && mqttwire.CheckTopicName(b[2:n], v) != nil {
		return false
	}
	topic, rest := b[2:n:n], b[n:]
	id := uint16(0)
	if flags&flagQoS != 0 {
		if len(rest) < 2 || rest[0]|rest[1] == 0 {
			return false
		}
		id = uint16(rest[1]) | uint16(rest[0])<<8
		rest = rest[2:]
	}
	switch { // most have no properties, and then a call is a twentieth of the time
	case v != mqttwire.V5:
		p.Properties = mqttwire.Properties{}
	case len(rest) > 0 && rest[0] == 0:
		p.Properties, rest = mqttwire.Properties{}, rest[1:]
	default:
		if rest = plainProperties5(&p.Properties, rest, mqttwire.PropertyOwner(mqttwire.PUBLISH)); rest == nil {
			return false
		}
	}
	if n == 2 && !p.Properties.Has(mqttwire.TopicAlias) { // U-3.3.2.1-1
		return false
	}
	p.Topic, p.PacketID, p.Payload = topic, id, rest[:len(rest):len(rest)]
	p.QoS, p.Dup, p.Retain = mqttwire.QoS(flags&flagQoS>>qosShift), flags&flagDup != 0, flags&flagRetain != 0
	return true
}

func (p *Publish) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	var c mqttwire.Cursor
	c.Reset(f, mqttwire.PUBLISH, v, tolerance)
	p.decode(&c)
	if err := c.Err(); err != nil {
		*p = Publish{}
		return err
	}
	return nil
}

func (p *Publish) decode(c *mqttwire.Cursor) {
	v, flags := c.Version(), c.Flags()
	p.Dup = flags&flagDup != 0
	p.QoS = mqttwire.QoS(flags & flagQoS >> qosShift)
	p.Retain = flags&flagRetain != 0
	if rule, field, found := p.flagsFault(v); rule != 0 {
		c.FailAt(rule, field, 0, found)
	}
	at := c.Offset()
	if v == mqttwire.V5 {
		p.Topic = c.TopicNameOrEmpty(mqttwire.FieldTopicName)
	} else {
		p.Topic = c.TopicName(mqttwire.FieldTopicName)
	}
	p.PacketID = 0
	if p.QoS > 0 {
		p.PacketID = c.PacketID()
	}
	c.Properties(mqttwire.PropertyOwner(mqttwire.PUBLISH), &p.Properties)
	if v == mqttwire.V5 && len(p.Topic) == 0 && !p.Properties.Has(mqttwire.TopicAlias) { // U-3.3.2.1-1
		c.FailAt(mqttwire.RuleTopicOrAlias, mqttwire.FieldTopicName, at, 0)
	}
	p.Payload = c.Rest()
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
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(mqttwire.PUBLISH), v)
	n := p.headerSize(plainListSize(list, v))
	if !ok || !p.plainFlags() || n+payloadSize > mqttwire.MaxVarint {
		return p.appendLegal(dst, v, payloadSize, payload)
	}
	b := appendHeader(dst, byte(mqttwire.PUBLISH)<<4|p.flags(), n+payloadSize, n+uint64(len(payload)))
	at := len(b)
	b = b[:at+int(n)+len(payload)] // to be written by index, which is shorter than to append
	next := mqttwire.PutPlainTopicName(b, at, p.Topic)
	if next == 0 {
		if !p.named(v) {
			return p.appendExact(dst, v, payloadSize, payload)
		}
		b[at], b[at+1] = 0, 0
		next = at + 2
	}
	if p.QoS > 0 {
		b[next], b[next+1] = byte(p.PacketID>>8), byte(p.PacketID)
		next += 2
	}
	if v == mqttwire.V5 {
		next = len(appendPlainList(b[:next], list, v))
	}
	copy(b[next:], payload)
	return b, nil
}

// named reports whether there is an alias in the place of the topic name.
func (p *Publish) named(v mqttwire.Version) bool {
	return len(p.Topic) == 0 && v == mqttwire.V5 && p.Properties.Has(mqttwire.TopicAlias)
}

// plainFlags reports whether QoS, DUP and packet identifier go together in every
// version.
func (p *Publish) plainFlags() bool {
	if p.QoS == 0 {
		return !p.Dup
	}
	return p.QoS.Valid() && p.PacketID != 0
}

// appendLegal is append for a property list that is not plain, but still legal, as
// one that was built for this message in memory given to Reset. With eight
// properties it takes 52 ns, and by an Appender 70. It stands by itself to keep
// what it needs out of append.
func (p *Publish) appendLegal(dst []byte, v mqttwire.Version, payloadSize uint64, payload []byte) ([]byte, error) {
	list, ok := p.Properties.Legal(mqttwire.PropertyOwner(mqttwire.PUBLISH))
	n := p.headerSize(plainListSize(list, v))
	if !ok || v != mqttwire.V5 || len(list) > maxPlainList || !mqttwire.PlainTopicName(p.Topic) || !p.plainFlags() ||
		n+payloadSize > mqttwire.MaxVarint {
		return p.appendExact(dst, v, payloadSize, payload)
	}
	b := appendHeader(dst, byte(mqttwire.PUBLISH)<<4|p.flags(), n+payloadSize, n+uint64(len(payload)))
	b = appendPrefixed(b, p.Topic)
	if p.QoS > 0 {
		b = append(b, byte(p.PacketID>>8), byte(p.PacketID))
	}
	return append(appendPlainList(b, list, v), payload...), nil
}

func (p *Publish) appendExact(dst []byte, v mqttwire.Version, payloadSize uint64, payload []byte) ([]byte, error) {
	const most = 1 << 62 // so that no sum wraps
	n := p.headerSize(propertiesSize(&p.Properties, v))
	a := mqttwire.NewAppender(dst, mqttwire.PUBLISH, v)
	p.appendHeader(&a, v, n+min(payloadSize, most), n+uint64(len(payload)))
	a.Raw(payload)
	return a.Done()
}

// appendHeader appends fixed and variable header of a packet whose body has size
// bytes, of which part will be appended.
func (p *Publish) appendHeader(a *mqttwire.Appender, v mqttwire.Version, size, part uint64) {
	if rule, field, found := p.flagsFault(v); rule != 0 {
		a.Fail(rule, field, found)
	}
	if v == mqttwire.V5 && len(p.Topic) == 0 && !p.Properties.Has(mqttwire.TopicAlias) { // U-3.3.2.1-1
		a.Fail(mqttwire.RuleTopicOrAlias, mqttwire.FieldTopicName, 0)
	}
	a.PartialHeader(p.flags(), size, part)
	if v == mqttwire.V5 {
		a.TopicNameOrEmpty(mqttwire.FieldTopicName, p.Topic)
	} else {
		a.TopicName(mqttwire.FieldTopicName, p.Topic)
	}
	if p.QoS > 0 {
		a.PacketID(p.PacketID)
	}
	a.Properties(mqttwire.PropertyOwner(mqttwire.PUBLISH), &p.Properties)
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
	t := newText(mqttwire.PUBLISH)
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
