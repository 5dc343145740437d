package packets

import "github.com/mqttwire/mqttwire"

// PeekType returns the packet type of the packet that b begins with: of its first byte,
// of which nothing else is judged. It returns ErrIncomplete if b is empty, and an
// *mqttwire.Error for type 0, which is none. Section 2.1.2.
func PeekType(b []byte) (mqttwire.PacketType, error) {
	switch {
	case len(b) == 0:
		return 0, mqttwire.ErrIncomplete
	case b[0]>>4 == 0:
		return 0, mqttwire.NewError(mqttwire.RulePacketType, 0, 0, mqttwire.FieldPacketType, 0, 0)
	}
	return mqttwire.PacketType(b[0] >> 4), nil
}

// PublishStart is what a PUBLISH begins with: for who decides by it what becomes of the
// packet, before properties and payload have come. Its slice aliases the bytes that it
// was read from. Sections 3.3.1 and 3.3.2.
//
// What it tells is there as soon as its bytes are. The text of the topic name is not
// judged, nor is what only some versions forbid: Decode does that.
type PublishStart struct {
	// Topic is the topic name, 0 to 65535 bytes; nil until all of it has come. In 5.0
	// it may be empty, and a Topic Alias stand for it.
	Topic []byte

	// PacketID is the packet identifier, 1 to 65535; 0 until it has come, and with
	// QoS 0, which has none.
	PacketID uint16

	// QoS, Dup and Retain are as in Publish.
	QoS    mqttwire.QoS
	Dup    bool
	Retain bool
}

// PeekPublish reads the beginning of the PUBLISH that b begins with, of any version. It
// needs the bytes up to the packet identifier or, with QoS 0, up to the topic name's
// last one, and returns ErrIncomplete while b has fewer, with what has come: so Topic
// can be known before PacketID.
//
// A packet of another type, and a length, QoS or packet identifier that cannot be, give
// the *mqttwire.Error that Decode gives, as soon as its bytes are there; also with that
// p has what could be read. It allocates nothing but an error.
func PeekPublish(b []byte) (p PublishStart, err error) {
	f, err := peekFrame(b)
	if f.Header.Type == 0 {
		return p, err
	}
	if e := p.readFlags(f.Header); e != nil {
		return p, e
	}
	if err != nil {
		return p, err
	}
	return p, p.read(f)
}

// PeekPublishFrame is PeekPublish for a frame, of whose body there may be only the
// first part.
func PeekPublishFrame(f mqttwire.Frame) (p PublishStart, err error) {
	if err := p.readFlags(f.Header); err != nil {
		return p, err
	}
	return p, p.read(f)
}

// PeekPacketID returns the packet identifier of the packet that b begins with, of any
// type and version: 1 to 65535. ok is false if the packet has none. It needs the bytes
// up to the packet identifier, and returns ErrIncomplete while b has fewer; of a packet
// that has none its first byte. Errors are those of PeekType and PeekPublish. It
// allocates nothing but an error. Section 2.2.1.
func PeekPacketID(b []byte) (id uint16, ok bool, err error) {
	f, err := peekFrame(b)
	switch t := f.Header.Type; {
	case t == 0:
		return 0, false, err
	case !hasPacketID(f.Header):
		return 0, false, nil
	case t == mqttwire.PUBLISH:
		p, err := PeekPublish(b)
		return p.PacketID, p.PacketID != 0, err
	case err != nil:
		return 0, false, err
	}
	return PeekPacketIDFrame(f)
}

// PeekPacketIDFrame is PeekPacketID for a frame, of whose body there may be only the
// first part.
func PeekPacketIDFrame(f mqttwire.Frame) (id uint16, ok bool, err error) {
	switch t := f.Header.Type; {
	case int(t) >= len(prototypes) || prototypes[t] == nil:
		return 0, false, unknownType(f, mqttwire.V5)
	case !hasPacketID(f.Header):
		return 0, false, nil
	case t == mqttwire.PUBLISH:
		p, err := PeekPublishFrame(f)
		return p.PacketID, p.PacketID != 0, err
	default:
		id, err = peekID(f, 0)
		return id, id != 0, err
	}
}

// peekFrame returns the frame that b begins with, of whose body there may be only the
// first part. With an error it has type and flags, if they have come.
func peekFrame(b []byte) (f mqttwire.Frame, err error) {
	h, body, err := mqttwire.ConsumeFixedHeader(b)
	if err != nil {
		if len(b) > 0 {
			f.Header.Type, f.Header.Flags = mqttwire.PacketType(b[0]>>4), b[0]&0x0F
		}
		return f, err
	}
	n := min(len(body), int(h.RemainingLength))
	return mqttwire.Frame{Header: h, Body: body[:n:n]}, nil
}

// readFlags reads what the first byte tells. [MQTT-3.3.1-4]
func (p *PublishStart) readFlags(h mqttwire.FixedHeader) error {
	const t = mqttwire.PUBLISH
	if h.Type != t {
		return mqttwire.NewError(mqttwire.RuleFrameType, t, 0, mqttwire.FieldPacketType, 0, int64(h.Type))
	}
	var q Publish
	q.setFlags(h.Flags)
	p.QoS, p.Dup, p.Retain = q.QoS, q.Dup, q.Retain
	if !q.QoS.Valid() {
		return mqttwire.NewError(mqttwire.RuleQoS, t, 0, mqttwire.FieldQoS, 0, int64(q.QoS))
	}
	return nil
}

// read reads from the first part of a body what has come.
func (p *PublishStart) read(f mqttwire.Frame) error {
	if lacks(f, 2) > 0 {
		return mqttwire.ErrIncomplete
	}
	end := fieldLength(f.Body)
	switch {
	case end == 0 || end > int(f.Header.RemainingLength):
		j := wire.PartialJudge(f, mqttwire.PUBLISH, 0, nil)
		wire.TopicName(&j, f.Body, mqttwire.FieldTopicName, 0) // says why
		return wire.Err(&j)
	case end > len(f.Body):
		return mqttwire.ErrIncomplete
	}
	p.Topic = f.Body[2:end:end]
	if p.QoS == mqttwire.AtMostOnce {
		return nil
	}
	id, err := peekID(f, end)
	p.PacketID = id
	return err
}

// peekID reads the packet identifier that stands at at of the body.
func peekID(f mqttwire.Frame, at int) (id uint16, err error) {
	if lacks(f, at+2) > 0 {
		return 0, mqttwire.ErrIncomplete
	}
	if id = plainID(f.Body[at:]); id == 0 {
		j := wire.PartialJudge(f, f.Header.Type, 0, nil)
		wire.PacketID(&j, f.Body[at:]) // says why
		err = wire.Err(&j)
	}
	return id, err
}
