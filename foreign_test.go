package mqttwire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// foreignStreams are beginnings of connections that are no MQTT.
var foreignStreams = []struct {
	stream  string
	foreign mqttwire.Foreign
	after   int // bytes after which it is known
}{
	{"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", mqttwire.ForeignTLS, 6},
	{"\x16\x03\x00\x00\x2F\x01", mqttwire.ForeignTLS, 6},
	{"\x16\x03\x04\x40\x00\x01\x00", mqttwire.ForeignTLS, 6},
	{"\x16\x03\x03\x00\x2F\x02", mqttwire.ForeignTLSRecord, 6},     // a ServerHello
	{"\x14\x03\x03\x00\x01\x01", mqttwire.ForeignTLSRecord, 3},     // change_cipher_spec
	{"\x15\x03\x01\x00\x02\x02\x28", mqttwire.ForeignTLSRecord, 3}, // alert
	{"\x17\x03\x03\x00\x10", mqttwire.ForeignTLSRecord, 3},         // application_data
	{"HEAD / HTTP/1.1\r\n", mqttwire.ForeignHTTP1, 5},
	{"POST /x HTTP/1.1\r\n", mqttwire.ForeignHTTP1, 5},
	{"PUT /x HTTP/1.1\r\n", mqttwire.ForeignHTTP1, 4},
	{"DELETE /x HTTP/1.1\r\n", mqttwire.ForeignHTTP1, 7},
	{"CONNECT example.org:443 HTTP/1.1\r\n", mqttwire.ForeignHTTP1, 8},
	{"OPTIONS * HTTP/1.1\r\n", mqttwire.ForeignHTTP1, 8},
	{"TRACE / HTTP/1.1\r\n", mqttwire.ForeignHTTP1, 6},
	{"PATCH /x HTTP/1.1\r\n", mqttwire.ForeignHTTP1, 6},
	{"GET / HTTP/1.0\r\n\r\n", mqttwire.ForeignHTTP1, 18},
	{"GET / HTTP/1.0\n\nUpgrade: websocket\r\n", mqttwire.ForeignHTTP1, 16},
	{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", mqttwire.ForeignHTTP1, 41},
	{"GET /?Upgrade: websocket\r\nX-Upgrade: websocket\r\nUpgrade: websockets\r\n\r\n", mqttwire.ForeignHTTP1, 71},
	{"GET / " + strings.Repeat("x", 5000), mqttwire.ForeignHTTP1, 2048},
	{"GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 400) + "Upgrade: websocket\r\n\r\n", mqttwire.ForeignHTTP1, 2048},
	{"GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", mqttwire.ForeignWebSocket, 40},
	{"GET /mqtt HTTP/1.1\r\nHost: a\r\nuPGRADE:h2c , WebSocket\r\n", mqttwire.ForeignWebSocket, 54},
	{"GET / HTTP/1.1\r\n" + strings.Repeat("A", 2010) + "\r\nUpgrade: websocket\r\n", mqttwire.ForeignWebSocket, 2048},
	{"GET / HTTP/1.1\r\n" + strings.Repeat("A", 2011) + "\r\nUpgrade: websocket\r\n", mqttwire.ForeignHTTP1, 2048},
	{"HTTP/1.1 400 Bad Request\r\n", mqttwire.ForeignHTTP1Response, 7},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", mqttwire.ForeignHTTP2, 14},
	{"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", mqttwire.ForeignPROXY1, 6},
	{"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0C", mqttwire.ForeignPROXY2, 12},
	{"SSH-2.0-OpenSSH_9.6\r\n", mqttwire.ForeignSSH, 4},
	{"AMQP\x00\x00\x09\x01", mqttwire.ForeignAMQP, 4},
	{"AMQP\x03\x01\x00\x00", mqttwire.ForeignAMQP, 4},
	{"*1\r\n$4\r\nPING\r\n", mqttwire.ForeignRedis, 5},
	{"*1234567\r\n$", mqttwire.ForeignRedis, 11},
	{"PING\r\n", mqttwire.ForeignRedis, 6},
	{"ping\n", mqttwire.ForeignRedis, 5},
	{"\x0A\x04\x04\x01\x00\x3Cname", mqttwire.ForeignMQTTSN, 4},
	{"\x10\x04\x04\x01\x00\x3Csensor-007", mqttwire.ForeignMQTTSN, 4},
	{"\x1D\x04\x0C\x01\x00\x3C" + strings.Repeat("n", 23), mqttwire.ForeignMQTTSN, 4},
	{"\x01\x00\x0A\x04\x04\x01\x00\x3Cn", mqttwire.ForeignMQTTSN, 6},

	{"\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00", 0, 2},
	{"\x16\x0F\x00\x06MQIsdp\x03\x02\x00\x3C\x00\x01a", 0, 2}, // 3.1 ignores the flags
	{"\x30\x04\x00\x01ab", 0, 1},                              // a PUBLISH, and no MQTT-SN
	{"\x06\x04\x00\x01", 0, 1},                                // no client identifier
	{"\x10\x04\x00\x04", 0, 4},
	{"\x16\x03\x05\x00\x00\x01", 0, 3},
	{"\x18\x03\x03\x00\x03", 0, 2}, // heartbeat, which no connection begins with
	{"\x17\x03\x05", 0, 3},
	{"\x00\x00", 0, 1},
	{"GETS /", 0, 4},
	{"HTTP/2 200", 0, 6},
	{"get / HTTP/1.1\r\n", 0, 1},
	{"PRI * HTTP/2.1", 0, 14},
	{"PROXYING", 0, 6},
	{"SSH 2", 0, 4},
	{"AMQX", 0, 4},
	{"*\r\n$", 0, 2},
	{"*12345678\r\n$", 0, 9},
	{"*1\r\n:", 0, 5},
	{"PINGS", 0, 5},
	{"PING\r\r", 0, 6},
	{"\r\n\r\n\x00\r\nQUIT\r", 0, 12},
}

func TestIdentifyNamesOtherProtocolsAsSoonAsTheyAreKnown(t *testing.T) {
	for _, c := range foreignStreams {
		for n := 0; n <= len(c.stream); n++ {
			f, more := mqttwire.Identify([]byte(c.stream[:n]))
			if n < c.after {
				require.Zero(t, f, "%.30q, first %d bytes", c.stream, n)
				require.True(t, more, "%.30q, first %d bytes", c.stream, n)
			} else {
				require.Equal(t, c.foreign, f, "%.30q, first %d bytes", c.stream, n)
				require.False(t, more, "%.30q, first %d bytes", c.stream, n)
			}
		}
	}
}

func TestIdentifyTakesNoConnectForAnotherProtocol(t *testing.T) {
	cases, err := corpus.Load()
	require.NoError(t, err)
	connects := 0
	for _, c := range cases {
		if !c.Decodes() || c.Frame().Header.Type != mqttwire.CONNECT {
			continue
		}
		connects++
		for n := range c.Bytes[:min(len(c.Bytes), 3000)] {
			requireNotForeign(t, c.Bytes[:n], c.Where())
		}
		requireNotForeign(t, c.Bytes, c.Where())
	}
	require.Greater(t, connects, 30)
}

func requireNotForeign(t *testing.T, b []byte, where string) {
	t.Helper()
	f, more := mqttwire.Identify(b)
	require.Zero(t, f, where)
	require.False(t, more && len(b) >= 2, "%s: first %d bytes", where, len(b))
}

// The second byte decides: it is what a legal CONNECT has there, in all versions
// and with any flags, since 3.1 ignores them.
func TestIdentifyTakesNoFixedHeaderOfAConnectForAnotherProtocol(t *testing.T) {
	for flags := range byte(16) {
		for length := 12; length < 256; length++ { // shorter ones are no CONNECT
			b, err := mqttwire.AppendVarint([]byte{0x10 | flags}, uint32(length))
			require.NoError(t, err)
			requireNotForeign(t, b, "shortest form")
			requireNotForeign(t, []byte{b[0], byte(length)&0x7F | 0x80, byte(length>>7) | 0x80, 0}, "longer form")
		}
	}
}

func TestIdentifyOnceSureStaysSure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(rapid.SampledFrom(foreignStreams).Draw(t, "stream").stream)
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "bytes")]
		b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "and others")...)
		var was mqttwire.Foreign
		sure := false
		for n := 0; n <= len(b); n++ {
			f, more := mqttwire.Identify(b[:n])
			require.False(t, f != 0 && more)
			if sure {
				require.Equal(t, was, f, "%q after %d bytes", b, n)
				require.False(t, more)
			}
			was, sure = f, !more
		}
	})
}

func TestForeignHasAName(t *testing.T) {
	for f, name := range map[mqttwire.Foreign]string{
		0:                             "Foreign(0)",
		mqttwire.ForeignTLS:           "TLS ClientHello",
		mqttwire.ForeignHTTP1:         "HTTP/1 request",
		mqttwire.ForeignHTTP2:         "HTTP/2 preface",
		mqttwire.ForeignWebSocket:     "WebSocket upgrade",
		mqttwire.ForeignPROXY1:        "PROXY protocol v1 header",
		mqttwire.ForeignPROXY2:        "PROXY protocol v2 header",
		mqttwire.ForeignSSH:           "SSH identification",
		mqttwire.ForeignAMQP:          "AMQP protocol header",
		mqttwire.ForeignRedis:         "Redis command",
		mqttwire.ForeignMQTTSN:        "MQTT-SN CONNECT",
		mqttwire.ForeignTLSRecord:     "TLS record",
		mqttwire.ForeignHTTP1Response: "HTTP/1 response",
		13:                            "Foreign(13)",
	} {
		assert.Equal(t, name, f.String())
	}
}

func TestForeignNamesItsProtocol(t *testing.T) {
	for f, name := range map[mqttwire.Foreign]string{
		0:                             "Foreign(0)",
		mqttwire.ForeignTLS:           "TLS",
		mqttwire.ForeignTLSRecord:     "TLS",
		mqttwire.ForeignHTTP1:         "HTTP",
		mqttwire.ForeignHTTP1Response: "HTTP",
		mqttwire.ForeignHTTP2:         "HTTP/2",
		mqttwire.ForeignWebSocket:     "WebSocket",
		mqttwire.ForeignPROXY1:        "PROXY protocol",
		mqttwire.ForeignPROXY2:        "PROXY protocol",
		mqttwire.ForeignSSH:           "SSH",
		mqttwire.ForeignAMQP:          "AMQP",
		mqttwire.ForeignRedis:         "Redis",
		mqttwire.ForeignMQTTSN:        "MQTT-SN",
		13:                            "Foreign(13)",
	} {
		assert.Equal(t, name, f.Protocol())
	}
}

func TestErrorSaysWhatThePeerSpeaks(t *testing.T) {
	err := mqttwire.NewError(mqttwire.RulePacketType, 0, 0, mqttwire.FieldPacketType, 0, 1)
	assert.NotContains(t, err.Error(), "looks like")
	err.Foreign = mqttwire.ForeignTLS
	assert.Contains(t, err.Error(), ", looks like a TLS ClientHello")
	err.Foreign = mqttwire.ForeignSSH
	assert.Contains(t, err.Error(), ", looks like an SSH identification")
}
