package packets

import (
	"slices"
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
	b, err := p.AppendHeader(slices.Grow(dst, p.most(d)), v, d)
	if err != nil {
		return dst, err
	}
	return append(b, p.payload...), nil
}

// most is more than what a delivery may have in bytes.
func (p *Prepared) most(d *Delivery) int {
	const length, id = mqttwire.MaxVarintSize, 1 + mqttwire.MaxVarintSize
	return length + len(p.header) + length + id*len(d.SubscriptionIDs) + identifierAndAlias + len(p.payload)
}

// AppendHeader is Append for all but the payload, which has to follow on the wire: for
// sending both as net.Buffers without copying the payload.
func (p *Prepared) AppendHeader(dst []byte, v mqttwire.Version, d *Delivery) ([]byte, error) {
	n, id := p.end(v), byte(0)
	switch {
	case d.QoS-1 <= 1 && d.PacketID != 0:
	case d.QoS == 0 && !d.Dup && v != mqttwire.V5:
		n -= 2
	default:
		n = 0
	}
	if ids := d.SubscriptionIDs; len(ids) != 0 && v == mqttwire.V5 {
		if len(ids) > 1 || ids[0]-1 >= 1<<7-1 || n-int(p.listAt) >= 1<<7-shortIdentifier {
			return p.appendOther(dst, v, d)
		}
		id = byte(ids[0])
		n += shortIdentifier
	}
	size := n - roomInFront + len(p.payload)
	if n <= shortIdentifier || size >= 1<<14 || d.OmitTopic || d.TopicAlias != 0 || d.Waited > 0 && p.expiryAt != 0 {
		return p.appendOther(dst, v, d)
	}
	b, at := dst, len(dst)
	if size < 1<<7 {
		b = append(b, p.header[1:n]...) // one copy, as it is nearly all of the work
		b[at], b[at+1] = d.first(), byte(size)
		at--
	} else {
		b = append(b, p.header[:n]...)
		b[at], b[at+1], b[at+2] = d.first(), byte(size)|0x80, byte(size>>7)
	}
	if d.QoS > 0 {
		putPacketID(b, at+int(p.topicEnd), d.PacketID)
	}
	if id != 0 {
		b[at+int(p.topicEnd)+2] += shortIdentifier
		b[len(b)-1] = id
	}
	return b, nil
}

// end returns ends for the version, which may be none.
func (p *Prepared) end(v mqttwire.Version) int {
	if int(v) < len(p.ends) {
		return int(p.ends[v])
	}
	return 0
}

// sendable reports whether the delivery is legal in version v, but for its size, its
// Subscription Identifiers and the time that it has waited.
func (p *Prepared) sendable(v mqttwire.Version, d *Delivery) bool {
	return p.legal.Has(v) && (!d.OmitTopic || d.TopicAlias != 0 && v == mqttwire.V5) &&
		(d.QoS-1 <= 1 && d.PacketID != 0 || d.QoS == 0 && (!d.Dup || v == mqttwire.V31))
}

// expired reports whether the message has expired before it was sent for the first
// time. [MQTT-3.3.2-5]
func (p *Prepared) expired(d *Delivery) bool {
	_, ok := remaining(p.interval, d.Waited)
	return p.expiryAt != 0 && !ok && !d.Dup
}

// appendPacket is AppendHeader by way of the packet, which knows the error: it is for
// what is not seen to be legal here.
func (p *Prepared) appendPacket(dst []byte, v mqttwire.Version, d *Delivery) ([]byte, error) {
	if p.expired(d) {
		return dst, ErrExpired
	}
	q := p.packet(d)
	return q.AppendHeader(dst, v)
}

// first returns the first byte of the packet.
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

// appendOther is AppendHeader for any delivery, of which it writes each part by itself.
func (p *Prepared) appendOther(dst []byte, v mqttwire.Version, d *Delivery) ([]byte, error) {
	added, ok := 0, true
	if v == mqttwire.V5 {
		added, ok = d.added()
	}
	size := p.headerSize(v, d, added) + len(p.payload)
	if !ok || !p.sendable(v, d) || size > mqttwire.MaxVarint || p.expired(d) {
		return p.appendPacket(dst, v, d)
	}
	b := appendHeader(dst, d.first(), uint64(size), uint64(size-len(p.payload)))
	if d.OmitTopic {
		b = append(b, 0, 0)
	} else {
		b = append(b, p.header[roomInFront:p.topicEnd]...)
	}
	if d.QoS > 0 {
		b = append(b, byte(d.PacketID>>8), byte(d.PacketID))
	}
	if v != mqttwire.V5 {
		return b, nil
	}
	list := p.header[p.listAt:]
	b = append(appendLength(b, uint64(len(list)+added)), list...)
	if p.expiryAt != 0 && d.Waited > 0 {
		left, _ := remaining(p.interval, d.Waited)
		putExpiry(b[len(b)-len(p.header)+int(p.expiryAt):], left)
	}
	return d.appendAdded(b), nil
}

// putPacketID writes a packet identifier to b[at:], the last byte first, which shows
// that there is room for both.
func putPacketID(b []byte, at int, id uint16) {
	b[at+1] = byte(id)
	b[at] = byte(id >> 8)
}

// putExpiry writes the value of a Message Expiry Interval to the start of b.
func putExpiry(b []byte, seconds uint32) {
	b[0], b[1], b[2], b[3] = byte(seconds>>24), byte(seconds>>16), byte(seconds>>8), byte(seconds)
}

// headerSize is the size of the variable header in version v, with so many bytes of
// properties added.
func (p *Prepared) headerSize(v mqttwire.Version, d *Delivery, added int) int {
	n := int(p.topicEnd) - roomInFront
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

// added returns how many bytes the delivery adds to the property list; ok is false if
// one of its Subscription Identifiers is not legal.
func (d *Delivery) added() (n int, ok bool) {
	for _, id := range d.SubscriptionIDs {
		if id == 0 || id > mqttwire.MaxVarint {
			return n, false
		}
		n += 1 + mqttwire.SizeVarint(id)
	}
	if d.TopicAlias != 0 {
		n += identifierAndAlias
	}
	return n, true
}

// identifierAndAlias is the size of a Topic Alias in a property list.
const identifierAndAlias = 3

// appendAdded appends the properties that the delivery adds.
func (d *Delivery) appendAdded(b []byte) []byte {
	for _, id := range d.SubscriptionIDs {
		b = appendLength(append(b, byte(mqttwire.SubscriptionIdentifier)), uint64(id))
	}
	if d.TopicAlias != 0 {
		b = append(b, byte(mqttwire.TopicAlias), byte(d.TopicAlias>>8), byte(d.TopicAlias))
	}
	return b
}

// Size returns the number of bytes that Append adds for version v and d: what a
// receiver's Maximum Packet Size is compared with. For the zero Prepared it is 0; for
// what else is refused it means nothing. Section 3.1.2.11.4.
func (p *Prepared) Size(v mqttwire.Version, d *Delivery) int {
	if len(p.header) == 0 {
		return 0
	}
	added, _ := d.added()
	return packetSize(uint64(p.headerSize(v, d, added)) + uint64(len(p.payload)))
}

// Publish returns the delivery as a packet, to be looked at or changed. It aliases p,
// the memory of which must not be written to. A message that has expired gives
// ErrExpired; whatever else is wrong with d, the packet's Append refuses.
func (p *Prepared) Publish(d *Delivery) (*Publish, error) {
	if p.expired(d) {
		return nil, ErrExpired
	}
	q := p.packet(d)
	return &q, nil
}

// packet returns a delivery that has not expired as a packet.
func (p *Prepared) packet(d *Delivery) Publish {
	q := Publish{
		Topic: p.Topic(), Payload: p.payload, Properties: p.propertiesFor(d),
		PacketID: d.PacketID, QoS: d.QoS, Dup: d.Dup, Retain: d.Retain,
	}
	if d.OmitTopic {
		q.Topic = nil
	}
	return q
}

// propertiesFor returns the property list of a delivery.
func (p *Prepared) propertiesFor(d *Delivery) mqttwire.Properties {
	list := p.Properties()
	left, _ := remaining(p.interval, d.Waited)
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
	if d.TopicAlias != 0 && len(p.header) > 0 { // else Append would take it for the topic name of the zero Prepared
		b.SetTopicAlias(d.TopicAlias)
	}
	return b.Properties()
}
