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
	ProxyHeader() (mqttwire.ProxyHeader, error)
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
// the given chunks, and with a Reader whose source times out before each of them.
func pullAndPush(t *testing.T, chunks [][]byte, limits mqttwire.Limits, test func(t *testing.T, s stream)) {
	t.Helper()
	t.Run("pull", func(t *testing.T) { test(t, pull(chunks, limits)) })
	t.Run("push", func(t *testing.T) { test(t, push(chunks, limits)) })
	t.Run("tick", func(t *testing.T) { test(t, tick(chunks, limits, 1)) })
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

func (p *pushed) ProxyHeader() (h mqttwire.ProxyHeader, err error) {
	for h, err = p.Feeder.ProxyHeader(); p.fed(err); h, err = p.Feeder.ProxyHeader() {
	}
	return h, err
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

// lessIfShort is how much of something a test takes, with -short less.
func lessIfShort(n, short int) int {
	if testing.Short() {
		return short
	}
	return n
}

func TestStreamsOfTheCorpusAreTheSameInPiecesOfAnySize(t *testing.T) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		b := corpusStream(t, v, lessIfShort(1<<20, 200000))
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
