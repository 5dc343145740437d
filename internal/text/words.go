// Package text looks at the bytes of strings, topic names and topic filters,
// eight at a time as long as they are ASCII, and says what is plain: legal in
// every version of the protocol. What is not may be legal in one of them, as the
// modified UTF-8 of 3.1 is. It knows bytes, not packets; which rule a string
// breaks is said by package mqttwire.
package text

// MaxLength is the largest length that the two bytes before a string or binary
// data can say. Sections 1.5.4 and 1.5.6.
const MaxLength = 65535

// Load64 reads eight bytes as one word. The compiler makes one load of it.
func Load64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// Store64 writes w as eight bytes, of which the compiler makes one store.
func Store64(b []byte, w uint64) {
	_ = b[7]
	b[0], b[1], b[2], b[3] = byte(w), byte(w>>8), byte(w>>16), byte(w>>24)
	b[4], b[5], b[6], b[7] = byte(w>>32), byte(w>>40), byte(w>>48), byte(w>>56)
}

const lowBits = 0x0101010101010101

// HighBits has the high bit of each byte of a word.
const HighBits = 0x8080808080808080

// ZeroByte has a high bit set if and only if a byte of w is zero; which one is
// not exact. The term &^ w, which would make it so, is left to the caller.
func ZeroByte(w uint64) uint64 { return w - lowBits }

// topicFault reports whether a byte of w is not ASCII, NUL, + or #.
func topicFault(w uint64) bool {
	return (w|ZeroByte(w)|ZeroByte(w^'+'*lowBits)|ZeroByte(w^'#'*lowBits))&HighBits != 0
}

// OddBytes has the high bits of the bytes of w that come before the comma or
// after DEL, and perhaps of bytes that follow them.
func OddBytes(w uint64) uint64 { return (w | (w - ','*lowBits)) & HighBits }

// The high bits of the first and the last byte of a word.
const (
	FirstByte = 0x80
	lastByte  = 0x80 << 56
)

// equalBytes has the high bits of the bytes of w that are c, both ASCII. The term
// &^ w, without which a byte that is not ASCII may look like c, is left to the
// caller.
func equalBytes(w uint64, c byte) uint64 {
	return ^((w ^ uint64(c)*lowBits | HighBits) - lowBits) & HighBits
}
