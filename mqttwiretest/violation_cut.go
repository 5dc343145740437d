package mqttwiretest

import "github.com/mqttwire/mqttwire"

// cutViolations are packets that end inside a field, or have a field that says
// it is longer than the packet. The remaining length fits the bytes.
var cutViolations = []Violation{
	{"packet ends in its packet identifier", mqttwire.RuleFieldMissing, func(p *planting) []byte {
		return p.cutIn(p.find(packetIDPart))
	}},
	{"packet ends in its keep alive", mqttwire.RuleFieldMissing, func(p *planting) []byte {
		return p.cutIn(p.find(keepAlivePart))
	}},
	{"packet ends before a byte it needs", mqttwire.RuleFieldMissing, func(p *planting) []byte {
		at, ok := p.partOf(levelPart, connectFlagsPart, acknowledgeFlagsPart)
		if p.typ == mqttwire.CONNACK {
			at, ok = p.partOf(acknowledgeFlagsPart, reasonCodePart)
		}
		if !ok {
			return nil
		}
		return p.upTo(at.start)
	}},
	{"packet ends in the length of a field", mqttwire.RuleFieldMissing, func(p *planting) []byte {
		at, ok := one(p, p.findWhere(isPrefixed))
		if !ok {
			return nil
		}
		return p.upTo(at.start + 1)
	}},
	{"packet ends in a string", mqttwire.RuleStringLength, func(p *planting) []byte {
		return p.cutInContent(func(at part) bool { return at.kind.isText() })
	}},
	{"packet ends in binary data", mqttwire.RuleBinaryLength, func(p *planting) []byte {
		return p.cutInContent(func(at part) bool { return at.kind.isBinary() })
	}},
	{"length of a string passes the end", mqttwire.RuleStringLength, func(p *planting) []byte {
		return p.lengthPastEnd(func(at part) bool { return at.kind.isText() })
	}},
	{"length of binary data passes the end", mqttwire.RuleBinaryLength, func(p *planting) []byte {
		return p.lengthPastEnd(func(at part) bool { return at.kind.isBinary() })
	}},
	{"packet ends before its client identifier", mqttwire.RuleClientIDMissing, func(p *planting) []byte {
		return p.cutBefore(clientIDPart)
	}},
	{"packet ends before its will", mqttwire.RuleWillMissing, func(p *planting) []byte {
		for _, at := range p.find(propertiesPart) {
			if at.owner == mqttwire.WillProperties && p.choose(2) == 0 {
				return p.upTo(at.start)
			}
		}
		return p.cutBefore(willTopicPart, willPayloadPart)
	}},
	{"packet ends before its user name", mqttwire.RuleUserNameMissing, func(p *planting) []byte {
		if p.version == mqttwire.V31 { // which has it go by the remaining length
			return nil
		}
		return p.cutBefore(userNamePart)
	}},
	{"packet ends before its password", mqttwire.RulePasswordMissing, func(p *planting) []byte {
		if p.version == mqttwire.V31 {
			return nil
		}
		return p.cutBefore(passwordPart)
	}},
	{"packet ends before its options", mqttwire.RuleOptionsMissing, func(p *planting) []byte {
		return p.cutBefore(optionsPart)
	}},
}

func isPrefixed(at part) bool { return at.kind.isText() || at.kind.isBinary() }

// cutIn ends the packet inside one of the parts, which have two bytes.
func (p *planting) cutIn(parts []part) []byte {
	at, ok := one(p, parts)
	if !ok {
		return nil
	}
	return p.upTo(at.start + p.choose(2))
}

// cutBefore ends the packet before a part of one of the kinds.
func (p *planting) cutBefore(kinds ...partKind) []byte {
	at, ok := p.partOf(kinds...)
	if !ok {
		return nil
	}
	return p.upTo(at.start)
}

// cutInContent ends the packet inside what a string or binary data has after its
// length.
func (p *planting) cutInContent(ok func(part) bool) []byte {
	at, found := one(p, p.findWhere(func(at part) bool { return ok(at) && at.end-at.start > 2 }))
	if !found {
		return nil
	}
	return p.upTo(at.start + 2 + p.choose(at.end-at.start-2))
}

// lengthPastEnd makes a length say more bytes than the packet has left.
func (p *planting) lengthPastEnd(ok func(part) bool) []byte {
	left := func(at part) int { return len(p.body) - at.start - 2 }
	at, found := one(p, p.findWhere(func(at part) bool { return ok(at) && left(at) < 65535 }))
	if !found {
		return nil
	}
	n := left(at) + 1 + p.choose(65535-left(at))
	p.body[at.start], p.body[at.start+1] = byte(n>>8), byte(n)
	return p.packet(p.body)
}
