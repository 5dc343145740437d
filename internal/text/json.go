package text

import (
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends b, which is UTF-8, as a string of JSON. What is not a
// printable character is escaped: what comes off the wire may hold characters that
// change a terminal or turn the reading direction.
func AppendJSON(dst, b []byte) []byte {
	dst = append(dst, '"')
	plain := 0 // where what is not yet appended starts
	for i := 0; i < len(b); {
		if c := b[i]; c >= ' ' && c <= '~' && c != '"' && c != '\\' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r != '"' && r != '\\' && strconv.IsPrint(r) {
			i += n
			continue
		}
		dst = append(dst, b[plain:i]...)
		if r == '"' || r == '\\' {
			dst = append(dst, '\\', byte(r))
		} else {
			dst = appendEscape(dst, r)
		}
		i += n
		plain = i
	}
	return append(append(dst, b[plain:]...), '"')
}

// appendEscape appends \uXXXX, twice where a character takes two UTF-16 units.
func appendEscape(dst []byte, r rune) []byte {
	const surrogates, high, low = 0x10000, 0xD800, 0xDC00
	if r >= surrogates {
		r -= surrogates
		dst = appendEscape(dst, high+r>>10)
		r = low + r&0x3FF
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// AppendBase64 appends b in base64, with padding, between quotes. RFC 4648,
// section 4.
func AppendBase64(dst, b []byte) []byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	dst = append(dst, '"')
	for ; len(b) >= 3; b = b[3:] {
		dst = append(dst, digits[b[0]>>2], digits[b[0]<<4&63|b[1]>>4], digits[b[1]<<2&63|b[2]>>6], digits[b[2]&63])
	}
	switch len(b) {
	case 1:
		dst = append(dst, digits[b[0]>>2], digits[b[0]<<4&63], '=', '=')
	case 2:
		dst = append(dst, digits[b[0]>>2], digits[b[0]<<4&63|b[1]>>4], digits[b[1]<<2&63], '=')
	}
	return append(dst, '"')
}

// AppendJSONBytes appends "key": and b as a string or, if b is no UTF-8,
// "key_base64": and b in base64.
func AppendJSONBytes(dst []byte, key string, b []byte) []byte {
	dst = append(append(dst, '"'), key...)
	if utf8.Valid(b) {
		return AppendJSON(append(dst, `":`...), b)
	}
	return AppendBase64(append(dst, `_base64":`...), b)
}
