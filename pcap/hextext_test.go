package pcap

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/capture"
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
		"xxd, bytes":         "00000000: c0 00 30 08 00 01 74 68 65 6c 6c 6f              ..0...thello\n",
		"colons":             "c0:00:30:08:00:01:\n74:68:65:6c:6c:6f\n",
		"colons and 0x":      "0xC0:0x00 30:08, 00:01:74:68:65:6c:6c:6f",
		"offset, no blanks":  "0000: c000300800017468656c6c6f",
		"offset of its own":  "0000:\nc000 3008 0001\n0x0006:\n7468 656c 6c6f",
		"byte order mark":    "\uFEFFC0 00 30 08 00 01 74 68 65 6c 6c 6f",
		"mark and comment":   "\uFEFF# ping\nC0 00 30 08 00 01 74 68 65 6c 6c 6f",
		"comment in Latin-1": "# \xFCber\nC0 00 30 08 00 01 74 68 65 6c 6c 6f // \xE4",
		"comment at a word":  "C0#ping\n00//ping\n30 08 00 01 74 68 65 6c 6c 6f//end",
		"hexdump -C, 2 rows": "00000000  c0 00 30 08 00 01 74 68  65 6c                    |..0...thel|\n0000000a  6c 6f                                             ||#|\n0000000c\n",
		"hexdump -C, a part": "00000010  c0 00 30 08 00 01 74 68  65 6c 6c 6f              |..0...thello|\n0000001c\n",
		"od":                 "0000000 c0 00 30 08 00 01 74 68\n0000010 65 6c 6c 6f\n0000014\n",
		"od -A x -t x1z":     "000000 c0 00 30 08 00 01 74 68 65 6c  >..0...thel<\n00000a 6c 6f                          >lo<\n00000c\n",
		"Wireshark":          "0000   c0 00 30 08 00 01 74 68 65 6c   be ef thel\n000a   6c 6f                           lo\n",
		"two dumps":          "0000   c0 00   ..\n\n0000   30 08 00 01 74 68   0...th\n0006   65 6c 6c 6f   ello\n",
		"offset as a word":   "0000 c0 00\n0002 30 08 00 01 74 68 65 6c 6c 6f\n",
		"bytes like offsets": "c000\n3008\n0001\n7468\n656c\n6c6f\n",
		"many comment lines": strings.Repeat("# Kommentar, länger als ein Blick\n", 500) + "C0 00 30 08 00 01 74 68 65 6c 6c 6f",
	} {
		t.Run(name, func(t *testing.T) {
			events, err := read(t, []byte(text), capture.Options{})
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
			events, err := read(t, []byte(text), capture.Options{})
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
		"0x":                    `line 1001: "0x" is no hex`,
		"C0 00 * 00":            `line 1001: "*" is no hex`,
	} {
		events, err := read(t, []byte(text+bad+"\nC0 00\n"), capture.Options{})
		assert.Len(t, events, 1000)
		assert.EqualError(t, err, want)
	}
}

func TestHexTextThatCannotBeUnderstoodSaysWhy(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"lines left out by hexdump":    {"00000000  c0 00 c0 00  |....|\n*\n00000010\n", []string{"line 2", `"*"`, "hexdump -v"}},
		"a line is missing":            {"0000  c0 00 c0 00\n0008  c0 00\n", []string{"line 2", `"0008"`, "0x4"}},
		"words in the machine's order": {"0000000 00c0 00c0\n", []string{"line 1", `"00c0"`, "hexdump -C"}},
		"no bytes":                     {"# all this is a comment\n\n", []string{"no bytes"}},
		"a mistyped digit":             {"c0 0g", []string{"line 1", `"0g" is no hex`}},
		"Markdown":                     {"# Title\n\nSome *words*.\n", []string{"line 3", `"Some" is no hex`}},
		"JSON":                         {`{"type":"CONNECT"}` + "\n", []string{"line 1", "is no hex"}},
		"text in another alphabet":     {"Привет, мир, как дела\n", []string{"line 1", `"Привет" is no hex`}},
		"blanks":                       {"  \n\n\t\n", []string{"no bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(strings.NewReader(test.text), capture.Options{})
			require.NoError(t, err)
			for err == nil {
				_, err = r.Next()
			}
			require.IsType(t, &FileError{}, err)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

func TestHexTextThatIsNoHexYieldsNoPacketOfThatLine(t *testing.T) {
	events, err := read(t, []byte("C0 00\nD0 00 C0 0g\nE0 00\n"), capture.Options{})
	assert.ErrorContains(t, err, "line 2")
	assert.Equal(t, []string{"1/0 client PINGREQ 3.1.1?"}, tell(events))
}

func TestHexTextThatBeginsWithZerosHasThem(t *testing.T) {
	for text, want := range map[string]string{
		"0000":             "\x00\x00",
		"0010C000\n":       "\x00\x10\xC0\x00",
		"00 10 C0":         "\x00\x10\xC0",
		"0000 C0 00\n":     "\xC0\x00",
		"0010  C0 00":      "\xC0\x00",
		"C000\n0002\nD0":   "\xC0\x00\x00\x02\xD0",
		"0000:00:C0\nD0":   "\x00\x00\x00\xC0\xD0",
		"e0:00":            "\xE0\x00",
		"0000: C0\nD0: 00": "\xC0\x00",
	} {
		got, err := io.ReadAll(newHexReader(bufio.NewReader(strings.NewReader(text))))
		require.NoError(t, err, text)
		assert.Equal(t, want, string(got), text)
	}
}

func TestHexWordsOfAnyLength(t *testing.T) {
	for size := longestHexWord - 4; size <= 2*longestHexWord+4; size++ {
		want := bytes.Repeat([]byte{0xC0, 0x00}, size/4+1)
		digits := hex.EncodeToString(want)[:size]
		for _, text := range []string{digits, "0x" + digits, digits + "//", digits + " 00", digits + "#"} {
			got, err := io.ReadAll(newHexReader(bufio.NewReader(strings.NewReader(text))))
			if size%2 == 1 {
				assert.ErrorContains(t, err, "odd number", size)
				continue
			}
			assert.NoError(t, err, size)
			assert.Equal(t, want[:size/2], got[:size/2], size)
		}
	}
}

func TestPrefixInsideALongWordIsNoHex(t *testing.T) {
	text := strings.Repeat("C0", longestHexWord/2) + "0xC0"
	_, err := io.ReadAll(newHexReader(bufio.NewReader(strings.NewReader(text))))
	assert.ErrorContains(t, err, "is no hex")
}

// TestLongLineOfHexTextIsNotHeld reads lines of 8 MiB.
func TestLongLineOfHexTextIsNotHeld(t *testing.T) {
	const size = 8 << 20
	for _, text := range []string{strings.Repeat("C0 00 ", size/6), strings.Repeat("C000", size/4), "C0 #" + strings.Repeat("#", size), strings.Repeat(" ", size) + "C0"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := io.Copy(io.Discard, newHexReader(bufio.NewReader(strings.NewReader(text))))
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		assert.NotZero(t, n)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(size/8))
	}
}

func TestHexTextReadsTheSameInAnyPieces(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := append([]byte{0x30}, rapid.SliceOf(rapid.Byte()).Draw(rt, "bytes")...)
		text := hex.Dump(want)
		r := newHexReader(bufio.NewReader(iotest.OneByteReader(strings.NewReader(text))))
		got, err := io.ReadAll(iotest.OneByteReader(r))
		if err != nil || !bytes.Equal(want, got) {
			rt.Fatalf("%v: %x instead of %x", err, got, want)
		}
	})
}

func TestHexTextPassesOnErrorsOfItsInput(t *testing.T) {
	cause := errors.New("the disk is gone")
	for _, start := range []string{"C0 00 ", "C0 0", "C0 # com", "C0 //", "0000:"} {
		_, err := io.ReadAll(newHexReader(bufio.NewReader(io.MultiReader(strings.NewReader(start), iotest.ErrReader(cause)))))
		assert.ErrorIs(t, err, cause, start)
	}
}
