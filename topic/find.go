package topic

import (
	"bytes"

	"github.com/mqttwire/mqttwire"
)

// Cursor is where a search of names stands. It is of one goroutine at a time, and may be
// used again, which keeps its memory. The zero value is at the end of a search.
type Cursor struct {
	filter []byte
	next   []byte // the first name that was not looked at is this one or comes behind it
	more   bool
	above  []byte // of who searches, as the next one
	name   []byte
}

// Start begins a search for the names that a filter matches. A shared filter counts as
// the filter within it. A filter that is not legal is an *Error, and the search is at
// its end. The filter is copied.
func (c *Cursor) Start(filter []byte) error {
	c.more = false
	if err := mqttwire.CheckTopicFilter(filter, mqttwire.V5); err != nil {
		return err
	}
	_, filter, _ = mqttwire.SplitSharedFilter(filter)
	c.filter = append(c.filter[:0], filter...)
	c.next, c.more = c.next[:0], true
	return nil
}

// More reports whether there may be names that were not looked at.
func (c *Cursor) More() bool { return c.more }

// find is Names.Find.
func find[V any](names tree[V], c *Cursor, atMost int, yield func([]byte, V) bool) {
	for c.more && atMost > 0 {
		p := names.seek(c.next, c.above)
		c.above, c.more = p.above, p.page != nil
		for matches := c.more; matches && p.item < len(p.page.items) && atMost > 0; p.item++ {
			atMost--
			c.name = append(append(c.name[:0], p.above...), p.page.key(p.item)...)
			if matches = c.pass(c.name); matches && !yield(c.name, p.page.items[p.item]) {
				return
			}
		}
	}
}

// What may stand behind a part of the next name.
const (
	anything   = "\x00" // no name has a lesser byte
	slash      = "/"
	pastSlash  = "0" // what comes behind all that goes on with a slash
	pastDollar = "%"
)

// goTo makes the cursor stand in front of a part of a name with something behind it.
func (c *Cursor) goTo(part []byte, behind string) {
	c.next = append(append(c.next[:0], part...), behind...)
}

// pass reports whether the filter matches a name, and makes the cursor stand behind it:
// if it does not match, in front of the next name that may.
func (c *Cursor) pass(name []byte) (matches bool) {
	if missesDollar(c.filter, name) {
		c.goTo(nil, pastDollar)
		return false
	}
	plus := -1 // where the last level ends that a + matches
	for rest, start := c.filter, 0; ; {
		level, below, more := cutLevel(rest)
		end := endOfLevel(name, start)
		switch {
		case isHash(level):
			c.goTo(name, anything)
			return true
		case isPlus(level):
			plus = end
		case string(level) != string(name[start:end]):
			c.passLevel(name, start, plus, rest)
			return false
		}
		if !more || end == len(name) {
			return c.passEnd(name, end, plus, below)
		}
		rest, start = below, end+1
	}
}

// endOfLevel returns where the level of a name ends that starts there.
func endOfLevel(name []byte, start int) int {
	if i := bytes.IndexByte(name[start:], '/'); i >= 0 {
		return start + i
	}
	return len(name)
}

// passEnd is pass for a name that the filter matches as far as both have levels: the
// name up to end, the filter up to what is below.
func (c *Cursor) passEnd(name []byte, end, plus int, below []byte) (matches bool) {
	switch {
	case end < len(name): // the name has more levels
		c.goTo(name[:end], pastSlash)
		return false
	case below == nil, isHash(below):
		c.goTo(name, anything)
		return true
	case plus == end: // the filter has, and the + may match a longer level too
		c.goTo(name, anything)
	default:
		c.goTo(name, slash)
	}
	return false
}

// passLevel is pass for a name whose level that starts there is another one than that
// which the rest of the filter begins with.
func (c *Cursor) passLevel(name []byte, start, plus int, rest []byte) {
	level, below, more := cutLevel(rest)
	if !more || isHash(below) {
		if c.next = append(append(c.next[:0], name[:start]...), level...); string(c.next) > string(name) {
			return
		}
	}
	if more {
		c.next = append(append(append(c.next[:0], name[:start]...), level...), slash...)
		if string(c.next) > string(name) {
			return
		}
	}
	if c.more = plus >= 0; c.more {
		c.goTo(name[:plus], pastSlash)
	}
}
