package mqttwiretest

import "github.com/mqttwire/mqttwire"

// propertyViolations break the rules of single properties: where they may stand,
// how often, and with which values.
var propertyViolations = []Violation{
	{"property of another packet", mqttwire.RulePropertyNotAllowed, func(p *planting) []byte {
		block, ok := p.partOf(propertiesPart)
		if !ok {
			return nil
		}
		if block.owner == mqttwire.WillProperties {
			p.statement = "U-3.1.3.2-1"
		}
		id, _ := one(p, allIDs(func(id mqttwire.PropertyID) bool { return !id.AllowedIn(block.owner) }))
		return p.withProperties(block, append(p.properties(block), plainProperty(id)))
	}},
	{"property twice", mqttwire.RulePropertyRepeated, func(p *planting) []byte {
		block, id, ok := p.blockAndID(func(owner mqttwire.PropertyOwner, id mqttwire.PropertyID) bool { return !id.MayRepeat(owner) })
		if !ok {
			return nil
		}
		p.statement, _ = id.Statements(block.owner)
		entries := without(p.properties(block), id)
		return p.withProperties(block, append(entries, plainProperty(id), plainProperty(id)))
	}},
	{"property that is neither 0 nor 1", mqttwire.RulePropertyBool, func(p *planting) []byte {
		return p.setProperty(func(id mqttwire.PropertyID) bool { return propertyForms[id] == boolForm }, []byte{byte(2 + p.choose(254))})
	}},
	{"maximum of 0", mqttwire.RulePropertyZero, func(p *planting) []byte {
		if p.choose(2) == 0 {
			return p.setProperty(isID(mqttwire.MaximumPacketSize), make([]byte, 4))
		}
		return p.setProperty(isID(mqttwire.ReceiveMaximum), make([]byte, 2))
	}},
	{"Subscription Identifier 0", mqttwire.RulePropertyZero, func(p *planting) []byte {
		return p.setProperty(isID(mqttwire.SubscriptionIdentifier), []byte{0})
	}},
	{"Subscription Identifier in more bytes than needed", mqttwire.RuleVarintMinimal, func(p *planting) []byte {
		p.statement = mqttwire.RuleVarintMinimal.Statement(p.typ, p.version)
		return p.setProperty(isID(mqttwire.SubscriptionIdentifier), []byte(p.among("\x81\x00", "\xFF\x80\x00", "\xFF\xFF\xFF\x00")))
	}},
	{"Subscription Identifier of five bytes", mqttwire.RuleVarintLength, func(p *planting) []byte {
		p.statement = mqttwire.RuleVarintLength.Statement(p.typ, p.version)
		return p.setProperty(isID(mqttwire.SubscriptionIdentifier), []byte("\x80\x80\x80\x80\x01"))
	}},
	{"Subscription Identifier cut", mqttwire.RuleVarintCut, func(p *planting) []byte {
		return p.lastProperty(isID(mqttwire.SubscriptionIdentifier),
			func(mqttwire.PropertyID) []byte { return []byte(p.among("", "\x80", "\xFF\xFF\xFF")) })
	}},
	{"Topic Alias 0", mqttwire.RuleTopicAliasZero, func(p *planting) []byte {
		p.statement = mqttwire.RuleTopicAliasZero.Statement(p.typ, p.version)
		return p.setProperty(isID(mqttwire.TopicAlias), []byte{0, 0})
	}},
	{"empty Response Topic", mqttwire.RuleResponseTopicEmpty, func(p *planting) []byte {
		p.statement = mqttwire.RuleResponseTopicEmpty.Statement(p.typ, p.version)
		return p.setProperty(isID(mqttwire.ResponseTopic), []byte{0, 0})
	}},
	{"wildcard in the Response Topic", mqttwire.RuleResponseTopicWildcard, func(p *planting) []byte {
		p.statement = mqttwire.RuleResponseTopicWildcard.Statement(p.typ, p.version)
		return p.setProperty(isID(mqttwire.ResponseTopic), prefixed([]byte(p.among("+", "#", "a/+/b", "a/#", "a#"))))
	}},
	{"U+0000 in the Response Topic", mqttwire.RuleTopicNUL, func(p *planting) []byte {
		p.statement = mqttwire.RuleTopicNUL.Statement(p.typ, p.version)
		return p.setProperty(isID(mqttwire.ResponseTopic), prefixed([]byte("a\x00")))
	}},
	{"Authentication Data without a method", mqttwire.RuleAuthDataAlone, func(p *planting) []byte {
		block, ok := p.ownBlock(mqttwire.CONNECT)
		if !ok {
			return nil
		}
		entries := without(p.properties(block), mqttwire.AuthenticationMethod, mqttwire.AuthenticationData)
		return p.withProperties(block, append(entries, plainProperty(mqttwire.AuthenticationData)))
	}},
	{"AUTH without a method", mqttwire.RuleAuthMethodMissing, func(p *planting) []byte {
		block, ok := p.ownBlock(mqttwire.AUTH)
		if !ok {
			return nil
		}
		return p.withProperties(block, without(p.properties(block), mqttwire.AuthenticationMethod))
	}},
}

// allIDs returns the properties that ok is true for, in the order of their
// identifiers.
func allIDs(ok func(mqttwire.PropertyID) bool) (ids []mqttwire.PropertyID) {
	for id := range mqttwire.PropertyID(128) {
		if propertyForms[id] != 0 && ok(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// idsOf is allIDs for those that the owner may have.
func idsOf(owner mqttwire.PropertyOwner, ok func(mqttwire.PropertyID) bool) []mqttwire.PropertyID {
	return allIDs(func(id mqttwire.PropertyID) bool { return id.AllowedIn(owner) && ok(id) })
}

func isID(want mqttwire.PropertyID) func(mqttwire.PropertyID) bool {
	return func(id mqttwire.PropertyID) bool { return id == want }
}

// blockAndID chooses a property list, and a property that it may have and that ok
// is true for.
func (p *planting) blockAndID(ok func(mqttwire.PropertyOwner, mqttwire.PropertyID) bool) (part, mqttwire.PropertyID, bool) {
	ids := func(block part) []mqttwire.PropertyID {
		return idsOf(block.owner, func(id mqttwire.PropertyID) bool { return ok(block.owner, id) })
	}
	block, found := one(p, p.findWhere(func(at part) bool { return at.kind == propertiesPart && len(ids(at)) > 0 }))
	if !found {
		return part{}, 0, false
	}
	id, _ := one(p, ids(block))
	return block, id, true
}

// withProperties puts other properties in the place of a list.
func (p *planting) withProperties(block part, entries []property) []byte {
	return p.withPart(block, propertyBlock(entries...)...)
}

// addProperty adds a property to the end of a list.
func (p *planting) addProperty(extra property) []byte {
	block, ok := p.partOf(propertiesPart)
	if !ok {
		return nil
	}
	return p.withProperties(block, append(p.properties(block), extra))
}

// setProperty gives a property that ok is true for a value that breaks the rule
// on its value. If the change has not named a statement, it is the property's
// own.
func (p *planting) setProperty(ok func(mqttwire.PropertyID) bool, value []byte) []byte {
	block, id, found := p.blockAndID(func(_ mqttwire.PropertyOwner, id mqttwire.PropertyID) bool { return ok(id) })
	if !found {
		return nil
	}
	if p.statement == "" {
		_, p.statement = id.Statements(block.owner)
	}
	return p.withProperties(block, append(without(p.properties(block), id), property{id, value}))
}

// lastProperty puts a property that ok is true for last, with a value that its
// list cuts.
func (p *planting) lastProperty(ok func(mqttwire.PropertyID) bool, value func(mqttwire.PropertyID) []byte) []byte {
	block, id, found := p.blockAndID(func(_ mqttwire.PropertyOwner, id mqttwire.PropertyID) bool { return ok(id) })
	if !found {
		return nil
	}
	return p.withProperties(block, append(without(p.properties(block), id), property{id, value(id)}))
}
