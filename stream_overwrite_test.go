package mqttwire_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// A view that is used after its time must show.
func TestOverwriteBodiesShowsAViewThatWasKept(t *testing.T) {
	for name, sizes := range map[string][]int{
		"small packets":                      {10, 20, 0, 30},
		"the buffer grows":                   {10, 3000, 200000, 5},
		"the buffer gets small again":        {200000, 20, 30, 40},
		"the window moves within its buffer": {300, 300, 300, 300, 300, 300},
	} {
		frames, b := streamOf(t, sizes...)
		for _, size := range []int{1, 100, 512, 5000, len(b)} {
			t.Run(fmt.Sprintf("%s, chunks of %d", name, size), func(t *testing.T) {
				pullAndPush(t, inChunks(b, size), anySize, func(t *testing.T, s stream) {
					s.OverwriteBodies()
					var kept []byte
					for i, frame := range frames {
						_, ok := s.TryFrame()
						require.False(t, ok)
						_, err := s.Next()
						require.NoError(t, err)
						requireOverwritten(t, kept)
						f, err := s.Body()
						require.NoError(t, err)
						require.True(t, bytes.HasSuffix(frame, f.Body) && len(f.Body) == sizes[i], "packet %d", i)
						kept = f.Body
					}
					_, err := s.Next()
					require.Equal(t, io.EOF, err)
					requireOverwritten(t, kept)
				})
			})
		}
	}
}

func requireOverwritten(t *testing.T, view []byte) {
	t.Helper()
	require.Equal(t, len(view), bytes.Count(view, []byte{0xDB}))
}

func TestOverwriteBodiesShowsAViewOfABufferThatWasReplaced(t *testing.T) {
	_, b := streamOf(t, 10, 3000)
	pullAndPush(t, inChunks(b, 100), anySize, func(t *testing.T, s stream) {
		s.OverwriteBodies()
		_, err := s.Next()
		require.NoError(t, err)
		_, err = s.Next()
		require.NoError(t, err)
		kept, err := s.Peek(50)
		require.NoError(t, err)
		require.Equal(t, bytes.Repeat([]byte("b"), 50), kept)
		_, err = s.Body()
		require.NoError(t, err)
		requireOverwritten(t, kept)
	})
}

func TestOverwriteBodiesCanBeAskedForBetweenPackets(t *testing.T) {
	_, b := streamOf(t, 10, 20, 30, 40)
	pullAndPush(t, [][]byte{b}, anySize, func(t *testing.T, s stream) {
		_, err := s.Frame()
		require.NoError(t, err)
		f, ok := s.TryFrame()
		require.True(t, ok)
		s.OverwriteBodies()
		if _, push := s.(*pushed); push { // the chunk was copied: from now on it is the Feeder's memory
			f, err = s.Body()
			require.NoError(t, err)
		}
		_, ok = s.TryFrame()
		require.False(t, ok)
		for _, n := range []int{30, 40} {
			kept := f.Body
			f, err = s.Frame()
			require.NoError(t, err)
			require.Len(t, f.Body, n)
			requireOverwritten(t, kept)
		}
	})
}

func TestOverwriteBodiesIsOffUnlessAskedFor(t *testing.T) {
	_, b := streamOf(t, 10, 20)
	pullAndPush(t, [][]byte{b}, anySize, func(t *testing.T, s stream) {
		_, err := s.Next()
		require.NoError(t, err)
		f, err := s.Body()
		require.NoError(t, err)
		_, err = s.Next()
		require.NoError(t, err)
		require.Equal(t, "aaaaaaaaaa", string(f.Body))
	})
}
