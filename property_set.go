package mqttwire

// Reset empties the list. buf, which may be nil, is memory to build the next
// list in: as long as buf's capacity lasts, setters write there and allocate
// nothing. Then, and only then, setters change bytes that a copy of the
// Properties, or a value that a getter returned, may still show.
func (p *Properties) Reset(buf []byte) {
	*p = Properties{raw: buf[:0], inPlace: cap(buf) > 0}
}

// Remove takes every property with that identifier out of the list.
func (p *Properties) Remove(id PropertyID) {
	if !p.Has(id) {
		return
	}
	var kept []byte
	if p.inPlace {
		kept = p.raw[:0]
	}
	for i := 0; i < len(p.raw); {
		have := PropertyID(p.raw[i])
		end := i + 1 + valueSize(p.raw[i+1:], propertyTable[have].kind)
		if have != id {
			kept = append(kept, p.raw[i:end]...)
		}
		i = end
	}
	p.raw = kept
	p.set &^= 1 << id
	p.manyIDs = p.manyIDs && id != SubscriptionIdentifier
}

// begin makes raw ready for an append of the property's value, and appends its
// identifier.
func (p *Properties) begin(id PropertyID) {
	if !p.inPlace {
		p.raw = p.raw[:len(p.raw):len(p.raw)] // never write where another copy may look
	}
	p.raw = append(p.raw, byte(id))
	p.set |= 1 << id
}

// refuse remembers the first value that no property can have.
func (p *Properties) refuse(rule Rule, id PropertyID, found int64) {
	if p.bad == nil {
		p.bad = &propertyFault{rule, id, 0, found}
	}
}

// setNumber puts a number in the place of the property's present value.
func (p *Properties) setNumber(id PropertyID, n uint32) {
	p.Remove(id)
	p.addNumber(id, n)
}

func (p *Properties) addNumber(id PropertyID, n uint32) {
	row := &propertyTable[id]
	rule := numberFault(row.check, int64(n))
	if row.kind == kindVarint && n > MaxVarint {
		rule = RuleVarintLength
	}
	if rule != 0 {
		p.refuse(rule, id, int64(n))
		return
	}
	p.begin(id)
	switch row.kind {
	case kindByte:
		p.raw = append(p.raw, byte(n))
	case kindTwoByte:
		p.raw = appendUint16(p.raw, uint16(n))
	case kindFourByte:
		p.raw = appendUint32(p.raw, n)
	case kindVarint:
		p.raw = appendVarint(p.raw, n)
	}
}

func (p *Properties) setBool(id PropertyID, b bool) {
	n := uint32(0)
	if b {
		n = 1
	}
	p.setNumber(id, n)
}

// bool returns the value of a property that is 0 or 1.
func (p *Properties) bool(id PropertyID) (bool, bool) {
	n, ok := p.number(id)
	return n == 1, ok
}

// setBytes puts a string or binary data in the place of the property's present
// value.
func (p *Properties) setBytes(id PropertyID, v []byte) {
	p.Remove(id)
	if rule, found := bytesFault(v, &propertyTable[id]); rule != 0 {
		p.refuse(rule, id, found)
		return
	}
	p.begin(id)
	p.raw = appendPrefixed(p.raw, v)
}

// bytesFault returns the rule that v breaks as the value of the property that
// row describes, or 0.
func bytesFault(v []byte, row *propertyRow) (Rule, int64) {
	switch {
	case len(v) > maxPrefixed && row.kind == kindBinary:
		return RuleBinaryLength, int64(len(v))
	case len(v) > maxPrefixed:
		return RuleStringLength, int64(len(v))
	case row.kind == kindBinary:
		return 0, 0
	}
	rule, at := propertyTextFault(v, row.check)
	if rule != 0 && at < len(v) {
		return rule, int64(v[at])
	}
	return rule, NotANumber
}

// AddUser appends a User Property. Name and value are UTF-8 strings of 0 to
// 65535 bytes; the same name may be added again. Section 3.1.2.11.8.
func (p *Properties) AddUser(name, value []byte) {
	row := &propertyTable[UserProperty]
	for _, v := range [2][]byte{name, value} {
		if rule, found := bytesFault(v, row); rule != 0 {
			p.refuse(rule, UserProperty, found)
			return
		}
	}
	p.begin(UserProperty)
	p.raw = appendPrefixed(appendPrefixed(p.raw, name), value)
}

// AddSubscriptionID appends a Subscription Identifier, 1 to 268435455. SUBSCRIBE
// has one at most, PUBLISH any number. Sections 3.3.2.3.8 and 3.8.2.1.2.
func (p *Properties) AddSubscriptionID(id uint32) {
	had := p.set.has(SubscriptionIdentifier)
	p.addNumber(SubscriptionIdentifier, id)
	p.manyIDs = p.manyIDs || had
}
