package packets

import (
	"time"

	"github.com/mqttwire/mqttwire"
)

// Delivery says what is particular to one sending of a Prepared. The zero Delivery is
// one of QoS 0 of a message that has just come. What the version has no place for is
// left out, as it is of a Publish: before 5.0 Topic Alias and Subscription
// Identifiers.
type Delivery struct {
	// SubscriptionIDs are those of the receiver's subscriptions that match, 1 to
	// 268435455 each, in any order. Section 3.3.2.3.8.
	SubscriptionIDs []uint32

	// Waited is how long the message has waited here since it was received, 0 or
	// more; of it the whole seconds count, and are taken from the Message Expiry
	// Interval. For a message that does not expire it means nothing. Section
	// 3.3.2.3.3.
	Waited time.Duration

	// PacketID is the packet identifier, 1 to 65535; with QoS 0 it is not looked at.
	// Section 3.3.2.2.
	PacketID uint16

	// TopicAlias is the number that is to stand for the topic name, 1 to 65535, or 0
	// for none. Section 3.3.2.3.4.
	TopicAlias uint16

	// OmitTopic says that the receiver knows the topic alias, which is sent in place
	// of the topic name. Section 3.3.2.3.4.
	OmitTopic bool

	// QoS is 0, 1 or 2: see Prepared.QoS. Section 3.3.1.2.
	QoS mqttwire.QoS

	// Dup says that the message may have been sent to this receiver before: then it
	// no longer expires, and what is sent of an interval that has passed is 0. With
	// QoS 0 it is false, but for 3.1. Section 3.3.1.1.
	Dup bool

	// Retain tells a client that the message was kept, and asks a server to keep it.
	// Section 3.3.1.3.
	Retain bool
}

// Append appends the message, encoded for version v as d says, to dst. These are the
// bytes that Publish.Append makes of Prepared.Publish(d): the shortest legal form, in
// which the properties of the message are followed by the Subscription Identifiers, in
// their order, and the Topic Alias. On error it returns dst as it was: ErrExpired, or
// the *mqttwire.Error of that Append. p and d are not changed, and nothing of dst may
// be theirs. Section 3.3.
func (p *Prepared) Append(dst []byte, v mqttwire.Version, d *Delivery) ([]byte, error) {
	return p.append(dst, v, d, p.payload)
}

// AppendHeader is Append for all but the payload, which has to follow on the wire: for
// sending both as net.Buffers without copying the payload.
func (p *Prepared) AppendHeader(dst []byte, v mqttwire.Version, d *Delivery) ([]byte, error) {
	return p.append(dst, v, d, nil)
}

// append appends the message, but of the payload only what is given.
func (p *Prepared) append(dst []byte, v mqttwire.Version, d *Delivery, payload []byte) ([]byte, error) {
	added, ok := p.plain(v, d)
	if !ok {
		return p.appendOther(dst, v, d, payload)
	}
	n := p.headerSize(v, d, added)
	if n+len(p.payload) > mqttwire.MaxVarint {
		return p.appendOther(dst, v, d, payload)
	}
	b := appendHeader(dst, d.first(), uint64(n+len(p.payload)), uint64(n+len(payload)))
	if d.OmitTopic {
		b = append(b, 0, 0)
	} else {
		b = append(b, p.header[:p.topicEnd]...)
	}
	if d.QoS > 0 {
		b = append(b, byte(d.PacketID>>8), byte(d.PacketID))
	}
	if v == mqttwire.V5 {
		b = p.appendProperties(b, d, added)
	}
	return append(b, payload...), nil
}

// appendOther is append for what is not plain: there is something wrong with it.
func (p *Prepared) appendOther(dst []byte, v mqttwire.Version, d *Delivery, payload []byte) ([]byte, error) {
	q, err := p.Publish(d)
	if err != nil {
		return dst, err
	}
	return q.append(dst, v, uint64(len(p.payload)), payload)
}

// plain reports whether the delivery is legal in version v, but for its size, and
// returns how many bytes of properties it adds to those of the message.
func (p *Prepared) plain(v mqttwire.Version, d *Delivery) (added int, ok bool) {
	switch {
	case !p.legal.Has(v), !d.QoS.Valid():
		return 0, false
	case d.QoS == 0 && d.Dup && v != mqttwire.V31, d.QoS > 0 && d.PacketID == 0:
		return 0, false
	case p.expiryAt != 0 && d.Waited > 0:
		if _, ok := p.left(d); !ok {
			return 0, false
		}
	}
	if v != mqttwire.V5 {
		return 0, !d.OmitTopic
	}
	for _, id := range d.SubscriptionIDs {
		if id == 0 || id > mqttwire.MaxVarint {
			return 0, false
		}
		added += 1 + mqttwire.SizeVarint(id)
	}
	if d.TopicAlias != 0 {
		return added + identifierAndAlias, true
	}
	return added, !d.OmitTopic
}

// identifierAndAlias is the size of a Topic Alias in a property list.
const identifierAndAlias = 3

// headerSize is the size of the variable header of a delivery that adds so many bytes
// of properties.
func (p *Prepared) headerSize(v mqttwire.Version, d *Delivery, added int) int {
	n := int(p.topicEnd)
	if d.OmitTopic {
		n = 2
	}
	if d.QoS > 0 {
		n += 2
	}
	if v == mqttwire.V5 {
		list := len(p.header) - int(p.listAt) + added
		n += mqttwire.SizeVarint(uint32(list)) + list
	}
	return n
}

// first returns the first byte of a delivery.
func (d *Delivery) first() byte {
	b := byte(mqttwire.PUBLISH)<<4 | byte(d.QoS)<<qosShift
	if d.Dup {
		b |= flagDup
	}
	if d.Retain {
		b |= flagRetain
	}
	return b
}

// appendProperties appends the property list of a delivery, with its length.
func (p *Prepared) appendProperties(b []byte, d *Delivery, added int) []byte {
	list := p.header[p.listAt:]
	b = appendLength(b, uint64(len(list)+added))
	at := len(b)
	b = append(b, list...)
	if p.expiryAt != 0 && d.Waited > 0 {
		left, _ := p.left(d)
		putUint32(b[at+int(p.expiryAt-p.listAt):], left)
	}
	for _, id := range d.SubscriptionIDs {
		b = appendLength(append(b, byte(mqttwire.SubscriptionIdentifier)), uint64(id))
	}
	if d.TopicAlias != 0 {
		b = append(b, byte(mqttwire.TopicAlias), byte(d.TopicAlias>>8), byte(d.TopicAlias))
	}
	return b
}

// putUint32 writes n to the first four bytes of b.
func putUint32(b []byte, n uint32) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
}

// left returns the seconds that are left of the message when d is sent; ok is false if
// it has expired.
func (p *Prepared) left(d *Delivery) (seconds uint32, ok bool) {
	if p.expiryAt == 0 {
		return 0, true
	}
	seconds, ok = remaining(p.interval, d.Waited)
	return seconds, ok || d.Dup // [MQTT-3.3.2-5] is about messages that were not sent yet
}

// Size returns the number of bytes that Append adds for version v and d: what a
// receiver's Maximum Packet Size is compared with. Section 3.1.2.11.4.
func (p *Prepared) Size(v mqttwire.Version, d *Delivery) int {
	added, _ := p.plain(v, d)
	return packetSize(uint64(p.headerSize(v, d, added)) + uint64(len(p.payload)))
}

// Publish returns the delivery as a packet, to be looked at or changed. It aliases p,
// the memory of which must not be written to. A message that has expired gives
// ErrExpired; whatever else is wrong with d, the packet's Append refuses.
func (p *Prepared) Publish(d *Delivery) (*Publish, error) {
	left, ok := p.left(d)
	if !ok {
		return nil, ErrExpired
	}
	q := &Publish{
		Topic: p.Topic(), Payload: p.payload, Properties: p.propertiesFor(d, left),
		PacketID: d.PacketID, QoS: d.QoS, Dup: d.Dup, Retain: d.Retain,
	}
	if d.OmitTopic {
		q.Topic = nil
	}
	return q, nil
}

// propertiesFor returns the property list of a delivery.
func (p *Prepared) propertiesFor(d *Delivery, left uint32) mqttwire.Properties {
	list := p.Properties()
	if left == p.interval && len(d.SubscriptionIDs) == 0 && d.TopicAlias == 0 {
		return list
	}
	var b mqttwire.PropertyBuilder
	b.Reset()
	for q := range list.All() {
		if q.ID == mqttwire.MessageExpiryInterval {
			b.SetMessageExpiryInterval(left)
		} else {
			b.Set(q.ID, q)
		}
	}
	for _, id := range d.SubscriptionIDs {
		b.AddSubscriptionID(id)
	}
	if d.TopicAlias != 0 {
		b.SetTopicAlias(d.TopicAlias)
	}
	return b.Properties()
}
