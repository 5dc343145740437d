package main

import (
	"fmt"
	"strconv"

	"github.com/mqttwire/mqttwire/capture"
)

// How many bytes of what is shown, in text.
const (
	mostName    = 128 // topics, client identifiers
	mostValue   = 64  // values of properties
	mostPayload = 48
)

// appendText appends the line for an event in text: time, stream, addresses,
// packet type, then what the packet says, then what is wrong with it. The line is
// built in one buffer, not put together from strings.
func appendText(b []byte, file string, e capture.Event, secrets bool, c palette) []byte {
	if file != "" {
		b = append(b, printable(file)+": "...)
	}
	if !e.Time.IsZero() {
		b = append(b, c.quiet.Sprint(e.Time.Format("2006-01-02 15:04:05.000000"))+"  "...)
	}
	if e.Src.IsValid() {
		b = fmt.Appendf(b, "%2d  ", e.Stream)
		b = append(e.Src.AppendTo(b), " > "...)
		b = append(e.Dst.AppendTo(b), "  "...)
	} else {
		b = fmt.Appendf(b, "%4d  ", e.Record)
	}
	b = appendPacket(b, e, secrets, c)
	if e.Kind == capture.PartialPacket {
		b = append(b, c.fault.Sprintf("  INCOMPLETE: %d bytes of it are in the capture", e.Bytes)...)
	}
	if e.Err != nil {
		b = append(b, c.fault.Sprintf("  %s: %s", blame(e), printable(message(e.Err)))...)
	}
	if e.Kind == capture.BrokenHeader {
		b = append(b, "; "+e.Note...)
	}
	return append(b, '\n')
}

// typeColumn is blank, and as wide as the longest packet type, UNSUBSCRIBE.
const typeColumn = "           "

// appendPacket appends the packet type, in a column if something follows it,
// and what the packet says.
func appendPacket(b []byte, e capture.Event, secrets bool, c palette) []byte {
	t := e.Frame.Header.Type
	b = append(b, c.types[t&15].Sprint(t)...)
	column := append(b, typeColumn[min(len(t.String()), len(typeColumn)):]...)
	if line := appendSummary(column, e, secrets); len(line) > len(column) {
		return line
	}
	return b
}

// appendSummary appends what a packet says, as far as it could be decoded.
func appendSummary(b []byte, e capture.Event, secrets bool) []byte {
	if e.VersionGuessed {
		b = append(b, " ("+e.Version.String()+"?)"...)
	}
	switch h := e.Frame.Header; {
	case e.Packet != nil:
		b = describe(b, e, secrets)
	case h.Size > 0:
		b = fmt.Appendf(b, " flags=%d length=%d", h.Flags, h.RemainingLength)
	}
	return b
}

// blame is the word for what is wrong.
func blame(e capture.Event) string {
	if e.Packet == nil {
		return "MALFORMED"
	}
	return "NOT ALLOWED HERE"
}

// words builds what a packet says: name=value and flags.
type words struct{ b []byte }

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
	w.value(name, "")
	w.b = strconv.AppendUint(w.b, n, 10)
}

// bytes adds bytes from the wire.
func (w *words) bytes(name string, b []byte, most int) {
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
