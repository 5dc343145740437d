package mqttwire

import (
	"github.com/mqttwire/mqttwire/internal"
	"github.com/mqttwire/mqttwire/internal/text"
)

// Internal is for the packages of this module: what package packets needs of this
// one and no user does. Nobody else can call its method.
var Internal exporter

type exporter struct{}

// Export returns the functions that are for the packages of this module. The key
// is &internal.AllowInternalUse.
func (exporter) Export(key *internal.NotForPublicUse) export {
	if key != &internal.AllowInternalUse {
		panic("mqttwire: Internal is for the packages of this module")
	}
	return export{}
}

// export has the functions that are for the packages of this module. It is empty,
// so that they are called as directly as any function. Those with a Judge read
// what a nil one refuses; what is plain their callers have read before.
type export struct{}

// Judge returns the Judge of f, a packet of type t in version v.
func (export) Judge(f Frame, t PacketType, v Version, tolerance *Tolerance) Judge {
	return Judge{typ: t, version: v, end: f.Header.size() + len(f.Body), tolerance: tolerance}
}

// PartialJudge is Judge for the first part of a body.
func (e export) PartialJudge(f Frame, t PacketType, v Version, tolerance *Tolerance) Judge {
	j := e.Judge(f, t, v, tolerance)
	j.beyond = max(0, int(f.Header.RemainingLength)-len(f.Body))
	return j
}

// SetVersion tells the Judge the version that a CONNECT has told.
func (export) SetVersion(j *Judge, v Version) {
	if j != nil {
		j.version = v
	}
}

// Tell makes the Judge tell of each field that is read: its name, of which property it
// is a part, or 0, and where in the packet it starts, its value starts, and it ends.
func (export) Tell(j *Judge, tell func(field Field, id PropertyID, start, value, end int)) {
	j.tell = tell
}

// Saw says that the first n bytes of b are the field, of which the first tell its length,
// as many as that takes: for those that the Judge does not read.
func (export) Saw(j *Judge, field Field, b []byte, length, n int) { j.saw(field, b, length, n) }

// Err returns nil, or the rule for which the packet was refused.
func (export) Err(j *Judge) error {
	if j.err == nil {
		return nil // not a nil *Error in an interface
	}
	return j.err
}

// Pass says that a rule is broken where rest begins, and reports whether that is
// let pass.
func (export) Pass(j *Judge, rule Rule, field Field, rest []byte, found int64) bool {
	return j != nil && j.passAt(rule, field, j.end-len(rest), found)
}

// PassAt is Pass for an offset of the packet.
func (export) PassAt(j *Judge, rule Rule, field Field, offset int, found int64) bool {
	return j != nil && j.passAt(rule, field, offset, found)
}

// Frame judges a fixed header that is not of the commonest form.
func (export) Frame(j *Judge, f Frame, t PacketType, v Version) bool { return j.frame(f, t, v) }

// ConnectFrame is Frame for a CONNECT, of which the version may be 0.
func (export) ConnectFrame(j *Judge, f Frame, v Version) bool { return j.connectFrame(f, v) }

// Missing says that the packet ends before the field does, and returns false.
func (export) Missing(j *Judge, b []byte, field Field) bool { return j.missing(b, field) }

// End judges what stands behind the last field. U-2.1.4-2
func (export) End(j *Judge, b []byte) bool {
	j.saw(FieldPacketEnd, b, 0, len(b))
	return len(b) == 0 || j.pass(RuleLeftOver, FieldPacketEnd, b, int64(len(b)))
}

// PacketID reads a packet identifier that is missing or 0.
func (export) PacketID(j *Judge, b []byte) (id uint16, rest []byte) { return j.packetID(b) }

// String reads a UTF-8 encoded string that is not plain. Section 1.5.4.
func (export) String(j *Judge, b []byte, field Field, v Version) (s, rest []byte) {
	return j.text(b, field, anyText, v)
}

// TopicName reads a topic name that is not plain. Section 4.7.
func (export) TopicName(j *Judge, b []byte, field Field, v Version) (s, rest []byte) {
	return j.text(b, field, nameText, v)
}

// TopicFilter reads a topic filter that is not plain. Sections 4.7 and 4.8.2.
func (export) TopicFilter(j *Judge, b []byte, field Field, v Version) (s, rest []byte) {
	return j.text(b, field, filterText, v)
}

// Binary reads binary data of 0 to 65535 bytes. Section 1.5.6.
func (export) Binary(j *Judge, b []byte, field Field) (s, rest []byte) {
	return j.prefixed(b, field, RuleBinaryLength)
}

// Properties makes p the list of owner that stands at the start of b, with its
// length, in a packet of 5.0. Section 2.2.2.
func (export) Properties(j *Judge, p *Properties, b []byte, owner PropertyOwner) (rest []byte) {
	return j.properties(p, b, owner)
}

// Refuse returns dst as it was, with the error for a rule that a value to be
// encoded breaks: it is how every encoder refuses.
func (export) Refuse(dst []byte, rule Rule, t PacketType, v Version, field Field, found int64) ([]byte, error) {
	return dst, ownError(rule, t, v, field, NoOffset, found)
}

// PutTopicName writes any legal topic name, with its length, to dst[at:], which
// has room for it, and returns where in dst it ends; or 0 and an *Error.
func (export) PutTopicName(dst []byte, at int, s []byte, t PacketType, v Version, field Field) (end int, err error) {
	return putText(dst, at, s, nameText, t, v, field)
}

// PutTopicFilter is PutTopicName for a topic filter.
func (export) PutTopicFilter(dst []byte, at int, s []byte, t PacketType, v Version, field Field) (end int, err error) {
	return putText(dst, at, s, filterText, t, v, field)
}

func putText(dst []byte, at int, s []byte, kind textKind, t PacketType, v Version, field Field) (end int, err error) {
	if err := kind.check(s, t, v, field); err != nil {
		return 0, err
	}
	dst[at], dst[at+1] = byte(len(s)>>8), byte(len(s))
	return at + 2 + copy(dst[at+2:], s), nil
}

// CheckString returns nil if s is a legal string of version v.
func (export) CheckString(s []byte, t PacketType, v Version, field Field) error {
	if text.PlainString(s) {
		return nil
	}
	return anyText.check(s, t, v, field)
}

// CheckTopicName returns nil if s is a legal topic name of version v.
func (export) CheckTopicName(s []byte, t PacketType, v Version, field Field) error {
	if text.PlainTopicName(s) {
		return nil
	}
	return nameText.check(s, t, v, field)
}

// CheckBinary returns nil if p is not too long for binary data.
func (export) CheckBinary(p []byte, t PacketType, v Version, field Field) error {
	if len(p) > text.MaxLength {
		return ownError(RuleBinaryLength, t, v, field, NoOffset, int64(len(p)))
	}
	return nil
}

// NoProperties reports whether the list is empty, and no setter was given a value
// that no property can have: then it is plain for every owner.
func (export) NoProperties(p *Properties) bool {
	return len(p.raw) == 0 && p.bad == nil && p.memory == nil
}

// MayBeNumber reports whether n is a value of the property, which is a number.
func (export) MayBeNumber(id PropertyID, n uint32) bool { return propertyTable[id].numberFault(n) == 0 }

// CheckProperties returns the *Error with which Append refuses the list to the
// owner, or nil.
func (export) CheckProperties(p *Properties, owner PropertyOwner) error { return p.check(owner) }

// CloneProperties appends the list's bytes to buf, and returns a copy of the list
// that aliases them, with the extended buf.
func (export) CloneProperties(p *Properties, buf []byte) (Properties, []byte) {
	return p.cloneInto(buf)
}

// SentBy tells the error which side sent the packet, or was about to.
func (export) SentBy(e *Error, s Sender) *Error { return e.sentBy(s) }

// MayGoOn reports whether an error of a source ends nothing: more bytes have to be
// fed, or nothing came in time. The call can be made again.
func (export) MayGoOn(err error) bool {
	return err == ErrIncomplete || err != nil && isTimeout(err)
}
