package packets_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// loadStreams returns every stream of the corpus.
func loadStreams(t testing.TB) []corpus.Stream {
	t.Helper()
	streams, err := corpus.LoadStreams()
	require.NoError(t, err)
	require.NotEmpty(t, streams)
	return streams
}

// toldVersions are the versions that the decoders of a stream are told: its own,
// none, or one after the other.
func toldVersions(s *corpus.Stream) []mqttwire.Version {
	switch s.Told {
	case corpus.Yes:
		return []mqttwire.Version{s.Version}
	case corpus.No:
		return []mqttwire.Version{0}
	}
	return []mqttwire.Version{s.Version, 0}
}

// limitsOf are the limits of a stream, which has none where it does not say so.
func limitsOf(s *corpus.Stream) mqttwire.Limits {
	limits := mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize, FirstPacketSize: mqttwire.MaxPacketSize}
	if s.Max > 0 {
		limits.PacketSize = s.Max
	}
	if s.First > 0 {
		limits.FirstPacketSize = s.First
	}
	return limits
}

// peers are the decoders of both directions of a connection. Each observes what
// the other decodes.
type peers map[mqttwire.Sender]*packets.Decoder

func newPeers(told mqttwire.Version) peers {
	p := peers{}
	for _, from := range bothSides {
		p[from] = packets.NewDecoder(packets.Options{From: from, Version: told})
	}
	return p
}

var bothSides = [...]mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer}

func other(from mqttwire.Sender) mqttwire.Sender {
	return mqttwire.FromClient + mqttwire.FromServer - from
}

// course is what came of a stream: a line for each packet and the error that
// ended it, and who sent each.
type course struct {
	lines []string
	from  []mqttwire.Sender
	last  string // the last packet's String
	types []string
	err   error // what ended it; nil if the stream did
}

func newCourse() *course { return &course{types: []string{}} }

// note adds what a decoder returned, and tells the other decoder. It reports
// whether the connection goes on.
func (c *course) note(p mqttwire.Packet, err error, from mqttwire.Sender, all peers) bool {
	c.from = append(c.from, from)
	if err != nil {
		c.err = err
		c.lines = append(c.lines, errorLine(err))
		return false
	}
	b, err := p.Append(nil, all[from].Version())
	if err != nil {
		c.lines = append(c.lines, "does not encode: "+err.Error())
		return false
	}
	c.last = p.(interface{ String() string }).String()
	c.types = append(c.types, p.Type().String())
	c.lines = append(c.lines, fmt.Sprintf("%s %s %x", from, c.last, shown(b)))
	all[other(from)].Observe(p)
	return true
}

// shown is b or, if that is long, its sum.
func shown(b []byte) []byte {
	if len(b) <= sha256.Size {
		return b
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// errorLine is all that an error says.
func errorLine(err error) string {
	e, ok := err.(*mqttwire.Error)
	if !ok {
		return err.Error()
	}
	return fmt.Sprintf("%s; rule %s at %d, found %d, max %d, reason 0x%02X, statement %q, version %d, sender %d, connected %t, packet %d of QoS %d, foreign %s",
		e, e.Rule, e.Offset, e.Found, e.Max, uint8(e.Reason), e.Statement, e.Version, e.Sender, e.Connected, e.PacketID, e.QoS, e.Foreign)
}

// cutting says how the bytes of one side come in pieces.
type cutting struct {
	from mqttwire.Sender
	at   int // the first piece ends here
}

// whole is the cutting that does not cut: no stream has so many bytes.
var whole = cutting{mqttwire.FromClient, 1 << 30}

// pieces cuts bytes of one side, at a place of its stream, as they are fed.
type pieces func(from mqttwire.Sender, at int, b []byte) [][]byte

// pushed runs a stream through a Feeder for each side, turn by turn. If it does
// not overwrite bodies the packets are views of the pieces.
func pushed(s *corpus.Stream, told mqttwire.Version, cut pieces, overwrite bool) *course {
	c, all := newCourse(), newPeers(told)
	feeders, fed := map[mqttwire.Sender]*mqttwire.Feeder{}, map[mqttwire.Sender]int{}
	for _, from := range bothSides {
		feeders[from] = mqttwire.NewFeeder(limitsOf(s))
		if overwrite {
			feeders[from].OverwriteBodies()
		}
	}
	for _, turn := range s.Turns {
		from := turn.Sender
		for _, piece := range cut(from, fed[from], turn.Bytes) {
			if !c.feed(feeders[from], bytes.Clone(piece), from, all) {
				return c
			}
		}
		fed[from] += len(turn.Bytes)
	}
	for _, from := range bothSides {
		feeders[from].End()
		_, err := all[from].Next(feeders[from])
		c.end(from, err)
	}
	return c
}

// feed feeds one piece, takes all packets that are then there, and overwrites the
// piece. It reports whether the connection goes on.
func (c *course) feed(f *mqttwire.Feeder, piece []byte, from mqttwire.Sender, all peers) bool {
	f.Feed(piece)
	for {
		p, err := all[from].Next(f)
		if err == mqttwire.ErrIncomplete {
			break
		}
		if !c.note(p, err, from, all) {
			return false
		}
	}
	for i := range piece {
		piece[i] = 0xDB // it is the caller's again
	}
	return true
}

// end notes how the stream of one side ended.
func (c *course) end(from mqttwire.Sender, err error) {
	c.lines = append(c.lines, fmt.Sprintf("%s %v", from, err))
}

// cutAt cuts the bytes of one side once.
func cutAt(cut cutting) pieces {
	return func(from mqttwire.Sender, at int, b []byte) [][]byte {
		if n := cut.at - at; from == cut.from && 0 < n && n < len(b) {
			return [][]byte{b[:n], b[n:]}
		}
		return [][]byte{b}
	}
}

// inBytes cuts into single bytes.
func inBytes(_ mqttwire.Sender, _ int, b []byte) (pieces [][]byte) {
	return slices.Collect(slices.Chunk(b, 1))
}

// pulled runs a stream through a Reader for each side, of which order says whose
// packet is next.
func pulled(s *corpus.Stream, told mqttwire.Version, order []mqttwire.Sender, open func(mqttwire.Sender, []byte) io.Reader) *course {
	c, all := newCourse(), newPeers(told)
	readers := map[mqttwire.Sender]*mqttwire.Reader{}
	for _, from := range bothSides {
		readers[from] = mqttwire.NewReader(open(from, s.Sent(from)), limitsOf(s))
		readers[from].OverwriteBodies()
	}
	for _, from := range order {
		p, err := nextInTime(all[from], readers[from])
		if !c.note(p, err, from, all) {
			return c
		}
	}
	for _, from := range bothSides {
		_, err := nextInTime(all[from], readers[from])
		c.end(from, err)
	}
	return c
}

// openAt reads the bytes of one side in two pieces.
func openAt(cut cutting) func(mqttwire.Sender, []byte) io.Reader {
	return func(from mqttwire.Sender, b []byte) io.Reader {
		if from == cut.from && cut.at < len(b) {
			return io.MultiReader(bytes.NewReader(b[:cut.at]), bytes.NewReader(b[cut.at:]))
		}
		return bytes.NewReader(b)
	}
}

func openBytes(_ mqttwire.Sender, b []byte) io.Reader {
	return iotest.OneByteReader(bytes.NewReader(b))
}

func openDataErr(_ mqttwire.Sender, b []byte) io.Reader {
	return iotest.DataErrReader(bytes.NewReader(b))
}

func TestCorpusStreamsHaveTheirOutcome(t *testing.T) {
	for _, s := range loadStreams(t) {
		t.Run(s.Name, func(t *testing.T) {
			for _, told := range toldVersions(&s) {
				c := pushed(&s, told, cutAt(whole), true)
				assert.Equal(t, s.Packets, c.types, "%s\n%s", s.Where(), strings.Join(c.lines, "\n"))
				if s.Fields != "" {
					assert.Equal(t, s.Fields, c.last, s.Where())
				}
				if s.End == corpus.Rejected {
					requireStreamRule(t, &s, c)
					continue
				}
				require.NoError(t, c.err, s.Where())
				ends := map[mqttwire.Sender]error{mqttwire.FromClient: io.EOF, mqttwire.FromServer: io.EOF}
				if s.End == corpus.Truncated {
					ends[s.Last()] = io.ErrUnexpectedEOF
				}
				for i, from := range bothSides {
					assert.Equal(t, fmt.Sprintf("%s %v", from, ends[from]), c.lines[len(c.lines)-2+i], s.Where())
				}
			}
		})
	}
}

// requireStreamRule checks each part of the error that the stream names, and how
// it is answered.
func requireStreamRule(t *testing.T, s *corpus.Stream, c *course) {
	t.Helper()
	var e *mqttwire.Error
	require.ErrorAs(t, c.err, &e, "%s\n%s", s.Where(), strings.Join(c.lines, "\n"))
	where := fmt.Sprintf("%s: %s", s.Where(), errorLine(e))
	assert.Equal(t, s.Rule, e.Rule.String(), where)
	assert.Equal(t, s.At, e.Offset, where)
	assert.Equal(t, s.Reason, e.Reason, where)
	assert.Equal(t, s.Statement, e.Statement, where)
	assert.ErrorIs(t, e, s.Class, where)
	assert.Equal(t, c.from[len(c.from)-1], e.Sender, where)
	if s.Foreign != "" {
		assert.Equal(t, s.Foreign, e.Foreign.String(), where)
	} else {
		assert.Zero(t, e.Foreign, where)
	}
	a := packets.Reply(e)
	assert.True(t, a.Close, where)
	if s.Reply == nil {
		assert.Nil(t, a.Packet, where)
		return
	}
	require.NotNil(t, a.Packet, where)
	b, err := a.Packet.Append(nil, a.Version)
	require.NoError(t, err, where)
	assert.Equal(t, fmt.Sprintf("% X", s.Reply), fmt.Sprintf("% X", b), where)
}

func TestCorpusStreamsComeOutTheSameInAnyPieces(t *testing.T) {
	for _, s := range loadStreams(t) {
		t.Run(s.Name, func(t *testing.T) {
			for _, told := range toldVersions(&s) {
				want := pushed(&s, told, cutAt(whole), true)
				same := func(got *course, how string) {
					t.Helper()
					require.Equal(t, want.lines, got.lines, "%s: %s", s.Where(), how)
				}
				same(pushed(&s, told, cutAt(whole), false), "pushed")
				same(pushed(&s, told, inBytes, true), "pushed byte by byte")
				same(pushed(&s, told, inBytes, false), "pushed byte by byte, as views")
				same(pulled(&s, told, want.from, openAt(whole)), "pulled")
				same(pulled(&s, told, want.from, openBytes), "pulled byte by byte")
				same(pulled(&s, told, want.from, openDataErr), "pulled, the end with the last bytes")
				same(pulled(&s, told, want.from, openLate), "pulled, a timeout at every byte")
				for _, cut := range cuttings(&s) {
					same(pushed(&s, told, cutAt(cut), cut.at%2 == 0), fmt.Sprintf("pushed, %s cut at %d", cut.from, cut.at))
					same(pulled(&s, told, want.from, openAt(cut)), fmt.Sprintf("pulled, %s cut at %d", cut.from, cut.at))
				}
			}
		})
	}
}

// cuttings are all places where one side's bytes can be cut in two; of a long
// stream those near its ends, and some between.
func cuttings(s *corpus.Stream) (all []cutting) {
	near, step := 128, 4099
	if testing.Short() {
		near, step = 32, 16411
	}
	for _, from := range bothSides {
		n := len(s.Sent(from))
		for at := 1; at < n; at++ {
			if at <= near || n-at <= near || at%step == 0 {
				all = append(all, cutting{from, at})
			}
		}
	}
	return all
}

// TestCorpusStreamsFrameByFrame runs Decode, which is for callers that cut frames
// themselves. It sees less: nothing of a frame that is not there whole.
func TestCorpusStreamsFrameByFrame(t *testing.T) {
	for _, s := range loadStreams(t) {
		for _, told := range toldVersions(&s) {
			want, got := pushed(&s, told, cutAt(whole), true), newCourse()
			all := newPeers(told)
			rest := map[mqttwire.Sender][]byte{}
			for _, from := range bothSides {
				rest[from] = s.Sent(from)
			}
			for _, from := range want.from {
				max := s.Max
				if s.First > 0 && !slices.Contains(got.from, from) {
					max = s.First
				}
				f, after, err := mqttwire.CutFrame(rest[from], max)
				if err != nil { // the decoder gets no frame
					require.Error(t, want.err, s.Where())
					break
				}
				rest[from] = after
				p, err := all[from].Decode(f)
				if !got.note(p, err, from, all) {
					break
				}
			}
			if s.Foreign != "" { // which is not seen if there is more of it than the frame
				require.Error(t, want.err, s.Where())
				continue
			}
			require.Subset(t, want.lines, got.lines, s.Where())
			require.Equal(t, want.types, got.types, s.Where())
			require.LessOrEqual(t, len(want.from)-1, len(got.lines), s.Where())
		}
	}
}

func TestAfterAViolationTheDecoderReturnsTheSameErrorEachTime(t *testing.T) {
	pingreq, _, err := mqttwire.CutFrame([]byte("\xC0\x00"), 0)
	require.NoError(t, err)
	for _, s := range loadStreams(t) {
		if s.End != corpus.Rejected {
			continue
		}
		c, all := newCourse(), newPeers(toldVersions(&s)[0])
		order := pushed(&s, toldVersions(&s)[0], cutAt(whole), true).from
		readers := map[mqttwire.Sender]*mqttwire.Reader{}
		for _, from := range bothSides {
			readers[from] = mqttwire.NewReader(io.MultiReader(bytes.NewReader(s.Sent(from)), strings.NewReader("\xC0\x00\xD0\x00")), limitsOf(&s))
		}
		for _, from := range order {
			p, err := all[from].Next(readers[from])
			c.note(p, err, from, all)
		}
		require.Error(t, c.err, s.Where())
		last := order[len(order)-1]
		for range 3 {
			p, err := all[last].Next(readers[last])
			require.Nil(t, p, s.Where())
			require.Same(t, c.err, err, s.Where())
			p, err = all[last].Decode(pingreq)
			require.Nil(t, p, s.Where())
			require.Same(t, c.err, err, s.Where())
		}
	}
}

// TestCorpusStreamsAreWrittenAsTheyAreRead shows that an Encoder writes what a
// Decoder reads, and refuses what it refuses if a value can hold it.
func TestCorpusStreamsAreWrittenAsTheyAreRead(t *testing.T) {
	refused := 0
	for _, s := range loadStreams(t) {
		told := toldVersions(&s)[0]
		encoders := map[mqttwire.Sender]*packets.Encoder{}
		rest := map[mqttwire.Sender][]byte{}
		for _, from := range bothSides {
			encoders[from] = packets.NewEncoder(packets.Options{From: from, Version: told})
			rest[from] = s.Sent(from)
		}
		for i, from := range pushed(&s, told, cutAt(whole), true).from {
			f, after, err := mqttwire.CutFrame(rest[from], 0)
			rest[from] = after
			var p mqttwire.Packet
			if err == nil {
				p, err = packets.Decode(f, s.Version)
			}
			if i == len(s.Packets) { // the one that is refused
				if err == nil && s.Rule != mqttwire.RulePacketSize.String() {
					requireEncoderRefuses(t, &s, encoders[from], p)
					refused++
				}
				break
			}
			require.NoError(t, err, s.Where())
			b, err := encoders[from].Append([]byte("prefix"), p)
			require.NoError(t, err, "%s: %s", s.Where(), p)
			want, err := p.Append([]byte("prefix"), s.Version)
			require.NoError(t, err, s.Where())
			require.Equal(t, want, b, "%s: %s", s.Where(), p)
			encoders[other(from)].Observe(p)
		}
	}
	require.Greater(t, refused, 50)
}

// requireEncoderRefuses checks that the encoder refuses the packet by the rule of the
// stream, or leaves out what makes it too large.
func requireEncoderRefuses(t *testing.T, s *corpus.Stream, encoder *packets.Encoder, p mqttwire.Packet) {
	t.Helper()
	b, err := encoder.Append([]byte("prefix"), p)
	mends := s.Rule == mqttwire.RuleMaximumPacketSize.String() || s.Rule == mqttwire.RuleProblemInformationUnasked.String()
	if mends && encoder.Dropped() != (packets.Dropped{}) {
		require.NoError(t, err, s.Where())
		require.Less(t, len(b)-len("prefix"), p.Size(s.Version), s.Where())
		return
	}
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e, s.Where())
	require.Equal(t, "prefix", string(b), s.Where())
	assert.Equal(t, s.Rule, e.Rule.String(), "%s: %s", s.Where(), e)
	assert.Equal(t, s.Reason, e.Reason, "%s: %s", s.Where(), e)
	assert.ErrorIs(t, e, s.Class, "%s: %s", s.Where(), e)
	assert.Equal(t, s.Statement, e.Statement, "%s: %s", s.Where(), e)
	assert.Equal(t, mqttwire.NoOffset, e.Offset, "%s: %s", s.Where(), e)
}

func TestEveryRuleOfTheConnectionHasAStreamInEachOfItsVersions(t *testing.T) {
	shown := map[string]map[mqttwire.Version]bool{}
	for _, s := range loadStreams(t) {
		if shown[s.Rule] == nil {
			shown[s.Rule] = map[mqttwire.Version]bool{}
		}
		shown[s.Rule][s.Version] = true
	}
	for _, rule := range mqttwire.Rules() {
		if rule < mqttwire.RuleNotMQTT {
			continue
		}
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			if rule.Statement(0, v) != "" || rule.Statement(mqttwire.AUTH, v) != "" {
				assert.True(t, shown[rule.String()][v], "no stream is refused by %s in %s", rule, v)
			}
		}
	}
}
