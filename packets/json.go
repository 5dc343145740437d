package packets

import (
	"strconv"

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

// Append is the function AppendJSON, with what o says.
func (o JSON) Append(dst []byte, p mqttwire.Packet) ([]byte, error) {
	q, ok := p.(packet)
	if !ok {
		return dst, &JSONError{Key: "type", Want: "that of a packet of package packets"}
	}
	w := jsonWriter{options: o, b: append(dst, `{"type":"`...)}
	w.b = append(append(w.b, p.Type().String()...), '"')
	q.visit(&w)
	return w.end(dst)
}

// AppendProperties appends a property list alone: see JSON for the form.
func (o JSON) AppendProperties(dst []byte, p mqttwire.Properties) ([]byte, error) {
	return wire.AppendPropertiesJSON(dst, &p, o.Secrets)
}

// marshalPart returns the JSON of a part of a packet.
func marshalPart(visit func(visitor)) ([]byte, error) {
	w := jsonWriter{b: []byte{'{'}}
	visit(&w)
	return w.end(nil)
}

// jsonWriter is the visitor that writes JSON.
type jsonWriter struct {
	options JSON
	b       []byte
	err     error // the first
}

// end ends the object, or gives dst back with the error.
func (w *jsonWriter) end(dst []byte) ([]byte, error) {
	if w.err != nil {
		return dst, w.err
	}
	return append(w.b, '}'), nil
}

// next separates a member from the one before.
func (w *jsonWriter) next() {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
}

func (w *jsonWriter) key(key string) {
	w.next()
	w.b = append(append(append(w.b, '"'), key...), `":`...)
}

func (w *jsonWriter) integer(key string, n uint64, rare bool) {
	if n != 0 || !rare {
		w.key(key)
		w.b = strconv.AppendUint(w.b, n, 10)
	}
}

func (w *jsonWriter) flag(key string, p *bool, rare bool) {
	if *p || !rare {
		w.key(key)
		w.b = strconv.AppendBool(w.b, *p)
	}
}

func (w *jsonWriter) byte(key string, p *uint8, rare bool) { w.integer(key, uint64(*p), rare) }

func (w *jsonWriter) number(key string, p *uint16, rare bool) { w.integer(key, uint64(*p), rare) }

func (w *jsonWriter) code(key string, p *mqttwire.ReasonCode, t mqttwire.PacketType, rare bool) {
	w.integer(key, uint64(*p), rare)
	if name := p.Name(t, 0); name != "" && (*p != 0 || !rare) {
		w.key(key + "_name")
		w.b = text.AppendJSON(w.b, []byte(name))
	}
}

func (w *jsonWriter) codes(key string, p *[]mqttwire.ReasonCode, rare bool) {
	if len(*p) == 0 && rare {
		return
	}
	w.key(key)
	w.b = append(w.b, '[')
	for i, code := range *p {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = strconv.AppendUint(w.b, uint64(code), 10)
	}
	w.b = append(w.b, ']')
}

func (w *jsonWriter) text(key string, p *[]byte) {
	w.next()
	w.b = text.AppendJSONBytes(w.b, key, *p)
}

func (w *jsonWriter) secret(key string, p *[]byte) {
	switch {
	case *p == nil:
	case w.options.Secrets:
		w.text(key, p)
	default:
		w.integer(key+"_len", uint64(len(*p)), always)
	}
}

func (w *jsonWriter) payload(key string, p *[]byte) {
	if most := w.options.MaxPayload; most > 0 && len(*p) > most {
		w.integer(key+"_len", uint64(len(*p)), always)
		return
	}
	w.text(key, p)
}

func (w *jsonWriter) properties(key string, p *mqttwire.Properties) {
	if p.Empty() && p.Err() == nil {
		return
	}
	w.key(key)
	b, err := wire.AppendPropertiesJSON(w.b, p, w.options.Secrets)
	if w.b = b; err != nil && w.err == nil {
		w.err = err
	}
}

func (w *jsonWriter) object(key string, there bool, _ func(), fields func(visitor)) {
	if !there {
		return
	}
	w.key(key)
	w.b = append(w.b, '{')
	fields(w)
	w.b = append(w.b, '}')
}

func (w *jsonWriter) list(key string, n int, _ func(int), entry func(int, visitor)) {
	w.key(key)
	w.b = append(w.b, '[')
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '{')
		entry(i, w)
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
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
