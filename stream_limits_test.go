package mqttwire_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

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

func TestStreamErrorsStay(t *testing.T) {
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
