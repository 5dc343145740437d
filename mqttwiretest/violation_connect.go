package mqttwiretest

import (
	"strings"

	"github.com/mqttwire/mqttwire"
)

// connectViolations break the rules of CONNECT and CONNACK, sections 3.1 and
// 3.2.
var connectViolations = []Violation{
	{"protocol name of no version", mqttwire.RuleProtocolName, func(p *planting) []byte {
		at, ok := p.partOf(protocolNamePart)
		if !ok {
			return nil
		}
		return p.withPart(at, prefixed([]byte(p.among("", "mqtt", "MQTS", "MQIsdP", "MQTT ", "HTTP")))...)
	}},
	{"protocol name of another version", mqttwire.RuleProtocolVersion, func(p *planting) []byte {
		at, ok := p.partOf(protocolNamePart)
		if !ok {
			return nil
		}
		name := "MQIsdp"
		if p.version == mqttwire.V31 {
			name = "MQTT"
		}
		return p.withPart(at, prefixed([]byte(name))...)
	}},
	{"protocol level of no version", mqttwire.RuleProtocolVersion, func(p *planting) []byte {
		level := p.among("\x00", "\x01", "\x02", "\x06", "\x7F", "\x80", "\x85", "\xFF") // 0x85: 5.0 has no bridge bit
		return p.withByte(levelPart, func(byte) byte { return level[0] })
	}},
	{"reserved bit of the connect flags", mqttwire.RuleConnectReserved, func(p *planting) []byte {
		if p.version == mqttwire.V31 { // which does not use the bit
			return nil
		}
		return p.withByte(connectFlagsPart, withBits(0x01))
	}},
	{"will QoS 3", mqttwire.RuleWillQoS, func(p *planting) []byte {
		if len(p.find(willTopicPart)) == 0 {
			return nil
		}
		return p.withByte(connectFlagsPart, withBits(0x18))
	}},
	{"will QoS without a will", mqttwire.RuleWillQoSAlone, func(p *planting) []byte {
		if p.version == mqttwire.V31 || len(p.find(willTopicPart)) > 0 { // 3.1 disregards it
			return nil
		}
		return p.withByte(connectFlagsPart, withBits(p.among("\x08", "\x10", "\x18")[0]))
	}},
	{"will retain without a will", mqttwire.RuleWillRetainAlone, func(p *planting) []byte {
		if p.version == mqttwire.V31 || len(p.find(willTopicPart)) > 0 {
			return nil
		}
		return p.withByte(connectFlagsPart, withBits(0x20))
	}},
	{"password without a user name", mqttwire.RulePasswordAlone, func(p *planting) []byte {
		if p.version == mqttwire.V5 { // which allows it
			return nil
		}
		return p.withByte(connectFlagsPart, func(b byte) byte { return b&^userNameFlag | passwordFlag })
	}},
	{"will flag without a will", mqttwire.RuleWillMissing, func(p *planting) []byte {
		if len(p.find(willTopicPart, userNamePart, passwordPart)) > 0 {
			return nil
		}
		return p.withByte(connectFlagsPart, withBits(willFlag))
	}},
	{"user name flag without a user name", mqttwire.RuleUserNameMissing, func(p *planting) []byte {
		if p.version == mqttwire.V31 || len(p.find(userNamePart, passwordPart)) > 0 {
			return nil
		}
		return p.withByte(connectFlagsPart, withBits(userNameFlag))
	}},
	{"password flag without a password", mqttwire.RulePasswordMissing, func(p *planting) []byte {
		if p.version == mqttwire.V31 || len(p.find(userNamePart)) == 0 || len(p.find(passwordPart)) > 0 {
			return nil
		}
		return p.withByte(connectFlagsPart, withBits(passwordFlag))
	}},
	{"user name without its flag", mqttwire.RuleUserNameUnflagged, func(p *planting) []byte {
		if len(p.find(userNamePart)) == 0 || len(p.find(passwordPart)) > 0 {
			return nil
		}
		return p.withByte(connectFlagsPart, func(b byte) byte { return b &^ userNameFlag })
	}},
	{"password without its flag", mqttwire.RulePasswordUnflagged, func(p *planting) []byte {
		if len(p.find(userNamePart)) == 0 || len(p.find(passwordPart)) == 0 {
			return nil
		}
		return p.withByte(connectFlagsPart, func(b byte) byte { return b &^ passwordFlag })
	}},
	{"client identifier of a length that the version forbids", mqttwire.RuleClientIDLength, plantClientIDLength},
	{"bits of the connect acknowledge flags", mqttwire.RuleAcknowledgeFlags, func(p *planting) []byte {
		if p.version == mqttwire.V31 { // whose byte is reserved, and ignored
			return nil
		}
		return p.withByte(acknowledgeFlagsPart, withBits(2<<p.choose(7)))
	}},
	{"session present with a refusal", mqttwire.RuleSessionPresent, func(p *planting) []byte {
		if p.version == mqttwire.V31 || p.typ != mqttwire.CONNACK {
			return nil
		}
		codes := codesWhere(func(c mqttwire.ReasonCode) bool {
			return c != 0 && c.AllowedIn(mqttwire.CONNACK, p.version, mqttwire.FromServer)
		})
		code, _ := one(p, codes)
		return p.packet(append([]byte{1, byte(code)}, p.body[2:]...))
	}},
	{"CONNACK of MQTT 3 that refuses 5.0", mqttwire.RuleVersionRefused, func(p *planting) []byte {
		if p.version != mqttwire.V5 || p.typ != mqttwire.CONNACK {
			return nil
		}
		return p.packet([]byte{0, 1})
	}},
}

// plantClientIDLength makes the client identifier empty or, in 3.1, longer than
// 23 characters. 5.0 allows all lengths, 3.1.1 the empty one with Clean Session.
func plantClientIDLength(p *planting) []byte {
	at, ok := p.partOf(clientIDPart)
	if !ok || p.version == mqttwire.V5 {
		return nil
	}
	id := ""
	if p.version == mqttwire.V31 && p.choose(2) == 0 {
		id = strings.Repeat(p.among("x", "é", "温"), 24+p.choose(2))
	}
	p.body[p.find(connectFlagsPart)[0].start] &^= cleanStartFlag
	return p.withPart(at, prefixed([]byte(id))...)
}

// codesWhere returns the codes that ok is true for.
func codesWhere(ok func(mqttwire.ReasonCode) bool) (codes []mqttwire.ReasonCode) {
	for c := range 256 {
		if ok(mqttwire.ReasonCode(c)) {
			codes = append(codes, mqttwire.ReasonCode(c))
		}
	}
	return codes
}
