package pcap

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

func TestRawBytes(t *testing.T) {
	events, err := read(t, []byte(connect5+connack5+publish5p+"\x40\x02\x00\x00"+pingreq+publish5[:6]), capture.Options{})
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
	events, err := read(t, append(large, pingreq...), capture.Options{Version: mqttwire.V311})
	require.NoError(t, err)
	assert.Equal(t, []string{"1/0 ? PUBLISH 3.1.1", "2/0 client PINGREQ 3.1.1"}, tell(events))

	events, err = read(t, []byte(pingreq+"\x30\xFF\xFF\xFF\xFF\x00"), capture.Options{})
	require.NoError(t, err)
	require.Len(t, events, 2)
	assert.Equal(t, capture.BrokenHeader, events[1].Kind)
	assert.Equal(t, 2, events[1].Record)
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	packed := filepath.Join(dir, "packed")
	require.NoError(t, os.WriteFile(packed, []byte("\x1F\x8B\x08\x00"), 0o600))
	modified := filepath.Join(dir, "modified")
	require.NoError(t, os.WriteFile(modified, []byte("\x34\xCD\xB2\xA1\x02\x00\x04\x00"), 0o600))
	swapped := filepath.Join(dir, "swapped")
	require.NoError(t, os.WriteFile(swapped, []byte("\xA1\xB2\xCD\x34\x00\x02\x00\x04"), 0o600))
	for name, want := range map[string]string{
		empty: "the file is empty", packed: "the file is compressed with gzip",
		modified: "pcap (\"modified\"", swapped: "pcap (\"modified\"",
	} {
		_, err := Open(name, capture.Options{})
		assert.ErrorContains(t, err, want)
		assert.IsType(t, &FileError{}, err)
	}
	_, err := Open(filepath.Join(dir, "none"), capture.Options{})
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(dir, capture.Options{})
	assert.Error(t, err, "it is a directory")
}

func TestTextIsHexTextAndAllElseIsRaw(t *testing.T) {
	long := strings.Repeat("c000", 3000)
	for name, test := range map[string]struct {
		file string
		want format
	}{
		"one digit":                      {"c", formatHex},
		"two digits":                     {"c0", formatHex},
		"a long line":                    {long, formatHex},
		"text":                           {"no hex at all", formatHex},
		"text in UTF-8":                  {"# \u00fc\n\u4f60\u597d\u4f60\u597d\u4f60\u597d", formatHex},
		"a byte order mark":              {"\uFEFFc000", formatHex},
		"a character cut by the look":    {long[:sniffSize-1] + "ü" + long, formatHex},
		"a control character far behind": {long + "\x00", formatHex},
		"one byte":                       {"\xC0", formatRaw},
		"a character that is cut":        {"\xE0", formatRaw},
		"PINGREQ":                        {pingreq, formatRaw},
		"CONNECT":                        {connect5, formatRaw},
		"CONNACK of 34 bytes":            {" \"\x00\x00", formatRaw},
		"PUBLISH":                        {"08\x00\x01thello", formatRaw},
		"PUBLISH of printable length":    {"0A\x00\x01t" + long, formatRaw},
		"PUBACK of printable bytes":      {"@ AB\x10\x1c\x1f\x00\x19" + long, formatRaw},
		"PUBACK of printable bytes, cut": {"@ AB\x10", formatRaw},
		"SUBACK":                         {"\x90\"AB" + strings.Repeat("\x80", 30), formatRaw},
		"text with a control character":  {"c000 c000 c\x07", formatRaw},
		"text with a zero byte":          {"c000\x00", formatRaw},
		"Latin-1 outside of comments":    {"\xFC" + long, formatRaw},
	} {
		t.Run(name, func(t *testing.T) {
			for _, in := range []*bufio.Reader{
				bufio.NewReaderSize(strings.NewReader(test.file), sniffSize),
				bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(test.file)), sniffSize),
			} {
				got, err := sniff(in)
				require.NoError(t, err)
				assert.Equal(t, test.want, got)
			}
		})
	}
}
