package mqttwiretest

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// partKind is what a part of a packet's body is.
type partKind uint8

const (
	_ partKind = iota
	protocolNamePart
	levelPart
	connectFlagsPart
	keepAlivePart
	acknowledgeFlagsPart
	packetIDPart
	reasonCodePart
	propertiesPart // the property length and the properties
	clientIDPart
	willTopicPart
	willPayloadPart
	userNamePart
	passwordPart
	topicNamePart
	filterPart
	optionsPart
	payloadPart
)

// isText reports whether the part is a string: two bytes of length and text.
func (k partKind) isText() bool {
	switch k {
	case protocolNamePart, clientIDPart, willTopicPart, userNamePart, topicNamePart, filterPart:
		return true
	}
	return false
}

// isBinary reports whether the part is two bytes of length and any bytes.
func (k partKind) isBinary() bool { return k == willPayloadPart || k == passwordPart }

// part is where a field lies: body[start:end].
type part struct {
	kind       partKind
	owner      mqttwire.PropertyOwner // of a propertiesPart
	start, end int
}

// anatomy is a legal packet, taken apart.
type anatomy struct {
	version mqttwire.Version
	typ     mqttwire.PacketType
	flags   uint8
	body    []byte
	parts   []part // in the order of the body, without gaps
}

// dissect takes the bytes of a packet apart, which must be legal; ok is false if
// it notices that they are not.
func dissect(b []byte, v mqttwire.Version) (a anatomy, ok bool) {
	f, rest, err := mqttwire.CutFrame(b, 0)
	if err != nil || len(rest) > 0 {
		return anatomy{}, false
	}
	a = anatomy{version: v, typ: f.Header.Type, flags: f.Header.Flags, body: f.Body}
	w := walker{anatomy: &a}
	w.walk()
	return a, !w.bad && w.pos == len(a.body)
}

// walker goes over the fields of a body.
type walker struct {
	*anatomy
	pos int
	bad bool // a field passes the end
}

func (w *walker) left() int { return len(w.body) - w.pos }

// take notes the next n bytes as a part.
func (w *walker) take(kind partKind, n int) []byte {
	if w.bad || n < 0 || n > w.left() {
		w.bad = true
		return nil
	}
	start := w.pos
	w.pos += n
	w.parts = append(w.parts, part{kind: kind, start: start, end: w.pos})
	return w.body[start:w.pos]
}

func (w *walker) byte(kind partKind) byte {
	if b := w.take(kind, 1); b != nil {
		return b[0]
	}
	return 0
}

// prefixed notes a string or binary data.
func (w *walker) prefixed(kind partKind) {
	_, rest, err := mqttwire.ConsumeBinary(w.body[w.pos:])
	if err != nil {
		w.bad = true
		return
	}
	w.take(kind, w.left()-len(rest))
}

func (w *walker) properties(owner mqttwire.PropertyOwner) {
	if w.version != mqttwire.V5 {
		return
	}
	n, rest, err := mqttwire.ConsumeVarint(w.body[w.pos:])
	if err != nil {
		w.bad = true
		return
	}
	if w.take(propertiesPart, w.left()-len(rest)+int(n)) != nil {
		w.parts[len(w.parts)-1].owner = owner
	}
}

// ownProperties notes the properties of the packet itself.
func (w *walker) ownProperties() { w.properties(mqttwire.PropertyOwner(w.typ)) }

func (w *walker) walk() {
	switch w.typ {
	case mqttwire.CONNECT:
		w.connect()
	case mqttwire.CONNACK:
		w.byte(acknowledgeFlagsPart)
		w.byte(reasonCodePart)
		w.ownProperties()
	case mqttwire.PUBLISH:
		w.prefixed(topicNamePart)
		if w.flags&0x06 != 0 {
			w.take(packetIDPart, 2)
		}
		w.ownProperties()
		w.take(payloadPart, w.left())
	case mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP:
		w.take(packetIDPart, 2)
		w.codeAndProperties()
	case mqttwire.DISCONNECT, mqttwire.AUTH:
		w.codeAndProperties()
	case mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE:
		w.filters()
	case mqttwire.SUBACK, mqttwire.UNSUBACK:
		w.take(packetIDPart, 2)
		w.ownProperties()
		for w.left() > 0 && !w.bad {
			w.byte(reasonCodePart)
		}
	}
}

// codeAndProperties notes what 5.0 lets be left out.
func (w *walker) codeAndProperties() {
	if w.left() > 0 {
		w.byte(reasonCodePart)
	}
	if w.left() > 0 {
		w.ownProperties()
	}
}

func (w *walker) filters() {
	w.take(packetIDPart, 2)
	w.ownProperties()
	for w.left() > 0 && !w.bad {
		w.prefixed(filterPart)
		if w.typ == mqttwire.SUBSCRIBE {
			w.byte(optionsPart)
		}
	}
}

// The bits of the connect flags that say which fields follow. Section 3.1.2.3.
const (
	cleanStartFlag = 0x02
	willFlag       = 0x04
	passwordFlag   = 0x40
	userNameFlag   = 0x80
)

func (w *walker) connect() {
	w.prefixed(protocolNamePart)
	w.byte(levelPart)
	flags := w.byte(connectFlagsPart)
	w.take(keepAlivePart, 2)
	w.ownProperties()
	w.prefixed(clientIDPart)
	if flags&willFlag != 0 {
		w.properties(mqttwire.WillProperties)
		w.prefixed(willTopicPart)
		w.prefixed(willPayloadPart)
	}
	if flags&userNameFlag != 0 && w.left() > 0 { // 3.1 lets both be missing
		w.prefixed(userNamePart)
	}
	if flags&passwordFlag != 0 && w.left() > 0 {
		w.prefixed(passwordPart)
	}
}

// find returns the parts of the given kinds.
func (a *anatomy) find(kinds ...partKind) []part {
	return a.findWhere(func(p part) bool { return slices.Contains(kinds, p.kind) })
}

// findWhere returns the parts that ok is true for.
func (a *anatomy) findWhere(ok func(part) bool) (found []part) {
	for _, p := range a.parts {
		if ok(p) {
			found = append(found, p)
		}
	}
	return found
}

// bytes returns the bytes of a part.
func (a *anatomy) bytes(p part) []byte { return a.body[p.start:p.end] }

// replaced returns the body with other bytes in the place of the part.
func (a *anatomy) replaced(p part, by ...byte) []byte {
	out := append([]byte(nil), a.body[:p.start]...)
	return append(append(out, by...), a.body[p.end:]...)
}

// packet returns a packet like this one with another body.
func (a *anatomy) packet(body []byte) []byte { return rawPacket(a.typ, a.flags, body) }

// rawPacket writes a packet of any parts.
func rawPacket(t mqttwire.PacketType, flags uint8, body []byte) []byte {
	b, err := mqttwire.AppendFrame(nil, t, flags, body)
	if err != nil {
		panic("mqttwiretest: " + err.Error()) // no packet here is near the protocol's maximum
	}
	return b
}
