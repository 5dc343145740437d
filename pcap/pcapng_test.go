package pcap

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/capture"
)

// appendBlock appends a block, whose body it pads.
func appendBlock(b []byte, order byteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(len(body) + 12)
	b = order.AppendUint32(b, kind)
	b = order.AppendUint32(b, size)
	b = append(b, body...)
	return order.AppendUint32(b, size)
}

// section begins a file, or another section of one.
func section(order byteOrder) []byte {
	body := order.AppendUint32(nil, 0x1A2B3C4D)
	body = order.AppendUint16(body, 1)
	body = order.AppendUint16(body, 0)
	body = append(body, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"...)
	return appendBlock(nil, order, blockSectionHeader, body)
}

// option is an option of a block.
func option(order byteOrder, code uint16, value ...byte) []byte {
	b := order.AppendUint16(nil, code)
	b = order.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func appendInterface(b []byte, order byteOrder, link layers.LinkType, options ...[]byte) []byte {
	body := order.AppendUint16(nil, uint16(link))
	body = order.AppendUint16(body, 0)
	body = order.AppendUint32(body, 0) // no snap length
	for _, o := range options {
		body = append(body, o...)
	}
	return appendBlock(b, order, blockInterface, body)
}

func appendPacket(b []byte, order byteOrder, id uint32, ticks uint64, data []byte, options ...[]byte) []byte {
	body := order.AppendUint32(nil, id)
	body = order.AppendUint32(body, uint32(ticks>>32))
	body = order.AppendUint32(body, uint32(ticks))
	body = order.AppendUint32(body, uint32(len(data)))
	body = order.AppendUint32(body, uint32(len(data)))
	body = append(body, data...)
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	for _, o := range options {
		body = append(body, o...)
	}
	return appendBlock(b, order, blockEnhancedPacket, body)
}

func appendSimplePacket(b []byte, order byteOrder, data []byte) []byte {
	return appendBlock(b, order, blockSimplePacket, append(order.AppendUint32(nil, uint32(len(data))), data...))
}

func TestPcapngOfSeveralSectionsAndInterfaces(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	ip := pingRecord(t)
	file := section(be)
	file = appendBlock(file, be, 0x12345678, []byte("unknown block"))
	file = appendInterface(file, be, layers.LinkTypeRaw)
	file = appendInterface(file, be, layers.LinkTypeNull)
	file = appendPacket(file, be, 0, 1700000000_000001, ip)
	file = appendBlock(file, be, blockCustom, []byte("with a record number"))
	file = appendPacket(file, be, 1, 1700000000_000002, append([]byte{0, 0, 0, 2}, ip...), option(be, 1, []byte("comment")...))
	file = appendBlock(file, be, 5, make([]byte, 12)) // statistics
	file = append(file, section(le)...)
	file = appendInterface(file, le, layers.LinkTypeEthernet)
	file = appendSimplePacket(file, le, serialize(t, ethernet(layers.EthernetTypeIPv4), ip4(), tcp(), ping))
	file = appendPacket(file, le, 0, 1700000000_000003, serialize(t, ethernet(layers.EthernetTypeIPv6), ip6(), tcp(), ping))

	events, err := read(t, file, capture.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"1/0 client PINGREQ 3.1.1?", "5/1 client PINGREQ 3.1.1?"}, tell(events),
		"the same segment on two interfaces, and once more without a time, is one")
	assert.Equal(t, time.Unix(1700000000, 1000).UTC(), events[0].Time)
	assert.Equal(t, time.Unix(1700000000, 3000).UTC(), events[1].Time)
}

func TestPcapngPacketsOfTheOldAndTheSimpleForm(t *testing.T) {
	le := binary.LittleEndian
	ip := pingRecord(t)
	old := le.AppendUint16(nil, 0)
	old = le.AppendUint16(old, 7) // drops
	old = le.AppendUint32(old, 0)
	old = le.AppendUint32(old, 5_000_001)
	old = le.AppendUint32(old, uint32(len(ip)))
	old = le.AppendUint32(old, uint32(len(ip)))
	old = append(old, ip...)
	file := appendBlock(appendInterface(section(le), le, layers.LinkTypeRaw), le, blockPacket, old)
	events, err := read(t, file, capture.Options{})
	require.NoError(t, err)
	require.Len(t, events, 1)
	assert.Equal(t, time.Unix(5, 1000).UTC(), events[0].Time)

	events, err = read(t, appendSimplePacket(appendInterface(section(le), le, layers.LinkTypeRaw), le, ip), capture.Options{})
	require.NoError(t, err)
	require.Len(t, events, 1)
	assert.True(t, events[0].Time.IsZero(), "it has no time")
}

func TestPcapngTimesAreExact(t *testing.T) {
	le := binary.LittleEndian
	resolution := func(r byte) []byte { return option(le, optionTimeResolution, r) }
	offset := func(s uint64) []byte { return option(le, optionTimeOffset, le.AppendUint64(nil, s)...) }
	for name, test := range map[string]struct {
		options [][]byte
		ticks   uint64
		want    time.Time
	}{
		"microseconds by default": {nil, 1700000000_123456, time.Unix(1700000000, 123456000)},
		"nanoseconds":             {[][]byte{resolution(9)}, 1700000000_123456789, time.Unix(1700000000, 123456789)},
		"seconds":                 {[][]byte{resolution(0)}, 1700000000, time.Unix(1700000000, 0)},
		"tenths of nanoseconds":   {[][]byte{resolution(10)}, 17_1234567899, time.Unix(17, 123456789)},
		"10^-25 s":                {[][]byte{resolution(25)}, 12345678901234567890, time.Unix(0, 1234)},
		"10^-127 s":               {[][]byte{resolution(127)}, 12345678901234567890, time.Unix(0, 0)},
		"2^-10 s":                 {[][]byte{resolution(0x80 | 10)}, 1700000000<<10 | 295, time.Unix(1700000000, 288085937)},
		"2^-32 s":                 {[][]byte{resolution(0x80 | 32)}, 1700000000<<32 | 0xFFFFFFFF, time.Unix(1700000000, 999999999)},
		"2^-64 s":                 {[][]byte{resolution(0x80 | 64)}, 1 << 63, time.Unix(0, 500000000)},
		"2^-127 s":                {[][]byte{resolution(0x80 | 127)}, 1 << 63, time.Unix(0, 0)},
		"offset":                  {[][]byte{resolution(6), offset(1000)}, 5_000001, time.Unix(1005, 1000)},
		"negative offset":         {[][]byte{offset(^uint64(0))}, 5_000001, time.Unix(4, 1000)},
		"end of options":          {[][]byte{option(le, optionEnd), resolution(9)}, 5_000001, time.Unix(5, 1000)},
		"options too short":       {[][]byte{option(le, optionTimeResolution), option(le, optionTimeOffset, 1, 2, 3)}, 5_000001, time.Unix(5, 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			file := appendPacket(appendInterface(section(le), le, layers.LinkTypeRaw, test.options...), le, 0, test.ticks, pingRecord(t))
			events, err := read(t, file, capture.Options{})
			require.NoError(t, err)
			require.Len(t, events, 1)
			assert.Equal(t, test.want.UTC(), events[0].Time)
		})
	}
}

func TestPcapngOfALaterMinorVersion(t *testing.T) {
	le := binary.LittleEndian
	file := section(le)
	file[14] = 2
	events, err := read(t, appendPacket(appendInterface(file, le, layers.LinkTypeRaw), le, 0, 0, pingRecord(t)), capture.Options{})
	require.NoError(t, err)
	assert.Len(t, events, 1)
}

func TestPcapngWithOptionsThatCannotBeParsed(t *testing.T) {
	le := binary.LittleEndian
	file := appendInterface(section(le), le, layers.LinkTypeRaw)
	file = appendPacket(file, le, 0, 0, pingRecord(t), []byte("\x01\x00\xFF\xFF"))
	file = appendPacket(file, le, 0, 0, pingRecord(t), []byte("\x00\x00\x03\x00"))
	_, err := read(t, file, capture.Options{})
	assert.NoError(t, err)
}

func TestPcapngThatIsDamaged(t *testing.T) {
	le := binary.LittleEndian
	begun := appendInterface(section(le), le, layers.LinkTypeRaw)
	good := appendPacket(begun, le, 0, 0, pingRecord(t))
	with := func(at int, b byte) []byte {
		file := append([]byte(nil), good...)
		file[at] = b
		return file
	}
	major := section(le)
	major[12] = 2
	packet := len(begun)
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"no byte-order magic":     {append([]byte("\x0A\x0D\x0D\x0A\x1C\x00\x00\x00"), make([]byte, 20)...), "a section header has no byte-order magic"},
		"unknown major version":   {major, "pcapng version 2 is not known"},
		"length below 12":         {with(packet+4, 8), "a block has the impossible length 8"},
		"length no multiple of 4": {with(packet+4, good[packet+4]+1), "a block has the impossible length"},
		"lengths differ":          {with(len(good)-4, 0), "ends with the length"},
		"unknown interface":       {with(packet+8, 1), "record 1: a packet is of interface 1, but its section has 1"},
		"negative interface":      {with(packet+11, 0xFF), "a packet is of interface"},
		"longer than its block":   {with(packet+8+13, 1), "a packet block has"},
		"no interface":            {appendSimplePacket(section(le), le, pingRecord(t)), "record 1: a packet comes before its section's first interface"},
		"simple packet too long":  {appendBlock(begun[:len(begun):len(begun)], le, blockSimplePacket, []byte{9, 0, 0, 0, 1, 2, 3, 4}), "a simple packet block has 4 bytes for a packet of 9"},
		"options past the end":    {appendInterface(section(le), le, layers.LinkTypeRaw, []byte{9, 0, 9, 0}), "options run past its end"},
		"cut":                     {good[:len(good)-1], "record 1: the file ends inside a block"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, test.file, capture.Options{})
			require.Error(t, err)
			assert.IsType(t, &FileError{}, err)
			assert.Contains(t, err.Error(), test.want)
		})
	}
}

func TestPcapngCutAnywhereGivesWhatCameBefore(t *testing.T) {
	be := binary.BigEndian
	file := appendPacket(appendInterface(section(be), be, layers.LinkTypeRaw), be, 0, 0, pingRecord(t))
	first := len(file)
	file = append(file, section(be)...)
	second := len(file)
	file = appendInterface(file, be, layers.LinkTypeRaw)
	third := len(file)
	file = appendPacket(file, be, 0, 0, pingRecord(t))
	for n := 4; n < len(file); n++ {
		events, err := read(t, file[:n], capture.Options{})
		if n >= first {
			assert.Len(t, events, 1, "cut at byte %d", n)
		}
		switch n {
		case 28, 48, first, second, third: // a block ends here
			assert.NoError(t, err, "cut at byte %d", n)
		default:
			assert.Error(t, err, "cut at byte %d", n)
		}
	}
}

func TestBlocksMayLieAnywhereInTheBuffer(t *testing.T) {
	le := binary.LittleEndian
	ping := pingRecord(t)
	for shift := range 20 {
		file := appendInterface(section(le), le, layers.LinkTypeRaw)
		file = appendBlock(file, le, blockCustom, make([]byte, 4*shift))
		for len(file) < 3*fileBuffer {
			file = appendPacket(file, le, 0, 0, ping)
		}
		count, faults := pingsAndFaults(t, file)
		assert.Equal(t, (len(file)-len(section(le))-20-12-4*shift)/76, count)
		assert.Empty(t, faults)
	}
}
