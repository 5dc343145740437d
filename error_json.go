package mqttwire

import (
	"strconv"

	"github.com/mqttwire/mqttwire/internal/text"
)

// MarshalJSON returns what AppendJSON appends. The error is always nil.
func (e *Error) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// AppendJSON appends the error as an object of JSON to dst, and returns the
// extended slice. What is not known is left out.
//
//	{"message":"PUBLISH (5.0) malformed packet: …","rule":"topic-wildcard","packet":"PUBLISH","version":5,
//	 "field":"Topic Name","offset":4,"found":35,"allowed":"a topic name has neither + nor #",
//	 "statement":"MQTT-3.3.2-2","reason":129,"reason_name":"Malformed Packet","class":"malformed packet"}
//
// message is the line that Error returns, without the library's name; rule, packet,
// field, statement and class are the names that the fields of Error have, and
// allowed is what a legal packet has there. version is a protocol level: 3, 4 or 5.
// offset and found are numbers, as are max, packetId, qos and maximumPacketSize;
// sender is "client" or "server"; own, connected and noProblemInformation are true or
// left out; and foreign says what the peer sent in place of MQTT.
func (e *Error) AppendJSON(dst []byte) []byte {
	w := errorWriter{text.AppendJSON(append(dst, `{"message":`...), []byte(e.message()))}
	e.visit(&w)
	return append(w.b, '}')
}

// errorVisitor is told of what is known of an error, by names.
type errorVisitor interface {
	Word(key, word string)
	Number(key string, n int64)
	Flag(key string)
}

// visit tells v of what is known of the error, but for the line of Error.
func (e *Error) visit(v errorVisitor) {
	words := func(key, word string) {
		if word != "" {
			v.Word(key, word)
		}
	}
	numbers := func(key string, n, none int64) {
		if n != none {
			v.Number(key, n)
		}
	}
	v.Word("rule", e.Rule.String())
	if e.Type != 0 {
		v.Word("packet", e.Type.String())
	}
	numbers("version", int64(e.Version), 0)
	words("field", string(e.Field))
	numbers("offset", int64(e.Offset), NoOffset)
	numbers("found", e.Found, NotANumber)
	numbers("max", e.Max, 0)
	words("allowed", e.allowed())
	words("statement", e.Statement)
	v.Number("reason", int64(e.Reason))
	words("reason_name", e.Reason.name())
	if e.Err != nil {
		v.Word("class", e.Err.Error())
	}
	flags := func(key string, set bool) {
		if set {
			v.Flag(key)
		}
	}
	flags("own", e.Own)
	if e.Sender != 0 {
		v.Word("sender", e.Sender.String())
	}
	flags("connected", e.Connected)
	flags("noProblemInformation", e.NoProblemInformation)
	numbers("maximumPacketSize", int64(e.MaximumPacketSize), 0)
	numbers("packetId", int64(e.PacketID), 0)
	numbers("qos", int64(e.QoS), 0)
	if e.Foreign != 0 {
		v.Word("foreign", e.Foreign.String())
	}
}

// VisitError tells v of what is known of an error.
func (export) VisitError(e *Error, v errorVisitor) { e.visit(v) }

// errorWriter writes an error as JSON.
type errorWriter struct{ b []byte }

func (w *errorWriter) key(key string) { w.b = append(append(append(w.b, `,"`...), key...), `":`...) }

// Word adds a text.
func (w *errorWriter) Word(key, word string) {
	w.key(key)
	w.b = text.AppendJSON(w.b, []byte(word))
}

// Number adds a number.
func (w *errorWriter) Number(key string, n int64) {
	w.key(key)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// Flag adds true.
func (w *errorWriter) Flag(key string) {
	w.key(key)
	w.b = append(w.b, "true"...)
}

// message is the error's line without the library's name before it.
func (e *Error) message() string { return e.Error()[len("mqttwire: "):] }

// name is the code's name, without the number that String has before it.
func (c ReasonCode) name() string {
	s := c.String()
	return s[min(len(s), len("0x00 ")):]
}
