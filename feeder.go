package mqttwire

// Feeder cuts a stream into packets that comes in chunks, as an event loop gets
// it. The usual loop gives it a chunk and takes all packets that are whole:
//
//	f.Feed(chunk)
//	for {
//		frame, err := f.Frame()
//		if err == mqttwire.ErrIncomplete {
//			break
//		}
//		…
//	}
//
// Its other methods are those of a Reader and mean the same, but where a Reader
// would wait for bytes they return ErrIncomplete. That is no state of the Feeder:
// feed it and call the same method again.
//
// # The chunk
//
// The Feeder does not copy a chunk but uses it where it is: a frame that lies
// within one chunk is a view of it. The chunk must stay as it is until a method
// returns ErrIncomplete. Then the Feeder has copied the rest, which is less than
// a packet, and the chunk is the caller's again. It also is after the next call
// of Feed, which copies what is left of the chunk before: Feed(nil) does just
// that.
//
// The Feeder's own buffer is there only while a packet is split between chunks,
// or was. It grows with the bytes fed, and after a large packet it gets small
// again. The work is linear in the bytes fed, whatever their chunks.
//
// The error of a packet over the limit stays until Skip, every other error for
// good. A Feeder is for one goroutine at a time.
type Feeder struct {
	cutter         // its window is in own or, if aliased, in the chunk
	own     []byte // the Feeder's own buffer
	rest    []byte // of the chunk, after the window; empty if aliased
	aliased bool
	ended   bool
}

// NewFeeder returns a Feeder at the start of a stream.
func NewFeeder(limits Limits) *Feeder { return &Feeder{cutter: cutter{limits: limits}} }

// Feed gives the Feeder the next bytes of the stream. The comment of Feeder says
// how long they must stay as they are. A frame or a view from before is no longer
// valid. What is left of the chunk before is copied and comes first. Feed does
// nothing after End.
func (f *Feeder) Feed(chunk []byte) {
	if f.ended {
		return
	}
	f.settle()
	n := min(f.drop, len(chunk)) // while there is something to drop, the window is empty
	f.drop -= n
	chunk = chunk[n:]
	switch {
	case f.overwrite:
		f.keep(chunk) // the caller's memory is not for us to overwrite
	case len(chunk) > 0:
		f.rest = chunk
		if f.quick > 0 && f.have()+f.left == 0 {
			f.useChunk() // so that TryFrame finds the packet that it begins with
		}
	}
}

// End says that the stream has ended. When all that was fed is used up, the
// methods return io.EOF between two packets and io.ErrUnexpectedEOF inside one,
// in place of ErrIncomplete.
func (f *Feeder) End() { f.ended = true }

// Frame returns the next whole packet: it is Next and Body in one. It returns
// ErrIncomplete until all of the packet was fed; then call it again, or Body, and
// not Next, which would skip that packet. The frame is valid until the next call
// of Frame, Next, TryFrame, Lookahead or Feed. Other errors are those of Next.
func (f *Feeder) Frame() (Frame, error) {
	if frame, ok := f.TryFrame(); ok {
		return frame, nil
	}
	if f.turn() {
		if frame, ok := f.TryFrame(); ok {
			return frame, nil
		}
	}
	return f.nextFrame()
}

// nextFrame is Frame for any packet.
func (f *Feeder) nextFrame() (Frame, error) {
	if !f.waiting {
		if _, err := f.Next(); err != nil {
			return Frame{}, err
		}
	}
	frame, err := f.Body()
	if err == ErrIncomplete {
		f.waiting, f.quick = true, 0
	}
	return frame, err
}

// turn makes what is left of the chunk the window, if the present packet is the
// last in the window before and nothing else needs a second look. It is what Next
// does there, without the detour.
func (f *Feeder) turn() bool {
	if f.quick == 0 || len(f.rest) == 0 || f.pos+f.left != f.end {
		return false
	}
	f.left = 0
	f.useChunk()
	return true
}

// Next goes to the next packet, past what was not taken of the present one, and
// returns its fixed header. It returns an *Error of class ErrMalformed if the
// fixed header is malformed.
//
// If the packet is larger than the limit, Next returns the header together with
// an *Error of class ErrTooLarge, whose Found is the size of the packet and whose
// Max is the limit. The caller may then Peek into the body, Discard from its
// start, and Skip the packet to go on. Until then the Feeder keeps of the body
// what Peek may show, and drops the rest as it is fed.
func (f *Feeder) Next() (FixedHeader, error) {
	if len(f.own) > keepBuffer {
		f.shrink()
	}
	if h, ok := f.tryNext(); ok {
		return h, nil
	}
	f.waiting = false
	for {
		h, err := f.next()
		if err != ErrIncomplete {
			return h, err
		}
		if err = f.more(); err != nil {
			return FixedHeader{}, f.fail(err)
		}
	}
}

// ProxyHeader takes the PROXY protocol header with which the connection begins, to
// be called before the first packet is gone to. If there is none it returns
// ErrNoProxyHeader, and takes nothing; ErrIncomplete until all of it was fed. Other
// errors are those of ConsumeProxyHeader, and end the stream. TLVs is valid until
// the next call of any method.
func (f *Feeder) ProxyHeader() (ProxyHeader, error) {
	for {
		h, err := f.proxyHeader()
		if err != ErrIncomplete {
			return h, err
		}
		if err = f.more(); err != nil {
			return ProxyHeader{}, f.fail(err)
		}
	}
}

// Header returns the fixed header of the present packet, also if it is over the
// limit or its body is not yet there. Its Type is 0 before the first packet,
// after Lookahead, and after an error of Next for which there is no header.
func (f *Feeder) Header() FixedHeader { return f.header }

// Offset returns the position in the stream of the present packet's first byte,
// counted from 0, a PROXY protocol header included; after an error of Next, that
// of the packet that failed.
func (f *Feeder) Offset() int64 { return f.offset }

// SetLimits sets the limits for the packets after the present one.
func (f *Feeder) SetLimits(limits Limits) { f.setLimits(limits) }

// OverwriteBodies makes Next and Frame overwrite, from now on, the bytes of the
// packet before with 0xDB, and does not use that memory again. It is for tests: a
// view of a body that was kept for too long then shows. The Feeder copies all
// chunks then, so that it overwrites its own memory only.
func (f *Feeder) OverwriteBodies() {
	f.settle()
	f.overwrite, f.quick = true, 0
}

// Body returns the present packet as a frame, which it does not take: it may be
// asked for again. It returns ErrIncomplete until all of the packet was fed. The
// frame aliases the chunk or the Feeder's buffer and is valid until the next call
// of Next, Frame, TryFrame, Lookahead or Feed. If a part of the body has been
// taken it returns ErrBodyRead, before the first Next ErrNoPacket; other errors
// are those of Next.
func (f *Feeder) Body() (Frame, error) {
	for {
		frame, err := f.body()
		if err != ErrIncomplete {
			if f.waiting && err == nil {
				f.arm()
			}
			f.waiting = false
			return frame, err
		}
		if err = f.more(); err != nil {
			return Frame{}, f.fail(err)
		}
	}
}

// AppendBody takes the whole body of the present packet, appends it to dst and
// returns the extended slice, which is the caller's. Errors are those of Body; on
// error it takes nothing and returns dst as it was.
func (f *Feeder) AppendBody(dst []byte) ([]byte, error) {
	frame, err := f.Body()
	if err != nil {
		return dst, err
	}
	f.take(len(frame.Body))
	return append(dst, frame.Body...), nil
}

// Peek returns the next n bytes of the present packet's body without taking them.
// They are valid until the next call of any method. If the body has fewer left it
// returns those with io.EOF; if fewer were fed, those with ErrIncomplete or, after
// End, io.ErrUnexpectedEOF; they can still be taken.
//
// Of a packet over the limit it returns the first 131080 bytes at most: topic
// name, packet identifier and 64 KiB of properties. For more than that, the error
// is that of Next.
func (f *Feeder) Peek(n int) ([]byte, error) {
	for {
		b, err := f.peek(n)
		if err != ErrIncomplete {
			return b, err
		}
		if err = f.more(); err != nil {
			return f.window(n), err
		}
	}
}

// Discard takes n bytes of the present packet's body and drops them. If it drops
// fewer than n it says why: with ErrIncomplete if they were not fed, with io.EOF
// if the body had no more. Of a packet over the limit it takes what Peek may show.
func (f *Feeder) Discard(n int) (int, error) {
	for total := 0; ; {
		took, err := f.discard(n - total)
		total += took
		if err != ErrIncomplete {
			return total, err
		}
		if err = f.more(); err != nil {
			return total, f.fail(err)
		}
	}
}

// Read takes bytes from the body of the present packet: those that were fed. It
// returns ErrIncomplete if there are none, and io.EOF at the end of the body.
func (f *Feeder) Read(p []byte) (int, error) {
	for {
		n, err := f.read(p)
		if err != ErrIncomplete {
			return n, err
		}
		if err = f.more(); err != nil {
			return 0, f.fail(err)
		}
	}
}

// Skip drops what is left of the present packet's body: what was fed now, and the
// rest as it comes. It does not return ErrIncomplete. If the packet is over the
// limit, Skip clears the error, so that Next goes on.
func (f *Feeder) Skip() error {
	f.waiting = false
	for {
		err := f.skip()
		if err != ErrIncomplete {
			return err
		}
		if f.more() != nil {
			return nil // Next will say so
		}
	}
}

// Lookahead returns the next n bytes of the stream, from the first byte of the
// packet that Next will go to, without taking them. They are valid until the next
// call of any method. It leaves the present packet, as Next does, so that there
// is none until Next. If fewer were fed it returns those with ErrIncomplete or,
// after End, with io.ErrUnexpectedEOF or, if there are none, io.EOF.
func (f *Feeder) Lookahead(n int) ([]byte, error) {
	f.waiting = false
	f.shrink()
	for {
		b, err := f.lookahead(n)
		if err != ErrIncomplete {
			return b, err
		}
		if err = f.more(); err != nil && f.drop > 0 {
			return nil, f.fail(err)
		} else if err != nil {
			return f.window(n), err
		}
	}
}

// Release gives the Feeder's buffer back, but for bytes that were fed and not yet
// returned: for a connection on which nothing comes for a while. It leaves the
// chunk, as Feed(nil) does. Nothing is lost by it, also in the middle of a packet:
// the present packet stays, with what is left of its body. Only one that Frame or
// Body has returned is left, as Next leaves it, so that there is none until Next,
// and the frame is no longer valid. What is still to be had of a packet over the
// limit stays until Skip.
func (f *Feeder) Release() {
	f.settle()
	f.release()
	f.own = f.buf
}

// more moves bytes of the chunk into the window, so that it goes towards the
// length it needs. When the chunk is used up it says so, and holds no part of it.
func (f *Feeder) more() error {
	switch {
	case len(f.rest) == 0:
		f.settle()
		if f.ended {
			return f.atEnd()
		}
		return ErrIncomplete
	case f.have() == 0:
		f.useChunk()
	default:
		n := min(f.need-f.have(), len(f.rest))
		f.keep(f.rest[:n])
		f.rest = f.rest[n:]
	}
	return nil
}

// useChunk makes the chunk itself the window.
func (f *Feeder) useChunk() {
	f.buf, f.pos, f.end = f.rest, 0, len(f.rest)
	f.rest, f.aliased = nil, true
}

// settle copies what is left of the chunk into the Feeder's own buffer.
func (f *Feeder) settle() {
	if f.aliased {
		left := f.window(f.have())
		f.buf, f.pos, f.end, f.aliased = f.own, 0, 0, false
		f.keep(left)
	}
	if len(f.rest) > 0 {
		f.keep(f.rest)
		f.rest = nil
	}
}

// keep appends b to the window, which is in the Feeder's own buffer; but not what
// nobody will ask for of a packet over the limit.
func (f *Feeder) keep(b []byte) {
	if f.oversize {
		have := f.have()
		body := min(len(b), max(0, f.left-have)) // b[:body] is of the present body
		if part := max(0, f.part-have); part < body {
			f.left -= body - part
			f.write(b[:part])
			b = b[body:]
		}
	}
	f.write(b)
}

// write appends b to the window, which is in the Feeder's own buffer.
func (f *Feeder) write(b []byte) {
	if len(b) == 0 {
		return
	}
	f.makeRoom(len(b))
	f.end += copy(f.buf[f.end:], b)
}

// makeRoom makes room for n bytes after the window. The buffer at least doubles, but
// not beyond the end of a body that needs less, nor beyond what is kept of one over
// the limit, and the window moves within it only past as many bytes as it has: so
// all moving together is linear.
func (f *Feeder) makeRoom(n int) {
	have, size := f.have(), len(f.buf)
	switch {
	case f.end+n <= size && have > 0:
		return
	case have+n <= size && f.pos >= have:
		f.moveDown()
		f.own = f.buf
		return
	}
	grown := 2 * size
	if have+n <= f.left {
		grown = min(grown, f.left)
	}
	if f.oversize && have+n <= f.part {
		grown = min(grown, f.part)
	}
	f.own = make([]byte, max(grown, have+n, firstBuffer))
	f.move(f.own)
}

// shrink lets a large buffer go if the present packet needed little of it.
func (f *Feeder) shrink() {
	switch {
	case !f.wasteful(f.own):
	case f.aliased:
		f.own = nil
	case f.have() == 0:
		f.own = nil
		f.move(nil)
	case f.have() <= readAhead:
		f.own = make([]byte, max(f.have(), firstBuffer))
		f.move(f.own)
	}
}
