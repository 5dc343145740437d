package mqttwire

import "io"

// Frame is the bytes of one packet, cut from the stream and not looked into.
type Frame struct {
	Header FixedHeader
	Body   []byte // what follows the fixed header; aliases the buffer it was cut from

	// No more fields: up to this size the compiler keeps a Frame in registers.
}

// limit is the largest packet size that max stands for.
func limit(max int) int {
	if max <= 0 || max > MaxPacketSize {
		return MaxPacketSize
	}
	return max
}

// CutFrame cuts the first packet from b and returns it with the bytes after it.
// The frame's body aliases b; its capacity ends with it.
//
// max is the largest whole packet allowed, in bytes; 0 means the protocol's own
// maximum, MaxPacketSize. CutFrame returns ErrIncomplete while b ends inside
// the packet; that costs a look at the fixed header only. A packet over max
// gives an *Error of class ErrTooLarge as soon as its header is there, a broken
// header one of class ErrMalformed. With an error, rest is b.
func CutFrame(b []byte, max int) (f Frame, rest []byte, err error) {
	// Most packets have fewer than 128 bytes after the fixed header, and so one
	// byte of remaining length. They are taken here at once.
	if len(b) >= 2 && b[1] < 0x80 && b[0] >= 1<<4 {
		n := 2 + int(b[1])
		if n <= len(b) && (n <= max || max <= 0) {
			f.Header = FixedHeader{PacketType(b[0] >> 4), b[0] & 0x0F, 2, uint32(b[1])}
			f.Body = b[2:n:n]
			return f, b[n:], nil
		}
	}
	return cutFrame(b, max)
}

// cutFrame is CutFrame for any packet.
func cutFrame(b []byte, max int) (f Frame, rest []byte, err error) {
	h, body, err := ConsumeFixedHeader(b)
	if err != nil {
		return Frame{}, b, err
	}
	if h.PacketSize() > limit(max) {
		return Frame{}, b, tooLarge(h, max)
	}
	n := int(h.RemainingLength)
	if n > len(body) {
		return Frame{}, b, ErrIncomplete
	}
	return Frame{Header: h, Body: body[:n:n]}, body[n:], nil
}

// tooLarge is the error for a packet over the limit: U-2.1.4-3.
func tooLarge(h FixedHeader, max int) *Error {
	e := NewError(RulePacketSize, h.Type, 0, FieldRemainingLength, 1, int64(h.PacketSize()))
	e.Max = int64(limit(max))
	return e
}

// FrameSize returns the size in bytes of the first packet in b, which need not
// be there whole. While the fixed header itself is incomplete it returns
// ErrIncomplete and the least number of bytes with which asking again can help.
// Other errors are those of ConsumeFixedHeader.
func FrameSize(b []byte) (n int, err error) {
	h, _, err := ConsumeFixedHeader(b)
	switch err {
	case nil:
		return h.PacketSize(), nil
	case ErrIncomplete:
		return max(len(b)+1, 2), err
	}
	return 0, err
}

// ScanFrames is a bufio.SplitFunc that returns each packet, fixed header
// included, as a token. At the end of the stream a partial packet gives
// io.ErrUnexpectedEOF. The scanner's own buffer limit counts as a maximum
// packet size.
func ScanFrames(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if len(data) == 0 {
		return 0, nil, nil
	}
	_, rest, err := CutFrame(data, 0)
	switch {
	case err == nil:
		n := len(data) - len(rest)
		return n, data[:n:n], nil
	case err == ErrIncomplete && atEOF:
		return 0, nil, io.ErrUnexpectedEOF
	case err == ErrIncomplete:
		return 0, nil, nil
	}
	return 0, nil, err
}

// AppendFrame appends a packet made of the given parts to dst. It alone writes
// type, flags and body as they are, for tests and tools that need bytes which no
// packet type would write. It refuses only what no frame can say: a type over 15,
// flags over 15, a body over MaxVarint bytes; then it returns dst as it was and an
// *Error.
func AppendFrame(dst []byte, t PacketType, flags uint8, body []byte) ([]byte, error) {
	switch {
	case t > 15:
		return dst, ownError(RulePacketType, t, 0, FieldPacketType, NoOffset, int64(t))
	case flags > 15:
		return dst, ownError(RuleFlags, t, 0, FieldFlags, NoOffset, int64(flags))
	case len(body) > MaxVarint:
		return dst, ownError(RuleRemainingLength, t, 0, FieldRemainingLength, NoOffset, int64(len(body)))
	}
	dst = append(dst, byte(t)<<4|flags)
	dst = appendVarint(dst, uint32(len(body)))
	return append(dst, body...), nil
}
