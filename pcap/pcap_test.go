package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/capture"
)

// pcapFile writes a pcap file of one byte order and resolution. The fraction is
// in units of the resolution.
func pcapFile(order byteOrder, magic uint32, link layers.LinkType, fraction uint32, records ...[]byte) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 65535)
	b = order.AppendUint32(b, uint32(link))
	for _, r := range records {
		b = order.AppendUint32(b, 1700000000)
		b = order.AppendUint32(b, fraction)
		b = order.AppendUint32(b, uint32(len(r)))
		b = order.AppendUint32(b, uint32(len(r)))
		b = append(b, r...)
	}
	return b
}

func pingRecord(t testing.TB) []byte { return serialize(t, ip4(), tcp(), ping) }

func TestPcapOfEveryByteOrderAndResolution(t *testing.T) {
	for name, test := range map[string]struct {
		order byteOrder
		magic uint32
		want  int
	}{
		"little-endian, microseconds": {binary.LittleEndian, 0xA1B2C3D4, 123456000},
		"big-endian, microseconds":    {binary.BigEndian, 0xA1B2C3D4, 123456000},
		"little-endian, nanoseconds":  {binary.LittleEndian, 0xA1B23C4D, 123456},
		"big-endian, nanoseconds":     {binary.BigEndian, 0xA1B23C4D, 123456},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := read(t, pcapFile(test.order, test.magic, layers.LinkTypeRaw, 123456, pingRecord(t)), capture.Options{})
			require.NoError(t, err)
			require.Len(t, events, 1)
			assert.Equal(t, time.Unix(1700000000, int64(test.want)).UTC(), events[0].Time)
			assert.Equal(t, 1, events[0].Record)
		})
	}
}

// pcapOfVersion is a file with one record, as a version of the format has it: with the
// lengths of the record in turn if they are swapped, and with bytes behind its header
// and that of the file.
func pcapOfVersion(order byteOrder, magic uint32, major, minor uint16, swapped bool, behindFile, behindRecord int, data []byte) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, major)
	b = order.AppendUint16(b, minor)
	b = append(b, make([]byte, 12)...)
	b = order.AppendUint32(b, 0x04000000|uint32(layers.LinkTypeRaw)) // with the length of a checksum
	b = append(b, make([]byte, behindFile)...)
	b = append(b, make([]byte, 8)...)
	size, onWire := uint32(len(data)), uint32(len(data)+3)
	if swapped {
		size, onWire = onWire, size
	}
	b = order.AppendUint32(b, size)
	b = order.AppendUint32(b, onWire)
	return append(append(b, make([]byte, behindRecord)...), data...)
}

func TestPcapOfEveryVersion(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	ip := pingRecord(t)
	for name, file := range map[string][]byte{
		"2.0":               pcapOfVersion(le, magicMicroseconds, 2, 0, true, 0, 0, ip),
		"2.1":               pcapOfVersion(be, magicMicroseconds, 2, 1, true, 0, 0, ip),
		"2.2":               pcapOfVersion(le, magicMicroseconds, 2, 2, true, 0, 0, ip),
		"2.3":               pcapOfVersion(le, magicMicroseconds, 2, 3, false, 0, 0, ip),
		"2.3, swapped":      pcapOfVersion(le, magicMicroseconds, 2, 3, true, 0, 0, ip),
		"2.4":               pcapOfVersion(be, magicMicroseconds, 2, 4, false, 0, 0, ip),
		"a later one":       pcapOfVersion(be, magicMicroseconds, 2, 5, false, 0, 0, ip),
		"of DG/UX":          pcapOfVersion(be, magicMicroseconds, 543, 0, true, 0, 0, ip),
		"modified":          pcapOfVersion(le, magicModified, 2, 4, false, 0, 8, ip),
		"modified, swapped": pcapOfVersion(be, magicModified, 2, 4, false, 0, 8, ip),
		"of Ixia":           pcapOfVersion(le, magicIxiaMicroseconds, 2, 4, false, 4, 0, ip),
		"of Ixia, swapped":  pcapOfVersion(be, magicIxiaNanoseconds, 2, 4, false, 4, 0, ip),
	} {
		t.Run(name, func(t *testing.T) {
			events, err := read(t, file, capture.Options{})
			require.NoError(t, err)
			assert.Equal(t, []string{"1/0 client PINGREQ 3.1.1?"}, tell(events))
		})
	}
}

func TestPcapCutAnywhereGivesWhatCameBefore(t *testing.T) {
	file := pcapFile(binary.LittleEndian, 0xA1B2C3D4, layers.LinkTypeRaw, 0, pingRecord(t), pingRecord(t)[:40], pingRecord(t)[:41])
	const header, recordHeader = 24, 16
	second := header + recordHeader + len(pingRecord(t))
	third := second + recordHeader + 40
	for n := 1; n < len(file); n++ {
		events, err := read(t, file[:n], capture.Options{})
		var broken *FileError
		switch {
		case n < 4: // too short to be told from raw bytes
		case n < header:
			require.ErrorAs(t, err, &broken)
			assert.Contains(t, err.Error(), "the file ends inside its header")
		case n == header || n == second || n == third:
			assert.NoError(t, err, "byte %d ends a record", n)
		default:
			require.ErrorAs(t, err, &broken, "cut at byte %d", n)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			want := 1
			if n > second {
				want = 2
			}
			if n > third {
				want = 3
			}
			assert.Equal(t, want, broken.Record, "cut at byte %d", n)
			assert.Contains(t, err.Error(), "the file ends inside it")
		}
		if n >= second {
			assert.Len(t, events, 1)
		}
	}
}

func TestPcapOfAnUnknownLinkTypeIsReported(t *testing.T) {
	_, err := read(t, pcapFile(binary.LittleEndian, 0xA1B2C3D4, 148, 0, pingRecord(t)), capture.Options{})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "record 1: link type 148")
}

// TestDeclaredLengthsTakeNoMemory reads small files that declare huge records.
func TestDeclaredLengthsTakeNoMemory(t *testing.T) {
	le := binary.LittleEndian
	huge := pcapFile(le, 0xA1B2C3D4, layers.LinkTypeRaw, 0)
	huge = append(huge, make([]byte, 8)...)
	huge = le.AppendUint32(huge, 0x7FFFFFF0)
	huge = le.AppendUint32(huge, 0x7FFFFFF0)
	snap := bytes.Clone(huge)
	le.PutUint32(snap[16:], 0x7FFFFFFF) // a snap length that allows it

	packet := section(le)
	packet = appendInterface(packet, le, layers.LinkTypeRaw)
	packet = le.AppendUint32(packet, blockEnhancedPacket)
	packet = le.AppendUint32(packet, 0x7FFFFFF0)

	skipped := section(le)
	skipped = le.AppendUint32(skipped, 0x12345678)
	skipped = le.AppendUint32(skipped, 0xFFFFFFFC)

	for name, file := range map[string][]byte{
		"pcap": huge, "pcap with a huge snap length": snap, "pcapng packet": packet, "pcapng unknown block": skipped,
		"raw PUBLISH": []byte("\x30\xFF\xFF\xFF\x7F\x00\x01a"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			events, err := read(t, file, capture.Options{})
			runtime.ReadMemStats(&after)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
			var broken *FileError
			if name == "raw PUBLISH" {
				assert.Len(t, events, 1)
			} else {
				assert.True(t, errors.As(err, &broken), "got %v", err)
			}
		})
	}
}
