package packets

import "github.com/mqttwire/mqttwire"

// Buffers collects packets that are to be sent by one system call, without copying
// the payloads of PUBLISH packets:
//
//	var queued packets.Buffers
//	for _, p := range queue {
//		if err := queued.Append(p, v); err != nil {
//			…
//		}
//	}
//	parts := net.Buffers(queued.Parts())
//	_, err := parts.WriteTo(conn)
//	queued.Reset()
//
// It holds the memory of all that is no payload, and uses it again after Reset: what
// it keeps is that of the largest queue, up to 64 KiB. The zero Buffers is ready to
// use, and for one goroutine at a time.
type Buffers struct {
	parts   [][]byte
	headers []byte // what the parts alias that are no payloads; older parts may alias older memory
}

// Append adds a packet, encoded for version v, as one part or, for a PUBLISH with
// a payload, two, of which the second is p.Payload itself: it must not change
// before it is written. Of all other fields nothing is kept. On error, that of the
// packet's Append, nothing is added.
func (b *Buffers) Append(p mqttwire.Packet, v mqttwire.Version) error {
	if p, ok := p.(*Publish); ok {
		headers, err := p.AppendHeader(b.headers, v)
		return b.add(headers, p.Payload, err)
	}
	headers, err := p.Append(b.headers, v)
	return b.add(headers, nil, err)
}

// AppendBuffers is Append to b, as Buffers.Append is: the packet, which is to be
// sent next, is checked against the connection too.
func (e *Encoder) AppendBuffers(b *Buffers, p mqttwire.Packet) error {
	if p, ok := p.(*Publish); ok {
		headers, err := e.AppendHeader(b.headers, p)
		return b.add(headers, p.Payload, err)
	}
	headers, err := e.Append(b.headers, p)
	return b.add(headers, nil, err)
}

// add takes headers, which are those of before and one more, and the payload that
// follows it.
func (b *Buffers) add(headers, payload []byte, err error) error {
	if err != nil {
		return err
	}
	from, end := len(b.headers), len(headers)
	b.headers = headers
	b.parts = append(b.parts, headers[from:end:end])
	if len(payload) > 0 {
		b.parts = append(b.parts, payload)
	}
	return nil
}

// Parts returns the parts in their order, none of them empty, for a net.Buffers,
// whose WriteTo takes them out. They are valid until Reset.
func (b *Buffers) Parts() [][]byte { return b.parts }

// Reset makes b empty, once its parts are written, and keeps no payload alive.
func (b *Buffers) Reset() {
	clear(b.parts)
	b.parts, b.headers = b.parts[:0], b.headers[:0]
	if cap(b.headers) > keepBuffer {
		b.headers = nil
	}
}
