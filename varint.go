package mqttwire

// MaxVarint is the largest value of a variable byte integer, and with it the
// largest remaining length: 268435455. Section 1.5.5.
const MaxVarint = 0x0FFFFFFF

// MaxVarintSize is the largest number of bytes of a variable byte integer.
const MaxVarintSize = 4

// MaxPacketSize is the size of the largest packet the protocol allows, in
// bytes: the first byte, four bytes of remaining length, and the rest.
const MaxPacketSize = 1 + MaxVarintSize + MaxVarint

// SizeVarint returns the number of bytes that n takes as a variable byte
// integer: 1 to 4, and 0 if n is over MaxVarint and so has no such form.
// Section 1.5.5.
func SizeVarint(n uint32) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14:
		return 2
	case n < 1<<21:
		return 3
	case n <= MaxVarint:
		return 4
	}
	return 0
}

// AppendVarint appends n as a variable byte integer in its shortest form. If n
// is over MaxVarint it returns dst as it was and an *Error. Section 1.5.5.
func AppendVarint(dst []byte, n uint32) ([]byte, error) {
	if n > MaxVarint {
		return dst, ownError(RuleVarintLength, 0, 0, FieldVarint, NoOffset, int64(n))
	}
	return appendVarint(dst, n), nil
}

// appendVarint appends n, which is at most MaxVarint.
func appendVarint(dst []byte, n uint32) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}

// ConsumeVarint reads the variable byte integer at the start of b and returns
// it with the bytes after it. It returns ErrIncomplete while b ends inside the
// integer, and an *Error if the fourth byte says that a fifth follows, or if
// the integer is longer than needed. Section 1.5.5.
func ConsumeVarint(b []byte) (n uint32, rest []byte, err error) {
	n, size := scanVarint(b)
	switch {
	case size == varintIncomplete:
		return 0, b, ErrIncomplete
	case size == varintTooLong:
		return 0, b, NewError(RuleVarintLength, 0, V5, FieldVarint, MaxVarintSize-1, NotANumber)
	case size != SizeVarint(n):
		return 0, b, NewError(RuleVarintMinimal, 0, V5, FieldVarint, size-1, int64(n))
	}
	return n, b[size:], nil
}

// What scanVarint returns in place of a size.
const (
	varintIncomplete = 0
	varintTooLong    = -1
)

// scanVarint reads a variable byte integer, accepting forms that are longer
// than needed, and returns its value and its size in bytes; or varintIncomplete
// if b ends inside it, or varintTooLong if the fourth byte is not the last.
func scanVarint(b []byte) (n uint32, size int) {
	for i := 0; i < len(b) && i < MaxVarintSize; i++ {
		n |= uint32(b[i]&0x7F) << (7 * i)
		if b[i] < 0x80 {
			return n, i + 1
		}
	}
	if len(b) < MaxVarintSize {
		return 0, varintIncomplete
	}
	return 0, varintTooLong
}
