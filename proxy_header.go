package mqttwire

import (
	"bytes"
	"errors"
	"net/netip"
	"strconv"
)

// MaxProxyHeaderSize is the size of the largest PROXY protocol header that is
// read, in bytes: version 2 could declare 65551. It leaves room for the addresses
// and for what proxies say of TLS, a client's certificate included.
const MaxProxyHeaderSize = 16 << 10

// ErrNoProxyHeader says that the connection does not begin with a PROXY protocol
// header. Nothing of it was taken.
var ErrNoProxyHeader = errors.New("mqttwire: the connection does not begin with a PROXY protocol header")

// ErrProxyHeader is the class, for errors.Is, of the errors for a PROXY protocol
// header that is malformed, too long, or of a version, command or family that
// nobody knows.
var ErrProxyHeader = errors.New("malformed PROXY protocol header")

// ProxyHeader is the header that a proxy or load balancer puts before what a
// client sends, to say who the client is: haproxy's PROXY protocol, versions 1 and
// 2.
//
// Whoever can reach the port can send one. So it is believed only where nobody but
// the proxy can, and there it is demanded: that a header may be there or not is
// what its specification forbids.
type ProxyHeader struct {
	// Version is the version of the PROXY protocol, 1 or 2.
	Version int

	// Local says that the proxy has opened the connection for itself, such as to
	// see whether the server is up. Version 2 only.
	Local bool

	// Source and Destination are the addresses of the client and of what it has
	// connected to, as the proxy saw them. They are not valid if the header has
	// none that are of IP: Local, UNKNOWN, UNSPEC, and sockets of Unix.
	Source, Destination netip.AddrPort

	// TLVs is what version 2 has behind addresses, to the end of the header:
	// entries of one byte of type, two of length and as many of value, which are
	// not looked into. It aliases the bytes that the header was read from.
	TLVs []byte

	// Size is the size of the header in bytes.
	Size int
}

// ConsumeProxyHeader reads the PROXY protocol header at the start of b, the first
// bytes of a connection, and returns it with the bytes after it.
//
// It returns ErrIncomplete while b ends inside the header, ErrNoProxyHeader as
// soon as b is seen not to begin with one, and an error of class ErrProxyHeader,
// which says why, for one that is not legal: within 107 bytes of version 1, which
// has no longer ones, and within the 16 bytes of version 2 that tell family and
// length. With an error, rest is b.
func ConsumeProxyHeader(b []byte) (h ProxyHeader, rest []byte, err error) {
	if h, err = readProxyHeader(b); err != nil {
		return ProxyHeader{}, b, err
	}
	return h, b[h.Size:], nil
}

// readProxyHeader is ConsumeProxyHeader, but that with ErrIncomplete h.Size may tell
// how many bytes it takes.
func readProxyHeader(b []byte) (h ProxyHeader, err error) {
	found1, more1 := hasStart(b, proxyStart1)
	found2, more2 := hasStart(b, proxyStart2)
	switch {
	case found1:
		return proxyHeader1(b)
	case found2:
		return proxyHeader2(b)
	case more1 || more2:
		return h, ErrIncomplete
	}
	return h, ErrNoProxyHeader
}

// How a header begins.
const (
	proxyStart1 = "PROXY "
	proxyStart2 = "\r\n\r\n\x00\r\nQUIT\n"
)

// proxyFault is what is wrong with a header.
type proxyFault struct {
	version int
	what    string
}

// proxyLineError returns the error for a word of version 1.
func proxyLineError(what string, word []byte) error {
	return &proxyFault{1, what + " " + strconv.QuoteToASCII(string(word))}
}

// proxyByteError returns the error for a byte of version 2.
func proxyByteError(what string, b byte) error {
	return &proxyFault{2, string(appendHex([]byte(what+" 0x"), int64(b), 2))}
}

func (e *proxyFault) Error() string {
	return "mqttwire: " + ErrProxyHeader.Error() + ", version " + strconv.Itoa(e.version) + ": " + e.what
}

func (e *proxyFault) Unwrap() error { return ErrProxyHeader }

// maxProxyLine is the longest header of version 1, in bytes, its line end
// included.
const maxProxyLine = 107

// proxyHeader1 reads a header of version 1: words, which single spaces part, on a
// line. What follows UNKNOWN is to be ignored.
func proxyHeader1(b []byte) (h ProxyHeader, err error) {
	line, _, ended := bytes.Cut(b[:min(len(b), maxProxyLine)], []byte("\n"))
	h = ProxyHeader{Version: 1, Size: len(line) + 1}
	switch {
	case !ended && len(b) < maxProxyLine:
		return h, ErrIncomplete
	case !ended:
		return h, &proxyFault{1, "no line end within 107 bytes"}
	case line[len(line)-1] != '\r':
		return h, &proxyFault{1, "the line does not end with CR LF"}
	}
	family, words, _ := bytes.Cut(line[len(proxyStart1):len(line)-1], []byte(" "))
	is6 := false
	switch string(family) {
	case "UNKNOWN":
		return h, nil
	case "TCP4":
	case "TCP6":
		is6 = true
	default:
		return h, proxyLineError("unknown family", family)
	}
	return h, h.readWords(words, is6)
}

// readWords reads the addresses of version 1: that of the client, that of what it
// has connected to, and the two ports.
func (h *ProxyHeader) readWords(words []byte, is6 bool) error {
	var addrs [2]netip.Addr
	var ports [2]uint16
	for i := range 4 {
		word, rest, more := bytes.Cut(words, []byte(" "))
		if more != (i < 3) {
			return &proxyFault{1, "not two addresses and two ports"}
		}
		ok := false
		if i < 2 {
			if addrs[i], ok = proxyAddr(word, is6); !ok {
				return proxyLineError("no address of its family:", word)
			}
		} else if ports[i-2], ok = proxyPort(word); !ok {
			return proxyLineError("no port:", word)
		}
		words = rest
	}
	h.Source, h.Destination = netip.AddrPortFrom(addrs[0], ports[0]), netip.AddrPortFrom(addrs[1], ports[1])
	return nil
}

// proxyAddr reads an address as text.
func proxyAddr(word []byte, is6 bool) (netip.Addr, bool) {
	a, err := netip.ParseAddr(string(word))
	return a, err == nil && a.Is6() == is6 && a.Zone() == ""
}

// proxyPort reads a port in decimal digits: 0 to 65535, without a sign or zeros
// before it.
func proxyPort(word []byte) (uint16, bool) {
	n, err := strconv.ParseUint(string(word), 10, 16)
	return uint16(n), err == nil && strconv.FormatUint(n, 10) == string(word)
}

// What version 2 has behind its start: a byte of version and command, one of
// family and transport, and two of the length of what follows.
const (
	proxyVersionAt = len(proxyStart2)
	proxyFamilyAt  = proxyVersionAt + 1
	proxyFixed2    = proxyVersionAt + 4

	proxyLocal     = 0x20 // version 2, command LOCAL
	proxyForClient = 0x21 // version 2, command PROXY

	proxyUnspec = 0x00 // the families, in the high four bits
	proxyIPv4   = 0x10
	proxyIPv6   = 0x20
	proxyUnix   = 0x30

	proxyIPv4Bytes = 4 + 4 + 2 + 2 // their addresses and ports
	proxyIPv6Bytes = 16 + 16 + 2 + 2
	proxyUnixBytes = 108 + 108
)

// proxyHeader2 reads a header of version 2.
func proxyHeader2(b []byte) (h ProxyHeader, err error) {
	if len(b) > proxyVersionAt && b[proxyVersionAt] != proxyLocal && b[proxyVersionAt] != proxyForClient {
		return h, proxyByteError("unknown version and command", b[proxyVersionAt])
	}
	if len(b) < proxyFixed2 {
		return h, ErrIncomplete
	}
	size := proxyFixed2 + int(uint16At(b[proxyFixed2-2:]))
	h = ProxyHeader{Version: 2, Size: size, Local: b[proxyVersionAt] == proxyLocal}
	addresses, known := proxyFamily(b[proxyFamilyAt])
	switch {
	case size > MaxProxyHeaderSize:
		return h, &proxyFault{2, strconv.Itoa(size) + " bytes, over " + strconv.Itoa(MaxProxyHeaderSize)}
	case !known && !h.Local: // of a LOCAL all that follows is to be ignored
		return h, proxyByteError("unknown family", b[proxyFamilyAt])
	case size < proxyFixed2+addresses && !h.Local:
		return h, &proxyFault{2, "the length " + strconv.Itoa(size-proxyFixed2) + " ends inside the addresses"}
	case len(b) < size:
		return h, ErrIncomplete
	}
	if addresses > 0 && !h.Local {
		block := b[proxyFixed2:size:size]
		h.readAddresses(block[:addresses])
		h.TLVs = block[addresses:]
	}
	return h, nil
}

// proxyFamily returns how many bytes the addresses of a family take, which has the
// transport in its low four bits: a stream, or datagrams.
func proxyFamily(family byte) (n int, known bool) {
	if family == proxyUnspec {
		return 0, true
	}
	if transport := family & 0x0F; transport != 1 && transport != 2 {
		return 0, false
	}
	switch family & 0xF0 {
	case proxyIPv4:
		return proxyIPv4Bytes, true
	case proxyIPv6:
		return proxyIPv6Bytes, true
	case proxyUnix:
		return proxyUnixBytes, true
	}
	return 0, false
}

// readAddresses reads the addresses of version 2, if they are of IP.
func (h *ProxyHeader) readAddresses(b []byte) {
	switch len(b) {
	case proxyIPv4Bytes:
		h.Source = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), uint16At(b[8:]))
		h.Destination = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), uint16At(b[10:]))
	case proxyIPv6Bytes:
		h.Source = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[:16])), uint16At(b[32:]))
		h.Destination = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[16:32])), uint16At(b[34:]))
	}
}

// errProxyLate says that ProxyHeader was called when it was too late.
var errProxyLate = errors.New("mqttwire: ProxyHeader after Next: a PROXY protocol header comes before the first packet")

// proxyHeader takes the PROXY protocol header that the stream begins with.
func (c *cutter) proxyHeader() (ProxyHeader, error) {
	switch {
	case c.err != nil:
		return ProxyHeader{}, c.err
	case c.begun:
		return ProxyHeader{}, errProxyLate
	}
	h, err := readProxyHeader(c.buf[c.pos:c.end])
	switch err {
	case nil:
		c.pos += h.Size
		c.offset += int64(h.Size)
		return h, nil
	case ErrIncomplete:
		return ProxyHeader{}, c.incomplete(max(c.have()+1, h.Size))
	case ErrNoProxyHeader:
		return ProxyHeader{}, err
	}
	return ProxyHeader{}, c.fail(err)
}
