package mqttwire

// Reset empties the list and makes it one that is built in place: in buf, which
// may be nil, and when that is full in memory of its own. Setters then allocate
// seldom or, in a buf with room, not at all.
//
// Such a list is not to be copied before it is done: setters on one copy
// overwrite what another copy shows. Encoding that other copy is refused if what
// it shows then is not a legal list of the same properties; else it says what the
// setters wrote. Values that getters returned change with it too. Clone makes a
// copy that is safe.
func (p *Properties) Reset(buf []byte) { *p = Properties{raw: buf[:0], inPlace: true} }

// Remove takes every property with that identifier out of the list.
func (p *Properties) Remove(id PropertyID) {
	p.forgive(id)
	if p.Has(id) {
		p.removeBefore(id, len(p.raw))
		p.set &^= 1 << id
		p.manyIDs = p.manyIDs && id != SubscriptionIdentifier
	}
}

// removeBefore takes the entries with that identifier that start before limit
// out of the list.
func (p *Properties) removeBefore(id PropertyID, limit int) {
	kept := p.raw[:0]
	if !p.inPlace {
		kept = make([]byte, 0, len(p.raw))
	}
	for i := 0; ; {
		q, end := propertyAt(p.raw, i)
		if end == 0 {
			break
		}
		if q.ID != id || i >= limit {
			kept = append(kept, p.raw[i:end]...)
		}
		i = end
	}
	p.raw = kept
}

// room returns the list to append a property to.
func (p *Properties) room() []byte {
	if !p.inPlace {
		return p.raw[:len(p.raw):len(p.raw)] // never write where another copy may look
	}
	return p.raw
}

// grow makes raw, to which a value of the property was appended, the list.
func (p *Properties) grow(id PropertyID, raw []byte, repeats bool) {
	start := len(p.raw)
	p.raw = raw
	if !repeats && (p.bad != nil || p.set.has(id)) {
		p.replace(id, start)
	}
	p.set |= 1 << id
}

// replace makes the value that starts at start take the place of an old one and
// of what was refused; only now, since the new value may alias the old list.
func (p *Properties) replace(id PropertyID, start int) {
	p.forgive(id)
	if p.set.has(id) {
		p.removeBefore(id, start)
	}
}

// refuse remembers a value that no property can have.
func (p *Properties) refuse(rule Rule, id PropertyID, found int64) {
	p.bad = &propertyFault{rule: rule, id: id, found: found, next: p.bad}
}

// forgive forgets the values that were refused for a property. Copies share
// what was refused before they were made, so the list of it is made anew.
func (p *Properties) forgive(id PropertyID) {
	old := p.bad
	p.bad = nil
	for f := old; f != nil; f = f.next {
		if f.id != id {
			p.refuse(f.rule, f.id, f.found)
		}
	}
}

// setNumber puts a number in the place of the property's present value.
func (p *Properties) setNumber(id PropertyID, n uint32) { p.addNumber(id, n, false) }

// addNumber appends a number. If the property does not repeat, it takes the
// place of the present value.
func (p *Properties) addNumber(id PropertyID, n uint32, repeats bool) {
	row := &propertyTable[id]
	rule := numberFault(row.check, int64(n))
	if row.kind == kindVarint && n > MaxVarint {
		rule = RuleVarintLength
	}
	if rule != 0 {
		p.refuse(rule, id, int64(n))
		return
	}
	raw := p.room()
	switch row.kind {
	case kindByte:
		raw = append(raw, byte(id), byte(n))
	case kindTwoByte:
		raw = appendUint16(append(raw, byte(id)), uint16(n))
	case kindFourByte:
		raw = appendUint32(append(raw, byte(id)), n)
	case kindVarint:
		raw = appendVarint(append(raw, byte(id)), n)
	}
	p.grow(id, raw, repeats)
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
// value. v may alias the list.
func (p *Properties) setBytes(id PropertyID, v []byte) {
	row := &propertyTable[id]
	// Only text that is not plainly legal goes to where rules are told apart. With
	// identifier and length appended at once, setting eight properties so takes a
	// sixth less.
	if !plainValue(v, row) {
		if rule, found := bytesFault(v, row); rule != 0 {
			p.refuse(rule, id, found)
			return
		}
	}
	n := len(v)
	raw := append(p.room(), byte(id), byte(n>>8), byte(n))
	p.grow(id, append(raw, v...), false)
}

// plainValue reports whether v is plainly legal as the value of the property that
// row describes.
func plainValue(v []byte, row *propertyRow) bool {
	switch {
	case row.check == topicName:
		return PlainTopicName(v)
	case row.kind == kindString:
		return PlainString(v)
	}
	return len(v) <= maxPrefixed
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
// 65535 bytes; the same name may be added again. Without Reset each call copies
// the list, so who adds many, or as many as a peer has sent, calls Reset first.
// Section 3.1.2.11.8.
func (p *Properties) AddUser(name, value []byte) {
	if len(name) > maxPrefixed || len(value) > maxPrefixed || !plainText(name) || !plainText(value) {
		row := &propertyTable[UserProperty]
		for _, v := range [2][]byte{name, value} {
			if rule, found := bytesFault(v, row); rule != 0 {
				p.refuse(rule, UserProperty, found)
				return
			}
		}
	}
	n := len(name)
	raw := append(p.room(), byte(UserProperty), byte(n>>8), byte(n))
	raw = appendPrefixed(append(raw, name...), value)
	p.grow(UserProperty, raw, true)
}

// AddSubscriptionID appends a Subscription Identifier, 1 to 268435455. SUBSCRIBE
// has one at most, PUBLISH any number. Sections 3.3.2.3.8 and 3.8.2.1.2.
func (p *Properties) AddSubscriptionID(id uint32) {
	had, before := p.set.has(SubscriptionIdentifier), len(p.raw)
	p.addNumber(SubscriptionIdentifier, id, true)
	p.manyIDs = p.manyIDs || had && len(p.raw) > before
}
