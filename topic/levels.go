package topic

import (
	"bytes"
	"iter"
)

// Levels returns the levels of a topic name or topic filter from the first to the
// last, without the / between them: one more than there are of these, some of which
// may be empty. What stands in front of the filter within a shared one counts as
// levels too; take it off with mqttwire.SplitSharedFilter. The levels alias s, and
// nothing is allocated. Section 4.7.1.1.
func Levels(s []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for more := true; more; {
			var level []byte
			if level, s, more = cutLevel(s); !yield(level) {
				return
			}
		}
	}
}

// cutLevel returns the first level of s and, if more is set, those behind it.
func cutLevel(s []byte) (level, rest []byte, more bool) {
	if i := bytes.IndexByte(s, '/'); i >= 0 {
		return s[:i:i], s[i+1:], true
	}
	return s[:len(s):len(s)], nil, false
}
