package mqttwiretest

import (
	"bytes"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
)

// textViolations break the rules of UTF-8 encoded strings, section 1.5.4.
var textViolations = []Violation{
	{"U+0000 in a string", mqttwire.RuleNUL, func(p *planting) []byte {
		if p.version == mqttwire.V31 { // which forbids it in topics only
			return nil
		}
		return p.insert("\x00", clientIDPart, userNamePart)
	}},
	{"text that is not UTF-8", mqttwire.RuleUTF8, func(p *planting) []byte {
		s := p.among("\xFF", "\x80", "\xBF", "\xC3", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE6\xB8", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80")
		return p.insert(s, textParts...)
	}},
	{"surrogate in a string", mqttwire.RuleUTF8, func(p *planting) []byte {
		if p.version == mqttwire.V31 { // which names Java's modified UTF-8
			return nil
		}
		return p.insert(p.among("\xED\xA0\x80", "\xED\xAF\xBF", "\xED\xB0\x80", "\xED\xBF\xBF", "\xED\xA0\xB4\xED\xB4\x9E"), textParts...)
	}},
	{"U+0000 in two bytes", mqttwire.RuleUTF8, func(p *planting) []byte {
		if p.version == mqttwire.V31 {
			return nil
		}
		return p.insert("\xC0\x80", textParts...)
	}},
	{"string in a property with U+0000", mqttwire.RuleNUL, func(p *planting) []byte {
		return p.textProperty(stringForm, "a\x00b")
	}},
	{"string in a property that is not UTF-8", mqttwire.RuleUTF8, func(p *planting) []byte {
		return p.textProperty(stringForm, p.among("\xFF", "a\xC3", "\xED\xA0\x80", "\xC0\x80"))
	}},
	{"User Property name with U+0000", mqttwire.RuleNUL, func(p *planting) []byte {
		return p.addProperty(property{mqttwire.UserProperty, append(prefixed([]byte{0}), prefixed(nil)...)})
	}},
	{"User Property value that is not UTF-8", mqttwire.RuleUTF8, func(p *planting) []byte {
		return p.addProperty(property{mqttwire.UserProperty, append(prefixed(nil), prefixed([]byte{0xFF})...)})
	}},
}

// textParts are the strings that a packet has outside its properties, but for
// the protocol name.
var textParts = []partKind{clientIDPart, userNamePart, willTopicPart, topicNamePart, filterPart}

// insert puts bytes between two characters of a string, or at one of its ends.
func (p *planting) insert(s string, kinds ...partKind) []byte {
	var places []part
	for _, at := range p.find(kinds...) {
		text := p.bytes(at)[2:]
		if utf8.Valid(text) && len(text)+len(s) <= 65535 {
			places = append(places, at)
		}
	}
	at, ok := one(p, places)
	if !ok {
		return nil
	}
	text := p.bytes(at)[2:]
	i := p.choose(len(text) + 1)
	for i < len(text) && !utf8.RuneStart(text[i]) {
		i++
	}
	return p.withPart(at, prefixed(bytes.Join([][]byte{text[:i], text[i:]}, []byte(s)))...)
}

// textProperty puts a property of the given form with the given text into a
// list that may have one.
func (p *planting) textProperty(form propertyForm, text string) []byte {
	return p.setProperty(func(id mqttwire.PropertyID) bool { return propertyForms[id] == form }, prefixed([]byte(text)))
}
