package packets

import (
	"errors"

	"github.com/mqttwire/mqttwire"
)

// Answer is what to do about a packet that was refused.
type Answer struct {
	// Packet is the packet to send, or nil for none.
	Packet mqttwire.Packet

	// Version is the version to encode it in.
	Version mqttwire.Version

	// Close says to close the connection then. If it is false the packet
	// acknowledges the one refused, and the connection can go on.
	Close bool
}

// Append appends the packet, encoded for the peer, to dst. If there is none, or
// it cannot be encoded, it returns dst as it was.
func (a Answer) Append(dst []byte) []byte {
	if a.Packet != nil {
		dst, _ = a.Packet.Append(dst, a.Version)
	}
	return dst
}

// closed is the answer if there is nothing to send.
var closed = Answer{Close: true}

// Reply returns the packet with which the receiver answers a packet that was
// refused with err: CONNACK to an error before the CONNACK, in the peer's version
// or, if that is not served, in a form that the peer knows; after it DISCONNECT
// with the reason code, in 5.0; PUBACK or PUBREC where the message was refused and
// not the packet; else nothing, as before 5.0 there is no way to say more. What is
// larger than the peer takes is not sent. Section 4.13; 3.1.1: 4.8.
//
// Errors of a Decoder tell who sent the packet, whether the CONNACK came before,
// and what the peer has announced. For other errors it is taken from the packet
// type: a CONNECT comes before the CONNACK, all else after it. An err that is no
// *mqttwire.Error, or a nil one, is answered by closing.
//
// An error on encoding, of an Encoder, a Writer or Append, is about the caller's
// own packet, of which the peer has seen nothing: nothing is answered, and the
// connection is closed, unless the caller can do without that packet.
func Reply(err error) Answer { return reply(err, false) }

// ReplyWithReason is Reply with a Reason String that says in one line what was
// wrong, where the packet can have one, the peer wants it, and it fits what the
// peer takes. [MQTT-3.1.2-29] [MQTT-3.14.2-3]
//
// It is for the errors of a Decoder, which knows what the peer has announced.
// Other errors do not say it, and get the answer of Reply; who keeps count of it
// fills in Sender, MaximumPacketSize and NoProblemInformation of the error.
func ReplyWithReason(err error) Answer { return reply(err, true) }

// reply returns the first answer that the peer takes: with a Reason String if that
// is asked for, without, and if an acknowledgement is too large a DISCONNECT.
func reply(err error, reason bool) Answer {
	var e *mqttwire.Error
	if !errors.As(err, &e) || e == nil || e.Own {
		return closed
	}
	a := replyTo(e)
	if reason && wantsReason(e, a) {
		if with := a.withReason(e.Error()); with.fits(e) {
			return with
		}
	}
	if !a.Close && !a.fits(e) {
		a = disconnect(e)
	}
	if !a.fits(e) {
		return closed
	}
	return a
}

// wantsReason reports whether the peer wants a Reason String in the answer, as far
// as that is known. [MQTT-3.1.2-29]
func wantsReason(e *mqttwire.Error, a Answer) bool {
	return e.Sender != 0 && a.Packet != nil && a.Version == mqttwire.V5 &&
		!(e.NoProblemInformation && problemsOf(a.Packet) != nil)
}

// withReason returns the answer with a Reason String.
func (a Answer) withReason(text string) Answer {
	var list mqttwire.Properties
	list.SetReasonString([]byte(text))
	a.Packet = withProperties(a.Packet, list)
	return a
}

// fits reports whether the answer is no larger than the peer takes.
// [MQTT-3.1.2-24] [MQTT-3.2.2-15]
func (a Answer) fits(e *mqttwire.Error) bool {
	return a.Packet == nil || e.MaximumPacketSize == 0 || int64(a.Packet.Size(a.Version)) <= int64(e.MaximumPacketSize)
}

// replyTo returns the answer to an error of the peer's packet, whatever its size.
func replyTo(e *mqttwire.Error) Answer {
	switch e.Rule {
	case mqttwire.RuleNotMQTT, mqttwire.RuleFirstPacket, // [MQTT-3.1.0-1]: nothing need be sent
		mqttwire.RuleAfterDisconnect, mqttwire.RuleAfterConnackFailure, // the peer is gone
		mqttwire.RuleVersionRefused: // it would not understand
		return closed
	case mqttwire.RuleProtocolVersion:
		if !e.Connected {
			return refuseVersion(e)
		}
	case mqttwire.RulePacketType, mqttwire.RuleVarintLength:
		if e.Sender != 0 && !e.Connected { // perhaps not even MQTT
			return closed
		}
	}
	switch {
	case beforeConnack(e):
		return refuseConnection(e)
	case e.Version != mqttwire.V5:
		return closed
	case refusesMessage(e):
		return refuseMessage(e)
	}
	return disconnect(e)
}

// beforeConnack reports whether a server is to answer before its CONNACK.
func beforeConnack(e *mqttwire.Error) bool {
	if e.Sender == 0 {
		return e.Type == mqttwire.CONNECT
	}
	return e.Sender == mqttwire.FromClient && !e.Connected
}

// senderOf returns who sent the refused packet, as far as that is known.
func senderOf(e *mqttwire.Error) mqttwire.Sender {
	if e.Sender != 0 {
		return e.Sender
	}
	client := e.Type.MayBeSentBy(mqttwire.FromClient, mqttwire.V5)
	server := e.Type.MayBeSentBy(mqttwire.FromServer, mqttwire.V5)
	switch {
	case client && !server:
		return mqttwire.FromClient
	case server && !client:
		return mqttwire.FromServer
	}
	return 0
}

// refuseVersion answers a CONNECT whose version is not served: in the peer's own
// form, if it is newer than 5.0 in that of 5.0, and to all that is older, or
// looks like it, in that of 3.1.1. A client of 5.0 knows that form too.
// [MQTT-3.1.2-2]
func refuseVersion(e *mqttwire.Error) Answer {
	if e.Found > int64(mqttwire.V5) && e.Found&bridgeBit == 0 {
		return Answer{&Connack{ReasonCode: mqttwire.ReasonUnsupportedProtocolVersion}, mqttwire.V5, true}
	}
	return Answer{&Connack{ReasonCode: mqttwire.ReturnUnacceptableProtocolVersion}, mqttwire.V311, true}
}

// refuseConnection answers an error before the CONNACK. U-4.13.1-1 U-4.13.1-2
func refuseConnection(e *mqttwire.Error) Answer {
	switch e.Version {
	case mqttwire.V5:
		code := allowedCode(e, mqttwire.CONNACK, mqttwire.FromServer)
		return Answer{&Connack{ReasonCode: code}, mqttwire.V5, true}
	case mqttwire.V31, mqttwire.V311:
		code, ok := mqttwire.MapReasonCode(mqttwire.CONNACK, e.Reason, mqttwire.V5, e.Version)
		if ok {
			return Answer{&Connack{ReasonCode: code}, e.Version, true}
		}
	}
	return closed
}

// disconnect answers an error after the CONNACK in 5.0. U-4.13.1-1
func disconnect(e *mqttwire.Error) Answer {
	answering := mqttwire.FromServer
	if senderOf(e) == mqttwire.FromServer {
		answering = mqttwire.FromClient
	}
	return Answer{&Disconnect{ReasonCode: allowedCode(e, mqttwire.DISCONNECT, answering)}, mqttwire.V5, true}
}

// allowedCode returns the error's reason code or, if a packet of type t may not
// carry it, the one of its class.
func allowedCode(e *mqttwire.Error, t mqttwire.PacketType, answering mqttwire.Sender) mqttwire.ReasonCode {
	switch {
	case e.Reason.AllowedIn(t, mqttwire.V5, answering):
		return e.Reason
	case e.Err == mqttwire.ErrMalformed:
		return mqttwire.ReasonMalformedPacket
	}
	return mqttwire.ReasonProtocolError
}

// refusesMessage reports whether the packet is a PUBLISH of which only the
// message was refused, so that an acknowledgement can say so.
func refusesMessage(e *mqttwire.Error) bool {
	message := e.Rule == mqttwire.RulePayloadFormat || e.Rule == mqttwire.RulePacketSize
	return message && e.Type == mqttwire.PUBLISH && e.PacketID != 0
}

// refuseMessage acknowledges a PUBLISH with the reason for which its message was
// refused: U-3.3.2.3.2-3, or Quota exceeded for one that was too large, as no
// acknowledgement may say that. Sections 3.4.2.1 and 3.5.2.1.
func refuseMessage(e *mqttwire.Error) Answer {
	code := e.Reason
	if !code.AllowedIn(mqttwire.PUBACK, mqttwire.V5, 0) {
		code = mqttwire.ReasonQuotaExceeded
	}
	if e.QoS == mqttwire.ExactlyOnce {
		return Answer{&Pubrec{PacketID: e.PacketID, ReasonCode: code}, mqttwire.V5, false}
	}
	return Answer{&Puback{PacketID: e.PacketID, ReasonCode: code}, mqttwire.V5, false}
}
