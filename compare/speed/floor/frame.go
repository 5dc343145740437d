// Package floor decodes MQTT packets of 3.1.1 and 5.0 as cheaply as plain code
// can: it cuts the frame, slices the fields, checks that they lie inside the
// frame, walks the properties by their types, and stores every field in the same
// structs as package packets, which it reuses. It checks no rule of the standard
// and says of bad input no more than that it is bad. It is what a decoder that
// checks is measured against, and is not for use.
//
// On request it also checks the text of each string, in one pass: that is the
// floor with text checks.
package floor

import "io"

// Frame is the first byte of a packet, and its body.
type Frame struct {
	First byte
	Body  []byte
}

// Type returns the packet type.
func (f Frame) Type() byte { return f.First >> 4 }

// Cut cuts the first packet from b. ok is false if b does not hold one whole.
//
// It is not inlined: a decoder with checks would not be, and neither are the
// Decode methods, so that both sides are called alike.
//
//go:noinline
func Cut(b []byte) (f Frame, rest []byte, ok bool) {
	if len(b) < 2 {
		return Frame{}, b, false
	}
	n, size := varint(b[1:])
	body := b[1+size:]
	if size == 0 || n > len(body) {
		return Frame{}, b, false
	}
	return Frame{b[0], body[:n:n]}, body[n:], true
}

// varint reads a variable byte integer and returns it with its size, 0 if it is
// cut off or has over four bytes.
func varint(b []byte) (n, size int) {
	if len(b) > 0 && b[0] < 0x80 {
		return int(b[0]), 1
	}
	return longVarint(b)
}

func longVarint(b []byte) (n, size int) {
	for i := 0; i < len(b) && i < 4; i++ {
		n |= int(b[i]&0x7F) << (7 * i)
		if b[i] < 0x80 {
			return n, i + 1
		}
	}
	return 0, 0
}

// field cuts two bytes of length and so many bytes from b.
func field(b []byte) (v, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := 2 + (int(b[0])<<8 | int(b[1]))
	if n > len(b) {
		return nil, nil, false
	}
	return b[2:n:n], b[n:], true
}

// streamBuffer is the size of a Stream's buffer, in bytes.
const streamBuffer = 4 << 10

// Stream cuts a stream into packets of at most streamBuffer bytes.
type Stream struct {
	src      io.Reader
	buf      []byte
	pos, end int
}

// NewStream returns a Stream of the packets in src.
func NewStream(src io.Reader) *Stream { return &Stream{src: src, buf: make([]byte, streamBuffer)} }

// Next returns the next packet, which is valid until the next call.
func (s *Stream) Next() (f Frame, ok bool) {
	for {
		f, rest, ok := Cut(s.buf[s.pos:s.end])
		if ok {
			s.pos = s.end - len(rest)
			return f, true
		}
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
		n, err := s.src.Read(s.buf[s.end:])
		if err != nil || n == 0 {
			return Frame{}, false
		}
		s.end += n
	}
}
