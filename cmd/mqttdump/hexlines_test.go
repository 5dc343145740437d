package main

import (
	"bytes"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHexHasEachByteOfThePacketsOnce puts the bytes of the lines together again.
func TestHexHasEachByteOfThePacketsOnce(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(ownCaptures, "*.pcap*"))
	require.NoError(t, err)
	form := newHexLines(&showOptions{secrets: true}, newPalette("never", nil))
	row := regexp.MustCompile(`(?m)^      ([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)`)
	count := 0
	for _, file := range files {
		for _, e := range packetEvents(t, file) {
			packet := frameBytes(e.Frame)
			if len(packet) > mostOfHex {
				continue
			}
			var got []byte
			for _, line := range row.FindAllStringSubmatch(string(form.append(nil, "", &e, "")), -1) {
				b, err := hex.DecodeString(strings.ReplaceAll(line[2], " ", ""))
				require.NoError(t, err)
				at, err := hex.DecodeString(line[1])
				require.NoError(t, err)
				offset := int(at[0])<<8 | int(at[1])
				require.LessOrEqual(t, offset, len(got), "no gap")
				got = append(got[:offset], b...)
			}
			require.True(t, bytes.Equal(packet, got), "%x\n%x", packet, got)
			count++
		}
	}
	assert.Greater(t, count, 500)
}

func TestHexHidesSecrets(t *testing.T) {
	out := dump(t, "-qx", "--mqtt-version", "5", temp(t, "10 1F 00 04 4D 51 54 54 04 C2 00 3C 00 03 61 62 63 00 04 75 73 65 72 00 08 73 65 63 72 65 74 31 32\n")) +
		dump(t, "-qx", "--mqtt-version", "5", temp(t, "F0 0D 18 0A 15 00 01 6D 16 00 03 73 65 63 FF\n"))
	for _, secret := range []string{`"user"`, `"secret12"`, `"sec"`, "75 73 65 72", "73 65 63"} {
		assert.NotContains(t, out, secret)
	}
	assert.Contains(t, out, "(hidden)                                         User Name: (hidden)")
	assert.Contains(t, out, "(hidden)                                         Password: (hidden)")
	assert.Contains(t, out, "(hidden)                                         Authentication Data: (hidden)")
}

func TestHexMarksTheFaultWhereItIs(t *testing.T) {
	out := dump(t, "-qx", filepath.Join(ownCaptures, "raw-invalid-connects.pcap"))
	assert.Regexp(t, `(?m)^      0009  03  0\.\.\.\.\.\.\. .*<- CONNECT \(3\.1\.1\) malformed packet: Connect Flags at byte 9`, out)
	assert.Regexp(t, `(?m)^      0000  36  \.\.\.\.\.11\. .*QoS: 3 .*<- PUBLISH`, out)
	assert.Regexp(t, `(?m)^      0003  00 01 80 .*Topic Name|(?m)^      0002  00 03 61 2f 23 .*<- PUBLISH`, out)
}
