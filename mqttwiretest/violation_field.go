package mqttwiretest

import "github.com/mqttwire/mqttwire"

// fieldViolations break the rules of packet identifiers, of reason codes and of
// PUBLISH.
var fieldViolations = []Violation{
	{"packet identifier 0", mqttwire.RulePacketIDZero, func(p *planting) []byte {
		at, ok := p.partOf(packetIDPart)
		if !ok {
			return nil
		}
		return p.withPart(at, 0, 0)
	}},
	{"code that the packet cannot carry", mqttwire.RuleReasonCode, func(p *planting) []byte {
		at, ok := p.partOf(reasonCodePart)
		if !ok {
			return nil
		}
		code, _ := one(p, codesWhere(func(c mqttwire.ReasonCode) bool { return !c.AllowedIn(p.typ, p.version, 0) }))
		return p.withPart(at, byte(code))
	}},
	{"QoS 3", mqttwire.RuleQoS, func(p *planting) []byte {
		if p.typ != mqttwire.PUBLISH {
			return nil
		}
		p.flags |= 0x06
		return p.packet(p.body)
	}},
	{"DUP with QoS 0", mqttwire.RuleDup, func(p *planting) []byte {
		if p.typ != mqttwire.PUBLISH || p.version == mqttwire.V31 || p.flags&0x06 != 0 {
			return nil
		}
		p.flags |= 0x08
		return p.packet(p.body)
	}},
	{"neither topic name nor alias", mqttwire.RuleTopicOrAlias, func(p *planting) []byte {
		block, ok := p.ownBlock(mqttwire.PUBLISH)
		if !ok {
			return nil
		}
		p.body = p.replaced(block, propertyBlock(without(p.properties(block), mqttwire.TopicAlias)...)...)
		return p.withPart(p.find(topicNamePart)[0], 0, 0)
	}},
}

// ownBlock returns the properties of the packet itself, if it is of one of the
// types.
func (p *planting) ownBlock(types ...mqttwire.PacketType) (part, bool) {
	blocks := p.find(propertiesPart)
	if !p.is(types...) || len(blocks) == 0 {
		return part{}, false
	}
	return blocks[0], true // in CONNECT, the will's come second
}
