package mqttwire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A caller that takes one byte for each that it feeds, while many are waiting,
// must not make the Feeder move those many each time.
func TestFeederMovesBytesThatWaitAsSeldomAsItHasTo(t *testing.T) {
	const waiting, more = 10000, 50000
	f := NewFeeder(Limits{PacketSize: MaxPacketSize, FirstPacketSize: MaxPacketSize})
	f.Feed([]byte("\x30\xFF\xFF\xFF\x7F"))
	_, err := f.Next()
	require.NoError(t, err)
	f.Feed(make([]byte, waiting))
	f.Feed(nil) // now it is copied, into a buffer of just that size
	_, err = f.Discard(5)
	require.NoError(t, err)
	moved := 0
	for range more {
		n, err := f.Discard(1)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		before, pos := &f.buf[0], f.pos
		f.Feed([]byte{0})
		f.Feed(nil)
		if f.pos < pos || before != &f.buf[0] {
			moved += f.have()
		}
	}
	require.Less(t, moved, 3*(waiting+more))
}
