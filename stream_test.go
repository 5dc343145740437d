package mqttwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// stream is what Reader and Feeder have in common.
type stream interface {
	Frame() (mqttwire.Frame, error)
	TryFrame() (mqttwire.Frame, bool)
	Next() (mqttwire.FixedHeader, error)
	Header() mqttwire.FixedHeader
	Body() (mqttwire.Frame, error)
	AppendBody(dst []byte) ([]byte, error)
	Peek(n int) ([]byte, error)
	Discard(n int) (int, error)
	Read(p []byte) (int, error)
	Skip() error
	Lookahead(n int) ([]byte, error)
	Offset() int64
	SetLimits(mqttwire.Limits)
	OverwriteBodies()
}

// anySize are the limits for tests that are not about limits.
var anySize = mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize, FirstPacketSize: mqttwire.MaxPacketSize}

// inChunks cuts b after n bytes, and again.
func inChunks(b []byte, n int) (chunks [][]byte) {
	for len(b) > n {
		chunks = append(chunks, b[:n])
		b = b[n:]
	}
	return append(chunks, b)
}

// pullAndPush runs a test with a Reader and with a Feeder that get the stream in
// the given chunks.
func pullAndPush(t *testing.T, chunks [][]byte, limits mqttwire.Limits, test func(t *testing.T, s stream)) {
	t.Helper()
	t.Run("pull", func(t *testing.T) { test(t, pull(chunks, limits)) })
	t.Run("push", func(t *testing.T) { test(t, push(chunks, limits)) })
}

func pull(chunks [][]byte, limits mqttwire.Limits) *mqttwire.Reader {
	return mqttwire.NewReader(&chunkSource{slices.Clone(chunks)}, limits)
}

// chunkSource gives one chunk for each read, or what of it fits.
type chunkSource struct{ chunks [][]byte }

func (c *chunkSource) Read(p []byte) (int, error) {
	for len(c.chunks) > 0 && len(c.chunks[0]) == 0 {
		c.chunks = c.chunks[1:]
	}
	if len(c.chunks) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.chunks[0])
	c.chunks[0] = c.chunks[0][n:]
	return n, nil
}

// pushed drives a Feeder as an event loop does: when a method returns
// ErrIncomplete it spoils the memory of the chunk, which is its own again, feeds
// the next and calls the method again.
type pushed struct {
	*mqttwire.Feeder
	chunks [][]byte
	memory []byte
	ended  bool
}

func push(chunks [][]byte, limits mqttwire.Limits) *pushed {
	return &pushed{Feeder: mqttwire.NewFeeder(limits), chunks: chunks}
}

// fed reports whether err asks for more, and then feeds it.
func (p *pushed) fed(err error) bool {
	if err != mqttwire.ErrIncomplete {
		return false
	}
	spoil(p.memory)
	switch {
	case len(p.chunks) > 0:
		p.memory = append(p.memory[:0], p.chunks[0]...)
		p.chunks = p.chunks[1:]
		p.Feed(p.memory)
	case p.ended:
		panic("ErrIncomplete after End")
	default:
		p.End()
		p.ended = true
	}
	return true
}

// fedEarly feeds the next chunk while bytes of the one before are left.
func (p *pushed) fedEarly() {
	if len(p.chunks) > 0 {
		before := p.memory
		p.memory = nil
		p.fed(mqttwire.ErrIncomplete)
		spoil(before)
	}
}

// spoil overwrites a chunk that the Feeder must no longer look at.
func spoil(chunk []byte) {
	for i := range chunk {
		chunk[i] = 0xEE
	}
}

func (p *pushed) Next() (h mqttwire.FixedHeader, err error) {
	for h, err = p.Feeder.Next(); p.fed(err); h, err = p.Feeder.Next() {
	}
	return h, err
}

func (p *pushed) Frame() (f mqttwire.Frame, err error) {
	for f, err = p.Feeder.Frame(); p.fed(err); f, err = p.Feeder.Frame() {
	}
	return f, err
}

func (p *pushed) Body() (f mqttwire.Frame, err error) {
	for f, err = p.Feeder.Body(); p.fed(err); f, err = p.Feeder.Body() {
	}
	return f, err
}

func (p *pushed) AppendBody(dst []byte) (b []byte, err error) {
	for b, err = p.Feeder.AppendBody(dst); p.fed(err); b, err = p.Feeder.AppendBody(dst) {
	}
	return b, err
}

func (p *pushed) Peek(n int) (b []byte, err error) {
	for b, err = p.Feeder.Peek(n); p.fed(err); b, err = p.Feeder.Peek(n) {
	}
	return b, err
}

func (p *pushed) Discard(n int) (total int, err error) {
	total, err = p.Feeder.Discard(n)
	for p.fed(err) {
		var took int
		took, err = p.Feeder.Discard(n - total)
		total += took
	}
	return total, err
}

func (p *pushed) Read(b []byte) (n int, err error) {
	for n, err = p.Feeder.Read(b); p.fed(err); n, err = p.Feeder.Read(b) {
	}
	return n, err
}

func (p *pushed) Lookahead(n int) (b []byte, err error) {
	for b, err = p.Feeder.Lookahead(n); p.fed(err); b, err = p.Feeder.Lookahead(n) {
	}
	return b, err
}

// step is a packet of a stream, and where it begins.
type step struct {
	header mqttwire.FixedHeader
	body   []byte
	offset int64
}

// inOneShot cuts a stream that is there whole, and says how it ends.
func inOneShot(b []byte, max int) (steps []step, offset int64, end error) {
	for {
		f, rest, err := mqttwire.CutFrame(b, max)
		switch {
		case err == mqttwire.ErrIncomplete && len(b) == 0:
			return steps, offset, io.EOF
		case err == mqttwire.ErrIncomplete:
			return steps, offset, io.ErrUnexpectedEOF
		case err != nil:
			return steps, offset, err
		}
		steps = append(steps, step{f.Header, f.Body, offset})
		offset += int64(len(b) - len(rest))
		b = rest
	}
}

// wayToTake is one of the ways to have a body.
type wayToTake struct {
	name string
	take func(s stream, size int) ([]byte, error)
}

var waysToTake = []wayToTake{
	{"Body", func(s stream, _ int) ([]byte, error) { f, err := s.Body(); return f.Body, err }},
	{"AppendBody", func(s stream, _ int) ([]byte, error) { return s.AppendBody(nil) }},
	{"AppendBody with room", func(s stream, n int) ([]byte, error) { return s.AppendBody(make([]byte, 0, n)) }},
	{"Read", func(s stream, _ int) ([]byte, error) { return io.ReadAll(s) }},
	{"Peek, Discard and Read", func(s stream, n int) ([]byte, error) {
		half, err := s.Peek(n / 2)
		half = bytes.Clone(half)
		if err == nil {
			_, err = s.Discard(n / 2)
		}
		if err != nil {
			return half, err
		}
		rest, err := io.ReadAll(s)
		return append(half, rest...), err
	}},
}

// requireSteps reads s to its end and compares it with what it is in one shot.
func requireSteps(t *testing.T, s stream, steps []step, offset int64, end error, where string) {
	t.Helper()
	for i, want := range steps {
		h, err := s.Next()
		if err != nil || h != want.header || s.Offset() != want.offset || s.Header() != h {
			require.Fail(t, "another header", "%s: packet %d: %v at %d, %v; expected %v at %d", where, i, h, s.Offset(), err, want.header, want.offset)
		}
		way := waysToTake[i%len(waysToTake)]
		body, err := way.take(s, int(h.RemainingLength))
		if err != nil || !bytes.Equal(want.body, body) {
			require.Fail(t, "another body", "%s: packet %d by %s: %x, %v; expected %x", where, i, way.name, body, err, want.body)
		}
	}
	for range 2 { // the end stays the end
		_, err := s.Next()
		if err == nil { // the header was there, but not the body
			_, err = s.Body()
		}
		if !sameError(end, err) || s.Offset() != offset {
			require.Fail(t, "another end", "%s: %v at %d; expected %v at %d", where, err, s.Offset(), end, offset)
		}
	}
}

// requireFrames is requireSteps by Frame or, where it can, TryFrame.
func requireFrames(t *testing.T, s stream, steps []step, offset int64, end error, where string) {
	t.Helper()
	for i, want := range steps {
		before := s.Header()
		f, ok := s.TryFrame()
		var err error
		if !ok {
			require.Equal(t, before, s.Header(), "%s: packet %d: TryFrame does nothing", where, i)
			f, err = s.Frame()
		}
		if err != nil || f.Header != want.header || s.Header() != f.Header || s.Offset() != want.offset || !bytes.Equal(want.body, f.Body) || cap(f.Body) != len(f.Body) {
			require.Fail(t, "another frame", "%s: packet %d: %v %x at %d, %v; expected %v %x at %d", where, i, f.Header, f.Body, s.Offset(), err, want.header, want.body, want.offset)
		}
	}
	for range 2 {
		_, ok := s.TryFrame()
		_, err := s.Frame()
		if ok || !sameError(end, err) || s.Offset() != offset {
			require.Fail(t, "another end", "%s: %t, %v at %d; expected %v at %d", where, ok, err, s.Offset(), end, offset)
		}
	}
}

func sameError(want, got error) bool {
	var w, g *mqttwire.Error
	if errors.As(want, &w) {
		return errors.As(got, &g) && *w == *g
	}
	return want == got
}

// corpusStream is all accepted cases of a version with at most max bytes, one
// after another.
func corpusStream(t testing.TB, v mqttwire.Version, max int) (all []byte) {
	cases, err := corpus.Load()
	require.NoError(t, err)
	for _, c := range cases {
		if c.Outcome == corpus.Accept && c.Version == v && len(c.Bytes) <= max {
			all = append(all, c.Bytes...)
		}
	}
	require.NotEmpty(t, all)
	return all
}

func TestStreamsOfTheCorpusAreTheSameAtEverySplit(t *testing.T) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		b := corpusStream(t, v, 500)
		steps, offset, end := inOneShot(b, 0)
		require.Equal(t, io.EOF, end)
		stride := 1
		if testing.Short() {
			stride = 37
		}
		for n := 0; n <= len(b); n += stride {
			where := fmt.Sprintf("MQTT %s, split after %d bytes", v, n)
			requireSteps(t, pull([][]byte{b[:n], b[n:]}, anySize), steps, offset, end, where+", pull")
			requireSteps(t, push([][]byte{b[:n], b[n:]}, anySize), steps, offset, end, where+", push")
		}
	}
}

func TestStreamsOfTheCorpusAreTheSameInPiecesOfAnySize(t *testing.T) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		b := corpusStream(t, v, 1<<20)
		steps, offset, end := inOneShot(b, 0)
		for _, n := range []int{1, 2, 3, 5, 511, 512, 513, 4096, 65536, len(b)} {
			where := fmt.Sprintf("MQTT %s, pieces of %d bytes", v, n)
			requireSteps(t, pull(inChunks(b, n), anySize), steps, offset, end, where+", pull")
			requireSteps(t, push(inChunks(b, n), anySize), steps, offset, end, where+", push")
			requireFrames(t, pull(inChunks(b, n), anySize), steps, offset, end, where+", pull frames")
			requireFrames(t, push(inChunks(b, n), anySize), steps, offset, end, where+", push frames")
		}
	}
}

func TestStreamsThatBreakOffAreTheSameAtEverySplit(t *testing.T) {
	before := "\xC0\x00\x32\x08\x00\x01a\x00\x07abc\xD0\x00"
	for name, last := range map[string]string{
		"packet type 0":             "\x00\x00\xC0\x00",
		"remaining length too long": "\x30\xFF\xFF\xFF\xFF\x01\xC0\x00",
		"over the limit":            "\x30\x80\x01" + string(make([]byte, 128)) + "\xC0\x00",
		"end in the first byte":     "\x30",
		"end in the length":         "\x30\x80",
		"end before the body":       "\x30\x05",
		"end in the body":           "\x30\x05\x00\x01a",
		"end between packets":       "",
	} {
		b := []byte(before + last)
		steps, offset, end := inOneShot(b, 100)
		require.Len(t, steps, 3, name)
		limits := mqttwire.Limits{PacketSize: 100}
		for n := 0; n <= len(b); n++ {
			where := fmt.Sprintf("%s, split after %d bytes", name, n)
			requireSteps(t, pull([][]byte{b[:n], b[n:]}, limits), steps, offset, end, where+", pull")
			requireSteps(t, push([][]byte{b[:n], b[n:]}, limits), steps, offset, end, where+", push")
			requireFrames(t, pull([][]byte{b[:n], b[n:]}, limits), steps, offset, end, where+", pull frames")
			requireFrames(t, push([][]byte{b[:n], b[n:]}, limits), steps, offset, end, where+", push frames")
		}
		requireSteps(t, pull(inChunks(b, 1), limits), steps, offset, end, name+", in bytes, pull")
		requireSteps(t, push(inChunks(b, 1), limits), steps, offset, end, name+", in bytes, push")
	}
}

func TestStreamShowsAPacketOverTheLimitAndGoesOnAfterSkip(t *testing.T) {
	big := "\x32\xF4\x03\x00\x03a/b\x00\x07" + string(bytes.Repeat([]byte("x"), 493))
	b := []byte("\xC0\x00" + big + "\xD0\x00" + big + "\xE0\x00")
	for n := 0; n <= len(b); n++ {
		for name, s := range map[string]stream{
			"pull": pull([][]byte{b[:n], b[n:]}, mqttwire.Limits{PacketSize: 100}),
			"push": push([][]byte{b[:n], b[n:]}, mqttwire.Limits{PacketSize: 100}),
		} {
			where := fmt.Sprintf("%s, split after %d bytes", name, n)
			for _, last := range []mqttwire.PacketType{mqttwire.PINGREQ, mqttwire.PINGRESP} {
				h, err := s.Next()
				require.NoError(t, err, where)
				require.Equal(t, last, h.Type)
				h, err = s.Next()
				requireOversize(t, err, len(big), 100)
				require.Equal(t, mqttwire.FixedHeader{Type: mqttwire.PUBLISH, Flags: 2, Size: 3, RemainingLength: 500}, h)
				require.Equal(t, h, s.Header(), where)
				requireStays(t, s, err)
				topic, peekErr := s.Peek(7)
				require.NoError(t, peekErr, where)
				require.Equal(t, "\x00\x03a/b\x00\x07", string(topic), where)
				requireStays(t, s, err)
				require.NoError(t, s.Skip(), where)
			}
			h, err := s.Next()
			require.NoError(t, err, where)
			require.Equal(t, mqttwire.DISCONNECT, h.Type, where)
			require.EqualValues(t, len(b)-2, s.Offset(), where)
		}
	}
}

func requireOversize(t *testing.T, err error, size, max int) {
	t.Helper()
	requireRule(t, err, mqttwire.RulePacketSize)
	require.ErrorIs(t, err, mqttwire.ErrTooLarge)
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, size, e.Found)
	require.EqualValues(t, max, e.Max)
}

// requireStays checks that every method that takes something returns err.
func requireStays(t *testing.T, s stream, err error) {
	t.Helper()
	_, ok := s.TryFrame()
	require.False(t, ok, "TryFrame")
	_, again := s.Next()
	require.Equal(t, err, again, "Next")
	_, again = s.Frame()
	require.Equal(t, err, again, "Frame")
	_, again = s.Body()
	require.Equal(t, err, again, "Body")
	b, again := s.AppendBody([]byte("kept"))
	require.Equal(t, err, again, "AppendBody")
	require.Equal(t, "kept", string(b))
	n, again := s.Read(make([]byte, 1))
	require.Equal(t, err, again, "Read")
	require.Zero(t, n)
	_, again = s.Lookahead(1)
	require.Equal(t, err, again, "Lookahead")
}

func TestStreamErrorsStayForEver(t *testing.T) {
	for name, b := range map[string]string{
		"packet type 0":             "\xC0\x00\x00\x00\xC0\x00",
		"remaining length too long": "\xC0\x00\x30\xFF\xFF\xFF\xFF\x01\xC0\x00",
		"end inside":                "\xC0\x00\x30\x05\x00",
		"end":                       "\xC0\x00",
	} {
		t.Run(name, func(t *testing.T) {
			pullAndPush(t, inChunks([]byte(b), 3), mqttwire.Limits{}, func(t *testing.T, s stream) {
				_, err := s.Next()
				require.NoError(t, err)
				for err == nil {
					if _, err = s.Next(); err == nil {
						_, err = s.Body()
					}
				}
				requireStays(t, s, err)
				_, again := s.Peek(1)
				require.Equal(t, err, again, "Peek")
				n, again := s.Discard(1)
				require.Equal(t, err, again, "Discard")
				require.Zero(t, n)
				require.Equal(t, err, s.Skip(), "Skip")
			})
		})
	}
}

func TestStreamLimits(t *testing.T) {
	header := func(size int) []byte { // of a PUBLISH of the given whole size
		n := size - 2
		for mqttwire.SizeVarint(uint32(n))+1+n != size {
			n--
		}
		b, err := mqttwire.AppendVarint([]byte{0x30}, uint32(n))
		require.NoError(t, err)
		return b
	}
	const most = mqttwire.MaxPacketSize
	for _, c := range []struct {
		limits      mqttwire.Limits
		first, then int
	}{
		{mqttwire.Limits{}, 128 << 10, 1 << 20},
		{mqttwire.Limits{PacketSize: -1, FirstPacketSize: -1}, 128 << 10, 1 << 20},
		{mqttwire.Limits{PacketSize: 1000}, 1000, 1000},
		{mqttwire.Limits{PacketSize: 1000, FirstPacketSize: 2000}, 1000, 1000},
		{mqttwire.Limits{PacketSize: 2000, FirstPacketSize: 1000}, 1000, 2000},
		{mqttwire.Limits{PacketSize: most}, 128 << 10, most},
		{mqttwire.Limits{PacketSize: most + 1, FirstPacketSize: most + 1}, most, most},
	} {
		ping := []byte("\xC0\x00")
		for _, over := range []int{0, 1} {
			if c.first+over <= most {
				pullAndPush(t, [][]byte{header(c.first + over)}, c.limits, func(t *testing.T, s stream) {
					_, err := s.Next()
					require.Equal(t, over == 0, err == nil, "%+v, first packet", c.limits)
				})
			}
			if c.then+over <= most {
				pullAndPush(t, [][]byte{ping, header(c.then + over)}, c.limits, func(t *testing.T, s stream) {
					_, err := s.Next()
					require.NoError(t, err)
					_, err = s.Next()
					require.Equal(t, over == 0, err == nil, "%+v, second packet", c.limits)
				})
			}
		}
	}
}

func TestStreamLimitsCanBeSetFromTheNextPacketOn(t *testing.T) {
	_, b := streamOf(t, 50, 200, 10, 200)
	pullAndPush(t, inChunks(b, 7), mqttwire.Limits{PacketSize: 100}, func(t *testing.T, s stream) {
		_, err := s.Next()
		require.NoError(t, err)
		s.SetLimits(mqttwire.Limits{PacketSize: 300, FirstPacketSize: 5})
		_, err = s.Body()
		require.NoError(t, err)
		_, err = s.Next()
		require.NoError(t, err, "FirstPacketSize is for the first packet only")
		s.SetLimits(mqttwire.Limits{PacketSize: 20})
		f, err := s.Body()
		require.NoError(t, err, "the present packet was let in")
		require.Len(t, f.Body, 200)
		_, err = s.Next()
		require.NoError(t, err)
		_, err = s.Next()
		requireOversize(t, err, 203, 20)
		s.SetLimits(anySize)
		_, again := s.Next()
		require.Equal(t, err, again, "the present packet was refused")
	})
}

func TestTryFrameTakesPacketsThatAreWholeInTheBuffer(t *testing.T) {
	frames, b := streamOf(t, 3, 0, 127, 128, 5, 300)
	pullAndPush(t, [][]byte{b[:512], b[512:]}, mqttwire.Limits{}, func(t *testing.T, s stream) {
		_, ok := s.TryFrame()
		require.False(t, ok, "nothing has come")
		for i, want := range frames {
			header, offset := s.Header(), s.Offset()
			f, ok := s.TryFrame()
			require.Equal(t, i != 0 && i != 5, ok, "packet %d", i)
			if !ok {
				require.Equal(t, header, s.Header())
				require.Equal(t, offset, s.Offset())
				var err error
				f, err = s.Frame()
				require.NoError(t, err)
			}
			require.Equal(t, want[f.Header.Size:], f.Body)
			again, err := s.Body()
			require.NoError(t, err)
			require.Equal(t, f, again)
		}
		_, ok = s.TryFrame()
		require.False(t, ok, "no more has come")
	})
}

func TestTryFrameKeepsToNewLimits(t *testing.T) {
	_, b := streamOf(t, 10, 10, 10, 10)
	pullAndPush(t, [][]byte{b}, mqttwire.Limits{PacketSize: 12}, func(t *testing.T, s stream) {
		_, err := s.Frame()
		require.NoError(t, err)
		_, ok := s.TryFrame()
		require.True(t, ok)
		s.SetLimits(mqttwire.Limits{PacketSize: 11})
		_, ok = s.TryFrame()
		require.False(t, ok)
		_, err = s.Frame()
		requireOversize(t, err, 12, 11)
		require.NoError(t, s.Skip())
		_, ok = s.TryFrame()
		require.False(t, ok)
		_, err = s.Frame()
		requireOversize(t, err, 12, 11)
	})
}

func TestTryFramePassesWhatIsLeftOfThePresentPacket(t *testing.T) {
	_, b := streamOf(t, slices.Repeat([]int{9}, 12)...)
	pullAndPush(t, [][]byte{b}, mqttwire.Limits{}, func(t *testing.T, s stream) {
		for i, pass := range []func() error{
			func() error { return nil },
			func() error { return s.Skip() },
			func() error { _, err := s.Read(make([]byte, 1)); return err },
			func() error { _, err := s.Discard(9); return err },
			func() error { _, err := s.AppendBody(nil); return err },
			func() error { _, err := s.Lookahead(4); return err },
		} {
			_, err := s.Next()
			require.NoError(t, err)
			require.NoError(t, pass())
			f, ok := s.TryFrame()
			require.True(t, ok, i)
			require.Equal(t, bytes.Repeat([]byte{byte('b' + 2*i)}, 9), f.Body)
			require.EqualValues(t, 11*(2*i+1), s.Offset())
		}
	})
}

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
	for _, c := range view {
		require.Equal(t, byte(0xDB), c)
	}
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
