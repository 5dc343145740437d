package packets

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
)

// newNamed returns an empty packet of the type that the JSON names, or nil.
func newNamed(r *jsonReader) packet {
	raw := r.members["type"]
	for t := range mqttwire.PacketType(len(newPacket)) {
		if p := newOf(t); p != nil && names(raw, t) {
			return p
		}
	}
	r.fail("type", raw, "the name of a packet type, such as \"PUBLISH\"")
	return nil
}

// names reports whether raw, if it is there, is the name of a packet type.
func names(raw rawJSON, t mqttwire.PacketType) bool {
	if len(raw) == 0 {
		return false
	}
	s, ok := textIn(raw)
	return ok && s == t.String()
}

// readPacket reads b into p, which is left reset on error. As package encoding/json
// wants it, null changes nothing.
func readPacket(p packet, b []byte) error {
	if string(b) == "null" {
		return nil
	}
	p.reset(0)
	r, err := readMembers(b)
	if err != nil {
		return err
	}
	if err := r.packet(p, false); err != nil {
		p.reset(0)
		return err
	}
	return nil
}

// readPart reads b into a part of a packet, which is left as it was on error.
func readPart[T any](b []byte, part *T, visit func(*T, visitor)) error {
	if string(b) == "null" {
		return nil
	}
	r, err := readMembers(b)
	if err != nil {
		return err
	}
	var read T
	visit(&read, r)
	if err := r.end(false); err != nil {
		return err
	}
	*part = read
	return nil
}

// jsonReader is the visitor that reads an object of JSON. Each field takes its
// members out; what is left over is unknown.
type jsonReader struct {
	path    string // of the object, with the dot behind it
	members map[string]rawJSON
	owner   mqttwire.PropertyOwner // of the property list: but for packets, it is the will that has one
	err     error                  // the first
}

// anyOwner is the owner of a property list that is read alone.
const anyOwner = mqttwire.PropertyOwner(0xFF)

// readMembers reads an object of JSON that is all of b.
func readMembers(b []byte) (*jsonReader, error) {
	if err := checkJSON(b); err != nil {
		return nil, err
	}
	r := &jsonReader{}
	r.read(bytes.TrimSpace(b))
	return r, r.err
}

// read reads the members of an object.
func (r *jsonReader) read(raw rawJSON) {
	r.members = map[string]rawJSON{}
	isObject := eachMember(raw, func(key string, value rawJSON) bool {
		if _, twice := r.members[key]; twice {
			r.fail(printableKey(key), nil, "each key once")
			return false
		}
		r.members[key] = value
		return true
	})
	if !isObject {
		r.failAt(r.place(), raw, "an object")
	}
}

// place is the path of the object itself.
func (r *jsonReader) place() string {
	if r.path == "" {
		return ""
	}
	return r.path[:len(r.path)-1]
}

// packet reads the packet.
func (r *jsonReader) packet(p packet, others bool) error {
	if raw, ok := r.take("type"); ok && !names(raw, p.Type()) {
		r.fail("type", raw, strconv.Quote(p.Type().String()))
	}
	r.owner = mqttwire.PropertyOwner(p.Type())
	p.visit(r)
	return r.end(others)
}

// end returns the first error, which is a member that nobody took if that is the
// only one.
func (r *jsonReader) end(others bool) error {
	if r.err != nil || others || len(r.members) == 0 {
		return r.err
	}
	first := ""
	for key := range r.members {
		if first == "" || key < first {
			first = key
		}
	}
	r.fail(printableKey(first), nil, "a key that the packet has")
	return r.err
}

// fail remembers the first error, at a member whose value is raw, or nil where that
// is not to be told.
func (r *jsonReader) fail(key string, raw rawJSON, want string) {
	r.failAt(r.path+key, raw, want)
}

func (r *jsonReader) failAt(place string, raw rawJSON, want string) {
	if r.err == nil {
		r.err = &JSONError{Key: place, Value: shownValue(raw), Want: want}
	}
}

// How much of a key or of a value an error shows, in bytes.
const maxShownJSON = 64

// shownValue is a value as an error shows it: what has parts may hold a secret.
func shownValue(raw rawJSON) string {
	switch {
	case len(raw) == 0:
		return ""
	case raw[0] == '{':
		return "an object"
	case raw[0] == '[':
		return "a list"
	case raw[0] != '"':
		return cutText(string(raw))
	}
	s, _ := textIn(raw)
	return string(text.AppendJSON(nil, []byte(cutText(s))))
}

// printableKey is a key as an error shows it.
func printableKey(key string) string {
	b := text.AppendJSON(nil, []byte(cutText(key)))
	return string(b[1 : len(b)-1])
}

// cutText cuts what is too long to be shown, and not within a character.
func cutText(s string) string {
	if len(s) <= maxShownJSON {
		return s
	}
	n := maxShownJSON
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// take takes a member out.
func (r *jsonReader) take(key string) (raw rawJSON, ok bool) {
	raw, ok = r.members[key]
	delete(r.members, key)
	return raw, ok
}

// integer reads a number up to most. Where it is not there, it is 0.
func (r *jsonReader) integer(key string, most uint64) uint64 {
	raw, ok := r.take(key)
	if !ok {
		return 0
	}
	return r.parse(key, raw, most)
}

// parse reads the number in raw.
func (r *jsonReader) parse(key string, raw rawJSON, most uint64) uint64 {
	n, err := strconv.ParseUint(string(raw), 10, 32)
	if err != nil || n > most {
		r.fail(key, raw, "a whole number, 0 to "+strconv.FormatUint(most, 10))
		return 0
	}
	return n
}

func (r *jsonReader) flag(key string, p *bool, _ bool) {
	raw, ok := r.take(key)
	if *p = string(raw) == "true"; ok && !*p && string(raw) != "false" {
		r.fail(key, raw, "true or false")
	}
}

func (r *jsonReader) byte(key string, p *uint8, _ bool) { *p = uint8(r.integer(key, 1<<8-1)) }

func (r *jsonReader) number(key string, p *uint16, _ bool) { *p = uint16(r.integer(key, 1<<16-1)) }

func (r *jsonReader) code(key string, p *mqttwire.ReasonCode, _ mqttwire.PacketType, _ bool) {
	*p = mqttwire.ReasonCode(r.integer(key, 1<<8-1))
	r.take(key + "_name")
}

func (r *jsonReader) codes(key string, p *[]mqttwire.ReasonCode, _ bool) {
	entries := r.entries(key)
	if len(entries) == 0 {
		return
	}
	*p = make([]mqttwire.ReasonCode, len(entries))
	for i, raw := range entries {
		(*p)[i] = mqttwire.ReasonCode(r.parse(indexed(key, i), raw, 1<<8-1))
	}
}

// indexed is the place of entry i of a list.
func indexed(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

// entries reads a list.
func (r *jsonReader) entries(key string) (list []rawJSON) {
	raw, ok := r.take(key)
	if !ok {
		return nil
	}
	raw = bytes.TrimSpace(raw) // as a list alone may have space around it
	if list, ok = entriesOf(raw); !ok {
		r.fail(key, raw, "a list")
	}
	return list
}

// within returns a reader of an object within this one's.
func (r *jsonReader) within(key string, raw rawJSON) *jsonReader {
	inner := &jsonReader{path: r.path + key + ".", err: r.err}
	if r.err == nil {
		inner.read(raw)
	}
	return inner
}

func (r *jsonReader) object(key string, _ bool, create func(), fields func(visitor)) {
	raw, ok := r.take(key)
	if !ok {
		return
	}
	create()
	inner := r.within(key, raw)
	fields(inner)
	r.err = inner.end(false)
}

func (r *jsonReader) list(key string, _ int, create func(int), entry func(int, visitor)) {
	entries := r.entries(key)
	if len(entries) == 0 {
		return
	}
	create(len(entries))
	for i, raw := range entries {
		inner := r.within(indexed(key, i), raw)
		entry(i, inner)
		if r.err = inner.end(false); r.err != nil {
			return
		}
	}
}

func (r *jsonReader) text(key string, p *[]byte) { *p = r.bytes(key, false) }

func (r *jsonReader) secret(key string, p *[]byte) { *p = r.bytes(key, true) }

func (r *jsonReader) payload(key string, p *[]byte) { *p = r.bytes(key, false) }

// bytes reads text, or what stands for it in base64. It returns nil if neither is
// there. Of a secret, errors do not show the value.
func (r *jsonReader) bytes(key string, secret bool) []byte {
	const suffix64, suffixLen = "_base64", "_len"
	plain, isText := r.take(key)
	coded, isCoded := r.take(key + suffix64)
	length, isCut := r.take(key + suffixLen)
	switch {
	case isText && isCoded:
		r.fail(key+suffix64, nil, "only one of it and "+key)
	case isText:
		return r.string(key, plain, secret)
	case isCoded:
		b, ok := decodeBase64(coded)
		if !ok {
			r.fail(key+suffix64, unless(secret, coded), "text in base64")
		}
		return b
	case isCut:
		r.fail(key+suffixLen, length, key+" itself, which was left out of the JSON")
	}
	return nil
}

// unless returns raw, if it is no secret.
func unless(secret bool, raw rawJSON) rawJSON {
	if secret {
		return nil
	}
	return raw
}

// string reads text, which is never nil. What package encoding/json would replace
// is refused.
func (r *jsonReader) string(key string, raw rawJSON, secret bool) []byte {
	s, ok := textIn(raw)
	switch {
	case !ok:
		r.fail(key, unless(secret, raw), "text")
	case hasLoneSurrogate(raw):
		r.fail(key, unless(secret, raw), "text without half of a surrogate pair")
	}
	return []byte(s)
}

// hasLoneSurrogate reports whether a string of JSON has an escape for half a
// character.
func hasLoneSurrogate(raw rawJSON) bool {
	const escape = len(`\u0000`)
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		switch unit := escapedUnit(raw[i:]); {
		case unit>>10 == 0xD800>>10:
			if escapedUnit(raw[i+escape:])>>10 != 0xDC00>>10 {
				return true
			}
			i += 2*escape - 1
		case unit>>10 == 0xDC00>>10:
			return true
		default:
			i++ // what is escaped may be a backslash
		}
	}
	return false
}

// escapedUnit returns the number of the \uXXXX that b begins with, or 0.
func escapedUnit(b []byte) uint64 {
	if len(b) < len(`\u0000`) || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	n, _ := strconv.ParseUint(string(b[2:len(`\u0000`)]), 16, 16) // digits, as was checked
	return n
}

func (r *jsonReader) properties(key string, p *mqttwire.Properties) {
	entries := r.entries(key)
	if len(entries) == 0 {
		return
	}
	var b mqttwire.PropertyBuilder
	b.Reset()
	for i, raw := range entries {
		inner := r.within(indexed(key, i), raw)
		inner.property(&b)
		if r.err = inner.end(false); r.err == nil {
			r.refused(indexed(key, i), b.Properties())
		}
		if r.err != nil {
			return
		}
	}
	*p = b.Properties().Clone() // without room for more
}

// refused fails if the property at key was refused: now, as one that comes later
// would take its place.
func (r *jsonReader) refused(key string, p mqttwire.Properties) {
	err := p.Err()
	if err == nil {
		return
	}
	if r.owner != anyOwner { // which may have more to say
		_, err = p.Append(nil, r.owner)
	}
	r.err = &JSONError{Key: r.path + key, Err: err}
}

// property reads a property and adds it to the list.
func (r *jsonReader) property(b *mqttwire.PropertyBuilder) {
	id := r.propertyID()
	switch q := (mqttwire.Property{ID: id}); {
	case r.err != nil:
	case q.IsNumber():
		raw, ok := r.take("value")
		if !ok {
			r.fail("value", nil, "a number")
			return
		}
		wire.AddNumber(b, id, uint32(r.parse("value", raw, uint64(wire.MaxNumber(id)))))
	default:
		r.bytesProperty(b, id)
	}
}

// bytesProperty is property for those that are not numbers.
func (r *jsonReader) bytesProperty(b *mqttwire.PropertyBuilder, id mqttwire.PropertyID) {
	var name []byte
	if id == mqttwire.UserProperty {
		if name = r.bytes("key", false); name == nil {
			r.fail("key", nil, "text")
		}
	}
	value := r.bytes("value", id == mqttwire.AuthenticationData)
	switch {
	case r.err != nil:
	case value == nil:
		r.fail("value", nil, "text")
	case id == mqttwire.UserProperty:
		b.AddUser(name, value)
	default:
		wire.AddBytes(b, id, value)
	}
}

// propertyID reads which property it is: by its number, its name or both.
func (r *jsonReader) propertyID() mqttwire.PropertyID {
	number, byNumber := r.take("id")
	name, byName := r.take("name")
	id := mqttwire.PropertyID(0)
	if byNumber {
		id = mqttwire.PropertyID(r.parse("id", number, 1<<8-1))
		if wire.PropertyName(id) == "" {
			r.fail("id", number, "the identifier of a property")
		}
	}
	if !byName {
		if !byNumber {
			r.fail("id", nil, "the identifier of a property")
		}
		return id
	}
	named := mqttwire.PropertyID(0)
	if s := r.string("name", name, false); r.err == nil {
		named = wire.PropertyNamed(string(s))
	}
	if named == 0 || byNumber && named != id {
		r.fail("name", name, "the name of the property, such as \"TopicAlias\"")
	}
	return named
}
