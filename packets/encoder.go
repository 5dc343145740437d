package packets

import "github.com/mqttwire/mqttwire"

// Encoder encodes the packets of one direction of one connection. It refuses
// what a Decoder of that direction would refuse: what a packet alone shows, and
// what the connection forbids, such as a packet larger than the peer takes, a
// topic alias over its maximum, or a QoS that the server has not announced.
//
// What the peer sends matters: tell it by Observe. A server observes the
// CONNECT, a client the CONNACK. An Encoder is for one goroutine at a time: to
// write from several, hold a lock over Append and the write. The packets are only
// read: one may be encoded for many connections at once.
type Encoder struct {
	conn    direction
	dropped Dropped
}

// Dropped says what an Encoder has left out of a packet: to make it fit the
// peer's Maximum Packet Size, or because the client's Request Problem Information
// is 0.
type Dropped struct {
	ReasonString   bool
	UserProperties bool
}

// NewEncoder returns an Encoder for a connection that begins. It does not use
// Tolerance, as what is written keeps every rule, nor StreamFrom. It panics if
// o.From is neither FromClient nor FromServer.
func NewEncoder(o Options) *Encoder {
	o.Tolerance, o.StreamFrom = nil, 0
	return &Encoder{conn: newDirection(o)}
}

// Version returns the version of the connection, or 0 while no CONNECT has told
// it.
func (e *Encoder) Version() mqttwire.Version { return e.conn.version }

// Observe tells the Encoder of a packet that the peer has sent: CONNECT and
// CONNACK say what binds the packets that follow; of other packets nothing is
// kept. p is copied from, not kept.
func (e *Encoder) Observe(p mqttwire.Packet) { e.conn.observe(p) }

// Dropped says what the last call of Append left out.
func (e *Encoder) Dropped() Dropped { return e.dropped }

// Append appends the packet, which is to be sent next. Reason String and User
// Properties of a packet larger than the peer's Maximum Packet Size are left out
// if that helps, as the standard demands, but for PUBLISH, where they belong to
// the message. So are they where the client does not want problem information.
// Dropped tells. On error, an *mqttwire.Error, dst is returned as it was, and the
// packet counts as not sent. p is not changed.
func (e *Encoder) Append(dst []byte, p mqttwire.Packet) ([]byte, error) {
	return e.appendNext(dst, p, nil)
}

// appendChecked is Append for any packet.
func (e *Encoder) appendChecked(dst []byte, p mqttwire.Packet) ([]byte, error) {
	p = e.wanted(p)
	v, err := e.begin(p)
	if err != nil {
		return dst, err
	}
	out, err := e.fit(p, v).Append(dst, v)
	return e.end(dst, out, p, 0, err)
}

// AppendHeader is Append for a PUBLISH without its payload, which has to follow
// on the wire.
func (e *Encoder) AppendHeader(dst []byte, p *Publish) ([]byte, error) {
	return e.AppendStreamHeader(dst, p, int64(len(p.Payload)))
}

// AppendStreamHeader is Append for a PUBLISH whose payload is not in memory: of
// it payloadSize bytes have to follow on the wire. p.Payload is not looked at.
func (e *Encoder) AppendStreamHeader(dst []byte, p *Publish, payloadSize int64) ([]byte, error) {
	e.dropped = Dropped{}
	if e.conn.isFreePublish(p) { // as most are
		out, err := p.AppendStreamHeader(dst, e.conn.version, payloadSize)
		if err == nil && int64(len(out)-len(dst))+payloadSize <= int64(e.conn.most) {
			return out, nil
		}
	}
	v, err := e.begin(p)
	if err != nil {
		return dst, err
	}
	out, err := p.AppendStreamHeader(dst, v, payloadSize)
	return e.end(dst, out, p, payloadSize, err)
}

// begin checks what the connection allows, but for the size, and returns the
// version to encode in.
func (e *Encoder) begin(p mqttwire.Packet) (mqttwire.Version, error) {
	if err := e.check(p); err != nil {
		return 0, err
	}
	if e.conn.version != 0 {
		return e.conn.version, nil
	}
	return versionOf(p, 0), nil
}

// end returns out, which is dst and the packet, after which more bytes will
// follow; or dst and the error.
func (e *Encoder) end(dst, out []byte, p mqttwire.Packet, more int64, err error) ([]byte, error) {
	if err != nil {
		return dst, e.refuse(err)
	}
	if err := e.checkSize(p.Type(), int64(len(out)-len(dst))+more); err != nil {
		return dst, err
	}
	e.conn.note(p, e.conn.from)
	return out, nil
}

// appendAnswer appends the packet of an answer, which counts as sent; or nothing,
// if it may not stand here any more: after a DISCONNECT, or a CONNACK.
func (e *Encoder) appendAnswer(dst []byte, a Answer) []byte {
	if a.Packet == nil || e.conn.orderFault(a.Packet.Type()) != 0 {
		return dst
	}
	dst, err := a.Packet.Append(dst, a.Version)
	if err == nil {
		e.conn.note(a.Packet, e.conn.from)
	}
	return dst
}

// wanted returns p or, if it has Reason String and User Properties for a client
// that does not want them in such packets, a copy without. [MQTT-3.1.2-29]
func (e *Encoder) wanted(p mqttwire.Packet) mqttwire.Packet {
	if e.conn.wantsProblems() {
		return p
	}
	list := problemsOf(p)
	if list == nil {
		return p
	}
	drop := Dropped{list.Has(mqttwire.ReasonString), list.Has(mqttwire.UserProperty)}
	if q := withProperties(p, drop.without(list)); q != nil && drop != (Dropped{}) {
		e.dropped = drop
		return q
	}
	return p
}

// check checks what the connection allows, without the size.
func (e *Encoder) check(p mqttwire.Packet) error {
	t := p.Type()
	e.conn.header(mqttwire.FixedHeader{Type: t})
	e.conn.about(p)
	if c, ok := p.(*Connect); ok {
		v := c.version(e.conn.version)
		e.conn.serves(v, byte(v), mqttwire.NoOffset)
	}
	if e.conn.err == nil && !e.conn.isFree(t, p) {
		e.conn.check(p)
	}
	return e.taken()
}

// checkSize checks the size of the whole packet.
func (e *Encoder) checkSize(t mqttwire.PacketType, size int64) error {
	e.conn.size(t, size)
	return e.taken()
}

// taken returns the error that was found. There are no bytes to point at, and
// nobody to answer.
func (e *Encoder) taken() error {
	err := e.conn.take()
	if err != nil {
		own := err.(*mqttwire.Error)
		own.Offset, own.Own = mqttwire.NoOffset, true
	}
	return err
}

// refuse tells the error of a packet's Append what is known of the connection.
func (e *Encoder) refuse(err error) error {
	if own, ok := err.(*mqttwire.Error); ok {
		e.conn.complete(own)
	}
	return err
}

// fit returns p or, if it is too large for the peer, a copy that has no Reason
// String, no User Properties, or neither: the first of them that fits. If none
// does it returns p. [MQTT-3.2.2-19] [MQTT-3.2.2-20] and their like in the other
// packets.
func (e *Encoder) fit(p mqttwire.Packet, v mqttwire.Version) mqttwire.Packet {
	limit := e.conn.receiver.packetSize
	if limit == 0 || v != mqttwire.V5 || int64(p.Size(v)) <= int64(limit) {
		return p
	}
	list := PropertiesOf(p)
	for _, drop := range [...]Dropped{{ReasonString: true}, {UserProperties: true}, {ReasonString: true, UserProperties: true}} {
		q := withProperties(p, drop.without(list))
		if q != nil && int64(q.Size(v)) <= int64(limit) {
			e.dropped = drop
			return q
		}
	}
	return p
}

// without returns a copy of the list that lacks what is to be dropped.
func (d Dropped) without(list *mqttwire.Properties) mqttwire.Properties {
	if list == nil {
		return mqttwire.Properties{}
	}
	q := *list
	if d.ReasonString {
		q.Remove(mqttwire.ReasonString)
	}
	if d.UserProperties {
		q.Remove(mqttwire.UserProperty)
	}
	return q
}

// droppable are the packets of which Reason String and User Properties may be
// left out: those that may have a Reason String.
type droppable interface {
	// withProperties returns a copy with another list.
	withProperties(list mqttwire.Properties) mqttwire.Packet
}

// withProperties returns a copy of p with another list, or nil if p is of a type
// whose properties may not be dropped.
func withProperties(p mqttwire.Packet, list mqttwire.Properties) mqttwire.Packet {
	if p, ok := p.(droppable); ok {
		return p.withProperties(list)
	}
	return nil
}
