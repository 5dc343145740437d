package packets

import (
	"errors"
	"time"

	"github.com/mqttwire/mqttwire"
)

// ErrExpired says that a message is not to be sent on: its Message Expiry Interval
// has passed while it waited. It is no *mqttwire.Error, as nothing is wrong.
var ErrExpired = errors.New("packets: the message has expired")

// Forwarding says for Forward to whom a message goes, and how. The zero value but
// for Version is a subscription of QoS 0 without options, and a message that has
// just come.
type Forwarding struct {
	// Version is that of the receiver's connection. What it has no place for, the
	// properties before 5.0, is left out.
	Version mqttwire.Version

	// QoS is the highest that the receiver takes, 0 to 2: the one that was granted to
	// its subscription; of several subscriptions that match, the highest of them.
	QoS mqttwire.QoS

	// RetainAsPublished is the option of the subscription. Before 5.0 it is false,
	// but for bridges: see Connect.Bridge. Section 3.8.3.1.
	RetainAsPublished bool

	// Retained says that the message was kept and goes out because a subscription
	// was made, not because it has just been published. Section 3.3.1.3.
	Retained bool

	// Waited is how long the message has waited here since it was received, 0 or
	// more; of it the whole seconds count. Section 3.3.2.3.3.
	Waited time.Duration

	// SubscriptionIDs are those of the receiver's subscriptions that match, 1 to
	// 268435455 each, in any order. Section 3.3.2.3.8.
	SubscriptionIDs []uint32

	// Memory is where the property list is built if it is another than that of the
	// message: Forward resets it then, so that lists which were built there before
	// are lost. If it is nil, memory is allocated for that.
	Memory *mqttwire.PropertyBuilder
}

// Forward makes dst the PUBLISH with which a server sends the message of p on to one
// receiver. p is as it was received or kept, or a will's, and topic is its topic name
// in full, as Decoder.Topic gives it: the one of p may be empty.
//
//   - Payload Format Indicator, Content Type, Response Topic, Correlation Data and
//     User Properties stay, in their order. [MQTT-3.3.2-4] [MQTT-3.3.2-15]
//     [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
//   - The Message Expiry Interval is less by the time waited. [MQTT-3.3.2-6] If
//     nothing is left of it, Forward returns ErrExpired. [MQTT-3.3.2-5] One of 0 is
//     sent on only if the message has not waited at all.
//   - The Topic Alias is dropped, which holds for the connection of p only; the
//     Subscription Identifiers are those of the receiver.
//   - QoS is the lower of both. [MQTT-3.8.4-8] DUP is false. [MQTT-3.3.1-3]
//   - RETAIN is true for a retained message; else it is that of p with Retain As
//     Published, and false without. [MQTT-3.3.1-12] [MQTT-3.3.1-13]
//
// The packet identifier is left 0: if dst.QoS is not 0, the caller gives one.
//
// A message that cannot be sent in that version gives at once the *mqttwire.Error
// that Append would return: as one whose topic name only 3.1 allows. So does an o that
// is against its comments, in any version. On error dst is as it was.
//
// dst aliases topic, the payload of p, and either the properties of p or o.Memory; use
// Clone to keep it. To keep a message before it is known who gets it, forward it to
// the version that it came in, with QoS 2 and RetainAsPublished: that leaves out only
// what holds for the connection that it came on, and to forward the result gives what
// to forward p gives. p and o are not changed, and dst may be p; none is nil. Section
// 3.3.4.
func Forward(dst, p *Publish, topic []byte, o *Forwarding) error {
	if err := listFault(&p.Properties); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	left, ok := o.remaining(&p.Properties)
	if !ok {
		return ErrExpired
	}
	q := Publish{
		Topic: topic, Payload: p.Payload, QoS: min(p.QoS, o.QoS),
		Retain: o.Retained || o.RetainAsPublished && p.Retain,
	}
	if o.Version == mqttwire.V5 {
		var err error
		if q.Properties, err = o.properties(&p.Properties, left); err != nil {
			return err
		}
	}
	if err := q.checkForwarded(o.Version); err != nil {
		return err
	}
	*dst = q
	return nil
}

// listFault returns the *mqttwire.Error with which Append refuses a list that was
// lost, or that holds a value that a setter refused.
func listFault(p *mqttwire.Properties) error {
	if p.Err() == nil {
		return nil
	}
	return wire.CheckProperties(p, mqttwire.PropertyOwner(mqttwire.PUBLISH))
}

// check checks the receiver's version, and what its subscriptions have said.
func (o *Forwarding) check() error {
	switch v := o.Version; {
	case !v.Known():
		return refuseForwarded(v, mqttwire.RuleVersion, mqttwire.FieldVersion, int64(v))
	case !o.QoS.Valid():
		return refuseForwarded(v, mqttwire.RuleQoS, mqttwire.FieldQoS, int64(o.QoS))
	}
	for _, id := range o.SubscriptionIDs {
		if !wire.MayBeNumber(mqttwire.SubscriptionIdentifier, id) {
			var list mqttwire.Properties
			list.AddSubscriptionID(id)
			return listFault(&list)
		}
	}
	return nil
}

// refuseForwarded returns the *mqttwire.Error of a PUBLISH that was to be sent.
func refuseForwarded(v mqttwire.Version, rule mqttwire.Rule, field mqttwire.Field, found int64) error {
	_, err := wire.Refuse(nil, rule, mqttwire.PUBLISH, v, field, found)
	return err
}

// checkForwarded checks what Append would, but for the version, the packet identifier
// and the values of properties.
func (p *Publish) checkForwarded(v mqttwire.Version) error {
	if rule, field, found := p.flagsFault(v); rule != 0 {
		return refuseForwarded(v, rule, field, found)
	}
	if n := p.headerSize(propertiesSize(&p.Properties, v)) + uint64(len(p.Payload)); n > mqttwire.MaxVarint {
		return refuseForwarded(v, mqttwire.RuleRemainingLength, mqttwire.FieldRemainingLength, int64(n))
	}
	return wire.CheckTopicName(p.Topic, mqttwire.PUBLISH, v, mqttwire.FieldTopicName)
}

// remaining returns the seconds that are left to a message with the list p; ok is
// false if it has expired. Without a Message Expiry Interval it never does.
func (o *Forwarding) remaining(p *mqttwire.Properties) (seconds uint32, ok bool) {
	given, ok := p.MessageExpiryInterval()
	if !ok {
		return 0, true
	}
	return remaining(given, o.Waited)
}

// remaining returns the seconds that are left of a Message Expiry Interval when the
// message has waited so long; ok is false, and 0 are left, if it has expired.
func remaining(interval uint32, waited time.Duration) (seconds uint32, ok bool) {
	if waited <= 0 {
		return interval, true
	}
	whole := int64(waited / time.Second)
	return interval - uint32(min(whole, int64(interval))), whole < int64(interval)
}

// properties returns the list to be sent on of a message that has the list p, and so
// many seconds left if it can expire.
func (o *Forwarding) properties(p *mqttwire.Properties, left uint32) (mqttwire.Properties, error) {
	if o.keeps(p) {
		return *p, nil
	}
	b := o.Memory
	if b == nil {
		b = new(mqttwire.PropertyBuilder)
	}
	b.Reset()
	if err := listFault(p); err != nil { // the list stood in that memory
		return mqttwire.Properties{}, err
	}
	for q := range p.All() {
		switch q.ID {
		case mqttwire.PayloadFormatIndicator, mqttwire.ContentType, mqttwire.ResponseTopic, mqttwire.CorrelationData, mqttwire.UserProperty:
			b.Set(q.ID, q)
		case mqttwire.MessageExpiryInterval:
			b.SetMessageExpiryInterval(left)
		}
	}
	for _, id := range o.SubscriptionIDs {
		b.AddSubscriptionID(id)
	}
	list := b.Properties()
	return list, listFault(&list)
}

// keeps reports whether the list is sent on as it is.
func (o *Forwarding) keeps(p *mqttwire.Properties) bool {
	if wire.NoProperties(p) {
		return len(o.SubscriptionIDs) == 0
	}
	_, plain := wire.PlainProperties(p, mqttwire.PropertyOwner(mqttwire.PUBLISH))
	return plain && len(o.SubscriptionIDs) == 0 &&
		!p.Has(mqttwire.TopicAlias) && !p.Has(mqttwire.SubscriptionIdentifier) &&
		(o.Waited < time.Second || !p.Has(mqttwire.MessageExpiryInterval))
}
