package packets

import "github.com/mqttwire/mqttwire"

// typeSet holds a bit for each packet type.
type typeSet uint16

func (s typeSet) has(t mqttwire.PacketType) bool { return s>>t&1 != 0 }

// settle finds anew which types are free: those whose packets, as the connection
// stands, break no rule of it and change nothing in it, but for what isFree looks
// at. That is most of a stream, and is found out here once, not at each packet.
func (c *direction) settle() {
	c.free, c.most = 0, mqttwire.MaxPacketSize
	if limit := c.receiver.packetSize; limit != 0 {
		c.most = min(c.most, limit)
	}
	if c.streamFrom > 0 {
		c.most = uint32(min(int(c.most), c.streamFrom))
	}
	if !c.begun || c.optional || !c.version.Known() {
		return
	}
	for t := range mqttwire.PacketType(len(newPacket)) {
		if c.orderFault(t) == 0 && t.MayBeSentBy(c.from, c.version) && !c.binds(t) {
			c.free |= 1 << t
		}
	}
}

// binds reports whether there are rules for what a packet of type t holds, or it
// changes the connection: so it is taken to be of every type that is not named.
func (c *direction) binds(t mqttwire.PacketType) bool {
	switch t {
	case mqttwire.PUBLISH, mqttwire.PINGREQ, mqttwire.PINGRESP:
		return false
	case mqttwire.SUBSCRIBE:
		return c.receiver.noSubscriptionID || c.receiver.noWildcard || c.receiver.noShared
	case mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP, mqttwire.SUBACK, mqttwire.UNSUBSCRIBE, mqttwire.UNSUBACK:
		return !c.wantsProblems()
	}
	return true
}

// isFree reports that p, a packet of type t, breaks no rule of the connection and
// changes nothing in it: that check and note have nothing to do, and the size is all
// that is left to be looked at. It is asked first, since that is so of most packets.
func (c *direction) isFree(t mqttwire.PacketType, p mqttwire.Packet) bool {
	if !c.free.has(t) {
		return false
	}
	switch p := p.(type) {
	case *Publish:
		return c.isFreePublish(p)
	case *Puback:
		return p.ReasonCode == mqttwire.ReasonSuccess
	case *Pubrec:
		return p.ReasonCode == mqttwire.ReasonSuccess
	}
	return true
}

// isFreePublish is isFree for a PUBLISH.
func (c *direction) isFreePublish(p *Publish) bool {
	return c.free.has(mqttwire.PUBLISH) && p.QoS <= c.receiver.qos && !(p.Retain && c.receiver.noRetain) && (p.Properties.Empty() ||
		!p.Properties.Has(mqttwire.TopicAlias) && !p.Properties.Has(mqttwire.SubscriptionIdentifier))
}

// decodeFree decodes the next packet, which is f, if it is free and legal by itself. Of
// any other it returns nil and has changed nothing, so that the long way has to begin
// with it anew.
func (d *Decoder) decodeFree(f mqttwire.Frame) mqttwire.Packet {
	t := f.Header.Type
	if !d.conn.free.has(t) || uint32(f.Header.Size)+f.Header.RemainingLength > d.conn.most {
		return nil
	}
	p := d.set.ready(t, len(f.Body))
	if m, ok := p.(*Publish); ok {
		if !m.decode(f, d.conn.version, nil) {
			return nil
		}
		if m.QoS <= d.conn.receiver.qos && !m.Retain && m.Properties.Empty() || d.conn.isFreePublish(m) {
			return m
		}
		return nil
	}
	if p == nil || p.Decode(f, d.conn.version) != nil {
		return nil
	}
	if len(f.Body) > 2 && !d.conn.isFree(t, p) { // two bytes are no more than an identifier
		return nil
	}
	return p
}

// appendNext is Append of e or, if c is not nil, of the Connection whose Encoder e is.
// What is free and legal by itself is appended at once; if it is not, or turns out to be
// larger than the receiver takes, the long way begins anew. The two commonest types
// stand apart so that their methods are called directly.
func (e *Encoder) appendNext(dst []byte, p mqttwire.Packet, c *Connection) (out []byte, err error) {
	e.dropped = Dropped{}
	switch p := p.(type) {
	case *Publish:
		if !e.conn.isFreePublish(p) {
			return e.appendAny(dst, p, c)
		}
		out, err = p.append(dst, e.conn.version, uint64(len(p.Payload)), p.Payload)
	case *Puback:
		if !e.conn.free.has(mqttwire.PUBACK) || p.ReasonCode != mqttwire.ReasonSuccess {
			return e.appendAny(dst, p, c)
		}
		out, err = p.Append(dst, e.conn.version)
	default:
		if !e.conn.isFree(p.Type(), p) {
			return e.appendAny(dst, p, c)
		}
		out, err = p.Append(dst, e.conn.version)
	}
	if err != nil || len(out)-len(dst) > int(e.conn.most) {
		return e.appendAny(dst, p, c)
	}
	return out, nil
}

// AppendPuback is Append for a PUBACK with that packet identifier, code 0 and no
// properties, as most are: without one to be made.
func (c *Connection) AppendPuback(dst []byte, id uint16) ([]byte, error) {
	const size = 4
	if e := &c.encoder; e.conn.free.has(mqttwire.PUBACK) && e.conn.most >= size && id != 0 {
		e.dropped = Dropped{}
		return appendShortAck(dst, byte(mqttwire.PUBACK)<<4, id), nil
	}
	return c.Append(dst, &Puback{PacketID: id})
}

// appendAny is appendNext for any packet.
func (e *Encoder) appendAny(dst []byte, p mqttwire.Packet, c *Connection) ([]byte, error) {
	dst, err := e.appendChecked(dst, p)
	if err == nil && c != nil {
		c.sent(p)
	}
	return dst, err
}
