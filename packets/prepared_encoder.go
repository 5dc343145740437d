package packets

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// AppendPrepared is Append for a message that is prepared, and is to be sent next, as
// d says. On error, ErrExpired or an *mqttwire.Error, dst is returned as it was, and
// the message counts as not sent.
func (e *Encoder) AppendPrepared(dst []byte, p *Prepared, d *Delivery) ([]byte, error) {
	b, err := e.AppendPreparedHeader(slices.Grow(dst, p.most(d)), p, d)
	if err != nil {
		return dst, err
	}
	return append(b, p.payload...), nil
}

// AppendPreparedBuffers is AppendPrepared to b, as Buffers.AppendPrepared is.
func (e *Encoder) AppendPreparedBuffers(b *Buffers, p *Prepared, d *Delivery) error {
	headers, err := e.AppendPreparedHeader(b.headers, p, d)
	return b.add(headers, p.payload, err)
}

// AppendPreparedHeader is AppendPrepared without the payload, which has to follow on
// the wire.
func (e *Encoder) AppendPreparedHeader(dst []byte, p *Prepared, d *Delivery) ([]byte, error) {
	e.dropped = Dropped{}
	if !e.conn.isFreeDelivery(d) { // so it is checked as the packet that it is
		q, err := p.Publish(d)
		if err != nil {
			return dst, err
		}
		return e.AppendHeader(dst, q)
	}
	e.conn.packetID, e.conn.qos = d.PacketID, d.QoS
	out, err := p.AppendHeader(dst, e.conn.version, d)
	if err != nil {
		return dst, e.refuse(err)
	}
	if n := int64(len(out) - len(dst) + len(p.payload)); n > int64(e.conn.most) {
		if err := e.checkSize(mqttwire.PUBLISH, n); err != nil {
			return dst, err
		}
	}
	if d.TopicAlias != 0 && !d.OmitTopic && e.conn.version == mqttwire.V5 { // U-3.3.4-3
		e.conn.aliases.set(d.TopicAlias, p.Topic())
	}
	return out, nil
}

// isFreeDelivery reports that a PUBLISH that is sent as d says breaks no rule of the
// connection and changes nothing in it, but for a topic alias that it sets.
func (c *direction) isFreeDelivery(d *Delivery) bool {
	return c.free.has(mqttwire.PUBLISH) && d.QoS <= c.receiver.qos && !(d.Retain && c.receiver.noRetain) &&
		(len(d.SubscriptionIDs) == 0 || c.from == mqttwire.FromServer) &&
		(d.TopicAlias == 0 || c.version != mqttwire.V5 ||
			d.TopicAlias <= c.receiver.topicAlias && (!d.OmitTopic || c.aliases.known(d.TopicAlias)))
}

// AppendPrepared is Append for a message that is prepared, and is to be sent next, as
// d says: see Encoder.AppendPrepared.
func (c *Connection) AppendPrepared(dst []byte, p *Prepared, d *Delivery) ([]byte, error) {
	return c.encoder.AppendPrepared(dst, p, d)
}

// AppendPreparedHeader is AppendPrepared without the payload, which has to follow on
// the wire.
func (c *Connection) AppendPreparedHeader(dst []byte, p *Prepared, d *Delivery) ([]byte, error) {
	return c.encoder.AppendPreparedHeader(dst, p, d)
}
