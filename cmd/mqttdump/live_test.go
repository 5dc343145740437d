package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPacketsAreShownAsTheyComeAndCtrlCEndsTheReading writes a capture into a pipe
// that is not closed, as tcpdump does.
func TestPacketsAreShownAsTheyComeAndCtrlCEndsTheReading(t *testing.T) {
	capture, err := os.ReadFile(filepath.Join(ownCaptures, "zeek-mqtt.pcap"))
	require.NoError(t, err)
	in, feed := io.Pipe()
	shown, out := io.Pipe()
	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	var notes strings.Builder
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"-"}, in, out, &notes)
		out.Close()
	}()
	go feed.Write(capture[:len(capture)-20]) // the last record is not wholly there yet

	lines := bufio.NewScanner(shown)
	require.True(t, lines.Scan(), "before the input ends")
	assert.Contains(t, lines.Text(), " CONNECT ")
	count := 1
	for lines.Scan() {
		if count++; strings.Contains(lines.Text(), " DISCONNECT") {
			break
		}
	}
	interrupt()
	for lines.Scan() {
		count++
	}
	assert.Equal(t, statusDecoded, <-status)
	assert.Equal(t, "mqttdump: interrupted; so far 19 packets in 2 streams (2 MQTT), of 18 records\n", notes.String())
	assert.GreaterOrEqual(t, count, 19)
}

// TestAFileIsReadToTheInterrupt interrupts before the first byte.
func TestAFileIsReadToTheInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	interrupt()
	var out, notes strings.Builder
	run(ctx, []string{filepath.Join(ownCaptures, "zeek-mqtt.pcap")}, strings.NewReader(""), &out, &notes)
	assert.Empty(t, out.String())
}
