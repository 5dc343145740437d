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

	events, err = read(t, []byte(publish5+"\x30\xFF\xFF\xFF\xFF\x00"), capture.Options{})
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
	for name, want := range map[string]string{
		empty: "the file is empty", packed: "the file ends too early",
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

func TestFilesOfOtherFormatsAreNamed(t *testing.T) {
	trace := make([]byte, 200)
	copy(trace, "\x00\x00\x01\x00")
	copy(trace[72:], "\x02\x00\x02\xC0")
	for start, want := range map[string]string{
		"PK\x03\x04\x14\x00":   "a zip archive; unpack it first",
		"BZh91AY":              "compressed with bzip2; unpack it first",
		"\xfd7zXZ\x00\x00":     "compressed with xz; unpack it first",
		"\x04\x22\x4d\x18\x64": "compressed with LZ4; unpack it first",
		"GMBU\x00\x00":         "a capture of Microsoft Network Monitor 2 or 3; editcap",
		"\x7fver\x00":          "a capture of OmniPeek; editcap",
		"btsnoop\x00\x00\x00":  "Bluetooth (btsnoop), which carries no TCP",
		string(trace):          "an event trace of Windows (ETL); etl2pcapng",
		"snoop\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x04": "snoop version 3 is not known",
		"snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x08": "link layer 8 of snoop is not known",
		"snoop\x00\x00\x00\x00\x00":                         "the file ends inside its header",
		"\x7fELF\x02\x01\x01\x00":                           "this is no capture in a format that is known",
		"\xC0\x00\x01\x02\x03\x04":                          "this is no capture in a format that is known",
	} {
		_, err := read(t, []byte(start), capture.Options{})
		require.IsType(t, &FileError{}, err, start)
		assert.ErrorContains(t, err, want)
	}
}

func TestBytesThatAreSaidToBeRawAreRead(t *testing.T) {
	r, err := OpenInputs([]Input{{Reader: strings.NewReader("\x31\x01\x00" + pingreq)}}, Options{Raw: true})
	require.NoError(t, err)
	e, err := r.Next()
	require.NoError(t, err)
	assert.Error(t, e.Err)
	e, err = r.Next()
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, e.Frame.Header.Type)
}

func TestEveryFileThatHoldsThePlainOneGivesIts(t *testing.T) {
	plain := fault(t, "plain.pcap")
	require.NotEmpty(t, plain)
	for _, name := range []string{"plain.pcap.zst", "plain.snoop", "pcap-version-2.1.pcap"} {
		assert.Equal(t, tell(plain), tell(fault(t, name)), name)
	}
	_, err := Open("../testdata/captures/faults/plain.pcap.zip", capture.Options{})
	assert.EqualError(t, err, "the file is a zip archive; unpack it first")
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
