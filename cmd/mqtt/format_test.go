package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
)

// now is a time whose parts are all different.
var now = time.Date(2026, 3, 8, 15, 4, 5, 678901234, time.FixedZone("X", 3600))

// printed returns a message in a format.
func printed(t require.TestingT, format string, m *client.Message) string {
	f := subFlags{format: format, noNewline: true}
	print, err := f.printer()
	require.NoError(t, err, format)
	var b bytes.Buffer
	out := bufio.NewWriter(&b)
	require.NoError(t, print(out, m, now))
	require.NoError(t, out.Flush())
	return b.String()
}

func TestFormatsShowWhatMosquittoSubShows(t *testing.T) {
	m := &client.Message{Topic: "hall/temp", Payload: []byte("21.5°"), QoS: 2, Retain: true}
	m.Properties.SetContentType([]byte("text/plain"))
	m.Properties.SetResponseTopic([]byte("re"))
	m.Properties.SetCorrelationData([]byte{1, 2})
	m.Properties.SetMessageExpiryInterval(60)
	m.Properties.SetPayloadFormatIndicator(1)
	m.Properties.AddSubscriptionID(7)
	m.Properties.AddSubscriptionID(8)
	m.Properties.AddUser([]byte("a"), []byte("b"))
	m.Properties.AddUser([]byte("c"), []byte("d"))
	for format, want := range map[string]string{
		"%t %p":                 "hall/temp 21.5°",
		"%x|%X":                 "32312e35c2b0|32312E35C2B0",
		"%l %q %r %%":           "6 2 1 %",
		"%C|%R|%D|%E|%F|%S|%P":  "text/plain|re|\x01\x02|60|1|7 8|a:b c:d",
		"%I %U":                 "2026-03-08T15:04:05+0100 1772978645.678901234",
		"@Y-@m-@d @H:@M:@S.@N":  "2026-03-08 15:04:05.678901234",
		"@F @T @D @R @I @p @r":  "2026-03-08 15:04:05 03/08/26 15:04 03 PM 03:04:05 PM",
		"@a @A @b @B @h @e @j":  "Sun Sunday Mar March Mar  8 067",
		"@u @w @y @z @Z @s @@":  "7 0 26 +0100 X 1772978645 @",
		"@n@t@c@x@X":            "\n\tSun Mar  8 15:04:05 202603/08/2615:04:05",
		`\\\0\a\e\n\r\t\v`:      "\\\x00\a\x1B\n\r\t\v",
		"%12t|%-12t|%.4t|%2t":   "   hall/temp|hall/temp   |hall|hall/temp",
		"%12.4t|%-6.4t|":        "        hall|hall  |",
		"%05l|%-05l|%05t|%020x": "00006|6    |hall/temp|0000000032312e35c2b0",
		"%.0t|":                 "|",
		"plain":                 "plain",
	} {
		assert.Equal(t, want, printed(t, format, m), format)
	}
	assert.Equal(t, "||", printed(t, "%C|%P|%E", &client.Message{}))
}

func TestALineOfJSONSaysEverything(t *testing.T) {
	m := &client.Message{Topic: "a/<b>", Payload: []byte(`{"t": 1}`), QoS: 1}
	head := `{"tst":"2026-03-08T15:04:05.678901+0100","topic":"a/<b>","qos":1,"retain":0,"payloadlen":8,`
	assert.Equal(t, head+`"payload":"{\"t\": 1}"}`, printed(t, "%j", m))
	assert.Equal(t, head+`"payload":{"t":1}}`, printed(t, "%J", m))
	m.Payload, m.Retain = []byte{0xFF}, true
	assert.Contains(t, printed(t, "%j", m), `"retain":1,"payloadlen":1,"payload_base64":"/w=="}`)
	f := subFlags{format: "%J"}
	print, err := f.printer()
	require.NoError(t, err)
	assert.EqualError(t, print(bufio.NewWriter(nil), m, now), "the payload is not valid JSON on topic a/<b>")
	m.Payload = nil
	m.Properties.SetContentType([]byte("x"))
	m.Properties.SetMessageExpiryInterval(5)
	m.Properties.SetCorrelationData([]byte{0xFF})
	m.Properties.AddUser([]byte("k"), []byte("v"))
	m.Properties.AddUser([]byte("k"), []byte("w"))
	m.Properties.AddSubscriptionID(3)
	assert.Contains(t, printed(t, "%j", m), `"properties":{"content-type":"x","correlation-data_base64":"/w==","message-expiry-interval":5,`+
		`"subscription-identifier":[3],"user-property":[{"k":"v"},{"k":"w"}]},"payload":""}`)
}

func TestAnyMessageIsALineOfJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &client.Message{Topic: rapid.String().Draw(t, "topic"), Payload: rapid.SliceOf(rapid.Byte()).Draw(t, "payload"), QoS: mqttwire.QoS(rapid.IntRange(0, 2).Draw(t, "QoS"))}
		line := printed(t, "%j", m)
		require.NotContains(t, line, "\n")
		var got struct {
			Topic   string
			Payload *string
			Base64  []byte `json:"payload_base64"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		require.Equal(t, m.Topic, got.Topic)
		if got.Payload != nil {
			require.Equal(t, string(m.Payload), *got.Payload)
		} else {
			require.Equal(t, m.Payload, got.Base64)
		}
	})
}

// Any format either says what is wrong with it, or prints.
func TestAnyFormatIsReadOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.StringOf(rapid.RuneFrom([]rune(`%@\-09.tpjJxXlqrIUCDEFSPYmdN `))).Draw(t, "format")
		f := subFlags{format: format}
		print, err := f.printer()
		if err != nil {
			require.ErrorContains(t, err, "-F: ")
			return
		}
		_ = print(bufio.NewWriter(new(bytes.Buffer)), &client.Message{Topic: "t"}, now)
	})
}
