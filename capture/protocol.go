package capture

import (
	"bytes"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// maxPreamble is how many bytes of an HTTP request are looked through for an
// upgrade to WebSocket.
const maxPreamble = 8 << 10

// verdict says what the first bytes of a direction are.
type verdict uint8

const (
	undecided verdict = iota // more bytes are needed
	unknown                  // nothing that is known by its first bytes
	isMQTT
	isOther
)

// The names of other protocols, as events report them.
const (
	nameTLS       = "TLS"
	nameWebSocket = "WebSocket (not decoded yet)"
	nameHTTP      = "HTTP"
	nameNotMQTT   = "not MQTT"
)

// recognise tells a protocol by the first bytes of a direction; name is that of
// another protocol.
func recognise(b []byte) (v verdict, name string) {
	if v := recogniseTLS(b); v != unknown {
		return v, nameTLS
	}
	if v, name := recogniseHTTP(b); v != unknown {
		return v, name
	}
	return recogniseConnect(b), ""
}

// recogniseTLS looks for the header of a TLS record: content type 20 to 23 and
// version 3.0 to 3.4. To MQTT these would be CONNECT packets with flags set.
func recogniseTLS(b []byte) verdict {
	switch {
	case len(b) == 0:
		return undecided
	case b[0] < 0x14 || b[0] > 0x17 || len(b) > 1 && b[1] != 3 || len(b) > 2 && b[2] > 4:
		return unknown
	case len(b) < 3:
		return undecided
	}
	return isOther
}

// httpStarts are the methods a client may begin with, and the server's answer.
var httpStarts = []string{"GET ", "HTTP/1.", "POST ", "PUT ", "HEAD ", "OPTIONS ", "DELETE ", "PATCH ", "CONNECT ", "PRI * HTTP/2"}

// recogniseHTTP looks for an HTTP request or response, and in it for an upgrade
// to WebSocket.
func recogniseHTTP(b []byte) (verdict, string) {
	begins := false
	for _, start := range httpStarts {
		n := min(len(start), len(b))
		if string(b[:n]) != start[:n] {
			continue
		}
		if n < len(start) {
			return undecided, nameHTTP
		}
		begins = true
	}
	if !begins {
		return unknown, ""
	}
	head, _, whole := bytes.Cut(b, []byte("\r\n\r\n"))
	if isUpgrade(head) {
		return isOther, nameWebSocket
	}
	if !whole && len(b) < maxPreamble {
		return undecided, nameHTTP
	}
	return isOther, nameHTTP
}

// isUpgrade reports whether the header fields of HTTP name WebSocket.
func isUpgrade(head []byte) bool {
	for line := range strings.Lines(string(head[:min(len(head), maxPreamble)])) {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Upgrade") && strings.EqualFold(strings.TrimSpace(value), "websocket") {
			return true
		}
	}
	return false
}

// recogniseConnect looks for a CONNECT, by its type and the start of the
// protocol name, so that a malformed one is still known for what it is.
func recogniseConnect(b []byte) verdict {
	h, rest, err := mqttwire.ConsumeFixedHeader(b)
	switch {
	case len(b) > 0 && b[0]>>4 != byte(mqttwire.CONNECT):
		return unknown
	case err == mqttwire.ErrIncomplete:
		return undecided
	case err != nil || h.RemainingLength < 4:
		return unknown
	}
	for _, start := range []string{"\x00\x04MQ", "\x00\x06MQ"} {
		n := min(len(rest), len(start))
		if string(rest[:n]) == start[:n] {
			if n < len(start) {
				return undecided
			}
			return isMQTT
		}
	}
	return unknown
}
