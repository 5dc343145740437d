package packets

import (
	"io"

	"github.com/mqttwire/mqttwire"
)

// Body is a packet whose body is taken piece by piece: a *mqttwire.Reader or a
// *mqttwire.Feeder after Next.
type Body interface {
	// Header returns the fixed header of the present packet.
	Header() mqttwire.FixedHeader

	// Peek returns the next n bytes of the body without taking them. They are
	// valid until the next call. With fewer bytes it returns why there are no
	// more: io.EOF if the body has no more, mqttwire.ErrIncomplete if they are
	// still to come, or what ended the stream.
	Peek(n int) ([]byte, error)

	// Discard takes the next n bytes of the body.
	Discard(n int) (int, error)
}

// HeaderOptions are what ReadHeader may be told. With the zero value it is as
// strict as Decode.
type HeaderOptions struct {
	// Tolerance decides which broken rules are let pass; nil lets nothing pass.
	Tolerance *mqttwire.Tolerance

	// MaxProperties is the length of the longest property list that is taken, in
	// bytes; 0 means that only the limits of the source count. It is for those
	// who allow large packets because they do not keep payloads in memory.
	MaxProperties int
}

// ReadHeader resets the packet and reads all of it but the payload from src,
// which is at a PUBLISH of version v of which nothing was taken. The payload is
// left to be read from src: payloadSize bytes. p.Payload is nil. Section 3.3.
//
// The bytes of the variable header are appended to buf, and the extended slice
// is returned. The packet's byte slices alias that memory, which is the
// caller's: pass header[:0] to use it again for the next packet. It grows by
// bytes that have arrived, not by lengths that were declared.
//
// The rules are those of Decode, and so are the errors, but for the payload,
// which has no rules. A length that passes the end of the packet is an error as
// soon as it is seen. On error p is reset, nothing is taken from src, and buf is
// returned as it was; after ErrIncomplete, call again when more has arrived.
//
// It also works at a packet that src.Next refused with ErrTooLarge, to get from
// it what an acknowledgement needs. Only if the property list is longer than
// MaxProperties, or than src shows of such a packet, that gives an *mqttwire.Error
// of class ErrTooLarge. Then p nevertheless has what stands before the list, topic
// name, packet identifier, QoS, DUP and RETAIN, and header its bytes, of which
// none are taken.
func (p *Publish) ReadHeader(src Body, v mqttwire.Version, buf []byte, o HeaderOptions) (header []byte, payloadSize int, err error) {
	*p = Publish{}
	f := mqttwire.Frame{Header: src.Header()}
	var part headerPart
	switch f.Header.Type {
	case 0:
		return buf, 0, mqttwire.ErrNoPacket
	case mqttwire.PUBLISH: // decode refuses other types
		if part, err = peekHeader(src, v, o.MaxProperties); err != nil {
			return buf, 0, err
		}
	}
	header = append(buf, part.bytes...)
	f.Body = header[len(buf):len(header):len(header)]
	err = p.decodeHeader(f, v, o.Tolerance)
	if e, ok := err.(*mqttwire.Error); ok && part.tooLarge != nil && e.Rule == mqttwire.RulePropertyLength {
		tooLarge := *part.tooLarge
		tooLarge.PacketID, tooLarge.QoS = p.PacketID, p.QoS
		return header, 0, &tooLarge
	}
	if err == nil {
		_, err = src.Discard(len(f.Body))
	}
	if err != nil {
		*p = Publish{}
		return buf, 0, err
	}
	return header, int(f.Header.RemainingLength) - len(f.Body), nil
}

// decodeHeader reads the packet from the first part of its body.
func (p *Publish) decodeHeader(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.PartialJudge(f, mqttwire.PUBLISH, v, tolerance)
	ok := p.decode(f, v, &j)
	p.Payload = nil
	if !ok {
		return wire.Err(&j)
	}
	return nil
}

// headerPart is the first part of a body: its variable header or, if a length in
// that passes the end of the packet, what comes up to this length.
type headerPart struct {
	bytes    []byte
	tooLarge *mqttwire.Error // why the part ends with the property length, or nil
}

// peekHeader looks for the end of the variable header by the lengths in it. What
// they are lengths of is looked at once, by the decoder, when all is there: so
// asking again for a header that comes in small chunks costs little.
func peekHeader(src Body, v mqttwire.Version, maxProperties int) (headerPart, error) {
	h := src.Header()
	size := int(h.RemainingLength)
	b, err := peekBody(src, min(2, size))
	if err != nil || len(b) < 2 {
		return headerPart{bytes: b}, err
	}
	n := 2 + int(b[0])<<8 + int(b[1])
	if n > size { // U-1.5.4-1
		return headerPart{bytes: b}, nil
	}
	if h.Flags&flagQoS != 0 {
		n += 2
	}
	if v == mqttwire.V5 {
		return peekProperties(src, n, maxProperties)
	}
	b, err = peekBody(src, min(n, size))
	return headerPart{bytes: b}, err
}

// peekProperties is peekHeader from the property length on, which stands after n
// bytes.
func peekProperties(src Body, n, maxProperties int) (headerPart, error) {
	h := src.Header()
	size := int(h.RemainingLength)
	base := h.PacketSize() - size
	for end := n + 1; ; end++ {
		b, err := peekBody(src, min(end, size))
		if err != nil || len(b) < end { // [MQTT-2.2.2-1] U-1.5.5-2
			return headerPart{bytes: b}, err
		}
		list, err := propertyLength(b[n:])
		switch {
		case err == mqttwire.ErrIncomplete:
			continue
		case err != nil || list > size-end: // U-1.5.5-1 U-2.2.2.1-1
			return headerPart{bytes: b}, nil
		case list > maxProperties && maxProperties > 0:
			e := mqttwire.NewError(mqttwire.RulePacketSize, mqttwire.PUBLISH, mqttwire.V5, mqttwire.FieldPropertyLength, base+n, int64(list))
			e.Max = int64(maxProperties)
			return headerPart{b, e}, nil
		}
		return peekList(src, end, list)
	}
}

// peekList is peekHeader from a property list of n bytes on, which stands after
// end bytes.
func peekList(src Body, end, n int) (headerPart, error) {
	b, err := peekBody(src, end+n)
	e, ok := err.(*mqttwire.Error)
	if !ok || e.Err != mqttwire.ErrTooLarge {
		return headerPart{bytes: b}, err
	}
	// A packet over the limit, of which src shows no more.
	b, err = peekBody(src, end)
	return headerPart{b, e}, err
}

// propertyLength reads a property length, also one in more bytes than needed:
// whether that is an error is for the decoder to say.
func propertyLength(b []byte) (int, error) {
	n, _, err := mqttwire.ConsumeVarint(b)
	if e, ok := err.(*mqttwire.Error); ok && e.Rule == mqttwire.RuleVarintMinimal {
		return int(e.Found), nil
	}
	return int(n), err
}

// peekBody returns the next n bytes of the body, all of which belong to it.
func peekBody(src Body, n int) ([]byte, error) {
	b, err := src.Peek(n)
	switch {
	case len(b) >= n:
		return b[:n], nil
	case err == nil || err == io.EOF:
		return nil, mqttwire.ErrBodyRead
	}
	return nil, err
}

// AppendStreamHeader appends all of the packet but its payload, of which
// payloadSize bytes have to follow on the wire, 0 to 268435455: for a payload
// that is not in memory. p.Payload is not looked at. A packet over MaxPacketSize
// is refused with the error of Append. On error it returns dst as it was.
func (p *Publish) AppendStreamHeader(dst []byte, v mqttwire.Version, payloadSize int64) ([]byte, error) {
	if payloadSize < 0 {
		return wire.Refuse(dst, mqttwire.RuleRemainingLength, mqttwire.PUBLISH, v, mqttwire.FieldPayload, payloadSize)
	}
	return p.append(dst, v, uint64(payloadSize), nil)
}
