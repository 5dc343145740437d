package mqttwire

import (
	"strconv"
	"strings"

	"github.com/mqttwire/mqttwire/internal/text"
)

// MarshalJSON returns the list as JSON: an array with an object for each
// property, in order and with repeats.
//
//	[{"id":35,"name":"TopicAlias","value":7},
//	 {"id":38,"name":"UserProperty","key":"unit","value":"°C"},
//	 {"id":9,"name":"CorrelationData","value_base64":"/w=="}]
//
// id is the identifier, name the standard's name without spaces. value is a number
// or text; where the bytes are no UTF-8, value_base64 has them in base64, and
// key_base64 the name of a User Property. Of Authentication Data, which may be a
// secret, there is only value_len, the number of bytes: packets.JSON writes it in
// full when asked to, and reads lists back. A list that holds what a setter refused
// has no JSON, and the error is that of Err. Section 2.2.2.
func (p propertyList) MarshalJSON() ([]byte, error) { return p.appendJSON(nil, false) }

// appendJSON appends what MarshalJSON returns, or dst as it is with the error; with
// secrets it hides nothing.
func (p *propertyList) appendJSON(dst []byte, secrets bool) ([]byte, error) {
	if err := p.Err(); err != nil {
		return dst, err
	}
	b := append(dst, '[')
	for q := range p.All() {
		if len(b) > len(dst)+1 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(append(b, `{"id":`...), uint64(q.ID), 10)
		b = append(append(append(b, `,"name":"`...), q.ID.jsonName()...), '"')
		switch {
		case q.IsNumber():
			b = strconv.AppendUint(append(b, `,"value":`...), uint64(q.Number), 10)
		case q.ID == AuthenticationData && !secrets:
			b = strconv.AppendUint(append(b, `,"value_len":`...), uint64(len(q.Value())), 10)
		case q.ID == UserProperty:
			b = text.AppendJSONBytes(append(b, ','), "key", q.Name())
			b = text.AppendJSONBytes(append(b, ','), "value", q.Value())
		default:
			b = text.AppendJSONBytes(append(b, ','), "value", q.Value())
		}
		b = append(b, '}')
	}
	return append(b, ']'), nil
}

// jsonName returns the property's name as JSON has it.
func (id PropertyID) jsonName() string { return strings.ReplaceAll(id.String(), " ", "") }

// AppendPropertiesJSON appends a list as JSON, with its secrets or without.
func (export) AppendPropertiesJSON(dst []byte, p *Properties, secrets bool) ([]byte, error) {
	return p.appendJSON(dst, secrets)
}

// PropertyNamed returns the property with the name that JSON has for it, or 0.
func (export) PropertyNamed(name string) PropertyID {
	for id := range PropertyID(numPropertyIDs) {
		if id.known() && id.jsonName() == name {
			return id
		}
	}
	return 0
}

// PropertyName returns the name that JSON has for the property, or "" if there is
// no such property.
func (export) PropertyName(id PropertyID) string {
	if !id.known() {
		return ""
	}
	return id.jsonName()
}

// MaxNumber returns the largest number that the type of the property can have.
// Section 2.2.2.2.
func (export) MaxNumber(id PropertyID) uint32 {
	switch propertyKinds[id] {
	case kindByte:
		return 1<<8 - 1
	case kindTwoByte:
		return 1<<16 - 1
	}
	return 1<<32 - 1
}

// AddNumber appends a property that is a number, as a setter does. One that is
// there already and may not repeat is not replaced: it is remembered as a value
// that a setter refused is.
func (export) AddNumber(b *PropertyBuilder, id PropertyID, n uint32) {
	switch {
	case id == SubscriptionIdentifier:
		b.AddSubscriptionID(n)
	case b.Has(id):
		b.refuse(RulePropertyRepeated, id, NotANumber)
	default:
		b.setNumber(id, n)
	}
}

// AddBytes is AddNumber for a property that is a string or binary data.
func (export) AddBytes(b *PropertyBuilder, id PropertyID, v []byte) {
	if b.Has(id) {
		b.refuse(RulePropertyRepeated, id, NotANumber)
		return
	}
	b.setBytes(id, v)
}
