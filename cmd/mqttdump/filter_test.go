package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// seen returns what a filter lets pass of a capture, as "TYPE stream" or "event stream".
func seen(t *testing.T, file string, args ...string) (found []string) {
	t.Helper()
	out, notes, status := dumpAll("", append(withCaptures([]string{"-qj", "@" + file}), args...)...)
	require.NotEqual(t, statusNotDecoded, status, notes)
	for _, d := range decodedLines(t, out) {
		what, ok := d["type"].(string)
		if !ok {
			what = d["event"].(string)
		}
		found = append(found, what+" "+string(rune('0'+int(d["stream"].(float64)))))
	}
	return found
}

func TestFiltersLetPassWhatTheySay(t *testing.T) {
	const v31, full, bridge, invalid = "mosq-v31-qos012.pcap", "mqttjs-v5-full.pcap", "mosq-bridge.pcap", "raw-invalid-connects.pcap"
	for name, test := range map[string]struct {
		file string
		args []string
		want []string
	}{
		"a type":                        {v31, []string{"--type", "pubrel"}, []string{"PUBREL 3", "PUBREL 0"}},
		"two types":                     {v31, []string{"-k", "PUBREC,PUBCOMP"}, []string{"PUBREC 3", "PUBCOMP 3", "PUBREC 0", "PUBCOMP 0"}},
		"a topic":                       {v31, []string{"--topic", "t/q2"}, []string{"SUBSCRIBE 0", "PUBLISH 3", "PUBLISH 0"}},
		"a will's topic":                {v31, []string{"-t", "w/#"}, []string{"CONNECT 0"}},
		"a topic that is an alias":      {"mqttjs-v5-full.pcap", []string{"-t", "test/full/2", "-k", "PUBLISH", "-n", "1"}, []string{"PUBLISH 1", "PUBLISH 1", "PUBLISH 1"}},
		"a topic and a type":            {v31, []string{"-t", "t/+", "-k", "PUBLISH", "-n", "0"}, []string{"PUBLISH 0", "PUBLISH 0", "PUBLISH 0", "PUBLISH 0"}},
		"one of two topics":             {v31, []string{"-t", "t/q2", "-t", "t/q1", "-k", "PUBLISH", "-n", "0"}, []string{"PUBLISH 0", "PUBLISH 0"}},
		"a client":                      {v31, []string{"--client", "pub31_0"}, []string{"CONNECT 1", "CONNACK 1", "PUBLISH 1", "DISCONNECT 1", "closed 1", "closed 1"}},
		"clients":                       {v31, []string{"-c", "pub*_0", "-k", "CONNECT"}, []string{"CONNECT 1"}},
		"QoS 2":                         {v31, []string{"--qos", "2"}, []string{"PUBLISH 3", "PUBLISH 0"}},
		"an identifier":                 {v31, []string{"--id", "2"}, []string{"PUBLISH 0", "PUBREC 0", "PUBREL 0", "PUBCOMP 0"}},
		"a stream":                      {v31, []string{"--stream", "1"}, []string{"CONNECT 1", "CONNACK 1", "PUBLISH 1", "DISCONNECT 1", "closed 1", "closed 1"}},
		"a failure":                     {invalid, []string{"--reason", "failure"}, []string{"CONNACK 0", "DISCONNECT :"}},
		"a code":                        {invalid, []string{"-r", "0x81"}, []string{"DISCONNECT :"}},
		"a code by its name":            {invalid, []string{"-r", "malformed packet"}, []string{"DISCONNECT :"}},
		"a code of a list":              {v31, []string{"-r", "2"}, []string{"SUBACK 0"}},
		"errors":                        {"suricata-mqtt-events-invalid-qos.pcap", []string{"-e"}, []string{"PUBLISH 0", "lost 0"}},
		"a reset and its cause":         {invalid, []string{"-e", "-n", "4"}, []string{"AUTH 4", "reset 4"}},
		"before a time":                 {v31, []string{"--until", "2026-11-21 01:06:55"}, []string{"CONNECT 0", "CONNACK 0", "SUBSCRIBE 0", "SUBACK 0"}},
		"before a time since":           {v31, []string{"--until", "300ms", "-k", "SUBACK"}, []string{"SUBACK 0"}},
		"not at the time itself":        {v31, []string{"--until", "2026-11-21T01:06:54.813220Z", "-k", "SUBACK,SUBSCRIBE"}, []string{"SUBSCRIBE 0"}},
		"from a time on":                {v31, []string{"--since", "400ms", "-k", "SUBACK,SUBSCRIBE"}, nil},
		"from a time on, with a zone":   {v31, []string{"--since", "2026-11-21T02:06:54.813220+01:00", "-k", "SUBACK,SUBSCRIBE"}, []string{"SUBACK 0"}},
		"where":                         {v31, []string{"--where", `type == "PUBLISH" && topicMatch("t/+") && payload.size == 0 && qos == 1`}, []string{"PUBLISH 4", "PUBLISH 0"}},
		"where: an event":               {v31, []string{"--where", `event == "closed" && side == "server" && stream == 1`}, []string{"closed 1"}},
		"where: bytes that are missing": {"tcp-lost-segments-small.pcap", []string{"-w", `event == "lost" && bytes == 12`}, []string{"lost 1"}},
		"where: a property":             {full, []string{"--where", `prop("TopicAlias") != nil && topic == ""`}, []string{"PUBLISH 1"}},
		"where: a filter":               {v31, []string{"-w", `any(filters, .topic == "u/+/x" && .qos == 2)`}, []string{"SUBSCRIBE 0"}},
		"where: an error":               {invalid, []string{"-w", `error?.statement == "MQTT-3.3.2-2"`}, []string{"PUBLISH 9"}},
		"where: a bridge":               {bridge, []string{"-w", `type == "CONNECT" && bridge && version == 3`}, []string{"CONNECT 1"}},
		"where: the text":               {v31, []string{"-w", `payload.text contains "qos 2" && len > 4`}, []string{"PUBLISH 3", "PUBLISH 0"}},
		"where: a will":                 {v31, []string{"-w", `will?.payload.hex == "627965"`}, []string{"CONNECT 0"}},
		"where: a code's name":          {v31, []string{"-w", `"Granted QoS 2" in reasons_name`}, []string{"SUBACK 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, seen(t, test.file, test.args...))
		})
	}
}

func TestWhereReadsJSONInPayloads(t *testing.T) {
	packets := "30 0F 00 01 61" + hexText(`{"t":21.5}  `) + "\n30 08 00 01 61" + hexText(`hello`) + "\n"
	out, notes, _ := dumpAll(packets, "--mqtt-version", "3.1.1", "-j", "-w", `payload.json.t > 20`, "-")
	assert.Equal(t, 1, strings.Count(out, "\n"))
	assert.Contains(t, notes, "--where could not be told for 1 packet, which are left out; of the first:\ncannot fetch t from <nil> (1:14)\n | payload.json.t > 20\n | .............^\n")
	assert.Contains(t, notes, "mqttdump: 1 match the filter; 2 packets in 1 stream (1 MQTT)\n")
}

// hexText is text as hex digits.
func hexText(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte("0123456789ABCDEF"[s[i]>>4])
		b.WriteByte("0123456789ABCDEF"[s[i]&15])
	}
	return b.String()
}

func TestAFilterThatDoesNotParseShowsWhere(t *testing.T) {
	file := temp(t, hexConnect)
	for want, args := range map[string][]string{
		"--where: unexpected token EOF (1:8)\n | type == \n | .......^\n": {"-w", "type == "},
		"--where: unknown name typ (1:1)\n | typ == \"A\"\n | ^\n":        {"-w", `typ == "A"`},
		"--where: expected bool, but got string":                          {"-w", "type"},
		"--where: (5.0) malformed packet: Topic Filter at byte 2 has 0x23 '#'; # is the last level of a filter, and the whole of that level [MQTT-4.7.1-1], reason 0x81 Malformed Packet (1:27)\n | type": {"-w", `type == "A" && topicMatch("a/#/b") && topicMatch("##")`},
		"--qos 3: they end at 2":                                        {"--qos", "1,3"},
		"--qos -1: they begin at 0":                                     {"--qos", "-1"},
		"--id 0: they begin at 1":                                       {"--id", "0"},
		"--id 65536: they end at 65535":                                 {"--id", "65536"},
		"--stream -1: they begin at 0":                                  {"--stream", "-1"},
		"--reason soon: it is a number up to 255, ":                     {"-r", "soon"},
		"--reason 256: it is a number up to 255, ":                      {"-r", "256"},
		"--type PUB: it is one of CONNECT, CONNACK, ":                   {"-k", "CONNECT,PUB"},
		"--topic a/#/b: (5.0) malformed packet: Topic Filter at byte 2": {"-t", "a/#/b"},
		"--since soon: it is a time, such as":                           {"--since", "soon"},
		"--until 1: it is a time, such as":                              {"--until", "1"},
		"--stream-version x=5: \"x\" is not the number of a stream":     {"--stream-version", "x=5"},
		"--stream-version 1=9: it is one of 3.1, 3.1.1, 5":              {"--stream-version", "1=9"},
		"--port 70000: ports end at 65535":                              {"-p", "70000"},
		`invalid argument "x" for "-n, --stream" flag`:                  {"-n", "x"},
	} {
		out, notes, status := dumpAll("", append(args, file)...)
		assert.Equal(t, statusUnread, status)
		assert.Empty(t, out)
		assert.Contains(t, notes, "mqttdump: "+want)
		assert.Contains(t, notes, "\nmqttdump -h tells how to use it.\n")
	}
}

func TestTheVersionOfOneStreamMayBeTold(t *testing.T) {
	versions := func(args ...string) (all []any) {
		out := dump(t, append(withCaptures([]string{"-qj", "@mqttjs-v5-midstream.pcap", "-k", "PUBLISH", "-Q", "0"}), args...)...)
		for _, d := range decodedLines(t, out) {
			all = append(all, d["version"])
		}
		return slices.Compact(all)
	}
	assert.Equal(t, []any{5.0}, versions())
	assert.Equal(t, []any{4.0, 5.0, 4.0, 5.0, 4.0, 5.0}, versions("--stream-version", "0=3.1.1"))
	assert.Equal(t, []any{4.0}, versions("--mqtt-version", "4"))
}

func TestTextMatchesAPatternWithStars(t *testing.T) {
	for _, pattern := range []string{"abc", "*", "a*", "*c", "a*c", "*b*", "a**c", "abc*"} {
		assert.True(t, matchText(pattern, "abc"), pattern)
	}
	for _, pattern := range []string{"", "ab", "b*", "*b", "a*b", "abc*c", "*abc*abc*"} {
		assert.False(t, matchText(pattern, "abc"), pattern)
	}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching("[ab]{0,3}"), 1, 4).Draw(t, "parts")
		if !matchText(strings.Join(parts, "*"), strings.Join(parts, rapid.StringMatching("[ab*]{0,3}").Draw(t, "between"))) {
			t.Fatal("what the pattern was made of does not match")
		}
	})
}
