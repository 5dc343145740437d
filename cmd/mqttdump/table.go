package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// table is rows of text in columns: the first one on the left, numbers on the right.
type table struct {
	head []string
	left int // how many columns, from the first, stand on the left
	rows [][]string
}

// newTable begins a table whose first column is text.
func newTable(head ...string) *table { return &table{head: head, left: 1} }

// row adds a row; its text is made printable.
func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = printable(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// append appends the table, with a line before it that has the names of the columns in
// a shade.
func (t *table) append(b []byte, head shade) []byte {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	b = append(b, head.on...)
	b = append(t.appendRow(b, t.head, widths), head.off...)
	b = append(b, '\n')
	for _, row := range t.rows {
		b = append(t.appendRow(b, row, widths), '\n')
	}
	return b
}

func (t *table) appendRow(b []byte, row []string, widths []int) []byte {
	for i, cell := range row {
		fill := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		switch {
		case i == 0:
			b = append(b, cell...)
		case i < t.left:
			b = append(append(b, "  "...), cell...)
		default:
			b = append(append(append(b, "  "...), fill...), cell...)
			continue
		}
		if i < len(row)-1 {
			b = append(b, fill...)
		}
	}
	return b
}

// appendJSONValue appends a value as a line of JSON, with all that is not printable
// escaped.
func appendJSONValue(b []byte, v any) []byte {
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	w.SetEscapeHTML(false)
	must(w.Encode(v)) // no answer has a value that JSON cannot say
	for text := out.Bytes(); len(text) > 0; {
		r, n := utf8.DecodeRune(text)
		if r == '\n' || unicode.IsPrint(r) {
			b = append(b, text[:n]...)
		} else {
			b = appendEscape(b, r)
		}
		text = text[n:]
	}
	return b
}
