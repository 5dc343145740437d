package topic

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Hit is one subscription, or one group of a shared one, whose filter matches.
type Hit[V comparable] struct {
	// Value is what was set with the subscription; zero for a group.
	Value V

	// Group has the subscriptions of which one gets the message, if the filter is a
	// shared one; else nil. The other fields are zero then. Section 4.8.2.
	Group *Group[V]

	// SubscriptionID is the subscription identifier, 1 to 268435455, or 0 for none.
	// Section 3.8.2.1.2.
	SubscriptionID uint32

	// QoS is the highest at which the server may send, 0 to 2. Section 3.8.3.1, as
	// all that follow.
	QoS mqttwire.QoS

	// RetainHandling tells when retained messages are sent: 0 on subscribing, 1 on a
	// new subscription only, 2 not at all.
	RetainHandling uint8

	// NoLocal: no messages that the client itself published.
	NoLocal bool

	// RetainAsPublished: messages keep the RETAIN flag they were published with.
	RetainAsPublished bool
}

// subscription is a Hit as it is kept.
type subscription[V comparable] struct {
	value   V
	id      uint32
	options uint8
}

// The options of a subscription, as SUBSCRIBE has them. Section 3.8.3.1.
const (
	optionQoS               = 0x03
	optionNoLocal           = 0x04
	optionRetainAsPublished = 0x08
	retainHandlingShift     = 4
	retainHandlingMask      = 0x03
	optionSet               = 0x80 // there is a subscription; SUBSCRIBE has 0 here
)

func newSubscription[V comparable](s *packets.Subscription, id uint32, v V) subscription[V] {
	options := optionSet | uint8(s.QoS) | s.RetainHandling<<retainHandlingShift
	if s.NoLocal {
		options |= optionNoLocal
	}
	if s.RetainAsPublished {
		options |= optionRetainAsPublished
	}
	return subscription[V]{v, id, options}
}

func (s *subscription[V]) hit() Hit[V] {
	return Hit[V]{
		Value: s.value, SubscriptionID: s.id,
		QoS:               mqttwire.QoS(s.options & optionQoS),
		RetainHandling:    s.options >> retainHandlingShift & retainHandlingMask,
		NoLocal:           s.options&optionNoLocal != 0,
		RetainAsPublished: s.options&optionRetainAsPublished != 0,
	}
}
