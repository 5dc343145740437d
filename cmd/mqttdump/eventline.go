package main

import (
	"strconv"

	"github.com/mqttwire/mqttwire/capture"
)

// What is no packet: that bytes are missing, that a connection was reset, and so on.

// eventName is what an event is called, in text and in JSON.
func eventName(k capture.Kind) string {
	switch k {
	case capture.LostBytes:
		return "lost"
	case capture.SkippedBytes:
		return "skipped"
	case capture.NotMQTT:
		return "notMQTT"
	case capture.ProxyHeader:
		return "proxy"
	case capture.StageNote:
		return "note"
	case capture.Closed:
		return "closed"
	case capture.Reset:
		return "reset"
	case capture.Refused:
		return "refused"
	case capture.Unanswered:
		return "unanswered"
	case capture.Silence:
		return "silence"
	case capture.Dropped:
		return "dropped"
	}
	return ""
}

// isPacket reports whether an event is a packet, or as much of one as there is.
func isPacket(e *capture.Event) bool {
	return e.Kind == capture.WholePacket || e.Kind == capture.PartialPacket || e.Kind == capture.BrokenHeader
}

// appendEvent appends what happened.
func (t *textLines) appendEvent(b []byte, e *capture.Event) []byte {
	start := len(b)
	b = pad(append(b, eventName(e.Kind)...), start, typeWidth)
	text := string(b[start:])
	b = append(t.paint.event.append(b[:start], text), ' ')
	if e.Kind == capture.LostBytes || e.Kind == capture.SkippedBytes {
		if e.Bytes > 0 {
			b = append(strconv.AppendInt(b, e.Bytes, 10), " bytes: "...)
		}
	}
	return append(b, printable(e.Note)...)
}

// event writes the members of an event that is no packet.
func (l *jsonLines) event(o *jsonObject, e *capture.Event) {
	o.text("event", eventName(e.Kind))
	o.flag("bridge", e.Bridge)
	o.text("note", e.Note)
	switch e.Kind {
	case capture.LostBytes, capture.SkippedBytes:
		o.number("bytes", e.Bytes)
		o.flag("packetsLost", e.PacketsLost)
	case capture.Silence:
		o.key("gap")
		o.b = strconv.AppendFloat(o.b, e.Gap.Seconds(), 'f', -1, 64)
	case capture.NotMQTT:
		if e.Foreign != 0 {
			o.text("protocol", e.Foreign.Protocol())
		}
	case capture.ProxyHeader:
		if e.Proxy != nil {
			l.proxy(o, e)
		}
	}
	o.flag("stopped", e.Stopped)
}

// proxy writes a PROXY protocol header.
func (l *jsonLines) proxy(o *jsonObject, e *capture.Event) {
	o.key("proxy")
	o.b = append(o.b, '{')
	o.number("version", int64(e.Proxy.Version))
	o.flag("local", e.Proxy.Local)
	if e.Proxy.Source.IsValid() {
		o.text("source", e.Proxy.Source.String())
		o.text("destination", e.Proxy.Destination.String())
	}
	o.b = append(o.b, '}')
}
