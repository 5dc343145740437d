package fuzz

import (
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzIdentify looks at any bytes as the beginning of a connection. What it finds
// must stay when more bytes come, it must not ask for more than it says it does,
// and a CONNECT that decodes is never another protocol.
func FuzzIdentify(f *testing.F) {
	for _, c := range corpusCases(f) {
		if len(c.Bytes) <= 256 {
			f.Add(c.Bytes)
		}
	}
	for _, s := range []string{
		"\x16\x03\x01\x02\x00\x01", "GET / HTTP/1.1\r\nUpgrade: h2c, websocket\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "PROXY TCP4 ", "\r\n\r\n\x00\r\nQUIT\n", "SSH-2.0-x\r\n",
		"AMQP\x00\x00\x09\x01", "*1\r\n$4\r\nPING\r\n", "PING\r\n", "\x10\x04\x04\x01\x00\x3Csensor-007", "\x01\x00\x0A\x04\x04\x01",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), 4096)]
		var found mqttwire.Foreign
		more := true
		for n := range len(b) + 1 {
			was, sure := found, !more
			found, more = mqttwire.Identify(b[:n])
			switch {
			case found != 0 && more:
				t.Fatalf("%q: %v, and more is asked for", b[:n], found)
			case sure && (more || found != was):
				t.Fatalf("%q: %v, and with one byte less it was %v", b[:n], found, was)
			case more && n >= 2048:
				t.Fatalf("more is asked for after %d bytes", n)
			}
		}
		if found == 0 && !more {
			return
		}
		if frame, _, err := mqttwire.CutFrame(b, 0); err == nil && frame.Header.Type == mqttwire.CONNECT {
			if p, err := packets.Decode(frame, 0); err == nil {
				t.Fatalf("%v is taken for %v", p, found)
			}
		}
	})
}
