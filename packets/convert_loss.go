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
	b = append(b, l.Field...)
	if l.Field == mqttwire.FieldTopicFilter || l.Field == mqttwire.FieldSubscriptionOptions || l.Index != 0 {
		b = append(strconv.AppendInt(append(b, " ["...), int64(l.Index), 10), ']')
	}
	t := line{b: append(b, ' ')}
	t.loss(l)
	return append(append(t.b, ": "...), l.Why...)
}

// loss adds the value of a loss.
func (t *line) loss(l *Loss) {
	switch {
	case l.Property.ID != 0:
		var list mqttwire.Properties
		list.Set(l.Property.ID, l.Property)
		t.b = append(t.b, list.String()...)
	case l.Field == mqttwire.FieldReasonCode:
		t.b = append(t.b, mqttwire.ReasonCode(l.Number).String()...)
	case l.Field == mqttwire.FieldPassword:
		t.b = append(strconv.AppendInt(t.b, int64(len(l.Value)), 10), " bytes"...)
	case l.Number == mqttwire.NotANumber:
		t.quoted(l.Value)
	default:
		t.b = strconv.AppendInt(t.b, l.Number, 10)
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
	b = append(append(append(b, " of "...), e.From.String()...), " in "...)
	b = append(append(b, e.To.String()...), " would lose "...)
	return string(e.Loss.append(b))
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
