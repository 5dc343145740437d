package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/capture"
)

// pingsAndFaults reads a file to its end: how many records have a ping, and what is wrong.
func pingsAndFaults(t require.TestingT, file []byte) (pings int, faults []string) {
	r, err := NewReader(bytes.NewReader(file), capture.Options{})
	require.NoError(t, err)
	for {
		_, err := r.Next()
		switch {
		case err == io.EOF:
			return r.Records().TCP, faults
		case err != nil:
			require.IsType(t, &FileError{}, err)
			faults = append(faults, err.Error())
		}
	}
}

// pingSections is a file of two sections in both byte orders, of five pings each, and
// where its blocks begin.
func pingSections(t testing.TB) (file []byte, blocks []int) {
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		blocks = append(blocks, len(file))
		file = append(file, section(order)...)
		blocks = append(blocks, len(file))
		file = appendInterface(file, order, layers.LinkTypeRaw)
		for range 5 {
			blocks = append(blocks, len(file))
			file = appendPacket(file, order, 0, 0, pingRecord(t))
		}
	}
	return file, append(blocks, len(file))
}

func TestBehindADamagedBlockLengthTheRestIsRead(t *testing.T) {
	good, blocks := pingSections(t)
	count, faults := pingsAndFaults(t, good)
	require.Equal(t, 10, count)
	require.Empty(t, faults)
	for i := 2; i < len(blocks)-2; i++ { // of the last nothing comes behind, without the first it is no pcapng
		if i == 7 || i == 8 { // the second section has no header, or no interface: its packets cannot be read
			continue
		}
		at := blocks[i]
		order := byteOrder(binary.LittleEndian)
		if i > 8 {
			order = binary.BigEndian
		}
		size := order.Uint32(good[at+4:])
		for name, change := range map[string]func(file []byte){
			"no length":          func(file []byte) { order.PutUint32(file[at+4:], 0) },
			"an odd one":         func(file []byte) { order.PutUint32(file[at+4:], size+1) },
			"a shorter one":      func(file []byte) { order.PutUint32(file[at+4:], size-4) },
			"a longer one":       func(file []byte) { order.PutUint32(file[at+4:], size+4) },
			"one past the end":   func(file []byte) { order.PutUint32(file[at+4:], uint32(len(good))) },
			"one past the limit": func(file []byte) { order.PutUint32(file[at+4:], 0xFFFFFFFC) },
			"another at its end": func(file []byte) { order.PutUint32(file[at+int(size)-4:], size+8) },
		} {
			file := bytes.Clone(good)
			change(file)
			count, faults := pingsAndFaults(t, file)
			assert.Equal(t, 9, count, "block %d with %s: %v", i, name, faults)
			want := fmt.Sprintf("; the next that can be read is %d bytes on (byte %d)", size, at)
			if assert.Len(t, faults, 1, "block %d with %s", i, name) {
				assert.Contains(t, faults[0], want, name)
			}
		}
	}
}

func TestADamagedSectionIsPassedOver(t *testing.T) {
	good, blocks := pingSections(t)
	for name, test := range map[string]struct{ at, want int }{
		"its magic":  {blocks[7] + 8, 15},
		"its length": {blocks[7] + 7, 20}, // its interface is known all the same
	} {
		file := bytes.Clone(good)
		file[test.at] ^= 0xFF
		third, _ := pingSections(t)
		count, faults := pingsAndFaults(t, append(file, third...))
		assert.Equal(t, test.want, count, name)
		require.NotEmpty(t, faults, name)
		assert.Contains(t, faults[0], "the next that can be read is", name)
	}
}

func TestNoiseOfAnySizeBetweenBlocksIsPassedOver(t *testing.T) {
	good, blocks := pingSections(t)
	rapid.Check(t, func(rt *rapid.T) {
		at := rapid.SampledFrom(blocks[2:7]).Draw(rt, "before")
		size := rapid.OneOf(rapid.IntRange(1, 100), rapid.IntRange(fileBuffer/2-8, fileBuffer/2+8), rapid.IntRange(fileBuffer-8, 3*fileBuffer)).Draw(rt, "noise")
		noise := bytes.Repeat([]byte{rapid.SampledFrom([]byte{0, 6, 0xFF}).Draw(rt, "byte")}, size)
		file := append(append(bytes.Clone(good[:at]), noise...), good[at:]...)
		count, faults := pingsAndFaults(rt, file)
		if count != 10 || len(faults) != 1 {
			rt.Fatalf("%d packets, %v", count, faults)
		}
	})
}

func TestWithoutABlockBehindItADamagedOneEndsTheFile(t *testing.T) {
	good, blocks := pingSections(t)
	file := bytes.Clone(good)
	file[blocks[len(blocks)-2]+7]++
	r, err := NewReader(bytes.NewReader(file), capture.Options{})
	require.NoError(t, err)
	for _, err = range r.Events() {
		if err != nil {
			break
		}
	}
	assert.Equal(t, 9, r.Records().TCP)
	var fault *FileError
	require.True(t, errors.As(err, &fault))
	assert.False(t, fault.soft)
	assert.ErrorContains(t, err, "a block has the impossible length")
	assert.NotContains(t, err.Error(), "can be read")
}

func TestALengthBeyondTheBufferIsTakenBackIfItsEndDoesNotTellIt(t *testing.T) {
	le := binary.LittleEndian
	file := appendInterface(section(le), le, layers.LinkTypeRaw)
	var blocks []int
	for range 3000 {
		blocks = append(blocks, len(file))
		file = appendPacket(file, le, 0, 0, pingRecord(t))
	}
	for _, size := range []uint32{100_000, 1_000_000} { // inside the file, and beyond it
		damaged := bytes.Clone(file)
		le.PutUint32(damaged[blocks[100]+4:], size)
		count, faults := pingsAndFaults(t, damaged)
		assert.Equal(t, 2999, count)
		require.Len(t, faults, 1)
		assert.Contains(t, faults[0], "the next that can be read is 76 bytes on")
	}
}

func TestWrongLengthsAreNotTakenBackForEver(t *testing.T) {
	le := binary.LittleEndian
	file := appendInterface(section(le), le, layers.LinkTypeRaw)
	const size = 6 << 20
	for range 200 {
		file = le.AppendUint32(le.AppendUint32(file, blockEnhancedPacket), size)
		file = appendPacket(file, le, 0, 0, pingRecord(t))
		file = appendPacket(file, le, 0, 0, pingRecord(t))
	}
	file = append(file, make([]byte, size)...)
	count, faults := pingsAndFaults(t, file)
	assert.Equal(t, 2*(maxUnread/size), count)
	assert.Len(t, faults, 2, "the first, and that which ends the reading")
}
