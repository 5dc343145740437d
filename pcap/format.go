package pcap

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What files give that are of no use.
var (
	errEmpty        = errors.New("the file is empty")
	errGzip         = errors.New("the file is compressed with gzip; decompress it first")
	errModifiedPcap = errors.New("this kind of pcap (\"modified\", magic number a1b2cd34) is not supported; editcap -F pcap converts it")
)

// format is the kind of a file, told by its content.
type format uint8

const (
	formatRaw format = iota
	formatHex
	formatPcap
	formatPcapModified
	formatPcapng
	formatGzip
)

// sniffSize is how many bytes of a file are looked at to tell its format, and
// enoughText how many have to be text if there are so many. No raw bytes of MQTT
// are: within its first few each packet has a character that is no text, or a
// zero byte or some other control character.
const (
	sniffSize  = 4096
	enoughText = 16
)

// sniff tells the format of what r holds. It waits for no more bytes than it
// takes, since r may be a pipe.
func sniff(r *bufio.Reader) (format, error) {
	b, err := r.Peek(4)
	switch {
	case len(b) == 0 && err == io.EOF:
		return 0, &FileError{Err: errEmpty}
	case len(b) == 0:
		return 0, &FileError{Err: err}
	case hasPrefix(b, "\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d"):
		return formatPcap, nil
	case hasPrefix(b, "\x34\xcd\xb2\xa1", "\xa1\xb2\xcd\x34"):
		return formatPcapModified, nil
	case hasPrefix(b, "\x0a\x0d\x0d\x0a"):
		return formatPcapng, nil
	case hasPrefix(b, "\x1f\x8b"):
		return formatGzip, nil
	}
	if b, _ = r.Peek(r.Buffered()); !isText(b, err != nil) {
		return formatRaw, nil
	}
	if b, err = r.Peek(max(r.Buffered(), enoughText)); isText(b, err != nil) {
		return formatHex, nil
	}
	return formatRaw, nil
}

func hasPrefix(b []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(string(b[:min(len(b), len(p))]), p) {
			return true
		}
	}
	return false
}

// isText reports whether the start of a file, or all of it, is text in UTF-8. A
// comment of hex text may be in any encoding that leaves ASCII as it is.
func isText(b []byte, all bool) bool {
	if !all {
		b = b[:len(b)-cutRune(b)]
	}
	for line := range bytes.Lines(b) {
		said := withoutComment(line)
		if !utf8.Valid(said) || bytes.ContainsFunc(line, isControl) {
			return false
		}
	}
	return len(b) > 0
}

// cutRune returns how many bytes at the end of b begin a character that is not
// wholly there.
func cutRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if last := b[len(b)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}

// isControl reports whether text has no use for a character.
func isControl(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n'
}

// withoutComment takes off what follows # or //.
func withoutComment(line []byte) []byte {
	line, _, _ = bytes.Cut(line, []byte("#"))
	line, _, _ = bytes.Cut(line, []byte("//"))
	return line
}
