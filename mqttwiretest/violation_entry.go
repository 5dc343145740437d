package mqttwiretest

import "github.com/mqttwire/mqttwire"

// entryViolations break the rules of the lists in SUBSCRIBE, SUBACK, UNSUBSCRIBE
// and UNSUBACK.
var entryViolations = []Violation{
	{"no topic filters", mqttwire.RuleNoFilters, func(p *planting) []byte {
		if p.version == mqttwire.V31 || !p.is(mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE) { // 3.1 does not say
			return nil
		}
		return p.upTo(p.find(filterPart)[0].start)
	}},
	{"no codes", mqttwire.RuleNoReasonCodes, func(p *planting) []byte {
		list := p.is(mqttwire.SUBACK) && p.version != mqttwire.V31 || p.is(mqttwire.UNSUBACK) && p.version == mqttwire.V5
		if !list {
			return nil
		}
		return p.upTo(p.find(reasonCodePart)[0].start)
	}},
	{"requested QoS 3", mqttwire.RuleRequestedQoS, func(p *planting) []byte {
		return p.withByte(optionsPart, withBits(0x03))
	}},
	{"reserved bits of the options", mqttwire.RuleOptionsReserved, func(p *planting) []byte {
		switch p.version {
		case mqttwire.V311: // bits 7 to 2
			return p.withByte(optionsPart, withBits(4<<p.choose(6)))
		case mqttwire.V5: // bits 7 and 6
			return p.withByte(optionsPart, withBits(0x40<<p.choose(2)))
		}
		return nil // 3.1 does not use bits 7 to 2
	}},
	{"retain handling 3", mqttwire.RuleRetainHandling, func(p *planting) []byte {
		if p.version != mqttwire.V5 {
			return nil
		}
		return p.withByte(optionsPart, withBits(0x30))
	}},
	{"no local with a shared filter", mqttwire.RuleNoLocalShared, func(p *planting) []byte {
		if p.version != mqttwire.V5 || p.typ != mqttwire.SUBSCRIBE {
			return nil
		}
		filters, options := p.find(filterPart), p.find(optionsPart)
		i := p.choose(len(filters))
		p.body[options[i].start] |= 0x04
		return p.withPart(filters[i], prefixed([]byte("$share/g/a"))...)
	}},
}
