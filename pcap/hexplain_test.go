package pcap

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What readPlain makes of text is what the closer look makes of it, which is all that
// there is where a byte comes at a time.
func TestPlainHexTextReadsAsItDoesByTheByte(t *testing.T) {
	words := []string{"C0", "00", "c000", "3008", "0x30", "0X01", "0x", "0", "123", "00000000", "0000010", "0000", "0010", "ff:", "e0:00",
		"0000:", "|..|", "*", "zz", " ", "  ", "   ", "\t", "\n", "\r\n", ",", ", ", ":", "# 00", "//", "/", "00#", "c0//", strings.Repeat("c000", 300)}
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 40).Draw(rt, "words"), rapid.SampledFrom([]string{"", " ", "\n"}).Draw(rt, "between"))
		want, wantErr := io.ReadAll(newHexReader(bufio.NewReader(iotest.OneByteReader(strings.NewReader(text)))))
		got, err := io.ReadAll(newHexReader(bufio.NewReader(strings.NewReader(text))))
		if !bytes.Equal(want, got) || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			rt.Fatalf("%q: %x, %v; by the byte %x, %v", text, got, err, want, wantErr)
		}
	})
}

func BenchmarkHexText(b *testing.B) {
	for name, line := range map[string]string{
		"bytes":     "30 0e 00 07 70 6c 61 6e 74 2f 31 6f 6e 31 32 33\n",
		"0x":        "0x30, 0x0e, 0x00, 0x07, 0x70, 0x6c, 0x61, 0x6e, 0x74, 0x2f, 0x31, 0x6f, 0x6e, 0x31, 0x32, 0x33,\n",
		"no blanks": "300e0007706c616e742f316f6e313233\n",
	} {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(line, 20000)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_, err := io.Copy(io.Discard, newHexReader(bufio.NewReaderSize(strings.NewReader(text), fileBuffer)))
				require.NoError(b, err)
			}
		})
	}
}
