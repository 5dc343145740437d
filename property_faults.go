package mqttwire

// propertyFault is a broken rule inside a property list: at counts from the
// list's first byte.
type propertyFault struct {
	rule  Rule
	id    PropertyID
	at    int
	found int64
	next  *propertyFault // of values that setters refused: the one refused before
}

// error makes the fault an *Error for the owner's packet. base is the offset of
// the list's first byte in the packet, or NoOffset on encoding.
func (f *propertyFault) error(owner PropertyOwner, base int) *Error {
	offset := NoOffset
	if base != NoOffset {
		offset = base + f.at
	}
	field := FieldPropertyID
	switch {
	case f.id.known():
		field = f.id.Field(owner)
	case f.rule == RulePropertiesReset:
		field = FieldProperties
	}
	e := NewError(f.rule, owner.packet(), V5, field, offset, f.found)
	e.Own = base == NoOffset
	once, value := f.id.Statements(owner)
	switch {
	case f.rule == RulePropertyRepeated:
		e.Statement = once
	case f.rule == RulePropertyBool || f.rule == RulePropertyZero:
		e.Statement = value
	case f.rule == RulePropertyNotAllowed && owner == WillProperties:
		e.Statement = "U-3.1.3.2-1"
	}
	return e
}

// firstPropertyFault says which rule the list breaks first, or returns nil.
func firstPropertyFault(b []byte, owner PropertyOwner) (first *propertyFault) {
	tolerateProperties(b, owner, func(f *propertyFault) bool {
		first = f
		return false
	})
	return first
}

// propertyFaults goes over a property list that is known to be broken, and
// reports all of its faults, not only the first as scanProperties does.
type propertyFaults struct {
	list   []byte
	owner  PropertyOwner
	report func(*propertyFault) bool // reports whether to go on
}

// tolerateProperties calls report with each fault in the property list b of
// owner, in order, until report says no, and returns a view of the list for the
// case that it never did. report must say no to what leaves the list unreadable.
func tolerateProperties(b []byte, owner PropertyOwner, report func(*propertyFault) bool) Properties {
	f := propertyFaults{b, owner, report}
	p := Properties{propertyList{raw: b, set: tolerated}}
	for i := 0; i < len(b); {
		id, ok := f.identifier(i, p.set)
		if !ok {
			return Properties{}
		}
		if id == SubscriptionIdentifier && p.set.has(id) {
			p.set |= manyIDs
		}
		p.set |= 1 << id
		n, ok := f.value(id, i+1)
		if !ok {
			return Properties{}
		}
		i += 1 + n
	}
	return p
}

func (f *propertyFaults) fail(rule Rule, id PropertyID, at int, found int64) bool {
	return f.report(&propertyFault{rule: rule, id: id, at: at, found: found})
}

// identifier checks the identifier at i, before which those of set stand, and
// returns it if the walk may go on.
func (f *propertyFaults) identifier(i int, set propertySet) (PropertyID, bool) {
	id := PropertyID(f.list[i])
	if !id.AllowedIn(f.owner) && !(f.report(foreignProperty(f.list, i)) && id.known()) {
		return 0, false
	}
	if set.has(id) && propertiesOnce[f.owner&15].has(id) && !f.fail(RulePropertyRepeated, id, i, NotANumber) {
		return 0, false
	}
	return id, true
}

// value checks the value of a property, which starts at i, and returns its size
// if the walk may go on. Where the property may not stand, no statement restricts
// its value beyond its type.
func (f *propertyFaults) value(id PropertyID, i int) (n int, ok bool) {
	row := propertyTable[id]
	if !id.AllowedIn(f.owner) {
		row.check = anyValue
	}
	switch row.kind {
	case kindString:
		return f.text(id, i, row.check)
	case kindPair:
		if n, ok = f.text(id, i, anyValue); !ok {
			return 0, false
		}
		m, ok := f.text(id, i+n, anyValue)
		return n + m, ok
	}
	n, rule, at, found := scanValue(f.list[i:], &row)
	ok = rule == 0 || f.fail(rule, id, i+at, found)
	if rule == RuleVarintMinimal && ok {
		rule = numberFault(row.check, found)
		ok = rule == 0 || f.fail(rule, id, i, found)
	}
	return n, ok
}

// text checks a string, which starts at i, and returns its size with its length.
func (f *propertyFaults) text(id PropertyID, i int, check valueCheck) (n int, ok bool) {
	n, rule, at, found := scanStringValue(f.list[i:], check)
	if rule == 0 {
		return n, true
	}
	if n == 0 { // its end is not known
		return 0, f.fail(rule, id, i+at, found)
	}
	s, kind := f.list[i+2:i+n], anyText
	if check == topicName {
		kind = nameText
	}
	ok = true
	textFaults(s, kind, V5, func(rule Rule, at int) bool {
		found, at := int64(0), at+2
		if len(s) == 0 {
			at = 0 // an empty string is seen by its length
		} else {
			found = int64(s[at-2])
		}
		ok = f.fail(responseTopicRule(rule), id, i+at, found)
		return ok
	})
	return n, ok
}

// foreignProperty is the fault of an identifier that the owner may not have: it
// is written in more bytes than needed, is no property at all, or is another
// packet's.
func foreignProperty(b []byte, i int) *propertyFault {
	n, size := scanVarint(b[i:])
	switch {
	case size == varintTooLong:
		return &propertyFault{rule: RuleVarintLength, id: 0, at: i + MaxVarintSize - 1, found: NotANumber}
	case size == varintIncomplete:
		return &propertyFault{rule: RuleVarintCut, id: 0, at: i, found: NotANumber} // U-1.5.5-2
	case size != SizeVarint(n):
		return &propertyFault{rule: RulePropertyIDForm, id: 0, at: i, found: int64(n)} // U-2.2.2.2-3
	case n >= numPropertyIDs || !PropertyID(n).known():
		return &propertyFault{rule: RulePropertyUnknown, id: 0, at: i, found: int64(n)} // U-2.2.2.2-1
	}
	return &propertyFault{rule: RulePropertyNotAllowed, id: PropertyID(n), at: i, found: NotANumber} // U-2.2.2.2-1 U-3.1.3.2-1
}

// scanValue checks the value at the start of b, a number or binary data, of the
// property that row describes, and returns its size; or the rule it breaks, at
// which byte of b, and what was found there.
func scanValue(b []byte, row *propertyRow) (n int, rule Rule, at int, found int64) {
	switch row.kind {
	case kindByte:
		n, found = 1, 0
		if len(b) >= 1 {
			found = int64(b[0])
		}
	case kindTwoByte:
		n = 2
		if len(b) >= 2 {
			found = int64(uint16At(b))
		}
	case kindFourByte:
		n = 4
		if len(b) >= 4 {
			found = int64(uint32At(b))
		}
	case kindVarint:
		return scanVarintValue(b, row.check)
	case kindBinary:
		return scanBinaryValue(b)
	}
	if n > len(b) {
		return 0, RulePropertyCut, 0, int64(len(b)) // U-2.2.2.1-2
	}
	return n, numberFault(row.check, found), 0, found
}

// numberFault returns the rule that a number breaks, or 0.
func numberFault(check valueCheck, n int64) Rule {
	switch {
	case check == zeroOrOne && n > 1:
		return RulePropertyBool
	case check == notZero && n == 0:
		return RulePropertyZero
	case check == aliasNotZero && n == 0:
		return RuleTopicAliasZero // [MQTT-3.3.2-8]
	}
	return 0
}

func scanVarintValue(b []byte, check valueCheck) (n int, rule Rule, at int, found int64) {
	v, size := scanVarint(b)
	switch {
	case size == varintTooLong:
		return 0, RuleVarintLength, MaxVarintSize - 1, NotANumber // U-1.5.5-1
	case size == varintIncomplete:
		return 0, RuleVarintCut, 0, NotANumber // U-1.5.5-2
	case size != SizeVarint(v):
		return size, RuleVarintMinimal, size - 1, int64(v) // [MQTT-1.5.5-1]
	}
	return size, numberFault(check, int64(v)), 0, int64(v)
}

func scanBinaryValue(b []byte) (n int, rule Rule, at int, found int64) {
	if len(b) < 2 {
		return 0, RulePropertyCut, 0, int64(len(b)) // U-2.2.2.1-2
	}
	n = 2 + int(uint16At(b))
	if n > len(b) {
		return 0, RuleBinaryLength, 0, int64(n - 2) // U-1.5.6-1
	}
	return n, 0, 0, 0
}

func scanStringValue(b []byte, check valueCheck) (n int, rule Rule, at int, found int64) {
	n, rule, at, found = scanBinaryValue(b)
	if rule == RuleBinaryLength {
		rule = RuleStringLength // U-1.5.4-1
	}
	if rule != 0 {
		return n, rule, at, found
	}
	s := b[2:n]
	rule, at = propertyTextFault(s, check)
	switch {
	case rule == 0:
	case len(s) == 0: // an empty string is seen by its length
		return n, rule, 0, 0
	default:
		found = int64(s[at])
	}
	return n, rule, 2 + at, found
}

// propertyTextFault returns the rule that the text of a property breaks and at
// which byte, or 0.
func propertyTextFault(s []byte, check valueCheck) (Rule, int) {
	if check != topicName {
		return textFault(s, V5)
	}
	rule, at := topicNameFault(s, V5)
	return responseTopicRule(rule), at
}

// responseTopicRule returns the rule that a response topic breaks which breaks
// the given rule of topic names.
func responseTopicRule(rule Rule) Rule {
	switch rule {
	case RuleTopicEmpty:
		return RuleResponseTopicEmpty // U-3.3.2.3.5-2
	case RuleTopicWildcard:
		return RuleResponseTopicWildcard // [MQTT-3.3.2-14]
	}
	return rule
}
