package pcap

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// The handshake messages and extensions of TLS that matter here: RFC 8446 section 4.
const (
	tlsClientHello = 1
	tlsServerHello = 2
	tlsKeyUpdate   = 24

	tlsServerName        = 0
	tlsSupportedVersions = 43
)

// maxHello is how long a ClientHello or a ServerHello may be, in bytes.
const maxHello = 64 << 10

// handshake cuts the messages out of the handshake records of a direction.
type handshake struct {
	buf  []byte
	skip int // bytes of a message that nobody needs
}

// add takes what the next record holds, and gives each message of a kind that is
// wanted. It reports false if one of those is too long.
func (h *handshake) add(data []byte, wanted func(kind byte) bool, take func(body []byte)) bool {
	const header = 4
	for {
		n := min(h.skip, len(data))
		data, h.skip = data[n:], h.skip-n
		h.buf, data = append(h.buf, data...), nil
		if len(h.buf) < header {
			return true
		}
		kind, size := h.buf[0], header+int(h.buf[1])<<16+int(h.buf[2])<<8+int(h.buf[3])
		switch {
		case !wanted(kind):
			have := min(size, len(h.buf))
			data, h.skip = bytes.Clone(h.buf[have:]), size-have
			h.buf = h.buf[:0]
			if len(data) == 0 {
				return true
			}
		case size > maxHello:
			return false
		case len(h.buf) < size:
			return true
		default:
			take(h.buf[header:size])
			h.buf = append(h.buf[:0], h.buf[size:]...)
		}
	}
}

// hello is what a ClientHello or a ServerHello tells.
type hello struct {
	version    uint16
	random     []byte
	suite      uint16 // of a ServerHello
	serverName string // of a ClientHello
}

// readHello reads a hello; ok is false if it is malformed.
func readHello(body []byte, client bool) (h hello, ok bool) {
	s := cryptobyte.String(bytes.Clone(body))
	var session, suites, compressions cryptobyte.String
	if !s.ReadUint16(&h.version) || !s.ReadBytes(&h.random, len(clientRandom{})) || !s.ReadUint8LengthPrefixed(&session) {
		return h, false
	}
	if client {
		ok = s.ReadUint16LengthPrefixed(&suites) && s.ReadUint8LengthPrefixed(&compressions)
	} else {
		ok = s.ReadUint16(&h.suite) && s.Skip(1)
	}
	var extensions cryptobyte.String
	if !ok || s.Empty() {
		return h, ok
	}
	if !s.ReadUint16LengthPrefixed(&extensions) {
		return h, false
	}
	for !extensions.Empty() {
		var kind uint16
		var value cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&value) {
			return h, false
		}
		switch {
		case kind == tlsSupportedVersions && !client:
			value.ReadUint16(&h.version)
		case kind == tlsServerName && client:
			h.serverName = readServerName(value)
		}
	}
	return h, true
}

// readServerName reads the name of the server that a client wants: RFC 6066 section 3.
func readServerName(value cryptobyte.String) string {
	var list, name cryptobyte.String
	var kind uint8
	if !value.ReadUint16LengthPrefixed(&list) || !list.ReadUint8(&kind) || kind != 0 || !list.ReadUint16LengthPrefixed(&name) {
		return ""
	}
	return string(name)
}
