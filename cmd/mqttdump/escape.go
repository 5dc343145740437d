package main

import (
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
	if !utf8.Valid(shown) {
		return appendHex(dst, b, most)
	}
	return appendMore(strconv.AppendQuote(dst, string(shown)), len(b)-len(shown))
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

// printable is s with all that is not printable escaped, for messages.
func printable(s string) string {
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

// text is UTF-8 from the wire.
type text []byte

// MarshalJSON escapes what is not printable.
func (t text) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, len(t)+len(`""`)), '"') // for text without escapes
	for _, r := range string(t) {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		default:
			b = appendEscape(b, r)
		}
	}
	return append(b, '"'), nil
}

// appendEscape appends \uXXXX, twice where a character takes two UTF-16 units.
func appendEscape(b []byte, r rune) []byte {
	const surrogates, high, low = 0x10000, 0xD800, 0xDC00
	if r >= surrogates {
		r -= surrogates
		b = appendEscape(b, high+r>>10)
		r = low + r&0x3FF
	}
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
