package ws

import (
	"encoding/binary"
	"net"
	"sync"
	"time"

	wire "github.com/gobwas/ws"

	"github.com/mqttwire/mqttwire"
)

// bufferSize is that of the buffer in which frames are put together, and most of them
// go out at once.
const bufferSize = 16 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// writer writes frames.
type writer struct {
	turn     sync.Mutex // of what follows
	packets  packets
	masked   bool  // those of a client are
	closed   bool  // a closing frame was written
	broken   error // a frame was cut off, so nothing can follow
	deadline deadline
}

// deadline is that of Write, which is kept while an answer has one of its own.
type deadline struct {
	mu sync.Mutex
	at time.Time
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	d.at = t
	d.mu.Unlock()
}

func (d *deadline) get() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

// Write writes bytes of MQTT: each packet, or as much of it as there is, in a frame of
// its own.
func (c *Conn) Write(b []byte) (int, error) {
	if err := c.shake(); err != nil {
		return 0, err
	}
	w := &c.writer
	w.turn.Lock()
	defer w.turn.Unlock()
	if err := w.fit(); err != nil {
		return 0, err
	}
	buffer := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buffer)
	out := batch{under: c.under, buffer: buffer[:0]}
	for rest := b; len(rest) > 0 && out.err == nil; {
		n := w.packets.next(rest)
		out.frame(rest[:n], w.masked)
		rest = rest[n:]
	}
	out.flush()
	w.broken = out.err
	return out.written, out.err
}

// fit says why nothing can be written.
func (w *writer) fit() error {
	if w.closed {
		return net.ErrClosed
	}
	return w.broken
}

// batch puts frames together.
type batch struct {
	under   net.Conn
	buffer  []byte
	waiting int // bytes of data in the buffer
	written int // bytes of data that were written
	err     error
}

// frame adds a binary frame with data.
func (o *batch) frame(data []byte, masked bool) {
	var mask [4]byte
	o.room(wire.MaxHeaderSize)
	o.buffer = append(o.buffer, 0x80|byte(wire.OpBinary))
	o.buffer = appendLength(o.buffer, len(data), masked)
	if masked {
		mask = wire.NewMask()
		o.buffer = append(o.buffer, mask[:]...)
	}
	for at := 0; at < len(data) && o.err == nil; {
		o.room(1)
		n := min(len(data)-at, cap(o.buffer)-len(o.buffer))
		start := len(o.buffer)
		o.buffer = append(o.buffer, data[at:at+n]...)
		if masked {
			wire.Cipher(o.buffer[start:], mask, at)
		}
		o.waiting += n
		at += n
	}
}

// appendLength appends the length of a frame, and whether it is masked.
func appendLength(dst []byte, n int, masked bool) []byte {
	bit := byte(0)
	if masked {
		bit = 0x80
	}
	switch {
	case n < 126:
		return append(dst, bit|byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, bit|126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, bit|127), uint64(n))
}

// room makes room in the buffer for n bytes.
func (o *batch) room(n int) {
	if cap(o.buffer)-len(o.buffer) < n {
		o.flush()
	}
}

// flush writes what is in the buffer.
func (o *batch) flush() {
	if o.err == nil && len(o.buffer) > 0 {
		if _, o.err = o.under.Write(o.buffer); o.err == nil {
			o.written += o.waiting
		}
	}
	o.buffer, o.waiting = o.buffer[:0], 0
}

// packets cuts a stream of bytes into packets.
type packets struct {
	head   int // bytes of the fixed header that have come
	length int // what they say of the Remaining Length
	left   int // bytes of the body that are still to come
}

// next returns how many bytes of b belong to the present packet. Section 2.1.4.
func (p *packets) next(b []byte) (n int) {
	for p.left == 0 {
		if n == len(b) {
			return n
		}
		c := b[n]
		n++
		if p.head++; p.head == 1 {
			continue // the type
		}
		p.length |= int(c&0x7F) << (7 * (p.head - 2))
		if c&0x80 == 0 || p.head == 1+mqttwire.MaxVarintSize {
			p.head, p.length, p.left = 0, 0, p.length
			break
		}
	}
	k := min(p.left, len(b)-n)
	p.left -= k
	return n + k
}
