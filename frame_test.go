package mqttwire_test

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestCutFrameCutsOnePacketAndLeavesTheRest(t *testing.T) {
	b := []byte("\x30\x05\x00\x01aHi\xC0\x00")
	f, rest, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	assert.Equal(t, mqttwire.FixedHeader{Type: mqttwire.PUBLISH, Size: 2, RemainingLength: 5}, f.Header)
	assert.Equal(t, "\x00\x01aHi", string(f.Body))
	assert.Equal(t, len(f.Body), cap(f.Body), "appending to the body must not reach the next packet")
	assert.Equal(t, "\xC0\x00", string(rest))
	assert.Equal(t, 7, f.Header.PacketSize())
}

func TestCutFrameAsksForMoreWhileThePacketIsNotThere(t *testing.T) {
	for _, c := range varintBounds[:7] {
		b := append([]byte{0x30}, c.bytes...)
		b = append(b, make([]byte, c.n)...)
		for _, n := range []int{0, 1, len(c.bytes), len(b) - 1} {
			if n == len(b) {
				continue
			}
			_, rest, err := mqttwire.CutFrame(b[:n], 0)
			require.ErrorIs(t, err, mqttwire.ErrIncomplete, "%d of %d bytes", n, len(b))
			require.Len(t, rest, n)
		}
		f, rest, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		require.Len(t, f.Body, int(c.n))
		require.Empty(t, rest)
	}
}

func TestCutFrameRefusesAtTheFirstByteThatShowsTheFault(t *testing.T) {
	_, rest, err := mqttwire.CutFrame([]byte{0x0F}, 0)
	requireRule(t, err, mqttwire.RulePacketType)
	assert.Len(t, rest, 1)
	// Four bytes that all say "more follows": no fifth is waited for.
	_, _, err = mqttwire.CutFrame([]byte{0x30, 0x80, 0x80, 0x80, 0x80}, 0)
	requireRule(t, err, mqttwire.RuleVarintLength)
	_, _, err = mqttwire.CutFrame([]byte{0x30, 0x80, 0x80, 0x80}, 0)
	require.ErrorIs(t, err, mqttwire.ErrIncomplete)
}

func TestCutFrameCountsTheWholePacketAgainstTheMaximum(t *testing.T) {
	for _, c := range varintBounds {
		size := 1 + len(c.bytes) + int(c.n)
		header := append([]byte{0x30}, c.bytes...)
		_, _, err := mqttwire.CutFrame(header, size)
		if err != nil {
			require.ErrorIs(t, err, mqttwire.ErrIncomplete, "a packet of just the maximum size")
		}
		_, _, err = mqttwire.CutFrame(header, size-1)
		requireRule(t, err, mqttwire.RulePacketSize)
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e)
		assert.EqualValues(t, size, e.Found)
		assert.EqualValues(t, size-1, e.Max)
		assert.Equal(t, mqttwire.ReasonPacketTooLarge, e.Reason)
	}
}

func TestFrameSizeTellsWhatThePacketNeeds(t *testing.T) {
	for _, c := range []struct {
		b    string
		n    int
		more bool
	}{
		{"", 2, true},
		{"\x30", 2, true},
		{"\x30\x80", 3, true},
		{"\x30\x80\x80\x80", 5, true},
		{"\x30\x05", 7, false},
		{"\x30\xFF\xFF\xFF\x7F", mqttwire.MaxPacketSize, false},
		{"\xC0\x00\x30", 2, false},
	} {
		n, err := mqttwire.FrameSize([]byte(c.b))
		assert.Equal(t, c.n, n, "%x", c.b)
		assert.Equal(t, c.more, err == mqttwire.ErrIncomplete, "%x", c.b)
	}
	_, err := mqttwire.FrameSize([]byte{0x00, 0x00})
	requireRule(t, err, mqttwire.RulePacketType)
}

func TestScanFramesFeedsABufioScanner(t *testing.T) {
	stream := "\xC0\x00\x30\x05\x00\x01aHi\xD0\x00"
	for _, r := range []io.Reader{strings.NewReader(stream), oneByteReader(stream)} {
		s := bufio.NewScanner(r)
		s.Split(mqttwire.ScanFrames)
		var got []string
		for s.Scan() {
			got = append(got, s.Text())
		}
		require.NoError(t, s.Err())
		assert.Equal(t, []string{"\xC0\x00", "\x30\x05\x00\x01aHi", "\xD0\x00"}, got)
	}
}

func TestScanFramesTellsAPacketCutOffByTheEndOfTheStream(t *testing.T) {
	s := bufio.NewScanner(strings.NewReader("\xC0\x00\x30\x05\x00"))
	s.Split(mqttwire.ScanFrames)
	require.True(t, s.Scan())
	require.False(t, s.Scan())
	assert.ErrorIs(t, s.Err(), io.ErrUnexpectedEOF)

	s = bufio.NewScanner(strings.NewReader("\x00"))
	s.Split(mqttwire.ScanFrames)
	require.False(t, s.Scan())
	requireRule(t, s.Err(), mqttwire.RulePacketType)
}

func TestAppendFrameWritesWhatItIsGiven(t *testing.T) {
	b, err := mqttwire.AppendFrame([]byte("prefix"), 0, 15, []byte("xyz"))
	require.NoError(t, err)
	assert.Equal(t, "prefix\x0F\x03xyz", string(b))

	for _, c := range []struct {
		t     mqttwire.PacketType
		flags uint8
		body  []byte
		rule  mqttwire.Rule
	}{
		{16, 0, nil, mqttwire.RulePacketType},
		{1, 16, nil, mqttwire.RuleFlags},
		{3, 0, make([]byte, mqttwire.MaxVarint+1), mqttwire.RuleRemainingLength},
	} {
		b, err := mqttwire.AppendFrame([]byte("prefix"), c.t, c.flags, c.body)
		requireRule(t, err, c.rule)
		assert.Equal(t, "prefix", string(b))
	}
}

func TestFixedHeaderHalfwayThroughTheStreamIsNoError(t *testing.T) {
	_, rest, err := mqttwire.ConsumeFixedHeader(nil)
	assert.ErrorIs(t, err, mqttwire.ErrIncomplete)
	assert.Empty(t, rest)
	h, rest, err := mqttwire.ConsumeFixedHeader([]byte("\x3B\x80\x01body"))
	require.NoError(t, err)
	assert.Equal(t, mqttwire.FixedHeader{Type: mqttwire.PUBLISH, Flags: 11, Size: 3, RemainingLength: 128}, h)
	assert.Equal(t, "body", string(rest))
}

// oneByteReader returns the bytes of s one at a time.
func oneByteReader(s string) io.Reader { return chunkReader{bytes.NewReader([]byte(s)), 1} }

// chunkReader returns at most n bytes at a time.
type chunkReader struct {
	r io.Reader
	n int
}

func (c chunkReader) Read(p []byte) (int, error) {
	if len(p) > c.n {
		p = p[:c.n]
	}
	return c.r.Read(p)
}
