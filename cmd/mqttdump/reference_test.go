package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Where captures with reference decodes are: those of the repository, and more
// beside it where somebody keeps them.
var (
	ownCaptures  = filepath.Join("..", "..", "testdata", "captures")
	moreCaptures = filepath.Join("..", "..", "..", "shared", "captures")
)

// Captures that are not to be decoded: what they carry is encrypted.
var otherProtocols = []string{"tls-8883.pcap"}

// decoded is a line of JSON.
type decoded = map[string]any

// referenceRemarks are the fields of the reference that are not about the
// packet, but about how it was made.
var referenceRemarks = []string{"malformed", "expert", "unknown_version", "note", "via"}

func TestJSONAgreesWithReference(t *testing.T) {
	t.Run("own", func(t *testing.T) { compareAll(t, ownCaptures) })
	t.Run("more", func(t *testing.T) {
		if _, err := os.Stat(moreCaptures); err != nil {
			t.Skipf("no further captures in %s", moreCaptures)
		}
		compareAll(t, moreCaptures)
	})
}

// compareAll compares each capture in a folder that has a reference.
func compareAll(t *testing.T, folder string) {
	references, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, references)
	for _, reference := range references {
		file := strings.TrimSuffix(reference, ".jsonl")
		name := filepath.Base(file)
		if slices.Contains(otherProtocols, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want, got := decodedLines(t, readFile(t, reference)), packetLines(t, dump(t, "--json", "--secrets", file))
			require.Equal(t, len(want), len(got), "number of packets")
			for i := range want {
				compare(t, inPacketsForm(t, want[i]), inReferenceForm(t, got[i]))
			}
			t.Logf("%d packets agree", len(got))
		})
	}
}

// compare compares the fields that both have. A packet that was decoded has
// them all, but for a CONNACK of 3.1: to a bridge that speaks it tshark gives
// acknowledge flags.
func compare(t *testing.T, want, got decoded) {
	t.Helper()
	for field, value := range want {
		if slices.Contains(referenceRemarks, field) {
			continue
		}
		mine, ok := got[field]
		if !ok && got["error"] == nil && field != "sessionPresent" {
			t.Errorf("record %v, %v: no %s", want["frame"], want["type"], field)
		}
		if ok && !cmp.Equal(value, mine) {
			t.Errorf("record %v, %v: %s differs (-reference +mqttdump):\n%s", want["frame"], want["type"], field, cmp.Diff(value, mine))
		}
	}
}

func decodedLines(t *testing.T, text string) []decoded {
	t.Helper()
	var lines []decoded
	for line := range strings.Lines(text) {
		var d decoded
		require.NoError(t, json.Unmarshal([]byte(line), &d), line)
		lines = append(lines, d)
	}
	return lines
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}

// packetLines returns the lines that are packets.
func packetLines(t *testing.T, text string) []decoded {
	t.Helper()
	return slices.DeleteFunc(decodedLines(t, text), func(d decoded) bool { return d["event"] != nil })
}

// dump returns what mqttdump prints on standard output.
func dump(t *testing.T, args ...string) string {
	t.Helper()
	var out, notes bytes.Buffer
	run(context.Background(), args, strings.NewReader(""), &out, &notes)
	return out.String()
}

// dumpAll returns all that comes of a run.
func dumpAll(stdin string, args ...string) (stdout, stderr string, status int) {
	var out, notes bytes.Buffer
	status = run(context.Background(), args, strings.NewReader(stdin), &out, &notes)
	return out.String(), notes.String(), status
}

func TestTLSIsNamedAndHasAStatusOfItsOwn(t *testing.T) {
	out, notes, status := dumpAll("", filepath.Join(ownCaptures, "tls-8883.pcap"))
	assert.Equal(t, statusNotDecoded, status)
	assert.Equal(t, "2026-11-21 01:09:27.830988 #0   127.0.0.1:55948 -        -- notMQTT     TLS\n", out)
	assert.Equal(t, "mqttdump: 0 packets in 1 stream (1 TLS), of 20 records; NOT DECODED: 1 stream to ports of MQTT\n", notes)
}

// TestLostSegmentsAreReported: that the packets behind them are right the references
// show.
func TestLostSegmentsAreReported(t *testing.T) {
	out, notes, status := dumpAll("", filepath.Join(ownCaptures, "tcp-lost-segments-small.pcap"))
	assert.Equal(t, statusUnread, status)
	assert.Contains(t, out, "-> lost        12 bytes: bytes are missing from the capture, and with them a packet boundary; the next one is looked for\n")
	assert.Equal(t, "mqttdump: 87 packets in 2 streams (2 MQTT), of 76 records; 35 bytes missing from the capture\n", notes)
}

func TestFileThatIsCutIsReported(t *testing.T) {
	_, notes, status := dumpAll("", filepath.Join(ownCaptures, "file-cut-in-record.pcap"))
	assert.Equal(t, statusUnread, status)
	assert.Contains(t, notes, "file-cut-in-record.pcap: record 83: the file ends inside it")
}

// TestMalformedPacketsAreReported goes through the cases of a capture that was
// made of them.
func TestMalformedPacketsAreReported(t *testing.T) {
	out, _, status := dumpAll("", "--json", filepath.Join(ownCaptures, "raw-invalid-connects.pcap"))
	assert.Equal(t, statusViolation, status)
	type place struct {
		Stream, Offset float64
		Type           string
		Statement      string
	}
	var got []place
	for _, d := range decodedLines(t, out) {
		fault, ok := d["error"].(decoded)
		if !ok {
			continue
		}
		assert.NotEmpty(t, fault["message"])
		assert.NotEmpty(t, fault["field"])
		assert.NotZero(t, fault["reason"])
		assert.Regexp(t, "^[A-Z][a-z]", fault["reason_name"])
		got = append(got, place{d["stream"].(float64), fault["offset"].(float64), d["type"].(string), fault["statement"].(string)})
	}
	assert.Equal(t, []place{
		{0, 8, "CONNECT", "MQTT-3.1.2-2"},    // protocol level 6
		{3, 14, "CONNECT", "U-3.1.2.11.3-2"}, // Receive Maximum 0
		{4, 0, "AUTH", "MQTT-3.1.0-1"},       // AUTH first
		{5, 4, "CONNECT", "U-1.5.5-1"},       // remaining length of 5 bytes
		{6, 9, "CONNECT", "MQTT-3.1.2-3"},    // reserved connect flag
		{7, 7, "SUBSCRIBE", "MQTT-3.8.3-4"},  // QoS 3
		{8, 0, "PUBLISH", "MQTT-3.3.1-4"},    // QoS 3
		{9, 6, "PUBLISH", "MQTT-3.3.2-2"},    // wildcard
		{10, 7, "PUBLISH", "U-3.3.2.3.2-2"},  // payload format indicator 2, twice
	}, got)
}

func TestVersionIsGuessedWithoutAHint(t *testing.T) {
	lines := packetLines(t, dump(t, "--json", filepath.Join(ownCaptures, "mqttjs-v5-midstream.pcap")))
	require.Len(t, lines, 34)
	for _, d := range lines {
		assert.Equal(t, true, d["versionGuessed"])
		assert.Equal(t, 5.0, d["version"])
	}
	for _, d := range decodedLines(t, dump(t, "--json", "--mqtt-version", "5", filepath.Join(ownCaptures, "mqttjs-v5-midstream.pcap"))) {
		assert.NotContains(t, d, "versionGuessed")
	}
}

// TestALineReadsBackAsItsPacket reads each line of the captures, and encodes it: the packet has the type, the length and the flags that were
// seen.
func TestALineReadsBackAsItsPacket(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(ownCaptures, "*.pcap*"))
	require.NoError(t, err)
	read := map[string]int{}
	for _, file := range files {
		if strings.HasSuffix(file, ".jsonl") {
			continue
		}
		for line := range strings.Lines(dump(t, "--json", "--secrets", file)) {
			d := decodedLines(t, line)[0]
			if d["event"] != nil || d["error"] != nil || d["incomplete"] != nil {
				continue
			}
			p, err := packets.JSON{OtherKeys: true}.Parse([]byte(line))
			require.NoError(t, err, line)
			require.Equal(t, d["type"], p.Type().String())
			require.True(t, encodesTo(p, d), line)
			read[p.Type().String()]++
		}
	}
	for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
		assert.NotZero(t, read[typ.String()], typ)
	}
}

// encodesTo reports whether a packet has, in some version, the length and the flags
// of a line; those with a reason code may be shorter or longer, as they have forms
// with and without code and property length.
func encodesTo(p mqttwire.Packet, d decoded) bool {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		b, err := p.Append(nil, v)
		if err != nil {
			continue
		}
		f, _, err := mqttwire.CutFrame(b, 0)
		seen, encoded := d["len"].(float64), float64(f.Header.RemainingLength)
		if err == nil && d["flags"] == float64(f.Header.Flags) && (seen == encoded || max(seen, encoded) <= 4) {
			return true
		}
	}
	return false
}
