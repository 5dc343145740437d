package pcap_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/pcap"
)

// FuzzCapture reads any bytes as a capture file. No packet is invented: those
// found take no more bytes than the file has, and what decodes has all its
// bytes.
func FuzzCapture(f *testing.F) {
	files, err := filepath.Glob("../testdata/captures/*.pcap*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) <= 8<<10 && filepath.Ext(name) != ".jsonl" {
			f.Add(b)
		}
	}
	f.Add([]byte("10 0C 00 04 4D 51 54 54 04 02 00 3C 00 00 # CONNECT"))
	f.Add([]byte("\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00\xC0\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := pcap.NewReader(bytes.NewReader(b), capture.Options{})
		if err != nil {
			return
		}
		size := 0
		for e, err := range r.Events() {
			if err != nil {
				break
			}
			if e.Kind == capture.WholePacket {
				size += e.Frame.Header.PacketSize()
			}
			if e.Packet != nil && len(e.Frame.Body) != int(e.Frame.Header.RemainingLength) {
				t.Fatalf("a packet of %d bytes was decoded from %d", e.Frame.Header.RemainingLength, len(e.Frame.Body))
			}
		}
		if size > len(b) {
			t.Fatalf("packets of %d bytes in a file of %d", size, len(b))
		}
	})
}
