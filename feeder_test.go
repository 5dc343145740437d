package mqttwire_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestFeederFramesAreTheSameAtEverySplit(t *testing.T) {
	b := corpusStream(t, mqttwire.V5, 200)[:2000]
	steps, offset, end := inOneShot(b, 0)
	for n := 0; n <= len(b); n++ {
		f := push([][]byte{b[:n], b[n:]}, anySize)
		for i, want := range steps {
			frame, err := f.Frame()
			require.NoError(t, err)
			require.Equal(t, want.header, frame.Header)
			require.True(t, bytes.Equal(want.body, frame.Body), "packet %d, split after %d bytes", i, n)
			require.Equal(t, want.offset, f.Offset())
			require.Equal(t, len(frame.Body), cap(frame.Body))
		}
		for range 2 {
			_, err := f.Frame()
			require.Equal(t, end, err)
		}
		require.Equal(t, offset, f.Offset())
	}
}

func TestFeederFramesWithinAChunkAreViewsOfIt(t *testing.T) {
	frames, b := streamOf(t, 10, 300, 5000, 20)
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.Feed(b[:3]) // so that the first frame is split
	_, err := f.Frame()
	require.Equal(t, mqttwire.ErrIncomplete, err)
	f.Feed(b[3:])
	at := 0
	for i, frame := range frames {
		at += len(frame)
		got, err := f.Frame()
		require.NoError(t, err)
		last := &got.Body[len(got.Body)-1]
		require.Equal(t, i > 0, last == &b[at-1], "packet %d", i)
	}
}

func TestFeederGoesOnWithTheSamePacketAfterErrIncomplete(t *testing.T) {
	_, b := streamOf(t, 10, 5)
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.Feed(b[:4])
	h, err := f.Next()
	require.NoError(t, err)
	for _, c := range b[4:12] {
		_, err = f.Body()
		require.Equal(t, mqttwire.ErrIncomplete, err)
		got, err := f.AppendBody([]byte("x"))
		require.Equal(t, mqttwire.ErrIncomplete, err)
		require.Equal(t, "x", string(got))
		require.Equal(t, h, f.Header())
		f.Feed([]byte{c})
	}
	frame, err := f.Body()
	require.NoError(t, err)
	require.Equal(t, "aaaaaaaaaa", string(frame.Body))
	f.Feed(b[12:])
	h, err = f.Next()
	require.NoError(t, err)
	require.EqualValues(t, 5, h.RemainingLength)
}

func TestFeederNextLeavesAPacketWhoseBodyHasNotCome(t *testing.T) {
	_, b := streamOf(t, 10, 5)
	for name, begin := range map[string]func(f *mqttwire.Feeder) error{
		"Next":      func(f *mqttwire.Feeder) error { _, err := f.Next(); return err },
		"Frame":     func(f *mqttwire.Feeder) error { _, err := f.Frame(); return err },
		"Lookahead": func(f *mqttwire.Feeder) error { _, err := f.Lookahead(1); return err },
	} {
		f := mqttwire.NewFeeder(mqttwire.Limits{})
		f.Feed(b[:4])
		_, err := f.Frame()
		require.Equal(t, mqttwire.ErrIncomplete, err)
		if name != "Frame" {
			require.Equal(t, mqttwire.ErrIncomplete, begin(f), name)
		}
		f.Feed(b[4:])
		frame, err := f.Frame()
		require.NoError(t, err, name)
		want := map[string]string{"Next": "bbbbb", "Lookahead": "bbbbb", "Frame": "aaaaaaaaaa"}[name]
		require.Equal(t, want, string(frame.Body), name)
	}
}

func TestFeederFrameGoesToTheNextPacketWhenBodyHasGivenThePresentOne(t *testing.T) {
	_, b := streamOf(t, 10, 5)
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.Feed(b[:4])
	_, err := f.Frame()
	require.Equal(t, mqttwire.ErrIncomplete, err)
	f.Feed(b[4:])
	frame, err := f.Body()
	require.NoError(t, err)
	require.Equal(t, "aaaaaaaaaa", string(frame.Body))
	frame, err = f.Frame()
	require.NoError(t, err)
	require.Equal(t, "bbbbb", string(frame.Body))
}

func TestFeederTakesAChunkWhileBytesOfTheOneBeforeAreLeft(t *testing.T) {
	frames, b := streamOf(t, 1, 300, 2, 4000, 3, 70, 500)
	for _, size := range []int{1, 2, 5, 100, 1000} {
		f := mqttwire.NewFeeder(mqttwire.Limits{})
		got := 0
		for _, chunk := range inChunks(b, size) {
			f.Feed(chunk)
			f.Feed(nil)
			f.Feed([]byte{})
			if frame, err := f.Frame(); err == nil { // one at most of each chunk
				require.True(t, bytes.HasSuffix(frames[got], frame.Body))
				got++
			}
		}
		for ; got < len(frames); got++ {
			frame, err := f.Frame()
			require.NoError(t, err)
			require.True(t, bytes.HasSuffix(frames[got], frame.Body))
		}
		_, err := f.Frame()
		require.Equal(t, mqttwire.ErrIncomplete, err)
	}
}

func TestFeederHoldsNoPartOfAChunkAfterErrIncompleteOrAnotherFeed(t *testing.T) {
	_, b := streamOf(t, 10, 20, 30)
	for name, release := range map[string]func(f *mqttwire.Feeder){
		"Peek":      func(f *mqttwire.Feeder) { _, err := f.Peek(15); require.Equal(t, mqttwire.ErrIncomplete, err) },
		"Body":      func(f *mqttwire.Feeder) { _, err := f.Body(); require.Equal(t, mqttwire.ErrIncomplete, err) },
		"Feed(nil)": func(f *mqttwire.Feeder) { f.Feed(nil) },
		"overwrite": func(f *mqttwire.Feeder) { f.OverwriteBodies() },
	} {
		chunk := bytes.Clone(b[:20])
		f := mqttwire.NewFeeder(mqttwire.Limits{})
		f.Feed(chunk)
		_, err := f.Next()
		require.NoError(t, err)
		_, err = f.Next()
		require.NoError(t, err)
		release(f)
		spoil(chunk)
		f.Feed(b[20:])
		frame, err := f.Body()
		require.NoError(t, err, name)
		require.Equal(t, "bbbbbbbbbbbbbbbbbbbb", string(frame.Body), name)
	}
}

func TestFeederSkipsWhatIsStillToCome(t *testing.T) {
	_, b := streamOf(t, 100, 5)
	for n := 2; n < 102; n++ {
		f := mqttwire.NewFeeder(mqttwire.Limits{PacketSize: 50})
		f.Feed(b[:n])
		_, err := f.Frame()
		require.ErrorIs(t, err, mqttwire.ErrTooLarge)
		require.NoError(t, f.Skip())
		require.NoError(t, f.Skip(), "twice is once")
		k, err := f.Read(make([]byte, 1))
		require.Zero(t, k)
		require.Equal(t, io.EOF, err)
		_, err = f.Body()
		require.Equal(t, mqttwire.ErrBodyRead, err)
		require.EqualValues(t, 100, f.Header().RemainingLength)
		_, err = f.Next()
		require.Equal(t, mqttwire.ErrIncomplete, err)
		f.Feed(b[n:])
		frame, err := f.Frame()
		require.NoError(t, err)
		require.Equal(t, "bbbbb", string(frame.Body))
		require.EqualValues(t, 102, f.Offset())
	}
}

func TestFeederFindsAtOnceThePacketThatAChunkBeginsWith(t *testing.T) {
	frames, _ := streamOf(t, 10, 300, 20)
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.Feed(frames[0]) // the first packet of a stream needs a second look
	_, err := f.Frame()
	require.NoError(t, err)
	_, err = f.Frame()
	require.Equal(t, mqttwire.ErrIncomplete, err)
	f.Feed(frames[1])
	frame, ok := f.TryFrame()
	require.True(t, ok)
	require.Equal(t, frames[1][3:], frame.Body)
	require.EqualValues(t, len(frames[0]), f.Offset())
	f.Feed(frames[2]) // while the packet is there, which Body may be asked for again
	frame, err = f.Body()
	require.NoError(t, err)
	require.Equal(t, frames[1][3:], frame.Body)
	frame, err = f.Frame()
	require.NoError(t, err)
	require.Equal(t, frames[2][2:], frame.Body)
}

func TestFeederFrameGoesToTheNextPacketAfterSkip(t *testing.T) {
	_, b := streamOf(t, 10, 5)
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.Feed(b[:4])
	_, err := f.Frame()
	require.Equal(t, mqttwire.ErrIncomplete, err)
	require.NoError(t, f.Skip())
	f.Feed(b[4:])
	frame, err := f.Frame()
	require.NoError(t, err)
	require.Equal(t, "bbbbb", string(frame.Body))
}

// The caller may feed on after it was told that a packet is too large: what can
// be peeked at is there, and so are the packets after it.
func TestFeederIsFedMoreAfterAPacketOverTheLimit(t *testing.T) {
	const part = 128<<10 + 8
	for _, size := range []int{200, part - 1, part, part + 1, 200000} {
		body := make([]byte, size)
		for i := range body {
			body[i] = byte(i) ^ byte(i>>8)
		}
		b, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, body)
		require.NoError(t, err)
		b = append(b, "\x30\x03abc\xC0\x00"...)
		for _, chunk := range []int{10, 100, 1000, 70000, len(b) - 6, len(b) - 2, len(b)} {
			f := mqttwire.NewFeeder(mqttwire.Limits{PacketSize: 100})
			f.Feed(b[:5])
			_, tooLarge := f.Next()
			requireOversize(t, tooLarge, len(b)-7, 100)
			for _, c := range inChunks(b[5:], chunk) {
				f.Feed(c)
				_, err := f.Next()
				require.Equal(t, tooLarge, err)
			}
			n := min(size, part)
			requirePeekPart(t, f, n, body[:n], nil)
			require.NoError(t, f.Skip())
			frame, err := f.Frame()
			require.NoError(t, err, "body of %d, chunks of %d", size, chunk)
			require.Equal(t, "abc", string(frame.Body))
			frame, err = f.Frame()
			require.NoError(t, err)
			require.Equal(t, mqttwire.PINGREQ, frame.Header.Type)
			require.EqualValues(t, len(b)-2, f.Offset())
		}
	}
}

func TestFeederSkipOfAPacketThatTheStreamEndsIn(t *testing.T) {
	_, b := streamOf(t, 100)
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.Feed(b[:50])
	f.End()
	_, err := f.Next()
	require.NoError(t, err)
	require.NoError(t, f.Skip())
	_, err = f.Next()
	require.Equal(t, io.ErrUnexpectedEOF, err)
}

func TestFeederEndsWithItsStream(t *testing.T) {
	_, b := streamOf(t, 5, 200)
	for n := 0; n <= len(b); n++ {
		want := io.ErrUnexpectedEOF
		if n == 0 || n == 7 || n == len(b) {
			want = io.EOF
		}
		f := mqttwire.NewFeeder(mqttwire.Limits{})
		f.Feed(b[:n])
		var err error
		for err == nil {
			_, err = f.Frame()
		}
		require.Equal(t, mqttwire.ErrIncomplete, err)
		f.End()
		f.Feed([]byte("\xC0\x00"))
		for range 2 {
			_, err = f.Frame()
			require.Equal(t, want, err, "first %d bytes", n)
		}
	}
}

func TestFeederWithNothingFed(t *testing.T) {
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	for range 2 {
		_, err := f.Next()
		require.Equal(t, mqttwire.ErrIncomplete, err)
		_, err = f.Frame()
		require.Equal(t, mqttwire.ErrIncomplete, err)
		_, err = f.Lookahead(1)
		require.Equal(t, mqttwire.ErrIncomplete, err)
		_, err = f.Body()
		require.Equal(t, mqttwire.ErrNoPacket, err)
		require.NoError(t, f.Skip())
		f.Feed(nil)
	}
	f.End()
	_, err := f.Frame()
	require.Equal(t, io.EOF, err)
}

func TestFeederDoesNotWriteToTheChunks(t *testing.T) {
	_, b := streamOf(t, 10, 300, 5000, 20)
	chunk := bytes.Clone(b)
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.OverwriteBodies()
	f.Feed(chunk)
	var err error
	for err == nil {
		_, err = f.Frame()
	}
	require.True(t, bytes.Equal(b, chunk))
}

func TestFrameDoesNotPassThePacketThatItWaitsFor(t *testing.T) {
	_, b := streamOf(t, 5, 100, 7, 8, 9)
	const end = 7 + 102 // of the packet that is waited for
	for cut := 51; cut < len(b); cut++ {
		f := mqttwire.NewFeeder(mqttwire.Limits{})
		f.Feed(b[:50])
		requireBody(t, f, 'a', 5)
		_, err := f.Frame()
		require.Equal(t, mqttwire.ErrIncomplete, err)
		require.EqualValues(t, 100, f.Header().RemainingLength)
		f.Feed(b[50:cut])
		// What came before is in one buffer then, up to the end of the packet or beyond.
		f.Feed(b[cut:])
		if cut%2 == 0 {
			f.Feed(nil)
		}
		_, ok := f.TryFrame()
		require.False(t, ok)
		requireBody(t, f, 'b', 100)
		for i := range 3 {
			requireBody(t, f, byte('c'+i), 7+i)
		}
		require.EqualValues(t, end+9+10, f.Offset())
	}
}

func requireBody(t *testing.T, f *mqttwire.Feeder, c byte, n int) {
	t.Helper()
	frame, err := f.Frame()
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{c}, n), frame.Body)
}
