package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestOtherProtocolsAreReportedOnceAndYieldNoPacket(t *testing.T) {
	const upgrade = "GET /mqtt HTTP/1.1\r\nHost: h\r\nUPGRADE: WebSocket\r\nConnection: Upgrade\r\n\r\n"
	for name, test := range map[string]struct {
		client, server string
		want           string
	}{
		"TLS":                        {"\x16\x03\x01\x00\x05hello", "\x16\x03\x03\x00\x02hi", "TLS"},
		"TLS, application data":      {"\x17\x03\x03\x00\x05hello", "\x17\x03\x03\x00\x02hi", "TLS"},
		"HTTP":                       {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP"},
		"WebSocket":                  {upgrade, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x82\x02\xC0\x00", "WebSocket"},
		"TLS, an alert":              {"\x15\x03\x03\x00\x02\x02\x28", "", "TLS"},
		"HTTP, the answer alone":     {"", "HTTP/1.1 200 OK\r\n\r\n", "HTTP"},
		"SSH":                        {"SSH-2.0-x\r\n", "SSH-2.0-y\r\n", "SSH"},
		"AMQP":                       {"AMQP\x00\x00\x09\x01", "", "AMQP"},
		"HTTP that ends in its head": {"GET / HTTP/1.1\r\nHost:", "", "HTTP"},
	} {
		for _, port := range []uint16{1883, 9001} {
			t.Run(name, func(t *testing.T) {
				for _, tr := range []*trace{newTrace(t), newTrace(t)} {
					c := tr.open(port)
					c.says(test.client)
					c.hears(test.server)
					c.says(test.client)
					assert.Equal(t, []string{"3/0 ? " + test.want + ", stopped"}, fixRecord(tr.lines(Options{})))
				}
			})
		}
	}
}

func TestEventNamesWhatBeginsAnotherProtocol(t *testing.T) {
	for first, want := range map[string]mqttwire.Foreign{
		"\x16\x03\x01\x00\x05\x01hello":                mqttwire.ForeignTLS,
		"\x17\x03\x03\x00\x05hello":                    mqttwire.ForeignTLSRecord,
		"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n": mqttwire.ForeignWebSocket,
		"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n":       mqttwire.ForeignPROXY1,
		"no protocol that is known":                    0,
	} {
		tr := newTrace(t)
		tr.open(9001).says(first)
		events := tr.events(Options{})
		require.Len(t, events, 1, "%q", first)
		assert.Equal(t, NotMQTT, events[0].Kind, "%q", first)
		assert.Equal(t, want, events[0].Foreign, "%q", first)
	}
}

// fixRecord sets the record of an event that comes at the end of the file.
func fixRecord(lines []string) []string {
	for i, line := range lines {
		_, rest, _ := strings.Cut(line, "/")
		lines[i] = "3/" + rest
	}
	return lines
}

func TestOtherProtocolsInSmallSegments(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(9001)
	for _, b := range "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n" {
		c.says(string(b))
	}
	c = tr.open(8883)
	for _, b := range []string{"\x16", "\x03", "\x01", "\x00", "\x05", "\x01"} {
		c.says(b)
	}
	lines := strings.Join(tr.lines(Options{}), "\n")
	assert.Contains(t, lines, "/0 ? WebSocket, stopped")
	assert.Contains(t, lines, "/1 ? TLS, stopped")
}

func TestUnknownProtocolsOnOtherPortsAreNotMQTT(t *testing.T) {
	for name, test := range map[string]struct {
		opened         bool
		client, server string
	}{
		"a line of text":                  {true, "EHLO x\r\n", "250 y\r\n"},
		"server speaks first":             {true, "", "220 ready\r\n"},
		"like a PUBACK, but no CONNECT":   {true, puback, ""},
		"text, begun in the middle":       {false, strings.Repeat("0123456789\n", 20), ""},
		"zeros, begun in the middle":      {false, strings.Repeat("\x00", 50), ""},
		"0xFF, begun in the middle":       {false, strings.Repeat("\xFF", 50), ""},
		"a length that is never reached":  {false, "\x30\xFF\xFF\xFF\x7F\x00\x01a", ""},
		"opened, with an endless length":  {true, "", "\x30\xFF\xFF\xFF\x7F\x00\x01a"},
		"a short one that looks like one": {false, pingreq + "\x41\x02\x03\x04", ""},
		"a declared SUBSCRIBE of 64 KiB":  {false, "\x82\x80\x80\x04\x00\x01\x00\x01a", ""},
		"nothing legal, in many segments": {false, strings.Repeat("\x01\x02", 9), "\x05\x06"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.begin(22)
			if test.opened {
				c = tr.open(22)
			}
			for range maxSearchTries + 1 {
				if test.client != "" {
					c.says(test.client)
				}
				if test.server != "" {
					c.hears(test.server)
				}
			}
			lines := tr.lines(Options{})
			if assert.Len(t, lines, 1) {
				assert.Contains(t, lines[0], "/0 ? not MQTT, stopped")
			}
		})
	}
}

func TestMalformedConnectIsKnownForOneOnAnyPort(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(4444)
	c.says("\x10\x0C\x00\x04MQTX\x04\x02\x00\x3C\x00\x00")
	assert.Equal(t, []string{"3/0 client CONNECT Version(0) [MQTT-3.1.2-1]"}, tr.lines(Options{}))
}
