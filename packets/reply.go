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
// not the packet; else nothing, as before 5.0 there is no way to say more. Section
// 4.13; 3.1.1: 4.8.
//
// Errors of a Decoder tell who sent the packet and whether the CONNACK came
// before. For other errors it is taken from the packet type: a CONNECT comes
// before the CONNACK, all else after it. An err that is no *mqttwire.Error is
// answered by closing.
func Reply(err error) Answer {
	var e *mqttwire.Error
	if !errors.As(err, &e) {
		return closed
	}
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

// ReplyWithReason is Reply with a Reason String that says in one line what was
// wrong, where the packet can have one. It tells the peer about its own packet
// only.
func ReplyWithReason(err error) Answer {
	a := Reply(err)
	if a.Packet != nil && a.Version == mqttwire.V5 {
		var e *mqttwire.Error
		errors.As(err, &e)
		propertiesOf(a.Packet).SetReasonString([]byte(e.Error()))
	}
	return a
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
