package mqttwire

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReleaseGivesTheBufferBackAndLosesNothing(t *testing.T) {
	first, second := "\x30\x05\x00\x01a12", "\x30\x06\x00\x01b345"
	for name, limits := range map[string]Limits{"within the limits": {}, "over the limit": {PacketSize: 6, FirstPacketSize: 6}} {
		for cut := range len(first + second) { // how much has come when the buffer is given back
			stream := first + second
			r := NewReader(&chunks{parts: []string{stream[:cut], stream[cut:]}}, limits)
			_, err := r.Next()
			if errors.Is(err, ErrTooLarge) {
				require.NoError(t, r.Skip(), name)
			}
			r.Release()
			if cut > len(first) {
				assert.Len(t, r.buf, cut-len(first), "%s, %d", name, cut)
			} else if err == nil && cut == len(first) {
				assert.Nil(t, r.buf, "%s, %d", name, cut)
			}
			f, err := r.Frame()
			if limits.PacketSize != 0 {
				require.ErrorIs(t, err, ErrTooLarge, "%s, %d", name, cut)
				continue
			}
			require.NoError(t, err, "%s, %d", name, cut)
			assert.Equal(t, "\x00\x01b345", string(f.Body), "%s, %d", name, cut)
			assert.EqualValues(t, len(first), r.Offset())
		}
	}
}

// chunks gives one part for each Read.
type chunks struct{ parts []string }

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.parts[0])
	if c.parts[0] = c.parts[0][n:]; c.parts[0] == "" {
		c.parts = c.parts[1:]
	}
	return n, nil
}

func TestReleaseLeavesAPacketOverTheLimitToSkip(t *testing.T) {
	r := NewReader(strings.NewReader("\x30\x05\x00\x01a12\xC0\x00"), Limits{PacketSize: 6, FirstPacketSize: 6})
	_, err := r.Next()
	require.ErrorIs(t, err, ErrTooLarge)
	r.Release()
	b, err := r.Peek(3)
	require.NoError(t, err)
	assert.Equal(t, "\x00\x01a", string(b))
	require.NoError(t, r.Skip())
	f, err := r.Frame()
	require.NoError(t, err)
	assert.Equal(t, PINGREQ, f.Header.Type)
	r.Release()
	_, err = r.Frame()
	assert.ErrorIs(t, err, io.EOF)
}

func TestAFeederGivesItsBufferBackAndLosesNothing(t *testing.T) {
	first, second := "\x30\x05\x00\x01a12", "\x30\x06\x00\x01b345"
	stream := []byte(first + second)
	for cut := range len(stream) {
		f := NewFeeder(Limits{})
		f.Feed(stream[:cut])
		_, err := f.Next()
		require.True(t, err == nil || err == ErrIncomplete)
		f.Release()
		for i := range stream[:cut] { // the chunk is the caller's again
			stream[i] ^= 0xFF
		}
		if cut == len(first) {
			assert.Nil(t, f.own)
		}
		if cut > len(first) {
			assert.Len(t, f.own, cut-len(first))
		}
		f.Feed(stream[cut:])
		frame, err := f.Frame()
		if cut < 2 { // Next had not come to the first packet
			require.NoError(t, err)
			assert.Equal(t, first[2:], string(frame.Body))
			frame, err = f.Frame()
		}
		require.NoError(t, err, "%d", cut)
		assert.Equal(t, second[2:], string(frame.Body), "%d", cut)
		copy(stream, first+second)
	}
}
