//go:build !race

package packets_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// silentReader gives its bytes and then nothing more, ever.
type silentReader struct{ left string }

func (s *silentReader) Read(p []byte) (int, error) {
	if s.left == "" {
		return 0, io.ErrNoProgress // stands for waiting
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

// peer is what a server holds of a peer that it has not heard the CONNECT of.
type peer struct {
	decoder *packets.Decoder
	source  packets.Source
}

func TestPeersThatDeclareLargePacketsHoldLittleMemory(t *testing.T) {
	const n = 10000
	all := mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize, FirstPacketSize: mqttwire.MaxPacketSize}
	for _, first := range []string{"\x30\xFF\xFF\xFF\x7F", "\x10\xFF\xFF\xFF\x7F"} {
		for name, open := range map[string]func() packets.Source{
			"Reader": func() packets.Source { return mqttwire.NewReader(&silentReader{first}, all) },
			"Feeder": func() packets.Source {
				f := mqttwire.NewFeeder(all)
				for i := range first {
					f.Feed([]byte(first[i : i+1]))
				}
				return f
			},
		} {
			peers := make([]peer, n)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for i := range peers {
				peers[i] = peer{packets.NewDecoder(packets.Options{From: mqttwire.FromClient}), open()}
				_, err := peers[i].decoder.Next(peers[i].source)
				require.Error(t, err)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
			t.Logf("%x %s: %d bytes each", first, name, each)
			assert.Less(t, each, int64(1<<10), "%x %s", first, name)
			runtime.KeepAlive(peers)
		}
	}
}
