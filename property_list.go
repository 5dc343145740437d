package mqttwire

import (
	"iter"
	"strconv"
)

// Properties is a list of properties of MQTT 5.0, as a view over its encoded
// form that was checked once. The zero value is the empty list. Section 2.2.2.
//
// A list that came from decoding aliases the frame, like the other fields of
// its packet; use Clone to keep it. Getters read it on demand. Values that they
// return alias the list. Setters leave the bytes they found untouched and write
// a new list, so changing a copy of a Properties never shows in another copy,
// and packets that share one may be changed each by itself. That costs a copy of
// the list for each setter; a PropertyBuilder is for building long lists, and
// lists without allocating.
//
// Which properties a packet may have depends on the packet, so it is checked
// when the packet is encoded. A setter that is given a value no property can
// have (a string of 65536 bytes, Receive Maximum 0) leaves the list as it is and
// remembers the value: Err returns it, and packets of 5.0 with the list refuse
// to be encoded, until the property is set to a good value or removed.
type Properties struct{ propertyList }

// propertyList is what a Properties and a PropertyBuilder have in common: the
// list, its getters and its setters.
type propertyList struct {
	raw    []byte // the list without its length; each value is legal unless tolerated
	set    propertySet
	bad    *propertyFault  // a value that a setter refused, and through next the others
	memory *propertyMemory // the builder's memory, if raw stands in one
}

// Property is one entry of a Properties list. It aliases the list.
//
// It has four fields of four words together, so that the compiler keeps it in
// registers; with two slices as fields it would not.
type Property struct {
	ID     PropertyID
	name   uint16 // bytes of the name of a User Property
	Number uint32 // the value, if it is a number
	text   []byte // the name, two bytes of length, the value, if it is not
}

// Name returns the name of a User Property; nil for others.
func (p Property) Name() []byte {
	if p.ID != UserProperty {
		return nil
	}
	return p.text[:p.name:p.name]
}

// Value returns the value, if it is a string or binary data; nil for numbers.
func (p Property) Value() []byte {
	if p.text == nil {
		return nil
	}
	return p.text[int(p.name)+2:]
}

// IsNumber reports whether the property's value is a number, in Number; else it
// is in Value. Section 2.2.2.2.
func (p Property) IsNumber() bool { return p.ID.known() && propertyTable[p.ID].kind <= kindVarint }

// IsText reports whether Value is a UTF-8 string, not binary data or a number.
func (p Property) IsText() bool {
	return p.ID.known() && (propertyTable[p.ID].kind == kindString || propertyTable[p.ID].kind == kindPair)
}

// ConsumeProperties reads the property length and the properties at the start
// of b, for owner, and returns them with the bytes after them. The list aliases
// b. It returns ErrIncomplete if b ends inside them, and an *Error whose Offset
// counts from the start of b if they are not legal there. Section 2.2.2.
func ConsumeProperties(b []byte, owner PropertyOwner) (p Properties, rest []byte, err error) {
	rest, err = p.consume(b, owner)
	return p, rest, err
}

// consume is ConsumeProperties, and makes p the list, in its place. On error p is
// the empty list.
func (p *Properties) consume(b []byte, owner PropertyOwner) (rest []byte, err error) {
	*p = Properties{}
	n, list, err := ConsumeVarint(b)
	if err != nil {
		return b, err
	}
	if int(n) > len(list) {
		return b, ErrIncomplete
	}
	if bad := p.view(list[:n:n], owner); bad != nil {
		return b, bad.error(owner, len(b)-len(list))
	}
	return list[n:], nil
}

// viewProperties checks b and makes a view of it.
func viewProperties(b []byte, owner PropertyOwner) (p Properties, bad *propertyFault) {
	if bad = p.view(b, owner); bad != nil {
		return Properties{}, bad
	}
	return p, nil
}

// view checks b and makes p a view of it, or leaves p as it is. It writes p in its
// place, so that no list is returned and then copied.
func (p *Properties) view(b []byte, owner PropertyOwner) *propertyFault {
	set, bad := scanProperties(b, owner)
	if bad == nil {
		p.show(b, set)
	}
	return bad
}

// show makes p a view of b, which was checked. It writes field by field: a value
// that is made elsewhere and copied is waited for.
func (p *propertyList) show(b []byte, set propertySet) {
	p.raw, p.set, p.bad, p.memory = b, set, nil, nil
}

// Size returns the bytes that the list takes with its property length.
func (p *propertyList) Size() int { return SizeVarint(uint32(len(p.raw))) + len(p.raw) }

// Append appends the property length and the list, for owner. If the owner may
// not have what is in it, or a setter was given a value that no property can
// have, it returns dst as it was and an *Error. Section 2.2.2.
func (p Properties) Append(dst []byte, owner PropertyOwner) ([]byte, error) {
	if err := p.check(owner); err != nil {
		return dst, err
	}
	return append(appendVarint(dst, uint32(len(p.raw))), p.raw...), nil
}

// PlainProperties returns the encoded list without its length, which aliases the
// list, if it is plain: if the owner may have it as it is, without a look at the
// values, which were checked before. CheckProperties refuses those of the others
// that are not legal.
func (export) PlainProperties(p *Properties, owner PropertyOwner) (list []byte, ok bool) {
	return p.raw, p.bad == nil && p.set&^propertiesOf[owner&15] == 0 && len(p.raw) <= MaxVarint && !p.lost()
}

// check returns the *Error with which Append refuses the list to the owner, or
// nil.
func (p *Properties) check(owner PropertyOwner) error {
	if bad := p.faultIn(owner); bad != nil {
		return bad.error(owner, NoOffset)
	}
	return nil
}

// faultIn returns what forbids the list to the owner, or nil.
func (p *Properties) faultIn(owner PropertyOwner) *propertyFault {
	if _, ok := (export{}).PlainProperties(p, owner); ok {
		return nil
	}
	switch {
	case p.lost():
		return &propertyFault{rule: RulePropertiesReset, found: NotANumber}
	case p.bad != nil && p.bad.id.known() && !p.bad.id.AllowedIn(owner):
		return &propertyFault{rule: RulePropertyNotAllowed, id: p.bad.id, found: NotANumber}
	case p.bad != nil:
		return p.bad
	case len(p.raw) > MaxVarint:
		return &propertyFault{rule: RuleRemainingLength, found: int64(len(p.raw))}
	}
	_, bad := scanProperties(p.raw, owner)
	return bad
}

// Err returns the first value that a setter refused, as an *Error, or nil; or
// that the list is lost, because its PropertyBuilder was reset.
func (p *propertyList) Err() error {
	if p.lost() {
		return ownError(RulePropertiesReset, 0, V5, FieldProperties, NoOffset, NotANumber)
	}
	if p.bad == nil {
		return nil
	}
	for owner := ofConnect; int(owner) < len(propertiesOf); owner++ {
		if p.bad.id.AllowedIn(owner) {
			return p.bad.error(owner, NoOffset)
		}
	}
	e := p.bad.error(WillProperties, NoOffset)
	if !p.bad.id.known() {
		e.Type = 0 // no packet has it
	}
	return e
}

// Empty reports whether there are no properties in the list.
func (p *propertyList) Empty() bool { return len(p.raw) == 0 }

// Has reports whether the list holds the property.
func (p *propertyList) Has(id PropertyID) bool { return id < numPropertyIDs && p.set.has(id) }

// Bytes returns the encoded list without its length. It aliases the list.
func (p *propertyList) Bytes() []byte { return p.raw[:len(p.raw):len(p.raw)] }

// lost reports whether the list stands in the memory of a builder that has been
// reset since, so that its bytes may be those of another list.
func (p *propertyList) lost() bool { return p.memory != nil && p.memory.resets != p.set&resetBits }

// Equal reports whether two lists have the same encoding: the same properties
// in the same order.
func (p Properties) Equal(q Properties) bool { return string(p.raw) == string(q.raw) }

// Clone returns a copy of the list that shares no memory with it.
func (p Properties) Clone() Properties {
	q, _ := p.cloneInto(nil)
	return q
}

// cloneInto appends the list's bytes to buf, and returns a copy of the list that
// aliases them, with the extended buf. A packet's Clone uses it to put all of
// the packet into one allocation. The clone of a list that is lost is refused by
// Append as the list itself is.
func (p *Properties) cloneInto(buf []byte) (Properties, []byte) {
	q := Properties{p.propertyList}
	q.leaveMemory()
	if p.raw == nil {
		return q, buf
	}
	start := len(buf)
	buf = append(buf, p.raw...)
	q.raw = buf[start:len(buf):len(buf)]
	return q, buf
}

// All iterates over the properties, in order.
func (p *propertyList) All() iter.Seq[Property] {
	raw := p.raw
	return func(yield func(Property) bool) {
		for i := 0; ; {
			var q Property
			if q, i = propertyAt(raw, i); i == 0 || !yield(q) {
				return
			}
		}
	}
}

// User iterates over the User Properties, name and value, in order and with
// repeats. Section 3.1.2.11.8.
func (p *propertyList) User() iter.Seq2[[]byte, []byte] {
	raw := p.listWith(UserProperty)
	return func(yield func(name, value []byte) bool) {
		for i := 0; ; {
			var q Property
			if q, i = propertyAt(raw, i); i == 0 || q.ID == UserProperty && !yield(q.Name(), q.Value()) {
				return
			}
		}
	}
}

// SubscriptionIDs iterates over the Subscription Identifiers, 1 to 268435455,
// in order and with repeats. Sections 3.3.2.3.8 and 3.8.2.1.2.
func (p *propertyList) SubscriptionIDs() iter.Seq[uint32] {
	raw := p.listWith(SubscriptionIdentifier)
	return func(yield func(id uint32) bool) {
		for i := 0; ; {
			var q Property
			if q, i = propertyAt(raw, i); i == 0 || q.ID == SubscriptionIdentifier && !yield(q.Number) {
				return
			}
		}
	}
}

// listWith returns the encoded list, or nil if the property is not in it.
func (p *propertyList) listWith(id PropertyID) []byte {
	if !p.set.has(id) {
		return nil
	}
	return p.raw
}

// find returns the first entry of the property and the offset of its identifier
// byte; or ok false.
func (p *propertyList) find(id PropertyID) (q Property, at int, ok bool) {
	raw := p.listWith(id)
	for i := 0; ; i = at {
		if q, at = propertyAt(raw, i); at == 0 || q.ID == id {
			return q, i, at != 0
		}
	}
}

// Offset returns how many bytes stand in the encoded list before the property,
// its first entry if it repeats; ok is false if the list does not hold it.
func (p *propertyList) Offset(id PropertyID) (n int, ok bool) {
	if !p.Has(id) {
		return 0, false
	}
	_, n, ok = p.find(id)
	return n, ok
}

// number returns the value of a property that is a number.
func (p *propertyList) number(id PropertyID) (uint32, bool) {
	q, _, ok := p.find(id)
	return q.Number, ok
}

// bytes returns the value of a property that is a string or binary data.
func (p *propertyList) bytes(id PropertyID) ([]byte, bool) {
	q, _, ok := p.find(id)
	return q.Value(), ok
}

// propertyAt reads the entry of the list that starts at i, and returns it and
// its end; the end is 0 if there is no further one. Lists are checked before they
// are walked, but the memory under a view may be overwritten by its owner: then
// a walk shows nonsense or ends early, and never leaves the list.
func propertyAt(list []byte, i int) (q Property, end int) {
	if i < 0 || i >= len(list) || list[i] >= numPropertyIDs {
		return Property{}, 0
	}
	id := PropertyID(list[i])
	i++
	switch propertyKinds[id] {
	case kindByte:
		if i < len(list) {
			return Property{ID: id, Number: uint32(list[i])}, i + 1
		}
	case kindTwoByte:
		if i+2 <= len(list) {
			return Property{ID: id, Number: uint32(uint16At(list[i : i+2 : i+2]))}, i + 2
		}
	case kindFourByte:
		if i+4 <= len(list) {
			return Property{ID: id, Number: uint32At(list[i : i+4 : i+4])}, i + 4
		}
	case kindVarint:
		if i < len(list) && list[i] < 0x80 {
			return Property{ID: id, Number: uint32(list[i])}, i + 1
		}
		if n, size := scanVarint(list[i:]); size > 0 {
			return Property{ID: id, Number: n}, i + size
		}
	case kindString, kindBinary:
		if end = binaryEnd(list, i); end != 0 {
			return Property{ID: id, text: list[i:end:end]}, end
		}
	case kindPair:
		mid := binaryEnd(list, i)
		if mid == 0 {
			break
		}
		if end = binaryEnd(list, mid); end != 0 {
			return Property{ID: id, name: uint16(mid - i - 2), text: list[i+2 : end : end]}, end
		}
	}
	return Property{}, 0
}

// String returns the properties in one line, with binary data and unprintable
// characters quoted, values longer than 64 bytes cut, and after 32 entries only
// the size of the whole list. Of Authentication Data, which may be a secret, it
// shows the length only.
func (p propertyList) String() string {
	b := []byte{'['}
	n := 0
	for q := range p.All() {
		if n++; n > maxShown {
			b = append(strconv.AppendInt(append(b, ", list of "...), int64(len(p.raw)), 10), " bytes"...)
			break
		}
		if len(b) > 1 {
			b = append(b, ", "...)
		}
		b = append(append(b, q.ID.String()...), ": "...)
		switch {
		case q.IsNumber():
			b = strconv.AppendUint(b, uint64(q.Number), 10)
		case q.ID == AuthenticationData:
			b = append(strconv.AppendInt(b, int64(len(q.Value())), 10), " bytes"...)
		case q.ID == UserProperty:
			b = appendQuoted(append(appendQuoted(b, q.Name()), '='), q.Value())
		default:
			b = appendQuoted(b, q.Value())
		}
	}
	return string(append(b, ']'))
}

// How many entries String shows, and how many bytes of a value.
const (
	maxShown  = 32
	maxQuoted = 64
)

func appendQuoted(b, v []byte) []byte {
	if len(v) <= maxQuoted {
		return strconv.AppendQuote(b, string(v))
	}
	return append(strconv.AppendQuote(b, string(v[:maxQuoted])), "..."...)
}
