package packets

import (
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
)

// Prepared is an application message that is laid out to be sent to many receivers:
// topic name, properties and payload stand in memory as they go over the wire, once
// for all versions, and a Delivery says what is particular to one receiver. To send it
// once more is to copy these bytes and to write a few between them.
//
// A Prepared never changes, so that any number of goroutines may use it at a time.
// What its getters return is the memory that is sent, and must not be written to.
// Prepare makes one; the zero Prepared is no message, and refused. Section 3.3.
type Prepared struct {
	// header is room for a fixed header of up to three bytes, and a variable header of
	// 5.0: the topic name with its length, two bytes for a packet identifier, and the
	// property list with its length. Behind its end there is a Subscription Identifier,
	// to be copied with it. What is sent as a rule is one piece of this; all other forms
	// are made of its parts.
	header  []byte
	payload []byte

	topicEnd int32 // where in header the topic name ends
	listAt   int32 // where in header the first property stands
	expiryAt int32 // where in header the value of Message Expiry Interval stands; 0 if there is none

	// ends tells by version where in header ends what goes over the wire if all is
	// usual, packet identifier included; 0 if the topic name is not legal there.
	ends [mqttwire.V5 + 1]uint16

	interval uint32            // the Message Expiry Interval, if there is one
	legal    mqttwire.Versions // in which the topic name is legal
	qos      mqttwire.QoS
	retain   bool
}

// roomInFront is how many bytes stand in front of the topic name's length: what a
// fixed header has up to 16 KiB.
const roomInFront = 3

// Prepare returns the message of p in memory of its own, as a rule in one allocation.
// p is as it was received or kept, or a will's, or as Forward or the caller has made
// it; topic is its topic name in full, as Decoder.Topic gives it: the one of p may be
// empty.
//
// Kept is what belongs to the message: topic name, payload, QoS, RETAIN, and of the
// properties, in their order, Payload Format Indicator, Message Expiry Interval,
// Content Type, Response Topic, Correlation Data and User Properties. What holds for
// one connection is not: a Delivery gives packet identifier, DUP, Topic Alias and
// Subscription Identifiers of the next one.
//
// A message that no version can send gives the *mqttwire.Error that Append would
// return: for a wildcard in the topic name, QoS 3, or a property list that was lost.
// One that only some versions can send is refused when it is to be sent in another.
// p is not changed. Section 3.3.4.
func Prepare(p *Publish, topic []byte) (*Prepared, error) { return prepare(p, topic, false) }

// PrepareShared is Prepare, but for the payload, which is not copied: it stays
// p.Payload, which must not change as long as the Prepared is used.
func PrepareShared(p *Publish, topic []byte) (*Prepared, error) { return prepare(p, topic, true) }

func prepare(p *Publish, topic []byte, shared bool) (*Prepared, error) {
	var l layout
	if err := l.plan(p, topic); err != nil {
		return nil, err
	}
	room := l.size + shortIdentifier
	if !shared {
		room += len(p.Payload)
	}
	q, m := newClone[Prepared](room)
	q.lay(m.buf, p, topic, &l, shared)
	return q, nil
}

// PrepareIn makes q the message of p, as Prepare does, but in memory of the caller's: the
// bytes are appended to memory, which grows if there is no room for them, and is returned
// with them. So a message that nobody uses any more can give its memory to the next one. On
// error q and memory are as they were.
func (q *Prepared) PrepareIn(memory []byte, p *Publish, topic []byte) ([]byte, error) {
	var l layout
	if err := l.plan(p, topic); err != nil {
		return memory, err
	}
	*q = Prepared{}
	return q.lay(slices.Grow(memory, l.size+shortIdentifier+len(p.Payload)), p, topic, &l, false), nil
}

// layout is what stands where in a Prepared.
type layout struct {
	legal      mqttwire.Versions
	list, rest []byte // the property list, in two parts
	size       int    // of the header
}

// plan finds out how the message of p is laid out, or why it cannot be sent.
func (l *layout) plan(p *Publish, topic []byte) (err error) {
	if l.legal, err = p.sayable(topic); err != nil {
		return err
	}
	if l.list, l.rest, err = keptProperties(&p.Properties); err != nil {
		return err
	}
	n := len(l.list) + len(l.rest)
	l.size = roomInFront + int(stringSize(topic)) + 2 + mqttwire.SizeVarint(uint32(n)) + n
	return nil
}

// lay writes the message of p behind what stands in memory, where there is room for it, and
// returns both.
func (q *Prepared) lay(memory []byte, p *Publish, topic []byte, l *layout, shared bool) []byte {
	start := len(memory)
	q.legal, q.qos, q.retain = l.legal, p.QoS, p.Retain
	b := appendPrefixed(memory[:start+roomInFront], topic)[start:]
	q.topicEnd = int32(len(b))
	b = appendLength(append(b, 0, 0), uint64(len(l.list)+len(l.rest)))
	q.listAt = int32(len(b))
	b = append(append(b, l.list...), l.rest...)
	b = append(b, byte(mqttwire.SubscriptionIdentifier), 0)
	q.header, q.payload = b[:l.size:len(b)], p.Payload[:len(p.Payload):len(p.Payload)]
	if !shared {
		b = append(b, p.Payload...)
		q.payload = b[l.size+shortIdentifier : len(b) : len(b)]
	}
	q.findExpiry()
	q.findEnds()
	return memory[:start+len(b)]
}

// sayable returns in which versions the message of p may be sent under the topic
// name, as far as that depends on the name, or the *Error if there is none.
func (p *Publish) sayable(topic []byte) (legal mqttwire.Versions, err error) {
	if !p.QoS.Valid() {
		return 0, refuseForwarded(mqttwire.V5, mqttwire.RuleQoS, mqttwire.FieldQoS, int64(p.QoS))
	}
	if n := stringSize(topic) + uint64(len(p.Payload)); n > mqttwire.MaxVarint {
		return 0, refuseForwarded(mqttwire.V311, mqttwire.RuleRemainingLength, mqttwire.FieldRemainingLength, int64(n))
	}
	if text.PlainTopicName(topic) {
		return mqttwire.VersionsOf(mqttwire.V31, mqttwire.V311, mqttwire.V5), nil
	}
	for _, v := range [...]mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		if err = wire.CheckTopicName(topic, mqttwire.PUBLISH, v, mqttwire.FieldTopicName); err == nil {
			legal |= mqttwire.VersionsOf(v)
		}
	}
	if legal != 0 {
		err = nil
	}
	return legal, err
}

// keptProperties returns the encoded list without what holds for one connection, in
// two parts: of a list as most publishers send it nothing has to be taken out, or a
// Topic Alias between the two.
func keptProperties(p *mqttwire.Properties) (list, rest []byte, err error) {
	if err := listFault(p); err != nil {
		return nil, nil, err
	}
	list, plain := wire.PlainProperties(p, mqttwire.PropertyOwner(mqttwire.PUBLISH))
	at, hasAlias := p.Offset(mqttwire.TopicAlias)
	switch {
	case !plain || p.Has(mqttwire.SubscriptionIdentifier):
		interval, _ := p.MessageExpiryInterval()
		kept, err := new(Forwarding).properties(p, interval)
		if err == nil && len(kept.Bytes()) > mqttwire.MaxVarint {
			err = wire.CheckProperties(&kept, mqttwire.PropertyOwner(mqttwire.PUBLISH))
		}
		return kept.Bytes(), nil, err
	case hasAlias:
		return list[:at], list[at+identifierAndAlias:], nil
	}
	return list, nil, nil
}

// findExpiry notes the Message Expiry Interval and where it stands.
func (p *Prepared) findExpiry() {
	if int(p.listAt) == len(p.header) {
		return
	}
	list := p.Properties()
	if at, ok := list.Offset(mqttwire.MessageExpiryInterval); ok {
		p.expiryAt = p.listAt + int32(at) + 1
		p.interval, _ = list.MessageExpiryInterval()
	}
}

// shortIdentifier is the size of a Subscription Identifier below 128 in a property list.
const shortIdentifier = 2

// findEnds notes where what is sent in each version ends, unless that is far away.
func (p *Prepared) findEnds() {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		end := int(p.topicEnd) + 2
		if v == mqttwire.V5 {
			end = len(p.header)
		}
		if p.legal.Has(v) && end < 1<<16 {
			p.ends[v] = uint16(end)
		}
	}
}

// Topic returns the topic name, of 1 to 65535 bytes. Section 3.3.2.1.
func (p *Prepared) Topic() []byte {
	if len(p.header) == 0 {
		return nil
	}
	return p.header[roomInFront+2 : p.topicEnd : p.topicEnd]
}

// Payload returns the application message. Section 3.3.3.
func (p *Prepared) Payload() []byte { return p.payload }

// Properties returns the properties that go to every receiver. Before 5.0 they are
// left out. Section 3.3.2.3.
func (p *Prepared) Properties() mqttwire.Properties {
	if len(p.header) == 0 {
		return mqttwire.Properties{}
	}
	list, _, _ := mqttwire.ConsumeProperties(p.header[p.topicEnd+2:], mqttwire.PropertyOwner(mqttwire.PUBLISH))
	return list
}

// QoS returns the QoS that the message was published with, 0 to 2. A server sends it
// on with that or, if it is lower, with what was granted to the subscription.
// [MQTT-3.8.4-8] Section 3.3.1.2.
func (p *Prepared) QoS() mqttwire.QoS { return p.qos }

// Retain returns the RETAIN flag that the message was published with. Section
// 3.3.1.3.
func (p *Prepared) Retain() bool { return p.retain }

// MessageExpiryInterval returns the lifetime of the message, in seconds from when it
// was received; ok is false if it does not expire. Section 3.3.2.3.3.
func (p *Prepared) MessageExpiryInterval() (seconds uint32, ok bool) {
	return p.interval, p.expiryAt != 0
}
