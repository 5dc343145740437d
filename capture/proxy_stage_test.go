package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exchange is what client and server say before the MQTT.
type exchange struct {
	says []string // in turn, the client first
	note string
}

var proxyExchanges = map[string]exchange{
	"HTTP CONNECT": {[]string{"CONNECT broker.example:1883 HTTP/1.1\r\nHost: broker.example\r\n\r\n", "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n"},
		`HTTP CONNECT: a connection to "broker.example:1883" was asked for`},
	"SOCKS5, a name":     {[]string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x03\x06broker\x07\x5B", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"}, `SOCKS5: a connection to "broker":1883 was asked for`},
	"SOCKS5, an address": {[]string{"\x05\x02\x00\x02", "\x05\x00", "\x05\x01\x00\x01\xC0\x00\x02\x09\x07\x5B", "\x05\x00\x00\x04" + strings.Repeat("\x00", 18)}, "SOCKS5: a connection to 192.0.2.9:1883 was asked for"},
	"SOCKS5, a password": {[]string{"\x05\x02\x00\x02", "\x05\x02", "\x01\x01u\x03pas", "\x01\x00", "\x05\x01\x00\x04" + strings.Repeat("\x00", 15) + "\x01\x07\x5B", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"},
		"SOCKS5: a connection to [::1]:1883 was asked for"},
	"SOCKS4":         {[]string{"\x04\x01\x07\x5B\xC0\x00\x02\x09user\x00", "\x00\x5A\x00\x00\x00\x00\x00\x00"}, "SOCKS4: a connection to 192.0.2.9:1883 was asked for"},
	"SOCKS4, a name": {[]string{"\x04\x01\x07\x5B\x00\x00\x00\x01\x00broker\x00", "\x00\x5A\x00\x00\x00\x00\x00\x00"}, `SOCKS4: a connection to "broker":1883 was asked for`},
}

func TestMQTTBehindAProxysHandshakeIsDecoded(t *testing.T) {
	for name, x := range proxyExchanges {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 3, 1000} { // of segments
				tr := newAcking(t)
				c := tr.open(1080)
				speak := func(client bool, text string) {
					for rest := text; rest != ""; {
						n := min(len(rest), size)
						if client {
							c.says(rest[:n])
						} else {
							c.hears(rest[:n])
						}
						rest = rest[n:]
					}
				}
				for i, text := range x.says {
					speak(i%2 == 0, text)
				}
				speak(true, connect5)
				speak(false, connack5)
				speak(true, publish5)
				var got []string
				for _, line := range tr.lines(Options{}) {
					_, line, _ = strings.Cut(line, " ")
					got = append(got, line)
				}
				via := " through " + strings.Split(name, ",")[0]
				assert.Equal(t, []string{
					"client note: " + x.note + via, "client CONNECT 5.0" + via, "server CONNACK 5.0" + via, "client PUBLISH 5.0" + via,
				}, got, size)
			}
		})
	}
}

func TestAProxyThatRefusesIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		says []string
		want string
	}{
		"HTTP":                 {[]string{"CONNECT h:1 HTTP/1.1\r\n\r\n", "HTTP/1.1 403 No\r\n\r\n"}, `HTTP CONNECT: refused: "403 No"`},
		"an answer that is no": {[]string{"CONNECT h:1 HTTP/1.1\r\n\r\n", "220 mail\r\n\r\n"}, `HTTP CONNECT: the answer is no HTTP`},
		"HTTP without an end":  {[]string{"CONNECT h:1 HTTP/1.1\r\n", "", strings.Repeat("X: y\r\n", 3000)}, `HTTP CONNECT: a message is too long`},
		"SOCKS5, no method":    {[]string{"\x05\x01\x00", "\x05\xFF"}, "SOCKS5: no way to authenticate is acceptable"},
		"SOCKS5, a code":       {[]string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x03\x01h\x07\x5B", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"}, "SOCKS5: refused with code 5"},
		"SOCKS5, a password":   {[]string{"\x05\x01\x02", "\x05\x02", "\x01\x01u\x01p", "\x01\x01"}, "SOCKS5: user name or password was refused"},
		"SOCKS5, to listen":    {[]string{"\x05\x01\x00", "\x05\x00", "\x05\x02\x00\x03\x01h\x07\x5B"}, "SOCKS5: no connection is asked for"},
		"SOCKS5, an address":   {[]string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x09\x01h\x07\x5B"}, "SOCKS5: unknown type of address 9"},
		"SOCKS5, no SOCKS":     {[]string{"\x05\x01\x00", "220 mail"}, "SOCKS5: the answer is none"},
		"SOCKS5, another one":  {[]string{"\x05\x01\x00", "\x05\x00", "\x06\x01\x00\x01\x01h\x07\x5Bxx"}, "SOCKS5: unknown version 6"},
		"SOCKS4":               {[]string{"\x04\x01\x07\x5B\xC0\x00\x02\x09\x00", "\x00\x5B\x00\x00\x00\x00\x00\x00"}, "SOCKS4: refused with code 91"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newAcking(t)
			c := tr.open(1080)
			for i, text := range test.says {
				if i%2 == 0 {
					c.says(text)
				} else {
					c.hears(text)
				}
			}
			lines := tr.lines(Options{})
			require.NotEmpty(t, lines)
			assert.Contains(t, lines[len(lines)-1], "? "+test.want+", stopped")
		})
	}
}

func TestAHoleInAProxysHandshakeEndsIt(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1080)
	c.says("\x05\x01\x00")
	c.hears("\x05\x00")
	c.says("\x05\x01\x00\x03\x06br")
	c.says("oker")
	tr.loses()
	c.says("\x07\x5B")
	c.hears("")
	lines := tr.lines(Options{})
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0], "? SOCKS5: bytes of it are missing from the capture, stopped")
}

func TestAHoleBehindAProxysHandshakeIsOneOfTheMQTT(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1080)
	for i, text := range proxyExchanges["SOCKS4"].says {
		if i == 0 {
			c.says(text)
		} else {
			c.hears(text)
		}
	}
	c.says(connect5)
	c.says(publish5)
	tr.loses()
	c.says(publish5)
	c.hears("")
	assert.Equal(t, []string{
		"5/0 client CONNECT 5.0 through SOCKS4",
		"6/0 client lost bytes 11 through SOCKS4",
		"6/0 client PUBLISH 5.0 resumed through SOCKS4",
	}, tr.lines(Options{})[1:])
}
