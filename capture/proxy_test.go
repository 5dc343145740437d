package capture

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

const (
	proxy1 = "PROXY TCP4 198.51.100.1 203.0.113.9 40001 1883\r\n"
	proxy2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0F\xC6\x33\x64\x01\xCB\x00\x71\x09\x9C\x41\x07\x5B\x04\x00\x00"

	proxyAddresses = ": the client is 198.51.100.1:40001, connected to 203.0.113.9:1883"
)

func TestProxyHeaderIsToldAndDecodingGoesOnBehindIt(t *testing.T) {
	for name, test := range map[string]struct{ header, note string }{
		"version 1":           {proxy1, "PROXY protocol v1 header" + proxyAddresses},
		"version 2":           {proxy2, "PROXY protocol v2 header" + proxyAddresses},
		"without addresses":   {"PROXY UNKNOWN\r\n", "PROXY protocol v1 header without addresses"},
		"of the proxy itself": {"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", "PROXY protocol v2 header of the proxy's own connection"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, port := range []uint16{1883, 9001} {
				for n := 0; n < len(test.header); n++ { // where the segments are cut
					tr := newTrace(t)
					c := tr.open(port)
					if n > 0 {
						c.says(test.header[:n])
					}
					c.says(test.header[n:], connect311)
					c.hears(connack3)
					c.says(pingreq)
					events := tr.events(Options{})
					require.Len(t, events, 4, "cut after %d", n)
					assert.Equal(t, ProxyHeader, events[0].Kind)
					assert.Equal(t, test.note, events[0].Note)
					assert.Equal(t, len(test.header), events[0].Proxy.Size)
					assert.Equal(t, mqttwire.FromClient, events[0].Sender)
					for i, want := range []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.CONNACK, mqttwire.PINGREQ} {
						assert.Equal(t, want, events[i+1].Frame.Header.Type)
						assert.NoError(t, events[i+1].Err)
						assert.Equal(t, events[0].Proxy.Source, events[i+1].Client)
						assert.Nil(t, events[i+1].Proxy)
					}
				}
			}
		})
	}
}

func TestProxyHeaderTellsTheClientsAddressUntilTheConversationEnds(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(proxy1, connect311)
	c.up, c.down = 70000, 90000
	tr.record(c.client, c.server, "S", c.up-1, "")
	c.says(connect311)
	events := tr.events(Options{})
	require.Len(t, events, 3)
	assert.Equal(t, netip.MustParseAddrPort("198.51.100.1:40001"), events[1].Client)
	assert.Equal(t, client4, events[1].Src)
	assert.False(t, events[2].Client.IsValid())
}

func TestProxyHeaderTellsWhoTheClientIs(t *testing.T) {
	tr := newTrace(t)
	tr.begin(9001).says(proxy1, connect5, publish5)
	assert.Equal(t, []string{"1/0 client PROXY protocol header 0", "1/0 client CONNECT 5.0", "1/0 client PUBLISH 5.0"}, tr.lines(Options{}))
}

func TestTwoProxiesOnTheWay(t *testing.T) {
	tr := newTrace(t)
	tr.open(1883).says("PROXY TCP4 192.0.2.77 192.0.2.2 5 1883\r\n", proxy2, connect311)
	events := tr.events(Options{})
	require.Len(t, events, 3)
	assert.Equal(t, "192.0.2.77:5", events[0].Client.String())
	assert.Equal(t, "\x04\x00\x00", string(events[1].Proxy.TLVs))
	assert.Equal(t, "198.51.100.1:40001", events[2].Client.String())
}

func TestFirstPacketBehindAProxyHeaderIsTheFirstOfTheConversation(t *testing.T) {
	tr := newTrace(t)
	tr.open(1883).says(proxy1, pingreq, connect311)
	assert.Equal(t, []string{
		"3/0 client PROXY protocol header 0",
		"3/0 client PINGREQ 3.1.1 [MQTT-3.1.0-1]",
		"3/0 client CONNECT 3.1.1",
	}, tr.lines(Options{}))
}

func TestAnotherProtocolBehindAProxyHeaderIsNamed(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(proxy1, "\x16\x03\x01\x00\x05\x01hello")
	c.hears("\x16\x03\x03\x00\x02hi")
	assert.Equal(t, []string{"3/0 client PROXY protocol header 0", "3/0 ? TLS, stopped"}, tr.lines(Options{}))
}

// No packet is made of a header: "PROXY" would be a PUBREC of 82 bytes.
func TestProxyHeaderThatIsNotLegalOrCutYieldsNoPacket(t *testing.T) {
	for header, want := range map[string]string{
		"PROXY TCP5 a b 1 2\r\n":                 `malformed PROXY protocol header, version 1: unknown family "TCP5"`,
		"PROXY " + strings.Repeat("x", 200):      "malformed PROXY protocol header, version 1: no line end within 107 bytes",
		"\r\n\r\n\x00\r\nQUIT\n\x31\x11\x00\x0C": "malformed PROXY protocol header, version 2: unknown version and command 0x31",
		proxy1[:30]:                              "the PROXY protocol v1 header is not wholly in the capture",
		proxy2[:20]:                              "the PROXY protocol v2 header is not wholly in the capture",
	} {
		for _, port := range []uint16{1883, 9001} {
			tr := newTrace(t)
			tr.open(port).says(header)
			assert.Equal(t, []string{"3/0 ? " + want + ", stopped"}, tr.lines(Options{}), "%q", header)

			tr = newTrace(t)
			c := tr.open(port)
			c.hears(connack3, pingresp, suback3, pingresp, pingresp, pingresp) // which tells that it is MQTT
			c.says(header)
			lines := tr.lines(Options{})
			require.NotEmpty(t, lines)
			assert.Contains(t, lines, "4/0 client "+want+", stopped", "%q", header)
			assert.NotContains(t, strings.Join(lines, "\n"), "PUBREC")
		}
	}
}
