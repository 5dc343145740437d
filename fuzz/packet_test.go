package fuzz

import (
	"bytes"
	"errors"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// corpusCases returns the cases that seed a target.
func corpusCases(f *testing.F) []corpus.Case {
	f.Helper()
	cases, err := corpus.Load()
	if err != nil {
		f.Fatal(err)
	}
	return cases
}

// FuzzPacket decodes any bytes as any version. What decodes must append to the
// same bytes, up to what the standards leave free: see canonical.
func FuzzPacket(f *testing.F) {
	for _, c := range corpusCases(f) {
		if len(c.Bytes) <= 4096 {
			f.Add(c.Bytes, uint8(c.Version))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, version uint8) {
		before := bytes.Clone(b)
		frame, rest, err := mqttwire.CutFrame(b, 0)
		if err != nil {
			requireKnownError(t, err)
			if !bytes.Equal(rest, b) {
				t.Fatal("an error took bytes from the stream")
			}
			return
		}
		v := mqttwire.Version(version)
		p, err := packets.Decode(frame, v)
		if err != nil {
			requireKnownError(t, err)
		} else {
			checkPacket(t, p, frame, v)
		}
		if !bytes.Equal(before, b) {
			t.Fatal("decoding wrote to its input")
		}
	})
}

// requireKnownError fails unless err is one that the library promises.
func requireKnownError(t *testing.T, err error) {
	t.Helper()
	var e *mqttwire.Error
	switch {
	case err == mqttwire.ErrIncomplete:
	case !errors.As(err, &e):
		t.Fatalf("%T: %v", err, err)
	case e.Statement == "" || e.Field == "" || e.Err == nil || !e.Reason.IsError():
		t.Fatalf("incomplete error: %+v", e)
	}
}

// checkPacket checks what must hold of every packet that decodes.
func checkPacket(t *testing.T, p mqttwire.Packet, frame mqttwire.Frame, v mqttwire.Version) {
	t.Helper()
	if c, ok := p.(*packets.Connect); ok {
		v = c.Version
	}
	want := canonical(frame, p, v)
	got, err := p.Append([]byte("prefix"), v)
	if err != nil {
		t.Fatalf("%v decodes but does not encode: %v", p, err)
	}
	if string(got) != "prefix"+string(want) {
		t.Fatalf("%v\ndecoded from %x\nencodes to   %x\nexpected     %x", p, frame.Body, got[6:], want)
	}
	if p.Size(v) != len(want) {
		t.Fatalf("%v: Size %d, appended %d", p, p.Size(v), len(want))
	}
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		if err := packets.CheckSender(p, v, from); err != nil {
			requireKnownError(t, err)
		}
	}
	if err := packets.CheckOptional(p, v); err != nil {
		requireKnownError(t, err)
	}
	again, _, err := mqttwire.CutFrame(want, 0)
	if err != nil {
		t.Fatal(err)
	}
	q, err := packets.Decode(again, v)
	if err != nil {
		t.Fatalf("own bytes %x are refused: %v", want, err)
	}
	if twice, err := q.Append(nil, v); err != nil || !bytes.Equal(twice, want) {
		t.Fatalf("encoding is not stable: %x, then %x, %v", want, twice, err)
	}
}

// canonical returns the bytes that a decoded packet encodes to: those it came
// from, but for what the standards leave free.
func canonical(f mqttwire.Frame, p mqttwire.Packet, v mqttwire.Version) []byte {
	flags, body := f.Header.Flags, bytes.Clone(f.Body)
	switch {
	case v == mqttwire.V5:
		body = shortForm(f.Header.Type, body)
	case v == mqttwire.V31 && f.Header.Type != mqttwire.PUBLISH:
		flags = usedFlags(f.Header.Type, flags)
		body = usedBits(p, body)
	}
	out, err := mqttwire.AppendFrame(nil, f.Header.Type, flags, body)
	if err != nil {
		panic(err)
	}
	return out
}

// shortForm is the form that is written where 5.0 has several: the length of an
// empty property list is left out, and then code 0 too.
func shortForm(t mqttwire.PacketType, body []byte) []byte {
	id := 2
	switch t {
	case mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP:
	case mqttwire.DISCONNECT:
		id = 0
	default:
		return body
	}
	if len(body) == id+2 {
		body = body[:id+1]
	}
	if len(body) == id+1 && body[id] == 0 {
		body = body[:id]
	}
	return body
}

// usedFlags are the flag bits that 3.1 does not call unused.
func usedFlags(t mqttwire.PacketType, flags uint8) uint8 {
	switch t {
	case mqttwire.PUBREL, mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE:
		return 2 | flags&8
	}
	return 0
}

// usedBits clears what 3.1 says to ignore: bits of the connect flags and the
// flags of missing fields, the first byte of CONNACK, bits of the requested QoS.
func usedBits(p mqttwire.Packet, body []byte) []byte {
	switch p := p.(type) {
	case *packets.Connect:
		const connectFlags = 9
		body[connectFlags] &^= 0x01
		if p.Will == nil {
			body[connectFlags] &^= 0x38
		}
		if p.UserName == nil {
			body[connectFlags] &^= 0x80
		}
		if p.Password == nil {
			body[connectFlags] &^= 0x40
		}
	case *packets.Connack:
		body[0] = 0
	case *packets.Subscribe:
		for i := 2; i < len(body); i++ {
			i += 2 + int(body[i])<<8 + int(body[i+1])
			body[i] &= 3
		}
	}
	return body
}
