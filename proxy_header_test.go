package mqttwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
)

const (
	proxyLine  = "PROXY TCP4 198.51.100.1 192.0.2.2 40001 1883\r\n"
	proxyMagic = "\r\n\r\n\x00\r\nQUIT\n"
	proxyIPv4  = "\xC6\x33\x64\x01\xC0\x00\x02\x02\x9C\x41\x07\x5B" // 198.51.100.1 to 192.0.2.2, ports 40001 and 1883
	proxyIPv6  = "\x20\x01\x0D\xB8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x20\x01\x0D\xB8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02" + "\x9C\x41\x07\x5B"
	proxyConnect = "\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01c"
)

// A server behind a load balancer takes the client's address from the header, and
// then the packets.
func ExampleReader_ProxyHeader() {
	conn := strings.NewReader("PROXY TCP4 198.51.100.1 192.0.2.2 40001 1883\r\n" + "\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01c")
	r := mqttwire.NewReader(conn, mqttwire.Limits{})
	proxy, err := r.ProxyHeader()
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := r.Frame()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Header.Type, "from", proxy.Source)
	// Output: CONNECT from 198.51.100.1:40001
}

func ExampleConsumeProxyHeader() {
	h, rest, err := mqttwire.ConsumeProxyHeader([]byte("PROXY TCP6 2001:db8::1 2001:db8::2 40001 1883\r\n\xC0\x00"))
	fmt.Println(h.Version, h.Source, h.Destination, len(rest), err)
	_, _, err = mqttwire.ConsumeProxyHeader([]byte("PROXY TCP5 a b 1 2\r\n"))
	fmt.Println(err)
	// Output:
	// 1 [2001:db8::1]:40001 [2001:db8::2]:1883 2 <nil>
	// mqttwire: malformed PROXY protocol header, version 1: unknown family "TCP5"
}

// proxyHeaders are headers, and what they say.
var proxyHeaders = map[string]struct {
	bytes       string
	source, dst string // "" if it is not valid
	local       bool
	tlvs        string
}{
	"1, TCP4":                             {proxyLine, "198.51.100.1:40001", "192.0.2.2:1883", false, ""},
	"1, TCP6":                             {"PROXY TCP6 2001:db8::1 2001:db8::2 40001 1883\r\n", "[2001:db8::1]:40001", "[2001:db8::2]:1883", false, ""},
	"1, IPv4 within TCP6":                 {"PROXY TCP6 ::ffff:192.0.2.1 ::1 0 65535\r\n", "[::ffff:192.0.2.1]:0", "[::1]:65535", false, ""},
	"1, UNKNOWN":                          {"PROXY UNKNOWN\r\n", "", "", false, ""},
	"1, UNKNOWN with words":               {"PROXY UNKNOWN ff::1 x y 1 2\r\n", "", "", false, ""},
	"1, of 107 bytes":                     {"PROXY UNKNOWN " + strings.Repeat("f", 91) + "\r\n", "", "", false, ""},
	"2, TCP over IPv4":                    {proxyMagic + "\x21\x11\x00\x0C" + proxyIPv4, "198.51.100.1:40001", "192.0.2.2:1883", false, ""},
	"2, UDP over IPv4":                    {proxyMagic + "\x21\x12\x00\x0C" + proxyIPv4, "198.51.100.1:40001", "192.0.2.2:1883", false, ""},
	"2, TCP over IPv6":                    {proxyMagic + "\x21\x21\x00\x24" + proxyIPv6, "[2001:db8::1]:40001", "[2001:db8::2]:1883", false, ""},
	"2, with TLVs":                        {proxyMagic + "\x21\x11\x00\x11" + proxyIPv4 + "\x02\x00\x02ab", "198.51.100.1:40001", "192.0.2.2:1883", false, "\x02\x00\x02ab"},
	"2, a socket of Unix":                 {proxyMagic + "\x21\x31\x00\xDB" + strings.Repeat("/", 216) + "\x04\x00\x00", "", "", false, "\x04\x00\x00"},
	"2, UNSPEC":                           {proxyMagic + "\x21\x00\x00\x00", "", "", false, ""},
	"2, UNSPEC with what it does not say": {proxyMagic + "\x21\x00\x00\x03abc", "", "", false, ""},
	"2, LOCAL":                            {proxyMagic + "\x20\x00\x00\x00", "", "", true, ""},
	"2, LOCAL with addresses":             {proxyMagic + "\x20\x11\x00\x0C" + proxyIPv4, "", "", true, ""},
	"2, LOCAL of any family":              {proxyMagic + "\x20\x99\x00\x01x", "", "", true, ""},
	"2, as long as can be":                {proxyMagic + "\x21\x11\x3F\xF0" + proxyIPv4 + strings.Repeat("t", 0x3FF0-12), "198.51.100.1:40001", "192.0.2.2:1883", false, strings.Repeat("t", 0x3FF0-12)},
}

func shownAddr(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func TestProxyHeaderTellsTheAddresses(t *testing.T) {
	for name, test := range proxyHeaders {
		b := []byte(test.bytes + proxyConnect)
		h, rest, err := mqttwire.ConsumeProxyHeader(b)
		require.NoError(t, err, name)
		assert.Equal(t, int(name[0]-'0'), h.Version, name)
		assert.Equal(t, test.source, shownAddr(h.Source), name)
		assert.Equal(t, test.dst, shownAddr(h.Destination), name)
		assert.Equal(t, test.local, h.Local, name)
		assert.Equal(t, test.tlvs, string(h.TLVs), name)
		assert.Equal(t, len(h.TLVs), cap(h.TLVs), name)
		assert.Equal(t, len(test.bytes), h.Size, name)
		assert.Equal(t, proxyConnect, string(rest), name)
		stride := 1
		if len(test.bytes) > 1000 {
			stride = 97
		}
		for n := 0; n < len(test.bytes); n += stride {
			h, rest, err := mqttwire.ConsumeProxyHeader(b[:n])
			require.Equal(t, mqttwire.ErrIncomplete, err, "%s: %d bytes", name, n)
			require.Zero(t, h)
			require.Len(t, rest, n)
		}
	}
}

func TestProxyHeaderThatIsNotLegalIsNamedWithinBoundedBytes(t *testing.T) {
	for bytes, test := range map[string]struct {
		want  string
		after int // bytes after which it is known
	}{
		"PROXY UNKNOWN " + strings.Repeat("f", 92) + "\r\n":          {"version 1: no line end within 107 bytes", 107},
		"PROXY " + strings.Repeat("x", 5000):                         {"version 1: no line end within 107 bytes", 107},
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n":                           {"version 1: the line does not end with CR LF", 31},
		"PROXY \n":                                                   {"version 1: the line does not end with CR LF", 7},
		"PROXY \r\n":                                                 {`version 1: unknown family ""`, 8},
		"PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n":                         {`version 1: unknown family "TCP5"`, 32},
		"PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n":                         {`version 1: unknown family "tcp4"`, 32},
		"PROXY TCP4\r\n":                                             {"version 1: not two addresses and two ports", 12},
		"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n":                           {"version 1: not two addresses and two ports", 30},
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n":                       {"version 1: not two addresses and two ports", 34},
		"PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n":                        {`version 1: no address of its family: ""`, 33},
		"PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n":                       {`version 1: no address of its family: "1.2.3.256"`, 34},
		"PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n":                        {`version 1: no address of its family: "1.2.3.04"`, 33},
		"PROXY TCP4 ::1 ::2 1 2\r\n":                                 {`version 1: no address of its family: "::1"`, 24},
		"PROXY TCP6 1.2.3.4 ::1 1 2\r\n":                             {`version 1: no address of its family: "1.2.3.4"`, 28},
		"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n":                        {`version 1: no address of its family: "fe80::1%eth0"`, 33},
		"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n":                     {`version 1: no port: "65536"`, 36},
		"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n":                        {`version 1: no port: "01"`, 33},
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 +2\r\n":                        {`version 1: no port: "+2"`, 33},
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 \x00\r\n":                      {`version 1: no port: "\x00"`, 32},
		proxyMagic + "\x11":                                          {"version 2: unknown version and command 0x11", 13},
		proxyMagic + "\x22":                                          {"version 2: unknown version and command 0x22", 13},
		proxyMagic + "\x31\x11\x00\x0C" + proxyIPv4:                  {"version 2: unknown version and command 0x31", 13},
		proxyMagic + "\x21\x41\x00\x0C":                              {"version 2: unknown family 0x41", 16},
		proxyMagic + "\x21\x10\x00\x0C":                              {"version 2: unknown family 0x10", 16},
		proxyMagic + "\x21\x13\x00\x0C":                              {"version 2: unknown family 0x13", 16},
		proxyMagic + "\x21\x01\x00\x0C":                              {"version 2: unknown family 0x01", 16},
		proxyMagic + "\x21\x11\x00\x0B" + proxyIPv4:                  {"version 2: the length 11 ends inside the addresses", 16},
		proxyMagic + "\x21\x21\x00\x23" + proxyIPv6:                  {"version 2: the length 35 ends inside the addresses", 16},
		proxyMagic + "\x21\x32\x00\xD7" + strings.Repeat("/", 216):   {"version 2: the length 215 ends inside the addresses", 16},
		proxyMagic + "\x21\x11\x3F\xF1" + strings.Repeat("x", 20000): {"version 2: 16385 bytes, over 16384", 16},
		proxyMagic + "\x20\x00\xFF\xFF":                              {"version 2: 65551 bytes, over 16384", 16},
	} {
		h, rest, err := mqttwire.ConsumeProxyHeader([]byte(bytes))
		assert.EqualError(t, err, "mqttwire: malformed PROXY protocol header, "+test.want, "%q", bytes)
		assert.ErrorIs(t, err, mqttwire.ErrProxyHeader, "%q", bytes)
		assert.Zero(t, h)
		assert.Len(t, rest, len(bytes))
		_, _, err = mqttwire.ConsumeProxyHeader([]byte(bytes[:test.after]))
		assert.ErrorIs(t, err, mqttwire.ErrProxyHeader, "%q", bytes)
		_, _, err = mqttwire.ConsumeProxyHeader([]byte(bytes[:test.after-1]))
		assert.Equal(t, mqttwire.ErrIncomplete, err, "%q", bytes)
		for _, s := range []stream{pull(inChunks([]byte(bytes), 5), anySize), push(inChunks([]byte(bytes), 5), anySize)} {
			_, err := s.ProxyHeader()
			assert.ErrorContains(t, err, test.want)
			_, same := s.Next()
			assert.Same(t, err, same, "the stream has ended")
			_, same = s.ProxyHeader()
			assert.Same(t, err, same)
		}
	}
}

func TestNoProxyHeaderIsSeenAtTheFirstByteThatIsNone(t *testing.T) {
	for _, b := range []string{proxyConnect, "PROXX", "PROXY\r", "\r\n\r\n\x01", "\r\nQUIT", "\x16\x03\x01", "proxy "} {
		_, rest, err := mqttwire.ConsumeProxyHeader([]byte(b))
		assert.Equal(t, mqttwire.ErrNoProxyHeader, err, "%q", b)
		assert.Equal(t, b, string(rest))
	}
}

func TestStreamsGoOnBehindAProxyHeader(t *testing.T) {
	for name, test := range proxyHeaders {
		b := []byte(test.bytes + proxyConnect + "\xC0\x00")
		for _, size := range []int{1, 7, 100, len(b)} {
			pullAndPush(t, inChunks(b, size), mqttwire.Limits{FirstPacketSize: 15, PacketSize: 15}, func(t *testing.T, s stream) {
				h, err := s.ProxyHeader()
				require.NoError(t, err, name)
				require.Equal(t, test.source, shownAddr(h.Source), name)
				require.Equal(t, test.tlvs, string(h.TLVs), name)
				f, err := s.Frame()
				require.NoError(t, err, name)
				require.Equal(t, proxyConnect[2:], string(f.Body), name)
				require.EqualValues(t, len(test.bytes), s.Offset(), name)
				f, err = s.Frame()
				require.NoError(t, err, name)
				require.Equal(t, mqttwire.PINGREQ, f.Header.Type, name)
				_, err = s.Frame()
				require.Equal(t, io.EOF, err, name)
			})
		}
	}
}

func TestStreamWithoutAProxyHeaderLosesNothing(t *testing.T) {
	pullAndPush(t, inChunks([]byte(proxyConnect), 1), mqttwire.Limits{}, func(t *testing.T, s stream) {
		for range 2 {
			_, err := s.ProxyHeader()
			require.Equal(t, mqttwire.ErrNoProxyHeader, err)
		}
		f, err := s.Frame()
		require.NoError(t, err)
		require.Equal(t, proxyConnect[2:], string(f.Body))
		_, err = s.ProxyHeader()
		require.ErrorContains(t, err, "before the first packet")
		_, err = s.Frame()
		require.Equal(t, io.EOF, err)
	})
}

func TestStreamThatEndsInAProxyHeader(t *testing.T) {
	for first, want := range map[string]error{"": io.EOF, "P": io.ErrUnexpectedEOF, proxyLine[:30]: io.ErrUnexpectedEOF, proxyMagic + "\x21": io.ErrUnexpectedEOF} {
		pullAndPush(t, [][]byte{[]byte(first)}, mqttwire.Limits{}, func(t *testing.T, s stream) {
			_, err := s.ProxyHeader()
			require.Equal(t, want, err, "%q", first)
		})
	}
}

func TestReaderDoesNotWaitForMoreThanTheProxyHeader(t *testing.T) {
	for name, test := range proxyHeaders {
		r := mqttwire.NewReader(io.MultiReader(strings.NewReader(test.bytes), readerFunc(func([]byte) (int, error) {
			return 0, errors.New("more was read")
		})), mqttwire.Limits{})
		_, err := r.ProxyHeader()
		require.NoError(t, err, name)
	}
}

// What a proxy says of TLS may take long; the memory for it follows the bytes that
// came, all of it together, however few of them come at a time.
func TestALongProxyHeaderInBytesTakesMemoryLinearInItsSize(t *testing.T) {
	b := []byte(proxyHeaders["2, as long as can be"].bytes)
	chunks := inChunks(b, 1)
	for name, s := range map[string]stream{"pull": pull(chunks, anySize), "push": push(chunks, anySize)} {
		took := allocated(func() {
			_, err := s.ProxyHeader()
			require.NoError(t, err)
		})
		require.Less(t, took, int64(4*len(b)), name)
	}
}

func TestProxyHeaderAfterATimeoutGoesOn(t *testing.T) {
	r := mqttwire.NewReader(&tickSource{src: bytes.NewReader([]byte(proxyLine)), every: 1}, mqttwire.Limits{})
	_, err := r.ProxyHeader()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	h, err := r.ProxyHeader()
	require.NoError(t, err)
	assert.Equal(t, len(proxyLine), h.Size)
}

func TestAnyAddressesComeThroughAProxyHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is6 := rapid.Bool().Draw(t, "IPv6")
		draw := func(name string) netip.AddrPort {
			n := 4
			if is6 {
				n = 16
			}
			a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, name))
			return netip.AddrPortFrom(a, rapid.Uint16().Draw(t, name+" port"))
		}
		source, dst := draw("source"), draw("destination")
		family, code := "TCP4", byte(0x11)
		if is6 {
			family, code = "TCP6", 0x21
		}
		line := fmt.Sprintf("PROXY %s %s %s %d %d\r\n", family, source.Addr(), dst.Addr(), source.Port(), dst.Port())
		block := append(append(source.Addr().AsSlice(), dst.Addr().AsSlice()...),
			byte(source.Port()>>8), byte(source.Port()), byte(dst.Port()>>8), byte(dst.Port()))
		binary := append([]byte(proxyMagic), 0x21, code, 0, byte(len(block)))
		for _, b := range [][]byte{[]byte(line), append(binary, block...)} {
			h, rest, err := mqttwire.ConsumeProxyHeader(b)
			require.NoError(t, err)
			require.Empty(t, rest)
			require.Equal(t, source, h.Source)
			require.Equal(t, dst, h.Destination)
		}
	})
}
