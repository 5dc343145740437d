package mqttwiretest

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// codeFaults are faults of reason codes and return codes.
var codeFaults = []Fault{
	{"code that the packet cannot carry", mqttwire.RuleReasonCode, func(f *faulty) bool {
		bad := codesWhere(func(c mqttwire.ReasonCode) bool { return !c.AllowedIn(f.packet.Type(), f.version, 0) })
		if codes := f.codes(); codes != nil {
			*codes = append((*codes)[:len(*codes):len(*codes)], among(f, bad...))
			return true
		}
		code := codeOf(f.packet)
		if code == nil || f.version != mqttwire.V5 && f.packet.Type() != mqttwire.CONNACK {
			return false
		}
		if connack, ok := f.packet.(*packets.Connack); ok {
			connack.SessionPresent = false
		}
		*code = among(f, bad...)
		return true
	}},
	{"code that versions before 5.0 cannot say", mqttwire.RuleNotInVersion, func(f *faulty) bool {
		if f.version == mqttwire.V5 {
			return false
		}
		code := among(f, mqttwire.ReasonUnspecifiedError, mqttwire.ReasonNotAuthorized, 0x33, 0xFF)
		if p, ok := f.packet.(*packets.Unsuback); ok {
			p.ReasonCodes = append(p.ReasonCodes[:len(p.ReasonCodes):len(p.ReasonCodes)], code)
			return true
		}
		field := codeOf(f.packet)
		if field == nil || f.packet.Type() == mqttwire.CONNACK {
			return false
		}
		*field = code
		return true
	}},
	{"AUTH without a method", mqttwire.RuleAuthMethodMissing, func(f *faulty) bool {
		p, ok := as[*packets.Auth](f)
		if ok {
			p.ReasonCode = mqttwire.ReasonContinueAuthentication
			p.Properties.Remove(mqttwire.AuthenticationMethod)
		}
		return ok
	}},
}

// codeOf returns the one code of a packet that has one, or nil.
func codeOf(p mqttwire.Packet) *mqttwire.ReasonCode {
	switch p := p.(type) {
	case *packets.Connack:
		return &p.ReasonCode
	case *packets.Puback:
		return &p.ReasonCode
	case *packets.Pubrec:
		return &p.ReasonCode
	case *packets.Pubrel:
		return &p.ReasonCode
	case *packets.Pubcomp:
		return &p.ReasonCode
	case *packets.Disconnect:
		return &p.ReasonCode
	case *packets.Auth:
		return &p.ReasonCode
	}
	return nil
}
