package capture

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestHexTextInItsManyForms(t *testing.T) {
	const want = "1/0 client PINGREQ 3.1.1?\n2/0 ? PUBLISH 3.1.1?"
	for name, text := range map[string]string{
		"bytes":              "C0 00 30 08 00 01 74 68 65 6c 6c 6f\n",
		"no spaces":          "c00030080001 7468656C6C6F",
		"lines and tabs":     "\tC0 00\r\n\n30 08\n\n00 01 74\t68 65 6c 6c 6f",
		"0x":                 "0xC0 0x00 0x30 0x08 0x00 0x01 0x74 0X68 0x65 0x6c 0x6c 0x6f",
		"0x and commas":      "0xC0, 0x00, 0x30,0x08,0x00,0x01,0x74,0x68,0x65,0x6c,0x6c,0x6f,",
		"comments":           "# a ping: über alles\nC0 00 // PINGREQ\n30 08 # header\n00 01 74 68 65 6c 6c 6f",
		"xxd":                "00000000: c000 3008 0001 7468 656c 6c6f            ..0...thello\n",
		"xxd, hex in text":   "00000000: c000 3008 0001 7468 656c                 beefcafe42\n0000000a: 6c6f                                     #//o\n",
		"hexdump -C":         "00000000  c0 00 30 08 00 01 74 68  65 6c 6c 6f              |..0...thello|\n0000000c\n",
		"tcpdump -x":         "\t0x0000:  c000 3008 0001 7468 656c 6c6f\n",
		"many comment lines": strings.Repeat("# Kommentar, länger als ein Blick\n", 500) + "C0 00 30 08 00 01 74 68 65 6c 6c 6f",
	} {
		t.Run(name, func(t *testing.T) {
			events, err := read(t, []byte(text), Options{})
			require.NoError(t, err)
			assert.Equal(t, want, strings.Join(tell(events), "\n"))
		})
	}
}

func TestHexTextLongerThanALook(t *testing.T) {
	for name, text := range map[string]string{
		"in one line, no spaces": strings.Repeat("C000", 5000),
		"in one line":            strings.Repeat("C0 00 ", 5000),
		"in one line, with 0x":   strings.Repeat("0xC0, 0x00, ", 5000),
		"in many lines":          strings.Repeat("C0 00\n", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			events, err := read(t, []byte(text), Options{})
			require.NoError(t, err)
			assert.Len(t, events, 5000)
		})
	}
}

func TestHexTextThatBreaksOffIsReportedByLine(t *testing.T) {
	text := strings.Repeat("C0 00\n", 1000)
	for bad, want := range map[string]string{
		"C0 0":                  `line 1001: "0" has an odd number of hex digits`,
		"C0 zz":                 `line 1001: "zz" is no hex`,
		strings.Repeat("q", 99): `line 1001: "qqqqqqqqqqqqqqqqqqqqqqqq..." is no hex`,
	} {
		events, err := read(t, []byte(text+bad+"\nC0 00\n"), Options{})
		assert.Len(t, events, 1000)
		assert.EqualError(t, err, want)
	}
}

func TestRawBytes(t *testing.T) {
	events, err := read(t, []byte(connect5+connack5+publish5p+"\x40\x02\x00\x00"+pingreq+publish5[:6]), Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"1/0 client CONNECT 5.0",
		"2/0 server CONNACK 5.0",
		"3/0 ? PUBLISH 5.0",
		"4/0 ? PUBACK 5.0 [U-2.2.1-1]",
		"5/0 client PINGREQ 5.0",
		"6/0 ? partial packet PUBLISH 6 of 11",
	}, tell(events))
	assert.False(t, events[0].Src.IsValid())
	assert.True(t, events[0].Time.IsZero())
}

func TestRawBytesOfAnyKind(t *testing.T) {
	large, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, []byte("\x00\x01t"+strings.Repeat("x", 3*rawChunk)))
	require.NoError(t, err)
	events, err := read(t, append(large, pingreq...), Options{Version: mqttwire.V311})
	require.NoError(t, err)
	assert.Equal(t, []string{"1/0 ? PUBLISH 3.1.1", "2/0 client PINGREQ 3.1.1"}, tell(events))

	events, err = read(t, []byte(pingreq+"\x30\xFF\xFF\xFF\xFF\x00"), Options{})
	require.NoError(t, err)
	require.Len(t, events, 2)
	assert.Equal(t, BrokenHeader, events[1].Kind)
	assert.Equal(t, 2, events[1].Record)
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	packed := filepath.Join(dir, "packed")
	require.NoError(t, os.WriteFile(packed, []byte("\x1F\x8B\x08\x00"), 0o600))
	for name, want := range map[string]string{empty: "the file is empty", packed: "the file is compressed with gzip"} {
		_, err := Open(name, Options{})
		assert.ErrorContains(t, err, want)
		assert.IsType(t, &FileError{}, err)
	}
	_, err := Open(filepath.Join(dir, "none"), Options{})
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(dir, Options{})
	assert.Error(t, err, "it is a directory")
}
