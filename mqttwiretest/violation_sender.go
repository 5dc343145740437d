package mqttwiretest

import "github.com/mqttwire/mqttwire"

// senderViolations make a packet one that its sender may not send.
var senderViolations = []Violation{
	{"packet of the other side", mqttwire.RuleDirection, func(p *planting) []byte {
		if p.typ.MayBeSentBy(p.other(), p.version) {
			return nil
		}
		p.from, p.legal = p.other(), true
		return p.packet(p.body)
	}},
	{"code of the other side", mqttwire.RuleReasonSender, func(p *planting) []byte {
		p.legal = true
		codes := codesWhere(func(c mqttwire.ReasonCode) bool {
			return c.AllowedIn(p.typ, p.version, p.other()) && !c.AllowedIn(p.typ, p.version, p.from)
		})
		code, ok := one(p, codes)
		if !ok || !p.is(mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.DISCONNECT, mqttwire.AUTH) {
			return nil
		}
		return p.withByte(reasonCodePart, func(byte) byte { return byte(code) })
	}},
	{"Subscription Identifier from a client", mqttwire.RuleSubscriptionIDSender, func(p *planting) []byte {
		return p.foreignProperty(mqttwire.FromClient, mqttwire.PUBLISH, mqttwire.SubscriptionIdentifier)
	}},
	{"Session Expiry Interval from a server", mqttwire.RuleSessionExpirySender, func(p *planting) []byte {
		return p.foreignProperty(mqttwire.FromServer, mqttwire.DISCONNECT, mqttwire.SessionExpiryInterval)
	}},
}

// other returns the side that did not send the packet.
func (p *planting) other() mqttwire.Sender {
	if p.from == mqttwire.FromClient {
		return mqttwire.FromServer
	}
	return mqttwire.FromClient
}

// foreignProperty adds a property that only the other side may put there.
func (p *planting) foreignProperty(from mqttwire.Sender, t mqttwire.PacketType, id mqttwire.PropertyID) []byte {
	block, ok := p.ownBlock(t)
	if !ok || p.from != from {
		return nil
	}
	p.legal = true
	return p.withProperties(block, append(p.properties(block), plainProperty(id)))
}
