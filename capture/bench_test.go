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
			file := tr.file.Bytes()
			b.SetBytes(int64(size))
			for b.Loop() {
				events, err := read(b, file, Options{})
				if err != nil || len(events) != 2 {
					b.Fatal(len(events), err)
				}
			}
		})
	}
}
