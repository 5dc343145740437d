package packets

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
)

// slogValue is slog.Value, for the files of the packets: this one alone has to do
// with logs.
type slogValue = slog.Value

// logPacket returns the packet as a group: the fields that JSON has, with its
// names, but secrets and payloads by their length, and text and lists cut as String
// cuts them. Nothing in it aliases the packet.
func logPacket(p packet) slog.Value {
	l := logWriter{attrs: []slog.Attr{slog.String("type", p.Type().String())}}
	p.visit(&l)
	return slog.GroupValue(l.attrs...)
}

// LogError returns an error for package log/slog: an *mqttwire.Error, or an error
// that wraps one, as a group of the fields that mqttwire.Error.AppendJSON has, any
// other as its text, and nil as nothing. Before the message stands what the wrapping
// error says there. Nothing is made before a handler asks.
//
//	logger.Warn("refused", "error", packets.LogError(err))
func LogError(err error) slog.LogValuer { return loggedError{err} }

// loggedError is an error that is written to a log as a group.
type loggedError struct{ err error }

// LogValue returns the group.
func (l loggedError) LogValue() slog.Value {
	var e *mqttwire.Error
	switch {
	case l.err == nil || l.err == error(e): // a nil *mqttwire.Error is not a nil error
		return slog.Value{}
	case !errors.As(l.err, &e) || e == nil:
		return slog.StringValue(l.err.Error())
	}
	line := e.Error()
	message := strings.Replace(l.err.Error(), line, strings.TrimPrefix(line, "mqttwire: "), 1)
	group := errorLogger{{Key: "message", Value: slog.StringValue(message)}}
	wire.VisitError(e, &group)
	return slog.GroupValue(group...)
}

// errorLogger makes a group of what is known of an error.
type errorLogger []slog.Attr

// Word adds a text.
func (l *errorLogger) Word(key, word string) { *l = append(*l, slog.String(key, word)) }

// Number adds a number.
func (l *errorLogger) Number(key string, n int64) { *l = append(*l, slog.Int64(key, n)) }

// Flag adds true.
func (l *errorLogger) Flag(key string) { *l = append(*l, slog.Bool(key, true)) }

// logWriter is the visitor that makes a group for a log.
type logWriter struct{ attrs []slog.Attr }

func (l *logWriter) add(key string, value slog.Value) {
	l.attrs = append(l.attrs, slog.Attr{Key: key, Value: value})
}

func (l *logWriter) integer(key string, n uint64, rare bool) {
	if n != 0 || !rare {
		l.add(key, slog.Uint64Value(n))
	}
}

func (l *logWriter) flag(key string, p *bool, rare bool) {
	if *p || !rare {
		l.add(key, slog.BoolValue(*p))
	}
}

func (l *logWriter) byte(key string, p *uint8, rare bool) { l.integer(key, uint64(*p), rare) }

func (l *logWriter) number(key string, p *uint16, rare bool) { l.integer(key, uint64(*p), rare) }

func (l *logWriter) code(key string, p *mqttwire.ReasonCode, t mqttwire.PacketType, rare bool) {
	l.integer(key, uint64(*p), rare)
	if name := p.Name(t, 0); name != "" && (*p != 0 || !rare) {
		l.add(key+"_name", slog.StringValue(name))
	}
}

func (l *logWriter) codes(key string, p *[]mqttwire.ReasonCode, rare bool) {
	if len(*p) == 0 && rare {
		return
	}
	shown := make([]int, 0, min(len(*p), maxLineEntries))
	for _, code := range (*p)[:cap(shown)] {
		shown = append(shown, int(code))
	}
	l.add(key, slog.AnyValue(shown))
	l.more(key, len(*p))
}

// more tells how many entries a list has that are not shown.
func (l *logWriter) more(key string, n int) {
	if n > maxLineEntries {
		l.integer(key+"_more", uint64(n-maxLineEntries), always)
	}
}

func (l *logWriter) text(key string, p *[]byte) { l.add(key, slog.StringValue(logText(*p))) }

// logText is text of the wire as a log has it: cut if it is long, and with what is no
// UTF-8 escaped, for handlers that would write it as it is.
func logText(b []byte) string {
	more := ""
	if len(b) > maxLineBytes {
		b, more = b[:maxLineBytes], "..."
		for n := len(b) - 1; n > maxLineBytes-utf8.UTFMax; n-- { // not within a character
			if utf8.RuneStart(b[n]) {
				if !utf8.FullRune(b[n:]) {
					b = b[:n]
				}
				break
			}
		}
	}
	if utf8.Valid(b) {
		return string(b) + more
	}
	quoted := strconv.Quote(string(b))
	return quoted[1:len(quoted)-1] + more
}

func (l *logWriter) secret(key string, p *[]byte) {
	if *p != nil {
		l.payload(key, p)
	}
}

func (l *logWriter) payload(key string, p *[]byte) {
	l.integer(key+"_len", uint64(len(*p)), always)
}

// properties adds a group with an attribute for each property, and with a list of
// texts for one that repeats.
func (l *logWriter) properties(key string, p *mqttwire.Properties) {
	var group logWriter
	n := 0
	for q := range p.All() {
		if n++; n <= maxLineEntries {
			group.property(q)
		}
	}
	if n > 0 {
		l.add(key, slog.GroupValue(group.attrs...))
		l.more(key, n)
	}
}

func (l *logWriter) property(q mqttwire.Property) {
	name := wire.PropertyName(q.ID)
	value := slog.StringValue(logText(q.Value()))
	switch {
	case q.ID == mqttwire.AuthenticationData:
		name, value = name+"_len", slog.IntValue(len(q.Value()))
	case q.IsNumber():
		value = slog.Uint64Value(uint64(q.Number))
	case q.ID == mqttwire.UserProperty:
		value = slog.StringValue(logText(q.Name()) + "=" + logText(q.Value()))
	}
	for i := range l.attrs {
		if a := &l.attrs[i]; a.Key == name {
			a.Value = appendValue(a.Value, value)
			return
		}
	}
	l.add(name, value)
}

// appendValue makes a list of an attribute's value and another one.
func appendValue(list, value slog.Value) slog.Value {
	texts, ok := list.Any().([]string)
	if !ok {
		texts = []string{list.String()}
	}
	return slog.AnyValue(append(texts, value.String()))
}

func (l *logWriter) object(key string, there bool, _ func(), fields func(visitor)) {
	if there {
		var group logWriter
		fields(&group)
		l.add(key, slog.GroupValue(group.attrs...))
	}
}

// list adds a group with a group for each entry, by its number from 0.
func (l *logWriter) list(key string, n int, _ func(int), entry func(int, visitor)) {
	var group logWriter
	for i := range min(n, maxLineEntries) {
		var one logWriter
		entry(i, &one)
		group.add(strconv.Itoa(i), slog.GroupValue(one.attrs...))
	}
	l.add(key, slog.GroupValue(group.attrs...))
	l.more(key, n)
}
