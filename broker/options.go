package broker

import (
	"math/rand/v2"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Options say how a Broker behaves. The zero value takes everybody, and bounds each client,
// but neither how many sessions and retained messages there are nor how long a session
// stays: where clients are not trusted set Limits.Sessions, Retained and SessionExpiry.
type Options struct {
	Hooks  Hooks
	Limits Limits
	Offers Offers

	// Rand gives client identifiers that are assigned, and the members of shared
	// subscriptions; nil is that of package math/rand/v2. It is used by one goroutine at
	// a time.
	Rand rand.Source

	// Figures is how often figures about the broker are published below $SYS, in the
	// namespace "", by Tick; 0 is never.
	Figures time.Duration

	// QueueQoS0 keeps messages of QoS 0 too for clients that are not connected.
	QueueQoS0 bool

	// Owned lets a session be taken over by a client of the same Peer.Name alone: else who
	// knows a client identifier gets what the session keeps, and ends its connection. Who
	// has another name is refused with code 0x87 Not authorized. A session of no Name is
	// nobody's: who knows its identifier may have it, and is its owner then. In a Cluster a
	// connection that the session has at another node is ended before names are compared.
	// Section 5.4.2.
	Owned bool

	// Journal makes the broker produce changes, and write nothing that depends on one
	// that is not durable: see Changes.
	Journal bool

	// Cluster makes the broker one node of several, with the help of an engine; nil is a
	// broker alone, which asks for nothing and waits for nobody.
	Cluster *Cluster
}

// Limits bound what clients can make the broker keep.
type Limits struct {
	// Sessions is how many there are at most, connected or not; 0 is no limit. A client
	// beyond is refused with code 0x97.
	Sessions int

	// Queue bounds the messages that are kept for each client; 0 is 1000 messages, and
	// 1 MiB.
	Queue session.Bounds

	// Subscriptions bounds those of each client; 0 is 1000 of them, and 256 KiB.
	Subscriptions session.Bounds

	// Retained bounds the retained messages of each namespace; 0 is no limit. The figures
	// of Options.Figures take no part in it: they are always kept.
	Retained session.Bounds

	// InFlight is how many messages of QoS 1 and 2 are in flight to a client, below its
	// Receive Maximum; 0 is no limit of our own.
	InFlight uint16

	// SessionExpiry is how long a session is kept at most without a connection, in
	// whole seconds; 0 is no limit. It is announced in 5.0. Of a session that expires
	// before 5.0 by this alone, the time begins anew with Restore. [MQTT-3.1.2-23]
	SessionExpiry time.Duration

	// Stalled is how long a connection may take no byte of what is to be written; 0 is
	// 30 s.
	Stalled time.Duration
}

// Offers is what a CONNACK announces, and what is kept to. The zero value offers all
// that the standard has and announces nothing. Section 3.2.2.3.
type Offers struct {
	// LimitQoS makes MaximumQoS, 0 or 1, the highest that is sent, and taken in 5.0. Before,
	// nothing says so to a client: what it publishes with more is taken.
	LimitQoS   bool
	MaximumQoS mqttwire.QoS

	NoRetain          bool
	NoWildcards       bool
	NoSubscriptionIDs bool
	NoShared          bool

	// KeepAlive is the longest keep alive in seconds: who asks for a longer one, or for
	// none, has this one; 0 is no limit. 5.0 only. [MQTT-3.2.2-21]
	KeepAlive uint16

	// ReceiveMaximum is how many messages of QoS 1 and 2 a client may have under way; 0
	// is not announced. Section 3.2.2.3.3.
	ReceiveMaximum uint16

	// TopicAliases is how many topic aliases a client may set. Section 3.2.2.3.8.
	TopicAliases uint16

	// PacketSize is the largest packet that a client may send; 0 is not announced.
	// Section 3.2.2.3.6.
	PacketSize uint32
}

// maximumQoS returns the highest QoS that is offered.
func (o *Offers) maximumQoS() mqttwire.QoS {
	if o.LimitQoS && o.MaximumQoS < mqttwire.ExactlyOnce {
		return o.MaximumQoS
	}
	return mqttwire.ExactlyOnce
}

// announce writes into a CONNACK of 5.0 what is offered.
func (o *Offers) announce(c *packets.Connack, keepAlive uint16) {
	p := &c.Properties
	if q := o.maximumQoS(); q < mqttwire.ExactlyOnce {
		p.SetMaximumQoS(q)
	}
	if o.NoRetain {
		p.SetRetainAvailable(false)
	}
	if o.NoWildcards {
		p.SetWildcardSubscriptionAvailable(false)
	}
	if o.NoSubscriptionIDs {
		p.SetSubscriptionIdentifierAvailable(false)
	}
	if o.NoShared {
		p.SetSharedSubscriptionAvailable(false)
	}
	if o.KeepAlive > 0 && (keepAlive == 0 || keepAlive > o.KeepAlive) {
		p.SetServerKeepAlive(o.KeepAlive)
	}
	if o.ReceiveMaximum > 0 {
		p.SetReceiveMaximum(o.ReceiveMaximum)
	}
	if o.TopicAliases > 0 {
		p.SetTopicAliasMaximum(o.TopicAliases)
	}
	if o.PacketSize > 0 {
		p.SetMaximumPacketSize(o.PacketSize)
	}
}

// refusal returns the code with which a filter is refused that is not offered, or 0.
func (o *Offers) refusal(filter []byte) mqttwire.ReasonCode {
	if mqttwire.CheckTopicFilter(filter, mqttwire.V5) != nil {
		return mqttwire.ReasonTopicFilterInvalid
	}
	group, _, _ := mqttwire.SplitSharedFilter(filter)
	switch {
	case len(group) > 0 && o.NoShared:
		return mqttwire.ReasonSharedSubscriptionsNotSupported
	case o.NoWildcards && hasWildcard(filter):
		return mqttwire.ReasonWildcardSubscriptionsNotSupported
	}
	return 0
}

func hasWildcard(filter []byte) bool {
	for _, c := range filter {
		if c == '+' || c == '#' {
			return true
		}
	}
	return false
}

// What Limits stand for where they are 0.
const (
	defaultQueueCount = 1000
	defaultQueueBytes = 1 << 20
	defaultStalled    = 30 * time.Second
)

// orDefault returns the limits with what they stand for where they are 0.
func (l Limits) orDefault() Limits {
	if l.Queue.Count <= 0 {
		l.Queue.Count = defaultQueueCount
	}
	if l.Queue.Bytes <= 0 {
		l.Queue.Bytes = defaultQueueBytes
	}
	if l.Stalled <= 0 {
		l.Stalled = defaultStalled
	}
	return l
}

// session returns how the sessions of clients behave.
func (o *Options) session() session.Options {
	return session.Options{
		Side: mqttwire.FromServer, Queue: o.Limits.Queue, Subscriptions: o.Limits.Subscriptions,
		Full: session.DropQoS0First, InFlight: o.Limits.InFlight, QueueQoS0: o.QueueQoS0, Journal: o.Journal || o.Cluster != nil && o.Cluster.Level == Recorded,
	}
}
