package mqttwiretest

import "github.com/mqttwire/mqttwire"

// topicViolations break the rules of topic names and filters, sections 4.7 and
// 4.8.2.
var topicViolations = []Violation{
	{"empty topic", mqttwire.RuleTopicEmpty, func(p *planting) []byte {
		at, ok := p.partOf(willTopicPart, filterPart)
		if p.typ == mqttwire.PUBLISH && p.version != mqttwire.V5 { // there an alias may stand for it
			at, ok = p.partOf(topicNamePart)
		}
		if !ok {
			return nil
		}
		return p.withPart(at, 0, 0)
	}},
	{"U+0000 in a topic", mqttwire.RuleTopicNUL, func(p *planting) []byte {
		return p.insert("\x00", willTopicPart, topicNamePart, filterPart)
	}},
	{"wildcard in a topic name", mqttwire.RuleTopicWildcard, func(p *planting) []byte {
		return p.insert(p.among("+", "#", "/+/", "/#"), willTopicPart, topicNamePart)
	}},
	{"# that is not the last level of a filter", mqttwire.RuleFilterHash, func(p *planting) []byte {
		return p.withFilter("#/a", "a/#/b", "##", "#/", "a/##", "+/#/")
	}},
	{"# that is not all of its level", mqttwire.RuleFilterHash, func(p *planting) []byte {
		return p.withFilter("a#", "#a", "a/b#", "#+")
	}},
	{"+ that is not all of its level", mqttwire.RuleFilterPlus, func(p *planting) []byte {
		return p.withFilter("a+", "+a", "a/b+", "a/+b/c", "++", "+#")
	}},
	{"shared filter without a ShareName", mqttwire.RuleShareNameEmpty, func(p *planting) []byte {
		return p.withSharedFilter("$share/", "$share//", "$share//a")
	}},
	{"shared filter without a topic filter", mqttwire.RuleShareForm, func(p *planting) []byte {
		return p.withSharedFilter("$share/g", "$share/g/")
	}},
	{"shared filter with a wildcard in its ShareName", mqttwire.RuleShareForm, func(p *planting) []byte {
		return p.withSharedFilter("$share/+/a", "$share/#/a", "$share/g+/a")
	}},
	{"shared filter with a malformed topic filter", mqttwire.RuleFilterHash, func(p *planting) []byte {
		return p.withSharedFilter("$share/g/a#", "$share/g/#/b")
	}},
}

// withFilter puts one of the filters in the place of one that is there.
func (p *planting) withFilter(filters ...string) []byte {
	at, ok := p.partOf(filterPart)
	if !ok {
		return nil
	}
	return p.withPart(at, prefixed([]byte(p.among(filters...)))...)
}

// withSharedFilter is withFilter for the version that knows shared ones.
func (p *planting) withSharedFilter(filters ...string) []byte {
	if p.version != mqttwire.V5 {
		return nil
	}
	return p.withFilter(filters...)
}
