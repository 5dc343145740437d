package packets

import (
	"strconv"

	"github.com/mqttwire/mqttwire"
)

// Effect is what the loss of a field or property does to a packet.
type Effect uint8

// The effects of a loss.
const (
	// Harmless: the packet still says what it said. The standard gives the value no
	// meaning of its own, or it is the one that holds where the value is absent, or it is
	// about something that the version does not have.
	Harmless Effect = 1

	// ChangesMeaning: without it the receiver does something else than the sender asked
	// for, or takes something else for true.
	ChangesMeaning Effect = 2

	// NoForm: the version has no packet that says this. Instead of sending one, the
	// connection is closed.
	NoForm Effect = 3
)

// String returns the effect in words.
func (e Effect) String() string {
	switch e {
	case Harmless:
		return "harmless"
	case ChangesMeaning:
		return "changes the meaning"
	case NoForm:
		return "has no form"
	}
	return "Effect(" + strconv.Itoa(int(e)) + ")"
}

// Loss is a field or property of a packet that another version has no place for. Its
// values alias the packet.
type Loss struct {
	// Owner says whose the value was: the packet's, PropertyOwner of its type, or the
	// will's.
	Owner mqttwire.PropertyOwner

	// Field is its name. For the flags and options of a packet, that of the byte they are
	// in.
	Field mqttwire.Field

	// Index is its place in a list of topic filters or reason codes, 0 or more; in other
	// fields 0.
	Index int

	// Property is the property that was in the packet's list, with its value; its ID is 0
	// for what is no property, or was there only by being absent.
	Property mqttwire.Property

	// Number is the value, if it is a number: a code, 1 for a flag, the byte of options
	// or flags; or mqttwire.NotANumber.
	Number int64

	// Value is the value, if it is text or binary data, and no property.
	Value []byte

	// Effect is what the loss does, and Why says how, in words: of one that needs
	// consent, what happens with it, and of a packet without form, what to do instead.
	Effect Effect
	Why    string
}

// String returns name and value of what is lost, in one line, and why that matters or
// not. Of a password and of authentication data it shows the length only.
func (l Loss) String() string { return string(l.append(nil)) }

// append appends what String returns.
func (l *Loss) append(b []byte) []byte {
	t := line{b: b}
	t.loss(l)
	return append(append(t.b, ": "...), l.Why...)
}

// loss adds the name and the value of a loss.
func (t *line) loss(l *Loss) {
	t.b = append(t.b, l.Field...)
	if l.listed() {
		t.b = append(strconv.AppendInt(append(t.b, " ["...), int64(l.Index), 10), ']')
	}
	q := l.Property
	switch {
	case l.Field == mqttwire.FieldPassword:
		t.secret(l.Value)
	case q.ID == mqttwire.AuthenticationData:
		t.secret(q.Value())
	case q.ID == mqttwire.UserProperty:
		t.b = append(t.b, ' ')
		t.quoted(q.Name())
		t.b = append(t.b, '=')
		t.quoted(q.Value())
	case l.Number != mqttwire.NotANumber:
		t.b = append(t.b, ' ')
		t.value(l.Field, l.Number)
	default:
		t.b = append(t.b, ' ')
		t.quoted(append(q.Value(), l.Value...)) // one of which is nil
	}
}

// listed reports whether the field is one of several.
func (l *Loss) listed() bool {
	switch mqttwire.PacketType(l.Owner) {
	case mqttwire.SUBACK, mqttwire.UNSUBACK, mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE:
		return l.Property.ID == 0 && l.Field != mqttwire.FieldDup
	}
	return false
}

// secret adds the length of what is not for everybody.
func (t *line) secret(b []byte) {
	t.b = append(strconv.AppendInt(append(t.b, " of "...), int64(len(b)), 10), " bytes"...)
}

// value adds a number as the field is read most easily.
func (t *line) value(field mqttwire.Field, n int64) {
	switch field {
	case mqttwire.FieldReasonCode:
		t.b = append(t.b, mqttwire.ReasonCode(n).String()...)
	case mqttwire.FieldSubscriptionOptions, mqttwire.FieldConnectFlags, mqttwire.FieldAcknowledgeFlags, mqttwire.FieldProtocolVersion:
		t.hex(byte(n))
	default:
		t.b = strconv.AppendInt(t.b, n, 10)
	}
}

// LossError says that Convert did not convert a packet: because of a loss that was not
// allowed; or, if Loss.Effect is NoForm, because the version has no packet that says
// this, so that the connection is to be closed instead. It is no *mqttwire.Error, as
// nothing is wrong with the packet.
type LossError struct {
	Type     mqttwire.PacketType
	From, To mqttwire.Version
	Loss     Loss // the first that is not let go, or that without form
}

// Error returns one line: packet and versions, what would be lost, and why it matters or
// what to do instead.
func (e *LossError) Error() string {
	b := append(append([]byte(nil), "packets: "...), e.Type.String()...)
	b = append(append(b, " of "...), e.From.String()...)
	if e.Loss.Effect != NoForm {
		b = append(append(append(b, " in "...), e.To.String()...), " would lose "...)
		return string(e.Loss.append(b))
	}
	b = append(append(append(b, " has no form in "...), e.To.String()...), ": "...)
	if e.Loss.Field != mqttwire.FieldPacketType {
		return string(e.Loss.append(b))
	}
	return string(append(b, e.Loss.Why...))
}

// loseProperty tells of a property of the owner's list.
func (c *Conversion) loseProperty(owner mqttwire.PropertyOwner, q mqttwire.Property) {
	l := Loss{Owner: owner, Field: q.ID.Field(owner), Property: q, Number: mqttwire.NotANumber}
	if q.IsNumber() {
		l.Number = int64(q.Number)
	}
	c.lose(l, q.ID, false)
}

// loseField tells of a field of the packet, or of one of a list.
func (c *Conversion) loseField(field mqttwire.Field, index int, number int64, value []byte) {
	c.lose(Loss{Owner: mqttwire.PropertyOwner(c.typ), Field: field, Index: index, Number: number, Value: value}, 0, false)
}

// loseCode tells of a reason code; less says that one which says the same with less
// detail takes its place.
func (c *Conversion) loseCode(code mqttwire.ReasonCode, index int, less bool) {
	c.lose(Loss{Owner: mqttwire.PropertyOwner(c.typ), Field: mqttwire.FieldReasonCode, Index: index, Number: int64(code)}, 0, less)
}

// lose looks up what the loss does, keeps it, and asks whether it is let go.
func (c *Conversion) lose(l Loss, id mqttwire.PropertyID, less bool) {
	l.Effect, l.Why = c.effect(&l, id, less)
	limit := c.Max
	if limit == 0 {
		limit = DefaultLosses
	}
	if len(c.Losses) < limit {
		c.Losses = append(c.Losses, l)
	} else {
		c.Dropped++
	}
	worse := c.refused == nil || l.Effect == NoForm && c.refused.Loss.Effect != NoForm
	if !c.allows(l) && worse {
		c.refused = &LossError{c.typ, c.from, c.To, l}
	}
}

// allows reports whether a loss is let go.
func (c *Conversion) allows(l Loss) bool {
	switch {
	case l.Effect == NoForm:
		return false
	case c.Allow == nil:
		return l.Effect == Harmless
	}
	return c.Allow(l)
}
