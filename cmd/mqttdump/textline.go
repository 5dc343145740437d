package main

import (
	"strconv"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// How many bytes of what is shown, in text.
const (
	mostName    = 128 // topics, client identifiers
	mostValue   = 64  // values of properties
	mostPayload = 48
)

// textLines builds lines of text.
type textLines struct {
	secrets bool
	time    timeColumn
	columns *connectionColumns
	paint   palette
	types   [16][]byte // the packet types in their column
}

func newTextLines(o *showOptions, paint palette) *textLines {
	t := &textLines{
		secrets: o.secrets, time: timeColumn{style: o.time, zone: o.zone},
		columns: newConnectionColumns(paint), paint: paint,
	}
	for i := range t.types {
		t.types[i] = paint.types[i].append(nil, typeName(i))
	}
	return t
}

// append appends the line for an event: time, connection, packet type, what the
// packet says, and what is wrong with it. saved names the file that its payload went
// to, or is empty.
func (t *textLines) append(b []byte, file string, e *capture.Event, saved string) []byte {
	if file != "" {
		b = append(b, printable(file)+": "...)
	}
	b = t.appendPlace(b, e)
	switch e.Kind {
	case capture.WholePacket, capture.PartialPacket, capture.BrokenHeader:
		b = t.appendPacket(b, e)
		if saved != "" {
			b = append(append(b, " saved="...), saved...)
		}
		b = t.appendFault(b, e)
	default:
		b = t.appendEvent(b, e)
	}
	return append(b, '\n')
}

// appendPlace appends time and connection.
func (t *textLines) appendPlace(b []byte, e *capture.Event) []byte {
	l := t.columns.of(e)
	if !e.Time.IsZero() {
		b = append(b, t.paint.quiet.on...)
		b = t.time.append(b, e.Time, l.last)
		b = append(append(b, t.paint.quiet.off...), ' ')
		l.last = e.Time
	}
	if e.Src.IsValid() {
		return t.columns.append(b, l, e)
	}
	start := len(b)
	b = append(padLeft(strconv.AppendInt(b, int64(e.Record), 10), start, streamWidth), ' ')
	return t.columns.appendClient(b, e.ClientID, e.Sender)
}

// typeWidth is as wide as the longest packet type, UNSUBSCRIBE.
const typeWidth = len("UNSUBSCRIBE")

// appendPacket appends the packet type, in a column if something follows it,
// and what the packet says.
func (t *textLines) appendPacket(b []byte, e *capture.Event) []byte {
	n := e.Frame.Header.Type & 15
	b = append(b, t.types[n]...)
	end := len(b)
	b = append(b, blanks[:typeWidth-min(len(typeName(int(n))), typeWidth)]...)
	column := len(b)
	if b = t.appendSummary(b, e); len(b) == column {
		return b[:end]
	}
	return b
}

// appendSummary appends what a packet says, as far as it could be decoded.
func (t *textLines) appendSummary(b []byte, e *capture.Event) []byte {
	if e.VersionGuessed {
		b = append(append(append(b, " ("...), e.Version.String()...), "?)"...)
	}
	p := e.Packet
	if p == nil {
		p = e.Partial
	}
	switch h := e.Frame.Header; {
	case p != nil:
		b = describe(b, p, e, t.secrets)
	case h.Size > 0:
		b = strconv.AppendUint(append(b, " flags="...), uint64(h.Flags), 10)
		b = strconv.AppendUint(append(b, " length="...), uint64(h.RemainingLength), 10)
	}
	if e.Resumed {
		b = append(b, " (found again)"...)
	}
	return b
}

// appendFault appends what is wrong.
func (t *textLines) appendFault(b []byte, e *capture.Event) []byte {
	if e.Kind != capture.PartialPacket && e.Err == nil {
		return b
	}
	b = append(b, t.paint.fault.on...)
	switch {
	case e.Cause == capture.OverLimit && e.Kind == capture.PartialPacket:
		b = strconv.AppendInt(append(b, "  SHOWN IN PART: it has "...), e.Bytes, 10)
		b = append(b, " bytes"...)
	case e.Kind == capture.PartialPacket:
		b = strconv.AppendInt(append(b, "  INCOMPLETE: "...), e.Bytes, 10)
		if h := e.Frame.Header; h.Size > 0 {
			b = strconv.AppendInt(append(b, " of "...), int64(h.Size)+int64(h.RemainingLength), 10)
		}
		b = append(append(b, " bytes; "...), e.Note...)
	}
	if e.Err != nil {
		b = append(append(append(b, "  "...), blame(e)...), ": "...)
		b = append(b, printable(message(e.Err))...)
	}
	if e.Kind == capture.BrokenHeader {
		b = append(append(b, "; "...), e.Note...)
	}
	return append(b, t.paint.fault.off...)
}

// blame is the word for what is wrong.
func blame(e *capture.Event) string {
	if e.Packet == nil {
		return "MALFORMED"
	}
	return "NOT ALLOWED HERE"
}

// words builds what a packet says: name=value and flags. Of a packet that is not whole
// what is zero is left out, as it may only not have been read.
type words struct {
	b    []byte
	part bool
}

// flag adds a word if a flag is set.
func (w *words) flag(name string, set bool) {
	if set {
		w.b = append(append(w.b, ' '), name...)
	}
}

// value adds name=value, where the value is safe to print.
func (w *words) value(name, value string) {
	w.b = append(append(append(append(w.b, ' '), name...), '='), value...)
}

// number adds name=number.
func (w *words) number(name string, n uint64) {
	if n == 0 && w.part {
		return
	}
	w.value(name, "")
	w.b = strconv.AppendUint(w.b, n, 10)
}

// bytes adds bytes from the wire.
func (w *words) bytes(name string, b []byte, most int) {
	if len(b) == 0 && w.part {
		return
	}
	w.value(name, "")
	w.b = appendQuote(w.b, b, most)
}

// quoted adds bytes from the wire whose place tells what they are.
func (w *words) quoted(b []byte, most int) { w.b = appendQuote(append(w.b, ' '), b, most) }

// secret adds bytes that are shown only on demand.
func (w *words) secret(name string, b []byte, shown bool) {
	switch {
	case b == nil:
	case shown:
		w.bytes(name, b, mostName)
	default:
		w.value(name, hidden)
	}
}

// hidden stands where a secret is not shown.
const hidden = "(hidden)"

// typeName is the name of a packet type, by its number.
func typeName(n int) string { return mqttwire.PacketType(n).String() }
