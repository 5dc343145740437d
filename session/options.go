package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
)

// Options bound a session, and say how it behaves. The zero value but for Side is
// safe.
type Options struct {
	// Side is who we are: FromClient or FromServer.
	Side mqttwire.Sender

	// Queue bounds the messages that the session keeps: those that wait and those in
	// flight, up to PUBACK or PUBREC. 0 is 1000 messages, and 1 MiB.
	Queue Bounds

	// Subscriptions bounds the subscriptions that the session keeps. 0 is 1000 of
	// them, and 256 KiB.
	Subscriptions Bounds

	// Full says what happens to a message for which Queue has no room.
	Full Policy

	// OnLost says what a client does with messages in flight if the server has lost
	// the session.
	OnLost Lost

	// InFlight is the most messages of QoS 1 and 2 that are in flight at once, below
	// the peer's Receive Maximum; 0 is no bound of our own.
	InFlight uint16

	// LowerQoS makes a client send a message with the Maximum QoS that the server has
	// announced if its own is higher, when it is written. Else Publish refuses it, and
	// one that waits already is dropped. [MQTT-3.2.2-11]
	LowerQoS bool

	// QueueQoS0 keeps messages of QoS 0 too while there is no connection. Else Publish
	// refuses them then, and those that wait when the connection ends are dropped.
	QueueQoS0 bool

	// Known says that a server may have a session of this client from an earlier run,
	// of which nothing was kept as nothing was in flight. Else a client whose server
	// says in 5.0 that it has one closes the connection. [MQTT-3.2.2-4]
	Known bool

	// NoResubscribe leaves it to the caller to subscribe again: a client's SUBSCRIBE
	// and UNSUBSCRIBE that are under way when a connection ends are dropped, and
	// nothing is subscribed again if the server has lost the session.
	NoResubscribe bool

	// Journal makes the session produce Changes.
	Journal bool
}

// Bounds are a number and a number of bytes, neither of which is passed.
type Bounds struct {
	Count int
	Bytes int
}

// or returns b with the values of d where it has 0.
func (b Bounds) or(d Bounds) Bounds {
	if b.Count <= 0 {
		b.Count = d.Count
	}
	if b.Bytes <= 0 {
		b.Bytes = d.Bytes
	}
	return b
}

// What Options and LinkOptions stand for where they are 0.
var (
	defaultQueue         = Bounds{1000, 1 << 20}
	defaultSubscriptions = Bounds{1000, 256 << 10}
)

const (
	defaultConnectTimeout = 30 * time.Second
	defaultPingTimeout    = 30 * time.Second
	defaultCloseTimeout   = 5 * time.Second
	defaultOutput         = 256 << 10
	defaultTopicAliases   = 16
)

// Policy says what happens if a message is published and the queue is full. Messages
// in flight are never dropped.
type Policy uint8

const (
	// RefuseNew makes Publish return ErrQueueFull.
	RefuseNew Policy = iota

	// DropOldest drops the messages that wait longest, until there is room.
	DropOldest

	// DropNewest drops the new message, with an event in place of an error.
	DropNewest

	// DropQoS0First drops waiting messages of QoS 0, the oldest first, until there is
	// room; without such it refuses, as RefuseNew.
	DropQoS0First
)

// Lost says what a client does with its messages in flight if the server has lost
// the session. Those that were never handed out wait again in any case.
type Lost uint8

const (
	// ResendQoS1 sends those of QoS 1 as new messages, at least once, and drops those
	// of QoS 2 with the outcome Unknown, at most once.
	ResendQoS1 Lost = iota

	// FailAll drops them all with the outcome Unknown.
	FailAll

	// ResendAll sends those of QoS 2 as new messages too, if the server had not
	// answered them: they may come twice.
	ResendAll
)

// LinkOptions say what a Link is for. The zero value but for Side is safe.
type LinkOptions struct {
	// Side is who we are: FromClient or FromServer.
	Side mqttwire.Sender

	// Hold makes every message of QoS 1 and 2 wait for Session.Ack, with the AckToken
	// of its event. Else it is acknowledged by Handle.
	Hold bool

	// Versions are those of which a server takes a CONNECT; the zero set is all.
	Versions mqttwire.Versions

	// TopicAliases is the most topic aliases that we set for the peer, within its
	// maximum; 0 is 16, and less than 0 none. Section 3.3.2.3.4.
	TopicAliases int

	// Output is how many bytes of answers may wait to be written before the
	// connection is closed with code 0x97, as the peer sends and does not read. 0 is
	// 256 KiB, which all acknowledgements that can be under way fit into.
	Output int

	// Excess is how many messages of QoS 1 and 2 the peer may have under way beyond our
	// Receive Maximum before the connection is closed with code 0x93; 0 is none, as the
	// standard has it [MQTT-3.3.4-7] [MQTT-3.3.4-9]. It is for servers in the field that
	// count only what they have in flight, and not what they take out of their queue, as
	// mosquitto 2.0: who sets it bounds by other means what it holds.
	Excess uint16

	// ConnectTimeout is how long a server waits for the CONNECT and a client for the
	// CONNACK, authentication included, from the first call with the time; and both for
	// the next AUTH of a re-authentication. 0 is 30 s.
	ConnectTimeout time.Duration

	// PingEvery is how long after its last packet a client sends PINGREQ; 0 is three
	// quarters of the keep alive that is in force. Not more than the keep alive.
	PingEvery time.Duration

	// PingTimeout is how long a client waits for PINGRESP at most, if the keep alive is
	// not shorter; 0 is 30 s.
	PingTimeout time.Duration

	// CloseTimeout is how long what is left to be written may take at the end. 0 is
	// 5 s.
	CloseTimeout time.Duration

	// Limits are those of what is read, as long as none is announced.
	Limits mqttwire.Limits

	// Tolerance decides which broken rules of packets are let pass; nil is none.
	Tolerance *mqttwire.Tolerance

	// Optional also checks the rules that a receiver may enforce or not: see
	// packets.CheckOptional.
	Optional bool
}
