package floor

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// Text reports whether b is well-formed UTF-8 without NUL: eight bytes at a time
// while it is ASCII, the last eight of them once more in place of a loop over
// single bytes, and by the standard library's functions if it is not.
func Text(b []byte) bool {
	if len(b) < 8 {
		for _, c := range b {
			if c-1 >= 0x7F {
				return wideText(b)
			}
		}
		return true
	}
	for i := 0; i < len(b)-8; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if (w|(w-low))&high != 0 {
			return wideText(b)
		}
	}
	w := binary.LittleEndian.Uint64(b[len(b)-8:])
	return (w|(w-low))&high == 0 || wideText(b)
}

func wideText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// Topic is Text, and reports whether b has neither + nor #.
func Topic(b []byte) bool {
	if len(b) < 8 {
		for _, c := range b {
			if c-1 >= 0x7F || c == '+' || c == '#' {
				return wideTopic(b)
			}
		}
		return true
	}
	for i := 0; i < len(b)-8; i += 8 {
		if topicWord(binary.LittleEndian.Uint64(b[i:])) != 0 {
			return wideTopic(b)
		}
	}
	return topicWord(binary.LittleEndian.Uint64(b[len(b)-8:])) == 0 || wideTopic(b)
}

func topicWord(w uint64) uint64 {
	return (w | (w - low) | ((w ^ '+'*low) - low) | ((w ^ '#'*low) - low)) & high
}

func wideTopic(b []byte) bool {
	return bytes.IndexByte(b, '+') < 0 && bytes.IndexByte(b, '#') < 0 && wideText(b)
}
