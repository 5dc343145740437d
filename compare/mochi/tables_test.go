package mochi

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire"
)

// forbidden are the cases of mochi's tables that the standard forbids, with the
// statement: that of the bytes, and that of the struct, which may break another first.
var forbidden = map[string]struct{ bytes, packet string }{
	// Return codes of 5.0 in 3.1.1, and Session Present with a refusal.
	"Connack: miscellaneous protocol violation": {"3.1.1 section 3.2.2.3", "3.1.1 section 3.2.2.3"},
	"Connack: bad protocol version":             {"3.1.1 section 3.2.2.3", "MQTT-3.2.2-4"},
	"Connack: bad client id":                    {"3.1.1 section 3.2.2.3", "MQTT-3.2.2-4"},
	"Connack: server unavailable":               {"3.1.1 section 3.2.2.3", "MQTT-3.2.2-4"},
	"Connack: bad username or password":         {"3.1.1 section 3.2.2.3", "MQTT-3.2.2-4"},
	"Connack: not authorised":                   {"3.1.1 section 3.2.2.3", "MQTT-3.2.2-4"},
	// DUP with QoS 0.
	"Publish: dup": {"MQTT-3.3.1-2", "MQTT-3.3.1-2"},
}

// otherBytes are the cases that are encoded to other bytes than mochi expects.
var otherBytes = map[string]string{
	// Its 24 bytes with the Reason String are more than the 18 that the client
	// takes. [MQTT-3.2.2-19]
	"Connack: drop oversize properties partial": "\x20\x0D\x00\x00\x0A\x1C\x00\x07mochi-2",
	// Without properties their length can be left out; both forms are legal. 3.14.2.2.1
	"Disconnect: zero non zero expiry": "\xE0\x01\x82",
}

// eachCase calls f for the cases of mochi's tables that belong to a group of its
// tests, "decode" or "encode", or to all.
func eachCase(t *testing.T, group string, f func(t *testing.T, name string, c mochi.TPacketCase)) {
	for kind := mochi.Connect; kind <= mochi.Auth; kind++ {
		for _, c := range mochi.TPacketData[kind] {
			if c.RawBytes != nil && (c.Group == "" || c.Group == group) {
				name := mochi.PacketNames[kind] + ": " + c.Desc
				t.Run(name, func(t *testing.T) { f(t, name, c) })
			}
		}
	}
}

// requireForbidden fails the test unless err is for the statement.
func requireForbidden(t *testing.T, err error, statement string) {
	t.Helper()
	var e *mqttwire.Error
	if !errors.As(err, &e) || e.Statement != statement {
		t.Errorf("got %v, want it forbidden by %s", err, statement)
	}
}

func TestDecodeGivesWhatMochiExpectsButWhatTheStandardForbids(t *testing.T) {
	eachCase(t, "decode", func(t *testing.T, name string, c mochi.TPacketCase) {
		got := mochi.Packet{}
		if c.Packet != nil {
			got.ProtocolVersion = c.Packet.ProtocolVersion
		}
		err := decodeFrame(&got, c.RawBytes)
		switch statement := forbidden[name].bytes; {
		case statement != "":
			requireForbidden(t, err, statement)
		case c.FailFirst != nil:
			if err == nil {
				t.Errorf("got %+v, want it refused", got)
			}
		case err != nil:
			t.Error(err)
		default:
			if got, want := content(got), content(*c.Packet); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
	})
}

// decodeFrame cuts a frame and decodes its body.
func decodeFrame(pk *mochi.Packet, b []byte) error {
	f, _, err := mqttwire.CutFrame(b, 0)
	if err != nil {
		return err
	}
	pk.FixedHeader = header(f.Header)
	return Decode(pk, f.Body)
}

// content is what of a packet comes from its bytes, with one form of what is empty.
func content(pk mochi.Packet) mochi.Packet {
	if pk.FixedHeader.Type != mochi.Connect {
		pk.ProtocolVersion = 0
	}
	pk.FixedHeader.Remaining = 0
	pk.Mods = mochi.Mods{}
	if len(pk.Payload) == 0 {
		pk.Payload = nil
	}
	return pk
}

func TestEncodeGivesWhatMochiExpectsButWhatTheStandardForbids(t *testing.T) {
	eachCase(t, "encode", func(t *testing.T, name string, c mochi.TPacketCase) {
		pk := *c.Packet
		pk.Mods.AllowResponseInfo = true
		want := c.RawBytes
		if len(c.ActualBytes) > 0 {
			want = c.ActualBytes
		}
		if other := otherBytes[name]; other != "" {
			want = []byte(other)
		}
		var got bytes.Buffer
		err := Encode(&pk, &got)
		switch statement := forbidden[name].packet; {
		case statement != "":
			requireForbidden(t, err, statement)
		case c.Expect != nil:
			if err == nil {
				t.Errorf("got % x, want it refused", got.Bytes())
			}
		case err != nil:
			t.Error(err)
		case !bytes.Equal(got.Bytes(), want):
			t.Errorf("got  % x\nwant % x", got.Bytes(), want)
		case pk.FixedHeader.Remaining != got.Len()-2:
			t.Errorf("remaining length %d, want %d", pk.FixedHeader.Remaining, got.Len()-2)
		}
	})
}

func TestWhatIsSaidOfCasesOfMochiIsOfCasesThatAreThere(t *testing.T) {
	names := map[string]bool{}
	for kind, cases := range mochi.TPacketData {
		for _, c := range cases {
			names[mochi.PacketNames[kind]+": "+c.Desc] = true
		}
	}
	for name := range forbidden {
		if !names[name] {
			t.Errorf("mochi has no case %q", name)
		}
	}
	for name := range otherBytes {
		if !names[name] {
			t.Errorf("mochi has no case %q", name)
		}
	}
}
