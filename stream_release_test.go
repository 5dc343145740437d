package mqttwire

import (
	"errors"
	"io"
	"slices"
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
			switch {
			case limits.PacketSize != 0 && cut > len(first): // skipped
				assert.Len(t, r.buf, cut-len(first), "%s, %d", name, cut)
			case limits.PacketSize == 0 && cut >= len(first): // not yet taken
				assert.Len(t, r.buf, cut-2, "%s, %d", name, cut)
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
		if cut >= 2 { // the body was not yet taken
			assert.Len(t, f.own, cut-2)
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

// What Frame has returned is given back, and nothing else.
func TestReleaseGivesBackWhatFrameHasReturned(t *testing.T) {
	first, second := "\x30\x05\x00\x01a12", "\x30\x06\x00\x01b345"
	r, f := NewReader(strings.NewReader(first+first+second), Limits{}), NewFeeder(Limits{})
	f.Feed([]byte(first + first + second))
	for n := range 2 { // the second is one that TryFrame takes
		for name, c := range map[string]interface {
			Frame() (Frame, error)
			Release()
		}{"reader": r, "feeder": f} {
			_, err := c.Frame()
			require.NoError(t, err, name)
			c.Release()
		}
		left := first + second
		if n == 1 {
			left = second
		}
		assert.Equal(t, left, string(r.buf))
		assert.Equal(t, left, string(f.own))
	}
}

// paused gives one part after the other, and a timeout after each.
type paused struct {
	chunks
	due bool
}

func (p *paused) Read(b []byte) (int, error) {
	if p.due {
		p.due = false
		return 0, pause{}
	}
	left := len(p.parts)
	n, err := p.chunks.Read(b)
	p.due = len(p.parts) < left
	return n, err
}

type pause struct{}

func (pause) Error() string { return "pause" }
func (pause) Timeout() bool { return true }

// severalPackets are of all sizes of a fixed header that come often, and one
// without a body.
var severalPackets = []string{
	"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c",
	"\x32\x07\x00\x01a\x00\x01xy",
	"\x82\x06\x00\x02\x00\x01a\x01",
	"\x30\x82\x01\x00\x01a" + strings.Repeat("z", 127),
	"\xc0\x00",
	"\x30\x03\x00\x01b",
}

func TestReleaseInTheMiddleOfAPacketLosesNothing(t *testing.T) {
	stream := strings.Join(severalPackets, "")
	for cut := range len(stream) {
		for _, overwrite := range []bool{false, true} {
			r := NewReader(&paused{chunks: chunks{[]string{stream[:cut], stream[cut:]}}}, Limits{})
			f := NewFeeder(Limits{})
			if overwrite {
				r.OverwriteBodies()
				f.OverwriteBodies()
			}
			f.Feed([]byte(stream[:cut]))
			for i, want := range severalPackets {
				frame, err := r.Frame()
				for isTimeout(err) {
					r.Release()
					frame, err = r.Frame()
				}
				require.NoError(t, err, "%d, %d", cut, i)
				require.Equal(t, want, whole(frame), "%d, %d", cut, i)

				frame, err = f.Frame()
				if err == ErrIncomplete {
					f.Release()
					f.Feed([]byte(stream[cut:]))
					frame, err = f.Frame()
				}
				require.NoError(t, err, "%d, %d", cut, i)
				require.Equal(t, want, whole(frame), "%d, %d", cut, i)
			}
		}
	}
}

func TestReleaseBetweenNextAndBodyLosesNothing(t *testing.T) {
	stream := strings.Join(severalPackets, "")
	r, f := NewReader(strings.NewReader(stream), Limits{}), NewFeeder(Limits{})
	f.Feed([]byte(stream))
	for name, c := range map[string]interface {
		Next() (FixedHeader, error)
		Body() (Frame, error)
		Release()
	}{"reader": r, "feeder": f} {
		for _, want := range severalPackets {
			_, err := c.Next()
			require.NoError(t, err, name)
			c.Release()
			frame, err := c.Body()
			require.NoError(t, err, name)
			require.Equal(t, want, whole(frame), name)
			c.Release()
			_, err = c.Body()
			require.ErrorIs(t, err, ErrNoPacket, name)
		}
	}
}

func TestReleaseWhileABodyIsReadLosesNothing(t *testing.T) {
	body := "\x00\x01a" + strings.Repeat("0123456789", 100)
	stream := "\x30\xeb\x07" + body + "\xc0\x00"
	r, f := NewReader(strings.NewReader(stream), Limits{}), NewFeeder(Limits{})
	f.Feed([]byte(stream))
	for name, c := range map[string]interface {
		io.Reader
		Next() (FixedHeader, error)
		Release()
	}{"reader": r, "feeder": f} {
		_, err := c.Next()
		require.NoError(t, err, name)
		var got []byte
		buf := make([]byte, 7)
		for err == nil {
			var n int
			c.Release()
			n, err = c.Read(buf)
			got = append(got, buf[:n]...)
		}
		assert.Equal(t, io.EOF, err, name)
		assert.Equal(t, body, string(got), name)
		c.Release()
		h, err := c.Next()
		require.NoError(t, err, name)
		assert.Equal(t, PINGREQ, h.Type, name)
	}
}

// ways are how a body may be taken: each either takes all of it, or nothing.
var ways = map[string]func(r releaser) (string, error){
	"Body": func(r releaser) (string, error) {
		f, err := r.Body()
		return string(f.Body), err
	},
	"AppendBody": func(r releaser) (string, error) {
		b, err := r.AppendBody(nil)
		return string(b), err
	},
	"Peek": func(r releaser) (string, error) {
		b, err := r.Peek(int(r.Header().RemainingLength))
		return string(b), err
	},
}

// releaser is a Reader or a Feeder.
type releaser interface {
	Next() (FixedHeader, error)
	Header() FixedHeader
	Body() (Frame, error)
	AppendBody(dst []byte) ([]byte, error)
	Peek(n int) ([]byte, error)
	Release()
}

func TestReleaseAtEveryPauseLosesNothing(t *testing.T) {
	stream := strings.Join(severalPackets, "")
	for way, take := range ways {
		for size := 1; size < 20; size++ {
			var parts []string
			for rest := stream; rest != ""; rest = rest[min(size, len(rest)):] {
				parts = append(parts, rest[:min(size, len(rest))])
			}
			f := NewFeeder(Limits{})
			fed := slices.Clone(parts)
			for name, c := range map[string]releaser{"reader": NewReader(&paused{chunks: chunks{parts}}, Limits{}), "feeder": f} {
				paused := func(err error) bool {
					c.Release()
					if err == ErrIncomplete {
						f.Feed([]byte(fed[0]))
						fed = fed[1:]
					}
					return err == ErrIncomplete || isTimeout(err)
				}
				for _, want := range severalPackets {
					h, err := c.Next()
					for paused(err) {
						h, err = c.Next()
					}
					require.NoError(t, err, "%s, %s, %d", name, way, size)
					body, err := take(c)
					for paused(err) {
						body, err = take(c)
					}
					require.NoError(t, err, "%s, %s, %d", name, way, size)
					require.Equal(t, want, whole(Frame{h, []byte(body)}), "%s, %s, %d", name, way, size)
				}
			}
		}
	}
}

// whole returns all bytes of a packet.
func whole(f Frame) string {
	b, _ := AppendVarint([]byte{byte(f.Header.Type)<<4 | f.Header.Flags}, f.Header.RemainingLength)
	return string(append(b, f.Body...))
}
