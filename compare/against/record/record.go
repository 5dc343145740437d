// Package record holds what one side of a comparison did with a packet, in a form
// that knows nothing of the library: two sides did the same if their records have
// the same bytes.
package record

import (
	"fmt"
	"strconv"
)

// Record is what was noted, in its order. The zero Record is ready to use.
type Record struct {
	// Readable makes every note a line of text with its name, for a report. Else
	// notes are short, and have no name.
	Readable bool

	// Words notes the texts of errors as well.
	Words bool

	// Panicked says that there was a panic, which is never as it should be.
	Panicked bool

	b     []byte
	where string
}

// Reset forgets the notes.
func (r *Record) Reset() { r.b, r.where, r.Panicked = r.b[:0], "", false }

// Bytes returns the notes.
func (r *Record) Bytes() []byte { return r.b }

// In says to what the notes to come belong: what is done, in which version.
func (r *Record) In(version, done string) {
	if r.Readable {
		r.where = version + ", " + done
	}
}

// Number notes a number.
func (r *Record) Number(name string, n int64) {
	if r.Readable {
		r.line(name, strconv.FormatInt(n, 10))
		return
	}
	if n >= 0 && n < 0xFF { // nearly all
		r.b = append(r.b, byte(n))
		return
	}
	r.b = append(r.b, 0xFF, byte(n), byte(n>>8), byte(n>>16), byte(n>>24), byte(n>>32), byte(n>>40), byte(n>>48), byte(n>>56))
}

// Bool notes whether something is so.
func (r *Record) Bool(name string, so bool) {
	n := int64(0)
	if so {
		n = 1
	}
	r.Number(name, n)
}

// Text notes a text.
func (r *Record) Text(name, text string) {
	if r.Readable {
		r.line(name, strconv.Quote(text))
		return
	}
	r.Number(name, int64(len(text)))
	r.b = append(r.b, text...)
}

// Slice notes bytes, and whether they are nil.
func (r *Record) Slice(name string, b []byte) {
	switch {
	case !r.Readable:
		r.Bool(name, b == nil)
		r.Number(name, int64(len(b)))
		r.b = append(r.b, b...)
	case b == nil:
		r.line(name, "nil")
	default:
		r.line(name, fmt.Sprintf("%d bytes %x %q", len(b), b, b))
	}
}

func (r *Record) line(name, value string) {
	r.b = append(append(append(append(r.b, r.where...), ": "...), name...), " = "...)
	r.b = append(append(r.b, value...), '\n')
}
