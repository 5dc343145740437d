package pcap

import (
	"fmt"
	"strconv"
	"strings"
)

// offsetForm says how the offset is written with which a line of hex text
// begins.
type offsetForm uint8

const (
	noOffset        offsetForm = iota
	offsetWithColon            // by xxd and tcpdump
	plainOffset                // by hexdump -C, od and Wireshark
)

// endsBytes reports whether a character begins the column of text behind the
// bytes: xxd and tcpdump put two blanks before it, Wireshark three, and
// hexdump -C and od a mark, since they may have two blanks in the middle of a
// line.
func (o offsetForm) endsBytes(blanks int, c byte) bool {
	switch o {
	case offsetWithColon:
		return blanks >= 2
	case plainOffset:
		return blanks >= 3 || blanks == 2 && (c == '|' || c == '>')
	}
	return false
}

// offsets recognises offsets without a colon. They look like bytes, so a text
// has them only if it begins with one: no packet begins with a zero byte.
type offsets struct {
	used       bool
	hex, octal uint64 // what the first offset is ahead of the bytes, by either way to read it
}

// take reports whether the first word of a line is an offset, given how many
// bytes came before it. In a text that has them another number is an error: a
// line is missing, or a byte.
func (o *offsets) take(digits string, count uint64) (bool, error) {
	const least = 3 // two digits are a byte
	value, err := strconv.ParseUint(digits, 16, 64)
	if err != nil || len(digits) < least {
		return false, nil
	}
	octal, notOctal := strconv.ParseUint(digits, 8, 64) // as od counts
	switch {
	case count == 0 && strings.HasPrefix(digits, "00"), o.used && value == 0:
		o.used, o.hex, o.octal = true, value-count, octal-count // a dump begins, or another
		return true, nil
	case !o.used:
		return false, nil
	case value == count+o.hex, notOctal == nil && octal == count+o.octal:
		return true, nil
	}
	return false, fmt.Errorf("offset %q stands where 0x%x is due", digits, count+o.hex)
}
