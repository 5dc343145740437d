package capture

import (
	"bytes"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// maxPacket is the largest packet, in bytes, that is shown whole.
const maxPacket = 16 << 20

// maxPartial is how much of a packet that is not whole is kept, in bytes.
const maxPartial = 64 << 10

// Cause says why a packet is not whole, or why bytes were passed over.
type Cause uint8

// Why a PartialPacket is one or, the last two and LostInside, why SkippedBytes are.
const (
	// LostInside: bytes of it are not in the capture.
	LostInside Cause = iota + 1

	// CaptureEnds: the capture ends inside it.
	CaptureEnds

	// ClosedInside: its sender has closed the connection inside it, by FIN.
	ClosedInside

	// ResetInside: one of both sides has reset the connection inside it, by RST.
	ResetInside

	// OverLimit: it has over 16 MiB, of which the first part is shown; or as much as
	// could be held of it, where many conversations have large packets at a time.
	OverLimit

	// BeginsInside: the capture of this direction begins inside a packet.
	BeginsInside

	// WrongLength: the packet before has no length, or one by which no packet can
	// follow it.
	WrongLength
)

// String returns the cause in words.
func (c Cause) String() string {
	switch c {
	case LostInside:
		return "bytes of it are missing from the capture"
	case CaptureEnds:
		return "the capture ends inside it"
	case ClosedInside:
		return "its sender has closed the connection inside it"
	case ResetInside:
		return "the connection was reset inside it"
	case OverLimit:
		return "it is shown in part"
	case BeginsInside:
		return "the capture of this direction begins inside a packet"
	case WrongLength:
		return "the length of the packet before is wrong"
	}
	return "unknown cause"
}

// partialPacket is a packet of which only a part can be shown. Its size is known, so
// the next packet boundary is too.
type partialPacket struct {
	header  mqttwire.FixedHeader
	body    []byte // its first bytes, up to the first hole
	present int64  // bytes of it that are in the capture
	left    int64  // bytes of it that are still to come
	cut     bool   // nothing more belongs to body
	cause   Cause
}

// hole says why the packet is not whole, unless that is known, and ends its body.
func (p *partialPacket) hole(c Cause) {
	p.cut = true
	if p.cause == 0 || p.cause == OverLimit && c != LostInside {
		p.cause = c
	}
}

// take takes the next bytes of the packet.
func (p *partialPacket) take(data []byte) {
	p.present += int64(len(data))
	p.left -= int64(len(data))
	if n := min(len(data), maxPartial-len(p.body)); !p.cut && n > 0 {
		p.body = append(p.body, data[:n]...)
	}
}

// beginPartial makes the packet that the kept bytes begin a partial one.
func (d *direction) beginPartial(cause Cause) {
	if len(d.buf) == 0 || d.partial.present > 0 {
		return
	}
	present := int64(len(d.buf))
	first := d.frames == 0 && d.wholeStart
	d.frames++ // what follows is not the first packet, whatever this one is
	h, body := headerOf(d.buf, first)
	d.partial = partialPacket{header: h, present: present, cause: cause}
	if size, err := frameSize(d.buf, first); err == nil {
		d.partial.body = bytes.Clone(d.buf[body:min(len(d.buf), maxPartial)])
		d.partial.left = int64(size) - present
	}
	d.buf, d.need = nil, 0
	d.conv.begins(d, d.partial)
}

// headerOf returns the fixed header that b begins with, and where the body begins; if
// it is not wholly there, what is known of it, and 0. first says that the packet is
// the first of its direction.
func headerOf(b []byte, first bool) (h mqttwire.FixedHeader, body int) {
	h, _, err := mqttwire.ConsumeFixedHeader(b)
	switch {
	case first && unencoded(b) > 0:
		return h, 2
	case b[0]>>4 == 0:
		if h, err := untypedHeader(b); err == nil {
			return h, int(h.Size)
		}
	case err == nil:
		return h, int(h.Size)
	}
	return mqttwire.FixedHeader{Type: mqttwire.PacketType(b[0] >> 4), Flags: b[0] & 0x0F}, 0
}

// endPartial reports the partial packet, if there is one.
func (d *direction) endPartial(m mark) {
	p := d.partial
	if p.present == 0 {
		return
	}
	d.partial = partialPacket{}
	e := d.event(PartialPacket, m)
	e.Frame.Header, e.Frame.Body, e.Bytes, e.Cause = p.header, p.body, p.present, p.cause
	e.Note = p.cause.String()
	e.Resumed, d.resumed = d.resumed, false
	d.conv.submit(d, &e, 0)
}

// cutShort makes the packet that the kept bytes begin one that is shown in part.
func (d *direction) cutShort(m mark) {
	_, body := headerOf(d.buf, d.frames == 0 && d.wholeStart)
	data := d.buf[body:]
	d.beginPartial(OverLimit)
	d.pieceOf(data, 0, m)
}

// pieceOf gives out bytes of a packet that is over the limit, which begin at an
// offset of its body, if they are asked for.
func (d *direction) pieceOf(data []byte, offset int64, m mark) {
	p := &d.partial
	if p.cause != OverLimit || !d.conv.all.options.Pieces || len(data) == 0 {
		return
	}
	e := d.event(PacketPiece, m)
	e.Frame = mqttwire.Frame{Header: p.header, Body: bytes.Clone(data)}
	e.Bytes = offset
	d.conv.emit(&e)
}

// readable reads of a packet that is malformed or not whole what can be read; nil if
// that is nothing.
func readable(f mqttwire.Frame, v mqttwire.Version, whole bool) mqttwire.Packet {
	if f.Header.Type == mqttwire.CONNECT {
		return readableConnect(f)
	}
	if f.Header.Type == mqttwire.PUBLISH && !whole {
		f.Header.Size, f.Header.RemainingLength = 0, uint32(len(f.Body)) // its payload ends where it is cut
	}
	p, err := packets.DecodeTolerant(f, v, &mqttwire.Tolerance{Allow: mqttwire.ReportAll, Max: -1})
	if err != nil {
		return nil
	}
	return p
}

// readableConnect reads of a CONNECT at least what it begins with.
func readableConnect(f mqttwire.Frame) mqttwire.Packet {
	if n := len(f.Body); n > int(f.Header.RemainingLength) {
		f.Header.Size, f.Header.RemainingLength = 0, uint32(n) // see unencoded
	}
	if p, err := packets.DecodeTolerant(f, 0, &mqttwire.Tolerance{Allow: mqttwire.ReportAll, Max: -1}); err == nil {
		return p
	}
	start, _ := packets.PeekConnectFrame(f)
	if start.ProtocolName == nil {
		return nil
	}
	return &packets.Connect{Version: start.Version, Bridge: start.Bridge, ClientID: start.ClientID}
}
