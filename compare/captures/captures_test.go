//go:build unix

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	read "github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/pcap"
)

// TestMain is the program itself, where that runs itself again.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "-read" || os.Args[1] == "-packets") {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestTheCapturesHoldWhatTheyAreToldToHold(t *testing.T) {
	for name, test := range map[string]struct {
		write func(name string) error
		want  read.Summary
	}{
		"small packets": {func(name string) error { return smallPackets(name, 200) }, read.Summary{Segments: 201, Streams: 20, MQTT: 20, Packets: 201}},
		"SYNs":          {func(name string) error { return connections(name, 40, false) }, read.Summary{Segments: 40, Streams: 40, Unanswered: 40}},
		"sessions":      {func(name string) error { return connections(name, 40, true) }, read.Summary{Segments: 280, Streams: 40, MQTT: 40, Packets: 160}},
	} {
		file := filepath.Join(t.TempDir(), "a.pcap")
		require.NoError(t, test.write(file))
		r, err := pcap.Open(file, read.Options{})
		require.NoError(t, err)
		for _, err := range r.Events() {
			require.NoError(t, err)
		}
		assert.Equal(t, test.want, r.Summary(), name)
		require.NoError(t, r.Close())
		require.NoError(t, readAll(file))
	}
}

func TestTheComparisonRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds mqttdump")
	}
	t.Chdir("..")
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, compare(t.TempDir(), 300, 100, 1, page))
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(text), "| mqttdump stats |")
}
