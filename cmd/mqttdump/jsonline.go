package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// A line of JSON is one object of three parts: where a packet was seen, the packet as
// packets.JSON writes it, and what is to be said about it. An event that is no packet
// has "event" in place of "type". What there is not is left out. The keys are
// documented in docs/mqttdump.md.

// jsonLines builds lines of JSON.
type jsonLines struct {
	secrets    bool
	maxPayload int // in bytes, or 0; of a longer one only length and digest are shown
	addresses  addressText
}

func newJSONLines(o *showOptions) *jsonLines {
	return &jsonLines{secrets: o.secrets, maxPayload: o.maxPayload}
}

// append appends the line for an event.
func (l *jsonLines) append(b []byte, file string, e *capture.Event, saved string) []byte {
	o := &jsonObject{append(b, '{')}
	l.place(o, file, e)
	switch e.Kind {
	case capture.WholePacket, capture.PartialPacket, capture.BrokenHeader:
		l.header(o, e)
		l.packet(o, e)
		l.remarks(o, e)
		o.text("payload_file", saved)
	default:
		l.event(o, e)
	}
	return append(o.b, '}', '\n')
}

// place says where and of which connection something was seen.
func (l *jsonLines) place(o *jsonObject, file string, e *capture.Event) {
	o.text("file", file)
	o.number("frame", int64(e.Record))
	o.key("ts")
	o.b = appendTimestamp(o.b, e.Time)
	o.number("stream", int64(e.Stream))
	if e.Src.IsValid() {
		o.key("src")
		o.b = append(append(append(o.b, '"'), l.addresses.of(e.Src)...), '"')
		o.key("dst")
		o.b = append(append(append(o.b, '"'), l.addresses.of(e.Dst)...), '"')
	}
	if e.Client.IsValid() {
		o.text("client_addr", e.Client.String())
	}
	o.text("client", e.ClientID)
	o.text("side", sideName(e.Sender))
	o.text("via", e.Via)
}

// sideName is the side of a sender, or empty.
func sideName(s mqttwire.Sender) string {
	switch s {
	case mqttwire.FromClient:
		return "client"
	case mqttwire.FromServer:
		return "server"
	}
	return ""
}

// header says what is known of a packet but not in it.
func (l *jsonLines) header(o *jsonObject, e *capture.Event) {
	h := e.Frame.Header
	o.number("flags", int64(h.Flags))
	if h.Size > 0 {
		o.number("len", int64(h.RemainingLength))
	}
	if h.Type == mqttwire.CONNECT { // it has version and bridge itself
		if name, rest, err := mqttwire.ConsumeBinary(e.Frame.Body); err == nil && len(rest) >= 2 {
			o.bytes("protocol", name)
			o.number("connectFlags", int64(rest[1]))
		}
		return
	}
	o.flag("bridge", e.Bridge)
	if e.Version != 0 {
		o.number("version", int64(e.Version))
		o.flag("versionGuessed", e.VersionGuessed)
	}
}

// packet writes the packet, or what could be read of it, or only its type.
func (l *jsonLines) packet(o *jsonObject, e *capture.Event) {
	w := packets.JSON{Secrets: l.secrets, MaxPayload: l.maxPayload}
	switch {
	case e.Packet != nil:
		o.b = append(o.b, ',')
		start := len(o.b)
		b, err := w.Append(o.b, e.Packet)
		must(err)                    // a packet that was decoded has JSON
		copy(b[start:], b[start+1:]) // the members without the braces
		o.b = b[:len(b)-2]
		l.names(o, e.Packet, e)
	case e.Partial != nil:
		o.text("type", e.Frame.Header.Type.String())
		if b, err := w.Append(nil, e.Partial); err == nil { // it may hold what has no JSON
			o.known(b)
		}
	default:
		o.text("type", e.Frame.Header.Type.String())
		if e.Frame.Header.Type == 0 {
			o.number("typeNumber", 0)
		}
	}
}

// known appends those members of a packet that is not whole which were read: of what
// is zero nobody knows.
func (o *jsonObject) known(object []byte) {
	for key, value := range members(object) {
		switch string(value) {
		case "0", "false", `""`, "[]":
			continue
		}
		if key != "type" {
			o.key(key)
			o.b = append(o.b, value...)
		}
	}
}

// names gives codes the names that package packets does not know, as they differ by
// version.
func (l *jsonLines) names(o *jsonObject, p mqttwire.Packet, e *capture.Event) {
	t := e.Frame.Header.Type
	if c, ok := packets.ReasonCode(p); ok && (c != 0 || t == mqttwire.CONNACK) && c.Name(t, 0) == "" {
		o.text("reason_name", c.Name(t, e.Version))
	}
	codes := reasonCodes(p)
	if len(codes) == 0 {
		return
	}
	o.key("reasons_name")
	o.b = append(o.b, '[')
	for i, c := range codes {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendJSONText(o.b, []byte(c.Name(t, e.Version)))
	}
	o.b = append(o.b, ']')
}

// reasonCodes returns the list of codes of a SUBACK or UNSUBACK.
func reasonCodes(p mqttwire.Packet) []mqttwire.ReasonCode {
	switch p := p.(type) {
	case *packets.Suback:
		return p.ReasonCodes
	case *packets.Unsuback:
		return p.ReasonCodes
	}
	return nil
}

// remarks says what there is to say about a packet beyond its fields.
func (l *jsonLines) remarks(o *jsonObject, e *capture.Event) {
	if p, ok := e.Packet.(*packets.Publish); ok {
		if e.AliasTopic != nil {
			o.bytes("alias_resolved_topic", e.AliasTopic)
		}
		if l.maxPayload > 0 && len(p.Payload) > l.maxPayload {
			sum := sha256.Sum256(p.Payload)
			o.text("payload_sha256", hex.EncodeToString(sum[:]))
		}
	}
	o.flag("resumed", e.Resumed)
	if e.Kind == capture.PartialPacket {
		o.flag("incomplete", true)
		o.number("bytes_present", e.Bytes)
		o.text("note", e.Note)
	}
	if e.Err != nil {
		o.flag("malformed", e.Packet == nil)
		o.key("error")
		o.b = appendFault(o.b, e.Err)
	}
	if e.Kind == capture.BrokenHeader {
		o.text("note", e.Note)
	}
	if e.Packet == nil && e.Kind == capture.WholePacket && (l.secrets || !mayHoldSecrets(e.Frame.Header.Type)) {
		o.text("raw_hex", hex.EncodeToString(frameBytes(e.Frame)))
	}
}

// mayHoldSecrets reports whether the bytes of a packet type that cannot be
// decoded may hold a password or Authentication Data.
func mayHoldSecrets(t mqttwire.PacketType) bool {
	return t == mqttwire.CONNECT || mqttwire.AuthenticationData.AllowedIn(mqttwire.PropertyOwner(t))
}

// frameBytes returns the bytes of a frame, fixed header included.
func frameBytes(f mqttwire.Frame) []byte {
	return append(appendFixedHeader(nil, f.Header), f.Body...)
}

// appendFixedHeader appends a fixed header as it was on the wire: its length may be in
// more bytes than it needs.
func appendFixedHeader(b []byte, h mqttwire.FixedHeader) []byte {
	start := len(b)
	b = append(b, byte(h.Type)<<4|h.Flags)
	for n := h.RemainingLength; ; {
		digit := byte(n & 0x7F)
		if n >>= 7; n == 0 && len(b)-start >= int(h.Size)-1 {
			return append(b, digit)
		}
		b = append(b, digit|0x80)
	}
}

// message is an error's text without the library's name before it.
func message(err error) string { return strings.TrimPrefix(err.Error(), "mqttwire: ") }

// appendFault appends an error as an object.
func appendFault(b []byte, err error) []byte {
	var wire *mqttwire.Error
	if errors.As(err, &wire) {
		return wire.AppendJSON(b)
	}
	o := &jsonObject{append(b, '{')}
	o.text("message", message(err))
	return append(o.b, '}')
}

// appendTimestamp appends a time in seconds since 1970, to the nanosecond: a number in
// quotes, as readers would round it else. It is null where the file has no times.
func appendTimestamp(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	return append(appendNanoseconds(append(b, '"'), t), '"')
}

// appendNanoseconds appends the seconds since 1970 with nine digits behind the point.
func appendNanoseconds(b []byte, t time.Time) []byte {
	s, n := t.Unix(), t.Nanosecond()
	b = strconv.AppendInt(b, s, 10)
	digits := [10]byte{'.'}
	for i := len(digits) - 1; i > 0; i-- {
		digits[i], n = byte('0'+n%10), n/10
	}
	return append(b, digits[:]...)
}

// addressText remembers the text of addresses: those of a capture are few, and come
// again and again.
type addressText struct{ known map[netip.AddrPort]string }

// mostAddresses is how many are remembered.
const mostAddresses = 1 << 12

func (t *addressText) of(a netip.AddrPort) string {
	s, ok := t.known[a]
	if !ok {
		if t.known == nil || len(t.known) >= mostAddresses {
			t.known = make(map[netip.AddrPort]string)
		}
		s = a.String()
		t.known[a] = s
	}
	return s
}
