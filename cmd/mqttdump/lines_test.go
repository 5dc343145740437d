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
	never, always := newPalette("never", nil), newPalette("always", nil)
	for _, newForm := range []func() lines{
		func() lines { return newTextLines(&showOptions{}, never) },
		func() lines { return newTextLines(&showOptions{}, always) },
		func() lines { return newVerboseLines(&showOptions{}, never) },
		func() lines { return newJSONLines(&showOptions{}) },
	} {
		reused, count := newForm(), 0
		var line []byte
		for _, name := range files {
			for _, e := range packetEvents(t, name) {
				line = reused.append(line[:0], name, &e, "")
				fresh := reused.append(nil, name, &e, "")
				require.Equal(t, string(fresh), string(line))
				count++
			}
		}
		require.Greater(t, count, 500)
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
