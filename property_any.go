package mqttwire

import "math"

// Set sets the property with the identifier to a value of any type: what the setter
// of that name does, for those who map properties from somewhere else or copy them
// from another list, which All goes over. User Properties and Subscription
// Identifiers are appended, as by AddUser and AddSubscriptionID; any other property
// takes the place of the present value, and is put last.
//
// The value is, by what section 2.2.2.2 says of the property:
//
//   - of a number: an int, a uint8, uint16 or uint32, or a QoS; where the
//     number is 0 or 1 also a bool
//   - of a UTF-8 string or binary data: a []byte or a string
//   - of a User Property: a [2][]byte or a [2]string, name and value
//   - of any: a Property with that identifier, as All shows it
//
// A value that the property cannot have, because it is of another type or out of
// range, and an identifier that is none are refused as by the setters: see
// Properties. The value is copied. On a Properties each call copies the list; a
// PropertyBuilder does not. Section 2.2.2.2.
func (p *propertyList) Set(id PropertyID, value any) {
	if !id.known() {
		p.refuse(RulePropertyUnknown, id, int64(id)) // U-2.2.2.2-1
		return
	}
	switch propertyTable[id].kind {
	case kindPair:
		p.addPair(id, value)
	case kindString, kindBinary:
		p.setText(id, value)
	default:
		p.setAnyNumber(id, value)
	}
}

// setAnyNumber is Set for a property that is a number.
func (p *propertyList) setAnyNumber(id PropertyID, value any) {
	n, ok := numberOf(id, value)
	switch {
	case !ok:
		p.refuse(RulePropertyType, id, NotANumber)
	case n < 0 || n > math.MaxUint32 || n > math.MaxUint16 && propertyTable[id].kind == kindTwoByte:
		p.refuse(RulePropertyType, id, n)
	case id == SubscriptionIdentifier:
		p.AddSubscriptionID(uint32(n))
	default:
		p.setNumber(id, uint32(n))
	}
}

// numberOf returns the value as a number, if it is one.
func numberOf(id PropertyID, value any) (n int64, ok bool) {
	switch v := value.(type) {
	case int:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case QoS:
		return int64(v), true
	case bool:
		if v {
			n = 1
		}
		return n, propertyTable[id].check == zeroOrOne
	case Property:
		return int64(v.Number), v.ID == id
	}
	return 0, false
}

// setText is Set for a property that is a string or binary data.
func (p *propertyList) setText(id PropertyID, value any) {
	switch v := value.(type) {
	case []byte:
		p.setBytes(id, v)
		return
	case string:
		p.setBytes(id, []byte(v))
		return
	case Property:
		if v.ID == id {
			p.setBytes(id, v.Value())
			return
		}
	}
	p.refuse(RulePropertyType, id, NotANumber)
}

// addPair is Set for a property that is a name and a value.
func (p *propertyList) addPair(id PropertyID, value any) {
	switch v := value.(type) {
	case [2][]byte:
		p.AddUser(v[0], v[1])
		return
	case [2]string:
		p.AddUser([]byte(v[0]), []byte(v[1]))
		return
	case Property:
		if v.ID == id {
			p.AddUser(v.Name(), v.Value())
			return
		}
	}
	p.refuse(RulePropertyType, id, NotANumber)
}
