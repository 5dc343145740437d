package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// object is the JSON object for a packet. What a packet does not have is left
// out; what it has is there, even if it is empty or zero.
type object struct {
	File           string   `json:"file,omitempty"` // with several files
	Frame          int      `json:"frame"`          // number of the capture record
	TS             *string  `json:"ts"`             // seconds since 1970, or null
	Stream         int      `json:"stream"`
	Src            string   `json:"src,omitempty"`
	Dst            string   `json:"dst,omitempty"`
	Client         string   `json:"client,omitempty"` // its own address, by a PROXY protocol header
	Type           string   `json:"type"`
	Flags          uint8    `json:"flags"`
	Len            *uint32  `json:"len,omitempty"` // remaining length
	VersionGuessed string   `json:"versionGuessed,omitempty"`
	Protocol       string   `json:"protocol,omitempty"`
	Version        *uint8   `json:"version,omitempty"` // protocol level as sent
	ConnectFlags   *uint8   `json:"connectFlags,omitempty"`
	CleanStart     *bool    `json:"cleanStart,omitempty"`
	KeepAlive      *uint16  `json:"keepAlive,omitempty"`
	ClientID       text     `json:"clientId,omitzero"`
	UserName       text     `json:"username,omitzero"` // with -secrets only, as is password
	Password       text     `json:"password,omitzero"`
	Will           *will    `json:"will,omitempty"`
	SessionPresent *bool    `json:"sessionPresent,omitempty"`
	Dup            *bool    `json:"dup,omitempty"`
	QoS            *uint8   `json:"qos,omitempty"`
	Retain         *bool    `json:"retain,omitempty"`
	Topic          text     `json:"topic,omitzero"`
	AliasTopic     text     `json:"alias_resolved_topic,omitzero"`
	PacketID       *uint16  `json:"packetId,omitempty"`
	Reason         *uint8   `json:"reason,omitempty"`
	Reasons        []int    `json:"reasons,omitzero"`
	Filters        []filter `json:"filters,omitzero"`
	Props          []prop   `json:"props,omitzero"`
	PayloadLen     *int     `json:"payload_len,omitempty"`
	PayloadSHA256  string   `json:"payload_sha256,omitempty"` // its first 16 digits
	PayloadHex     *string  `json:"payload_hex,omitempty"`    // if it has at most 64 bytes
	Incomplete     bool     `json:"incomplete,omitempty"`     // not wholly in the capture
	BytesPresent   *int64   `json:"bytes_present,omitempty"`
	Malformed      bool     `json:"malformed,omitempty"`
	Error          *fault   `json:"error,omitempty"`
	Raw            *string  `json:"raw_hex,omitempty"` // of a malformed packet's first 64 bytes
	Note           string   `json:"note,omitempty"`
}

// will is the will of a CONNECT.
type will struct {
	QoS        uint8   `json:"qos"`
	Retain     bool    `json:"retain"`
	Props      []prop  `json:"props,omitzero"`
	Topic      text    `json:"topic"`
	PayloadLen int     `json:"payload_len"`
	PayloadHex *string `json:"payload_hex,omitempty"` // if it has at most 64 bytes
}

// filter is one entry of a SUBSCRIBE or an UNSUBSCRIBE.
type filter struct {
	Topic             text   `json:"topic"`
	QoS               *uint8 `json:"qos,omitempty"`
	NoLocal           *bool  `json:"noLocal,omitempty"`
	RetainAsPublished *bool  `json:"retainAsPublished,omitempty"`
	RetainHandling    *uint8 `json:"retainHandling,omitempty"`
}

// prop is one property. Its value is a number or text; binary data is hex; a
// user property has a key too.
type prop struct {
	ID     uint8   `json:"id"`
	Name   string  `json:"name"`
	Key    text    `json:"key,omitzero"`
	Value  any     `json:"value,omitempty"`
	Hex    *string `json:"hex,omitempty"`
	Hidden bool    `json:"hidden,omitempty"` // a secret, without -secrets
}

// fault says what is wrong with a packet.
type fault struct {
	Message    string `json:"message"`
	Field      string `json:"field,omitempty"`
	Offset     *int   `json:"offset,omitempty"` // byte of the packet
	Found      *int64 `json:"found,omitempty"`  // the number found there
	Reason     uint8  `json:"reason"`           // the code to answer with in 5.0
	ReasonName string `json:"reason_name"`
	Statement  string `json:"statement,omitempty"`
	Class      string `json:"class,omitempty"`
}

// previewSize is how many bytes a payload has at most to be shown, and how many
// of a malformed packet are.
const previewSize = 64

// writeJSON writes the line for an event in JSON.
func writeJSON(to *bytes.Buffer, file string, e capture.Event, secrets bool) {
	o := object{File: file, Frame: e.Record, TS: timestamp(e), Stream: e.Stream}
	if e.Src.IsValid() {
		o.Src, o.Dst = e.Src.String(), e.Dst.String()
	}
	if e.Client.IsValid() {
		o.Client = e.Client.String()
	}
	h := e.Frame.Header
	o.Type, o.Flags = h.Type.String(), h.Flags
	if h.Size > 0 {
		o.Len = &h.RemainingLength
	}
	if e.VersionGuessed {
		o.VersionGuessed = e.Version.String()
	}
	if e.Kind == capture.PartialPacket {
		o.Incomplete, o.BytesPresent, o.Note = true, &e.Bytes, e.Note
	}
	if e.Packet != nil {
		o.describe(e, secrets)
	}
	if e.Err != nil {
		o.blame(e, secrets)
	}
	o.encode(to)
}

// encode writes the object as a line.
func (o *object) encode(to *bytes.Buffer) {
	w := json.NewEncoder(to)
	w.SetEscapeHTML(false)
	if err := w.Encode(o); err != nil {
		// No field has a type or a value that JSON cannot say.
		panic(err)
	}
}

// timestamp is the time of an event in seconds since 1970, to the nanosecond.
func timestamp(e capture.Event) *string {
	if e.Time.IsZero() {
		return nil
	}
	return ref(fmt.Sprintf("%d.%09d", e.Time.Unix(), e.Time.Nanosecond()))
}

// blame adds what is wrong.
func (o *object) blame(e capture.Event, secrets bool) {
	o.Malformed = e.Packet == nil
	o.Error = faultOf(e.Err)
	if e.Kind == capture.BrokenHeader {
		o.Note = e.Note
	}
	if e.Packet == nil && e.Kind == capture.WholePacket && (secrets || !mayHoldSecrets(e.Frame.Header.Type)) {
		o.Raw = ref(hexPreview(rawBytes(e.Frame)))
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

// faultOf is an error of the library as an object.
func faultOf(err error) *fault {
	f := &fault{Message: message(err)}
	var wire *mqttwire.Error
	if errors.As(err, &wire) {
		f.Field, f.Statement, f.Class = string(wire.Field), wire.Statement, wire.Err.Error()
		f.Reason, f.ReasonName = reasonOf(wire.Reason)
		if wire.Offset != mqttwire.NoOffset {
			f.Offset = &wire.Offset
		}
		if wire.Found != mqttwire.NotANumber {
			f.Found = &wire.Found
		}
	}
	return f
}

// reasonOf is a reason code as a number and a name.
func reasonOf(c mqttwire.ReasonCode) (code uint8, name string) {
	_, name, _ = strings.Cut(c.String(), " ") // the number comes first
	return uint8(c), name
}

// hexPreview is the start of b in hex.
func hexPreview(b []byte) string { return hex.EncodeToString(b[:min(len(b), previewSize)]) }

// wholeHex is b in hex, or nil if it is long.
func wholeHex(b []byte) *string {
	if len(b) > previewSize {
		return nil
	}
	return ref(hex.EncodeToString(b))
}
