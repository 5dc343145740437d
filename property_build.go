package mqttwire

import (
	"slices"

	"github.com/mqttwire/mqttwire/internal/text"
)

// A PropertyBuilder builds a list of properties in memory that it uses again:
// long lists without a copy for each setter, and one list after the other without
// allocating. It has the setters of a Properties.
//
//	var b mqttwire.PropertyBuilder
//	for _, m := range messages {
//		b.Reset()
//		b.SetMessageExpiryInterval(m.Expiry)
//		b.AddUser(m.Name, m.Value)
//		publish.Properties = b.Properties()
//		out, err = publish.Append(out, mqttwire.V5)
//	}
//
// What Properties has returned, and what getters and iterators show, is good
// until Reset: no setter writes over it. After that, encoding such a list is an
// error, and so is encoding a Clone of it made then; one made before is not
// touched. A PropertyBuilder that was never Reset copies its list for each
// setter, as a Properties does. It is for one goroutine at a time, and so are the
// lists, as far as Reset is concerned. It must not be copied: a Reset of either
// would take the lists of the other.
type PropertyBuilder struct{ propertyList }

// propertyMemory is the memory of a PropertyBuilder. Bytes are appended only, so
// that lists that stand in it stay as they are, until it is reset.
type propertyMemory struct {
	buf    []byte      // what was written since the reset, or since there was no more room
	left   int         // bytes that were written since the reset into memory that had to be left
	resets propertySet // how often it was reset, as resetBits has it; 0 also if it was given up
}

// maxBuilderRoom is how much memory a PropertyBuilder makes room for at a Reset, in
// bytes, because the list before needed it.
const maxBuilderRoom = 64 << 10

// Reset begins a new, empty list in the builder's memory. Lists that Properties
// has returned before are lost with that: Append refuses them.
func (b *PropertyBuilder) Reset() {
	m := b.memory
	if m == nil || m.resets == 0 {
		m = new(propertyMemory)
	}
	if need := min(m.left+len(m.buf), maxBuilderRoom); need > cap(m.buf) {
		m.buf = make([]byte, 0, need) // so that the next list of this size needs nothing more
	}
	// When all the numbers are used up, there may be a list with each of them: the
	// memory is given up, for a copy of the builder too, which would begin again.
	if m.resets += oneReset; m.resets == 0 {
		given := &propertyMemory{buf: m.buf, resets: oneReset}
		m.buf, m = nil, given
	}
	m.buf, m.left = m.buf[:0], 0
	b.propertyList = propertyList{memory: m, set: m.resets | building}
}

// Properties returns the list as it is now. It aliases the builder's memory, so
// that it is good until Reset; setters of either change nothing in the other.
func (b *PropertyBuilder) Properties() Properties {
	p := Properties{b.propertyList}
	p.set &^= building
	p.raw = p.raw[:len(p.raw):len(p.raw)]
	return p
}

// start returns where in the memory of a builder its list starts, after which
// nothing else is written: at the end, if a copy of the builder has written there
// since, and then the list is written once more.
func (p *propertyList) start() int {
	m, n := p.memory, len(p.raw)
	if n > 0 && (n > len(m.buf) || &p.raw[n-1] != &m.buf[len(m.buf)-1]) {
		m.buf = append(m.buf, p.raw...)
	}
	return len(m.buf) - n
}

// room returns the list to append a property to: never where another list may
// look.
func (p *propertyList) room() []byte {
	if p.set&building == 0 {
		return p.raw[:len(p.raw):len(p.raw)]
	}
	return p.memory.buf[p.start():]
}

// wrote makes raw the list, which is what stands in the memory of a builder from
// start on, or in a memory that append has made because there was no room.
func (p *propertyList) wrote(raw []byte, start int) {
	p.raw = raw
	if len(raw) == 0 {
		p.set &^= tolerated
	}
	switch m := p.memory; {
	case p.set&building == 0:
		p.leaveMemory()
	case cap(raw) == cap(m.buf)-start:
		m.buf = m.buf[:start+len(raw)]
	default:
		m.left += len(m.buf)
		m.buf = raw
	}
}

// leaveMemory tells a list that it no longer stands in a builder's memory. If
// what it was copied from was lost by then, that is remembered as a fault.
func (p *propertyList) leaveMemory() {
	if p.lost() {
		p.bad = &propertyFault{rule: RulePropertiesReset, found: NotANumber}
	}
	p.memory = nil
	p.set &^= building | resetBits
}

// Remove takes every property with that identifier out of the list.
func (p *propertyList) Remove(id PropertyID) {
	p.forgive(id)
	if p.Has(id) {
		p.removeBefore(id, len(p.raw))
		p.set &^= 1 << id
		if id == SubscriptionIdentifier {
			p.set &^= manyIDs
		}
	}
}

// removeBefore takes the entries with that identifier that start before limit
// out of the list, which it writes anew.
func (p *propertyList) removeBefore(id PropertyID, limit int) {
	var kept []byte
	start := 0
	if p.set&building != 0 {
		start = len(p.memory.buf)
		kept = p.memory.buf[start:]
	}
	kept = slices.Grow(kept, len(p.raw))
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
	p.wrote(kept, start)
}

// grow makes raw, to which a value of the property was appended, the list.
func (p *propertyList) grow(id PropertyID, raw []byte, repeats bool) {
	old := len(p.raw)
	if p.set&building != 0 {
		p.wrote(raw, len(p.memory.buf)-old) // where room has found it
	} else {
		p.wrote(raw, 0)
	}
	if !repeats && (p.bad != nil || p.set.has(id)) {
		p.replace(id, old)
	}
	p.set |= 1 << id
}

// replace makes the value that starts at start take the place of an old one and
// of what was refused; only now, since the new value may alias the old list.
func (p *propertyList) replace(id PropertyID, start int) {
	p.forgive(id)
	if p.set.has(id) {
		p.removeBefore(id, start)
	}
}

// refuse remembers a value that no property can have.
func (p *propertyList) refuse(rule Rule, id PropertyID, found int64) {
	p.bad = &propertyFault{rule: rule, id: id, found: found, next: p.bad}
}

// forgive forgets the values that were refused for a property. Copies share
// what was refused before they were made, so the list of it is made anew.
func (p *propertyList) forgive(id PropertyID) {
	old := p.bad
	p.bad = nil
	for f := old; f != nil; f = f.next {
		if f.id != id || f.rule == RulePropertiesReset { // a lost list is not found again
			p.refuse(f.rule, f.id, f.found)
		}
	}
}

// setNumber puts a number in the place of the property's present value.
func (p *propertyList) setNumber(id PropertyID, n uint32) { p.addNumber(id, n, false) }

// addNumber appends a number. If the property does not repeat, it takes the
// place of the present value.
func (p *propertyList) addNumber(id PropertyID, n uint32, repeats bool) {
	row := &propertyTable[id]
	if rule := row.numberFault(n); rule != 0 {
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

// numberFault returns the rule that n breaks as the value of the property that row
// describes, or 0.
func (row *propertyRow) numberFault(n uint32) Rule {
	if row.kind == kindVarint && n > MaxVarint {
		return RuleVarintLength
	}
	return numberFault(row.check, int64(n))
}

func (p *propertyList) setBool(id PropertyID, b bool) {
	n := uint32(0)
	if b {
		n = 1
	}
	p.setNumber(id, n)
}

// bool returns the value of a property that is 0 or 1.
func (p *propertyList) bool(id PropertyID) (bool, bool) {
	n, ok := p.number(id)
	return n == 1, ok
}

// setBytes puts a string or binary data in the place of the property's present
// value. v may alias the list.
func (p *propertyList) setBytes(id PropertyID, v []byte) {
	row := &propertyTable[id]
	// Only a value that is not plain goes to where rules are told apart.
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

// plainValue reports whether v is plain as the value of the property that row
// describes: legal, without a closer look.
func plainValue(v []byte, row *propertyRow) bool {
	switch {
	case row.check == topicName:
		return text.PlainTopicName(v)
	case row.kind == kindString:
		return text.PlainString(v)
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
// 65535 bytes; the same name may be added again. On a Properties each call copies
// the list: to add many, or as many as a peer has sent, use a PropertyBuilder.
// Section 3.1.2.11.8.
func (p *propertyList) AddUser(name, value []byte) {
	if len(name) > maxPrefixed || len(value) > maxPrefixed || !text.WellFormed(name) || !text.WellFormed(value) {
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
func (p *propertyList) AddSubscriptionID(id uint32) {
	had, before := p.set.has(SubscriptionIdentifier), len(p.raw)
	p.addNumber(SubscriptionIdentifier, id, true)
	if had && len(p.raw) > before {
		p.set |= manyIDs
	}
}
