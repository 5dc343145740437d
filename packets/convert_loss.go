package packets

import (
	"errors"

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

// LossError says that Convert did not convert a packet: because of a loss that changes
// the meaning, and was not allowed; or, if Loss.Effect is NoForm, because the version has
// no packet that says this, so that the connection is to be closed instead. It is no
// *mqttwire.Error, as nothing is wrong with the packet.
type LossError struct {
	Type     mqttwire.PacketType
	From, To mqttwire.Version
	Loss     Loss
}

// Error returns one line: packet and versions, what is lost, and why.
func (e *LossError) Error() string { return e.Loss.Why }

// LossRule is a row of the table of what is lost between versions, and what that means.
// The first row that fits a value counts.
type LossRule struct {
	// Owners are the packets it is about, or the will.
	Owners []mqttwire.PropertyOwner

	// Property is the property, or 0 for a field or a whole packet.
	Property mqttwire.PropertyID

	// Field is the name of the field; "" for a property, whose name depends on the owner.
	Field mqttwire.Field

	// From are the versions that have it, To those that have no place for it.
	From, To mqttwire.Versions

	// Sender is the side whose packets it is about; 0 for either.
	Sender mqttwire.Sender

	// Least and Most are the bounds of the value, both included, if it is a number.
	Least, Most int64

	// Effect is what the loss does, and Why says how, in words.
	Effect Effect
	Why    string
}

// LossRules returns the rows of the table.
func LossRules() []LossRule { return nil }

var errNotConvertible = errors.New("packets: a packet is converted into one of its own type, and of this package")
