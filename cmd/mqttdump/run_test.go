package main

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hexOf are packets in hex text.
const (
	hexConnect   = "10 0C 00 04 4D 51 54 54 04 02 00 3C 00 00\n"
	hexPing      = "C0 00\n"
	hexMalformed = "40 02 00 00\n" // packet identifier 0
	hexBroken    = "30 FF FF FF FF 00\n"
	hexPartial   = "30 05 00 01 61\n"
)

// temp writes a file and returns its name.
func temp(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

func TestExitStatus(t *testing.T) {
	good, malformed, none := temp(t, hexConnect+hexPing), temp(t, hexConnect+hexMalformed+hexPing), filepath.Join(t.TempDir(), "none")
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"all decoded":                        {[]string{good}, 0},
		"malformed":                          {[]string{malformed}, 1},
		"malformed, then good":               {[]string{malformed, good}, 1},
		"broken header":                      {[]string{temp(t, hexConnect+hexBroken)}, 1},
		"ends inside a packet":               {[]string{temp(t, hexConnect+hexPartial)}, 2},
		"cannot be read":                     {[]string{none}, 2},
		"cannot be read, the other good":     {[]string{none, good}, 2},
		"cannot be read wins":                {[]string{malformed, none, good}, 2},
		"is empty":                           {[]string{temp(t, "")}, 2},
		"no such flag":                       {[]string{"--such", good}, 2},
		"no such version":                    {[]string{"--mqtt-version", "6", good}, 2},
		"no such colour":                     {[]string{"--color", "red", good}, 2},
		"no file":                            {nil, 2},
		"help":                               {[]string{"-h"}, 0},
		"JSON, all decoded":                  {[]string{"--json", good}, 0},
		"JSON, malformed":                    {[]string{"--json", malformed}, 1},
		"version by its name":                {[]string{"--mqtt-version", "3.1.1", good}, 0},
		"version by its protocol level":      {[]string{"--mqtt-version=5", good}, 0},
		"flags behind the file":              {[]string{malformed, "--json", "--mqtt-version", "5"}, 1},
		"no such flag behind the file":       {[]string{good, "--such"}, 2},
		"no such flag behind --":             {[]string{"--", good, "--such"}, 2},
		"help behind the file":               {[]string{none, "-h"}, 0},
		"text that is no hex":                {[]string{temp(t, "module example.com/m\n")}, 2},
		"a mistyped digit":                   {[]string{temp(t, "c0 0g\n")}, 2},
		"bytes of a stream are not there":    {[]string{filepath.Join(ownCaptures, "tcp-lost-segments-small.pcap")}, 2},
		"a packet its sender never finished": {[]string{filepath.Join(ownCaptures, "faults", "half-publish-fin.pcap")}, 1},
		"malformed, and an answer is lost":   {[]string{filepath.Join(ownCaptures, "suricata-mqtt-events-invalid-qos.pcap")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, notes, status := dumpAll("", test.args...)
			assert.Equal(t, test.want, status, notes)
		})
	}
}

func TestFileThatCannotBeReadIsNamedAndTheOthersAreRead(t *testing.T) {
	first, last := temp(t, hexConnect), temp(t, hexPing)
	none := filepath.Join(t.TempDir(), "no\x1B[31msuch")
	out, notes, status := dumpAll("", "--json", first, none, last)
	assert.Equal(t, statusUnread, status)
	assert.Contains(t, notes, `no\x1b[31msuch: `)
	assert.NotContains(t, notes, "\x1B")
	lines := decodedLines(t, out)
	require.Len(t, lines, 2)
	assert.Equal(t, first, lines[0]["file"])
	assert.Equal(t, "CONNECT", lines[0]["type"])
	assert.Equal(t, last, lines[1]["file"])
	assert.Equal(t, "PINGREQ", lines[1]["type"])
}

func TestStandardInput(t *testing.T) {
	out, _, status := dumpAll(hexConnect, "--json", "-")
	assert.Equal(t, statusDecoded, status)
	assert.Equal(t, "CONNECT", decodedLines(t, out)[0]["type"])

	_, notes, status := dumpAll("", "-")
	assert.Equal(t, statusUnread, status)
	assert.Equal(t, "mqttdump: standard input: the file is empty\n", notes)
}

func TestFlagsMayStandBehindFiles(t *testing.T) {
	file := temp(t, hexConnect)
	want := dump(t, "--json", file, file)
	assert.Contains(t, want, `"type":"CONNECT"`)
	for _, args := range [][]string{{file, "--json", file}, {file, file, "--json"}, {"--json", "--", file, file}, {file, "--json", "--", file}} {
		assert.Equal(t, want, dump(t, args...), args)
	}
	out, _, _ := dumpAll(hexPing, file, "-", "--json")
	assert.Equal(t, "PINGREQ", decodedLines(t, out)[1]["type"])
}

func TestFileBehindTwoDashesMayBeginWithOne(t *testing.T) {
	for _, args := range [][]string{{"--", "-json"}, {"--json", "--", "-json"}, {"other", "--", "-json"}} {
		_, notes, status := dumpAll("", args...)
		assert.Equal(t, statusUnread, status)
		assert.Contains(t, notes, "mqttdump: -json: ", "it is the name of a file")
	}
}

func TestTextThatIsNoHexIsOneError(t *testing.T) {
	out, notes, _ := dumpAll("", filepath.Join("..", "..", "go.mod"))
	assert.Empty(t, out)
	assert.Equal(t, 1, strings.Count(notes, "\n"))
	assert.Contains(t, notes, `go.mod: line 1: "module" is no hex`)
}

func TestHelpTellsFlagsAndStatuses(t *testing.T) {
	out, notes, _ := dumpAll("", "-h")
	assert.Empty(t, notes)
	for _, word := range []string{"-T, --time utc|local|start|delta", "-j, --json", "-s, --secrets", "--mqtt-version version", "--color", "Exit status"} {
		assert.Contains(t, out, word)
	}
	_, notes, _ = dumpAll("")
	assert.Contains(t, notes, "no file was given")
}

func TestALongFlagBehindOneDashIsNotTakenForShortOnes(t *testing.T) {
	for _, args := range [][]string{{"-json", "x"}, {"x", "-color=never"}} {
		out, notes, status := dumpAll("", args...)
		assert.Equal(t, statusUnread, status)
		assert.Empty(t, out)
		assert.Contains(t, notes, " is a long flag: write --")
	}
}

// shut is an output that takes some bytes and then fails, as a closed pipe does.
type shut struct{ left, writes int }

func (s *shut) Write(p []byte) (int, error) {
	s.writes++
	if s.left -= len(p); s.left < 0 {
		return 0, errors.New("closed")
	}
	return len(p), nil
}

func TestOutputThatCannotBeWrittenEndsTheRunQuietly(t *testing.T) {
	file := filepath.Join(ownCaptures, "mqttjs-v5-full.pcap")
	for _, args := range [][]string{{file}, {"--json", file}, {file, file, file}, {"-h"}} {
		for _, room := range []int{0, 5000} {
			if room > 0 && args[0] == "-h" {
				continue
			}
			out := &shut{left: room}
			var notes strings.Builder
			assert.Equal(t, statusUnread, run(t.Context(), args, strings.NewReader(""), out, &notes))
			assert.Empty(t, notes.String())
			assert.LessOrEqual(t, out.writes, 3)
		}
	}
}

func TestProxyHeaderIsShownAndThePacketsBehindItToo(t *testing.T) {
	for version, file := range map[string]string{"1": "proxy-v1.pcap", "2": "proxy-v2.pcap"} {
		out, _, status := dumpAll("", "--json", filepath.Join(ownCaptures, file))
		assert.Equal(t, statusDecoded, status)
		var types []any
		for _, line := range decodedLines(t, out) {
			types = append(types, line["type"])
			assert.Equal(t, "192.0.2.10:40000", line["client_addr"])
			if line["event"] != nil {
				assert.Equal(t, "proxy", line["event"])
				assert.Equal(t, "PROXY protocol v"+version+" header: the client is 192.0.2.10:40000, connected to 192.0.2.20:1883", line["note"])
			}
		}
		assert.Equal(t, []any{nil, "CONNECT", "CONNACK", "PUBLISH", "DISCONNECT"}, types)
	}
}

// TestRotatedCapturesAreOneTimeline cuts a capture in two: the connections and their
// versions go on in the second, in whatever order the files are given.
func TestRotatedCapturesAreOneTimeline(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(ownCaptures, "mqttjs-v5-full.pcap"))
	require.NoError(t, err)
	const header = 24
	at, records := header, 0
	for ; records < 20; records++ {
		at += 16 + int(binary.LittleEndian.Uint32(whole[at+8:]))
	}
	folder := t.TempDir()
	first, second := filepath.Join(folder, "1.pcap"), filepath.Join(folder, "2.pcap")
	require.NoError(t, os.WriteFile(first, whole[:at], 0o600))
	require.NoError(t, os.WriteFile(second, append(slices.Clone(whole[:header]), whole[at:]...), 0o600))
	want := dump(t, "-q", filepath.Join(ownCaptures, "mqttjs-v5-full.pcap"))
	for _, files := range [][]string{{first, second}, {second, first}} {
		out, notes, status := dumpAll("", files...)
		assert.Equal(t, statusDecoded, status)
		assert.Equal(t, want, strings.NewReplacer(first+": ", "", second+": ", "").Replace(out))
		assert.Contains(t, out, second+": ")
		assert.Contains(t, notes, "45 packets in 2 streams (2 MQTT)")
	}
}

// TestManyFilesAreNotAllOpenAtOnce: of more than mostOpenFiles, package pcap opens what it
// reads.
func TestManyFilesAreNotAllOpenAtOnce(t *testing.T) {
	files := []string{"-q"}
	for range mostOpenFiles + 1 {
		files = append(files, temp(t, hexPing))
	}
	none := filepath.Join(t.TempDir(), "none")
	out, notes, status := dumpAll("", append(files, none)...)
	assert.Equal(t, statusUnread, status)
	assert.Equal(t, mostOpenFiles+1, strings.Count(out, " PINGREQ"))
	assert.Equal(t, "mqttdump: "+none+": no such file or directory\n", notes)
}

func TestBytesThatAreNoPacketAreRefusedUnlessTheyAreSaidToBeRaw(t *testing.T) {
	file := temp(t, "\x30\x05\x00\x09a\xFF\x00")
	out, notes, status := dumpAll("", file)
	assert.Equal(t, statusUnread, status)
	assert.Empty(t, out)
	assert.Contains(t, notes, "this is no capture in a format that is known")
	out, _, status = dumpAll("", "--raw", file)
	assert.Equal(t, statusViolation, status)
	assert.Contains(t, out, " PUBLISH     (3.1.1?) flags=0 length=5  MALFORMED: ")
}
