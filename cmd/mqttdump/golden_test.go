package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldens are runs whose output is kept in testdata/golden, by its file. A name in the
// arguments that begins with @ is one of a capture.
var goldens = map[string][]string{
	"text":              {"@mqttjs-v5-full.pcap"},
	"text-secrets":      {"-s", "@mqttjs-v5-auth.pcap"},
	"text-local":        {"-T", "local", "@mosq-v31-qos012.pcap"},
	"text-start":        {"-T", "start", "@mosq-v31-qos012.pcap"},
	"text-delta":        {"-T", "delta", "@mosq-v31-qos012.pcap"},
	"text-color":        {"--color", "always", "@zeek-mqtt.pcap"},
	"text-invalid":      {"@raw-invalid-connects.pcap"},
	"text-lost":         {"@tcp-lost-segments-small.pcap"},
	"text-midstream":    {"@mqttjs-v5-midstream.pcap"},
	"text-ipv6":         {"@null-le-ipv6-af30-macos.pcap"},
	"text-connect-cut":  {"@faults/connect-hole.pcap"},
	"text-half-publish": {"@faults/half-publish-fin.pcap"},
	"text-unanswered":   {"@faults/syn-no-answer.pcap"},
	"text-proxy":        {"@proxy-v2.pcap"},
	"text-files":        {"@faults/syn-no-answer.pcap", "@suricata-mqtt-ping.pcap"},
	"verbose":           {"-v", "@mqttjs-v5-auth.pcap"},
	"verbose-invalid":   {"-v", "@suricata-mqtt5-pub-mosquittoprops.pcap"},
	"stats":             {"stats", "@mqttjs-v5-full.pcap"},
	"stats-json":        {"stats", "-j", "--by", "type,topic", "--top", "2", "@mqttjs-v5-full.pcap"},
	"stats-top":         {"stats", "--by", "topic", "--top", "2", "@mqttjs-v5-full.pcap"},
	"sessions":          {"sessions", "@mosq-v31-qos012.pcap"},
	"sessions-invalid":  {"sessions", "@raw-invalid-connects.pcap"},
	"sessions-taken":    {"sessions", "-T", "start", "@nanosecond-le.pcap"},
	"sessions-lost":     {"sessions", "@faults/lost-third-publish.pcap"},
	"sessions-json":     {"sessions", "-j", "@mosq-bridge.pcap"},
	"latency":           {"latency", "@mqttjs-v5-full.pcap"},
	"latency-json":      {"latency", "-j", "--top", "2", "@mqttjs-v5-full.pcap"},
	"check":             {"check", "@raw-invalid-connects.pcap"},
	"check-nothing":     {"check", "@mqttjs-v5-full.pcap"},
	"check-json":        {"check", "-j", "@mqttjs-v5-auth.pcap"},
	"hex":               {"-x", "@mqttjs-v5-auth.pcap"},
	"hex-secrets":       {"-xs", "@suricata-mqtt31-unsub-userpass.pcap"},
	"hex-invalid":       {"-x", "@raw-invalid-connects.pcap"},
	"hex-connect-cut":   {"-x", "@faults/v5-connect-cut.pcap"},
	"text-tls":          {"@tls-openssl-secrets.pcapng"},
	"text-websocket":    {"@paho-py-ws-v5.pcap"},
	"case":              {"--case", "@raw-invalid-connects.pcap"},
	"json":              {"-j", "@mqttjs-v5-full.pcap"},
	"json-secrets":      {"-js", "@mqttjs-v5-auth.pcap"},
	"json-lost":         {"-j", "@tcp-lost-segments-small.pcap"},
	"json-invalid":      {"-j", "@raw-invalid-connects.pcap"},
	"json-connect-cut":  {"-j", "@faults/connect-hole.pcap"},
	"json-max-payload":  {"-j", "--max-payload", "4", "@mosq-v31-qos012.pcap"},
	"json-proxy":        {"-j", "@proxy-v2.pcap"},
	"json-bridge":       {"-j", "@mosq-bridge.pcap"},
}

// TestOutputIsThatOfTheGoldenFiles: with -update they are written, and looked at in
// the diff.
func TestOutputIsThatOfTheGoldenFiles(t *testing.T) {
	t.Setenv("TZ", "UTC")
	for name, args := range goldens {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "golden", name+".txt")
			out, notes, _ := dumpAll("", withCaptures(args)...)
			got := inRepository(out + notes)
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			assert.Equal(t, readFile(t, file), got)
		})
	}
}

func TestEachGoldenFileHasItsRun(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*"))
	require.NoError(t, err)
	for _, file := range files {
		assert.Contains(t, goldens, strings.TrimSuffix(filepath.Base(file), ".txt"))
	}
	assert.Len(t, files, len(goldens))
}

// withCaptures puts the paths of captures where their names are.
func withCaptures(args []string) []string {
	var full []string
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, "@"); ok {
			arg = filepath.Join(ownCaptures, name)
		}
		full = append(full, arg)
	}
	return full
}

// inRepository takes the way to the captures out of paths.
func inRepository(s string) string {
	return strings.ReplaceAll(s, ownCaptures+string(filepath.Separator), "")
}
