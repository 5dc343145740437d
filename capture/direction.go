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
	seeking directionState = iota // for the first packet boundary
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
	frames   int // how many frames were cut
	aliases  packets.TopicAliases

	wholeStart bool // the first frame is the first of the direction, not of the capture
}

// partialPacket is a packet of which bytes were lost. Its size is known, so the
// next packet boundary is too.
type partialPacket struct {
	header  mqttwire.FixedHeader
	present int64 // bytes of it that are in the capture
	left    int64 // bytes of it that are still to come
}

// add takes a segment of this direction.
func (d *direction) add(s Segment) {
	if d.state != done {
		d.bytes.add(s, inlet{d})
	}
}

// take gets the next bytes in order.
func (d *direction) take(data []byte, m mark) {
	switch d.state {
	case seeking:
		d.search.add(data, m)
		d.seek(m)
	case framing:
		d.cut(data, m)
	}
}

// cut cuts frames from the bytes at hand, and keeps the rest.
func (d *direction) cut(data []byte, m mark) {
	data = d.passPartial(data, m)
	if len(d.buf) > 0 {
		d.buf = append(d.buf, data...)
		data = d.buf
	}
	for len(data) > 0 && len(data) >= d.need {
		f, rest, err := mqttwire.CutFrame(data, 0)
		if err == mqttwire.ErrIncomplete {
			d.need, _ = mqttwire.FrameSize(data)
			break
		}
		if err != nil {
			d.breakOff(data, err, m)
			return
		}
		d.need = 0
		d.frames++
		f.Body = append(make([]byte, 0, len(f.Body)), f.Body...)
		d.conv.packet(d, f, m)
		data = rest
	}
	d.keep(data)
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
	e.Err, e.Stopped = err, true
	e.Note = "where the next packet begins is not known; the rest of this direction is not decoded"
	d.stop()
	d.conv.emit(e)
}

// lose gets to know that the next n bytes are not in the capture.
func (d *direction) lose(n int64, m mark) {
	switch d.state {
	case seeking:
		d.search.lose(n)
	case framing:
		d.loseFramed(n, m)
	}
}

// loseFramed goes on behind the hole only if the hole lies inside a packet whose
// size is known.
func (d *direction) loseFramed(n int64, m mark) {
	d.beginPartial()
	e := d.event(LostBytes, m)
	e.Bytes = n
	if n > d.partial.left {
		e.Stopped = true
		e.Note = "bytes are missing from the capture, and with them a packet boundary; the rest of this direction is not decoded"
		d.conv.emit(e)
		d.endPartial(m)
		d.stop()
		return
	}
	e.Note = "bytes inside a packet are missing from the capture"
	d.conv.emit(e)
	if d.partial.left -= n; d.partial.left == 0 {
		d.endPartial(m)
	}
}

// beginPartial makes the packet that the kept bytes begin a partial one.
func (d *direction) beginPartial() {
	if len(d.buf) == 0 {
		return
	}
	present := int64(len(d.buf))
	h, _, err := mqttwire.ConsumeFixedHeader(d.buf)
	d.partial = partialPacket{header: h, present: present, left: int64(h.PacketSize()) - present}
	if err != nil { // not even the header is there: so is no size
		h = mqttwire.FixedHeader{Type: mqttwire.PacketType(d.buf[0] >> 4), Flags: d.buf[0] & 0x0F}
		d.partial = partialPacket{header: h, present: present}
	}
	d.buf, d.need = nil, 0
}

// passPartial takes what belongs to a partial packet off data.
func (d *direction) passPartial(data []byte, m mark) []byte {
	if d.partial.left == 0 {
		return data
	}
	n := min(d.partial.left, int64(len(data)))
	d.partial.present += n
	if d.partial.left -= n; d.partial.left == 0 {
		d.endPartial(m)
	}
	return data[n:]
}

// endPartial reports the partial packet, if there is one.
func (d *direction) endPartial(m mark) {
	if d.partial.present == 0 {
		return
	}
	e := d.event(PartialPacket, m)
	e.Frame.Header, e.Bytes = d.partial.header, d.partial.present
	e.Note = "the packet is not wholly in the capture"
	d.partial = partialPacket{}
	d.conv.emit(e)
}

// finish reports what is left when no more segments come.
func (d *direction) finish() {
	missing := d.bytes.finish(inlet{d})
	m := d.bytes.last
	d.endStages(m)
	if d.state == seeking {
		d.endSearch(m)
	}
	if d.state != framing {
		return
	}
	d.beginPartial()
	d.endPartial(m)
	if missing > 0 {
		e := d.event(LostBytes, m)
		e.Bytes, e.Note = missing, "bytes before the end of the direction are missing from the capture"
		d.conv.emit(e)
	}
	d.stop()
}

// stop ends the direction and lets its memory go.
func (d *direction) stop() {
	d.state = done
	d.buf, d.search, d.bytes.held, d.bytes.heldBytes = nil, boundarySearch{}, nil, 0
}

// event begins an event of this direction.
func (d *direction) event(k Kind, m mark) Event {
	if d.conv.raw {
		m.record = d.conv.count + 1
	}
	return Event{
		Kind: k, Record: m.record, Time: m.time,
		Stream: d.conv.stream, Src: d.src, Dst: d.dst,
		Sender: d.conv.sender(d), Client: d.conv.proxied, Via: d.conv.via,
	}
}
