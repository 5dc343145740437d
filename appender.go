package mqttwire

import "slices"

// Appender appends the fields of one packet, checking each by the rules that a
// Cursor checks it by. It is sticky: after the first broken rule it appends
// nothing more, and Done returns what was wrong and the slice as it was, so that
// an encoder is a straight line with one check at its end.
type Appender struct {
	dst     []byte
	given   []byte // dst as the caller gave it
	typ     PacketType
	version Version
	err     *Error
}

// NewAppender returns an Appender of a packet of type t in version v to dst. The
// appender starts as failed if v is not known, or has no packets of type t.
func NewAppender(dst []byte, t PacketType, v Version) Appender {
	a := Appender{dst: dst, given: dst, typ: t, version: v}
	switch {
	case !v.Known():
		a.Fail(RuleVersion, FieldVersion, int64(v))
	case !t.Known(v):
		a.Fail(RulePacketType, FieldPacketType, int64(t))
	}
	return a
}

// Fail says that the packet breaks a rule. Only the first call counts.
func (a *Appender) Fail(rule Rule, field Field, found int64) {
	if a.err == nil {
		a.err = NewError(rule, a.typ, a.version, field, NoOffset, found)
	}
}

// Done returns the slice with the packet appended; or, if a rule was broken, the
// slice as it was and an *Error.
func (a *Appender) Done() ([]byte, error) {
	if a.err != nil {
		return a.given, a.err
	}
	return a.dst, nil
}

// FixedHeader appends the first byte and the remaining length: size, the bytes
// of the whole body. It makes room for all of them. It fails if size is over
// MaxVarint.
func (a *Appender) FixedHeader(flags uint8, size uint64) { a.PartialHeader(flags, size, size) }

// PartialHeader is FixedHeader for a packet of which only the first part bytes
// of the body will be appended.
func (a *Appender) PartialHeader(flags uint8, size, part uint64) {
	if size > MaxVarint {
		a.Fail(RuleRemainingLength, FieldRemainingLength, int64(size)) // U-2.1.4-1
	}
	if a.err != nil {
		return
	}
	a.dst = slices.Grow(a.dst, 1+MaxVarintSize+int(part))
	a.dst = append(a.dst, byte(a.typ)<<4|flags)
	a.dst = appendVarint(a.dst, uint32(size))
}

// Byte appends one byte.
func (a *Appender) Byte(b byte) {
	if a.err == nil {
		a.dst = append(a.dst, b)
	}
}

// Uint16 appends a two byte integer.
func (a *Appender) Uint16(n uint16) {
	if a.err == nil {
		a.dst = appendUint16(a.dst, n)
	}
}

// PacketID appends a packet identifier, which is not 0. [MQTT-2.2.1-3]
func (a *Appender) PacketID(id uint16) {
	if id == 0 {
		a.Fail(RulePacketIDZero, FieldPacketID, 0)
	}
	a.Uint16(id)
}

// ReasonCode appends a code that packets of this type and version may carry.
func (a *Appender) ReasonCode(c ReasonCode) {
	if !c.AllowedIn(a.typ, a.version, 0) {
		a.Fail(RuleReasonCode, FieldReasonCode, int64(c))
	}
	a.Byte(byte(c))
}

// Binary appends binary data of 0 to 65535 bytes. Section 1.5.6.
func (a *Appender) Binary(field Field, p []byte) {
	if a.fits(RuleBinaryLength, field, p) { // U-1.5.6-1
		a.dst = appendPrefixed(a.dst, p)
	}
}

// fits reports whether p is to be appended: whether no rule was broken, nor is
// by its length.
func (a *Appender) fits(rule Rule, field Field, p []byte) bool {
	if len(p) > maxPrefixed {
		a.Fail(rule, field, int64(len(p)))
	}
	return a.err == nil
}

// String appends a UTF-8 encoded string of 0 to 65535 bytes. Section 1.5.4.
func (a *Appender) String(field Field, s []byte) {
	if a.fits(RuleStringLength, field, s) { // U-1.5.4-1
		rule, at := textFault(s, a.version)
		a.text(field, s, rule, at)
	}
}

// TopicName appends a topic name of 1 to 65535 bytes. Section 4.7.
func (a *Appender) TopicName(field Field, s []byte) {
	if a.fits(RuleStringLength, field, s) { // [MQTT-4.7.3-3]
		rule, at := topicNameFault(s, a.version)
		a.text(field, s, rule, at)
	}
}

// TopicNameOrEmpty appends a topic name of 0 to 65535 bytes, for PUBLISH, where
// a topic alias may stand for an empty one. Section 3.3.2.1.
func (a *Appender) TopicNameOrEmpty(field Field, s []byte) {
	if len(s) == 0 {
		a.Uint16(0)
		return
	}
	a.TopicName(field, s)
}

// TopicFilter appends a topic filter of 1 to 65535 bytes, which in 5.0 may be a
// shared one. Sections 4.7 and 4.8.2.
func (a *Appender) TopicFilter(field Field, s []byte) {
	if a.fits(RuleStringLength, field, s) { // [MQTT-4.7.3-3]
		rule, at := topicFilterFault(s, a.version)
		a.text(field, s, rule, at)
	}
}

// text appends s, unless it breaks a rule at its byte at.
func (a *Appender) text(field Field, s []byte, rule Rule, at int) {
	switch {
	case rule == 0:
		a.dst = appendPrefixed(a.dst, s)
	case at < len(s):
		a.Fail(rule, field, int64(s[at]))
	default:
		a.Fail(rule, field, NotANumber)
	}
}

// Properties appends the property length and the list of owner; before 5.0,
// nothing. Section 2.2.2.
func (a *Appender) Properties(owner PropertyOwner, p *Properties) {
	if a.err != nil || a.version != V5 {
		return
	}
	if bad := p.faultIn(owner); bad != nil {
		a.err = bad.error(owner, NoOffset)
		return
	}
	a.dst = append(appendVarint(a.dst, uint32(len(p.raw))), p.raw...)
}

// Raw appends bytes as they are: the payload of PUBLISH.
func (a *Appender) Raw(p []byte) {
	if a.err == nil {
		a.dst = append(a.dst, p...)
	}
}
