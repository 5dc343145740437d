package mqttwire

import (
	"errors"
	"io"
	"slices"
)

// errWholePart says that ReadFrame was given a whole packet as the part that was
// read before: without that error, who forgets buf[:0] would get the same packet
// for ever.
var errWholePart = errors.New("mqttwire: ReadFrame: the packet is there already; the next one begins with buf[:0]")

// ReadFrame reads one packet from r, and not a byte more: for who hands the
// connection on, or keeps its bytes. The fixed header is read in the single bytes
// that it takes, the body as it comes. For many packets a Reader needs fewer reads.
//
// part is what was read of the packet before, and the memory to read into: buf[:0]
// or nil for the next packet. buf has the bytes of the packet, which f.Body
// aliases; it is part, grown as bytes arrived and not as a remaining length
// declares, and the caller's.
//
//	f, buf, err = mqttwire.ReadFrame(conn, buf[:0], 0)
//
// max is the largest whole packet allowed, in bytes; 0 means DefaultPacketSize.
//
// ReadFrame returns io.EOF if r ends before the first byte, io.ErrUnexpectedEOF if
// it ends inside the packet, an *Error of class ErrMalformed if the fixed header is
// malformed, one of class ErrTooLarge if the packet is over max, before a byte of
// its body is read, or the error of r, but for one that comes with the last bytes of
// the packet, as io.ReadFull does. With every error buf has what was read: after a
// timeout, call ReadFrame again with part = buf, and it goes on.
func ReadFrame(r io.Reader, part []byte, max int) (f Frame, buf []byte, err error) {
	max = Limits{PacketSize: max}.packetSize()
	if _, _, err := CutFrame(part, max); err == nil {
		return Frame{}, part, errWholePart
	}
	for {
		f, _, cut := CutFrame(part, max)
		if cut != ErrIncomplete {
			return f, part, cut
		}
		if err != nil {
			return Frame{}, part, err
		}
		size, _ := FrameSize(part)
		part, err = readInto(r, part, size)
	}
}

// readInto reads bytes of r that follow part, of which there will be size. An error
// may come with bytes: if they complete the packet it does not count.
func readInto(r io.Reader, part []byte, size int) ([]byte, error) {
	have := len(part)
	if have == cap(part) {
		part = slices.Grow(part, max(firstBuffer, min(size-have, have)))
	}
	n, err := readSome(r, part[have:min(size, cap(part))])
	if err == io.EOF && have+n > 0 {
		err = io.ErrUnexpectedEOF
	}
	return part[:have+n], err
}
