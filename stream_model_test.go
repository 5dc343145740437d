package mqttwire_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
)

// streamModel is what a Reader does, written for a stream that is there whole.
type streamModel struct {
	rest   []byte // what is not taken
	header mqttwire.FixedHeader
	left   int // bytes of the body in rest, if all came
	max    int
	err    error
	over   bool // err is that the present packet is over the limit
}

func (m *streamModel) next() (mqttwire.FixedHeader, error) {
	if m.over {
		return m.header, m.err
	}
	m.leave()
	if m.err != nil {
		return mqttwire.FixedHeader{}, m.err
	}
	h, rest, err := mqttwire.ConsumeFixedHeader(m.rest)
	if err == mqttwire.ErrIncomplete {
		if err = io.ErrUnexpectedEOF; len(m.rest) == 0 {
			err = io.EOF
		}
	}
	if m.err = err; err != nil {
		return mqttwire.FixedHeader{}, err
	}
	m.header, m.rest, m.left = h, rest, int(h.RemainingLength)
	if h.PacketSize() > m.max {
		m.over = true
		m.err = mqttwire.NewError(mqttwire.RulePacketSize, h.Type, 0, mqttwire.FieldRemainingLength, 1, int64(h.PacketSize()))
		m.err.(*mqttwire.Error).Max = int64(m.max)
	}
	return h, m.err
}

func (m *streamModel) leave() {
	if m.err == nil && m.left > len(m.rest) {
		m.err = io.ErrUnexpectedEOF
	}
	if m.err == nil {
		m.take(m.left)
		m.header = mqttwire.FixedHeader{}
	}
}

func (m *streamModel) take(n int) {
	m.rest = m.rest[n:]
	m.left -= n
}

func (m *streamModel) skip() error {
	if m.over {
		m.over, m.err = false, nil
	}
	if m.err == nil && m.left > len(m.rest) {
		m.err = io.ErrUnexpectedEOF
	}
	if m.err == nil {
		m.take(m.left)
	}
	return m.err
}

func (m *streamModel) body() ([]byte, error) {
	switch {
	case m.err != nil:
		return nil, m.err
	case m.header.Type == 0:
		return nil, mqttwire.ErrNoPacket
	case m.left != int(m.header.RemainingLength):
		return nil, mqttwire.ErrBodyRead
	case m.left > len(m.rest):
		m.err = io.ErrUnexpectedEOF
		return nil, m.err
	}
	return m.rest[:m.left], nil
}

// peek returns up to n bytes of the body, and why there are no more.
func (m *streamModel) peek(n int) ([]byte, error) {
	switch {
	case m.err != nil && !m.over:
		return nil, m.err
	case min(n, m.left) > len(m.rest):
		return m.rest, io.ErrUnexpectedEOF
	case n > m.left:
		return m.rest[:m.left], io.EOF
	}
	return m.rest[:n], nil
}

func (m *streamModel) lookahead(n int) ([]byte, error) {
	m.leave()
	switch {
	case m.err != nil:
		return nil, m.err
	case n > len(m.rest) && len(m.rest) == 0:
		return nil, io.EOF
	case n > len(m.rest):
		return m.rest, io.ErrUnexpectedEOF
	}
	return m.rest[:n], nil
}

// drawScale draws by what the largest sizes are multiplied: at 100, large buffers
// come and go.
func drawScale(t *rapid.T) int { return rapid.SampledFrom([]int{1, 1, 100}).Draw(t, "scale") }

// drawStream draws packets of all sizes up to some more than 1000 bytes times the
// scale, and a stream that ends well, or inside a packet, or with a broken header.
func drawStream(t *rapid.T, scale int) (b []byte) {
	for i, n := range rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 1200*scale)), 0, 12).Draw(t, "body sizes") {
		body := make([]byte, n)
		for j := range body {
			body[j] = byte(i + 31*j)
		}
		b, _ = mqttwire.AppendFrame(b, mqttwire.PacketType(1+i%15), uint8(i), body)
	}
	if rapid.Bool().Draw(t, "broken") {
		return append(b, "\x30\xFF\xFF\xFF\xFF\x01"...)
	}
	return b[:len(b)-min(len(b), rapid.IntRange(0, 5).Draw(t, "bytes missing"))]
}

func drawChunks(t *rapid.T, b []byte, scale int) (chunks [][]byte) {
	sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 2000*scale)), 1, 8).Draw(t, "chunk sizes")
	for i := 0; len(b) > 0; i++ {
		n := min(len(b), sizes[i%len(sizes)])
		chunks = append(chunks, b[:n])
		b = b[n:]
	}
	return chunks
}

func TestReaderDoesWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := drawScale(t)
		b := drawStream(t, scale)
		max := scale * rapid.SampledFrom([]int{700, 2000}).Draw(t, "maximum packet size")
		r := pull(drawChunks(t, b, scale), mqttwire.Limits{PacketSize: max})
		useStream(t, r, &streamModel{rest: b, max: max}, scale, nil)
	})
}

// A Reader whose source times out, before any byte or together with it, does what
// one does whose source does not, if each call is made again.
func TestReaderWithTimeoutsDoesWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := drawScale(t)
		b := drawStream(t, scale)
		max := scale * rapid.SampledFrom([]int{700, 2000}).Draw(t, "maximum packet size")
		r := tick(drawChunks(t, b, scale), mqttwire.Limits{PacketSize: max}, rapid.SampledFrom([]int{1, 2, 3}).Draw(t, "reads a timeout"))
		useStream(t, r, &streamModel{rest: b, max: max}, scale, nil)
	})
}

// A Feeder that is fed when it asks for more, and at times before, does what a
// Reader does; but its Skip does not wait for the end of the stream.
func TestFeederDoesWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := drawScale(t)
		b := drawStream(t, scale)
		max := scale * rapid.SampledFrom([]int{700, 2000}).Draw(t, "maximum packet size")
		p := push(drawChunks(t, b, scale), mqttwire.Limits{PacketSize: max})
		useStream(t, p, &streamModel{rest: b, max: max}, scale, func() {
			p.fedEarly()
		})
	})
}

// useStream calls drawn methods of s and compares what they do with the model.
func useStream(t *rapid.T, s stream, m *streamModel, scale int, feed func()) {
	if rapid.Bool().Draw(t, "bodies overwritten") {
		s.OverwriteBodies()
	}
	for i := range 60 {
		n := rapid.OneOf(rapid.IntRange(0, 10), rapid.IntRange(0, 2500*scale)).Draw(t, "n")
		switch method := rapid.SampledFrom([]string{"Frame", "TryFrame", "Next", "Next", "Body", "AppendBody", "Peek", "Discard", "Read", "Skip", "Lookahead", "Feed"}).Draw(t, "method"); method {
		case "Frame":
			want, wantErr := m.next()
			var body []byte
			if wantErr == nil {
				body, wantErr = m.body()
			}
			got, err := s.Frame()
			requireSame(t, wantErr, err)
			if err == nil {
				require.Equal(t, want, got.Header)
				require.True(t, bytes.Equal(body, got.Body))
			}
		case "TryFrame":
			if got, ok := s.TryFrame(); ok { // else nothing has changed
				want, err := m.next()
				require.NoError(t, err)
				body, err := m.body()
				require.NoError(t, err)
				require.Equal(t, want, got.Header)
				require.True(t, bytes.Equal(body, got.Body))
			}
		case "Next":
			want, wantErr := m.next()
			got, err := s.Next()
			requireSame(t, wantErr, err)
			require.Equal(t, want, got)
		case "Body":
			want, wantErr := m.body()
			got, err := s.Body()
			requireSame(t, wantErr, err)
			require.True(t, bytes.Equal(want, got.Body))
		case "AppendBody":
			want, wantErr := m.body()
			got, err := s.AppendBody(make([]byte, 1, 1+n))
			requireSame(t, wantErr, err)
			require.True(t, bytes.Equal(want, got[1:]))
			m.take(len(want))
		case "Peek":
			want, wantErr := m.peek(n)
			got, err := s.Peek(n)
			requireSame(t, wantErr, err)
			require.True(t, bytes.Equal(want, got), "%x, expected %x", got, want)
		case "Discard":
			want, wantErr := m.peek(n)
			got, err := s.Discard(n)
			requireSame(t, wantErr, err)
			require.Equal(t, len(want), got)
			m.take(got)
			if err == io.ErrUnexpectedEOF {
				m.err = err
			}
		case "Read":
			useRead(t, s, m, n)
		case "Skip":
			wantErr := m.skip()
			if err := s.Skip(); feed == nil || err != nil || wantErr != io.ErrUnexpectedEOF {
				requireSame(t, wantErr, err)
			} else if _, err := s.Next(); true {
				requireSame(t, wantErr, err)
			}
		case "Lookahead":
			want, wantErr := m.lookahead(n)
			got, err := s.Lookahead(n)
			requireSame(t, wantErr, err)
			require.True(t, bytes.Equal(want, got))
		case "Feed":
			if feed != nil {
				feed()
			}
		}
		if m.err == nil {
			require.Equal(t, m.header, s.Header(), "after %d calls", i)
		}
	}
}

// useRead compares a Read, which may return any part of what it is asked for.
func useRead(t *rapid.T, s stream, m *streamModel, n int) {
	p := make([]byte, n)
	got, err := s.Read(p)
	want, wantErr := m.peek(n)
	switch {
	case m.over:
		require.Zero(t, got)
		require.Equal(t, m.err.Error(), err.Error())
	case len(want) == 0:
		require.Zero(t, got)
		if n == 0 && m.err == nil && m.left == 0 {
			wantErr = io.EOF
		}
		requireSame(t, wantErr, err)
		if err == io.ErrUnexpectedEOF {
			m.err = err
		}
	default:
		require.NoError(t, err)
		require.Positive(t, got)
		require.True(t, bytes.HasPrefix(want, p[:got]))
		m.take(got)
	}
}

func requireSame(t *rapid.T, want, got error) {
	require.True(t, sameError(want, got), "%v, expected %v", got, want)
}
