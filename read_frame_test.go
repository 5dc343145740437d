package mqttwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func ExampleReadFrame() {
	conn := strings.NewReader("\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01c" + "what follows")
	f, buf, err := mqttwire.ReadFrame(conn, nil, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	rest, err := io.ReadAll(conn) // whoever the connection is handed to reads on here
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Header.Type, len(buf), string(rest))
	// Output: CONNECT 15 what follows
}

func TestReadFrameReadsOnePacketAndNotAByteMore(t *testing.T) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		b := corpusStream(t, v, 1<<20)
		steps, _, _ := inOneShot(b, 0)
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"at once":                func(r io.Reader) io.Reader { return r },
			"in bytes":               iotest.OneByteReader,
			"in halves":              iotest.HalfReader,
			"with errors and bytes":  iotest.DataErrReader,
			"a timeout at each byte": func(r io.Reader) io.Reader { return &tickSource{src: iotest.OneByteReader(r), every: 1} },
		} {
			if strings.HasSuffix(name, "byte") && testing.Short() {
				continue
			}
			src := bytes.NewReader(b)
			r := wrap(src)
			var buf []byte
			for i, want := range steps {
				f, part, err := mqttwire.ReadFrame(r, buf[:0], mqttwire.MaxPacketSize)
				for again(err) {
					f, part, err = mqttwire.ReadFrame(r, part, mqttwire.MaxPacketSize)
				}
				buf = part
				require.NoError(t, err, "%s: packet %d", name, i)
				end := int(want.offset) + want.header.PacketSize()
				require.Equal(t, want.header, f.Header)
				require.True(t, bytes.Equal(want.body, f.Body))
				require.Equal(t, len(f.Body), cap(f.Body))
				require.True(t, bytes.Equal(b[want.offset:end], buf), "%s: packet %d", name, i)
				if name != "with errors and bytes" { // which reads ahead itself
					require.Equal(t, len(b)-end, src.Len(), "%s: packet %d", name, i)
				}
			}
			_, part, err := mqttwire.ReadFrame(r, buf[:0], 0)
			for again(err) {
				_, part, err = mqttwire.ReadFrame(r, part, 0)
			}
			require.Equal(t, io.EOF, err, name)
		}
	}
}

func TestReadFrameSaysWhyThereIsNoPacket(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		first string
		end   error
		want  error
	}{
		"the end before the first byte":   {"", io.EOF, io.EOF},
		"the end in the first byte":       {"\x30", io.EOF, io.ErrUnexpectedEOF},
		"the end in the remaining length": {"\x30\x80", io.EOF, io.ErrUnexpectedEOF},
		"the end before the body":         {"\x30\x05", io.EOF, io.ErrUnexpectedEOF},
		"the end in the body":             {"\x30\x05\x00\x01a", io.EOF, io.ErrUnexpectedEOF},
		"an error before the first byte":  {"", broken, broken},
		"an error in the body":            {"\x30\x05\x00\x01a", broken, broken},
	} {
		r := io.MultiReader(strings.NewReader(test.first), iotest.ErrReader(test.end))
		f, buf, err := mqttwire.ReadFrame(r, []byte{}, 0)
		assert.Equal(t, test.want, err, name)
		assert.Zero(t, f, name)
		assert.Equal(t, test.first, string(buf), name)
	}
}

// endsWith gives its bytes and an error in one read, and from then on io.EOF.
type endsWith struct {
	bytes string
	err   error
}

func (e *endsWith) Read(p []byte) (int, error) {
	n, err := copy(p, e.bytes), e.err
	if e.bytes = e.bytes[n:]; e.bytes == "" {
		e.err = io.EOF
	} else {
		err = nil
	}
	return n, err
}

func TestReadFrameReturnsAnErrorThatComesWithBytes(t *testing.T) {
	broken := errors.New("broken")
	for _, bytes := range []string{"\xC0", "\x30\x80", "\x30\x05\x00"} {
		for err, want := range map[error]error{broken: broken, errLate: errLate, io.EOF: io.ErrUnexpectedEOF} {
			_, buf, got := mqttwire.ReadFrame(&endsWith{bytes, err}, nil, 0)
			assert.Equal(t, want, got, "%q", bytes)
			assert.Equal(t, bytes, string(buf))
		}
	}
}

func TestReadFrameGoesOnAfterATimeoutThatCameWithBytes(t *testing.T) {
	r := io.MultiReader(&endsWith{"\x30\x03\x00", errLate}, strings.NewReader("\x01t"))
	_, buf, err := mqttwire.ReadFrame(r, nil, 0)
	require.Equal(t, errLate, err)
	f, _, err := mqttwire.ReadFrame(r, buf, 0)
	require.NoError(t, err)
	assert.Equal(t, "\x00\x01t", string(f.Body))
}

func TestReadFrameReturnsAPacketThatAnErrorComesWith(t *testing.T) {
	f, _, err := mqttwire.ReadFrame(&endsWith{"\xC0\x00", errors.New("broken")}, nil, 0)
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, f.Header.Type)
	_, _, err = mqttwire.ReadFrame(&endsWith{"\x00", errors.New("broken")}, []byte("\x00"), 0)
	assert.ErrorIs(t, err, mqttwire.ErrMalformed)
}

func TestReadFrameRefusesAHeaderBeforeItReadsABody(t *testing.T) {
	for name, test := range map[string]struct {
		first string
		class error
	}{
		"packet type 0":               {"\x00\x00", mqttwire.ErrMalformed},
		"remaining length of 5 bytes": {"\x30\xFF\xFF\xFF\xFF", mqttwire.ErrMalformed},
		"over max":                    {"\x30\x63", mqttwire.ErrTooLarge},
	} {
		src := strings.NewReader(test.first + strings.Repeat("x", 200))
		_, buf, err := mqttwire.ReadFrame(src, nil, 100)
		assert.ErrorIs(t, err, test.class, name)
		assert.Equal(t, test.first, string(buf), name)
		assert.Equal(t, 200, src.Len(), name)
	}
	b := "\x30\xFD\xFF\x3F"
	_, _, err := mqttwire.ReadFrame(strings.NewReader(b), nil, 0)
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	assert.EqualValues(t, mqttwire.DefaultPacketSize, e.Max)
}

func TestReadFrameGrowsAsBytesArrive(t *testing.T) {
	r := io.MultiReader(strings.NewReader("\x30\xFF\xFF\xFF\x7Fabc"), iotest.ErrReader(io.EOF))
	_, buf, err := mqttwire.ReadFrame(r, nil, mqttwire.MaxPacketSize)
	assert.Equal(t, io.ErrUnexpectedEOF, err)
	assert.LessOrEqual(t, cap(buf), 1024)
}

func TestReadFrameDoesNotReturnAPacketTwice(t *testing.T) {
	r := strings.NewReader("\xC0\x00\xD0\x00")
	_, buf, err := mqttwire.ReadFrame(r, nil, 0)
	require.NoError(t, err)
	_, same, err := mqttwire.ReadFrame(r, buf, 0)
	assert.ErrorContains(t, err, "buf[:0]")
	assert.Equal(t, buf, same)
	f, _, err := mqttwire.ReadFrame(r, buf[:0], 0)
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGRESP, f.Header.Type)
}

func TestReadFrameRefusesAReaderThatBreaksItsContract(t *testing.T) {
	_, _, err := mqttwire.ReadFrame(readerFunc(func(p []byte) (int, error) { return len(p) + 1, nil }), nil, 0)
	assert.ErrorContains(t, err, "impossible count")
	_, _, err = mqttwire.ReadFrame(readerFunc(func([]byte) (int, error) { return 0, nil }), nil, 0)
	assert.Equal(t, io.ErrNoProgress, err)
}

func TestReadFrameIntoMemoryThatIsThereDoesNotAlloc(t *testing.T) {
	b := []byte("\x30\x05\x00\x01abc")
	src := bytes.NewReader(b)
	buf := make([]byte, 0, 16)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		src.Reset(b)
		if _, _, err := mqttwire.ReadFrame(src, buf[:0], 0); err != nil {
			t.Fatal(err)
		}
	}))
}
