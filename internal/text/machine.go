package text

import "strings"

// What is not plain at a look at its words is judged byte by byte, by a machine
// whose states are places in a word of 64 bits. The row of a byte is such a word:
// at the place of each state it has the state that follows. So a step is one load
// and one shift, without a branch, and takes the same time in every language.

// state is where a machine stands within a text. Only its lower six bits count,
// so that the rest of a row need not be cleared. A state at a place takes six bits
// of a row, and eleven of them would take more than there are. But refused has
// only zeros there; so the lower two bits of two, which afterF4 leads to, may be
// those that refused has too; and nothing follows hash, which takes the highest
// bit of what afterF0 leads to, 0 as well.
type state = uint64

const (
	refused state = 0  // a rule is broken; there is no way out
	afterF4 state = 4  // a character has begun whose next byte is not to take it past U+10FFFF
	inside  state = 10 // in a level, at the end of a character; the only such state where levels do not count
	two     state = 16 // two bytes of a character are missing
	level   state = 22 // at the start of a level
	plus    state = 28 // behind the + of a level
	one     state = 34 // one byte is missing
	three   state = 40 // three bytes are missing
	afterE0 state = 46 // a character has begun whose next byte must not be such that it is overlong
	afterED state = 52 // … or a surrogate
	afterF0 state = 58 // … or overlong
	hash    state = 63 // behind the # of a level
)

// states are all that something may follow.
var states = [...]state{afterF4, inside, two, level, plus, one, three, afterE0, afterED, afterF0}

// ends has the bits of the states in which a text may end.
const ends uint64 = 1<<inside | 1<<level | 1<<plus | 1<<hash

// kind is what a text has to be, beyond well-formed UTF-8 without U+0000.
type kind uint8

const (
	anyText kind = iota
	nameText
	filterText
)

// next returns the state that c leads to.
func (k kind) next(s state, c byte) state {
	switch s {
	case inside, level:
		return k.begin(s, c)
	case plus:
		if c == '/' { // [MQTT-4.7.1-2]
			return level
		}
	case one:
		return follow(c, 0x80, 0xBF, inside)
	case two:
		return follow(c, 0x80, 0xBF, one)
	case three:
		return follow(c, 0x80, 0xBF, two)
	case afterE0:
		return follow(c, 0xA0, 0xBF, one)
	case afterED: // [MQTT-1.5.4-1]
		return follow(c, 0x80, 0x9F, one)
	case afterF0:
		return follow(c, 0x90, 0xBF, two)
	case afterF4:
		return follow(c, 0x80, 0x8F, two)
	}
	return refused
}

// follow returns the state then if c, within a character, is one of those allowed.
func follow(c, first, last byte, then state) state {
	if c < first || c > last {
		return refused
	}
	return then
}

// begin is next for the first byte of a character: table 3-7 of the Unicode
// standard, and what MQTT adds to it.
func (k kind) begin(s state, c byte) state {
	switch {
	case c < 0x80:
		return k.ascii(s, c)
	case c < 0xC2: // in the midst of a character, or overlong
		return refused
	case c < 0xE0:
		return one
	case c == 0xE0:
		return afterE0
	case c == 0xED:
		return afterED
	case c < 0xF0:
		return two
	case c == 0xF0:
		return afterF0
	case c < 0xF4:
		return three
	case c == 0xF4:
		return afterF4
	}
	return refused
}

// ascii is next for a character of one byte.
func (k kind) ascii(s state, c byte) state {
	switch {
	case c == 0: // [MQTT-1.5.4-2] [MQTT-4.7.3-2]
		return refused
	case k == filterText && c == '/':
		return level
	case k == anyText || c != '+' && c != '#':
		return inside
	case k == nameText || s != level: // [MQTT-3.3.2-2] [MQTT-4.7.1-1] [MQTT-4.7.1-2]
		return refused
	case c == '+':
		return plus
	}
	return hash
}

// machine judges texts of a kind.
type machine struct {
	rows  [256]uint64
	least uint64 // in each byte, the first of ASCII from which on all are like a letter or a slash
}

var (
	stringMachine = newMachine(anyText, 1)
	nameMachine   = newMachine(nameText, ',')
	filterMachine = newMachine(filterText, ',')
)

// edges are the bytes that may lead elsewhere than those before them.
const edges = "\x00\x01#$+,/0\x80\x90\xA0\xC0\xC2\xE0\xE1\xED\xEE\xF0\xF1\xF4\xF5"

func newMachine(k kind, least uint64) *machine {
	m := &machine{least: least * lowBits}
	for c := range m.rows {
		if strings.IndexByte(edges, byte(c)) < 0 {
			m.rows[c] = m.rows[c-1]
			continue
		}
		for _, s := range states {
			m.rows[c] |= k.next(s, byte(c)) << s
		}
	}
	return m
}

// stride is how far a machine goes before it looks for a stretch that is plain.
const stride = 64

// takes reports whether b may follow the state s, and end a text.
func (m *machine) takes(b []byte, s state) bool { return ends>>(m.run(b, s)&63)&1 != 0 }

// run returns the state that b leads to from s.
func (m *machine) run(b []byte, s state) state {
	rows := &m.rows
	for {
		part := b[:min(len(b), stride)]
		b = b[len(part):]
		for ; len(part) >= 8; part = part[8:] {
			s = rows[part[0]] >> (s & 63)
			s = rows[part[1]] >> (s & 63)
			s = rows[part[2]] >> (s & 63)
			s = rows[part[3]] >> (s & 63)
			s = rows[part[4]] >> (s & 63)
			s = rows[part[5]] >> (s & 63)
			s = rows[part[6]] >> (s & 63)
			s = rows[part[7]] >> (s & 63)
		}
		if len(part) >= 4 {
			s = rows[part[0]] >> (s & 63)
			s = rows[part[1]] >> (s & 63)
			s = rows[part[2]] >> (s & 63)
			s = rows[part[3]] >> (s & 63)
			part = part[4:]
		}
		for _, c := range part {
			s = rows[c] >> (s & 63)
		}
		if len(b) == 0 {
			return s
		}
		if s &= 63; s == inside || s == level {
			b, s = m.skip(b, s)
		}
	}
}

// skip goes on at the end of a character, in the state s, over the words of b that
// are plain, eight bytes at a time.
func (m *machine) skip(b []byte, s state) ([]byte, state) {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if w := Load64(b[i:]); (w|(w-m.least))&HighBits != 0 {
			break
		}
	}
	if i > 0 {
		s = m.rows[b[i-1]] >> inside & 63
	}
	return b[i:], s
}
