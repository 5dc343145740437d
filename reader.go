package mqttwire

import (
	"errors"
	"io"
)

// Limits are the limits that a receiver sets for what it reads.
type Limits struct {
	// PacketSize is the largest whole packet allowed, in bytes, fixed header
	// included, as Maximum Packet Size counts it; 0 means the protocol's own
	// maximum, MaxPacketSize. Section 3.1.2.11.4.
	PacketSize int
}

// How large the buffer of a Reader is at first, and up to what size it is kept
// when packets no longer need it.
const (
	minBuffer  = 4 << 10
	keepBuffer = 64 << 10
)

// maxEmptyReads is how many reads in a row may return nothing and no error.
const maxEmptyReads = 100

// ErrBodyRead says that Body was called after Read had taken a part of the body.
var ErrBodyRead = errors.New("mqttwire: Body after Read: a part of the body is gone")

// ErrNoPacket says that Body was called before Next.
var ErrNoPacket = errors.New("mqttwire: Body before Next: there is no packet yet")

// errBadRead says that an io.Reader breaks the contract of io.Reader.
var errBadRead = errors.New("mqttwire: reader returned an impossible count")

// Reader cuts a stream into packets. Call Next for each packet: it shows the
// fixed header before a byte of the body is taken. Then call Body for the whole
// frame, or Read to stream the body, or Skip, or simply Next again.
//
// The buffer grows as bytes arrive, not as the remaining length declares, and
// gets small again after a large packet. Many small packets cost one read of the
// underlying reader.
type Reader struct {
	src    io.Reader
	limits Limits

	buf    []byte // buf[pos:end] is read from src and not yet taken
	pos    int
	end    int
	err    error // sticky: what ended the stream
	srcErr error // sticky: what src returned, io.EOF as io.ErrUnexpectedEOF
	header FixedHeader
	left   int   // bytes of the present body that are not yet taken
	offset int64 // of the present packet's first byte in the stream
	after  int64 // of the first byte after it
}

// NewReader returns a Reader of the packets in r.
func NewReader(r io.Reader, limits Limits) *Reader { return &Reader{src: r, limits: limits} }

// Next goes to the next packet, past what was not taken of the present one, and
// returns its fixed header. It returns io.EOF if the stream ends between two
// packets, io.ErrUnexpectedEOF if it ends inside one, an *Error if the fixed
// header is malformed or the packet larger than the limit, and else the
// reader's own error. After an error, every further call returns the same.
func (r *Reader) Next() (FixedHeader, error) {
	if err := r.Skip(); err != nil {
		return FixedHeader{}, err
	}
	r.shrink()
	r.offset = r.after
	for {
		h, _, err := ConsumeFixedHeader(r.buf[r.pos:r.end])
		switch {
		case err == ErrIncomplete:
			if err = r.fill(1 + MaxVarintSize); err == nil {
				continue
			}
			if err == io.ErrUnexpectedEOF && r.pos == r.end {
				err = io.EOF
			}
		case err == nil && h.PacketSize() > limit(r.limits.PacketSize):
			err = tooLarge(h, r.limits.PacketSize)
		}
		if err != nil {
			r.err = err
			return FixedHeader{}, err
		}
		r.begin(h)
		return h, nil
	}
}

// begin makes h the present packet.
func (r *Reader) begin(h FixedHeader) {
	r.header = h
	r.pos += int(h.Size)
	r.left = int(h.RemainingLength)
	r.after = r.offset + int64(h.PacketSize())
}

// Offset returns the position in the stream of the present packet's first byte,
// counted from 0.
func (r *Reader) Offset() int64 { return r.offset }

// Body returns the present packet as a frame. The frame aliases the Reader's
// buffer and is valid until the next call of Next. If Read has taken a part of
// the body it returns ErrBodyRead, before the first Next ErrNoPacket; other
// errors are as of Next.
func (r *Reader) Body() (Frame, error) {
	n := int(r.header.RemainingLength)
	if r.err != nil {
		return Frame{}, r.err
	}
	switch {
	case r.header.Type == 0:
		return Frame{}, ErrNoPacket
	case r.left != n:
		return Frame{}, ErrBodyRead
	}
	for r.end-r.pos < n {
		if err := r.fill(n); err != nil {
			r.err = err
			return Frame{}, err
		}
	}
	return Frame{Header: r.header, Body: r.buf[r.pos : r.pos+n : r.pos+n]}, nil
}

// Read reads from the body of the present packet. At its end it returns io.EOF.
func (r *Reader) Read(p []byte) (int, error) {
	switch {
	case r.err != nil:
		return 0, r.err
	case r.left == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	if len(p) > r.left {
		p = p[:r.left]
	}
	if r.pos == r.end && len(p) >= minBuffer {
		n, err := r.readSource(p) // large reads need no copy
		r.left -= n
		r.err = err
		return n, err
	}
	if r.pos == r.end {
		if err := r.fill(1); err != nil {
			r.err = err
			return 0, err
		}
	}
	n := copy(p, r.buf[r.pos:r.end])
	r.pos += n
	r.left -= n
	return n, nil
}

// Skip takes what is left of the present packet's body and drops it, without
// buffering more than the buffer holds.
func (r *Reader) Skip() error {
	for r.err == nil && r.left > 0 {
		n := min(r.left, r.end-r.pos)
		r.pos += n
		r.left -= n
		if r.left > 0 {
			r.err = r.fill(1)
		}
	}
	return r.err
}

// fill reads more from the source, once, so that the buffer goes towards
// holding want bytes from pos on. At the end of the stream it returns
// io.ErrUnexpectedEOF.
func (r *Reader) fill(want int) error {
	r.makeRoom(want)
	n, err := r.readSource(r.buf[r.end:])
	r.end += n
	return err
}

// readSource reads at least one byte into p, or returns an error.
func (r *Reader) readSource(p []byte) (int, error) {
	for range maxEmptyReads {
		if r.srcErr != nil {
			return 0, r.srcErr
		}
		n, err := r.src.Read(p)
		if n < 0 || n > len(p) {
			return 0, errBadRead
		}
		if r.srcErr = err; err == io.EOF {
			r.srcErr = io.ErrUnexpectedEOF
		}
		if n > 0 {
			return n, nil // an error that came with bytes is for the next call
		}
	}
	return 0, io.ErrNoProgress
}

// makeRoom makes room for at least one byte after end. When the buffer is full
// of bytes that arrived, it doubles, up to what want asks for.
func (r *Reader) makeRoom(want int) {
	have := r.end - r.pos
	if have == 0 {
		r.pos, r.end = 0, 0
	}
	switch {
	case r.end < len(r.buf) && (r.pos+want <= len(r.buf) || want > len(r.buf)):
		return
	case r.pos > 0 && (want <= len(r.buf) || have < len(r.buf)/2):
		copy(r.buf, r.buf[r.pos:r.end])
	default:
		size := max(min(2*len(r.buf), want), minBuffer)
		grown := make([]byte, size)
		copy(grown, r.buf[r.pos:r.end])
		r.buf = grown
	}
	r.pos, r.end = 0, have
}

// shrink lets a large buffer go if the packet read with it needed little of it.
func (r *Reader) shrink() {
	if len(r.buf) <= keepBuffer || r.header.PacketSize() > len(r.buf)/4 || r.end-r.pos > minBuffer {
		return
	}
	small := make([]byte, minBuffer)
	r.end = copy(small, r.buf[r.pos:r.end])
	r.pos = 0
	r.buf = small
}
