package mqttwiretest

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// textFaults are faults of strings, binary data, topic names and filters.
var textFaults = []Fault{
	{"string of 65536 bytes", mqttwire.RuleStringLength, func(f *faulty) bool {
		p, ok := as[*packets.Connect](f)
		if ok && f.version == mqttwire.V31 { // there, the client identifier is limited otherwise
			p.UserName = overlong()
			return true
		}
		return f.set(overlong(), clientIDPart, userNamePart)
	}},
	{"topic of 65536 bytes", mqttwire.RuleStringLength, func(f *faulty) bool {
		return f.set(overlong(), willTopicPart, topicNamePart, filterPart)
	}},
	{"binary data of 65536 bytes", mqttwire.RuleBinaryLength, func(f *faulty) bool {
		return f.set(overlong(), willPayloadPart, passwordPart)
	}},
	{"string that is not UTF-8", mqttwire.RuleUTF8, func(f *faulty) bool {
		return f.set([]byte(among(f, "\xFF", "a\xC3", "\xC0\xAF", "\xF4\x90\x80\x80")), clientIDPart, userNamePart)
	}},
	{"topic that is not UTF-8", mqttwire.RuleUTF8, func(f *faulty) bool {
		return f.set([]byte(among(f, "\xFF", "a\xC3", "/\x80/")), willTopicPart, topicNamePart, filterPart)
	}},
	{"U+0000 in a string", mqttwire.RuleNUL, func(f *faulty) bool {
		return f.version != mqttwire.V31 && f.set([]byte("a\x00"), clientIDPart, userNamePart)
	}},
	{"U+0000 in a topic", mqttwire.RuleTopicNUL, func(f *faulty) bool {
		return f.set([]byte("a/\x00"), willTopicPart, topicNamePart, filterPart)
	}},
	{"empty topic", mqttwire.RuleTopicEmpty, func(f *faulty) bool {
		return f.set(nil, willTopicPart, filterPart)
	}},
	{"wildcard in a topic name", mqttwire.RuleTopicWildcard, func(f *faulty) bool {
		return f.set([]byte(among(f, "#", "+", "a/+/b", "a/#", "a+")), willTopicPart, topicNamePart)
	}},
	{"# that is not the last level, or not all of it", mqttwire.RuleFilterHash, func(f *faulty) bool {
		return f.set([]byte(among(f, "a#", "#/a", "##", "a/#/b", "#/")), filterPart)
	}},
	{"+ that is not all of its level", mqttwire.RuleFilterPlus, func(f *faulty) bool {
		return f.set([]byte(among(f, "a+", "+a", "++", "a/b+/c")), filterPart)
	}},
	{"shared filter without a ShareName", mqttwire.RuleShareNameEmpty, func(f *faulty) bool {
		return f.version == mqttwire.V5 && f.set([]byte(among(f, "$share/", "$share//a")), filterPart)
	}},
	{"shared filter that is not complete", mqttwire.RuleShareForm, func(f *faulty) bool {
		return f.version == mqttwire.V5 && f.set([]byte(among(f, "$share/g", "$share/g/", "$share/+/a")), filterPart)
	}},
}

// set puts b in the place of a field of one of the kinds. User name and password
// get it even if they were absent, where they may be there.
func (f *faulty) set(b []byte, kinds ...partKind) bool {
	var fields []*[]byte
	for _, kind := range kinds {
		fields = append(fields, f.fields(kind)...)
	}
	if len(fields) == 0 {
		return false
	}
	*among(f, fields...) = b
	return true
}

// fields returns the fields of a kind.
func (f *faulty) fields(kind partKind) (fields []*[]byte) {
	switch p := f.packet.(type) {
	case *packets.Connect:
		return f.connectFields(p, kind)
	case *packets.Publish:
		if kind == topicNamePart {
			fields = append(fields, &p.Topic)
		}
	case *packets.Subscribe:
		for i := range p.Subscriptions {
			// With No Local, a shared filter would be a second fault.
			if s := &p.Subscriptions[i]; kind == filterPart && !s.NoLocal {
				fields = append(fields, &s.Filter)
			}
		}
	case *packets.Unsubscribe:
		for i := range p.Filters {
			if kind == filterPart {
				fields = append(fields, &p.Filters[i])
			}
		}
	}
	return fields
}

func (f *faulty) connectFields(p *packets.Connect, kind partKind) []*[]byte {
	switch {
	case kind == clientIDPart:
		return []*[]byte{&p.ClientID}
	case kind == userNamePart:
		return []*[]byte{&p.UserName}
	case kind == passwordPart && (p.UserName != nil || f.version == mqttwire.V5):
		return []*[]byte{&p.Password}
	case kind == willTopicPart && p.Will != nil:
		return []*[]byte{&p.Will.Topic}
	case kind == willPayloadPart && p.Will != nil:
		return []*[]byte{&p.Will.Payload}
	}
	return nil
}
