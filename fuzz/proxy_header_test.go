package fuzz

import (
	"bytes"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/mqttwire/mqttwire"
)

// FuzzProxyHeader reads any bytes as a PROXY protocol header, after each byte: what
// is found must stay when more bytes come, within bounded bytes, and Reader and
// Feeder must find the same in any pieces.
func FuzzProxyHeader(f *testing.F) {
	const magic = "\r\n\r\n\x00\r\nQUIT\n"
	for _, s := range []string{
		"PROXY TCP4 198.51.100.1 192.0.2.2 40001 1883\r\n\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00",
		"PROXY TCP6 2001:db8::1 ::ffff:192.0.2.2 40001 1883\r\n", "PROXY UNKNOWN\r\n", "PROXY UNKNOWN ff 1\r\n", "PROXY TCP5 1\r\n",
		magic + "\x21\x11\x00\x0C\xC6\x33\x64\x01\xC0\x00\x02\x02\x9C\x41\x07\x5B", magic + "\x20\x00\x00\x00\xC0\x00",
		magic + "\x21\x21\x00\x00", magic + "\x21\x31\xFF\xFF", magic + "\x31",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), mqttwire.MaxProxyHeaderSize+100)]
		known := -1 // how many bytes it took to know
		h, rest, err := mqttwire.ConsumeProxyHeader(b)
		for n := range len(b) + 1 {
			_, _, some := mqttwire.ConsumeProxyHeader(b[:n])
			switch {
			case some != mqttwire.ErrIncomplete && known < 0:
				known = n
			case some == mqttwire.ErrIncomplete && known >= 0:
				t.Fatalf("%q: known after %d bytes, and no more after %d", b, known, n)
			case some == mqttwire.ErrIncomplete && n >= mqttwire.MaxProxyHeaderSize:
				t.Fatalf("more is asked for after %d bytes", n)
			case some == mqttwire.ErrIncomplete && n >= 107 && b[0] == 'P':
				t.Fatalf("more of version 1 is asked for after %d bytes", n)
			}
			if known >= 0 && (some == nil) != (err == nil) {
				t.Fatalf("%q: %v after %d bytes, %v after all", b, some, n, err)
			}
		}
		foreign, _ := mqttwire.Identify(b)
		proxy := foreign == mqttwire.ForeignPROXY1 || foreign == mqttwire.ForeignPROXY2
		if legal := err == nil || errors.Is(err, mqttwire.ErrProxyHeader); legal && !proxy {
			t.Fatalf("%q: %v, %v", b, foreign, err)
		}
		if err == nil && (h.Size != known || len(b)-len(rest) != h.Size || h.Source.IsValid() != h.Destination.IsValid() || h.Local && h.Source.IsValid()) {
			t.Fatalf("%q: %+v after %d bytes", b, h, known)
		}
		requireSameProxyHeader(t, b, h, err)
	})
}

// requireSameProxyHeader reads b by a Reader, and by a Feeder, byte by byte.
func requireSameProxyHeader(t *testing.T, b []byte, want mqttwire.ProxyHeader, wantErr error) {
	r := mqttwire.NewReader(iotest.OneByteReader(bytes.NewReader(b)), mqttwire.Limits{})
	pulled, err := r.ProxyHeader()
	if wantErr != mqttwire.ErrIncomplete && !sameProxyHeader(pulled, want, err, wantErr) {
		t.Fatalf("%q: a Reader has %+v, %v, not %+v, %v", b, pulled, err, want, wantErr)
	}
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	pushed, err := f.ProxyHeader()
	for i := 0; i < len(b) && err == mqttwire.ErrIncomplete; i++ {
		f.Feed(b[i : i+1])
		pushed, err = f.ProxyHeader()
	}
	if !sameProxyHeader(pushed, want, err, wantErr) {
		t.Fatalf("%q: a Feeder has %+v, %v, not %+v, %v", b, pushed, err, want, wantErr)
	}
}

func sameProxyHeader(got, want mqttwire.ProxyHeader, err, wantErr error) bool {
	same := got.Source == want.Source && got.Destination == want.Destination && got.Size == want.Size && bytes.Equal(got.TLVs, want.TLVs)
	return same && (err == nil) == (wantErr == nil) && (err == nil || err.Error() == wantErr.Error())
}
