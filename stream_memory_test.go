package mqttwire_test

import (
	"bytes"
	"io"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// hugeHeader declares the largest packet there is, in five bytes.
const hugeHeader = "\x30\xFF\xFF\xFF\x7F"

// onceReader gives its bytes in one read, and then has no more.
type onceReader string

func (o *onceReader) Read(p []byte) (int, error) {
	n := copy(p, *o)
	*o = (*o)[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// idleReaders returns n Readers that got hugeHeader and wait for the body.
func idleReaders(tb testing.TB, n int) []*mqttwire.Reader {
	sources := make([]onceReader, n)
	readers := make([]*mqttwire.Reader, n)
	for i := range readers {
		sources[i] = hugeHeader
		readers[i] = mqttwire.NewReader(&sources[i], anySize)
		if _, err := readers[i].Next(); err != nil {
			tb.Fatal(err)
		}
		if _, err := readers[i].Body(); err != io.ErrUnexpectedEOF {
			tb.Fatal(err)
		}
	}
	return readers
}

// idleFeeders is idleReaders with Feeders, which got it in one chunk or in bytes.
func idleFeeders(tb testing.TB, n, chunk int) []*mqttwire.Feeder {
	chunks := inChunks([]byte(hugeHeader), chunk)
	feeders := make([]*mqttwire.Feeder, n)
	for i := range feeders {
		feeders[i] = mqttwire.NewFeeder(anySize)
		for _, c := range chunks {
			feeders[i].Feed(c)
			if _, err := feeders[i].Frame(); err != mqttwire.ErrIncomplete {
				tb.Fatal(err)
			}
		}
	}
	return feeders
}

// heldBy returns how many bytes of the heap hold what open returns.
func heldBy[T any](open func() T) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	held := open()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(held)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// allocated returns how many bytes of the heap do was given, all in all.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// allocatedAtLeast is the least of three of allocated: what the runtime itself allocates
// meanwhile adds to some of them only.
func allocatedAtLeast(do func()) int64 {
	return min(allocated(do), allocated(do), allocated(do))
}

func TestReadersAndFeedersTakeNoMemoryForADeclaredLength(t *testing.T) {
	skipUnderRace(t)
	const n = 10000
	for name, held := range map[string]int64{
		"Reader":          heldBy(func() any { return idleReaders(t, n) }),
		"Feeder":          heldBy(func() any { return idleFeeders(t, n, 5) }),
		"Feeder in bytes": heldBy(func() any { return idleFeeders(t, n, 1) }),
	} {
		t.Logf("%s: %d bytes each", name, held/n)
		require.Less(t, held/n, int64(1<<10), name)
	}
}

func TestReadersAndFeedersTakeNoMemoryBeforeTheFirstByte(t *testing.T) {
	skipUnderRace(t)
	var src onceReader
	require.Less(t, allocatedAtLeast(func() { mqttwire.NewReader(&src, anySize) }), int64(512))
	require.Less(t, allocatedAtLeast(func() { mqttwire.NewFeeder(anySize).Feed(nil) }), int64(512))
}

// endlessPublish is a PUBLISH of n bytes of payload that is nowhere in memory.
type endlessPublish struct {
	header []byte
	left   int
}

func newEndlessPublish(tb testing.TB, payload int) *endlessPublish {
	header, err := mqttwire.AppendVarint([]byte{0x30}, uint32(3+payload))
	require.NoError(tb, err)
	return &endlessPublish{append(header, "\x00\x01t"...), payload}
}

func (e *endlessPublish) Read(p []byte) (int, error) {
	if len(e.header) > 0 {
		n := copy(p, e.header)
		e.header = e.header[n:]
		return n, nil
	}
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(e.left, len(p))
	e.left -= n
	return n, nil
}

// streamThrough reads all of a body and returns its length.
func streamThrough(tb testing.TB, s stream, buf []byte) (total int) {
	for {
		n, err := s.Read(buf)
		total += n
		switch err {
		case nil:
		case io.EOF, mqttwire.ErrIncomplete:
			return total
		default:
			tb.Fatal(err)
		}
	}
}

// payloadSize is how large the payload is that is streamed through.
func payloadSize(tb testing.TB) int {
	if testing.Short() {
		return 20 << 20
	}
	return 200 << 20
}

func TestReaderStreamsALargeBodyInLittleMemory(t *testing.T) {
	skipUnderRace(t)
	size := payloadSize(t)
	src := newEndlessPublish(t, size)
	took := allocated(func() {
		r := mqttwire.NewReader(src, anySize)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if n := streamThrough(t, r, make([]byte, 32<<10)); n != size+3 {
			t.Fatalf("%d bytes", n)
		}
	})
	t.Logf("%d bytes for a payload of %d, with 32768 of the caller", took, size)
	require.Less(t, took, int64(64<<10))
}

func TestFeederStreamsALargeBodyInLittleMemory(t *testing.T) {
	skipUnderRace(t)
	size := payloadSize(t)
	src := newEndlessPublish(t, size)
	took := allocated(func() {
		f := mqttwire.NewFeeder(anySize)
		chunk, buf, total := make([]byte, 16<<10), make([]byte, 16<<10), 0
		for first := true; ; first = false {
			n, err := src.Read(chunk)
			if err == io.EOF {
				break
			}
			f.Feed(chunk[:n])
			if first {
				if _, err := f.Next(); err != nil {
					t.Fatal(err)
				}
			}
			total += streamThrough(t, f, buf)
		}
		if total != size+3 {
			t.Fatalf("%d bytes", total)
		}
	})
	t.Logf("%d bytes for a payload of %d, with 32768 of the caller", took, size)
	require.Less(t, took, int64(64<<10))
}

func TestSkipDrainsALargeBodyInLittleMemory(t *testing.T) {
	skipUnderRace(t)
	size := payloadSize(t)
	src := newEndlessPublish(t, size)
	took := allocated(func() {
		r := mqttwire.NewReader(src, mqttwire.Limits{})
		if _, err := r.Next(); err == nil {
			t.Fatal("no error")
		}
		if err := r.Skip(); err != nil {
			t.Fatal(err)
		}
	})
	require.Less(t, took, int64(16<<10))
	src = newEndlessPublish(t, size)
	took = allocated(func() {
		f := mqttwire.NewFeeder(mqttwire.Limits{})
		chunk := make([]byte, 8<<10)
		for skipped := false; ; {
			n, err := src.Read(chunk)
			if err == io.EOF {
				break
			}
			f.Feed(chunk[:n])
			if _, err := f.Next(); err != mqttwire.ErrIncomplete && !skipped {
				skipped = true
				if err := f.Skip(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	require.Less(t, took, int64(16<<10))
}

// A Feeder that has refused a packet, and is fed all the same, keeps of the body
// what can be peeked at: 128 KiB, in an allocation of the size above it.
func TestFeederKeepsALimitedPartOfAPacketOverTheLimit(t *testing.T) {
	skipUnderRace(t)
	const most = 140 << 10
	for _, size := range []int{100, 1000, 1 << 10, 4096, 10 << 10, 1 << 16, 100 << 10, 1 << 20} {
		for name, first := range map[string]string{"alone": "", "after a packet": "\xC0\x00"} {
			chunk := make([]byte, size)
			var f *mqttwire.Feeder
			open := func() any {
				f = mqttwire.NewFeeder(mqttwire.Limits{})
				f.Feed([]byte(first + hugeHeader))
				for range len(first) / 2 {
					_, err := f.Next()
					require.NoError(t, err)
				}
				for fed := 0; fed < 2<<20; fed += size {
					if _, err := f.Next(); err == nil {
						t.Fatal("no error")
					}
					f.Feed(chunk)
				}
				return f
			}
			held := int64(math.MaxInt64)
			for range 3 { // what the runtime itself allocates meanwhile adds to some of them only
				f = nil // not to be given back while the next one is measured
				held = min(held, heldBy(open))
			}
			require.Less(t, held, int64(most), "%s, chunks of %d", name, size)
			b, err := f.Peek(most)
			require.ErrorIs(t, err, mqttwire.ErrTooLarge)
			require.Len(t, b, 128<<10+8, "%s, chunks of %d", name, size)
		}
	}
}

// inBytes takes a packet of n bytes of body that comes in chunks of one byte, and
// returns what was allocated.
func inBytes(t *testing.T, n int, take func(b []byte)) int64 {
	b, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, make([]byte, n))
	require.NoError(t, err)
	return allocated(func() { take(b) })
}

func readInBytes(tb testing.TB, b []byte) {
	r := mqttwire.NewReader(&bytewise{b}, anySize)
	if _, err := r.Next(); err != nil {
		tb.Fatal(err)
	}
	if _, err := r.Body(); err != nil {
		tb.Fatal(err)
	}
}

// bytewise gives its bytes one at a time.
type bytewise struct{ b []byte }

func (s *bytewise) Read(p []byte) (int, error) {
	if len(s.b) == 0 || len(p) == 0 {
		return 0, io.EOF
	}
	p[0], s.b = s.b[0], s.b[1:]
	return 1, nil
}

func feedInBytes(tb testing.TB, b []byte) {
	f := mqttwire.NewFeeder(anySize)
	for i := range b {
		f.Feed(b[i : i+1])
		if _, err := f.Frame(); (err == nil) != (i == len(b)-1) {
			tb.Fatal(i, err)
		}
	}
}

// Each buffer that is allocated is filled by one copy of the one before, so that
// the bytes allocated bound the bytes copied: they are linear in the size.
func TestAPacketInBytesTakesMemoryAndCopiesLinearInItsSize(t *testing.T) {
	skipUnderRace(t)
	for name, take := range map[string]func(b []byte){
		"Reader": func(b []byte) { readInBytes(t, b) },
		"Feeder": func(b []byte) { feedInBytes(t, b) },
	} {
		one, two := inBytes(t, 1<<20, take), inBytes(t, 2<<20, take)
		t.Logf("%s: %d bytes for 1 MiB, %d for 2 MiB", name, one, two)
		require.Less(t, one, int64(3<<20), name)
		require.Less(t, two, one*21/10, name)
	}
}

func TestBuffersGetSmallAgainAfterALargePacket(t *testing.T) {
	skipUnderRace(t)
	sizes := append([]int{1 << 20}, make([]int, 20)...)
	_, b := streamOf(t, sizes...)
	chunks := inChunks(b, 1000)
	for name, open := range map[string]func() any{
		"Reader": func() any {
			r := pull(chunks, anySize)
			for range sizes {
				_, err := r.Next()
				require.NoError(t, err)
				_, err = r.Body()
				require.NoError(t, err)
			}
			return r
		},
		"Reader that looks ahead": func() any {
			r := pull(chunks, anySize)
			for range sizes {
				_, err := r.Lookahead(1)
				require.NoError(t, err)
				_, err = r.Next()
				require.NoError(t, err)
				_, err = r.Body()
				require.NoError(t, err)
			}
			return r
		},
		"Feeder": func() any {
			f := mqttwire.NewFeeder(anySize)
			n := 0
			for _, chunk := range chunks {
				f.Feed(chunk)
				for {
					if _, err := f.Frame(); err != nil {
						break
					}
					n++
				}
			}
			require.Equal(t, len(sizes), n)
			return f
		},
	} {
		require.Less(t, heldBy(open), int64(128<<10), name)
	}
}

// The packets after a large one may all be split between two chunks.
func TestBuffersGetSmallAgainAfterALargePacketThoughPacketsAreSplit(t *testing.T) {
	skipUnderRace(t)
	_, b := streamOf(t, append([]int{1 << 20}, slices.Repeat([]int{100}, 200)...)...)
	small := len(b) - 200*102                                      // where the small packets begin
	chunks := append(inChunks(b[:small], 1000), b[small:small+50]) // in the middle of the first of them
	for at := small + 50; at < len(b); at += 3 * 102 {
		chunks = append(chunks, b[at:min(at+3*102, len(b))])
	}
	for name, open := range map[string]func() stream{
		"Reader": func() stream { return pull(chunks, anySize) },
		"Feeder": func() stream { return push(chunks, anySize) },
	} {
		require.Less(t, heldBy(func() any {
			s := open()
			for range 200 {
				_, err := s.Frame()
				require.NoError(t, err)
			}
			return s
		}), int64(128<<10), name)
	}
}

// steadyStreams are the body sizes of streams that need no new buffers: of small
// packets, and of large ones only.
var steadyStreams = [][]int{{10, 1000, 3, 200, 0}, {100000, 90000}}

func TestFeederAllocatesNothingInSteadyState(t *testing.T) {
	skipUnderRace(t)
	for _, sizes := range steadyStreams {
		_, b := streamOf(t, sizes...)
		for _, size := range []int{1, 7, 500, 1000, 3000, 70000} {
			f := mqttwire.NewFeeder(mqttwire.Limits{})
			src := &loopReader{stream: b}
			chunk := make([]byte, size)
			round := func() { // each packet at least three times
				for range 3 + 3*len(b)/size {
					n, _ := src.Read(chunk)
					f.Feed(chunk[:n])
					takeFrames(t, f)
				}
			}
			round()
			require.Zero(t, testing.AllocsPerRun(3, round), "bodies of %v, chunks of %d", sizes, size)
		}
	}
}

// takeFrames takes the frames that are whole.
func takeFrames(tb testing.TB, f *mqttwire.Feeder) (n int) {
	for ; ; n++ {
		if _, err := f.Frame(); err == mqttwire.ErrIncomplete {
			return n
		} else if err != nil {
			tb.Fatal(err)
		}
	}
}

func TestReaderAllocatesNothingInSteadyState(t *testing.T) {
	skipUnderRace(t)
	for _, sizes := range steadyStreams {
		_, b := streamOf(t, sizes...)
		buf := make([]byte, 0, 100000)
		for name, take := range map[string]func(s stream) error{
			"Next":       func(s stream) error { return nil },
			"Body":       func(s stream) error { _, err := s.Body(); return err },
			"AppendBody": func(s stream) error { _, err := s.AppendBody(buf); return err },
			"Read":       func(s stream) error { streamThrough(t, s, buf[:700]); return nil },
			"Peek":       func(s stream) error { _, err := s.Peek(int(s.Header().RemainingLength)); return err },
			"Peek, Skip": func(s stream) error { s.Peek(int(s.Header().RemainingLength)); return s.Skip() },
			"Discard":    func(s stream) error { _, err := s.Discard(int(s.Header().RemainingLength) / 2); return err },
			"Skip":       func(s stream) error { return s.Skip() },
		} {
			r := mqttwire.NewReader(&loopReader{stream: b}, mqttwire.Limits{})
			round := func() {
				for range 3 * len(sizes) {
					if _, err := r.Next(); err != nil {
						t.Fatal(err)
					}
					if err := take(r); err != nil {
						t.Fatal(name, err)
					}
				}
			}
			round()
			round() // the buffer for reading ahead has grown
			require.Zero(t, testing.AllocsPerRun(5, round), "%s, bodies of %v", name, sizes)
		}
	}
}

func TestFramesOfAReaderAllocateNothingInSteadyState(t *testing.T) {
	skipUnderRace(t)
	for _, sizes := range steadyStreams {
		_, b := streamOf(t, sizes...)
		r := mqttwire.NewReader(&loopReader{stream: b}, mqttwire.Limits{})
		tried := 0
		round := func() {
			for range 3 * len(sizes) {
				if _, ok := r.TryFrame(); ok {
					tried++
				} else if _, err := r.Frame(); err != nil {
					t.Fatal(err)
				}
			}
		}
		round()
		round()
		require.Zero(t, testing.AllocsPerRun(5, round), "bodies of %v", sizes)
		require.Equal(t, len(sizes) > 2, tried > 0)
	}
}

// Some acknowledgements between large packets do not make the buffer small.
func TestReaderKeepsALargeBufferWhileLargePacketsCome(t *testing.T) {
	skipUnderRace(t)
	for _, sizes := range [][]int{{500000, 3}, {500000, 400000, 100, 2, 0, 300000, 2, 2}} {
		_, b := streamOf(t, sizes...)
		for name, look := range map[string]int{"Frame": 0, "Lookahead and Frame": 2} {
			r := mqttwire.NewReader(&loopReader{stream: b}, anySize)
			round := func() {
				for range sizes {
					if _, err := r.Lookahead(look); look > 0 && err != nil {
						t.Fatal(err)
					}
					if _, err := r.Frame(); err != nil {
						t.Fatal(err)
					}
				}
			}
			round()
			require.Zero(t, testing.AllocsPerRun(5, round), "%s, bodies of %v", name, sizes)
		}
	}
}

// What was read ahead of a large packet would have to be moved.
func TestReaderReadsLittleAheadOfLargePackets(t *testing.T) {
	frames, b := streamOf(t, 300000, 100000, 0, 250000, 80000, 300000, 5, 200000)
	src := bytes.NewReader(b)
	r := mqttwire.NewReader(src, anySize)
	taken := 0
	for i, frame := range frames {
		f, err := r.Frame()
		require.NoError(t, err)
		require.True(t, bytes.HasSuffix(frame, f.Body), "packet %d", i)
		taken += len(frame)
		require.LessOrEqual(t, len(b)-src.Len(), taken+4<<10, "read before packet %d was taken", i+1)
	}
}

// A length that is declared costs what has come, and not what it says, also when
// much has come.
func TestMemoryFollowsTheBytesThatCame(t *testing.T) {
	skipUnderRace(t)
	for _, came := range []int{0, 600, 5000, 100000} {
		for name, take := range map[string]func(s stream) error{
			"Body":       func(s stream) error { _, err := s.Body(); return err },
			"AppendBody": func(s stream) error { _, err := s.AppendBody(nil); return err },
			"Peek":       func(s stream) error { _, err := s.Peek(1 << 27); return err },
			"Discard":    func(s stream) error { _, err := s.Discard(1 << 27); return err },
		} {
			b := append([]byte(hugeHeader), make([]byte, came)...)
			most := int64(4*came + 8<<10)
			for _, size := range []int{100, len(b)} {
				r, p := pull(inChunks(b, size), anySize), push(inChunks(b, size), anySize)
				for who, s := range map[string]stream{"Reader": r, "Feeder": p} {
					got := allocated(func() {
						if _, err := s.Next(); err != nil {
							t.Fatal(err)
						}
						if err := take(s); err != io.ErrUnexpectedEOF {
							t.Fatal(err)
						}
					})
					require.Less(t, got, most, "%s %s of %d bytes in chunks of %d", who, name, came, size)
				}
			}
		}
	}
}

// countingReader counts the reads.
type countingReader struct {
	r     io.Reader
	reads int
}

func (c *countingReader) Read(p []byte) (int, error) {
	c.reads++
	return c.r.Read(p)
}

func TestReaderTakesManySmallPacketsByOneRead(t *testing.T) {
	for name, take := range map[string]func(s stream) error{
		"Next":       func(s stream) error { return nil },
		"Body":       func(s stream) error { _, err := s.Body(); return err },
		"AppendBody": func(s stream) error { _, err := s.AppendBody(nil); return err },
		"Read":       func(s stream) error { streamThrough(t, s, make([]byte, 7)); return nil },
		"Discard":    func(s stream) error { _, err := s.Discard(100); return err },
	} {
		_, b := streamOf(t, slices.Repeat([]int{100}, 400)...)
		src := &countingReader{r: bytes.NewReader(b)}
		r := mqttwire.NewReader(src, mqttwire.Limits{})
		for range 400 {
			_, err := r.Next()
			require.NoError(t, err)
			require.NoError(t, take(r))
		}
		require.Less(t, src.reads, 16, "%s: reads for 40800 bytes", name)
	}
}
