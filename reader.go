package mqttwire

import (
	"errors"
	"io"
	"slices"
	"sync"
)

// readAhead is how large the buffer of a Reader gets for reading ahead, in bytes.
const readAhead = 4 << 10

// patience is how many small packets in a row leave a large buffer as it is.
// Without it the buffer grows anew for each large packet where a few small ones
// come between.
const patience = 3

// maxEmptyReads is how many reads in a row may return nothing and no error.
const maxEmptyReads = 100

// errBadRead says that an io.Reader breaks the contract of io.Reader.
var errBadRead = errors.New("mqttwire: reader returned an impossible count")

// Reader cuts a stream that it reads into packets. Call Frame for each packet, to
// have it whole; or Next, which shows the fixed header before a byte of the body
// is taken. After Next call Body for the whole frame, or AppendBody to have the
// body in memory of your own, or Read to stream it, or Skip, or simply Next again.
// For bytes that come by themselves, as in an event loop, there is the Feeder.
//
// There is no buffer before the first read. It begins with 512 bytes and grows as
// bytes arrive, not as a remaining length declares: to 4 KiB for reading ahead, so
// that many small packets cost one read of the underlying reader, and beyond that
// only for one packet that is larger. When a few packets have needed little of a
// large buffer, it gets small again.
//
// # Errors
//
// The error of a packet over the limit stays until Skip, and every other error for
// good, but for timeouts: an error of the underlying reader with a method Timeout
// that returns true, such as os.ErrDeadlineExceeded, ends nothing. It is returned,
// and the same call made again goes on where it stopped, between two packets or
// inside one. So read deadlines may be set as one likes.
//
// A Reader is for one goroutine at a time.
type Reader struct {
	cutter
	src    io.Reader
	srcErr error             // sticky: what src returned
	late   int64             // 1 + the offset of the packet in which a timeout broke AppendBody off, or 0
	idle   *[idleBuffer]byte // in place of a buffer while nothing comes, or nil: see BeSmallWhileIdle
}

// NewReader returns a Reader of the packets in r. It reads nothing yet.
func NewReader(r io.Reader, limits Limits) *Reader {
	return &Reader{src: r, cutter: cutter{limits: limits}}
}

// Frame returns the next packet: it is Next and Body in one. The frame aliases the
// Reader's buffer and is valid until the next call of Frame, Next, TryFrame or
// Lookahead. Errors are those of Next; if the packet is over the limit, Header has
// its header. After a timeout call it again, or Body, and not Next, which would
// skip the packet if its header has come.
func (r *Reader) Frame() (Frame, error) {
	if f, ok := r.TryFrame(); ok {
		return f, nil
	}
	if !r.waiting {
		if _, err := r.Next(); err != nil {
			return Frame{}, err
		}
	}
	f, err := r.Body()
	if err != nil && r.err == nil && isTimeout(err) {
		r.waiting, r.quick = true, 0
	}
	return f, err
}

// Next goes to the next packet, past what was not taken of the present one, and
// returns its fixed header. It returns io.EOF if the stream ends between two
// packets, io.ErrUnexpectedEOF if it ends inside one, an *Error of class
// ErrMalformed if the fixed header is malformed, or the error of the underlying
// reader.
//
// If the packet is larger than the limit, Next returns the header together with
// an *Error of class ErrTooLarge, whose Found is the size of the packet and whose
// Max is the limit. The caller may then Peek into the body, Discard from its
// start, and Skip the packet to go on.
func (r *Reader) Next() (FixedHeader, error) {
	if len(r.buf) > keepBuffer {
		r.shrink()
	}
	if h, ok := r.tryNext(); ok {
		return h, nil
	}
	r.waiting = false
	for {
		h, err := r.next()
		if err != ErrIncomplete {
			return h, err
		}
		if err = r.fill(); err != nil {
			return FixedHeader{}, r.fail(err)
		}
	}
}

// ProxyHeader takes the PROXY protocol header with which the connection begins, to
// be called before the first packet is gone to. If there is none it returns
// ErrNoProxyHeader, and takes nothing; io.EOF or io.ErrUnexpectedEOF if the stream
// ends before or inside it. Other errors are those of ConsumeProxyHeader and of the
// underlying reader; a header that is not legal ends the stream. TLVs is valid until
// the next call of any method.
func (r *Reader) ProxyHeader() (ProxyHeader, error) {
	for {
		h, err := r.proxyHeader()
		if err != ErrIncomplete {
			return h, err
		}
		if err = r.fill(); err != nil {
			return ProxyHeader{}, r.fail(err)
		}
	}
}

// Header returns the fixed header of the present packet, also if it is over the
// limit. Its Type is 0 before the first packet, after Lookahead, and after an
// error of Next for which there is no header.
func (r *Reader) Header() FixedHeader { return r.header }

// Offset returns the position in the stream of the present packet's first byte,
// counted from 0, a PROXY protocol header included; after an error of Next, that
// of the packet that failed.
func (r *Reader) Offset() int64 { return r.offset }

// SetLimits sets the limits for the packets after the present one.
func (r *Reader) SetLimits(limits Limits) { r.setLimits(limits) }

// OverwriteBodies makes Next overwrite, from now on, the bytes of the packet
// before with 0xDB, as far as they are in the buffer, and does not use that memory
// again. It is for tests: a view of a body that was kept for too long then shows.
func (r *Reader) OverwriteBodies() { r.overwrite, r.quick = true, 0 }

// Body returns the present packet as a frame, which it does not take: it may be
// asked for again. The frame aliases the Reader's buffer and is valid until the
// next call of Next, Frame, TryFrame or Lookahead. If a part of the body has been
// taken it returns ErrBodyRead, before the first Next ErrNoPacket; other errors
// are those of Next.
func (r *Reader) Body() (Frame, error) {
	for {
		f, err := r.body()
		if err != ErrIncomplete {
			if r.waiting && err == nil {
				r.arm()
			}
			r.waiting = false
			return f, err
		}
		if err = r.fill(); err != nil {
			return Frame{}, r.fail(err)
		}
	}
}

// AppendBody takes the whole body of the present packet, appends it to dst and
// returns the extended slice, which is the caller's. If dst has the capacity, a
// large body is read into it and not copied; else it grows as bytes arrive.
// Errors are those of Body; on error it returns dst as it was. After a timeout it
// has taken nothing, and the body that came is in the Reader's buffer.
func (r *Reader) AppendBody(dst []byte) ([]byte, error) {
	if err := r.untouched(); err != nil {
		return dst, err
	}
	if r.late == r.offset+1 {
		return r.copyBody(dst)
	}
	out := dst
	for r.left > 0 {
		if len(out) == cap(out) {
			out = slices.Grow(out, min(r.left, max(firstBuffer, len(out)-len(dst))))
		}
		n, err := r.Read(out[len(out):cap(out)])
		if err != nil {
			r.putBack(out[len(dst):])
			return dst, err
		}
		out = out[:len(out)+n]
	}
	return out, nil
}

// putBack puts what was taken of the body back into the buffer, in which nothing
// is left, unless the stream has ended.
func (r *Reader) putBack(body []byte) {
	if r.err != nil {
		return
	}
	r.late = r.offset + 1
	r.left += len(body)
	if len(r.buf) < len(body) {
		r.buf = make([]byte, max(len(body), firstBuffer))
	}
	r.pos, r.end = 0, copy(r.buf, body)
	r.full = r.end == len(r.buf)
}

// copyBody is AppendBody after a timeout: the body is waited for in the buffer,
// since putting it back once more with each timeout would cost more than in
// proportion to its size.
func (r *Reader) copyBody(dst []byte) ([]byte, error) {
	f, err := r.Body()
	if err != nil {
		return dst, err
	}
	r.take(len(f.Body))
	return append(dst, f.Body...), nil
}

// Peek returns the next n bytes of the present packet's body without taking them.
// They are valid until the next call of any method. If the body has fewer left it
// returns those with io.EOF. If the stream ends or fails before, it returns those
// that came, with the error; they can still be taken.
//
// Of a packet over the limit it returns the first 131080 bytes at most: topic
// name, packet identifier and 64 KiB of properties. For more than that, the error
// is that of Next.
func (r *Reader) Peek(n int) ([]byte, error) {
	for {
		b, err := r.peek(n)
		if err != ErrIncomplete {
			return b, err
		}
		if err = r.fill(); err != nil {
			return r.window(n), err
		}
	}
}

// Discard takes n bytes of the present packet's body and drops them. If it drops
// fewer than n it says why: with io.EOF if the body had no more. Of a packet over
// the limit it takes what Peek may show.
func (r *Reader) Discard(n int) (int, error) {
	for total := 0; ; {
		took, err := r.discard(n - total)
		total += took
		if err != ErrIncomplete {
			return total, err
		}
		if err = r.fill(); err != nil {
			return total, r.fail(err)
		}
	}
}

// Read takes bytes from the body of the present packet. At its end it returns
// io.EOF.
func (r *Reader) Read(p []byte) (int, error) {
	p = p[:min(len(p), r.left)]
	for {
		n, err := r.read(p)
		if err != ErrIncomplete {
			return n, err
		}
		if len(p) >= readAhead { // a large read needs no copy
			n, err = r.readSource(p)
			r.left -= n
		} else {
			err = r.fill()
		}
		if n > 0 {
			return n, nil
		}
		if err != nil {
			return 0, r.fail(err)
		}
	}
}

// Skip drops what is left of the present packet's body, without buffering it. If
// the packet is over the limit, Skip clears the error, so that Next goes on.
func (r *Reader) Skip() error {
	r.waiting = false
	for {
		err := r.skip()
		if err != ErrIncomplete {
			return err
		}
		if err = r.fill(); err != nil {
			return r.fail(err)
		}
	}
}

// Lookahead returns the next n bytes of the stream, from the first byte of the
// packet that Next will go to, without taking them. They are valid until the next
// call of any method. It leaves the present packet, as Next does, so that there
// is none until Next. If the stream ends before, it returns the bytes there are
// with io.ErrUnexpectedEOF or, if there are none, io.EOF.
func (r *Reader) Lookahead(n int) ([]byte, error) {
	r.waiting = false
	r.shrink()
	for {
		b, err := r.lookahead(n)
		if err != ErrIncomplete {
			return b, err
		}
		if err = r.fill(); err != nil && r.drop > 0 {
			return nil, r.fail(err)
		} else if err != nil {
			return r.window(n), err
		}
	}
}

// Release gives the Reader's buffer back, but for bytes that have come and were not
// yet returned: for a connection on which nothing comes for a while. Nothing is
// lost by it, also in the middle of a packet, as after a timeout: the present
// packet stays, with what is left of its body. Only one that Frame or Body has
// returned is left, as Next leaves it, so that there is none until Next, and the
// frame is no longer valid. The next call that reads makes a new buffer of 512
// bytes. What is still to be had of a packet over the limit stays until Skip.
func (r *Reader) Release() {
	r.release()
	r.full, r.small = false, 0
}

// fill reads more from the source, once, so that the window goes towards the
// length it needs.
func (r *Reader) fill() error {
	if r.idle != nil && r.have() == 0 && r.left == 0 && r.drop == 0 && !r.overwrite {
		r.beIdle()
	}
	r.makeRoom()
	n, err := r.readSource(r.buf[r.end:r.fillEnd()])
	r.end += n
	r.full = r.end == len(r.buf)
	return err
}

// fillEnd returns up to where the buffer is to be filled. What was read ahead may
// have to be moved within the buffer when the rest of its packet is to follow. So
// while a buffer is large, as it is for large packets only, no more than readAhead
// is read ahead.
func (r *Reader) fillEnd() int {
	if len(r.buf) <= keepBuffer {
		return len(r.buf)
	}
	return min(len(r.buf), r.pos+max(r.need, r.left, r.drop)+readAhead)
}

// readSource reads at least one byte into p, or returns an error.
func (r *Reader) readSource(p []byte) (int, error) {
	if r.srcErr == nil {
		n, err := readSome(r.src, p)
		if err != nil && !isTimeout(err) {
			r.srcErr = err
		}
		switch {
		case n > 0: // an error that came with bytes is for the next call; a timeout comes again by itself
			return n, nil
		case r.srcErr == nil:
			return 0, err
		}
	}
	if r.srcErr == io.EOF {
		return 0, r.atEnd()
	}
	return 0, r.srcErr
}

// readSome reads bytes into p, an error, or both.
func readSome(r io.Reader, p []byte) (n int, err error) {
	for range maxEmptyReads {
		n, err = r.Read(p)
		switch {
		case n < 0 || n > len(p):
			return 0, errBadRead
		case n > 0 || err != nil:
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// makeRoom makes room for at least one byte after the window. When the buffer is
// full of bytes that arrived it doubles, up to what is needed; and when reading
// ahead has filled it, up to readAhead. With headerRoom the next packet of the
// same size need not be moved to fit.
func (r *Reader) makeRoom() {
	have, size, need := r.have(), len(r.buf), r.need
	switch {
	case r.full && r.idle != nil && size <= idleBuffer:
		r.move(newReadAhead())
	case r.full && size < readAhead:
		r.move(make([]byte, 2*size))
	case have == 0 && size > 0:
		r.moveDown()
	case r.end < size && (r.pos+need <= size || need > size):
	case r.pos > 0 && (need <= size || have < size/2):
		r.moveDown()
	default:
		r.move(make([]byte, max(min(2*size, need+headerRoom), firstBuffer)))
	}
}

// readAheadBuffers are buffers of readAhead bytes, for Readers that hold one only
// while something comes.
var readAheadBuffers = sync.Pool{New: func() any { return new([readAhead]byte) }}

func newReadAhead() []byte { return readAheadBuffers.Get().(*[readAhead]byte)[:] }

// idleBuffer is how many bytes a Reader reads at first that is small while idle.
const idleBuffer = 64

// BeSmallWhileIdle makes the Reader read the first bytes of what comes into idle,
// and hold a buffer only while more than that comes: one of many Readers in turn.
func (export) BeSmallWhileIdle(r *Reader, idle *[idleBuffer]byte) { r.idle = idle }

// beIdle gives the buffer back, in which nothing is left.
func (r *Reader) beIdle() {
	if len(r.buf) == readAhead {
		readAheadBuffers.Put((*[readAhead]byte)(r.buf))
	}
	r.buf, r.pos, r.end, r.full = r.idle[:], 0, 0, false
}

// shrink lets a large buffer go when the last packets needed little of it. Packets
// that TryFrame took do not count.
func (r *Reader) shrink() {
	switch {
	case r.header.Type == 0: // Lookahead has left the packet
	case !r.wasteful(r.buf):
		r.small = 0
	case r.small < patience:
		r.small++
	case r.have() <= readAhead:
		r.small = 0
		r.move(make([]byte, readAhead))
	}
}
