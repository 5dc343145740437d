package main

import (
	"encoding/base64"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// jsonObject appends the members of an object of JSON to b.
type jsonObject struct{ b []byte }

// key begins a member.
func (o *jsonObject) key(key string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), key...), `":`...)
}

func (o *jsonObject) number(key string, n int64) {
	o.key(key)
	o.b = strconv.AppendInt(o.b, n, 10)
}

// flag appends a member that is true, if it is.
func (o *jsonObject) flag(key string, set bool) {
	if set {
		o.key(key)
		o.b = append(o.b, "true"...)
	}
}

// text appends text, unless it is empty.
func (o *jsonObject) text(key, s string) {
	if s != "" {
		o.bytes(key, []byte(s))
	}
}

// bytes appends text or, if it is no UTF-8, base64 under the key that package packets
// has for that.
func (o *jsonObject) bytes(key string, s []byte) {
	if isPlain(s) {
		o.key(key)
		o.b = append(append(append(o.b, '"'), s...), '"')
		return
	}
	if !utf8.Valid(s) {
		o.key(key + "_base64")
		o.b = append(base64.StdEncoding.AppendEncode(append(o.b, '"'), s), '"')
		return
	}
	o.key(key)
	o.b = appendJSONText(o.b, s)
}

// appendJSONText appends UTF-8 with all that is not printable escaped.
func appendJSONText(b, s []byte) []byte {
	b = append(b, '"')
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case unicode.IsPrint(r):
			b = append(b, s[:n]...)
		default:
			b = appendEscape(b, r)
		}
		s = s[n:]
	}
	return append(b, '"')
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
