package packets_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// The first error is kept, so that it is enough to look once; a packet that was
// refused can be done without.
func ExampleWriter() {
	var conn strings.Builder // stands for a net.Conn
	w := packets.NewWriter(&conn, mqttwire.V311)
	w.WritePacket(&packets.Publish{Topic: []byte("a/#"), Payload: []byte("off")}) // no topic name
	w.WritePacket(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("on")})
	fmt.Println(w.Err())
	fmt.Printf("%q\n", conn.String())

	if err := w.Resume(); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.WritePacket(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("on")}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", conn.String())
	// Output:
	// mqttwire: own PUBLISH (3.1.1) malformed packet: Topic Name has 0x23 '#'; a topic name has neither + nor # [MQTT-3.3.2-2], reason 0x81 Malformed Packet
	// ""
	// "0\a\x00\x03a/bon"
}

var errBroken = errors.New("the connection is broken")

// wire is an io.Writer that breaks after some bytes: it then takes what is left
// and returns err.
type wire struct {
	got    bytes.Buffer
	left   int
	err    error
	writes []int // the size of each Write
}

func newWire(left int, err error) *wire { return &wire{left: left, err: err} }

const plenty = 1 << 30

func (w *wire) Write(p []byte) (int, error) {
	w.writes = append(w.writes, len(p))
	n := min(len(p), w.left)
	w.left -= n
	_, _ = w.got.Write(p[:n])
	if n < len(p) {
		return n, w.err
	}
	return n, nil
}

var publishOfThree = packets.Publish{Topic: []byte("a"), Payload: []byte("xyz")}

const publishOfThreeBytes = "\x30\x06\x00\x01axyz"

func TestAWriterWritesEachPacketInOneWrite(t *testing.T) {
	dst := newWire(plenty, nil)
	w := packets.NewWriter(dst, v5)
	var want []byte
	var sizes []int
	for _, c := range loadCorpus(t) {
		if !c.Decodes() || len(c.Bytes) > 4096 {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		w.SetVersion(c.Version)
		require.NoError(t, w.WritePacket(p), c.Where())
		want = append(want, c.Encodes...)
		sizes = append(sizes, len(c.Encodes))
	}
	require.Equal(t, string(want), dst.got.String())
	require.Equal(t, sizes, dst.writes)
	require.NoError(t, w.Err())
}

func TestAWriterDoesNotCopyALargePayload(t *testing.T) {
	dst := newWire(plenty, nil)
	w := packets.NewWriter(dst, v311)
	p := packets.Publish{Topic: []byte("a"), Payload: long(100000)}
	require.NoError(t, w.WritePacket(&p))
	want, err := p.Append(nil, v311)
	require.NoError(t, err)
	require.Equal(t, string(want), dst.got.String())
	require.Equal(t, []int{len(want) - 100000, 100000}, dst.writes)
}

// refusals are calls of a Writer that refuses the packet.
func refusals(source io.Reader) map[string]func(*packets.Writer) error {
	packet := func(p mqttwire.Packet) func(*packets.Writer) error {
		return func(w *packets.Writer) error { return w.WritePacket(p) }
	}
	stream := func(size int64) func(*packets.Writer) error {
		return func(w *packets.Writer) error {
			return w.WritePublish(&packets.Publish{Topic: []byte("a")}, source, size)
		}
	}
	return map[string]func(*packets.Writer) error{
		"a wildcard":                 packet(&packets.Publish{Topic: []byte("#"), Payload: []byte("x")}),
		"a wildcard, large":          packet(&packets.Publish{Topic: []byte("#"), Payload: long(100000)}),
		"no packet identifier":       packet(&packets.Puback{}),
		"not in this version":        packet(&packets.Auth{}),
		"a payload of negative size": stream(-1),
		"a payload too large":        stream(mqttwire.MaxPacketSize),
	}
}

func TestARefusedPacketIsTheLastWordUntilResume(t *testing.T) {
	source := strings.NewReader("payload")
	for name, write := range refusals(source) {
		dst := newWire(plenty, nil)
		w := packets.NewWriter(dst, v311)
		require.NoError(t, w.WritePacket(&packets.Pingreq{}), name)
		err := write(w)
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e, name)
		for range 2 {
			require.Equal(t, err, w.Err(), name)
			require.Equal(t, err, w.WritePacket(&publishOfThree), name)
			require.Equal(t, err, w.WritePublish(&publishOfThree, source, 3), name)
		}
		require.Equal(t, 7, source.Len(), "nothing is taken from the source")
		require.Equal(t, "\xC0\x00", dst.got.String(), "%s: the stream is untouched", name)

		require.NoError(t, w.Resume(), name)
		require.NoError(t, w.Err(), name)
		require.NoError(t, w.WritePacket(&publishOfThree), name)
		require.Equal(t, "\xC0\x00"+publishOfThreeBytes, dst.got.String(), name)
		require.NoError(t, w.Resume(), "%s: without an error it does nothing", name)
	}
}

func TestAWriterThatHasCutAPacketWritesNothingMore(t *testing.T) {
	large := packets.Publish{Topic: []byte("a"), Payload: long(20000)}
	stream := func(source io.Reader) func(*packets.Writer) error {
		return func(w *packets.Writer) error { return w.WritePublish(&publishOfThree, source, 1000) }
	}
	packet := func(p mqttwire.Packet) func(*packets.Writer) error {
		return func(w *packets.Writer) error { return w.WritePacket(p) }
	}
	for _, c := range []struct {
		name  string
		dst   *wire
		write func(*packets.Writer) error
		err   error
		says  string
	}{
		{"write fails at once", newWire(0, errBroken), packet(&publishOfThree), errBroken, ""},
		{"write fails later", newWire(3, errBroken), packet(&publishOfThree), errBroken, ""},
		{"write is short", newWire(3, nil), packet(&publishOfThree), io.ErrShortWrite, ""},
		{"write of a large packet's header fails", newWire(3, errBroken), packet(&large), errBroken, ""},
		{"write of a large payload fails", newWire(100, errBroken), packet(&large), errBroken, ""},
		{"write of a streamed header fails", newWire(3, errBroken), stream(strings.NewReader("x")), errBroken, ""},
		{"write of a streamed payload fails", newWire(16, errBroken), stream(bytes.NewReader(long(1000))), errBroken,
			"packets: payload of PUBLISH: 10 of 1000 bytes written: the connection is broken"},
		{"write of a streamed payload is short", newWire(16, nil), stream(bytes.NewReader(long(1000))), io.ErrShortWrite, ""},
		{"source is empty", newWire(plenty, nil), stream(strings.NewReader("")), io.ErrUnexpectedEOF,
			"packets: payload of PUBLISH: 0 of 1000 bytes written: unexpected EOF"},
		{"source ends early", newWire(plenty, nil), stream(bytes.NewReader(long(999))), io.ErrUnexpectedEOF,
			"packets: payload of PUBLISH: 999 of 1000 bytes written: unexpected EOF"},
		{"source fails", newWire(plenty, nil), stream(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errBroken))), errBroken,
			"packets: payload of PUBLISH: 3 of 1000 bytes written: the connection is broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := packets.NewWriter(c.dst, v311)
			err := c.write(w)
			require.ErrorIs(t, err, c.err)
			if c.says != "" {
				assert.EqualError(t, err, c.says)
			}
			writes := len(c.dst.writes)
			c.dst.left = plenty
			source := strings.NewReader("payload")
			assert.Equal(t, err, w.Err())
			assert.Equal(t, err, w.Resume(), "what was cut cannot be made whole")
			assert.Equal(t, err, w.WritePacket(&packets.Pingreq{}))
			assert.Equal(t, err, w.WritePacket(&packets.Puback{}), "before it looks at the packet")
			assert.Equal(t, err, w.WritePublish(&publishOfThree, source, 7))
			assert.Equal(t, 7, source.Len())
			assert.Len(t, c.dst.writes, writes)
		})
	}
}

// panicking is a source of a payload that panics.
type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic(errBroken) }

func TestAWriterWritesNothingMoreAfterAPanicInsideAPacket(t *testing.T) {
	dst := newWire(plenty, nil)
	w := packets.NewWriter(dst, v311)
	require.Panics(t, func() { _ = w.WritePublish(&publishOfThree, panicking{}, 3) })
	require.Error(t, w.Err())
	require.Equal(t, w.Err(), w.WritePacket(&packets.Pingreq{}))
	require.Equal(t, "\x30\x06\x00\x01a", dst.got.String())
}

func TestAStreamedPublishHasExactlyTheBytesItSays(t *testing.T) {
	for _, size := range []int64{0, 1, 3, 32<<10 - 1, 32 << 10, 32<<10 + 1, 100000} {
		payload := long(int(size))
		want, err := (&packets.Publish{Topic: []byte("a"), Payload: payload}).Append(nil, v5)
		require.NoError(t, err)
		for name, source := range map[string]io.Reader{
			"as much":         bytes.NewReader(payload),
			"more":            io.MultiReader(bytes.NewReader(payload), strings.NewReader("of another packet")),
			"in small pieces": iotest.OneByteReader(bytes.NewReader(payload)),
			"EOF with data":   iotest.DataErrReader(bytes.NewReader(payload)),
		} {
			dst := newWire(plenty, nil)
			w := packets.NewWriter(dst, v5)
			require.NoError(t, w.WritePublish(&packets.Publish{Topic: []byte("a")}, source, size), name)
			require.NoError(t, w.WritePacket(&packets.Pingreq{}))
			require.Equal(t, string(want)+"\xC0\x00", dst.got.String(), "%s, %d bytes", name, size)
			rest, err := io.ReadAll(source)
			require.NoError(t, err)
			require.Equal(t, name == "more", string(rest) == "of another packet", "%s: %d bytes left", name, len(rest))
		}
	}
}

func TestAStreamedPublishOfNoBytesNeedsNoSource(t *testing.T) {
	dst := &taking{wire: newWire(plenty, nil)}
	w := packets.NewWriter(dst, v311)
	require.NoError(t, w.WritePublish(&publishOfThree, nil, 0))
	require.Equal(t, "\x30\x03\x00\x01a", dst.got.String())
	require.Empty(t, dst.from)
}

// taking is a wire that takes payloads itself, like *net.TCPConn.
type taking struct {
	*wire
	from []io.Reader
}

func (w *taking) ReadFrom(r io.Reader) (int64, error) {
	w.from = append(w.from, r)
	return io.Copy(w.wire, r)
}

func TestAWriterThatReadsFromFilesIsGivenTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "payload")
	require.NoError(t, os.WriteFile(name, long(100), 0o600))
	file, err := os.Open(name)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()

	dst := &taking{wire: newWire(plenty, nil)}
	w := packets.NewWriter(dst, v311)
	require.NoError(t, w.WritePublish(&publishOfThree, file, 60))
	require.Len(t, dst.from, 1)
	limited, ok := dst.from[0].(*io.LimitedReader) // the form that sendfile is used for
	require.True(t, ok)
	require.Same(t, file, limited.R)
	require.Equal(t, 1+1+3+60, dst.got.Len())

	require.ErrorIs(t, w.WritePublish(&publishOfThree, file, 60), io.ErrUnexpectedEOF)
	require.Error(t, w.Err())
}

func TestAWriterLetsABufferOfAGiantGo(t *testing.T) {
	w := packets.NewWriter(io.Discard, v5)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	func() {
		p := packets.Unsubscribe{PacketID: 1}
		filter := long(60000)
		for range 100 {
			p.Filters = append(p.Filters, filter)
		}
		require.NoError(t, w.WritePacket(&p))
	}()
	require.Less(t, heap(), before+1<<20)
	require.NoError(t, w.WritePacket(&packets.Pingreq{}))
}

func TestWriterOfAnEncoderKeepsToTheConnection(t *testing.T) {
	connect := &packets.Connect{Version: mqttwire.V5, CleanStart: true, ClientID: []byte("c")}
	connect.Properties.SetMaximumPacketSize(40)
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	e.Observe(connect)
	var dst bytes.Buffer
	w := e.NewWriter(&dst)
	assert.ErrorIs(t, w.WritePacket(&packets.Pingresp{}), mqttwire.ErrProtocol, "before the CONNACK")
	assert.Zero(t, dst.Len())
	assert.ErrorIs(t, w.WritePacket(&packets.Connack{}), mqttwire.ErrProtocol, "still")
	require.NoError(t, w.Resume())
	require.NoError(t, w.WritePacket(&packets.Connack{}))
	p := &packets.Publish{Topic: []byte("a")}
	assert.ErrorIs(t, w.WritePublish(p, strings.NewReader(strings.Repeat("x", 35)), 35), mqttwire.ErrTooLarge)
	require.NoError(t, w.Resume())
	require.NoError(t, w.WritePublish(p, strings.NewReader(strings.Repeat("x", 34)), 34))
	assert.NoError(t, w.Err())
	assert.Equal(t, "\x20\x03\x00\x00\x00\x30\x26\x00\x01a\x00"+strings.Repeat("x", 34), dst.String())
}
