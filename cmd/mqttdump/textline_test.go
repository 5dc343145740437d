package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
)

func TestTextSaysWhatPacketsSay(t *testing.T) {
	for file, want := range map[string][]string{
		"mosq-v31-qos012.pcap": {
			`2026-11-21 01:06:54.812850 #0   127.0.0.1:37232 sub31    -> CONNECT     MQTT 3.1 clean keep-alive=5s will="w/31" will-qos=1 will-retain 3 bytes "bye"`,
			`2026-11-21 01:06:54.813130 #0   127.0.0.1:37232 sub31    -> SUBSCRIBE   id=1 "t/#" qos=2 "u/+/x" qos=2`,
			`2026-11-21 01:06:54.813220 #0   127.0.0.1:37232 sub31    <- SUBACK      id=1 0x02 (Granted QoS 2) 0x02 (Granted QoS 2)`,
			` CONNECT     MQTT 3.1 clean keep-alive=60s user=(hidden) password=(hidden)`,
			` PUBLISH     "t/q1" qos=1 retain id=1 10 bytes "v3.1 qos 1"`,
			` PUBLISH     "t/empty" qos=1 id=1 0 bytes` + "\n",
			` DISCONNECT` + "\n",
		},
		"mqttjs-v5-auth.pcap": {
			`Authentication Method: "SCRAM-SHA-1", Authentication Data: (hidden)}`,
			` DISCONNECT  0x9D (Server moved) properties={Server Reference: "broker2.example:8883 broker3.example", Reason String: "server moved", User Property: "m"="n"}`,
		},
		"mqttjs-v5-full.pcap":                            {`will="wills/js-é" will-qos=1 will-retain 5 bytes 0x000102fffe will-properties={Will Delay Interval: 0, `, `} properties={Session Expiry Interval: `, `Correlation Data: 0x090807`, `"emoji"="😀 ключ"`},
		"mosq-bridge.pcap":                               {`vm.br311 -> CONNECT     MQTT 3.1.1 bridge keep-alive=60s`, `"new/#" qos=2 no-local retain-as-published`},
		"tcp-split-and-swapped.pcap":                     {` PUBLISH     "" alias-of="al/beta" qos=0 2 bytes "v9" properties={Topic Alias: 2}`},
		"mqttjs-v5-midstream.pcap":                       {` PUBACK      (5.0?) id=1995`},
		"pcapng-be-le-sections-multilink-options.pcapng": {`#5   [::1]:37802     `},
		"raw-invalid-connects.pcap": {
			` AUTH        (5.0?) 0x00 (Success)  NOT ALLOWED HERE: AUTH (5.0) protocol error: `,
			` PUBLISH     "a" qos=3 id=1 0 bytes  MALFORMED: PUBLISH (3.1.1) malformed packet: `,
			`where the next packet begins is not known; it is looked for`,
			`-> CONNECT  MALFORMED: CONNECT unsupported protocol version`,
		},
		"tcp-lost-segments-small.pcap": {` CONNECT`},
	} {
		out := dump(t, filepath.Join(ownCaptures, file))
		for _, line := range want {
			assert.Contains(t, out, line, file)
		}
	}
}

func TestSecretsAreShownOnDemandOnly(t *testing.T) {
	for file, secrets := range map[string][]string{
		"suricata-mqtt31-unsub-userpass.pcap":    nil,
		"mqttjs-v5-auth.pcap":                    {"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "6e2c2c6e3d757365722c723d66796b6f2b64326c626246674f4e527639716b786461774c"},
		"suricata-mqtt5-pub-mosquittoprops.pcap": {}, // its CONNECT is malformed
	} {
		path := filepath.Join(ownCaptures, file)
		for _, d := range decodedLines(t, readFile(t, path+".jsonl")) {
			for _, field := range []string{"username", "password"} {
				if s, ok := d[field].(string); ok {
					secrets = append(secrets, `="`+s+`"`, `:"`+s+`"`)
				}
			}
		}
		require.NotEmpty(t, secrets, file)
		for _, args := range [][]string{{path}, {"--json", path}} {
			hidden, shown := dump(t, args...), dump(t, append([]string{"--secrets"}, args...)...)
			found := 0
			for _, s := range secrets {
				assert.NotContains(t, hidden, s)
				if strings.Contains(shown, s) {
					found++
				}
			}
			if file != "suricata-mqtt5-pub-mosquittoprops.pcap" {
				assert.NotZero(t, found, "%s: -secrets shows them", file)
			}
		}
	}
}

func TestBytesOfAMalformedConnectAreASecret(t *testing.T) {
	// With the reserved flag.
	const connect = "10 16 00 04 4D 51 54 54 04 C3 00 3C 00 00 00 03 75 73 65 00 03 73 65 63"
	for _, args := range [][]string{{"-"}, {"--json", "-"}} {
		out, _, status := dumpAll(connect, args...)
		assert.Equal(t, statusViolation, status)
		assert.NotContains(t, out, "736563")
		assert.NotContains(t, out, "sec\"")
	}
	out, _, _ := dumpAll(connect, "--json", "--secrets", "-")
	assert.Equal(t, strings.ToLower(strings.ReplaceAll(connect, " ", "")), decodedLines(t, out)[0]["raw_hex"])
}

func TestBytesOfMalformedPacketsWithAuthenticationDataAreASecret(t *testing.T) {
	for _, packet := range []string{
		"F0 0D 18 0A 15 00 01 6D 16 00 03 73 65 63 FF",    // AUTH with a byte after its properties
		"20 0E 00 00 0A 15 00 01 6D 16 00 03 73 65 63 FF", // CONNACK with one
	} {
		for _, args := range [][]string{{"--mqtt-version", "5", "-"}, {"--mqtt-version", "5", "--json", "-"}} {
			out, _, status := dumpAll(packet, args...)
			assert.Equal(t, statusViolation, status)
			assert.NotContains(t, out, "736563")
			assert.NotContains(t, out, "sec\"")
		}
		out, _, _ := dumpAll(packet, "--mqtt-version", "5", "--json", "--secrets", "-")
		assert.Contains(t, out, "736563")
	}
}

// TestNothingFromTheWireReachesTheTerminalRaw sends packets with any bytes in
// their topics, payloads and properties.
func TestNothingFromTheWireReachesTheTerminalRaw(t *testing.T) {
	evil := rapid.SampledFrom([]string{"\x1B[2J", "\x07", "\r\n", "\n", "\x7F", "\u009B31m", "\u202E", "\u2028", "\uFEFF", "a", "ü", "\xFF", "\x00", "\U0001F600", "\u200B", `"`, `\`})
	rapid.Check(t, func(rt *rapid.T) {
		topic := []byte("t" + strings.Join(rapid.SliceOf(evil).Draw(rt, "topic"), ""))
		payload := []byte(strings.Join(rapid.SliceOf(evil).Draw(rt, "payload"), ""))
		var props mqttwire.Properties
		props.AddUser(topic, payload)
		body := append([]byte{byte(len(topic) >> 8), byte(len(topic))}, topic...)
		if list, err := props.Append(nil, mqttwire.PropertyOwner(mqttwire.PUBLISH)); err == nil {
			body = append(body, list...)
		} else {
			body = append(body, 0)
		}
		packet, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, append(body, payload...))
		if err != nil {
			rt.Fatal(err)
		}
		for _, args := range [][]string{{"-q", "--mqtt-version", "5", "-"}, {"-q", "--json", "--mqtt-version", "5", "-"}} {
			out, notes, _ := dumpAll(fmt.Sprintf("%x", packet), args...) // as hex text, since malformed bytes are refused
			if !utf8.ValidString(out) || strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") || notes != "" {
				rt.Fatalf("no single line: %q, %q", out, notes)
			}
			for _, r := range strings.TrimSuffix(out, "\n") {
				if !unicode.IsPrint(r) {
					rt.Fatalf("%q is printed in %q", r, out)
				}
			}
			if args[1] == "--json" {
				checkTopic(rt, out, topic)
			}
		}
	})
}

// checkTopic checks that the escapes in JSON stand for the topic.
func checkTopic(t *rapid.T, line string, topic []byte) {
	var d decoded
	if err := json.Unmarshal([]byte(line), &d); err != nil {
		t.Fatal(err)
	}
	if got, ok := d["topic"]; ok && got != string(topic) {
		t.Fatalf("topic %q, want %q", got, topic)
	}
}

func TestTextThatIsNoUTF8IsHex(t *testing.T) {
	assert.Equal(t, "0xff61", string(appendQuote(nil, []byte("\xFFa"), 9)))
}

func TestQuoteCutsLongValues(t *testing.T) {
	assert.Equal(t, `"abc"`, string(appendQuote(nil, []byte("abc"), 3)))
	assert.Equal(t, `"abc"+2`, string(appendQuote(nil, []byte("abcde"), 3)))
	assert.Equal(t, `"aü"+3`, string(appendQuote(nil, []byte("aüüx"), 4)), "not inside a character")
	assert.Equal(t, `0xffff+1`, string(appendQuote(nil, []byte("\xFF\xFF\xFF"), 2)))
}

func TestColour(t *testing.T) {
	file := temp(t, hexConnect+hexMalformed)
	out, _, _ := dumpAll("", "--color", "always", file)
	assert.Contains(t, out, "\x1B[")
	for _, args := range [][]string{{file}, {"--color=never", file}, {"--color=always", "--json", file}} {
		out, _, _ := dumpAll("", args...)
		assert.NotContains(t, out, "\x1B", "%v: not to a terminal", args)
	}
}
