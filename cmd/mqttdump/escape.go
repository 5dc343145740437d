package main

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What comes off the wire may hold escape sequences that change a terminal, or
// characters that turn the reading direction. So nothing is printed that is not
// a printable character by Unicode, in text and in JSON alike.

// appendQuote shows bytes in quotes, or in hex if they are no UTF-8; at most the
// given number of bytes of them.
func appendQuote(dst, b []byte, most int) []byte {
	shown := b
	if len(b) > most {
		shown = cutText(b, most)
	}
	switch {
	case isPlain(shown):
		dst = append(append(append(dst, '"'), shown...), '"')
	case !utf8.Valid(shown):
		return appendHex(dst, b, most)
	default:
		dst = strconv.AppendQuote(dst, string(shown))
	}
	return appendMore(dst, len(b)-len(shown))
}

// appendMessage is appendQuote for a payload: one with quotes in it, as JSON has, is
// easier to read between other ones.
func appendMessage(dst, b []byte, most int) []byte {
	shown := b
	if len(b) > most {
		shown = cutText(b, most)
	}
	if bytes.IndexByte(shown, '"') < 0 || !isPrintableASCII(shown) || bytes.IndexByte(shown, '`') >= 0 {
		return appendQuote(dst, b, most)
	}
	return appendMore(append(append(append(dst, '`'), shown...), '`'), len(b)-len(shown))
}

// isPlain reports whether text needs no escapes between quotes.
func isPlain(b []byte) bool {
	return isPrintableASCII(b) && bytes.IndexByte(b, '"') < 0 && bytes.IndexByte(b, '\\') < 0
}

// isPrintableASCII reports whether b is text that a terminal shows as it is.
func isPrintableASCII(b []byte) bool {
	for _, c := range b {
		if c-' ' > '~'-' ' {
			return false
		}
	}
	return true
}

// appendHex shows at most the given number of bytes in hex.
func appendHex(dst, b []byte, most int) []byte {
	shown := b[:min(len(b), most)]
	return appendMore(hex.AppendEncode(append(dst, "0x"...), shown), len(b)-len(shown))
}

// appendMore says how many bytes are not shown.
func appendMore(dst []byte, n int) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, '+'), int64(n), 10)
}

// cutText cuts b to at most n bytes, and not inside a character if the start of
// b is UTF-8.
func cutText(b []byte, n int) []byte {
	for i := n; i > n-utf8.UTFMax && i > 0; i-- {
		if utf8.Valid(b[:i]) {
			return b[:i]
		}
	}
	return b[:n]
}

// printableLines is printable for text of several lines.
func printableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

// printable is s with all that is not printable escaped, for messages.
func printable(s string) string {
	if isPrintableASCII([]byte(s)) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRuneToASCII(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}
