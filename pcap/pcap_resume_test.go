package pcap

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/capture"
)

func TestBehindADamagedRecordTheNextIsRead(t *testing.T) {
	records := says(t, connect5, publish5, publish5p, publish5, publish5)
	for i := range records {
		records[i].second += 1700000000
	}
	at := func(n int) int {
		at := pcapHeaderSize
		for _, r := range records[:n] {
			at += 16 + len(r.data)
		}
		return at
	}
	want := []string{"client CONNECT 5.0", "client PUBLISH 5.0", "client PUBLISH 5.0", "client PUBLISH 5.0"}
	whole := pcapOf(records...)
	damaged := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(damaged[at(3)+8:], 0xFFFFFFF0) // of the third packet
	garbage := append(append(bytes.Clone(whole[:at(3)]), bytes.Repeat([]byte{0xEE}, 100000)...), whole[at(4):]...)
	far := pcapOf(timed{5, []byte("of")}, timed{6, []byte("1970")})[pcapHeaderSize:]
	decoy := append(append(append(bytes.Clone(whole[:at(3)]), bytes.Repeat([]byte{0xEE}, 100)...), far...), whole[at(4):]...)
	for name, test := range map[string]struct {
		file   []byte
		passed int
	}{
		"a length": {damaged, at(4) - at(3)},
		"garbage":  {garbage, 100000},
		"what looks like records of another time": {decoy, 100 + len(far)},
	} {
		events, err := read(t, test.file, capture.Options{})
		var fault *FileError
		require.ErrorAs(t, err, &fault, name)
		assert.Equal(t, 4, fault.Record, name)
		assert.Equal(t, int64(at(3)), fault.Offset, name)
		assert.Contains(t, err.Error(), sprintf("the next that can be read is %d bytes on", test.passed), name)
		assert.Equal(t, want, without(lines(events), "lost"), name)
	}
}

func TestZerosAreNoRecords(t *testing.T) {
	records := says(t, connect5, publish5)
	file := pcapOf()
	file = append(file, "\x00\xF1\x53\x65\x00\x00\x00\x00\xF0\xFF\xFF\xFF\xF0\xFF\xFF\xFF"...)
	file = append(append(file, make([]byte, 320)...), pcapOf(records...)[pcapHeaderSize:]...)
	events, err := read(t, file, capture.Options{})
	assert.ErrorContains(t, err, "the next that can be read is ")
	assert.Equal(t, []string{"client CONNECT 5.0", "client PUBLISH 5.0"}, lines(events))
	assert.Equal(t, 3, events[0].Record, "behind the damaged one and that of the SYN")
}

func TestCapturesThatWerePutTogetherAreRead(t *testing.T) {
	records := says(t, connect5, publish5, publish5p)
	for i := range records {
		records[i].second += 1700000000
	}
	events, err := read(t, append(pcapOf(records[:2]...), pcapOf(records[2:]...)...), capture.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"client CONNECT 5.0", "client PUBLISH 5.0", "client PUBLISH 5.0"}, lines(events))
}

func TestDamageAnywhereEnds(t *testing.T) {
	records := says(t, connect5, publish5, publish5p, publish5)
	whole := pcapOf(records...)
	rapid.Check(t, func(rt *rapid.T) {
		file := bytes.Clone(whole)
		at := rapid.IntRange(pcapHeaderSize, len(file)-5).Draw(rt, "at")
		copy(file[at:], rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(rt, "bytes"))
		events, _ := read(t, file, capture.Options{})
		for _, e := range events {
			if e.Kind == 0 {
				rt.Fatal("an event of no kind")
			}
		}
	})
}
