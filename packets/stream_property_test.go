package packets_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAnyChunkingOfAStreamGivesTheSamePackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, from := mqttwiretest.Version().Draw(t, "version"), mqttwiretest.Sender().Draw(t, "sender")
		var stream []byte
		var want []string
		for _, p := range mqttwiretest.Stream(v, from).Draw(t, "stream") {
			b, err := p.Append(nil, v)
			require.NoError(t, err)
			stream = append(stream, b...)
			want = append(want, fmt.Sprintf("%x", b))
		}
		want = append(want, io.EOF.Error())
		require.Equal(t, want, readStream(t, stream, v, 0))
	})
}

func TestAnyChunkingOfABrokenStreamGivesTheSamePacketsAndErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, from := mqttwiretest.Version().Draw(t, "version"), mqttwiretest.Sender().Draw(t, "sender")
		stream := drawBrokenStream(t, v, from)
		limit := rapid.SampledFrom([]int{0, 20, 200}).Draw(t, "maximum packet size")
		require.Equal(t, cutStream(stream, v, limit), readStream(t, stream, v, limit))
	})
}

// drawBrokenStream draws the bytes of a stream of which one packet has a planted
// violation, or which ends inside its last packet.
func drawBrokenStream(t *rapid.T, v mqttwire.Version, from mqttwire.Sender) (stream []byte) {
	sent := mqttwiretest.Stream(v, from).Draw(t, "stream")
	broken := rapid.IntRange(0, len(sent)-1).Draw(t, "broken packet")
	choose := drawChoose(t)
	for i, p := range sent {
		b, err := p.Append(nil, v)
		require.NoError(t, err)
		if i == broken {
			violations := mqttwiretest.Violations()
			for first := choose(len(violations)); ; first++ {
				if c, ok := violations[first%len(violations)].Plant(b, v, from, choose); ok {
					b = c.Bytes
					break
				}
			}
		}
		stream = append(stream, b...)
	}
	if rapid.Bool().Draw(t, "cut") {
		stream = stream[:len(stream)-1-choose(min(len(stream), 100))]
	}
	return stream
}

// cutStream says what comes of a stream that is there whole: a line for each
// packet, and how it ends.
func cutStream(stream []byte, v mqttwire.Version, limit int) (lines []string) {
	for {
		f, rest, err := mqttwire.CutFrame(stream, limit)
		switch {
		case err == mqttwire.ErrIncomplete && len(stream) == 0:
			return append(lines, io.EOF.Error())
		case err == mqttwire.ErrIncomplete:
			return append(lines, io.ErrUnexpectedEOF.Error())
		case err != nil:
			return append(lines, err.Error())
		}
		lines = append(lines, lineOf(f, v))
		stream = rest
	}
}

// lineOf is a packet's encoding, or the error that it is refused with.
func lineOf(f mqttwire.Frame, v mqttwire.Version) string {
	p, err := packets.Decode(f, v)
	if err != nil {
		return err.Error()
	}
	b, err := p.Append(nil, v)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%x", b)
}

// readStream is cutStream with a Reader that gets the stream in drawn chunks,
// and whose bodies are taken whole or streamed.
func readStream(t *rapid.T, stream []byte, v mqttwire.Version, limit int) (lines []string) {
	chunks := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 70000)), 1, 8).Draw(t, "chunks")
	streamed := rapid.Bool().Draw(t, "bodies streamed")
	max := mqttwire.MaxPacketSize
	if limit > 0 {
		max = limit
	}
	r := mqttwire.NewReader(&chunked{stream: stream, sizes: chunks}, mqttwire.Limits{PacketSize: max, FirstPacketSize: max})
	for {
		f, err := nextFrame(r, streamed)
		if err != nil {
			return append(lines, err.Error())
		}
		lines = append(lines, lineOf(f, v))
	}
}

func nextFrame(r *mqttwire.Reader, streamed bool) (mqttwire.Frame, error) {
	h, err := r.Next()
	if err != nil {
		return mqttwire.Frame{}, err
	}
	if !streamed {
		return r.Body()
	}
	body, err := io.ReadAll(r)
	return mqttwire.Frame{Header: h, Body: body}, err
}

// chunked gives a stream in chunks of the given sizes, round and round.
type chunked struct {
	stream []byte
	sizes  []int
	next   int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.stream) == 0 {
		return 0, io.EOF
	}
	n := min(c.sizes[c.next%len(c.sizes)], len(p), len(c.stream))
	c.next++
	copy(p, c.stream[:n])
	c.stream = c.stream[n:]
	return n, nil
}
