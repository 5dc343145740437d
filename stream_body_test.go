package mqttwire_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestStreamLooksAheadBetweenPackets(t *testing.T) {
	b := []byte("\x10\x02ab\xC0\x00\x30\x01")
	for _, size := range []int{1, 2, 3, 100} {
		pullAndPush(t, inChunks(b, size), mqttwire.Limits{}, func(t *testing.T, s stream) {
			for n := range 9 {
				got, err := s.Lookahead(n)
				require.NoError(t, err)
				require.Equal(t, string(b[:n]), string(got))
			}
			got, err := s.Lookahead(9)
			require.Equal(t, io.ErrUnexpectedEOF, err)
			require.Equal(t, string(b), string(got))
			h, err := s.Next()
			require.NoError(t, err, "looking ahead to the end is no end")
			require.Equal(t, mqttwire.CONNECT, h.Type)
			got, err = s.Lookahead(2)
			require.NoError(t, err)
			require.Equal(t, "\xC0\x00", string(got), "the body is left")
			require.Equal(t, mqttwire.FixedHeader{}, s.Header())
			_, err = s.Body()
			require.Equal(t, mqttwire.ErrNoPacket, err)
			h, err = s.Next()
			require.NoError(t, err)
			require.Equal(t, mqttwire.PINGREQ, h.Type)
			require.EqualValues(t, 4, s.Offset())
			_, err = s.Next()
			require.NoError(t, err)
			_, err = s.Lookahead(1)
			require.Equal(t, io.ErrUnexpectedEOF, err, "the end is inside the packet")
		})
	}
	pullAndPush(t, nil, mqttwire.Limits{}, func(t *testing.T, s stream) {
		got, err := s.Lookahead(1)
		require.Equal(t, io.EOF, err)
		require.Empty(t, got)
	})
}

func TestStreamLooksAheadPastABodyThatDoesNotCome(t *testing.T) {
	pullAndPush(t, [][]byte{[]byte("\x30\x05ab")}, mqttwire.Limits{}, func(t *testing.T, s stream) {
		_, err := s.Next()
		require.NoError(t, err)
		got, err := s.Lookahead(1)
		require.Equal(t, io.ErrUnexpectedEOF, err)
		require.Empty(t, got)
		_, again := s.Peek(0)
		require.Equal(t, err, again)
		requireStays(t, s, err)
	})
}

func TestStreamPeeksAndDiscards(t *testing.T) {
	b := []byte("\x30\x06abcdef\xC0\x00\x30\x03xy")
	for _, size := range []int{1, 2, 3, 100} {
		pullAndPush(t, inChunks(b, size), mqttwire.Limits{}, func(t *testing.T, s stream) {
			_, err := s.Next()
			require.NoError(t, err)
			requirePeek(t, s, 0, "", nil)
			requirePeek(t, s, -1, "", nil)
			requirePeek(t, s, 4, "abcd", nil)
			requirePeek(t, s, 6, "abcdef", nil)
			requirePeek(t, s, 7, "abcdef", io.EOF)
			requireDiscard(t, s, 2, 2, nil)
			requireDiscard(t, s, -1, 0, nil)
			requirePeek(t, s, 3, "cde", nil)
			_, err = s.Body()
			require.Equal(t, mqttwire.ErrBodyRead, err)
			_, err = s.AppendBody(nil)
			require.Equal(t, mqttwire.ErrBodyRead, err)
			requireDiscard(t, s, 5, 4, io.EOF)
			requirePeek(t, s, 1, "", io.EOF)
			_, err = s.Next()
			require.NoError(t, err)
			_, err = s.Next()
			require.NoError(t, err)
			requirePeek(t, s, 3, "xy", io.ErrUnexpectedEOF)
			p := make([]byte, 3)
			n, err := io.ReadFull(s, p)
			require.Equal(t, 2, n, "what was there can still be read")
			require.Equal(t, io.ErrUnexpectedEOF, err)
			requireDiscard(t, s, 1, 0, io.ErrUnexpectedEOF)
		})
	}
}

func requirePeek(t *testing.T, s stream, n int, want string, wantErr error) {
	t.Helper()
	got, err := s.Peek(n)
	require.Equal(t, wantErr, err)
	require.Equal(t, want, string(got))
	require.Equal(t, len(got), cap(got), "appending cannot overwrite what follows")
}

func requireDiscard(t *testing.T, s stream, n, want int, wantErr error) {
	t.Helper()
	got, err := s.Discard(n)
	require.Equal(t, wantErr, err)
	require.Equal(t, want, got)
}

func TestStreamPeeksAtALimitedPartOfAPacketOverTheLimit(t *testing.T) {
	const part = 128<<10 + 8
	body := make([]byte, 300000)
	for i := range body {
		body[i] = byte(i) ^ byte(i>>8)
	}
	for _, n := range []int{part, part + 1, len(body)} {
		b, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, body[:n])
		require.NoError(t, err)
		b = append(b, "\xC0\x00"...)
		for _, size := range []int{1000, 100000, len(b)} {
			pullAndPush(t, inChunks(b, size), mqttwire.Limits{}, func(t *testing.T, s stream) {
				_, tooLarge := s.Next()
				requireOversize(t, tooLarge, len(b)-2, mqttwire.DefaultFirstPacketSize)
				if n > part {
					requirePeekPart(t, s, n, body[:part], tooLarge)
				}
				requireDiscard(t, s, 1000, 1000, nil)
				requirePeekPart(t, s, part-1000, body[1000:part], nil)
				if n > part {
					requirePeekPart(t, s, part-999, body[1000:part], tooLarge)
					requireDiscard(t, s, n, part-1000, tooLarge)
				} else {
					requireDiscard(t, s, n, part-1000, io.EOF)
				}
				require.NoError(t, s.Skip())
				h, err := s.Next()
				require.NoError(t, err)
				require.Equal(t, mqttwire.PINGREQ, h.Type)
			})
		}
	}
}

func requirePeekPart(t *testing.T, s stream, n int, want []byte, wantErr error) {
	t.Helper()
	got, err := s.Peek(n)
	require.Equal(t, wantErr, err)
	require.True(t, bytes.Equal(want, got), "%d bytes, expected %d", len(got), len(want))
}

func TestAppendBodyKeepsWhatIsThereAndTakesTheBodyOnce(t *testing.T) {
	_, b := streamOf(t, 5, 70000, 0, 3)
	for _, size := range []int{1, 100, 100000} {
		pullAndPush(t, inChunks(b, size), mqttwire.Limits{}, func(t *testing.T, s stream) {
			_, err := s.AppendBody(nil)
			require.Equal(t, mqttwire.ErrNoPacket, err)
			all := []byte("before ")
			for i, n := range []int{5, 70000, 0, 3} {
				_, err := s.Next()
				require.NoError(t, err)
				before := len(all)
				all, err = s.AppendBody(all)
				require.NoError(t, err)
				require.Equal(t, bytes.Repeat([]byte{byte('a' + i)}, n), all[before:before+n:before+n])
				_, err = s.Body()
				if n > 0 {
					require.Equal(t, mqttwire.ErrBodyRead, err)
				}
			}
			require.Equal(t, "before aaaaab", string(all[:13]))
		})
	}
}

func TestAppendBodyUsesTheRoomThereIs(t *testing.T) {
	_, b := streamOf(t, 70000)
	pullAndPush(t, inChunks(b, 1000), mqttwire.Limits{}, func(t *testing.T, s stream) {
		_, err := s.Next()
		require.NoError(t, err)
		dst := make([]byte, 3, 70003)
		got, err := s.AppendBody(dst)
		require.NoError(t, err)
		require.Same(t, &dst[0], &got[0])
	})
}

func TestAppendBodyReturnsWhatItGotOnError(t *testing.T) {
	_, b := streamOf(t, 5000)
	pullAndPush(t, inChunks(b[:4000], 1000), mqttwire.Limits{}, func(t *testing.T, s stream) {
		_, err := s.Next()
		require.NoError(t, err)
		dst := []byte("before")
		got, err := s.AppendBody(dst)
		require.Equal(t, io.ErrUnexpectedEOF, err)
		require.Equal(t, "before", string(got))
		require.Equal(t, len(dst), len(got))
	})
}
