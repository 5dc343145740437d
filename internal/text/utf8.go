package text

import (
	"bytes"
	"unicode/utf8"
)

// WellFormed reports whether b is UTF-8 without U+0000. Section 1.5.4.
func WellFormed(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }
