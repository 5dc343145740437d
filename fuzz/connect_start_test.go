package fuzz

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzPeekConnect peeks at any bytes, after each one: what is known must stay when
// more bytes come, be what Decode says of a CONNECT that is legal, and the same from
// a Reader.
func FuzzPeekConnect(f *testing.F) {
	for _, c := range corpusCases(f) {
		if len(c.Bytes) <= 256 && c.Bytes[0]>>4 == byte(mqttwire.CONNECT) {
			f.Add(c.Bytes)
		}
	}
	f.Add([]byte("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"))
	f.Add([]byte("\x16\x03\x01\x00\xC4\x01"))
	f.Add([]byte("\xC0\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), 4096)]
		want, wantErr := packets.PeekConnect(b)
		version, known := mqttwire.Version(0), false
		for n := range len(b) + 1 {
			start, err := packets.PeekConnect(b[:n])
			switch {
			case version != 0 && start.Version != version:
				t.Fatalf("%q: version %s after %d bytes, %s before", b, start.Version, n, version)
			case known && !sameStart(start, want, err, wantErr):
				t.Fatalf("%q: %+v, %v after %d bytes, not %+v, %v", b, start, err, n, want, wantErr)
			}
			version, known = start.Version, err != mqttwire.ErrIncomplete
		}
		start, err := packets.PeekConnectFrom(mqttwire.NewReader(iotest.OneByteReader(bytes.NewReader(b)), mqttwire.Limits{}))
		if wantErr == mqttwire.ErrIncomplete && (err == io.EOF || err == io.ErrUnexpectedEOF) {
			err = mqttwire.ErrIncomplete
		}
		if !sameStart(start, want, err, wantErr) {
			t.Fatalf("%q: %+v, %v from a Reader, not %+v, %v", b, start, err, want, wantErr)
		}
		frame, _, err := mqttwire.CutFrame(b, 0)
		var p packets.Connect
		if err != nil || p.Decode(frame, 0) != nil {
			return
		}
		if wantErr != nil || want.Version != p.Version || want.Bridge != p.Bridge || !bytes.Equal(want.ClientID, p.ClientID) {
			t.Fatalf("%q: %+v, %v, not %v", b, want, wantErr, p)
		}
	})
}

func sameStart(a, b packets.ConnectStart, errA, errB error) bool {
	var x, y *mqttwire.Error
	if errors.As(errA, &x) && errors.As(errB, &y) {
		return *x == *y && reflect.DeepEqual(a, b)
	}
	return errA == errB && reflect.DeepEqual(a, b)
}
