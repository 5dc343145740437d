package mqttwire

import "github.com/mqttwire/mqttwire/internal/text"

// maxPrefixed is the largest length of a string or binary data.
const maxPrefixed = text.MaxLength

// AppendString appends s as a UTF-8 encoded string, after checking that it is a
// legal one of version v. On error it returns dst as it was, and the *Error of
// CheckString. Section 1.5.4.
func AppendString(dst, s []byte, v Version) ([]byte, error) {
	if err := CheckString(s, v); err != nil {
		return dst, err
	}
	return appendPrefixed(dst, s), nil
}

// ConsumeString reads the UTF-8 encoded string at the start of b, which aliases
// b, and returns it with the bytes after it. It returns ErrIncomplete if b ends
// inside the string, and else the *Error of CheckString. Section 1.5.4.
func ConsumeString(b []byte, v Version) (s, rest []byte, err error) {
	s, rest, err = ConsumeBinary(b)
	if err == nil {
		err = CheckString(s, v)
	}
	if err != nil {
		return nil, b, err
	}
	return s, rest, nil
}

// AppendBinary appends p as binary data. If p has over 65535 bytes it returns
// dst as it was and an *Error. Section 1.5.6.
func AppendBinary(dst, p []byte) ([]byte, error) {
	if len(p) > maxPrefixed {
		return dst, ownError(RuleBinaryLength, 0, 0, FieldBinary, NoOffset, int64(len(p)))
	}
	return appendPrefixed(dst, p), nil
}

// ConsumeBinary reads the binary data at the start of b, which aliases b, and
// returns it with the bytes after it. It returns ErrIncomplete if b ends inside
// it. Section 1.5.6.
func ConsumeBinary(b []byte) (p, rest []byte, err error) {
	if len(b) < 2 {
		return nil, b, ErrIncomplete
	}
	end := 2 + int(uint16At(b))
	if len(b) < end {
		return nil, b, ErrIncomplete
	}
	return b[2:end:end], b[end:], nil
}

// appendPrefixed appends two bytes of length and p, which has at most 65535.
func appendPrefixed(dst, p []byte) []byte {
	return append(appendUint16(dst, uint16(len(p))), p...)
}

// Two and four byte integers are big-endian. U-1.5.2-1

func uint16At(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }

func uint32At(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func appendUint16(dst []byte, n uint16) []byte { return append(dst, byte(n>>8), byte(n)) }

func appendUint32(dst []byte, n uint32) []byte {
	return append(dst, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}
