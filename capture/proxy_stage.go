package capture

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/mqttwire/mqttwire"
)

// A client that goes through a proxy first asks it for a connection to the server,
// and the proxy answers; what stands behind that is the connection. proxyStage reads
// the two, of SOCKS (RFC 1928, 1929, and version 4) and of HTTP CONNECT (RFC 9110
// section 9.3.6).
type proxyStage struct {
	protocol string
	client   Direction
	sides    [2]proxySide
}

// proxySide is what a proxyStage knows of a direction.
type proxySide struct {
	waits []byte
	steps []proxyStep // what is still to be read before what is passed on
}

// proxyStep reads a message at the start of b: size is how many bytes it has, or 0
// if there are too few yet. note says what it is, if that is worth it; more are the
// steps that come of it; fault is why nothing can follow it.
type proxyStep func(b []byte) (size int, note string, more []proxyStep, fault string)

// maxProxyMessage is how long such a message may be, in bytes.
const maxProxyMessage = 8 << 10

// openProxyStage returns the stage for a client that begins with HTTP CONNECT.
func openProxyStage(s StageStart) Stage {
	if s.Foreign != mqttwire.ForeignHTTP1 || s.Midstream || !bytes.HasPrefix(s.First, []byte("CONNECT ")) {
		return nil
	}
	return newProxyStage("HTTP CONNECT", s.By, tunnelRequest, tunnelAnswer)
}

func newProxyStage(protocol string, client Direction, request, answer proxyStep) *proxyStage {
	p := &proxyStage{protocol: protocol, client: client}
	p.sides[client].steps = []proxyStep{request}
	p.sides[client.Opposite()].steps = []proxyStep{answer}
	return p
}

func (p *proxyStage) Protocol() string { return p.protocol }

func (p *proxyStage) Held() int { return cap(p.sides[0].waits) + cap(p.sides[1].waits) }

func (p *proxyStage) Take(d Direction, data []byte, out Outlet) {
	side := &p.sides[d]
	if len(side.steps) == 0 {
		out.Bytes(d, data)
		return
	}
	side.waits = append(side.waits, data...)
	for len(side.steps) > 0 {
		size, note, more, fault := side.steps[0](side.waits)
		if size == 0 && fault == "" && len(side.waits) > maxProxyMessage {
			fault = "a message is too long"
		}
		if fault != "" {
			side.waits = nil
			out.Stop(d, p.protocol+": "+fault)
			return
		}
		if size == 0 {
			return
		}
		if note != "" {
			out.Note(d, p.protocol+": "+note)
		}
		side.waits, side.steps = side.waits[size:], append(more, side.steps[1:]...)
	}
	out.Client(p.client)
	rest := side.waits
	side.waits = nil
	out.Bytes(d, rest)
}

// Lose goes on behind bytes that are missing if the messages were read.
func (p *proxyStage) Lose(d Direction, n int64, out Outlet) {
	if len(p.sides[d].steps) > 0 {
		out.Stop(d, p.protocol+": bytes of it are missing from the capture")
		return
	}
	out.Lost(d, n)
}

func (p *proxyStage) End(Direction, Outlet) {}

// tunnelRequest reads the head of a request for a tunnel.
func tunnelRequest(b []byte) (size int, note string, more []proxyStep, fault string) {
	size, line := httpHead(b)
	if size == 0 {
		return 0, "", nil, ""
	}
	target, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte("CONNECT ")), []byte(" "))
	return size, "a connection to " + strconv.QuoteToASCII(string(target)) + " was asked for", nil, ""
}

// tunnelAnswer reads the head of the answer.
func tunnelAnswer(b []byte) (size int, note string, more []proxyStep, fault string) {
	size, line := httpHead(b)
	_, status, _ := bytes.Cut(line, []byte(" "))
	switch {
	case size == 0:
		return 0, "", nil, ""
	case !bytes.HasPrefix(line, []byte("HTTP/1.")):
		return 0, "", nil, "the answer is no HTTP"
	case len(status) == 0 || status[0] != '2':
		return 0, "", nil, "refused: " + strconv.QuoteToASCII(string(status))
	}
	return size, "", nil, ""
}

// httpHead returns the size of the head that b begins with, or 0 if it is not wholly
// there, and its first line.
func httpHead(b []byte) (size int, line []byte) {
	i := bytes.Index(b, []byte("\r\n\r\n"))
	if i < 0 {
		return 0, nil
	}
	line, _, _ = bytes.Cut(b[:i], []byte("\r\n"))
	return i + 4, line
}

// What messages of SOCKS begin with.
const (
	socks4    = 4
	socks5    = 5
	socksAuth = 1 // of user name and password, RFC 1929

	socksConnect  = 1
	socksIPv4     = 1
	socksName     = 3
	socksIPv6     = 4
	socksPassword = 2    // the method that asks for socksAuth
	socksNone     = 0xFF // no method is acceptable
	socks4Granted = 0x5A
)

// asksSOCKS tells whether a client begins with SOCKS, which as MQTT would be a packet
// of type 0.
func asksSOCKS(b []byte) verdict {
	const mostMethods = 16
	switch {
	case b[0] != socks4 && b[0] != socks5:
		return unknown
	case len(b) < 2:
		return undecided
	case b[0] == socks4 && b[1] == socksConnect:
		return isOther
	case b[0] == socks5 && b[1] > 0 && b[1] <= mostMethods:
		return isOther
	}
	return unknown
}

// openSOCKS puts a stage for SOCKS on a direction that begins so.
func (c *conversation) openSOCKS(d *direction) {
	c.client = d
	if d.search.buf[0] == socks4 {
		c.push(newProxyStage("SOCKS4", d.index, socks4Request, socks4Answer), d)
		return
	}
	c.push(newProxyStage("SOCKS5", d.index, socksGreeting, socksMethod), d)
}

// socksGreeting reads a client's list of methods.
func socksGreeting(b []byte) (size int, note string, more []proxyStep, fault string) {
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return 0, "", nil, ""
	}
	return 2 + int(b[1]), "", []proxyStep{socksRequest}, ""
}

// socksMethod reads which one the proxy takes.
func socksMethod(b []byte) (size int, note string, more []proxyStep, fault string) {
	switch {
	case len(b) < 2:
		return 0, "", nil, ""
	case b[0] != socks5:
		return 0, "", nil, "the answer is none"
	case b[1] == socksNone:
		return 0, "", nil, "no way to authenticate is acceptable"
	case b[1] == socksPassword:
		more = []proxyStep{socksAuthAnswer}
	}
	return 2, "", append(more, socksAnswer), ""
}

// socksAuthAnswer reads whether user name and password are right.
func socksAuthAnswer(b []byte) (size int, note string, more []proxyStep, fault string) {
	switch {
	case len(b) < 2:
		return 0, "", nil, ""
	case b[1] != 0:
		return 0, "", nil, "user name or password was refused"
	}
	return 2, "", nil, ""
}

// socksRequest reads what a client asks for or, before that, its user name and
// password.
func socksRequest(b []byte) (size int, note string, more []proxyStep, fault string) {
	if len(b) > 0 && b[0] == socksAuth {
		if len(b) < 2 || len(b) < 3+int(b[1]) {
			return 0, "", nil, ""
		}
		at := 2 + int(b[1])
		if size = at + 1 + int(b[at]); len(b) < size {
			return 0, "", nil, ""
		}
		return size, "", []proxyStep{socksRequest}, ""
	}
	size, target, fault := socksAddress(b)
	switch {
	case size == 0 || fault != "":
		return 0, "", nil, fault
	case b[1] != socksConnect:
		return 0, "", nil, "no connection is asked for"
	}
	return size, "a connection to " + target + " was asked for", nil, ""
}

// socksAnswer reads whether the client got it.
func socksAnswer(b []byte) (size int, note string, more []proxyStep, fault string) {
	if len(b) >= 2 && b[1] != 0 {
		return 0, "", nil, "refused with code " + strconv.Itoa(int(b[1]))
	}
	size, _, fault = socksAddress(b)
	return size, "", nil, fault
}

// socksAddress reads the message of a version, a code, a zero and an address.
func socksAddress(b []byte) (size int, target, fault string) {
	if len(b) < 5 {
		return 0, "", ""
	}
	n, at := 0, 4
	switch b[3] {
	case socksIPv4:
		n = 4
	case socksIPv6:
		n = 16
	case socksName:
		n, at = int(b[4]), 5
	default:
		return 0, "", "unknown type of address " + strconv.Itoa(int(b[3]))
	}
	if b[0] != socks5 {
		return 0, "", "unknown version " + strconv.Itoa(int(b[0]))
	}
	if size = at + n + 2; len(b) < size {
		return 0, "", ""
	}
	port := uint16(b[size-2])<<8 | uint16(b[size-1])
	if b[3] == socksName {
		return size, strconv.QuoteToASCII(string(b[at:at+n])) + ":" + strconv.Itoa(int(port)), ""
	}
	addr, _ := netip.AddrFromSlice(b[at : at+n])
	return size, netip.AddrPortFrom(addr, port).String(), ""
}

// socks4Request reads a request of version 4: port, address, user and, where the
// address stands for none, a name.
func socks4Request(b []byte) (size int, note string, more []proxyStep, fault string) {
	const fixed = 8
	if len(b) < fixed {
		return 0, "", nil, ""
	}
	end := bytes.IndexByte(b[fixed:], 0)
	if end < 0 {
		return 0, "", nil, ""
	}
	size = fixed + end + 1
	addr, port := netip.AddrFrom4([4]byte(b[4:8])), uint16(b[2])<<8|uint16(b[3])
	target := netip.AddrPortFrom(addr, port).String()
	if b[4] == 0 && b[5] == 0 && b[6] == 0 && b[7] != 0 {
		n := bytes.IndexByte(b[size:], 0)
		if n < 0 {
			return 0, "", nil, ""
		}
		target = strconv.QuoteToASCII(string(b[size:size+n])) + ":" + strconv.Itoa(int(port))
		size += n + 1
	}
	return size, "a connection to " + target + " was asked for", nil, ""
}

// socks4Answer reads whether the client got it.
func socks4Answer(b []byte) (size int, note string, more []proxyStep, fault string) {
	switch {
	case len(b) < 2:
		return 0, "", nil, ""
	case b[1] != socks4Granted:
		return 0, "", nil, "refused with code " + strconv.Itoa(int(b[1]))
	case len(b) < 8:
		return 0, "", nil, ""
	}
	return 8, "", nil, ""
}
