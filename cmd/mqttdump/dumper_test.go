package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/pcap"
)

// TestALineShowsNothingOfTheOneBefore compares lines that are built in the same
// memory with lines that are each built in memory of their own.
func TestALineShowsNothingOfTheOneBefore(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(ownCaptures, "*.pcap*"))
	require.NoError(t, err)
	for _, o := range []options{{color: "never"}, {color: "always"}, {color: "never", json: true}} {
		reused, lines := newDumper(o, nil, nil, nil), 0
		for _, name := range files {
			for _, e := range packetEvents(t, name) {
				fresh := newDumper(o, nil, nil, nil)
				fresh.build(name, e)
				reused.build(name, e)
				require.Equal(t, fresh.line.String(), reused.line.String())
				lines++
			}
		}
		require.Greater(t, lines, 500)
	}
}

// packetEvents returns the packets of a file, if it is a capture.
func packetEvents(t *testing.T, name string) (events []capture.Event) {
	t.Helper()
	if filepath.Ext(name) == ".jsonl" {
		return nil
	}
	r, err := pcap.Open(name, capture.Options{})
	require.NoError(t, err)
	defer r.Close()
	for e, err := range r.Events() {
		if err == nil && e.Kind == capture.WholePacket {
			events = append(events, e)
		}
	}
	return events
}
