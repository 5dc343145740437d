package outcome

import (
	"bytes"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/record"
	"github.com/mqttwire/mqttwire/packets"
)

// before is what the slices hold that packets are appended to.
var before = []byte("here")

// encode notes what a packet encodes to in each version, and that nothing but its
// own bytes were written.
func (s *Side) encode(r *record.Record, p mqttwire.Packet, choice uint64) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		if less, ok := s.appendTo(r, v, choice, p.Append); ok { // the size of what is refused has no meaning
			r.Number("size", int64(p.Size(v)-less))
		}
		if p, ok := p.(*packets.Publish); ok {
			s.appendTo(r, v, choice, p.AppendHeader)
			size := int64(choice >> 3 % 512)
			if oneIn(choice, 8) {
				size = 1<<28 - int64(choice>>3%128) // about the largest
			}
			s.appendTo(r, v, choice, func(dst []byte, v mqttwire.Version) ([]byte, error) { return p.AppendStreamHeader(dst, v, size) })
		}
	}
	if p.Type() == mqttwire.CONNECT || oneIn(choice>>5, 16) {
		s.appendTo(r, 0, choice, p.Append)
		s.appendTo(r, mqttwire.V5+1, choice, p.Append)
	}
}

// appendTo notes what is appended to a slice that has room or, by choice, not
// quite enough, and reports whether the packet was taken and how many bytes less
// than were appended are noted.
func (s *Side) appendTo(r *record.Record, v mqttwire.Version, choice uint64, add func([]byte, mqttwire.Version) ([]byte, error)) (less int, ok bool) {
	dst := append(s.buf[:0], before...)
	if oneIn(choice, 4) {
		dst = dst[: len(dst) : len(dst)+int(choice>>3%16)]
	}
	b, err := add(dst, v)
	note(r, err)
	r.Bool("kept what was there", bytes.HasPrefix(b, before))
	encoded := b[len(before):]
	if s.Intended {
		encoded = intended(encoded, v)
	}
	r.Slice("encoded", encoded)
	return len(b) - len(before) - len(encoded), err == nil
}
