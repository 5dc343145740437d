package packets

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// SpliceProperties puts properties into the list of frame, a packet of 5.0, and takes
// others out: all those with an identifier of out, of which there may be none. A
// property of put that the packet may have once takes the place of the present value;
// the others, User Properties and the Subscription Identifiers of a PUBLISH, come in
// addition to those that are there, unless these are taken out. What is put in stands
// last, in its order. put is what setters or a PropertyBuilder have made:
//
//	var put mqttwire.Properties
//	put.SetReceiveMaximum(20)
//	b, err := packets.SpliceProperties(nil, frame, 0, put, mqttwire.UserProperty)
//
// v is the version of frame; for a CONNECT, which tells its own, it may be 0. To put
// properties into a packet of a version before 5.0, or of a type that has none, is an
// error; to take some out is not. A CONNECT has a second list, that of its will: see
// SpliceWillProperties.
//
// What holds of frame, dst and errors, the package comment says under Splicing.
// Section 2.2.2.
func SpliceProperties(dst, frame []byte, v mqttwire.Version, put mqttwire.Properties, out ...mqttwire.PropertyID) ([]byte, error) {
	f, err := wholeFrame(frame, v)
	if err != nil {
		return dst, err
	}
	t := f.Header.Type
	place := prototypes[t].listIn(f, v)
	if !place.legal {
		return dst, newOf(t).judged(f, v, nil)
	}
	s := newSplice(f, frame, place.version)
	if s.list, err = changeList(f, place, mqttwire.PropertyOwner(t), put, out); err != nil {
		return dst, err
	}
	if p, ok := prototypes[t].(listJudge); ok {
		if rule, field, found := p.listFault(f, wire.Spliced(place.list, put, out)); rule != 0 {
			return wire.Refuse(dst, rule, t, s.version, field, found)
		}
	}
	return s.append(dst)
}

// SpliceWillProperties is SpliceProperties for the list of the will of a CONNECT. A
// CONNECT that has no will is refused. Section 3.1.3.2.
func SpliceWillProperties(dst, frame []byte, put mqttwire.Properties, out ...mqttwire.PropertyID) ([]byte, error) {
	f, err := wholeFrame(frame, 0)
	if err != nil {
		return dst, err
	}
	var will Will
	p := Connect{Will: &will} // for decode to use, or to drop
	switch {
	case !p.decode(f, 0, nil):
		return dst, p.judged(f, 0, nil)
	case p.Will == nil:
		return wire.Refuse(dst, mqttwire.RuleWillMissing, mqttwire.CONNECT, p.Version, mqttwire.FieldWillPropertyLength, 0)
	}
	s := newSplice(f, frame, p.Version)
	place := listPlace{list: will.Properties, at: p.places().willList, version: p.Version}
	if s.list, err = changeList(f, place, mqttwire.WillProperties, put, out); err != nil {
		return dst, err
	}
	return s.append(dst)
}

// listPlace is where in a packet its property list stands.
type listPlace struct {
	list    mqttwire.Properties
	at      int              // how many bytes of the body stand before its length, if none of them is left out
	short   bool             // whether an empty list is left out at the end, and with it a reason code of 0 before it
	legal   bool             // whether the packet is: else nothing is known
	version mqttwire.Version // that of the packet
}

// listJudge is a packet that may need a property.
type listJudge interface {
	// listFault returns the rule that the packet of f, which is legal, breaks if it has
	// the list, of which only Has and Empty are asked; with the field and what is found
	// there. Or 0.
	listFault(f mqttwire.Frame, list mqttwire.Properties) (mqttwire.Rule, mqttwire.Field, int64)
}

// listSplice is a property list that gets some properties and loses others.
type listSplice struct {
	at, end int    // where in the body it stands, with its length and what is to be with it
	size    uint64 // how many bytes are to be there

	owner mqttwire.PropertyOwner
	list  []byte // what is there now
	put   mqttwire.Properties
	out   []mqttwire.PropertyID
	kept  int  // bytes of the list that stay
	code  bool // whether a reason code of 0 was left out and has to be there now
}

// changeList puts properties into the list of f that stands at the place, and takes
// others out.
func changeList(f mqttwire.Frame, place listPlace, owner mqttwire.PropertyOwner, put mqttwire.Properties, out []mqttwire.PropertyID) (listSplice, error) {
	body := f.Body
	same := listSplice{at: len(body), end: len(body)}
	if put.Empty() && put.Err() == nil && (len(out) == 0 || place.version != mqttwire.V5) {
		return same, nil
	}
	if place.version != mqttwire.V5 {
		_, err := wire.Refuse(nil, mqttwire.RuleNotInVersion, f.Header.Type, place.version, mqttwire.FieldProperties, mqttwire.NotANumber)
		return same, err
	}
	if err := wire.CheckProperties(&put, owner); err != nil {
		return same, err
	}
	l := listSplice{at: place.at, end: len(body), owner: owner, list: place.list.Bytes(), put: put, out: out}
	for property, i := l.next(0); i > 0; property, i = l.next(i) {
		l.kept += len(property)
	}
	if l.kept == len(l.list) && put.Empty() {
		return same, nil
	}
	switch {
	case len(body) < place.at:
		l.at, l.code = len(body), true
	case len(body) > place.at:
		l.end = place.at + place.list.Size()
	}
	switch n := uint64(l.kept + len(put.Bytes())); {
	case n > 0 || !place.short:
		l.size = uint64(mqttwire.SizeVarint(uint32(n))) + n
	case body[l.at-1] == 0: // U-3.4.2.1-1 U-3.14.2.1-1
		l.at--
	}
	if l.code {
		l.size++
	}
	return l, nil
}

// drops reports whether the entries with the identifier are taken out.
func (l *listSplice) drops(id mqttwire.PropertyID) bool {
	return slices.Contains(l.out, id) || l.put.Has(id) && !id.MayRepeat(l.owner)
}

// next returns the first property that stays of those from i on in the list, and where
// it ends: 0 if there is none.
func (l *listSplice) next(i int) (property []byte, end int) {
	for {
		id, end := wire.NextProperty(l.list, i)
		switch {
		case end == 0:
			return nil, 0
		case !l.drops(id):
			return l.list[i:end], end
		}
		i = end
	}
}

// append appends the list as it is to be.
func (l *listSplice) append(b []byte) []byte {
	if l.size == 0 {
		return b
	}
	if l.code {
		b = append(b, 0)
	}
	b = appendLength(b, uint64(l.kept+len(l.put.Bytes())))
	for property, i := l.next(0); i > 0; property, i = l.next(i) {
		b = append(b, property...)
	}
	return append(b, l.put.Bytes()...)
}

// The four packets that have entries behind their property list may have any number of
// them. To find the list each is looked at by itself, so that no memory is needed.

// listBeforeEntries finds the list of such a packet of type t, and returns the entries,
// which are not looked at.
func listBeforeEntries(f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version) (place listPlace, entries []byte) {
	if !wire.Frame(nil, f, t, v) || plainID(f.Body) == 0 {
		return listPlace{}, nil
	}
	place = listPlace{at: 2, version: v}
	entries = readProperties(&place.list, f.Body[2:], mqttwire.PropertyOwner(t), v, nil)
	place.legal = entries != nil
	return place, entries
}

// entryEnd returns where the first entry of b ends, a string with some more bytes; if
// b ends first, that.
func entryEnd(b []byte, more int) int {
	end := fieldEnd(b) + more
	if end == more || end > len(b) {
		return len(b)
	}
	return end
}

// legalCodes reports whether packets of type t may say the codes in b.
func legalCodes(b []byte, t mqttwire.PacketType, v mqttwire.Version) bool {
	for _, code := range b {
		if !plainCode(mqttwire.ReasonCode(code), t, v) {
			return false
		}
	}
	return true
}
