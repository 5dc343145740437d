// Package answer says of an answer that somebody else has made whether it can be one at
// all, whatever it answers.
package answer

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// IsNil reports whether there is no answer: nil, or a nil pointer to a packet, which a
// function returns easily whose result is an interface, and which is not nil there.
func IsNil(a mqttwire.Packet) bool {
	switch a := a.(type) {
	case nil:
		return true
	case *packets.Connect:
		return a == nil
	case *packets.Connack:
		return a == nil
	case *packets.Publish:
		return a == nil
	case *packets.Puback:
		return a == nil
	case *packets.Pubrec:
		return a == nil
	case *packets.Pubrel:
		return a == nil
	case *packets.Pubcomp:
		return a == nil
	case *packets.Subscribe:
		return a == nil
	case *packets.Suback:
		return a == nil
	case *packets.Unsubscribe:
		return a == nil
	case *packets.Unsuback:
		return a == nil
	case *packets.Pingreq:
		return a == nil
	case *packets.Pingresp:
		return a == nil
	case *packets.Disconnect:
		return a == nil
	case *packets.Auth:
		return a == nil
	}
	return false
}

// Named returns an AUTH that has the Authentication Method of what it answers, unless it
// has one. [MQTT-4.12.0-5] [MQTT-4.12.1-1]
func Named(a *packets.Auth, p *mqttwire.Properties) *packets.Auth {
	if method, ok := p.AuthenticationMethod(); ok && !a.Properties.Has(mqttwire.AuthenticationMethod) {
		a.Properties.SetAuthenticationMethod(method)
	}
	return a
}

// HasKnownCodes reports whether some version has the codes of an answer that this side
// sends. Which version that is does not matter, as a code is sent as the one that says the
// same. Section 2.4.
func HasKnownCodes(a mqttwire.Packet, from mqttwire.Sender) bool {
	switch a := a.(type) {
	case *packets.Suback:
		return all(a.ReasonCodes, mqttwire.SUBACK, from)
	case *packets.Unsuback:
		return all(a.ReasonCodes, mqttwire.UNSUBACK, from)
	}
	code, ok := packets.ReasonCode(a)
	return !ok || known(code, a.Type(), from)
}

// all reports whether all codes are known.
func all(codes []mqttwire.ReasonCode, t mqttwire.PacketType, from mqttwire.Sender) bool {
	for _, code := range codes {
		if !known(code, t, from) {
			return false
		}
	}
	return true
}

// known reports whether some version has a code: 3.1 has none that 3.1.1 has not.
func known(code mqttwire.ReasonCode, t mqttwire.PacketType, from mqttwire.Sender) bool {
	return code.AllowedIn(t, mqttwire.V5, from) || code.AllowedIn(t, mqttwire.V311, from)
}
