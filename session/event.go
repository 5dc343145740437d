package session

import (
	"github.com/mqttwire/mqttwire"
)

// Event is something that has happened. Which fields are filled depends on the Kind.
type Event struct {
	Kind    Kind
	Outcome Outcome             // Done, Dropped
	Drop    Drop                // Dropped
	Above   bool                // Pressure: the queue has gone above its mark, or below
	Code    mqttwire.ReasonCode // Done: the peer's code
	stored  bool                // Arrived: the message is in the journal until it is handed on
	Token   Token               // Done, Dropped, Fetch
	Ack     AckToken            // Arrived: for Session.Ack if the acknowledgement is held; else 0

	// Packet is the packet that the event is about, or nil. It is valid until the next
	// call of any method of the Link.
	Packet mqttwire.Packet

	// Message is that of WillDue, of an Arrived that Restore brings, of Fetch the hollow one,
	// of Dropped the message that was to be sent, but for one of QoS 0 that was handed out, and
	// of Done the one that the peer has refused, unless it had taken it on; it may be kept.
	Message *Message

	// Cause is that of Disconnected; of Dropped it has the Err of a packet that cannot be
	// sent.
	Cause Cause

	// Earlier is, of a message of QoS 2 that has come again, the AckToken by which the
	// application had it on an earlier connection and has not acknowledged it, so that it
	// may have it still; else 0. It is stale: see Session.TakeOn.
	Earlier AckToken
}

// Kind is the kind of an Event.
type Kind uint8

const (
	// Connect: a CONNECT has come to a server, which calls Accept or Refuse, now or
	// later. Until then nothing more is read.
	Connect Kind = iota + 1

	// Connected: the CONNACK says success. Packet is the CONNACK.
	Connected

	// Arrived: a message has come. Packet is the *packets.Publish, whose Topic is the
	// topic in full also if an alias stood for it. An event that was not taken before
	// the next call of Packet is gone: who looks at packets there has seen it. The one
	// of a message that Restore gives again stays until it is taken.
	Arrived

	// Subscribe, Unsubscribe: a client's request was answered. Packet is the request;
	// Session.Subscriptions has what is subscribed. At a client Unsubscribe says that the
	// server has lost subscriptions and refused to make them again: Packet has their
	// filters, and Code the highest code; or that they cannot be asked for on this
	// connection, as Drop and Cause say.
	Subscribe
	Unsubscribe

	// Done: a request was answered by the peer, or a message of QoS 0 was written. Code
	// is that of PUBACK, PUBREC or PUBCOMP; of a SUBSCRIBE or UNSUBSCRIBE the Packet is
	// the SUBACK or UNSUBACK, and Code its highest. Packet is what has come, with its
	// Reason String and User Properties; nil for QoS 0, and if the event was not taken
	// before the next call of Packet.
	Done

	// Dropped: a request has ended without an answer. Drop says why, Outcome whether
	// the peer may have seen it.
	Dropped

	// AuthStep: an AUTH has come, which Link.Auth answers. Packet is the AUTH. If its
	// code is 0, a re-authentication has succeeded.
	AuthStep

	// Redirect: the server says that the client should use another one. Code is
	// 0x9C for this time or 0x9D for good; Packet is the CONNACK or DISCONNECT, whose
	// Server Reference, text of the peer, says which.
	Redirect

	// Pressure: what the queue holds has gone above three quarters of a bound, or below
	// half of both.
	Pressure

	// WillDue: the will of a client is to be published. Message is the will. It is in the
	// journal until the event is taken: after a crash it is told again unless that is
	// durable, so that it may be published twice, and never not at all.
	WillDue

	// Fetch: the turn of a hollow message has come. Session.Fetched gives it.
	Fetch

	// Disconnected: the connection has ended. Cause says why.
	Disconnected

	// Ended: the session has ended; it is empty and may be thrown away.
	Ended
)

// Outcome is what is true of a request that has ended.
type Outcome uint8

const (
	// Acked: the peer has answered with success. A message of QoS 0 was written whole.
	Acked Outcome = iota + 1

	// Refused: the peer has answered with an error code.
	Refused

	// NotSent: the peer has not seen a byte of it.
	NotSent

	// Unknown: the peer may have seen it.
	Unknown
)

// Drop is why a request has ended without an answer.
type Drop uint8

const (
	// DropFull: the queue was full, and its Policy chose this message.
	DropFull Drop = iota + 1

	// DropExpired: the message has expired while it waited. [MQTT-3.3.2-5]
	DropExpired

	// DropTooLarge: the packet is larger than the peer takes. [MQTT-3.1.2-25]
	DropTooLarge

	// DropNotSupported: the peer has said that it does not take such a packet, or its
	// version has no form for it.
	DropNotSupported

	// DropNotConnected: a message of QoS 0 while there is no connection.
	DropNotConnected

	// DropConnectionLost: the connection ended before the answer.
	DropConnectionLost

	// DropSessionLost: the server has lost the session.
	DropSessionLost

	// DropSessionEnded: the session has ended.
	DropSessionEnded

	// DropGone: the log no longer has the message.
	DropGone
)

// Cause is why a connection has ended. It is an error.
type Cause struct {
	Kind CauseKind

	// Code is the reason code that the peer has sent, or that we have.
	Code mqttwire.ReasonCode

	// Err is what the transport said, or the *mqttwire.Error of the packet that broke a
	// rule; else nil.
	Err error
}

// CauseKind is the kind of a Cause.
type CauseKind uint8

const (
	// PeerDisconnected: the peer has sent DISCONNECT, with Code.
	PeerDisconnected CauseKind = iota + 1

	// WeDisconnected: Disconnect or Refuse was called.
	WeDisconnected

	// ServerRefused: the CONNACK says failure, with Code.
	ServerRefused

	// TransportLost: Lost was called. Err is what it was given.
	TransportLost

	// PacketRefused: a packet of the peer broke a rule. Err says which; Code is that of
	// the rule.
	PacketRefused

	// ReceiveMaximumExceeded: the peer has sent more messages than our Receive Maximum
	// allows. [MQTT-3.3.4-7] [MQTT-3.3.4-9]
	ReceiveMaximumExceeded

	// IdentifierInUse: before 5.0, a PUBLISH had the identifier of a message of the
	// other QoS. Section 2.2.1.
	IdentifierInUse

	// UnexpectedAnswer: a SUBACK or UNSUBACK does not fit what we have asked for.
	UnexpectedAnswer

	// UnexpectedAuth: an AUTH at a place where none is awaited. Section 4.12.
	UnexpectedAuth

	// UnexpectedSession: the server has a session that we do not know of.
	// [MQTT-3.2.2-4]
	UnexpectedSession

	// KeepAliveTimeout: the client has sent nothing for one and a half times the keep
	// alive. [MQTT-3.1.2-22]
	KeepAliveTimeout

	// PingTimeout: the server has not answered PINGREQ.
	PingTimeout

	// ConnectTimeout: CONNECT, CONNACK or AUTH did not come in time.
	ConnectTimeout

	// OutputFull: the peer sends, and does not read the answers.
	OutputFull

	// SessionDetached: the Session has ended or went to another Link.
	SessionDetached
)

// causes are the texts of the kinds.
var causes = [...]string{
	PeerDisconnected:       "the peer has disconnected",
	WeDisconnected:         "we have disconnected",
	ServerRefused:          "the server has refused the connection",
	TransportLost:          "the transport was lost",
	PacketRefused:          "a packet of the peer broke a rule",
	ReceiveMaximumExceeded: "the peer has sent more messages than our Receive Maximum allows [MQTT-3.3.4-9]",
	IdentifierInUse:        "the peer has used a packet identifier that is in use [MQTT-2.3.1-4]",
	UnexpectedAnswer:       "the peer has answered what was not asked for",
	UnexpectedAuth:         "an AUTH came that was not awaited",
	UnexpectedSession:      "the server has a session that the client does not know of [MQTT-3.2.2-4]",
	KeepAliveTimeout:       "the client has sent nothing for one and a half times the keep alive [MQTT-3.1.2-22]",
	PingTimeout:            "the server has not answered PINGREQ",
	ConnectTimeout:         "the peer has not gone on with connecting in time",
	OutputFull:             "the peer sends and does not read",
	SessionDetached:        "the session has gone to another connection",
}

// Error returns the cause in one line.
func (c Cause) Error() string {
	s := "session: " + c.Kind.String()
	if c.Code != 0 {
		s += ", reason " + c.Code.String()
	}
	if c.Err != nil {
		s += ": " + c.Err.Error()
	}
	return s
}

// Unwrap returns Err.
func (c Cause) Unwrap() error { return c.Err }
