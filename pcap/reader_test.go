package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// captures are the files of testdata/captures.
func captures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "captures", "*.pcap*"))
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(name string) bool { return filepath.Ext(name) == ".jsonl" })
	require.NotEmpty(t, files)
	return files
}

func TestOpenReadsCaptures(t *testing.T) {
	for _, name := range captures(t) {
		r, err := Open(name, capture.Options{})
		require.NoError(t, err, name)
		for e, err := range r.Events() {
			if err == nil {
				assert.NotZero(t, e.Kind, name)
				continue
			}
			assert.Equal(t, "file-cut-in-record.pcap", filepath.Base(name))
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}
		require.NoError(t, r.Close())
	}
}

func TestReaderIsTheSameHoweverItsInputArrives(t *testing.T) {
	for _, name := range captures(t) {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		want, wantErr := read(t, file, capture.Options{})
		r, err := NewReader(iotest.OneByteReader(bytes.NewReader(file)), capture.Options{})
		require.NoError(t, err)
		var got []capture.Event
		for e, err := range r.Events() {
			if err != nil {
				assert.Equal(t, wantErr.Error(), err.Error())
				break
			}
			got = append(got, e)
		}
		assert.Equal(t, tell(want), tell(got), name)
	}
}

func TestReaderStaysAtItsEnd(t *testing.T) {
	r, err := NewReader(bytes.NewReader([]byte(pingreq)), capture.Options{})
	require.NoError(t, err)
	_, err = r.Next()
	require.NoError(t, err)
	for range 3 {
		_, err = r.Next()
		assert.Equal(t, io.EOF, err)
	}
}

func TestReaderPassesOnErrorsOfItsInput(t *testing.T) {
	cause := errors.New("the disk is gone")
	for name, start := range map[string][]byte{"raw": []byte(pingreq), "pcap": pcapFile(binary.LittleEndian, 0xA1B2C3D4, layers.LinkTypeRaw, 0), "pcapng": section(binary.BigEndian)} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(io.MultiReader(bytes.NewReader(start), iotest.ErrReader(cause)), capture.Options{})
			for err == nil {
				_, err = r.Next()
			}
			assert.ErrorIs(t, err, cause)
		})
	}
}

// TestReaderTakesDamagedFiles changes bytes of real captures: whatever comes of
// it, reading ends and gives no event without a kind.
func TestReaderTakesDamagedFiles(t *testing.T) {
	var files [][]byte
	for _, name := range captures(t) {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		files = append(files, file[:min(len(file), 4000)])
	}
	rapid.Check(t, func(rt *rapid.T) {
		file := bytes.Clone(rapid.SampledFrom(files).Draw(rt, "file"))
		for range rapid.IntRange(1, 20).Draw(rt, "changes") {
			file[rapid.IntRange(0, len(file)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
		}
		events, _ := read(t, file, capture.Options{})
		for _, e := range events {
			if e.Kind == 0 || e.Kind == capture.WholePacket && e.Packet == nil && e.Err == nil {
				rt.Fatalf("event %+v", e)
			}
		}
	})
}

func TestReaderTakesAnyBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		start := rapid.SampledFrom([]string{"", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a", connect5}).Draw(rt, "start")
		rest := rapid.SliceOf(rapid.Byte()).Draw(rt, "rest")
		read(t, append([]byte(start), rest...), capture.Options{})
	})
}

// TestReaderWaitsForNoMoreThanItNeeds reads from a pipe that stays open.
func TestReaderWaitsForNoMoreThanItNeeds(t *testing.T) {
	le, record := binary.LittleEndian, serialize(t, ip4(), tcp(), gopacket.Payload(connect311))
	ng := appendInterface(section(le), le, layers.LinkTypeRaw)
	ng = appendPacket(ng, le, 0, 0, record)
	for name, start := range map[string][]byte{"pcap": pcapFile(le, 0xA1B2C3D4, layers.LinkTypeRaw, 0, record), "pcapng": ng, "raw": []byte(connect311)} {
		t.Run(name, func(t *testing.T) {
			in, out := io.Pipe()
			defer in.Close()
			late := time.AfterFunc(10*time.Second, func() { out.CloseWithError(errors.New("the packet did not come while the pipe was open")) })
			defer late.Stop()
			go out.Write(start)
			r, err := NewReader(in, capture.Options{})
			require.NoError(t, err)
			e, err := r.Next()
			require.NoError(t, err)
			assert.Equal(t, mqttwire.CONNECT, e.Frame.Header.Type)
		})
	}
}

func TestReaderRefusesAVersionThatIsNone(t *testing.T) {
	_, err := NewReader(bytes.NewReader([]byte(pingreq)), capture.Options{Version: 7})
	assert.EqualError(t, err, "there is no MQTT version Version(7)")
}
