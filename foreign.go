package mqttwire

import (
	"bytes"
	"strconv"
	"strings"
)

// Foreign is a protocol other than MQTT that a peer speaks by mistake, or that an
// intermediary puts before the MQTT. 0 stands for none that is known.
type Foreign uint8

// The protocols that Identify knows, by what comes first.
const (
	ForeignTLS           Foreign = iota + 1 // RFC 8446, and back to SSL 3.0
	ForeignHTTP1                            // RFC 9112, or HTTP/1.0
	ForeignHTTP2                            // RFC 9113, without TLS
	ForeignWebSocket                        // RFC 6455: the GET that asks for the upgrade
	ForeignPROXY1                           // the PROXY protocol, in text
	ForeignPROXY2                           // the PROXY protocol, in binary
	ForeignSSH                              // RFC 4253
	ForeignAMQP                             // 0-8 to 1.0
	ForeignRedis                            // RESP, or a PING without it
	ForeignMQTTSN                           // MQTT-SN 1.2: a CONNECT
	ForeignTLSRecord                        // TLS, but no ClientHello: an answer, an alert, a connection under way
	ForeignHTTP1Response                    // RFC 9112, or HTTP/1.0: what a server answers
)

// foreignNames are the names of the protocols, and of what comes first with its
// article.
var foreignNames = [...]struct{ protocol, start string }{
	ForeignTLS:           {"TLS", "a TLS ClientHello"},
	ForeignHTTP1:         {"HTTP", "an HTTP/1 request"},
	ForeignHTTP2:         {"HTTP/2", "an HTTP/2 preface"},
	ForeignWebSocket:     {"WebSocket", "a WebSocket upgrade"},
	ForeignPROXY1:        {"PROXY protocol", "a PROXY protocol v1 header"},
	ForeignPROXY2:        {"PROXY protocol", "a PROXY protocol v2 header"},
	ForeignSSH:           {"SSH", "an SSH identification"},
	ForeignAMQP:          {"AMQP", "an AMQP protocol header"},
	ForeignRedis:         {"Redis", "a Redis command"},
	ForeignMQTTSN:        {"MQTT-SN", "an MQTT-SN CONNECT"},
	ForeignTLSRecord:     {"TLS", "a TLS record"},
	ForeignHTTP1Response: {"HTTP", "an HTTP/1 response"},
}

// Protocol returns the name of the protocol, such as "TLS".
func (f Foreign) Protocol() string {
	if int(f) < len(foreignNames) && f != 0 {
		return foreignNames[f].protocol
	}
	return f.String()
}

// String returns what the peer sent, such as "TLS ClientHello".
func (f Foreign) String() string {
	if _, name, ok := strings.Cut(f.withArticle(), " "); ok {
		return name
	}
	return f.withArticle()
}

// withArticle returns the name as in "a TLS ClientHello".
func (f Foreign) withArticle() string {
	if int(f) < len(foreignNames) && f != 0 {
		return foreignNames[f].start
	}
	return "Foreign(" + strconv.Itoa(int(f)) + ")"
}

// identifyLimit is how many bytes Identify looks at. Only a GET needs more than 14
// of them.
const identifyLimit = 2048

// foreignStarts are the protocols that always begin with the same bytes.
var foreignStarts = [...]struct {
	start   string
	foreign Foreign
}{
	{"PRI * HTTP/2.0", ForeignHTTP2},
	{proxyStart1, ForeignPROXY1},
	{proxyStart2, ForeignPROXY2},
	{"SSH-", ForeignSSH},
	{"AMQP", ForeignAMQP},
	{"HTTP/1.", ForeignHTTP1Response},
}

// Identify says to which protocol other than MQTT the first bytes of a connection
// belong; f is 0 if that is none it knows. While more is true it cannot tell yet:
// f is 0, and the caller should ask again when it has more of the stream, with all
// of it from the first byte on. Identify never asks for more than 2048 bytes. The
// answer in the end does not depend on the chunks in which the bytes came.
//
// No beginning of a legal CONNECT is taken for another protocol, and two bytes of
// a CONNECT are enough to know.
func Identify(b []byte) (f Foreign, more bool) {
	if len(b) == 0 {
		return 0, true
	}
	b = b[:min(len(b), identifyLimit)]
	for _, s := range foreignStarts {
		found, partial := hasStart(b, s.start)
		if found {
			return s.foreign, false
		}
		more = more || partial
	}
	for _, look := range [...]func([]byte) (Foreign, bool){identifyTLS, identifyHTTP1, identifyRedis, identifyMQTTSN} {
		found, partial := look(b)
		if found != 0 {
			return found, false
		}
		more = more || partial
	}
	return 0, more
}

// hasStart reports whether b begins with start, or may do so when there is more.
func hasStart(b []byte, start string) (found, more bool) {
	n := min(len(b), len(start))
	if string(b[:n]) != start[:n] {
		return false, false
	}
	return n == len(start), n < len(start)
}

// anyByte stands for any byte in the ranges of hasForm.
var anyByte = [2]byte{0x00, 0xFF}

// hasForm is hasStart for bytes that are each in a range of their own.
func hasForm(b []byte, form [][2]byte) (found, more bool) {
	for i, r := range form {
		if i == len(b) {
			return false, true
		}
		if b[i] < r[0] || b[i] > r[1] {
			return false, false
		}
	}
	return true, false
}

// only returns f if found, and passes more on.
func only(f Foreign, found, more bool) (Foreign, bool) {
	if !found {
		f = 0
	}
	return f, more
}

// A TLS record: content type, which is one of change_cipher_spec, alert, handshake
// and application_data; version; and, in one with a ClientHello, the length and
// the type of the handshake message. As a fixed header it is a CONNECT of 3 bytes
// with flags, which is too short.
var (
	tlsRecord   = [][2]byte{{0x14, 0x17}, {3, 3}, {0, 4}}
	clientHello = [][2]byte{{0x16, 0x16}, {3, 3}, {0, 4}, anyByte, anyByte, {1, 1}}
)

func identifyTLS(b []byte) (Foreign, bool) {
	if found, more := hasForm(b, clientHello); found || more {
		return only(ForeignTLS, found, more)
	}
	found, more := hasForm(b, tlsRecord)
	return only(ForeignTLSRecord, found, more)
}

// The CONNECT of MQTT-SN: length, which is 6 and a client identifier of 1 to 23
// bytes, message type, flags, protocol; or with the longer form of the length. As
// a fixed header it is a CONNECT of 4 bytes, which is too short, or of type 0.
var (
	snConnect     = [][2]byte{{7, 29}, {4, 4}, anyByte, {1, 1}}
	snConnectLong = [][2]byte{{1, 1}, anyByte, anyByte, {4, 4}, anyByte, {1, 1}}
)

func identifyMQTTSN(b []byte) (Foreign, bool) {
	form := snConnect
	if b[0] == 1 {
		form = snConnectLong
	}
	found, more := hasForm(b, form)
	return only(ForeignMQTTSN, found, more)
}

// maxRedisDigits is how many digits the number of arguments may have.
const maxRedisDigits = 7

// identifyRedis looks for an array of bulk strings or for a PING on a line.
func identifyRedis(b []byte) (Foreign, bool) {
	if b[0] != '*' {
		return identifyRedisPing(b)
	}
	digits := 0
	for digits < len(b)-1 && digits < maxRedisDigits && b[1+digits] >= '0' && b[1+digits] <= '9' {
		digits++
	}
	rest := b[1+digits:]
	if digits == 0 && len(rest) > 0 {
		return 0, false
	}
	found, more := hasStart(rest, "\r\n$")
	return only(ForeignRedis, found, more)
}

func identifyRedisPing(b []byte) (Foreign, bool) {
	for i, c := range []byte("ping") {
		if i == len(b) {
			return 0, true
		}
		if b[i]|0x20 != c {
			return 0, false
		}
	}
	line := b[len("ping"):]
	if len(line) > 0 && line[0] == '\n' {
		return ForeignRedis, false
	}
	found, more := hasStart(line, "\r\n")
	return only(ForeignRedis, found, more)
}

// httpMethods are the methods of RFC 9110 and PATCH, RFC 5789.
var httpMethods = [...]string{
	"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ",
}

func identifyHTTP1(b []byte) (f Foreign, more bool) {
	for _, method := range httpMethods {
		found, partial := hasStart(b, method)
		switch {
		case found && method == "GET ": // the only one that can be a WebSocket
			return identifyGet(b)
		case found:
			return ForeignHTTP1, false
		}
		more = more || partial
	}
	return 0, more
}

// identifyGet reads the header lines of a GET up to the one that tells, to the
// empty one, or to the limit.
func identifyGet(b []byte) (Foreign, bool) {
	for rest := b; ; {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		switch {
		case !ok && len(b) < identifyLimit:
			return 0, true
		case !ok || len(line) == 0:
			return ForeignHTTP1, false
		case asksForWebSocket(line):
			return ForeignWebSocket, false
		}
		rest = after
	}
}

// asksForWebSocket reports whether a header line is an Upgrade that lists
// websocket. Names and values are not case-sensitive. RFC 6455 section 4.1.
func asksForWebSocket(line []byte) bool {
	name, value, _ := bytes.Cut(line, []byte(":"))
	if !bytes.EqualFold(name, []byte("Upgrade")) {
		return false
	}
	for protocol := range bytes.SplitSeq(value, []byte(",")) {
		if bytes.EqualFold(bytes.TrimSpace(protocol), []byte("websocket")) {
			return true
		}
	}
	return false
}
