package packets

import (
	"strconv"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
)

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
