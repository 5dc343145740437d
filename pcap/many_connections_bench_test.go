//go:build unix

package pcap

import (
	"bytes"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/capture"
)

// BenchmarkManyConnections reads captures of very many connections. Of a busy machine
// the processor's time counts, not that of the clock.
func BenchmarkManyConnections(b *testing.B) {
	for name, sessions := range map[string]bool{"SYNs": false, "sessions": true} {
		file, err := io.ReadAll(newManyConnections(100000, sessions))
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				r, err := NewReader(bytes.NewReader(file), capture.Options{})
				require.NoError(b, err)
				for _, err := range r.Events() {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			spent := processorTime(b) - before
			b.ReportMetric(float64(len(file))*float64(b.N)/1e6/spent.Seconds(), "MB/s-of-processor")
		})
	}
}

// processorTime is how much of it this process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
