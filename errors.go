package mqttwire

import (
	"errors"
	"strconv"
)

// ErrIncomplete says that the bytes end inside a packet: wait for more. It is
// no *Error, and nothing is wrong with what came so far.
var ErrIncomplete = errors.New("mqttwire: incomplete: more bytes are needed")

// The classes of *Error, for errors.Is.
var (
	// ErrMalformed: the packet cannot be parsed. Section 1.2, Malformed Packet.
	ErrMalformed = errors.New("malformed packet")

	// ErrProtocol: the packet can be parsed but breaks a rule of the protocol.
	// Section 1.2, Protocol Error.
	ErrProtocol = errors.New("protocol error")

	// ErrTooLarge: the packet is larger than the receiver or the protocol
	// allows.
	ErrTooLarge = errors.New("packet too large")

	// ErrUnsupportedVersion: the peer speaks, or the value asks for, a version
	// that is not MQTT 3.1, 3.1.1 or 5.0 or that the caller did not allow.
	ErrUnsupportedVersion = errors.New("unsupported protocol version")
)

// In an Error, NoOffset stands where there are no bytes to point at, as on
// encoding, and NotANumber where what was found is not told by a number.
const (
	NoOffset   = -1
	NotANumber = -1
)

// Error says which rule a packet breaks, where, and what to answer. It is
// returned for bytes that are no legal packet and for values that no legal
// packet can carry.
type Error struct {
	Rule    Rule       // the row of the rule table
	Type    PacketType // the packet, or 0 if that is not known
	Version Version    // the version whose rule it is, or 0 if that is not known
	Field   Field      // the field, by the standard's own name

	// Offset is the byte of the packet, counted from the first byte of the
	// fixed header, at which the rule is broken; NoOffset on encoding.
	Offset int

	// Found is the number found there (a byte, a length, an identifier; of a
	// packet that is too large, its size), or NotANumber.
	Found int64

	// Max is the limit that Found is over, where the caller set it or the bytes
	// that are left do; else 0.
	Max int64

	// Reason is the code with which MQTT 5.0 says to answer, in CONNACK or
	// DISCONNECT.
	Reason ReasonCode

	// Own says that the packet is the caller's own: it was to be encoded, so there
	// is nobody to answer. packets.Reply has no answer to it.
	Own bool

	// NoProblemInformation and MaximumPacketSize are what Sender has announced on
	// answers, in its CONNECT or CONNACK: that no packets but CONNACK and DISCONNECT
	// may have a Reason String, which is Request Problem Information 0; and the size
	// in bytes up to which it takes packets, or 0 for no limit of its own. Known with
	// what stands below of the connection. Sections 3.1.2.11.4, 3.1.2.11.7 and
	// 3.2.2.3.6.
	NoProblemInformation bool
	MaximumPacketSize    uint32

	// Statement names the statement of the standard that is broken, such as
	// "MQTT-3.3.1-4". Where the standard gives it no number: "U-3.8.3-2", a rule
	// of the given section of 5.0, or "3.1.1 section 2.4".
	Statement string

	// Err is the class: ErrMalformed, ErrProtocol, ErrTooLarge or
	// ErrUnsupportedVersion.
	Err error

	// What is known of the connection, which decides how to answer; all zero if
	// only a packet was looked at. packets.Decoder and packets.Encoder fill it in.

	Sender    Sender // who sent the packet, or was about to
	Connected bool   // whether the server's CONNACK came before
	PacketID  uint16 // that of a PUBLISH of QoS 1 or 2, or 0
	QoS       QoS    // that of a PUBLISH

	// Foreign says what the peer speaks, if it is another protocol than MQTT.
	Foreign Foreign
}

// NewError returns the error for a rule that a packet of type t in version v
// breaks; each may be 0 if it is not known. It is for those who check more than
// one packet alone can show.
//
//go:noinline
func NewError(r Rule, t PacketType, v Version, field Field, offset int, found int64) *Error {
	row := r.row()
	return &Error{
		Rule: r, Type: t, Version: v, Field: field, Offset: offset, Found: found,
		Reason: row.reason, Statement: r.Statement(t, v), Err: row.class,
	}
}

// ownError is NewError for a packet that is to be encoded, or a part of one.
//
//go:noinline
func ownError(r Rule, t PacketType, v Version, field Field, offset int, found int64) *Error {
	e := NewError(r, t, v, field, offset, found)
	e.Own = true
	return e
}

// sentBy tells the error which side sent the packet, or was about to, and makes
// Statement the one about that side. It returns e.
func (e *Error) sentBy(s Sender) *Error {
	e.Sender = s
	if id := e.Rule.StatementBy(e.Type, e.Version, s); id != "" && e.Statement == e.Rule.Statement(e.Type, e.Version) {
		e.Statement = id
	}
	return e
}

// Unwrap returns the class, so that errors.Is(err, ErrMalformed) works; nil for a nil
// *Error, which an error may hold by mistake.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Error returns one line: packet and version, field, byte, what was found, what
// is allowed, statement, and the reason code to answer with. If the packet is the
// caller's own it says so.
func (e *Error) Error() string {
	b := append([]byte(nil), "mqttwire: "...)
	if e.Own {
		b = append(b, "own "...)
	}
	if e.Type != 0 {
		b = append(append(b, e.Type.String()...), ' ')
	}
	if e.Version != 0 {
		b = append(append(append(b, "("...), e.Version.String()...), ") "...)
	}
	if e.Err != nil {
		b = append(append(b, e.Err.Error()...), ": "...)
	}
	b = append(append(e.appendFound(b), "; "...), e.allowed()...)
	if e.Max != 0 {
		b = strconv.AppendInt(append(b, ", here at most "...), e.Max, 10)
	}
	if e.Foreign != 0 {
		b = append(append(b, ", looks like "...), e.Foreign.withArticle()...)
	}
	if e.Statement != "" {
		b = append(append(append(b, " ["...), e.Statement...), ']')
	}
	return string(append(append(b, ", reason "...), e.Reason.String()...))
}
