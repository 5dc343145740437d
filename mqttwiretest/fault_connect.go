package mqttwiretest

import (
	"bytes"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// connectFaults are faults of CONNECT and CONNACK that are not about one text or
// one property.
var connectFaults = []Fault{
	{"CONNECT of another version", mqttwire.RuleConnectVersion, func(f *faulty) bool {
		p, ok := as[*packets.Connect](f)
		if ok {
			p.Version = among(f, mqttwire.Version(1), 2, 6, 0x83)
		}
		return ok
	}},
	{"bridge bit in 5.0", mqttwire.RuleNotInVersion, func(f *faulty) bool {
		p, ok := as[*packets.Connect](f)
		if ok = ok && f.version == mqttwire.V5; ok {
			p.Bridge = true
		}
		return ok
	}},
	{"will QoS over 2", mqttwire.RuleWillQoS, func(f *faulty) bool {
		p, ok := as[*packets.Connect](f)
		if ok = ok && p.Will != nil; ok {
			p.Will.QoS = among(f, mqttwire.QoS(3), 4, 8, 255)
		}
		return ok
	}},
	{"password without a user name", mqttwire.RulePasswordAlone, func(f *faulty) bool {
		p, ok := as[*packets.Connect](f)
		if ok = ok && f.version != mqttwire.V5; ok {
			p.UserName, p.Password = nil, []byte{}
		}
		return ok
	}},
	{"client identifier of a length that the version forbids", mqttwire.RuleClientIDLength, func(f *faulty) bool {
		p, ok := as[*packets.Connect](f)
		if ok = ok && f.version != mqttwire.V5; ok {
			p.ClientID, p.CleanStart = nil, false
			if f.version == mqttwire.V31 && f.choose(2) == 0 {
				p.ClientID = bytes.Repeat([]byte("é"), 24)
			}
		}
		return ok
	}},
	{"Authentication Data without a method", mqttwire.RuleAuthDataAlone, func(f *faulty) bool {
		p, ok := as[*packets.Connect](f)
		if ok = ok && f.version == mqttwire.V5; ok {
			p.Properties.Remove(mqttwire.AuthenticationMethod)
			p.Properties.SetAuthenticationData(nil)
		}
		return ok
	}},
	{"session present in 3.1", mqttwire.RuleNotInVersion, func(f *faulty) bool {
		p, ok := as[*packets.Connack](f)
		if ok = ok && f.version == mqttwire.V31; ok {
			p.SessionPresent = true
		}
		return ok
	}},
	{"session present with a refusal", mqttwire.RuleSessionPresent, func(f *faulty) bool {
		p, ok := as[*packets.Connack](f)
		if ok = ok && f.version != mqttwire.V31; ok {
			p.SessionPresent, p.ReasonCode = true, mqttwire.ReturnNotAuthorized
			if f.version == mqttwire.V5 {
				p.ReasonCode = mqttwire.ReasonNotAuthorized
			}
		}
		return ok
	}},
}
