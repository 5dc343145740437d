package packets_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A server behind a load balancer that puts the client's address before what it sends.
func ExampleStream_ProxyHeader() {
	received := "PROXY TCP4 198.51.100.1 192.0.2.2 40001 1883\r\n" + "\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01c"
	conn := twoEnds{strings.NewReader(received), io.Discard} // stands for a net.Conn
	s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromServer})
	proxy, err := s.ProxyHeader()
	if err != nil {
		fmt.Println(err) // nobody else may connect: close
		return
	}
	p, err := s.Receive()
	fmt.Println(proxy.Source, p, err)
	// Output: 198.51.100.1:40001 CONNECT version=3.1.1 client_id="c" clean_start keep_alive=60 <nil>
}

// The headers of both versions, and what they say.
const (
	proxyLine   = "PROXY TCP4 198.51.100.1 192.0.2.2 40001 1883\r\n"
	proxyMagic  = "\r\n\r\n\x00\r\nQUIT\n"
	proxyBinary = proxyMagic + "\x21\x11\x00\x11" + "\xC6\x33\x64\x01\xC0\x00\x02\x02\x9C\x41\x07\x5B" + "\x02\x00\x02ab"
)

var proxyHeaders = map[string]struct{ source, tlvs string }{
	proxyLine:                       {"198.51.100.1:40001", ""},
	proxyBinary:                     {"198.51.100.1:40001", "\x02\x00\x02ab"},
	proxyMagic + "\x20\x00\x00\x00": {"invalid AddrPort", ""},
	proxyMagic + "\x21\x00\x3F\xF0" + strings.Repeat("t", 0x3FF0): {"invalid AddrPort", ""},
}

// proxied is a server's connection on which bytes come that may begin with a PROXY
// header.
type proxied interface {
	ProxyHeader() (mqttwire.ProxyHeader, error)
	Next() (mqttwire.Packet, error)
}

// fed is a Connection that is fed with what comes, in pieces, when it asks for more.
type fed struct {
	*packets.Connection
	left  string
	piece int
}

func (f *fed) more(err error) bool {
	if err != mqttwire.ErrIncomplete {
		return false
	}
	n := min(f.piece, len(f.left))
	f.Feed([]byte(f.left[:n]))
	f.left = f.left[n:]
	if n == 0 {
		f.End()
	}
	return true
}

func (f *fed) ProxyHeader() (mqttwire.ProxyHeader, error) {
	for {
		if h, err := f.Connection.ProxyHeader(); !f.more(err) {
			return h, err
		}
	}
}

func (f *fed) Next() (mqttwire.Packet, error) {
	for {
		if p, err := f.Connection.Next(); !f.more(err) {
			return p, err
		}
	}
}

// receiving is a Stream, as a Connection is called.
type receiving struct{ *packets.Stream }

func (r receiving) Next() (mqttwire.Packet, error) { return r.Receive() }

// inPieces are the connections of a server to which the bytes come, as a whole and byte
// by byte.
func inPieces(bytes string) map[string]proxied {
	o := packets.ConnectionOptions{Side: mqttwire.FromServer}
	stream := func(r io.Reader) proxied { return receiving{packets.NewStream(twoEnds{r, io.Discard}, o)} }
	return map[string]proxied{
		"Connection":           &fed{packets.NewConnection(o), bytes, len(bytes)},
		"Connection, in bytes": &fed{packets.NewConnection(o), bytes, 1},
		"Stream":               stream(strings.NewReader(bytes)),
		"Stream, in bytes":     stream(iotest.OneByteReader(strings.NewReader(bytes))),
	}
}

func TestConnectionsGoOnBehindAProxyHeader(t *testing.T) {
	for header, want := range proxyHeaders {
		for name, c := range inPieces(header + connect311 + pingreq) {
			h, err := c.ProxyHeader()
			require.NoError(t, err, name)
			assert.Equal(t, want.source, h.Source.String(), name)
			if want.tlvs != "" {
				assert.Equal(t, want.tlvs, string(h.TLVs), name)
			}
			assert.Equal(t, len(header), h.Size, name)
			for _, packet := range []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.PINGREQ} {
				p, err := c.Next()
				require.NoError(t, err, name)
				require.Equal(t, packet, p.Type(), name)
			}
			_, err = c.Next()
			require.Equal(t, io.EOF, err, name)
		}
	}
}

func TestConnectionsWithoutAProxyHeaderLoseNothing(t *testing.T) {
	for name, c := range inPieces(connect311 + pingreq) {
		_, err := c.ProxyHeader()
		require.Equal(t, mqttwire.ErrNoProxyHeader, err, name)
		p, err := c.Next()
		require.NoError(t, err, name)
		require.Equal(t, mqttwire.CONNECT, p.Type(), name)
		_, err = c.ProxyHeader()
		require.ErrorContains(t, err, "before the first packet", name)
		p, err = c.Next()
		require.NoError(t, err, name)
		require.Equal(t, mqttwire.PINGREQ, p.Type(), name)
	}
}

func TestAProxyHeaderThatIsNotLegalEndsAConnection(t *testing.T) {
	for header, want := range map[string]string{
		"PROXY " + strings.Repeat("x", 5000):                          "version 1: no line end within 107 bytes",
		"PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n":                          `version 1: unknown family "TCP5"`,
		proxyMagic + "\x31\x11\x00\x0C":                               "version 2: unknown version and command 0x31",
		proxyMagic + "\x21\x11\x3F\xF1" + strings.Repeat("x", 0x3FF1): "version 2: 16385 bytes, over 16384",
	} {
		for name, c := range inPieces(header + connect311) {
			_, err := c.ProxyHeader()
			require.ErrorIs(t, err, mqttwire.ErrProxyHeader, name)
			require.ErrorContains(t, err, want, name)
			_, again := c.Next()
			require.Same(t, err, again, name)
			require.Equal(t, packets.Answer{Close: true}, packets.Reply(err), name)
		}
	}
}

func TestAConnectionThatEndsInAProxyHeaderSaysSo(t *testing.T) {
	for bytes, want := range map[string]error{
		"": io.EOF, "P": io.ErrUnexpectedEOF, proxyLine[:20]: io.ErrUnexpectedEOF, proxyBinary[:20]: io.ErrUnexpectedEOF,
	} {
		for name, c := range inPieces(bytes) {
			_, err := c.ProxyHeader()
			require.Equal(t, want, err, "%s: %q", name, bytes)
			_, err = c.Next()
			require.Equal(t, want, err, "%s: %q", name, bytes)
		}
	}
}

func TestAStreamWaitsForAProxyHeaderOverTimeouts(t *testing.T) {
	s := packets.NewStream(twoEnds{openLate(0, []byte(proxyBinary+connect311)), io.Discard},
		packets.ConnectionOptions{Side: mqttwire.FromServer})
	late := 0
	h, err := s.ProxyHeader()
	for ; err == os.ErrDeadlineExceeded; late++ {
		h, err = s.ProxyHeader()
	}
	require.NoError(t, err)
	assert.Equal(t, len(proxyBinary), late)
	assert.Equal(t, "198.51.100.1:40001", h.Source.String())
	p, err := s.Receive()
	for err == os.ErrDeadlineExceeded {
		p, err = s.Receive()
	}
	require.NoError(t, err)
	assert.Equal(t, mqttwire.CONNECT, p.Type())
}
