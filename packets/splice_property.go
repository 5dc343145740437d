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
	s, err := newSplice(frame, v)
	if err != nil {
		return dst, err
	}
	t := s.Header.Type
	place := prototypes[t].listIn(s.Frame, v)
	if !place.legal {
		return dst, newOf(t).judged(s.Frame, v, nil)
	}
	s.version = place.version
	if err := s.spliceList(place, mqttwire.PropertyOwner(t), put, out); err != nil {
		return dst, err
	}
	if p, ok := prototypes[t].(listJudge); ok && s.list.changes() {
		if rule, field, found := p.listFault(s.Frame, wire.Spliced(place.list, put, out)); rule != 0 {
			return wire.Refuse(dst, rule, t, s.version, field, found)
		}
	}
	return s.append(dst)
}

// SpliceWillProperties is SpliceProperties for the list of the will of a CONNECT. A
// CONNECT that has no will is refused. Section 3.1.3.2.
func SpliceWillProperties(dst, frame []byte, put mqttwire.Properties, out ...mqttwire.PropertyID) ([]byte, error) {
	s, err := newSplice(frame, 0)
	if err != nil {
		return dst, err
	}
	var will Will
	p := Connect{Will: &will} // for decode to use, or to drop
	switch {
	case !p.decode(s.Frame, 0, nil):
		return dst, p.judged(s.Frame, 0, nil)
	case p.Will == nil:
		return wire.Refuse(dst, mqttwire.RuleWillMissing, mqttwire.CONNECT, p.Version, mqttwire.FieldWillPropertyLength, 0)
	}
	s.version = p.Version
	place := listPlace{list: will.Properties, at: p.places().willList}
	if err := s.spliceList(place, mqttwire.WillProperties, put, out); err != nil {
		return dst, err
	}
	return s.append(dst)
}

// prototypes has an empty packet of each type, for the methods that look at none of
// its fields.
var prototypes = func() (all [16]packet) {
	for t := range all {
		all[t] = newOf(mqttwire.PacketType(t))
	}
	return all
}()

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
	// the list, of which only Has is asked; with the field and what is found there. Or 0.
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

// spliceList puts properties into the list, and takes others out.
func (s *splice) spliceList(place listPlace, owner mqttwire.PropertyOwner, put mqttwire.Properties, out []mqttwire.PropertyID) error {
	if s.version != mqttwire.V5 {
		if put.Empty() && put.Err() == nil {
			return nil
		}
		_, err := wire.Refuse(nil, mqttwire.RuleNotInVersion, s.Header.Type, s.version, mqttwire.FieldProperties, mqttwire.NotANumber)
		return err
	}
	if err := wire.CheckProperties(&put, owner); err != nil {
		return err
	}
	l := listSplice{owner: owner, list: place.list.Bytes(), put: put, out: out}
	l.kept = l.keptSize()
	if l.kept == len(l.list) && put.Empty() {
		return nil
	}
	body := s.Body
	l.at, l.end, l.code = min(place.at, len(body)), len(body), place.at > len(body)
	if len(body) > place.at {
		l.end = place.at + place.list.Size()
	}
	switch n := uint64(l.kept + len(put.Bytes())); {
	case n > 0 || !place.short:
		l.size = uint64(mqttwire.SizeVarint(uint32(n))) + n
	case l.at > 0 && body[l.at-1] == 0: // U-3.4.2.1-1 U-3.14.2.1-1
		l.at--
	}
	if l.code {
		l.size++
	}
	s.list = l
	return nil
}

// changes reports whether the list is to be another one.
func (l *listSplice) changes() bool { return l.size > 0 || l.at < l.end }

// drops reports whether the entries with the identifier are taken out.
func (l *listSplice) drops(id mqttwire.PropertyID) bool {
	return slices.Contains(l.out, id) || l.put.Has(id) && !id.MayRepeat(l.owner)
}

// keptSize returns how many bytes of the list stay.
func (l *listSplice) keptSize() (n int) {
	for i := 0; ; {
		id, end := wire.NextProperty(l.list, i)
		if end == 0 {
			return n
		}
		if !l.drops(id) {
			n += end - i
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
	for i := 0; ; {
		id, end := wire.NextProperty(l.list, i)
		if end == 0 {
			break
		}
		if !l.drops(id) {
			b = append(b, l.list[i:end]...)
		}
		i = end
	}
	return append(b, l.put.Bytes()...)
}

// The four packets that have entries behind their property list may have any number of
// them. To find the list they are decoded one by one, or some at a time, into an array:
// so that nothing is allocated for them.

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

// legalCodes reports whether the codes in b are legal, as decodeCodes does.
func legalCodes(b []byte, most mqttwire.ReasonCode, t mqttwire.PacketType, v mqttwire.Version) bool {
	var some [64]mqttwire.ReasonCode
	for len(b) > 0 {
		list, n := some[:0], min(len(b), len(some))
		if !decodeCodes(&list, b[:n], most, t, v, nil) {
			return false
		}
		b = b[n:]
	}
	return true
}
