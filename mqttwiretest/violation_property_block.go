package mqttwiretest

import "github.com/mqttwire/mqttwire"

// propertyBlockViolations break the rules of the property length and of where
// properties begin and end, section 2.2.2.
var propertyBlockViolations = []Violation{
	{"no property length", mqttwire.RulePropertyLengthMissing, func(p *planting) []byte {
		// The acknowledgements and DISCONNECT may end there.
		block, ok := p.ownBlock(mqttwire.CONNECT, mqttwire.CONNACK, mqttwire.PUBLISH, mqttwire.SUBSCRIBE,
			mqttwire.SUBACK, mqttwire.UNSUBSCRIBE, mqttwire.UNSUBACK, mqttwire.AUTH)
		if !ok {
			return nil
		}
		return p.upTo(block.start)
	}},
	{"property length passes the end", mqttwire.RulePropertyLength, func(p *planting) []byte {
		return p.withPropertyLength(func(size, left int) []byte {
			over := []int{left + 1, left + 2 + p.choose(1000), mqttwire.MaxVarint}[p.choose(3)]
			return longVarint(over, mqttwire.SizeVarint(uint32(over)))
		})
	}},
	{"property length in more bytes than needed", mqttwire.RuleVarintMinimal, func(p *planting) []byte {
		return p.withPropertyLength(func(size, _ int) []byte {
			n := mqttwire.SizeVarint(uint32(size))
			if n == mqttwire.MaxVarintSize {
				return nil
			}
			return longVarint(size, n+1+p.choose(mqttwire.MaxVarintSize-n))
		})
	}},
	{"property length of five bytes", mqttwire.RuleVarintLength, func(p *planting) []byte {
		return p.withPropertyLength(func(_, _ int) []byte {
			return []byte(p.among("\x80\x80\x80\x80\x00", "\x80\x80\x80\x80\x01", "\xFF\xFF\xFF\xFF\x7F"))
		})
	}},
	{"packet ends in its property length", mqttwire.RuleVarintCut, func(p *planting) []byte {
		block, ok := p.partOf(propertiesPart)
		if !ok {
			return nil
		}
		return p.packet(append(p.body[:block.start:block.start], p.among("\x80", "\xFF\xFF", "\x80\x80\x80")...))
	}},
	{"property cut in its value", mqttwire.RulePropertyCut, func(p *planting) []byte {
		return p.addBytes("\x26", "\x26\x00", "\x26\x00\x01k", "\x26\x00\x01k\x00")
	}},
	{"number in a property cut", mqttwire.RulePropertyCut, func(p *planting) []byte {
		return p.lastProperty(func(id mqttwire.PropertyID) bool {
			switch propertyForms[id] {
			case boolForm, twoByteForm, twoByteForm1, fourByteForm, fourByteForm1:
				return true
			}
			return false
		}, func(id mqttwire.PropertyID) []byte {
			value := propertyForms[id].plain()
			return value[:p.choose(len(value))]
		})
	}},
	{"string in a property passes the property length", mqttwire.RuleStringLength, func(p *planting) []byte {
		return p.addBytes("\x26\x00\x01", "\x26\x00\x02k", "\x26\xFF\xFFk", "\x26\x00\x01k\x00\x02v", "\x26\x00\x00\x00\x98")
	}},
	{"binary data in a property passes the property length", mqttwire.RuleBinaryLength, func(p *planting) []byte {
		return p.lastProperty(func(id mqttwire.PropertyID) bool { return propertyForms[id] == binaryForm },
			func(mqttwire.PropertyID) []byte { return []byte(p.among("\x00\x01", "\x00\x02d", "\xFF\xFFd")) })
	}},
	{"property identifier that is not assigned", mqttwire.RulePropertyUnknown, func(p *planting) []byte {
		return p.addBytes("\x00\x00", "\x04\x00", "\x2B\x01", "\x7F\x00\x00", "\x80\x01\x00", "\xFF\xFF\xFF\x7F")
	}},
	{"property identifier in more bytes than needed", mqttwire.RulePropertyIDForm, func(p *planting) []byte {
		return p.addBytes("\xA6\x00\x00\x01k\x00\x01v", "\xA6\x80\x00\x00\x00\x00\x00", "\x80\x00")
	}},
	{"property identifier of five bytes", mqttwire.RuleVarintLength, func(p *planting) []byte {
		return p.addBytes("\xA6\x80\x80\x80\x00\x00\x00\x00\x00", "\xFF\xFF\xFF\xFF\x7F")
	}},
	{"property identifier cut", mqttwire.RuleVarintCut, func(p *planting) []byte {
		return p.addBytes("\x80", "\xA6", "\xFF\xFF\xFF")
	}},
}

// withPropertyLength puts other bytes in the place of a property length. They
// are made from the list's size and the bytes that the packet has after the
// length.
func (p *planting) withPropertyLength(length func(size, left int) []byte) []byte {
	block, ok := p.partOf(propertiesPart)
	if !ok {
		return nil
	}
	n, list, _ := mqttwire.ConsumeVarint(p.bytes(block))
	start := block.end - len(list)
	by := length(int(n), len(p.body)-start)
	if by == nil {
		return nil
	}
	return p.packet(append(append(p.body[:block.start:block.start], by...), p.body[start:]...))
}

// addBytes adds one of the strings to the end of a property list, with a property
// length that fits.
func (p *planting) addBytes(extra ...string) []byte {
	block, ok := p.partOf(propertiesPart)
	if !ok {
		return nil
	}
	_, list, _ := mqttwire.ConsumeVarint(p.bytes(block))
	return p.withPart(block, propertyBlockOf(append(list[:len(list):len(list)], p.among(extra...)...))...)
}
