package packets

import (
	"strconv"

	"github.com/mqttwire/mqttwire"
)

// line builds the one line that a packet's String returns: the packet type and
// name=value for each field. Bytes from the wire are quoted, so the line is
// safe to print.
type line struct {
	b   []byte
	typ mqttwire.PacketType
}

// How much of the wire's bytes and lists a line shows.
const (
	maxLineBytes   = 128
	maxLineEntries = 16
)

func newLine(t mqttwire.PacketType) line { return line{append([]byte(nil), t.String()...), t} }

func (t *line) name(name string) { t.b = append(append(append(t.b, ' '), name...), '=') }

// word adds a value that needs no quotes.
func (t *line) word(name, value string) {
	t.name(name)
	t.b = append(t.b, value...)
}

// flag adds the name alone, if the flag is set.
func (t *line) flag(name string, set bool) {
	if set {
		t.b = append(append(t.b, ' '), name...)
	}
}

func (t *line) number(name string, n uint64) {
	t.name(name)
	t.b = strconv.AppendUint(t.b, n, 10)
}

// bytes adds quoted bytes, cut if there are many.
func (t *line) bytes(name string, b []byte) {
	t.name(name)
	t.quoted(b)
}

// quoted adds bytes without a name.
func (t *line) quoted(b []byte) {
	if len(b) > maxLineBytes {
		t.b = append(strconv.AppendQuote(t.b, string(b[:maxLineBytes])), "..."...)
		return
	}
	t.b = strconv.AppendQuote(t.b, string(b))
}

// length adds the number of bytes in b in place of b itself.
func (t *line) length(name string, b []byte) {
	t.number(name, uint64(len(b)))
	t.b = append(t.b, "B"...)
}

// code adds a code in hexadecimal and its name. A packet does not know its
// version, so a code that has another name in each has none here.
func (t *line) code(c mqttwire.ReasonCode) {
	t.name("code")
	t.hex(byte(c))
	if name := c.Name(t.typ, 0); name != "" {
		t.b = append(append(append(t.b, " ("...), name...), ')')
	}
}

// hex adds a byte in hexadecimal.
func (t *line) hex(c byte) {
	const digits = "0123456789ABCDEF"
	t.b = append(t.b, '0', 'x', digits[c>>4], digits[c&15])
}

func (t *line) codes(codes []mqttwire.ReasonCode) {
	for i, c := range codes {
		if t.more(i, len(codes)) {
			return
		}
		t.code(c)
	}
}

// more reports whether entry i of a list of n is past what a line shows, and if
// so adds how many are left out.
func (t *line) more(i, n int) bool {
	if i < maxLineEntries {
		return false
	}
	t.number("more", uint64(n-i))
	return true
}

// properties adds a property list, if it is not empty.
func (t *line) properties(name string, p mqttwire.Properties) {
	if !p.Empty() {
		t.word(name, p.String())
	}
}

// String returns the line.
func (t *line) String() string { return string(t.b) }
