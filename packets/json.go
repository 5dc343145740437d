package packets

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
)

// JSON says how packets are written as JSON and read from it. The zero value
// leaves out secrets, writes payloads in full and refuses keys that it does not
// know. Every packet is one object:
//
//	{"type":"PUBLISH","dup":false,"qos":1,"retain":false,"topic":"plant/1","packetId":10,
//	 "props":[{"id":35,"name":"TopicAlias","value":5},{"id":38,"name":"UserProperty","key":"unit","value":"°C"}],
//	 "payload_base64":"/wA="}
//
// type is the name of the packet type, as mqttwire.PacketType prints it. The other
// keys, by packet:
//
//	CONNECT              version (the protocol level: 3, 4 or 5), bridge*, cleanStart, keepAlive, clientId,
//	                     username, password, will {qos, retain, props*, topic, payload}, props*
//	CONNACK              sessionPresent, reason, props*
//	PUBLISH              dup, qos, retain, topic, packetId (with QoS 0 *), props*, payload
//	PUBACK to PUBCOMP    packetId, reason*, dup* (PUBREL), props*
//	SUBSCRIBE            dup*, packetId, filters [{topic, qos, noLocal*, retainAsPublished*, retainHandling*}], props*
//	SUBACK, UNSUBACK     packetId, reasons [numbers] (UNSUBACK *), props*
//	UNSUBSCRIBE          dup*, packetId, filters [{topic}], props*
//	PINGREQ, PINGRESP    nothing
//	DISCONNECT, AUTH     reason*, props*
//
// Those with * are left out where they are false, 0 or empty, as in versions that
// have no place for them. What a reader does not find is false, 0 or empty; user
// name, password and will are absent if they are not there, which is something
// else than empty.
//
// A number is a number of JSON, without a fraction. Bytes are text where they are
// UTF-8, in any field; where they are not, KEY_base64 stands for KEY and has them
// in base64 (RFC 4648, section 4). Beside reason there may be reason_name, its name
// in the packet, which readers pass over. Properties are a list in their order: see
// mqttwire.Properties.MarshalJSON for its form. A reader knows a property by id or
// name, or by both if they agree.
//
// What is left out of the JSON, a secret or a payload over MaxPayload, shows its
// length in bytes as KEY_len; such an object is refused by readers, as the packet
// would be another one. With Secrets and without MaxPayload the form loses nothing:
// a packet that is read from it encodes to the same bytes as the one it was written
// from. A packet does not know its version, and neither has its JSON: it is for
// all versions, like the packet.
type JSON struct {
	// Secrets writes user name, password and Authentication Data too.
	Secrets bool

	// MaxPayload is how many bytes a payload, that of a will too, may have to be
	// written, as a longer one shows its length only; 0 means all are written.
	MaxPayload int

	// OtherKeys lets readers pass over keys that the packet does not have, such as
	// those of a log that has them in the same object. It does not reach into
	// objects within the packet's.
	OtherKeys bool
}

// AppendJSON appends p as JSON, without secrets, to dst and returns the extended
// slice: see JSON for the form. It is what MarshalJSON of every packet returns.
//
// A packet has no JSON if its properties hold a value that a setter refused; dst is
// then returned as it was, with the *mqttwire.Error that Append returns too. Other
// values that no legal packet can have are written as they are. p is of this
// package.
func AppendJSON(dst []byte, p mqttwire.Packet) ([]byte, error) { return JSON{}.Append(dst, p) }

// ParseJSON reads a packet of any type from its JSON: see JSON for the form. Its
// memory is its own. JSON that cannot be read gives a *JSONError, which wraps an
// *mqttwire.Error if a property has a value that it cannot have, or is there twice
// and may not be. Any other packet that is read and is not legal in a version is
// refused by its Append, with an *mqttwire.Error.
func ParseJSON(b []byte) (mqttwire.Packet, error) { return JSON{}.Parse(b) }

// Parse is the function ParseJSON, with what o says.
func (o JSON) Parse(b []byte) (mqttwire.Packet, error) {
	r, err := readMembers(b)
	if err != nil {
		return nil, err
	}
	p := newNamed(r)
	if p == nil {
		return nil, r.err
	}
	if err := r.packet(p, o.OtherKeys); err != nil {
		return nil, err
	}
	return p, nil
}

// ParseProperties reads a property list alone: see JSON for the form. Its memory is
// its own. A value that the property cannot have, or a repeat that no packet may
// have, gives a *JSONError that wraps an *mqttwire.Error.
func (o JSON) ParseProperties(b []byte) (p mqttwire.Properties, err error) {
	if err := checkJSON(b); err != nil {
		return p, err
	}
	const key = "props"
	r := &jsonReader{members: map[string]rawJSON{key: b}, owner: anyOwner}
	r.properties(key, &p)
	if r.err != nil {
		return mqttwire.Properties{}, r.err
	}
	return p, nil
}

// rawJSON is json.RawMessage, for the file that reads the fields of packets: this one
// alone has to do with package encoding/json.
type rawJSON = json.RawMessage

// checkJSON returns what is wrong with b, if it is no JSON. Package encoding/json
// would mend what is no UTF-8, and so change it.
func checkJSON(b []byte) error {
	var whole rawJSON
	if err := json.Unmarshal(b, &whole); err != nil {
		return &JSONError{Err: err}
	}
	if !utf8.Valid(b) {
		return &JSONError{Want: "UTF-8"}
	}
	return nil
}

// eachMember calls f with the members of an object in their order, until f says no. It
// returns false if raw is no object. As all of the JSON was checked, the Decoder has no
// error to return.
func eachMember(raw rawJSON, f func(key string, value rawJSON) bool) (isObject bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, _ := d.Token(); open != json.Delim('{') {
		return false
	}
	for d.More() {
		token, _ := d.Token()
		key, _ := token.(string)
		var value rawJSON
		if _ = d.Decode(&value); !f(key, value) {
			break
		}
	}
	return true
}

// entriesOf returns the entries of a list, or false if raw, which was checked, is none.
func entriesOf(raw rawJSON) (list []rawJSON, ok bool) {
	ok = raw[0] == '[' && json.Unmarshal(raw, &list) == nil
	return list, ok
}

// textIn returns the text in raw, or false if raw, which was checked, is none.
func textIn(raw rawJSON) (s string, ok bool) {
	ok = raw[0] == '"' && json.Unmarshal(raw, &s) == nil
	return s, ok
}

// decodeBase64 decodes a string of JSON that is what encoding the bytes gives: package
// encoding/json takes line ends too, and last characters with bits that are lost.
func decodeBase64(raw rawJSON) (b []byte, ok bool) {
	s, ok := textIn(raw)
	if !ok || json.Unmarshal(raw, &b) != nil {
		return nil, false
	}
	return b, string(text.AppendBase64(nil, b)) == `"`+s+`"`
}

// JSONError says that JSON cannot be read as a packet, and why.
type JSONError struct {
	// Key is the place, such as "will.qos" or "props[2].value"; empty for the JSON
	// as a whole.
	Key string

	// Value is what stands there: as JSON has it, cut if it is long; empty if it may
	// be a secret or nothing is there.
	Value string

	// Want says what has to stand there.
	Want string

	// Err is the error of package encoding/json, where the JSON is none; the
	// *mqttwire.Error of a property that was refused; else nil.
	Err error
}

// Unwrap returns Err.
func (e *JSONError) Unwrap() error { return e.Err }

// Error returns one line: the place, what stands there, and what has to.
func (e *JSONError) Error() string {
	s := "mqttwire: JSON"
	if e.Key != "" {
		s += ": " + e.Key
	}
	if e.Value != "" {
		s += " is " + e.Value
	}
	if e.Want != "" {
		s += "; want " + e.Want
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}
