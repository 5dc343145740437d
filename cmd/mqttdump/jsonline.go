package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// A line of JSON is one object of three parts: where the packet was seen, the
// packet as packets.JSON writes it, and what is to be said about it. What there is
// not is left out.

// sighting is where a packet was seen, and its fixed header.
type sighting struct {
	File           string  `json:"file,omitempty"` // with several files
	Frame          int     `json:"frame"`          // number of the capture record
	TS             *string `json:"ts"`             // seconds since 1970, or null
	Stream         int     `json:"stream"`
	Src            string  `json:"src,omitempty"`
	Dst            string  `json:"dst,omitempty"`
	Client         string  `json:"client,omitempty"` // its own address, by a PROXY protocol header
	Flags          uint8   `json:"flags"`
	Len            *uint32 `json:"len,omitempty"` // remaining length
	VersionGuessed string  `json:"versionGuessed,omitempty"`
	Protocol       string  `json:"protocol,omitempty"` // of a CONNECT, as are the flags
	ConnectFlags   *uint8  `json:"connectFlags,omitempty"`
}

// remarks are what is said about a packet beyond its fields.
type remarks struct {
	AliasTopic    text            `json:"alias_resolved_topic,omitzero"`
	PayloadLen    *int            `json:"payload_len,omitempty"`    // of a payload that the packet has in full
	PayloadSHA256 string          `json:"payload_sha256,omitempty"` // its first 16 digits
	PayloadHex    *string         `json:"payload_hex,omitempty"`    // if it has at most 64 bytes
	Incomplete    bool            `json:"incomplete,omitempty"`     // not wholly in the capture
	BytesPresent  *int64          `json:"bytes_present,omitempty"`
	Malformed     bool            `json:"malformed,omitempty"`
	Error         json.RawMessage `json:"error,omitempty"`   // as mqttwire.Error.AppendJSON writes it
	Raw           *string         `json:"raw_hex,omitempty"` // of a malformed packet's first 64 bytes
	Note          string          `json:"note,omitempty"`
}

// previewSize is how many bytes a payload has at most to be shown, and how many
// of a malformed packet are.
const previewSize = 64

// writeJSON writes the line for an event in JSON.
func writeJSON(to *bytes.Buffer, file string, e capture.Event, secrets bool) {
	to.WriteByte('{')
	writeMembers(to, marshal(see(file, e)))
	writeMembers(to, packetJSON(e, secrets))
	writeMembers(to, marshal(remark(e, secrets)))
	to.WriteString("}\n")
}

// writeMembers writes the members of an object, behind those before.
func writeMembers(to *bytes.Buffer, object []byte) {
	members := object[1 : len(object)-1]
	if b := to.Bytes(); len(members) > 0 && b[len(b)-1] != '{' {
		to.WriteByte(',')
	}
	to.Write(members)
}

// marshal returns v as JSON.
func marshal(v any) []byte {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode(v); err != nil {
		panic(err) // no field has a type or a value that JSON cannot say
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// packetJSON returns the packet or, if there is none, its type.
func packetJSON(e capture.Event, secrets bool) []byte {
	if e.Packet != nil {
		o := packets.JSON{Secrets: secrets, MaxPayload: previewSize}
		b, err := o.Append(nil, e.Packet)
		if err != nil {
			panic(err) // a packet that was decoded has JSON
		}
		return b
	}
	return marshal(struct {
		Type string `json:"type"`
	}{e.Frame.Header.Type.String()})
}

// see returns where the packet was seen.
func see(file string, e capture.Event) sighting {
	h := e.Frame.Header
	s := sighting{File: file, Frame: e.Record, TS: timestamp(e), Stream: e.Stream, Flags: h.Flags}
	if e.Src.IsValid() {
		s.Src, s.Dst = e.Src.String(), e.Dst.String()
	}
	if e.Client.IsValid() {
		s.Client = e.Client.String()
	}
	if h.Size > 0 {
		s.Len = &h.RemainingLength
	}
	if e.VersionGuessed {
		s.VersionGuessed = e.Version.String()
	}
	if _, ok := e.Packet.(*packets.Connect); ok { // whose protocol name and flags are in the bytes only
		name, rest, err := mqttwire.ConsumeBinary(e.Frame.Body)
		if err == nil && len(rest) >= 2 {
			s.Protocol, s.ConnectFlags = string(name), &rest[1]
		}
	}
	return s
}

// timestamp is the time of an event in seconds since 1970, to the nanosecond.
func timestamp(e capture.Event) *string {
	if e.Time.IsZero() {
		return nil
	}
	return ref(fmt.Sprintf("%d.%09d", e.Time.Unix(), e.Time.Nanosecond()))
}

// remark returns what is said about the packet.
func remark(e capture.Event, secrets bool) (r remarks) {
	if p, ok := e.Packet.(*packets.Publish); ok {
		sum := sha256.Sum256(p.Payload)
		r.AliasTopic, r.PayloadSHA256 = e.AliasTopic, hex.EncodeToString(sum[:8])
		if len(p.Payload) <= previewSize {
			r.PayloadLen, r.PayloadHex = ref(len(p.Payload)), ref(hex.EncodeToString(p.Payload))
		}
	}
	if e.Kind == capture.PartialPacket {
		r.Incomplete, r.BytesPresent, r.Note = true, &e.Bytes, e.Note
	}
	if e.Err != nil {
		r.blame(e, secrets)
	}
	return r
}

// blame adds what is wrong.
func (r *remarks) blame(e capture.Event, secrets bool) {
	r.Malformed = e.Packet == nil
	r.Error = faultJSON(e.Err)
	if e.Kind == capture.BrokenHeader {
		r.Note = e.Note
	}
	if e.Packet == nil && e.Kind == capture.WholePacket && (secrets || !mayHoldSecrets(e.Frame.Header.Type)) {
		r.Raw = ref(hexPreview(rawBytes(e.Frame)))
	}
}

// mayHoldSecrets reports whether the bytes of a packet type that cannot be
// decoded may hold a password or Authentication Data.
func mayHoldSecrets(t mqttwire.PacketType) bool {
	return t == mqttwire.CONNECT || mqttwire.AuthenticationData.AllowedIn(mqttwire.PropertyOwner(t))
}

// rawBytes returns the first bytes of a frame, fixed header included.
func rawBytes(f mqttwire.Frame) []byte {
	b := []byte{byte(f.Header.Type)<<4 | f.Header.Flags}
	for n := f.Header.RemainingLength; ; {
		digit := byte(n & 0x7F)
		if n >>= 7; n == 0 && len(b) >= int(f.Header.Size)-1 {
			b = append(b, digit)
			break
		}
		b = append(b, digit|0x80)
	}
	return append(b, f.Body[:min(len(f.Body), previewSize)]...)
}

// message is an error's text without the library's name before it.
func message(err error) string { return strings.TrimPrefix(err.Error(), "mqttwire: ") }

// faultJSON is an error as an object.
func faultJSON(err error) []byte {
	var wire *mqttwire.Error
	if errors.As(err, &wire) {
		return wire.AppendJSON(nil)
	}
	return marshal(struct {
		Message string `json:"message"`
	}{message(err)})
}

// hexPreview is the start of b in hex.
func hexPreview(b []byte) string { return hex.EncodeToString(b[:min(len(b), previewSize)]) }

// ref returns a pointer to v, for fields that are left out when nil.
func ref[T any](v T) *T { return &v }
