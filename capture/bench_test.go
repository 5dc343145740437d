package capture

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mqttwire/mqttwire"
)

// BenchmarkLargePacketInSmallSegments: the time for a byte stays the same, the
// larger the packet.
func BenchmarkLargePacketInSmallSegments(b *testing.B) {
	for _, size := range []int{1 << 20, 4 << 20, 16 << 20} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			packet, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, []byte("\x00\x01a"+strings.Repeat("x", size)))
			if err != nil {
				b.Fatal(err)
			}
			tr := newTrace(b)
			c := tr.open(1883)
			c.says(connect311)
			for rest := string(packet); rest != ""; {
				n := min(len(rest), 1460)
				c.says(rest[:n])
				rest = rest[n:]
			}
			b.SetBytes(int64(size))
			for b.Loop() {
				if events := tr.events(Options{}); len(events) != 2 {
					b.Fatal(len(events))
				}
			}
		})
	}
}

// BenchmarkServerThatBeginsWithNoPacket: the time for a segment stays the same,
// the more bytes were refused before it, and the more segments come.
func BenchmarkServerThatBeginsWithNoPacket(b *testing.B) {
	packet := "\x30\x80\x20\x0F\xFE" + strings.Repeat("t", 4094)
	for _, packets := range []int{1, 2, 4, 8} {
		segments := 1000 * packets
		b.Run(fmt.Sprintf("segments=%d", segments), func(b *testing.B) {
			tr := newTrace(b)
			c := tr.open(9999)
			c.hears(strings.Repeat(packet, packets) + "\x00")
			for range segments {
				c.hears("\x00")
			}
			for b.Loop() {
				if events := tr.events(Options{}); len(events) != 1 {
					b.Fatal(len(events))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*segments), "ns/segment")
		})
	}
}
