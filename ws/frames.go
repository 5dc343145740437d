package ws

import (
	"encoding/binary"
	"unicode/utf8"

	wire "github.com/gobwas/ws"
)

// frames reads frames from bytes that come in any pieces. It holds a header of which
// the rest has not come, the payload of a control frame, and nothing else.
type frames struct {
	masked     bool // those of a client are
	fragmented bool // a message goes on with the next data frame
	head       [wire.MaxHeaderSize]byte
	headed     int // bytes of head that have come
	op         wire.OpCode
	left       uint64 // bytes of the payload that have not come; only with op
	mask       [4]byte
	at         int // byte of the payload
	control    [wire.MaxControlFramePayloadSize]byte
	inside     bool // the header was read whole
}

// event is what a frame asks for besides its data.
type event struct {
	op      wire.OpCode // OpPing or OpClose; 0 is nothing
	payload []byte      // of OpPing; valid until the next call of read
	err     *CloseError // with OpClose
}

// read reads b from the byte from on, and moves what is data to the byte to on, until
// there is an event or b is used up. It returns how far it has come in both.
func (f *frames) read(b []byte, from, to int) (used, end int, e event) {
	for from < len(b) || f.inside && f.left == 0 {
		if !f.inside {
			f.head[f.headed] = b[from]
			f.headed++
			from++
			if f.headed >= 2 && f.headed == f.headSize() {
				if err := f.begin(); err != nil {
					return from, to, event{op: wire.OpClose, err: err}
				}
			}
			continue
		}
		n := int(min(f.left, uint64(len(b)-from)))
		piece := b[from : from+n]
		if f.masked {
			wire.Cipher(piece, f.mask, f.at)
		}
		if f.op.IsControl() {
			copy(f.control[f.at:], piece)
		} else {
			copy(b[to:], piece)
			to += n
		}
		from, f.at, f.left = from+n, f.at+n, f.left-uint64(n)
		if f.left == 0 {
			f.inside, f.headed = false, 0
			if e := f.ended(); e.op != 0 {
				return from, to, e
			}
		}
	}
	return from, to, event{}
}

// between reports whether the bytes so far end with a frame and with a message.
func (f *frames) between() bool { return f.headed == 0 && !f.inside && !f.fragmented }

// headSize is the size of the header, once two bytes of it have come.
func (f *frames) headSize() int {
	n := 2
	switch f.head[1] & 0x7F {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if f.head[1]&0x80 != 0 {
		n += len(f.mask)
	}
	return n
}

// begin begins the frame of which the header has come, and says what it breaks.
func (f *frames) begin() *CloseError {
	final := f.head[0]&0x80 != 0
	f.op = wire.OpCode(f.head[0] & 0x0F)
	f.left = uint64(f.head[1] & 0x7F)
	least := uint64(0)
	switch f.left {
	case 126:
		f.left, least = uint64(binary.BigEndian.Uint16(f.head[2:])), 126
	case 127:
		f.left, least = binary.BigEndian.Uint64(f.head[2:]), 1<<16
	}
	masked := f.head[1]&0x80 != 0
	fault := func(why string) *CloseError { return &CloseError{Code: CodeProtocol, Reason: why} }
	switch {
	case f.head[0]&0x70 != 0:
		return fault("a frame has reserved bits")
	case masked != f.masked:
		return fault("a frame is masked, or not, against the rules")
	case f.left>>63 != 0 || f.left < least:
		return fault("a frame's length is in a wrong form")
	case f.op.IsReserved():
		return fault("a frame is of an unknown kind")
	case f.op.IsControl() && (!final || f.left > uint64(len(f.control))):
		return fault("a control frame is too long or in fragments")
	case f.op == wire.OpText:
		return &CloseError{Code: CodeUnsupported, Reason: "a text frame has come"}
	case f.op.IsData() && f.op == wire.OpContinuation != f.fragmented:
		return fault("the fragments of a message are mixed up")
	}
	if f.op.IsData() {
		f.fragmented = !final
	}
	if masked {
		copy(f.mask[:], f.head[f.headSize()-len(f.mask):])
	}
	f.inside, f.at = true, 0
	return nil
}

// ended returns what the frame asks for that has come whole.
func (f *frames) ended() event {
	payload := f.control[:min(f.at, len(f.control))]
	switch f.op {
	case wire.OpPing:
		return event{op: wire.OpPing, payload: payload}
	case wire.OpClose:
		return event{op: wire.OpClose, err: closing(payload)}
	}
	return event{}
}

// closing reads the payload of a closing frame.
func closing(b []byte) *CloseError {
	if len(b) == 0 {
		return &CloseError{Code: codeNone, ByPeer: true}
	}
	if len(b) == 1 || !utf8.Valid(b[2:]) {
		return &CloseError{Code: CodeProtocol, Reason: "a closing frame has no whole code, or no text behind it"}
	}
	code := wire.StatusCode(binary.BigEndian.Uint16(b))
	if code.IsNotUsed() || code.IsProtocolReserved() || code >= 5000 {
		return &CloseError{Code: CodeProtocol, Reason: "a closing frame has a code that is not for it"}
	}
	return &CloseError{Code: uint16(code), Reason: string(b[2:]), ByPeer: true}
}
