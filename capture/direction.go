package capture

import (
	"net/netip"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// maxKept is the largest buffer a direction keeps when it holds nothing.
const maxKept = 4 << 10

// directionState says what a direction's bytes are read for.
type directionState uint8

const (
	seeking directionState = iota // for a packet boundary
	framing                       // for packets
	done                          // not any more
)

// direction is what one side of a conversation sends.
type direction struct {
	conv     *conversation
	index    Direction
	src, dst netip.AddrPort
	bytes    assembler
	state    directionState
	search   boundarySearch
	buf      []byte // bytes not yet cut into frames; a packet begins at the first
	need     int    // how many of them the next frame takes, or 0
	partial  partialPacket
	frames   int // how many packets began
	aliases  packets.TopicAliases
	named    int // bytes of the topic names that aliases stand for, about

	wholeStart bool // the first frame is the first of the direction, not of the capture
	resumed    bool // where the next packet begins was looked for
	seen       bool // a segment of it is in the capture
	syn        bool // one of them a SYN
	closed     bool // its sender has closed it, and all before is delivered
	ended      bool // the stages know that no more comes
}

// add takes a segment of this direction; o is the opposite one.
func (d *direction) add(s *Segment, o *direction) {
	if d.state == done {
		d.bytes.skip(s)
		return
	}
	d.bytes.add(s, inlet{d})
	if !o.seen {
		d.bytes.alone(s.mark(), inlet{d})
	}
}

// take gets the next bytes in order.
func (d *direction) take(data []byte, m mark) {
	switch d.state {
	case seeking:
		if d.beginsPlainly(data) {
			d.state, d.wholeStart = framing, true
			d.conv.isMQTT()
			d.cut(data, m)
			return
		}
		d.search.add(data, m)
		d.seek(m)
	case framing:
		d.cut(data, m)
	}
}

// beginsPlainly reports whether these are the first bytes of the direction and begin
// with a CONNECT or, where that came, a CONNACK: nearly always, so that there is
// nothing to look for.
func (d *direction) beginsPlainly(data []byte) bool {
	if !d.fromStart() || len(d.search.pieces) > 0 || !d.search.atStart() {
		return false
	}
	return d.conv.connect && mqttwire.PacketType(data[0]>>4) == mqttwire.CONNACK || recogniseConnect(data) == isMQTT
}

// cut cuts frames from the bytes at hand, and keeps the rest.
func (d *direction) cut(data []byte, m mark) {
	data = d.passPartial(data, m)
	whole := len(d.buf) > 0
	if whole {
		d.buf = d.grow(len(data))
		d.buf = append(d.buf, data...)
		data = d.buf
	}
	for len(data) > 0 && len(data) >= d.need {
		f, rest, err := d.next(data)
		if err == mqttwire.ErrIncomplete {
			if data = d.await(data, m); d.partial.present > 0 {
				return
			}
			break
		}
		if err != nil {
			d.breakOff(data, err, m)
			return
		}
		d.need = 0
		d.frames++
		if whole && len(rest) == 0 && len(f.Body) > maxKept {
			d.buf = nil // the frame has it
		} else {
			f.Body = append(make([]byte, 0, len(f.Body)), f.Body...)
		}
		d.conv.packet(d, f, m)
		if d.state != framing || d.lostTrack(rest, m) {
			return
		}
		data = rest
	}
	d.keep(data)
}

// next cuts the next frame.
func (d *direction) next(data []byte) (f mqttwire.Frame, rest []byte, err error) {
	switch {
	case data[0]>>4 == 0:
		return cutUntyped(data)
	case d.frames == 0 && d.wholeStart:
		if f, rest, err, ok := cutUnencoded(data); ok {
			return f, rest, err
		}
	}
	return mqttwire.CutFrame(data, 0)
}

// await sets how many bytes the next frame takes. Of a frame over maxPacket only the
// first part is kept.
func (d *direction) await(data []byte, m mark) (rest []byte) {
	d.need, _ = frameSize(data, d.frames == 0 && d.wholeStart)
	if d.need <= maxPacket {
		return data
	}
	d.keep(data)
	d.cutShort(m)
	return nil
}

// grow returns the buffer with room for n bytes more: by as much again as it has,
// but not beyond the frame that it is for, which may declare more than ever comes.
func (d *direction) grow(n int) []byte {
	have := len(d.buf)
	if have+n <= cap(d.buf) {
		return d.buf
	}
	size := max(have+n, min(2*have, d.need))
	return append(make([]byte, 0, size), d.buf...)
}

// keep keeps the rest of the bytes at hand. If they are the whole buffer they
// stay where they are: a large packet in many segments is moved once, not with
// each of them.
func (d *direction) keep(rest []byte) {
	if len(d.buf) > 0 && len(rest) == len(d.buf) {
		return
	}
	if d.buf = append(d.buf[:0], rest...); len(d.buf) == 0 && cap(d.buf) > maxKept {
		d.buf = nil
	}
}

// breakOff reports bytes that are no fixed header, after which no packet
// boundary is known.
func (d *direction) breakOff(data []byte, err error, m mark) {
	e := d.event(BrokenHeader, m)
	e.Frame.Header = mqttwire.FixedHeader{Type: mqttwire.PacketType(data[0] >> 4), Flags: data[0] & 0x0F}
	e.Err, e.Stopped = err, d.conv.raw
	e.Note = "where the next packet begins is not known; it is looked for"
	if d.conv.raw {
		e.Note = "where the next packet begins is not known; the rest is not decoded"
	}
	d.conv.emit(&e)
	if d.conv.raw {
		d.stop()
		return
	}
	d.seekAgain(data, WrongLength)
}

// lostTrack reports whether what stands behind a malformed packet can be no packet,
// so that its sender has written a wrong length; then the next one is looked for.
func (d *direction) lostTrack(rest []byte, m mark) bool {
	if !d.conv.malformed || len(rest) == 0 || d.conv.raw || mayBegin(rest) {
		return false
	}
	d.seekAgain(rest, WrongLength)
	return true
}

// seekAgain looks for the next packet boundary, behind the bytes at hand.
func (d *direction) seekAgain(passed []byte, cause Cause) {
	d.state, d.buf, d.need = seeking, nil, 0
	d.search = boundarySearch{cause: cause, skipped: int64(len(passed))}
}

// lose gets to know that the next n bytes are not in the capture; 0 is a number that
// nobody knows.
func (d *direction) lose(n int64, m mark) {
	switch d.state {
	case seeking:
		d.search.lose(n)
	case framing:
		d.loseFramed(n, m)
	}
}

// loseFramed goes on behind the hole where the next packet begins. That is known if
// the hole lies inside a packet whose size is known; else it is looked for.
func (d *direction) loseFramed(n int64, m mark) {
	d.beginPartial(LostInside)
	inside := n > 0 && n <= d.partial.left
	e := d.event(LostBytes, m)
	e.Bytes = n
	if inside {
		e.Note = "bytes inside a packet are missing from the capture"
		d.conv.emit(&e)
		d.partial.hole(LostInside)
		if d.partial.left -= n; d.partial.left == 0 {
			d.endPartial(m)
		}
		return
	}
	e.Note = "bytes are missing from the capture, and with them a packet boundary; the next one is looked for"
	if e.PacketsLost = !d.bytes.ended(); !e.PacketsLost {
		e.Note = lostAtEnd
	}
	d.conv.emit(&e)
	d.partial.hole(LostInside)
	d.endPartial(m)
	d.seekAgain(nil, LostInside)
}

// lostAtEnd is what an event says of bytes behind which nothing more comes.
const lostAtEnd = "bytes before the end of the direction are missing from the capture"

// passPartial takes what belongs to a partial packet off data.
func (d *direction) passPartial(data []byte, m mark) []byte {
	if d.partial.left == 0 {
		return data
	}
	n := min(d.partial.left, int64(len(data)))
	d.pieceOf(data[:n], int64(d.partial.header.RemainingLength)-d.partial.left, m)
	d.partial.take(data[:n])
	if d.partial.left == 0 {
		d.endPartial(m)
	}
	return data[n:]
}

// finish reports what is left when no more segments come, for a cause.
func (d *direction) finish(cause Cause, end mark) {
	if d.state == done {
		return
	}
	missing := d.bytes.finish(inlet{d})
	m := d.bytes.last
	d.endStages(m)
	if d.state == seeking {
		d.endSearch(m)
	}
	if d.state != framing {
		return
	}
	if cause != CaptureEnds {
		m = m.later(end)
	}
	d.beginPartial(cause)
	d.partial.hole(cause)
	d.endPartial(m)
	if missing > 0 {
		e := d.event(LostBytes, m)
		e.Bytes, e.Note = missing, lostAtEnd
		d.conv.emit(&e)
	}
	d.stop()
}

// stop ends the direction and lets its memory go.
func (d *direction) stop() {
	d.state = done
	d.buf, d.search, d.partial = nil, boundarySearch{}, partialPacket{}
	d.bytes.held, d.bytes.heldBytes = nil, 0
	d.forgetAliases()
}

// forgetAliases forgets the topic aliases.
func (d *direction) forgetAliases() { d.aliases, d.named = packets.TopicAliases{}, 0 }

// event begins an event of this direction.
func (d *direction) event(k Kind, m mark) (e Event) {
	d.describe(&e, k, m)
	return e
}

// describe fills in what every event of this direction has.
func (d *direction) describe(e *Event, k Kind, m mark) {
	c := d.conv
	e.Kind, e.Record, e.File, e.Time = k, m.record, m.file, m.time
	if c.raw && !c.recorded {
		e.Record, e.File = c.count+1, c.file
	}
	e.Stream, e.Src, e.Dst, e.Sender = c.stream, d.src, d.dst, c.sender(d)
	e.Client, e.Via, e.ClientID, e.Bridge = c.proxied, c.via, c.clientID, c.bridge
}
