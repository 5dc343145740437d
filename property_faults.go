package mqttwire

// propertyFaults goes over a property list that is known to be broken, and
// reports all of its faults, not only the first as scanProperties does.
type propertyFaults struct {
	list   []byte
	owner  PropertyOwner
	report func(*propertyFault) bool // reports whether to go on
}

// doubtfulProperties calls report with each fault in the property list b of
// owner, in order, until report says no, and returns a view of the list for the
// case that it never did. report must say no to what leaves the list unreadable.
func doubtfulProperties(b []byte, owner PropertyOwner, report func(*propertyFault) bool) Properties {
	f := propertyFaults{b, owner, report}
	p := Properties{raw: b, doubted: true}
	for i := 0; i < len(b); {
		id, ok := f.identifier(i, p.set)
		if !ok {
			return Properties{}
		}
		p.manyIDs = p.manyIDs || id == SubscriptionIdentifier && p.set.has(id)
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
