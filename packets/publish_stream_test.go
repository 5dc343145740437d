package packets_test

import (
	"bytes"
	"io"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// arriving is a packet of which only a part has arrived: a Body as a Feeder is
// one. It hands out memory that the next call overwrites.
type arriving struct {
	frame mqttwire.Frame
	here  int // bytes of the body that have arrived
	taken int
	lent  []byte
	peeks int
	most  int // of bytes asked for
}

func (a *arriving) Header() mqttwire.FixedHeader { return a.frame.Header }

func (a *arriving) Peek(n int) ([]byte, error) {
	overwrite(a.lent)
	a.peeks++
	a.most = max(a.most, n)
	b := a.frame.Body[a.taken:a.here]
	a.lent = bytes.Clone(b[:min(n, len(b))])
	switch {
	case n <= len(b):
		return a.lent, nil
	case a.here == len(a.frame.Body):
		return a.lent, io.EOF
	}
	return a.lent, mqttwire.ErrIncomplete
}

func (a *arriving) Discard(n int) (int, error) {
	a.taken += n
	return n, nil
}

// arrived is a packet that is there whole.
func arrived(f mqttwire.Frame) *arriving { return &arriving{frame: f, here: len(f.Body)} }

// requireReadsAsDecoded checks that ReadHeader finds in a frame what Decode
// does.
func requireReadsAsDecoded(t require.TestingT, f mqttwire.Frame, v mqttwire.Version, where string) {
	var want packets.Publish
	wantErr := want.Decode(f, v)
	got := packets.Publish{Payload: []byte("left from before"), PacketID: 7}
	src := arrived(f)
	header, n, err := got.ReadHeader(src, v, []byte("prefix"), packets.HeaderOptions{})
	require.Equal(t, wantErr, err, where)
	if err != nil {
		require.Equal(t, packets.Publish{}, got, where)
		require.Equal(t, "prefix", string(header), where)
		require.Zero(t, src.taken, where)
		return
	}
	overwrite(src.lent)
	require.Nil(t, got.Payload, where)
	got.Payload = f.Body[src.taken:]
	require.Len(t, got.Payload, n, where)
	require.Equal(t, want, got, where)
	require.Equal(t, "prefix"+string(f.Body[:src.taken]), string(header), where)
}

func TestReadHeaderJudgesEachCorpusCaseAsDecodeDoes(t *testing.T) {
	publishes := 0
	for _, c := range loadCorpus(t) {
		f, _, err := mqttwire.CutFrame(c.Bytes, 0)
		if err != nil {
			continue // there is no body to read from
		}
		requireReadsAsDecoded(t, f, c.Version, c.Where())
		if f.Header.Type != mqttwire.PUBLISH {
			continue
		}
		publishes++
		for n := range min(len(f.Body), 300) {
			short := f
			short.Body = f.Body[:n:n]
			short.Header.RemainingLength = uint32(n)
			requireReadsAsDecoded(t, short, c.Version, c.Where())
		}
	}
	require.NotZero(t, publishes)
}

func TestReadHeaderJudgesGeneratedPublishesAsDecodeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, v := drawPublish(t)
		f, _, err := mqttwire.CutFrame(b, 0)
		if err == nil {
			requireReadsAsDecoded(t, f, v, "")
		}
	})
}

// drawPublish draws the bytes of a PUBLISH, half of which have a planted
// violation.
func drawPublish(t *rapid.T) ([]byte, mqttwire.Version) {
	v := mqttwiretest.Version().Draw(t, "version")
	from := mqttwiretest.Sender().Draw(t, "sender")
	p := mqttwiretest.Publish(v, from).Draw(t, "packet")
	b, err := p.Append(nil, v)
	require.NoError(t, err)
	if rapid.Bool().Draw(t, "legal") {
		return b, v
	}
	choose := drawChoose(t)
	violations := mqttwiretest.Violations()
	for first := choose(len(violations)); ; first++ {
		if c, ok := violations[first%len(violations)].Plant(b, v, from, choose); ok {
			return c.Bytes, v
		}
	}
}

func TestReadHeaderWaitsForBytesAndTakesNothingBeforeTheyAreThere(t *testing.T) {
	for _, c := range loadCorpus(t) {
		f, _, err := mqttwire.CutFrame(c.Bytes, 0)
		if err != nil || f.Header.Type != mqttwire.PUBLISH || len(f.Body) > 1000 {
			continue
		}
		var want packets.Publish
		wantErr := want.Decode(f, c.Version)
		var got packets.Publish
		src := arrived(f)
		for src.here = 0; ; src.here++ {
			src.peeks = 0
			_, n, err := got.ReadHeader(src, c.Version, nil, packets.HeaderOptions{})
			require.LessOrEqual(t, src.peeks, 7, "%s: a try costs the same however often it is made", c.Where())
			if err != mqttwire.ErrIncomplete {
				require.Equal(t, wantErr, err, c.Where())
				require.LessOrEqual(t, src.most, src.here, "%s: no byte is waited for in vain", c.Where())
				require.True(t, err != nil || n == len(f.Body)-src.here, c.Where())
				break
			}
			require.Equal(t, packets.Publish{}, got, c.Where())
			require.Zero(t, src.taken, c.Where())
		}
	}
}

func TestALengthThatPassesTheEndIsRefusedAsSoonAsItIsThere(t *testing.T) {
	for _, c := range []struct {
		name     string
		v        mqttwire.Version
		packet   string
		declared uint32
		rule     mqttwire.Rule
		at       int
		max      int64
	}{
		{"topic name", v311, "\x00\xFF", 256, mqttwire.RuleStringLength, 3, 254},
		{"property length", v5, "\x00\x01a\x80\x02", 260, mqttwire.RulePropertyLength, 6, 0},
		{"property length of five bytes", v5, "\x00\x01a\x80\x80\x80\x80", 268000000, mqttwire.RuleVarintLength, 11, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PUBLISH, RemainingLength: c.declared}, Body: make([]byte, c.declared)}
			copy(f.Body, c.packet)
			src := arrived(f)
			var p packets.Publish
			src.here = len(c.packet) - 1
			_, _, err := p.ReadHeader(src, c.v, nil, packets.HeaderOptions{})
			require.ErrorIs(t, err, mqttwire.ErrIncomplete)
			src.here++
			_, _, err = p.ReadHeader(src, c.v, nil, packets.HeaderOptions{})
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.rule, e.Rule)
			assert.Equal(t, c.max, e.Max)
			assert.Equal(t, p.Decode(f, c.v), err)
		})
	}
}

func TestReadHeaderLeavesALongPropertyListAndStillTellsWhatToAcknowledge(t *testing.T) {
	const limit = 1000
	for _, c := range []struct {
		list    int
		refused bool
	}{{limit, false}, {limit + 1, true}, {100000, true}} {
		p := packets.Publish{Topic: []byte("a/b"), PacketID: 258, QoS: 2, Dup: true, Payload: long(5), Properties: listOf(c.list)}
		b, err := p.Append(nil, v5)
		require.NoError(t, err)
		f, _, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		src := arrived(f)
		var got packets.Publish
		header, n, err := got.ReadHeader(src, v5, nil, packets.HeaderOptions{MaxProperties: limit})
		if !c.refused {
			require.NoError(t, err)
			require.Equal(t, 5, n)
			continue
		}
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e)
		assert.ErrorIs(t, err, mqttwire.ErrTooLarge)
		assert.Equal(t, mqttwire.ReasonPacketTooLarge, e.Reason)
		assert.Equal(t, mqttwire.FieldPropertyLength, e.Field)
		assert.Equal(t, [2]int64{int64(c.list), limit}, [2]int64{e.Found, e.Max})
		assert.Equal(t, f.Header.PacketSize()-len(f.Body)+7, e.Offset)
		assert.Equal(t, [2]any{uint16(258), mqttwire.QoS(2)}, [2]any{e.PacketID, e.QoS})
		assert.Equal(t, packets.Publish{Topic: []byte("a/b"), PacketID: 258, QoS: 2, Dup: true}, got)
		assert.LessOrEqual(t, len(header), 11)
		assert.Zero(t, src.taken)
	}
}

func TestAPublishOverTheLimitTellsWhatToAcknowledge(t *testing.T) {
	for _, c := range []struct {
		list    int
		refused bool
	}{{5, false}, {64 << 10, false}, {200000, true}} {
		p := packets.Publish{Topic: long(65535), PacketID: 258, QoS: 1, Payload: long(5), Properties: listOf(c.list)}
		b, err := p.Append(nil, v5)
		require.NoError(t, err)
		r := mqttwire.NewReader(bytes.NewReader(append(b, "\xC0\x00"...)), mqttwire.Limits{PacketSize: 1000})
		_, err = r.Next()
		require.ErrorIs(t, err, mqttwire.ErrTooLarge)

		var got packets.Publish
		_, n, err := got.ReadHeader(r, v5, nil, packets.HeaderOptions{})
		require.Equal(t, string(p.Topic), string(got.Topic))
		require.Equal(t, p.PacketID, got.PacketID)
		if c.refused {
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e)
			require.ErrorIs(t, err, mqttwire.ErrTooLarge)
			require.Equal(t, int64(len(b)), e.Found)
			require.Equal(t, [2]any{uint16(258), mqttwire.QoS(1)}, [2]any{e.PacketID, e.QoS})
		} else {
			require.NoError(t, err)
			require.Equal(t, 5, n)
			require.True(t, p.Properties.Equal(got.Properties))
		}

		require.NoError(t, r.Skip())
		h, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, mqttwire.PINGREQ, h.Type)
	}
}

func TestReadHeaderSaysThatTopicOrPacketIdentifierIsWrongBeforeALongList(t *testing.T) {
	for _, body := range []string{"\x00\x01#\x00\x01\x07", "\x00\x01a\x00\x00\x07"} {
		b := []byte(body + "\x26\x00\x01k\x00\x01v")
		f := mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PUBLISH, Flags: 2, RemainingLength: uint32(len(b))}, Body: b}
		var p, q packets.Publish
		_, _, err := p.ReadHeader(arrived(f), v5, nil, packets.HeaderOptions{MaxProperties: 6})
		require.Error(t, err)
		require.Equal(t, q.Decode(f, v5), err)
		require.Equal(t, packets.Publish{}, p)
	}
}

func TestReadHeaderHandsErrorsOfTheSourceOn(t *testing.T) {
	var p packets.Publish
	_, _, err := p.ReadHeader(&arriving{}, v5, nil, packets.HeaderOptions{})
	require.ErrorIs(t, err, mqttwire.ErrNoPacket)

	f, _, err := mqttwire.CutFrame([]byte("\x30\x04\x00\x01ax"), 0)
	require.NoError(t, err)
	src := arrived(f)
	src.taken = 3
	_, _, err = p.ReadHeader(src, v311, nil, packets.HeaderOptions{})
	require.ErrorIs(t, err, mqttwire.ErrBodyRead)

	r := mqttwire.NewReader(bytes.NewReader([]byte("\x30\x04\x00\x01")), mqttwire.Limits{})
	_, err = r.Next()
	require.NoError(t, err)
	_, _, err = p.ReadHeader(r, v311, nil, packets.HeaderOptions{})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestReadHeaderAsksTheTolerance(t *testing.T) {
	f, _, err := mqttwire.CutFrame([]byte("\x30\x06\x00\x02a#\x00x"), 0)
	require.NoError(t, err)
	tolerance := &mqttwire.Tolerance{Allow: func(*mqttwire.Error) bool { return true }}
	var p packets.Publish
	_, n, err := p.ReadHeader(arrived(f), v5, nil, packets.HeaderOptions{Tolerance: tolerance})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, "a#", string(p.Topic))
	require.Len(t, tolerance.Findings, 1)
}

var (
	_ packets.Body = (*mqttwire.Reader)(nil)
	_ packets.Body = (*mqttwire.Feeder)(nil)
)

func TestHeaderAndPayloadReadFromAStreamAreThePacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent, v, stream := drawPublishes(t)
		chunks := rapid.SliceOfN(rapid.IntRange(1, 5000), 1, 8).Draw(t, "chunks")
		r := mqttwire.NewReader(&chunked{stream: stream, sizes: chunks}, noLimits)
		var header []byte
		for _, want := range sent {
			_, err := r.Next()
			require.NoError(t, err)
			var got packets.Publish
			var n int
			header, n, err = got.ReadHeader(r, v, header[:0], packets.HeaderOptions{})
			require.NoError(t, err)
			got.Payload, err = io.ReadAll(r)
			require.NoError(t, err)
			require.Len(t, got.Payload, n)
			requireSame(t, want, &got)
		}
		_, err := r.Next()
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestHeaderAndPayloadFedInChunksAreThePacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent, v, stream := drawPublishes(t)
		chunks := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 5000)), 1, 8).Draw(t, "chunks")
		f, fed := mqttwire.NewFeeder(noLimits), 0
		// again calls a method of the Feeder until it needs no more bytes.
		again := func(try func() error) {
			for err := try(); err != nil; err = try() {
				require.Equal(t, mqttwire.ErrIncomplete, err)
				require.NotEmpty(t, stream)
				n := min(chunks[fed%len(chunks)], len(stream))
				f.Feed(stream[:n])
				stream, fed = stream[n:], fed+1
			}
		}
		for _, want := range sent {
			again(func() error { _, err := f.Next(); return err })
			var got packets.Publish
			var n int
			again(func() (err error) {
				_, n, err = got.ReadHeader(f, v, nil, packets.HeaderOptions{})
				return err
			})
			again(func() (err error) { got.Payload, err = readFed(f, got.Payload); return err })
			require.Len(t, got.Payload, n)
			requireSame(t, want, &got)
		}
	})
}

// readFed appends what a Feeder has of the body, and returns ErrIncomplete if
// that is not all.
func readFed(f *mqttwire.Feeder, dst []byte) ([]byte, error) {
	for {
		dst = slices.Grow(dst, 1)
		n, err := f.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch err {
		case nil:
		case io.EOF:
			return dst, nil
		default:
			return dst, err
		}
	}
}

// drawPublishes draws some PUBLISH packets and their bytes.
func drawPublishes(t *rapid.T) (sent []*packets.Publish, v mqttwire.Version, stream []byte) {
	v = mqttwiretest.Version().Draw(t, "version")
	from := mqttwiretest.Sender().Draw(t, "sender")
	sent = rapid.SliceOfN(mqttwiretest.Publish(v, from), 1, 5).Draw(t, "packets")
	for _, p := range sent {
		var err error
		stream, err = p.Append(stream, v)
		require.NoError(t, err)
	}
	return sent, v, stream
}

// endless is a stream that begins with some bytes and goes on with zeros.
type endless struct{ begin []byte }

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.begin)
	e.begin = e.begin[n:]
	clear(p[n:])
	return len(p), nil
}

// noLimits are those of the protocol alone.
var noLimits = mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize, FirstPacketSize: mqttwire.MaxPacketSize}

// streamPublish reads a PUBLISH whose payload is never in memory.
func streamPublish(t testing.TB, p *packets.Publish, payload int64) {
	begin, err := p.AppendStreamHeader(nil, v5, payload)
	require.NoError(t, err)
	r := mqttwire.NewReader(&endless{begin}, noLimits)
	_, err = r.Next()
	require.NoError(t, err)
	var got packets.Publish
	_, n, err := got.ReadHeader(r, v5, nil, packets.HeaderOptions{})
	require.NoError(t, err)
	require.Equal(t, payload, int64(n))
	require.Equal(t, string(p.Topic), string(got.Topic))
	read, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	require.Equal(t, payload, read)
}

// largePayload is what the streaming of a large PUBLISH is shown with.
func largePayload() int64 {
	if testing.Short() {
		return 8 << 20
	}
	return 200 << 20
}

func TestALargePublishStreamsThroughLittleMemory(t *testing.T) {
	p := packets.Publish{Topic: []byte("a/b"), PacketID: 1, QoS: 1, Properties: props(withUser)}
	streamPublish(t, &p, 1000) // lets the packages that are used make what they keep
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	streamPublish(t, &p, largePayload())
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<10))
}

func BenchmarkLargePublishStreamed(b *testing.B) {
	p := packets.Publish{Topic: []byte("a/b"), PacketID: 1, QoS: 1, Properties: props(withUser)}
	b.SetBytes(largePayload())
	b.ReportAllocs()
	for b.Loop() {
		streamPublish(b, &p, largePayload())
	}
}

func TestTheHeaderForAPayloadElsewhereIsThatOfAppend(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		decoded, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		p, ok := decoded.(*packets.Publish)
		if !ok {
			continue
		}
		want, err := p.Append(nil, c.Version)
		require.NoError(t, err)
		size := int64(len(p.Payload))
		p.Payload = long(3) // is not looked at
		got, err := p.AppendStreamHeader([]byte("prefix"), c.Version, size)
		require.NoError(t, err)
		assert.Equal(t, "prefix"+string(want[:len(want)-int(size)]), string(got), c.Where())
	}
}

func TestAHeaderForTooLargeAPayloadIsRefused(t *testing.T) {
	p := packets.Publish{Topic: []byte("a")}
	header, err := p.AppendStreamHeader(nil, v311, mqttwire.MaxVarint-3)
	require.NoError(t, err)
	require.Equal(t, "\x30\xFF\xFF\xFF\x7F\x00\x01a", string(header))

	whole := packets.Publish{Topic: []byte("a"), Payload: make([]byte, mqttwire.MaxVarint-2)}
	_, want := whole.Append(nil, v311)
	header, err = p.AppendStreamHeader([]byte("prefix"), v311, mqttwire.MaxVarint-2)
	require.ErrorIs(t, err, mqttwire.ErrTooLarge)
	require.Equal(t, want, err)
	require.Equal(t, "prefix", string(header))

	for _, size := range []int64{-1, math.MinInt64, math.MaxInt64, math.MaxInt32 + 1} {
		_, err = p.AppendStreamHeader(nil, v311, size)
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, err, mqttwire.ErrTooLarge, size)
		require.Equal(t, size < 0, e.Found < 0, size)
	}
}
