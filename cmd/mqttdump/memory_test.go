//go:build linux && !race

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// mostMemory is what the program may take, in kB, whatever the file.
const mostMemory = 100 << 10

// memoryOf runs the program, and returns the most memory that it took, in kB.
func memoryOf(t testing.TB, args ...string) int {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	var told bytes.Buffer
	command := exec.CommandContext(t.Context(), self, args...)
	command.Env = append(os.Environ(), asCommand+"="+andTellMemory)
	command.Stdout, command.Stderr = io.Discard, &told
	if err := command.Run(); err != nil {
		var status *exec.ExitError
		require.ErrorAs(t, err, &status)
	}
	most := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindSubmatch(told.Bytes())
	require.NotNil(t, most, "%s", told.Bytes())
	kB, err := strconv.Atoi(string(most[1]))
	require.NoError(t, err)
	return kB
}

func TestMemoryIsBoundedWhateverTheFile(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	folder := t.TempDir()
	page := filepath.Join(folder, "page.html")
	files := map[string]string{"SYNs": filepath.Join(folder, "syn.pcap"), "sessions": filepath.Join(folder, "sessions.pcap"), "large": filepath.Join(folder, "large.raw")}
	manyConnections(t, files["SYNs"], 150_000, false)
	manyConnections(t, files["sessions"], 50_000, true)
	largePackets(t, files["large"])
	for name, file := range files {
		for _, args := range [][]string{{}, {"-j"}, {"-v"}, {"stats"}, {"sessions"}, {"latency"}, {"check"}, {"report", "--force", "-o", page}} {
			kB := memoryOf(t, append(args, "-q", file)...)
			assert.Less(t, kB, mostMemory, "%s %v", name, args)
			t.Logf("%s %v: %d kB", name, args, kB)
		}
	}
}

// largePackets writes packets of 15 MiB each behind a CONNECT, and one of 40.
func largePackets(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	_, err = f.WriteString("\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00")
	require.NoError(t, err)
	piece := bytes.Repeat([]byte{0xFF, 'a'}, 1<<19)
	for _, pieces := range []int{15, 15, 40, 15} {
		header, err := mqttwire.AppendVarint([]byte{0x30}, uint32(3+pieces*len(piece)))
		require.NoError(t, err)
		_, err = f.Write(append(header, "\x00\x01a"...))
		require.NoError(t, err)
		for range pieces {
			_, err = f.Write(piece)
			require.NoError(t, err)
		}
	}
	require.NoError(t, f.Close())
}

// manyConnections writes a capture of connections that are opened, each of which has a
// CONNECT and ends if that is asked for.
func manyConnections(t *testing.T, name string, n int, whole bool) {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	w := bufio.NewWriter(f)
	header := []byte{0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 101, 0, 0, 0}
	_, err = w.Write(header)
	require.NoError(t, err)
	now := uint32(0)
	segment := func(i int, toServer bool, seq, ack uint32, flags byte, payload string) {
		now++
		client, server := []byte{10, byte(i >> 16), byte(i >> 8), byte(i)}, []byte{192, 0, 2, 1}
		src, dst, sport, dport := client, server, uint16(40000), uint16(1883)
		if !toServer {
			src, dst, sport, dport = server, client, 1883, 40000
		}
		b := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0}
		b = append(append(b, src...), dst...)
		b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, sport), dport)
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, seq), ack)
		b = append(append(b, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0), payload...)
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		var record []byte
		for _, v := range []uint32{now / 1000, now % 1000 * 1000, uint32(len(b)), uint32(len(b))} {
			record = binary.LittleEndian.AppendUint32(record, v)
		}
		_, err := w.Write(append(record, b...))
		require.NoError(t, err)
	}
	const syn, synAck, fin, push = 0x02, 0x12, 0x11, 0x18
	const connect, connack = "\x10\x12\x00\x04MQTT\x04\x02\x00\x3C\x00\x06client", "\x20\x02\x00\x00"
	for i := range n {
		segment(i, true, 0, 0, syn, "")
		if whole {
			segment(i, false, 0, 1, synAck, "")
			segment(i, true, 1, 1, push, connect)
			segment(i, false, 1, 1+uint32(len(connect)), push, connack)
			segment(i, true, 1+uint32(len(connect)), 1+uint32(len(connack)), fin, "")
			segment(i, false, 1+uint32(len(connack)), 2+uint32(len(connect)), fin, "")
		}
	}
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
}
