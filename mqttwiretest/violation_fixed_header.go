package mqttwiretest

import "github.com/mqttwire/mqttwire"

// fixedHeaderViolations break the rules of section 2.1.
var fixedHeaderViolations = []Violation{
	{"packet type 0", mqttwire.RulePacketType, func(p *planting) []byte {
		p.statement = mqttwire.RulePacketType.Statement(0, 0)
		return rawPacket(0, p.flags, p.body)
	}},
	{"packet type 15 before 5.0", mqttwire.RulePacketType, func(p *planting) []byte {
		if p.version == mqttwire.V5 {
			return nil
		}
		p.typ = mqttwire.AUTH
		return p.packet(p.body)
	}},
	{"flag bits of another packet", mqttwire.RuleFlags, func(p *planting) []byte {
		if p.version == mqttwire.V31 || p.typ == mqttwire.PUBLISH { // 3.1 ignores them
			return nil
		}
		p.flags ^= byte(1 + p.choose(15))
		return p.packet(p.body)
	}},
	{"remaining length of five bytes", mqttwire.RuleVarintLength, func(p *planting) []byte {
		p.statement = mqttwire.RuleVarintLength.Statement(p.typ, 0)
		n := p.among("\x80\x80\x80\x80\x00", "\x80\x80\x80\x80\x01", "\xFF\xFF\xFF\xFF\x7F", "\xFF\xFF\xFF\xFF\xFF")
		return p.withRemainingLength([]byte(n))
	}},
	{"remaining length in more bytes than needed", mqttwire.RuleVarintMinimal, func(p *planting) []byte {
		n := len(p.body)
		size := mqttwire.SizeVarint(uint32(n))
		if p.version != mqttwire.V5 || size == mqttwire.MaxVarintSize {
			return nil
		}
		return p.withRemainingLength(longVarint(n, size+1+p.choose(mqttwire.MaxVarintSize-size)))
	}},
	{"byte after the last field", mqttwire.RuleLeftOver, func(p *planting) []byte {
		if !p.endsWithFixedField() {
			return nil
		}
		return p.packet(append(p.body, byte(p.choose(256))))
	}},
}

// withRemainingLength returns the packet with other bytes for its remaining
// length.
func (p *planting) withRemainingLength(n []byte) []byte {
	first := byte(p.typ)<<4 | p.flags
	return append(append([]byte{first}, n...), p.body...)
}

// longVarint writes n in size bytes, which may be more than it needs.
func longVarint(n, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(n) | 0x80
		n >>= 7
	}
	b[size-1] &= 0x7F
	return b
}

// endsWithFixedField reports whether nothing may follow the packet's last field,
// and no form of the packet is longer. Of CONNECT, whose last field the connect
// flags tell, it is true if there is a password.
func (p *planting) endsWithFixedField() bool {
	switch p.typ {
	case mqttwire.PINGREQ, mqttwire.PINGRESP, mqttwire.CONNACK:
		return true
	case mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP, mqttwire.DISCONNECT, mqttwire.AUTH:
		return p.version != mqttwire.V5 || len(p.find(propertiesPart)) > 0
	case mqttwire.UNSUBACK:
		return p.version != mqttwire.V5
	case mqttwire.CONNECT:
		return len(p.find(passwordPart)) > 0
	}
	return false
}
