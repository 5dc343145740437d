package session

import (
	"bytes"
	"math"
	"time"

	"github.com/mqttwire/mqttwire"
)

// output is what a Link has to write. Whole packets that never wait stand encoded in
// control, and go first; a PUBLISH is encoded when it is its turn.
type output struct {
	control []byte // packets that are not PUBLISH
	out     int    // how much of control was handed out
	ahead   int    // how much of the rest is PUBREL, SUBSCRIBE and UNSUBSCRIBE that nothing of the peer has made us send
	torn    bool   // what was handed out of control may end within a packet

	handed uint64 // bytes that were handed out
	wrote  uint64 // bytes that are on the network
}

// keepOutput is how many bytes of memory are kept for what comes next.
const keepOutput = 4 << 10

// pending returns how many encoded bytes were not handed out.
func (l *Link) pending() int {
	n := len(l.control) - l.out
	if t := l.tools; t != nil {
		n += len(t.head) + len(t.tail)
	}
	return n
}

// written reports whether all is on the network.
func (l *Link) written() bool { return l.pending() == 0 && l.wrote == l.handed }

// release gives back memory that is not in use.
func (o *output) release() {
	if len(o.control) == o.out {
		o.control, o.out = nil, 0
	}
}

// answers returns how many bytes wait to be written because of the peer.
func (l *Link) answers() int { return len(l.control) - l.out - l.ahead }

// giveWay gives the memory of what was handed out to what comes next, also if the peer
// reads just so fast that something is always left.
func (o *output) giveWay() {
	if o.out > len(o.control)/2 {
		o.control, o.out = o.control[:copy(o.control, o.control[o.out:])], 0
	}
}

// put encodes a packet to be written next.
func (l *Link) put(p mqttwire.Packet) error {
	b, err := l.conn.Append(l.control, p)
	if err != nil {
		return err
	}
	l.control = b
	return nil
}

// putAhead is put for a packet that is no answer.
func (l *Link) putAhead(p mqttwire.Packet) error {
	before := l.answers()
	err := l.put(p)
	l.ahead += l.answers() - before
	return err
}

// Append appends to dst what is to be written now, up to max bytes of it. Each byte is
// handed out once. If nothing is appended there is nothing to be written, or
// changes are to be taken first.
func (l *Link) Append(dst []byte, max int) []byte {
	start := len(dst)
	limit := start + min(max, math.MaxInt-start)
	if max < 0 {
		limit = start
	}
	ready, led := l.ready()
	if !ready {
		return dst
	}
	dst = l.appendRest(dst, limit)
	dst = l.appendControl(dst, limit)
	if led && l.state == stateOpen && l.pending() == 0 && len(dst) < limit {
		dst = l.appendPublishes(dst, limit, len(dst) == start)
		if !l.attached || !l.session.changesWait() {
			dst = l.appendControl(dst, limit) // in place of messages that cannot be sent
		}
	}
	l.handed += uint64(len(dst) - start)
	l.releaseOutput()
	return dst
}

// ready prepares what is to be written, and reports whether anything may be, and
// whether what goes before any PUBLISH is among it.
func (l *Link) ready() (ready, led bool) {
	if l.attached {
		led = l.state == stateOpen && l.lead()
		l.drained()
		if l.attached && l.session.changesWait() {
			return false, false
		}
	}
	return l.state != stateNew && !l.lost, led
}

// appendRest appends what is left of a PUBLISH that did not fit.
func (l *Link) appendRest(dst []byte, limit int) []byte {
	t := l.tools
	if t == nil || len(t.head)+len(t.tail) == 0 {
		return dst
	}
	n := min(len(t.head), limit-len(dst))
	dst, t.head = append(dst, t.head[:n]...), t.head[n:]
	n = min(len(t.tail), limit-len(dst))
	dst, t.tail = append(dst, t.tail[:n]...), t.tail[n:]
	if len(t.head)+len(t.tail) == 0 {
		t.head, t.tail = nil, nil
	}
	return dst
}

// appendControl appends packets that are not PUBLISH.
func (l *Link) appendControl(dst []byte, limit int) []byte {
	if n := len(l.control) - l.out; n == 0 || l.pending() > n {
		return dst
	}
	n := min(len(l.control)-l.out, limit-len(dst))
	dst = append(dst, l.control[l.out:l.out+n]...)
	switch l.out += n; {
	case l.out == len(l.control):
		l.control, l.out = l.control[:0], 0
	case l.out > keepOutput:
		l.giveWay()
	}
	l.torn = len(l.control) > l.out && (l.torn || n > 0)
	l.ahead = min(l.ahead, len(l.control)-l.out)
	l.counted, l.finals = l.counted-l.finals, 0 // the peer may know of them
	return dst
}

// releaseOutput gives back memory of a burst.
func (l *Link) releaseOutput() {
	if len(l.control) == 0 && cap(l.control) > keepOutput {
		l.control = nil
	}
}

// Buffers appends to bufs what is to be written now, as Append does, but for the
// payloads, which are not copied. The parts are valid until Wrote has told of all of
// them; until then nothing more is returned.
func (l *Link) Buffers(bufs [][]byte) [][]byte {
	ready, led := l.ready()
	if l.wrote != l.handed || !ready {
		return bufs
	}
	start, t := len(bufs), l.tool()
	bufs = part(part(bufs, t.head), t.tail)
	if bufs = part(bufs, l.control[l.out:]); len(l.control) > 0 {
		l.control, t.spare, l.out, l.ahead, l.torn = t.spare[:0], l.control, 0, 0, false
		l.counted, l.finals = l.counted-l.finals, 0
	}
	t.head, t.tail = nil, nil
	for _, b := range bufs[start:] {
		l.handed += uint64(len(b))
	}
	if led && l.state == stateOpen {
		bufs = l.publishBuffers(bufs)
	}
	if n := len(l.control); n > 0 && (!l.attached || !l.session.changesWait()) { // in place of messages that cannot be sent
		bufs = append(bufs, bytes.Clone(l.control))
		l.control = l.control[:0]
		l.handed += uint64(n)
	}
	return bufs
}

// part appends a part that is not empty.
func part(bufs [][]byte, b []byte) [][]byte {
	if len(b) == 0 {
		return bufs
	}
	return append(bufs, b[:len(b):len(b)])
}

// buffersAtOnce is about how many bytes Buffers returns at most, but for one message
// that is larger.
const buffersAtOnce = 256 << 10

// publishBuffers appends messages.
func (l *Link) publishBuffers(bufs [][]byte) [][]byte {
	t := l.tool()
	if cap(t.headers) > keepOutput {
		t.headers = nil
	}
	t.headers = t.headers[:0]
	for total := 0; total < buffersAtOnce; {
		e, pos := l.nextPublish()
		if e == nil {
			break
		}
		from, payload := len(t.headers), e.message.Payload()
		headers, err := l.appendMessage(t.headers, e, true)
		if err != nil {
			l.dropNext(pos, err)
			continue
		}
		e.message.Keep() // until Wrote its payload is in use, and nobody says when it is not
		t.headers = headers
		n := len(headers) - from + len(payload)
		bufs = part(part(bufs, headers[from:]), payload)
		l.handed += uint64(n)
		total += n
		l.sentNext(e, pos, l.handed)
	}
	return bufs
}

// Wrote says that n more of the bytes that were handed out are on the network.
func (l *Link) Wrote(now time.Time, n int) {
	l.at(now)
	if n <= 0 {
		return
	}
	l.wrote = min(l.wrote+uint64(n), l.handed)
	l.timers.wrote = now
	l.pingWritten()
	if l.tools == nil {
		return
	}
	for t, ok := l.tools.unwritten.pop(l.wrote); ok; t, ok = l.tools.unwritten.pop(l.wrote) {
		l.session.tell(Event{Kind: Done, Token: t, Outcome: Acked})
	}
}

// unwritten are messages of QoS 0 that were handed out, and are done when they are
// written.
type unwritten struct {
	list  []unwrittenOne // as many as a power of two
	first uint32
	n     uint32
}

// unwrittenOne is one of them, which ends at a byte of what is handed out.
type unwrittenOne struct {
	token Token
	end   uint64
}

func (u *unwritten) at(i uint32) *unwrittenOne { return &u.list[i&uint32(len(u.list)-1)] }

func (u *unwritten) push(t Token, end uint64) {
	if int(u.n) == len(u.list) {
		list := make([]unwrittenOne, max(8, 2*len(u.list)))
		for i := u.first; i != u.first+u.n; i++ {
			list[i&uint32(len(list)-1)] = *u.at(i)
		}
		u.list = list
	}
	*u.at(u.first + u.n) = unwrittenOne{t, end}
	u.n++
}

// pop returns the next one that ends within so many bytes. Those that were canceled
// are passed over.
func (u *unwritten) pop(wrote uint64) (t Token, ok bool) {
	for u.n > 0 && u.at(u.first).end <= wrote {
		t = u.at(u.first).token
		u.first++
		u.n--
		if t != 0 {
			return t, true
		}
	}
	return 0, false
}

// cancel makes that nobody hears of a message, and reports whether it is there.
func (u *unwritten) cancel(t Token) bool {
	for i := u.first; i != u.first+u.n; i++ {
		if u.at(i).token == t {
			u.at(i).token = 0
			return true
		}
	}
	return false
}

// drained sends the DISCONNECT that was to wait until nothing is in flight.
func (l *Link) drained() {
	s := l.session
	if l.drain == nil || l.state != stateOpen || s.flying > 0 || s.released.len() > 0 || l.holds() {
		return
	}
	d := l.drain
	l.drain = nil
	if err := l.Disconnect(l.now, d); err != nil { // then with its code alone
		l.disconnectWith(d.ReasonCode, Cause{Kind: WeDisconnected, Err: err})
	}
}
