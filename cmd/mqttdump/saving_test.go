package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// filesIn returns the files of a folder by name.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		files[e.Name()] = readFile(t, filepath.Join(dir, e.Name()))
	}
	return files
}

func TestPayloadsAndPacketsAreWrittenToFiles(t *testing.T) {
	payloads, raw := filepath.Join(t.TempDir(), "p"), filepath.Join(t.TempDir(), "r")
	args := withCaptures([]string{"-k", "PUBLISH,PUBACK", "-n", "3", "--payload", payloads, "--raw-out", raw, "@mosq-v31-qos012.pcap"})
	out, _, status := dumpAll("", args...)
	assert.Equal(t, statusDecoded, status)
	assert.Contains(t, out, ` "v3.1 qos 2" saved=000001-stream3-t_q2.bin`)
	assert.Equal(t, map[string]string{"000001-stream3-t_q2.bin": "v3.1 qos 2"}, filesIn(t, payloads))
	assert.Equal(t, map[string]string{"000001-stream3-client-PUBLISH.mqtt": "\x34\x12\x00\x04t/q2\x00\x01v3.1 qos 2"}, filesIn(t, raw))

	again := filepath.Join(t.TempDir(), "p")
	out, _, _ = dumpAll("", append(args, "-j", "--payload", again, "--force")...)
	assert.Equal(t, "000001-stream3-t_q2.bin", decodedLines(t, out)[0]["payload_file"])
	assert.Equal(t, filesIn(t, payloads), filesIn(t, again))
}

func TestNothingIsWrittenIntoAFolderThatIsThere(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(ownCaptures, "mosq-v31-qos012.pcap")
	for _, flag := range []string{"--payload", "--raw-out"} {
		_, notes, status := dumpAll("", flag, dir, file)
		assert.Equal(t, statusUnread, status)
		assert.Contains(t, notes, dir+" exists: name a new folder, or --force writes into it\n")
		assert.Empty(t, filesIn(t, dir))
		_, _, status = dumpAll("", flag, filepath.Join(dir, "no", "such"), file)
		assert.Equal(t, statusUnread, status)
	}
}

func TestNamesOfFilesHaveNothingThatLeadsElsewhere(t *testing.T) {
	for topic, want := range map[string]string{
		"a/b":             "a_b",
		"../../etc/x":     ".._.._etc_x",
		"\x00\n é":        "_____",
		"Ab-1.2":          "Ab-1.2",
		string(long('a')): string(long('a')[:60]),
	} {
		assert.Equal(t, want, fileNameOf([]byte(topic)))
	}
}

func long(c byte) []byte { return bytes.Repeat([]byte{c}, 100) }

// TestAPacketThatIsTooLargeToShowIsWrittenWhole: package capture shows of packets over
// 16 MiB the first part, and gives the rest in pieces.
func TestAPacketThatIsTooLargeToShowIsWrittenWhole(t *testing.T) {
	payload := bytes.Repeat([]byte("0123456789abcdef"), 17<<16)
	packet, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, append([]byte("\x00\x03a/b"), payload...))
	require.NoError(t, err)
	file := temp(t, string(packet))
	payloads, raw := filepath.Join(t.TempDir(), "p"), filepath.Join(t.TempDir(), "r")
	out, notes, status := dumpAll("", "--mqtt-version", "4", "--max-payload", "1", "--payload", payloads, "--raw-out", raw, file)
	assert.Equal(t, statusDecoded, status, notes)
	assert.Contains(t, out, `  SHOWN IN PART: it has 17825802 bytes`)
	require.True(t, string(payload) == filesIn(t, payloads)["000001-stream0-a_b.bin"])
	require.True(t, string(packet) == filesIn(t, raw)["000001-stream0-PUBLISH.mqtt"])
	assert.Len(t, filesIn(t, payloads), 1, "what was collected is taken away")

	other := filepath.Join(t.TempDir(), "p")
	_, _, _ = dumpAll("", "--mqtt-version", "4", "--payload", other, "-k", "CONNECT", file)
	assert.Empty(t, filesIn(t, other), "it was not asked for")
}

// TestAPieceStandsWhereItBelongs leaves a hole between two, as where bytes are missing.
func TestAPieceStandsWhereItBelongs(t *testing.T) {
	s, err := newSaving(&showOptions{raw: filepath.Join(t.TempDir(), "r")})
	require.NoError(t, err)
	e := &capture.Event{Kind: capture.PacketPiece, Stream: 3}
	e.Frame.Body = []byte("head")
	require.NoError(t, s.piece(e))
	e.Frame.Body, e.Bytes = []byte("tail"), 6
	require.NoError(t, s.piece(e))
	e.Kind, e.Cause, e.Frame.Header = capture.PartialPacket, capture.OverLimit, mqttwire.FixedHeader{Type: mqttwire.PUBLISH, RemainingLength: 10, Size: 2}
	_, err = s.save(e)
	require.NoError(t, err)
	s.forget(e)
	assert.Equal(t, map[string]string{"000001-stream3-PUBLISH.mqtt": "\x30\x0Ahead\x00\x00tail"}, filesIn(t, s.raw))
}

func TestWhatIsNotCompleteIsTakenAway(t *testing.T) {
	s, err := newSaving(&showOptions{payloads: filepath.Join(t.TempDir(), "p")})
	require.NoError(t, err)
	require.NoError(t, s.piece(&capture.Event{Kind: capture.PacketPiece}))
	assert.Len(t, filesIn(t, s.payloads), 1)
	s.end()
	assert.Empty(t, filesIn(t, s.payloads))
}
