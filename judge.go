package mqttwire

import "github.com/mqttwire/mqttwire/internal/text"

// Judge hears of each rule that a packet breaks while it is decoded, and says
// whether decoding may go on. A nil *Judge is the strict one that writes nothing
// down: it says no, and that is all. So one function decodes a packet for every
// use: without a Judge first, which costs nothing; and only if that says no once
// more with one, to learn why, or to go on where a Tolerance lets it.
//
// A field is read from the start of what is left of the body, and what is left
// after it is returned; nil if the packet was refused. Where in the packet a byte
// stands follows from how much is left behind it.
//
// It is what package packets decodes with, and opaque to everybody else: one
// Judge is for one packet, and for one goroutine.
type Judge struct {
	typ       PacketType
	version   Version
	end       int // the offset behind the last byte of the body
	beyond    int // bytes of the packet that follow the body, which is only its first part
	tolerance *Tolerance
	err       *Error
	tell      tellField // is told of each field that is read, or nil
}

// pass says that a rule is broken where rest begins, and reports whether that is
// let pass.
func (j *Judge) pass(rule Rule, field Field, rest []byte, found int64) bool {
	return j != nil && j.passAt(rule, field, j.end-len(rest), found)
}

// passAt is pass for an offset of the packet.
//
//go:noinline
func (j *Judge) passAt(rule Rule, field Field, offset int, found int64) bool {
	return j != nil && j.passError(NewError(rule, j.typ, j.version, field, offset, found))
}

// passError is pass for an error that is made already.
func (j *Judge) passError(e *Error) bool {
	if j.tolerance.Judge(e) {
		return true
	}
	j.err = e
	return false
}

// frame judges the fixed header of a packet of type t. MQTT 3.1 calls the flags
// of most packets unused and leaves them to be ignored: section 2.1.
func (j *Judge) frame(f Frame, t PacketType, v Version) bool {
	h := f.Header
	n := j.bodySize(f)
	switch {
	case h.plain(t, n) && t.Known(v):
		return true
	case h.Type != t:
		return j.passAt(RuleFrameType, FieldPacketType, 0, int64(h.Type))
	case !v.Known():
		return j.passAt(RuleVersion, FieldVersion, 0, int64(v))
	case !t.Known(v): // AUTH before 5.0
		return j.passAt(RulePacketType, FieldPacketType, 0, int64(h.Type))
	case int64(h.RemainingLength) != int64(n):
		return j.passAt(RuleFrameLength, FieldRemainingLength, 1, int64(h.RemainingLength))
	case v == V5 && h.size() != 1+SizeVarint(uint32(n)) && // [MQTT-1.5.5-1]
		!j.passAt(RuleVarintMinimal, FieldRemainingLength, h.size()-1, int64(n)):
		return false
	}
	return v < V311 || t == PUBLISH || h.Flags == t.Flags() || // [MQTT-2.1.3-1]
		j.passAt(RuleFlags, FieldFlags, 0, int64(h.Flags))
}

// connectFrame is frame for a CONNECT, of which the version may not be known yet:
// what depends on the version is left to a call of frame when it is.
func (j *Judge) connectFrame(f Frame, v Version) bool {
	h := f.Header
	switch {
	case v != 0:
		return j.frame(f, CONNECT, v)
	case h.Type != CONNECT:
		return j.passAt(RuleFrameType, FieldPacketType, 0, int64(h.Type))
	case int64(h.RemainingLength) != int64(j.bodySize(f)):
		return j.passAt(RuleFrameLength, FieldRemainingLength, 1, int64(h.RemainingLength))
	}
	return true
}

// bodySize is how many bytes the body of f has, with those that are not there.
func (j *Judge) bodySize(f Frame) int {
	if j == nil {
		return len(f.Body)
	}
	return len(f.Body) + j.beyond
}

// missing says that the packet ends before the field does. U-2.1.4-2
func (j *Judge) missing(b []byte, field Field) bool {
	j.saw(field, b, 0, len(b))
	return j.pass(RuleFieldMissing, field, b, int64(len(b)))
}

// packetID reads a packet identifier that is missing or 0. [MQTT-2.2.1-3]
func (j *Judge) packetID(b []byte) (id uint16, rest []byte) {
	if len(b) < 2 {
		j.missing(b, FieldPacketID)
		return 0, nil
	}
	j.saw(FieldPacketID, b, 0, 2)
	if id = uint16At(b); id == 0 && !j.pass(RulePacketIDZero, FieldPacketID, b, 0) {
		return 0, nil
	}
	return id, b[2:]
}

// prefixed reads two bytes of length and so many bytes; rule is what a length
// that passes the packet's end breaks.
func (j *Judge) prefixed(b []byte, field Field, rule Rule) (s, rest []byte) {
	if len(b) < 2 {
		j.missing(b, field)
		return nil, nil
	}
	n := 2 + int(uint16At(b))
	j.saw(field, b, 2, min(n, len(b)))
	if n <= len(b) {
		return b[2:n:n], b[n:]
	}
	if j != nil && !j.pass(rule, field, b, int64(n-2)) { // U-1.5.4-1 U-1.5.6-1
		j.err.Max = int64(len(b) - 2 + j.beyond)
	}
	return nil, nil
}

// text reads a string of any kind, that is not plain.
func (j *Judge) text(b []byte, field Field, kind textKind, v Version) (s, rest []byte) {
	s, rest = j.prefixed(b, field, RuleStringLength)
	if rest == nil {
		return nil, nil
	}
	if kind == nameText && text.PlainTopicName(s) { // of a PUBLISH, which has asked for ASCII only
		return s, rest
	}
	if rule, _ := kind.fault(s, v); rule != 0 && !j.textFaults(s, rest, field, kind) {
		return nil, nil
	}
	return s, rest
}

// textFaults says which rules s breaks, behind which rest follows, and reports
// whether all are let pass.
func (j *Judge) textFaults(s, rest []byte, field Field, kind textKind) bool {
	if j == nil {
		return false
	}
	start, ok := j.end-len(rest)-len(s), true
	textFaults(s, kind, j.version, func(rule Rule, at int) bool {
		found := int64(NotANumber)
		switch {
		case at < len(s):
			found = int64(s[at])
		case len(s) == 0:
			at, found = -2, 0 // an empty string is seen by its length
		}
		ok = j.passAt(rule, field, start+at, found)
		return ok
	})
	return ok
}

// properties makes p the list of owner that stands at the start of b, with its
// length. Section 2.2.2.
func (j *Judge) properties(p *Properties, b []byte, owner PropertyOwner) (rest []byte) {
	if j != nil {
		j.sawProperties(b, owner)
	}
	if len(b) > 0 && b[0] < 1<<7 && int(b[0]) < len(b) { // nearly all lists are so short, and legal
		end := 1 + int(b[0])
		if end == 1 {
			*p = Properties{}
			return b[1:]
		}
		if set, legal := scanLegalProperties(b[1:end], owner); legal {
			p.show(b[1:end:end], set)
			return b[end:]
		}
	}
	return j.otherProperties(p, b, owner)
}

// otherProperties is properties for a list that is long, or broken.
func (j *Judge) otherProperties(p *Properties, b []byte, owner PropertyOwner) (rest []byte) {
	*p = Properties{}
	n, list := j.propertyLength(b, owner)
	if list == nil || n == 0 {
		return list
	}
	rest, list = list[n:], list[:n:n]
	if set, legal := scanLegalProperties(list, owner); legal {
		p.show(list, set)
		return rest
	}
	if j == nil {
		return nil
	}
	base, ok := j.end-len(rest)-n, true
	*p = tolerateProperties(list, owner, func(bad *propertyFault) bool {
		ok = j.passError(bad.error(owner, base))
		return ok
	})
	if !ok {
		*p = Properties{}
		return nil
	}
	return rest
}

// propertyLength reads the length of a property list, which must fit into what
// is left of the packet.
func (j *Judge) propertyLength(b []byte, owner PropertyOwner) (n int, rest []byte) {
	field := FieldPropertyLength
	if owner == WillProperties {
		field = FieldWillPropertyLength
	}
	length, size := scanVarint(b)
	switch {
	case len(b) == 0: // [MQTT-2.2.2-1]
		j.pass(RulePropertyLengthMissing, field, b, NotANumber)
		return 0, nil
	case size == varintIncomplete: // U-1.5.5-2
		j.pass(RuleVarintCut, field, b, NotANumber)
		return 0, nil
	case size == varintTooLong: // U-1.5.5-1
		j.pass(RuleVarintLength, field, b[MaxVarintSize-1:], NotANumber)
		return 0, nil
	case size != SizeVarint(length) && !j.pass(RuleVarintMinimal, field, b[size-1:], int64(length)): // [MQTT-1.5.5-1]
		return 0, nil
	case int(length) > len(b)-size: // U-2.2.2.1-1
		j.pass(RulePropertyLength, field, b, int64(length))
		return 0, nil
	}
	return int(length), b[size:]
}
