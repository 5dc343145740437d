package ws

import (
	"sync"
	"time"

	wire "github.com/gobwas/ws"
)

// answerTime is how long an answer to a ping, or a closing frame, may take to be
// written.
const answerTime = time.Second

// answer is what is still to be written besides the data: for the last ping, and a
// closing frame, behind which nothing follows. RFC 6455, sections 5.5.1 to 5.5.3.
type answer struct {
	mu      sync.Mutex
	pong    []byte // nil: none
	code    uint16 // of a closing frame; 0: none
	writing bool   // a goroutine is about to write it
}

// close asks for a closing frame, unless there was one.
func (a *answer) close(code uint16) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.code == 0 {
		a.code = code
	}
}

// ping asks for an answer to a ping.
func (a *answer) ping(payload []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pong = append(make([]byte, 0, len(payload)), payload...)
}

// take takes what is to be written; ok is false if there is nothing.
func (a *answer) take() (pong []byte, code uint16, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	pong, code = a.pong, a.code
	a.pong = nil
	return pong, code, pong != nil || code != 0
}

// react does what an event asks for. Read must not wait for a peer that reads nothing,
// so that a goroutine writes the answer, if there is none yet that will.
func (c *Conn) react(e event) {
	switch e.op {
	case wire.OpPing:
		c.answer.ping(e.payload)
	case wire.OpClose:
		c.ended = e.err.read()
		c.answer.close(e.err.Code) // that of the peer again
	default:
		return
	}
	c.answer.mu.Lock()
	defer c.answer.mu.Unlock()
	if !c.answer.writing {
		c.answer.writing = true
		go c.write()
	}
}

// write writes answers until there are none.
func (c *Conn) write() {
	c.writer.turn.Lock()
	defer c.writer.turn.Unlock()
	c.answer.mu.Lock()
	c.answer.writing = false
	c.answer.mu.Unlock()
	_ = c.answers() // Write says so too
}

// answers writes the answers, by whose turn it is.
func (c *Conn) answers() error {
	w := &c.writer
	pong, code, ok := c.answer.take()
	if !ok || w.closed || w.broken != nil {
		return w.broken
	}
	var b []byte
	if pong != nil {
		b = w.control(b, wire.OpPong, pong)
	}
	if code != 0 {
		w.closed = true
		var body []byte
		if code != codeNone {
			body = []byte{byte(code >> 8), byte(code)}
		}
		b = w.control(b, wire.OpClose, body)
	}
	_ = c.under.SetWriteDeadline(time.Now().Add(answerTime))
	_, w.broken = c.under.Write(b)
	_ = c.under.SetWriteDeadline(w.deadline.get())
	return w.broken
}

// control appends a control frame.
func (w *writer) control(dst []byte, op wire.OpCode, body []byte) []byte {
	dst = appendLength(append(dst, 0x80|byte(op)), len(body), w.masked)
	if !w.masked {
		return append(dst, body...)
	}
	mask := wire.NewMask()
	dst = append(append(dst, mask[:]...), body...)
	wire.Cipher(dst[len(dst)-len(body):], mask, 0)
	return dst
}

// farewell writes what is still to be answered and a closing frame, if nobody else is
// writing: who is has a peer that does not read.
func (c *Conn) farewell() {
	c.answer.close(CodeNormal)
	if c.writer.turn.TryLock() {
		defer c.writer.turn.Unlock()
		_ = c.answers()
	}
}
