package mqttwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// errLate is the timeout of a source, wrapped as that of a net.Conn is.
var errLate = fmt.Errorf("read tcp 192.0.2.1:1883: %w", os.ErrDeadlineExceeded)

// tickSource times out before every read that may give bytes, or before every n-th
// of them; before the others it gives the timeout together with the bytes.
type tickSource struct {
	src   io.Reader
	every int
	reads int
}

func (s *tickSource) Read(p []byte) (int, error) {
	s.reads++
	switch s.reads % (2 * s.every) {
	case 1:
		return 0, errLate
	case 0:
		return s.src.Read(p)
	}
	n, err := s.src.Read(p)
	if err == nil {
		err = errLate
	}
	return n, err
}

// ticked is a Reader of a tickSource of which each call is made again after a
// timeout.
type ticked struct{ *mqttwire.Reader }

func tick(chunks [][]byte, limits mqttwire.Limits, every int) ticked {
	return ticked{mqttwire.NewReader(&tickSource{src: &chunkSource{slices.Clone(chunks)}, every: every}, limits)}
}

// again reports whether a call is to be made again.
func again(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func (r ticked) Next() (h mqttwire.FixedHeader, err error) {
	for h, err = r.Reader.Next(); again(err); h, err = r.Reader.Next() {
	}
	return h, err
}

func (r ticked) Frame() (f mqttwire.Frame, err error) {
	for f, err = r.Reader.Frame(); again(err); f, err = r.Reader.Frame() {
	}
	return f, err
}

func (r ticked) Body() (f mqttwire.Frame, err error) {
	for f, err = r.Reader.Body(); again(err); f, err = r.Reader.Body() {
	}
	return f, err
}

func (r ticked) AppendBody(dst []byte) (b []byte, err error) {
	for b, err = r.Reader.AppendBody(dst); again(err); b, err = r.Reader.AppendBody(dst) {
	}
	return b, err
}

func (r ticked) Peek(n int) (b []byte, err error) {
	for b, err = r.Reader.Peek(n); again(err); b, err = r.Reader.Peek(n) {
	}
	return b, err
}

func (r ticked) Discard(n int) (total int, err error) {
	total, err = r.Reader.Discard(n)
	for again(err) {
		var took int
		took, err = r.Reader.Discard(n - total)
		total += took
	}
	return total, err
}

func (r ticked) Read(p []byte) (n int, err error) {
	for n, err = r.Reader.Read(p); again(err); n, err = r.Reader.Read(p) {
	}
	return n, err
}

func (r ticked) Skip() (err error) {
	for err = r.Reader.Skip(); again(err); err = r.Reader.Skip() {
	}
	return err
}

func (r ticked) Lookahead(n int) (b []byte, err error) {
	for b, err = r.Reader.Lookahead(n); again(err); b, err = r.Reader.Lookahead(n) {
	}
	return b, err
}

func (r ticked) ProxyHeader() (h mqttwire.ProxyHeader, err error) {
	for h, err = r.Reader.ProxyHeader(); again(err); h, err = r.Reader.ProxyHeader() {
	}
	return h, err
}

func TestStreamsOfTheCorpusAreTheSameWithATimeoutAtEveryByte(t *testing.T) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		b := corpusStream(t, v, lessIfShort(70000, 10000))
		steps, offset, end := inOneShot(b, 0)
		for _, size := range []int{1, 2, 7, 4096} {
			for every := 1; every <= 3; every++ {
				where := fmt.Sprintf("MQTT %s, %d bytes, %d reads a timeout", v, size, every)
				requireSteps(t, tick(inChunks(b, size), anySize, every), steps, offset, end, where)
				requireFrames(t, tick(inChunks(b, size), anySize, every), steps, offset, end, where+", frames")
			}
		}
	}
}

func TestTimeoutIsReturnedEachTimeItHappens(t *testing.T) {
	r := mqttwire.NewReader(&tickSource{src: iotest.OneByteReader(bytes.NewReader([]byte("\x30\x05\x00\x01abc\xC0\x00"))), every: 1}, mqttwire.Limits{})
	timeouts := 0
	for {
		f, err := r.Frame()
		if again(err) {
			assert.Same(t, errLate, err)
			timeouts++
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, "\x00\x01abc", string(f.Body))
		break
	}
	assert.Equal(t, 7, timeouts, "one before each byte")
}

func TestTimeoutThatComesWithBytesKeepsThem(t *testing.T) {
	r := mqttwire.NewReader(readerFunc(func(p []byte) (int, error) { return copy(p, "\xC0\x00"), errLate }), mqttwire.Limits{})
	f, err := r.Frame()
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, f.Header.Type)
}

// notLate has a method Timeout, as every net.Error has, but is none.
type notLate struct{ error }

func (notLate) Timeout() bool { return false }

func TestErrorThatIsNoTimeoutEndsTheStream(t *testing.T) {
	for _, want := range []error{notLate{errors.New("connection reset")}, errors.New("broken"), io.ErrUnexpectedEOF} {
		calls := 0
		r := mqttwire.NewReader(readerFunc(func([]byte) (int, error) { calls++; return 0, want }), mqttwire.Limits{})
		for range 3 {
			_, err := r.Next()
			assert.Equal(t, want, err)
		}
		assert.Equal(t, 1, calls)
	}
}

// readerFunc is an io.Reader.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What AppendBody has taken when a timeout breaks it off it puts back once. From
// then on the body is waited for in the buffer, or else each timeout would cost as
// much as all bytes before it.
func TestBodyThatATimeoutBreaksOffIsMovedTwiceAtMost(t *testing.T) {
	const size = 10000
	b, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, bytes.Repeat([]byte{1}, size))
	require.NoError(t, err)
	r := mqttwire.NewReader(&tickSource{src: iotest.OneByteReader(bytes.NewReader(b)), every: 2}, anySize)
	dst, written := make([]byte, 0, size), 0
	for _, err = r.Next(); again(err); _, err = r.Next() {
	}
	require.NoError(t, err)
	for {
		got, err := r.AppendBody(dst)
		if dst[:1][0] == 1 {
			written++
			clear(dst[:size])
		}
		if err == nil {
			require.Len(t, got, size)
			break
		}
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Empty(t, got)
	}
	assert.LessOrEqual(t, written, 2)
}
