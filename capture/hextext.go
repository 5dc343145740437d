package capture

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// maxHexLine is the longest line of hex text that is read, in bytes.
const maxHexLine = 64 << 20

// looksLikeHex reports whether the start of a file is hex text: lines of hex
// and comments, with at least one byte among them. Comments may be in any
// language.
func looksLikeHex(b []byte) bool {
	var lines hexLines
	found := false
	for line := range bytes.Lines(b) {
		if len(b) == sniffSize && !bytes.HasSuffix(line, []byte("\n")) {
			line = wholeWords(line)
		}
		data, err := lines.decode(string(line))
		if err != nil {
			return false
		}
		found = found || len(data) > 0
	}
	return found || len(b) == sniffSize // a long comment comes first
}

// wholeWords takes from a line that was cut off what may be part of a word.
func wholeWords(line []byte) []byte {
	if at := bytes.LastIndexAny(line, " \t,"); at >= 0 {
		return line[:at]
	}
	return line[:len(line)&^1]
}

// hexReader reads hex text as the bytes it stands for.
type hexReader struct {
	in    *bufio.Scanner
	lines hexLines
	line  int
	rest  []byte
}

func newHexReader(r io.Reader) *hexReader {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxHexLine)
	return &hexReader{in: in}
}

// Read returns the next bytes, or an error that names the line which is no hex.
func (h *hexReader) Read(p []byte) (int, error) {
	for len(h.rest) == 0 {
		if !h.in.Scan() {
			if err := h.in.Err(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		h.line++
		data, err := h.lines.decode(h.in.Text())
		if err != nil {
			return 0, fmt.Errorf("line %d: %w", h.line, err)
		}
		h.rest = data
	}
	n := copy(p, h.rest)
	h.rest = h.rest[n:]
	return n, nil
}

// hexLines decodes lines of hex. It remembers whether they have the offsets and
// the ASCII column of hexdump -C.
type hexLines struct {
	hexdump bool
}

// decode returns the bytes of one line: pairs of hex digits, with or without
// white space, commas and 0x between them, behind an offset and before an ASCII
// column as xxd and hexdump -C print them.
func (h *hexLines) decode(line string) ([]byte, error) {
	line = h.withoutColumns(line)
	var data []byte
	for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == ',' }) {
		digits := strings.TrimPrefix(strings.TrimPrefix(word, "0x"), "0X")
		b, err := hex.DecodeString(digits)
		switch {
		case err == hex.ErrLength:
			return nil, fmt.Errorf("%q has an odd number of hex digits", shorten(word))
		case err != nil:
			return nil, fmt.Errorf("%q is no hex", shorten(word))
		}
		data = append(data, b...)
	}
	return data, nil
}

// withoutColumns takes off what is not the bytes themselves.
func (h *hexLines) withoutColumns(line string) string {
	if at := strings.Index(line, "  |"); at >= 0 && strings.HasSuffix(strings.TrimRight(line, "\r\n"), "|") {
		h.hexdump = true
		line = line[:at]
		_, line, _ = strings.Cut(line, " ")
		return line
	}
	line = withoutComment(line)
	if h.hexdump && len(strings.TrimSpace(line)) == 8 {
		return "" // hexdump ends with the offset of the end
	}
	if offset, rest, found := strings.Cut(line, ":"); found && isHex(strings.TrimPrefix(strings.TrimSpace(offset), "0x")) {
		bytes, _, _ := strings.Cut(strings.TrimLeft(rest, " \t"), "  ")
		return bytes
	}
	return line
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// withoutComment takes off what follows # or //.
func withoutComment(line string) string {
	line, _, _ = strings.Cut(line, "#")
	line, _, _ = strings.Cut(line, "//")
	return line
}

// shorten cuts a word of a file for an error message.
func shorten(word string) string {
	const most = 24
	if len(word) > most {
		return word[:most] + "..."
	}
	return word
}
