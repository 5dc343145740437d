package mqttwire_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// streamOf returns packets of the given body sizes and their bytes one after
// another.
func streamOf(t *testing.T, sizes ...int) (frames [][]byte, stream []byte) {
	for i, n := range sizes {
		body := bytes.Repeat([]byte{byte('a' + i%26)}, n)
		f, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, uint8(i%16), body)
		require.NoError(t, err)
		frames = append(frames, f)
		stream = append(stream, f...)
	}
	return frames, stream
}

func TestReaderGivesTheSamePacketsInAnyChunks(t *testing.T) {
	sizes := []int{0, 1, 127, 128, 4090, 4096, 5000, 0, 16384, 300000, 3, 70000, 2, 2, 2}
	frames, stream := streamOf(t, sizes...)
	for _, chunk := range []int{1, 2, 3, 7, 100, 4095, 4096, 4097, 100000, len(stream)} {
		for name, src := range map[string]io.Reader{
			"plain":         chunkReader{bytes.NewReader(stream), chunk},
			"data with EOF": iotest.DataErrReader(chunkReader{bytes.NewReader(stream), chunk}),
		} {
			r := mqttwire.NewReader(src, mqttwire.Limits{})
			var offset int64
			for i, want := range frames {
				h, err := r.Next()
				require.NoError(t, err, "%s: packet %d in chunks of %d", name, i, chunk)
				require.Equal(t, offset, r.Offset())
				require.EqualValues(t, sizes[i], h.RemainingLength)
				if i%3 == 2 {
					offset += int64(len(want))
					continue // Next skips the body
				}
				f, err := r.Body()
				require.NoError(t, err)
				require.Equal(t, h, f.Header)
				require.True(t, bytes.Equal(want[h.Size:], f.Body), "packet %d in chunks of %d", i, chunk)
				again, err := r.Body()
				require.NoError(t, err)
				require.Equal(t, len(f.Body), len(again.Body), "Body may be asked for again")
				offset += int64(len(want))
			}
			_, err := r.Next()
			require.Equal(t, io.EOF, err)
			_, err = r.Next()
			require.Equal(t, io.EOF, err, "the end stays the end")
		}
	}
}

func TestReaderStreamsABody(t *testing.T) {
	frames, stream := streamOf(t, 10, 100000, 5, 0, 7)
	for _, chunk := range []int{1, 1000, 64 << 10} {
		r := mqttwire.NewReader(chunkReader{bytes.NewReader(stream), chunk}, mqttwire.Limits{})
		for i, want := range frames {
			h, err := r.Next()
			require.NoError(t, err)
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want[h.Size:], got), "packet %d", i)
			n, err := r.Read(make([]byte, 1))
			require.Zero(t, n)
			require.Equal(t, io.EOF, err)
		}
	}
}

func TestReaderGoesOnAfterABodyWasReadInPart(t *testing.T) {
	_, stream := streamOf(t, 100, 5)
	r := mqttwire.NewReader(bytes.NewReader(stream), mqttwire.Limits{})
	_, err := r.Next()
	require.NoError(t, err)
	n, err := r.Read(make([]byte, 30))
	require.NoError(t, err)
	require.Equal(t, 30, n)
	_, err = r.Body()
	require.Equal(t, mqttwire.ErrBodyRead, err)
	n, err = r.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, r.Skip())
	h, err := r.Next()
	require.NoError(t, err)
	require.EqualValues(t, 5, h.RemainingLength)
	f, err := r.Body()
	require.NoError(t, err)
	require.Equal(t, "bbbbb", string(f.Body))
}

func TestReaderHasNoBodyBeforeTheFirstPacket(t *testing.T) {
	r := mqttwire.NewReader(bytes.NewReader(nil), mqttwire.Limits{})
	_, err := r.Body()
	require.Equal(t, mqttwire.ErrNoPacket, err)
	n, err := r.Read(make([]byte, 1))
	require.Zero(t, n)
	require.Equal(t, io.EOF, err)
	require.NoError(t, r.Skip())
	_, err = r.Next()
	require.Equal(t, io.EOF, err)
}

func TestReaderTellsTheEndBetweenPacketsFromTheEndInsideOne(t *testing.T) {
	_, stream := streamOf(t, 5, 200)
	for n := 0; n <= len(stream); n++ {
		want := io.ErrUnexpectedEOF
		if n == 0 || n == 7 || n == len(stream) {
			want = io.EOF
		}
		for _, use := range []func(*mqttwire.Reader) error{
			func(*mqttwire.Reader) error { return nil },
			func(r *mqttwire.Reader) error { return r.Skip() },
			func(r *mqttwire.Reader) error { _, err := r.Body(); return err },
			func(r *mqttwire.Reader) error { _, err := io.Copy(io.Discard, r); return err },
		} {
			r := mqttwire.NewReader(bytes.NewReader(stream[:n]), mqttwire.Limits{})
			var err error
			for err == nil {
				if _, err = r.Next(); err == nil {
					err = use(r)
				}
			}
			require.Equal(t, want, err, "first %d bytes", n)
			_, again := r.Next()
			require.Equal(t, want, again)
		}
	}
}

func TestReaderStopsAtABrokenHeader(t *testing.T) {
	for _, c := range []struct {
		stream string
		rule   mqttwire.Rule
	}{
		{"\xC0\x00\x00\x00", mqttwire.RulePacketType},
		{"\xC0\x00\x30\xFF\xFF\xFF\xFF\x7F", mqttwire.RuleVarintLength},
		{"\xC0\x00\x30\xC7\x08", mqttwire.RulePacketSize},
	} {
		r := mqttwire.NewReader(oneByteReader(c.stream), mqttwire.Limits{PacketSize: 1025})
		_, err := r.Next()
		require.NoError(t, err)
		_, err = r.Next()
		requireRule(t, err, c.rule)
		_, again := r.Next()
		require.Equal(t, err, again)
		_, again = r.Body()
		require.Equal(t, err, again)
		_, again = r.Read(make([]byte, 1))
		require.Equal(t, err, again)
	}
}

func TestReaderTakesAPacketOfJustTheMaximumSize(t *testing.T) {
	_, stream := streamOf(t, 1022)
	r := mqttwire.NewReader(bytes.NewReader(stream), mqttwire.Limits{PacketSize: len(stream)})
	_, err := r.Next()
	require.NoError(t, err)
	r = mqttwire.NewReader(bytes.NewReader(stream), mqttwire.Limits{PacketSize: len(stream) - 1})
	_, err = r.Next()
	requireRule(t, err, mqttwire.RulePacketSize)
}

func TestReaderPassesOnTheErrorOfItsSource(t *testing.T) {
	broken := errors.New("broken")
	_, stream := streamOf(t, 5)
	for _, at := range []int{0, 1, 4} {
		r := mqttwire.NewReader(io.MultiReader(bytes.NewReader(stream[:at]), iotest.ErrReader(broken)), mqttwire.Limits{})
		_, err := r.Next()
		if err == nil {
			_, err = r.Body()
		}
		require.Equal(t, broken, err)
		_, err = r.Next()
		require.Equal(t, broken, err)
	}
}

// lyingReader breaks the contract of io.Reader.
type lyingReader struct{ n int }

func (l lyingReader) Read(p []byte) (int, error) {
	if l.n > 0 {
		return len(p) + l.n, nil
	}
	return l.n, nil
}

func TestReaderReportsASourceThatBreaksItsContract(t *testing.T) {
	for _, n := range []int{-1, 1} {
		_, err := mqttwire.NewReader(lyingReader{n}, mqttwire.Limits{}).Next()
		require.ErrorContains(t, err, "impossible count")
	}
	_, err := mqttwire.NewReader(lyingReader{0}, mqttwire.Limits{}).Next()
	require.Equal(t, io.ErrNoProgress, err)
}

// loopReader gives its stream again and again.
type loopReader struct {
	stream []byte
	pos    int
}

func (l *loopReader) Read(p []byte) (int, error) {
	n := copy(p, l.stream[l.pos:])
	l.pos = (l.pos + n) % len(l.stream)
	return n, nil
}
