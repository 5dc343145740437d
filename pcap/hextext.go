package pcap

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// How much of hex text is held: bytes of a line that is not yet read to its end,
// and characters of a word. The second is even, so that no byte is cut in two.
const (
	hexChunk       = 32 << 10
	longestHexWord = 1 << 10
)

// byteOrderMark is what some editors put before text in UTF-8.
const byteOrderMark = "\uFEFF"

var errNoHex = errors.New("there are no bytes in this text")

// hexReader reads hex text as the bytes it stands for: pairs of hex digits, with
// or without 0x, white space, commas and colons between them, behind an offset
// and before a column of text as xxd, hexdump -C, od, tcpdump and Wireshark
// print them; and comments. It holds little of a line, since all may be one.
type hexReader struct {
	in   *bufio.Reader
	out  []byte // the bytes of the line at hand, or of a part of it
	rest []byte // those of out that are still to be passed on
	err  error  // what comes behind them

	sure    int    // how many of out are of lines that were read to their end
	count   uint64 // bytes of all lines so far
	line    int    // the number of the line
	words   int    // how many words of bytes it has so far
	gap     int    // how many blanks stand before the next character
	torn    bool   // the last word goes on
	offset  offsetForm
	offsets offsets
	word    []byte
}

func newHexReader(in *bufio.Reader) *hexReader {
	if b, _ := in.Peek(len(byteOrderMark)); string(b) == byteOrderMark {
		in.Discard(len(b))
	}
	return &hexReader{in: in, line: 1}
}

// Read returns the next bytes, or an error that names the line and the word that
// is no hex. Of a line with an error no bytes come, unless it is very long.
func (h *hexReader) Read(p []byte) (int, error) {
	for len(h.rest) == 0 {
		if h.err != nil {
			return 0, h.err
		}
		h.out, h.sure = h.out[:0], 0
		h.err = h.fill()
		h.rest = h.out
	}
	n := copy(p, h.rest)
	h.rest = h.rest[n:]
	return n, nil
}

// fill decodes lines, or parts of one, as long as that takes no waiting.
func (h *hexReader) fill() error {
	for len(h.out) < hexChunk {
		h.readPlain()
		c, err := h.in.ReadByte()
		switch {
		case err == io.EOF && h.count == 0:
			return errNoHex
		case err != nil:
			return err
		case c == '\n':
			h.endLine()
			if len(h.out) > 0 && h.in.Buffered() == 0 {
				return nil
			}
		case isBlank(c):
			h.gap++
			h.torn = false
		case c == ',' || c == ':':
			h.gap, h.torn = 0, false
		case c == '#' || h.isTextColumn(c):
			err = h.passLine()
		default:
			err = h.readWord(c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *hexReader) endLine() {
	h.line++
	h.sure = len(h.out)
	h.words, h.gap, h.torn, h.offset = 0, 0, false, noOffset
}

// isTextColumn reports whether a character begins the column of text behind the
// bytes.
func (h *hexReader) isTextColumn(c byte) bool {
	return h.words > 0 && h.offset.endsBytes(h.gap, c)
}

// passLine passes over what is left of the line.
func (h *hexReader) passLine() error {
	for {
		c, err := h.in.ReadByte()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case c == '\n':
			return h.in.UnreadByte()
		}
	}
}

// readWord reads a word that begins with c, or the next part of a long one.
func (h *hexReader) readWord(c byte) error {
	first := h.words == 0 && h.offset == noOffset
	stop, err := h.scanWord(c)
	if err != nil || len(h.word) == 0 {
		return err
	}
	if first && stop != 0 {
		isOffset, err := h.takeOffset(stop)
		if isOffset || err != nil {
			return err
		}
	}
	h.words++
	h.gap = 0
	return h.decodeWord(stop)
}

// scanWord reads the characters of a word and returns what ends it; 0 if it is
// too long to be read at once.
func (h *hexReader) scanWord(c byte) (stop byte, err error) {
	h.word = append(h.word[:0], c)
	for len(h.word) < longestHexWord || c == '/' {
		before := c
		c, err = h.in.ReadByte()
		switch {
		case err == io.EOF:
			return '\n', nil
		case err != nil:
			return 0, err
		case c == '/' && before == '/':
			h.word = h.word[:len(h.word)-1]
			return '#', h.passLine()
		case isBlank(c), c == '\n', c == ',', c == ':', c == '#':
			return c, h.in.UnreadByte()
		}
		h.word = append(h.word, c)
	}
	return 0, nil
}

// takeOffset takes the first word of a line for an offset if it is one.
func (h *hexReader) takeOffset(stop byte) (bool, error) {
	digits := withoutPrefix(h.word)
	switch {
	case !isHex(digits):
		return false, nil
	case stop == ':':
		return h.takeColon()
	case h.count == 0 && !isBlank(stop):
		return false, nil // nothing stands behind it
	}
	is, err := h.offsets.take(string(digits), h.count)
	switch {
	case err != nil:
		return false, h.refuse(err)
	case is:
		h.offset, h.gap = plainOffset, 0
	}
	return is, nil
}

// takeColon takes the first word of a line for an offset if its colon ends it,
// and does not stand between two bytes.
func (h *hexReader) takeColon() (bool, error) {
	next, err := h.in.Peek(2)
	if len(next) == 0 || err != nil && err != io.EOF {
		return false, err
	}
	if len(next) == 2 && next[1] != '\n' && !isBlank(next[1]) {
		return false, nil
	}
	h.in.Discard(1)
	h.offset, h.gap = offsetWithColon, 0
	return true, nil
}

// decodeWord decodes a word of bytes.
func (h *hexReader) decodeWord(stop byte) error {
	digits := h.word
	if !h.torn {
		digits = withoutPrefix(digits)
	}
	h.torn = stop == 0
	if h.offset == plainOffset && len(digits) > 2 && isHex(digits) {
		return h.refuse(fmt.Errorf("%q is more than one byte, in the byte order of some machine; use hexdump -C or od -t x1", shorten(h.word)))
	}
	before := len(h.out)
	out, err := hex.AppendDecode(h.out, digits)
	switch {
	case string(h.word) == "*" && h.words == 1 && (stop == '\n' || stop == '\r'):
		return h.refuse(errors.New(`"*" stands for lines that were left out, being like the one before; use hexdump -v`))
	case err == hex.ErrLength:
		return h.refuse(fmt.Errorf("%q has an odd number of hex digits", shorten(h.word)))
	case err != nil || len(digits) == 0:
		return h.refuse(fmt.Errorf("%q is no hex", shorten(h.word)))
	}
	h.out = out
	h.count += uint64(len(out) - before)
	return nil
}

// refuse returns an error of the line at hand, of which no bytes are passed on.
func (h *hexReader) refuse(err error) error {
	h.out = h.out[:h.sure]
	return fmt.Errorf("line %d: %w", h.line, err)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

func isHex(digits []byte) bool {
	return len(digits) > 0 && len(bytes.Trim(digits, "0123456789abcdefABCDEF")) == 0
}

// withoutPrefix takes 0x off a word.
func withoutPrefix(word []byte) []byte {
	return bytes.TrimPrefix(bytes.TrimPrefix(word, []byte("0x")), []byte("0X"))
}

// shorten cuts a word of a file for an error message.
func shorten(word []byte) []byte {
	const most = 24
	if len(word) > most {
		return append(bytes.Clone(word[:most]), "..."...)
	}
	return word
}
