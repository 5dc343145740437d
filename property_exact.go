package mqttwire

// scanPropertiesExact is scanProperties, one rule after the other: it says which
// one the list breaks first.
func scanPropertiesExact(b []byte, owner PropertyOwner) (set propertySet, manyIDs bool, bad *propertyFault) {
	allowed, once := propertiesOf[owner&15], propertiesOnce[owner&15]
	for i := 0; i < len(b); {
		id := PropertyID(b[i])
		if !allowed.has(id) {
			return 0, false, foreignProperty(b, i)
		}
		if set.has(id) {
			if once.has(id) {
				return 0, false, &propertyFault{rule: RulePropertyRepeated, id: id, at: i, found: NotANumber}
			}
			manyIDs = manyIDs || id == SubscriptionIdentifier
		}
		set |= 1 << id
		n, rule, at, found := scanValue(b[i+1:], &propertyTable[id])
		if rule != 0 {
			return 0, false, &propertyFault{rule: rule, id: id, at: i + 1 + at, found: found}
		}
		i += 1 + n
	}
	return set, manyIDs, nil
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

// scanValue checks the value at the start of b, of the property that row
// describes, and returns its size; or the rule it breaks, at which byte of b,
// and what was found there.
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
	case kindString:
		return scanStringValue(b, row.check)
	case kindBinary:
		return scanBinaryValue(b)
	case kindPair:
		n, rule, at, found = scanStringValue(b, anyValue)
		if rule != 0 {
			return n, rule, at, found
		}
		m, rule, at, found := scanStringValue(b[n:], anyValue)
		return n + m, rule, n + at, found
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
