package mqttwire

import (
	"errors"
	"io"
)

// The sizes of the buffers of a Reader or a Feeder, in bytes: a new one, and the
// largest that is kept when packets no longer need it.
const (
	firstBuffer = 512
	keepBuffer  = 64 << 10
)

// headerRoom is the size of the largest fixed header.
const headerRoom = 1 + MaxVarintSize

// oversizePart is how many bytes can be peeked at in the body of a packet that is
// over the limit: enough for topic name, packet identifier and 64 KiB of
// properties.
const oversizePart = 128<<10 + 8

// overwritten is the byte that OverwriteBodies leaves where a body was.
const overwritten = 0xDB

// ErrBodyRead says that Body or AppendBody was called after a part of the body
// had been taken.
var ErrBodyRead = errors.New("mqttwire: Body after Read: a part of the body is gone")

// ErrNoPacket says that Body or AppendBody was called before Next.
var ErrNoPacket = errors.New("mqttwire: Body before Next: there is no packet yet")

// cutter is what Reader and Feeder share: it cuts packets from a window of the
// stream, and they move the window. Its methods take what is there; if that is
// too little they note in need how long the window has to be, and return
// ErrIncomplete. Called again with more, they go on where they stopped.
type cutter struct {
	buf  []byte // buf[pos:end] is the window: the bytes that came and are not yet taken
	pos  int
	end  int
	need int

	limits    Limits
	quick     int         // the largest packet that TryFrame may take; 0: none
	header    FixedHeader // of the present packet; the zero value between two packets
	left      int         // bytes of the present body that are not yet taken
	drop      int         // bytes to drop before the next packet; until then the window is empty
	offset    int64       // of the present packet's first byte in the stream
	err       error       // sticky: what ended the stream
	begun     bool        // the first packet's header has come
	waiting   bool        // Frame has gone to the present packet and waits for its body
	open      bool        // Next has gone to the present packet, whose body was not yet returned as a whole
	oversize  bool        // err is that the present packet is over the limit
	overwrite bool
	full      bool  // of a Reader: the last read has filled the buffer
	small     uint8 // of a Reader: packets in a row, of those seen by shrink, that needed little of a large buffer
	part      int   // if oversize: bytes of the body that may still be looked at
}

// have is the number of bytes in the window.
func (c *cutter) have() int { return c.end - c.pos }

// incomplete notes that the window has to hold n bytes.
func (c *cutter) incomplete(n int) error {
	c.need = n
	return ErrIncomplete
}

// fail makes err the end of the stream, unless more bytes may follow.
func (c *cutter) fail(err error) error {
	if err != ErrIncomplete && !isTimeout(err) {
		c.err, c.quick = err, 0
	}
	return err
}

// atEnd is the error for a stream that ends where the window does.
func (c *cutter) atEnd() error {
	if c.header.Type == 0 && c.have() == 0 {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// setLimits sets the limits for the packets after the present one.
func (c *cutter) setLimits(limits Limits) { c.limits, c.quick = limits, 0 }

// TryFrame goes to the next packet if all of it is in the buffer, and returns it;
// else it does nothing and returns false, and Frame or Next have more to say. It
// reads nothing. It is for what needs no second look, and so also returns false at
// the first packet, at a packet over the limit or of more than 16 KiB, at one that
// Frame waits for, and after an error.
//
// It does in one step what next and body do for any packet.
func (c *cutter) TryFrame() (f Frame, ok bool) {
	at := c.pos + c.left
	if at > c.end {
		return Frame{}, false
	}
	b := c.buf[at:c.end]
	h := shortHeader(b)
	n := int(h.Size) + int(h.RemainingLength)
	if h.Type == 0 || n > c.quick || n > len(b) {
		return Frame{}, false
	}
	c.begin(h, at)
	c.open = false
	return Frame{h, b[h.Size:n:n]}, true
}

// tryNext is next for what needs no second look.
func (c *cutter) tryNext() (h FixedHeader, ok bool) {
	at := c.pos + c.left
	if at > c.end {
		return FixedHeader{}, false
	}
	h = shortHeader(c.buf[at:c.end])
	if h.Type == 0 || int(h.Size)+int(h.RemainingLength) > c.quick {
		return FixedHeader{}, false
	}
	c.begin(h, at)
	c.open = true
	return h, true
}

// arm lets TryFrame and tryNext take packets, until something makes quick 0 again:
// an error, new limits, a body that Frame of a Feeder waits for.
func (c *cutter) arm() {
	if !c.overwrite {
		c.quick = c.limits.packetSize()
	}
}

// shortHeader reads a fixed header of two or three bytes from b, which goes on for
// three at least. For any other it returns one of type 0.
//
// There is no branch on the length, which the processor cannot foresee.
func shortHeader(b []byte) (h FixedHeader) {
	if len(b) < 3 || b[1]&b[2] >= 0x80 {
		return FixedHeader{}
	}
	low, high := uint32(b[1]), uint32(b[2])
	long := low >> 7
	return FixedHeader{PacketType(b[0] >> 4), b[0] & 0x0F, uint8(2 + long), low&0x7F | high<<7&-long}
}

// next goes to the next packet.
func (c *cutter) next() (FixedHeader, error) {
	if c.oversize {
		return c.header, c.err
	}
	if err := c.leave(); err != nil {
		return FixedHeader{}, err
	}
	h, _, err := ConsumeFixedHeader(c.buf[c.pos:c.end])
	if err == ErrIncomplete {
		return FixedHeader{}, c.incomplete(c.have() + 1)
	}
	if err != nil {
		return FixedHeader{}, c.fail(err)
	}
	max := c.limits.packetSize()
	if !c.begun {
		max = c.limits.firstPacketSize()
	}
	c.begun, c.open = true, true
	c.begin(h, c.pos)
	if h.PacketSize() > max {
		c.oversize, c.part = true, oversizePart
		return h, c.fail(tooLarge(h, max))
	}
	c.arm()
	return h, nil
}

// begin makes h, which stands at buf[at], the present packet, after another or
// none.
func (c *cutter) begin(h FixedHeader, at int) {
	c.offset += int64(c.header.Size) + int64(c.header.RemainingLength)
	c.header = h
	c.pos = at + int(h.Size)
	c.left = int(h.RemainingLength)
}

// leave takes what is left of the present packet, after which there is none.
func (c *cutter) leave() error {
	if c.err != nil {
		return c.err
	}
	if err := c.dropBody(); err != nil || c.header.Type == 0 {
		return err
	}
	if c.overwrite {
		wipe(c.buf[max(0, c.pos-c.header.PacketSize()):c.pos])
	}
	c.offset += int64(c.header.PacketSize())
	c.header = FixedHeader{}
	return nil
}

// dropBody takes what is left of the body and drops it.
func (c *cutter) dropBody() error {
	c.drop += c.left
	c.left = 0
	n := min(c.drop, c.have())
	c.pos += n
	c.drop -= n
	if c.drop > 0 {
		return c.incomplete(1)
	}
	return nil
}

// skip drops the rest of the body, of a packet over the limit too.
func (c *cutter) skip() error {
	if c.oversize {
		c.err, c.oversize = nil, false
	}
	if c.err != nil {
		return c.err
	}
	return c.dropBody()
}

// untouched returns an error unless the whole body can be had.
func (c *cutter) untouched() error {
	switch {
	case c.err != nil:
		return c.err
	case c.header.Type == 0:
		return ErrNoPacket
	case c.left != int(c.header.RemainingLength):
		return ErrBodyRead
	}
	return nil
}

// body returns the present packet, without taking it.
func (c *cutter) body() (Frame, error) {
	if err := c.untouched(); err != nil {
		return Frame{}, err
	}
	if c.have() < c.left {
		return Frame{}, c.incomplete(c.left)
	}
	c.open = false
	end := c.pos + c.left
	return Frame{Header: c.header, Body: c.buf[c.pos:end:end]}, nil
}

// reach returns how many of the next n bytes of the body can be had, and if that
// is less, why.
func (c *cutter) reach(n int) (int, error) {
	if c.err != nil && !c.oversize {
		return 0, c.err
	}
	if c.oversize && n > c.part && c.header.RemainingLength > oversizePart {
		return c.part, c.err
	}
	can := min(max(n, 0), c.left)
	if can < n {
		return can, io.EOF
	}
	return can, nil
}

// peek returns the next n bytes of the body, or with an error those there are.
func (c *cutter) peek(n int) ([]byte, error) {
	can, why := c.reach(n)
	if c.have() < can {
		return c.window(can), c.incomplete(can)
	}
	return c.window(can), why
}

// window returns the first n bytes of the window or, if it has fewer, all.
func (c *cutter) window(n int) []byte {
	end := c.pos + min(n, c.have())
	return c.buf[c.pos:end:end]
}

// discard takes up to n bytes of the body and returns how many.
func (c *cutter) discard(n int) (int, error) {
	can, why := c.reach(n)
	took := min(can, c.have())
	c.take(took)
	if took < can {
		return took, c.incomplete(1)
	}
	return took, why
}

// take takes n bytes of the body, which are in the window.
func (c *cutter) take(n int) {
	c.pos += n
	c.left -= n
	if c.oversize {
		c.part -= n
	}
}

// read moves bytes of the body to p.
func (c *cutter) read(p []byte) (int, error) {
	switch {
	case c.err != nil:
		return 0, c.err
	case c.left == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case c.have() == 0:
		return 0, c.incomplete(1)
	}
	n := copy(p, c.window(c.left))
	c.take(n)
	return n, nil
}

// lookahead returns the first n bytes after the present packet, which it leaves,
// or with an error those there are.
func (c *cutter) lookahead(n int) ([]byte, error) {
	if err := c.leave(); err != nil {
		return nil, err
	}
	if c.have() < n {
		return c.window(n), c.incomplete(n)
	}
	return c.window(max(n, 0)), nil
}

// move puts the window at the start of buf, which has room for it.
func (c *cutter) move(buf []byte) {
	have := copy(buf, c.buf[c.pos:c.end])
	if c.overwrite {
		wipe(c.buf)
	}
	c.buf, c.pos, c.end = buf, 0, have
}

// moveDown puts the window at the start of its buffer; or, so that what was
// overwritten stays so, of a new one.
func (c *cutter) moveDown() {
	if c.overwrite {
		c.move(make([]byte, len(c.buf)))
		return
	}
	c.end = copy(c.buf, c.buf[c.pos:c.end])
	c.pos = 0
}

// release puts the window into a buffer that has room for nothing else: none, if
// there is nothing in it, or if the stream has ended. It leaves a packet that was
// returned as a whole, and no other: somebody still waits for it, or reads it.
func (c *cutter) release() {
	switch {
	case c.oversize: // the packet waits for Skip
		return
	case c.err != nil:
		c.pos = c.end
	case !c.open && c.left == int(c.header.RemainingLength):
		_ = c.leave() // all of it is in the window
	}
	var buf []byte
	if n := c.have(); n > 0 {
		buf = make([]byte, n)
	}
	c.move(buf)
}

// wasteful reports whether a buffer is large and the present packet, with which
// it is done, has needed little of it.
func (c *cutter) wasteful(buf []byte) bool {
	return len(buf) > keepBuffer && c.header.Type != 0 && c.header.PacketSize() <= len(buf)/4
}

// wipe overwrites bytes that nobody may use any more.
func wipe(b []byte) {
	for i := range b {
		b[i] = overwritten
	}
}
