package packets

import "github.com/mqttwire/mqttwire"

// Source gives packets from a stream: a *mqttwire.Reader, or a *mqttwire.Feeder,
// which returns ErrIncomplete where more bytes have to be fed first.
type Source interface {
	Body

	// Next goes to the next packet and returns its fixed header.
	Next() (mqttwire.FixedHeader, error)

	// TryFrame is Next and Body in one if all of the packet is at hand. Else it
	// does nothing and returns false, which it may always do.
	TryFrame() (f mqttwire.Frame, ok bool)

	// Body returns the present packet, valid until the next call of Next.
	Body() (mqttwire.Frame, error)

	// Skip drops the present packet, also one that is too large.
	Skip() error

	// Lookahead returns the next bytes of the stream, between two packets.
	Lookahead(n int) ([]byte, error)
}

// Decoder decodes one direction of one connection. Beyond what one packet shows
// it checks what depends on the packets before: that CONNECT or CONNACK comes
// first and once, that nothing follows DISCONNECT, that the side may send the
// packet, that topic aliases are known, that authentication keeps to its
// method, and that the sender keeps to what the receiver has announced. Chapters
// 3 and 4.
//
// What the other side of the connection sends matters too: tell it by Observe.
// A server observes its own CONNACK, a client its own CONNECT.
//
// An *mqttwire.Error ends the connection: every further call returns the same,
// unless Resume is asked to go on. Reply says how to answer it. A Decoder is for
// one goroutine at a time.
type Decoder struct {
	conn       connection
	set        Set
	streamFrom int

	err     error  // what ended the connection
	inBody  bool   // Next has seen the header of the present packet and not its body
	lost    bool   // err is of a fixed header, after which nothing can be cut
	memory  []byte // of the header of a PUBLISH whose payload is left in the source
	payload int
}

// NewDecoder returns a Decoder for a connection that begins.
func NewDecoder(o Options) *Decoder {
	return &Decoder{conn: newConnection(o), streamFrom: o.StreamFrom}
}

// Version returns the version of the connection, or 0 while no CONNECT has told
// it.
func (d *Decoder) Version() mqttwire.Version { return d.conn.version }

// Observe tells the Decoder of a packet that the other side has sent: CONNECT
// and CONNACK say what binds the packets that follow. Nothing of p is kept.
func (d *Decoder) Observe(p mqttwire.Packet) { d.conn.observe(p) }

// Decode decodes the next frame of the connection. The packet is valid until the
// next call; its byte slices alias f.Body; use Clone to keep them. An error is
// an *mqttwire.Error, and the same for ever after.
func (d *Decoder) Decode(f mqttwire.Frame) (mqttwire.Packet, error) {
	if d.err != nil {
		return nil, d.err
	}
	first := !d.conn.begun
	p, err := d.decode(f)
	if err != nil && first && d.conn.from == mqttwire.FromClient {
		err = foreignFrame(f, err)
	}
	return p, d.end(err)
}

func (d *Decoder) decode(f mqttwire.Frame) (mqttwire.Packet, error) {
	if err := d.header(f.Header); err != nil {
		return nil, err
	}
	return d.body(f)
}

// header checks what the fixed header shows.
func (d *Decoder) header(h mqttwire.FixedHeader) error {
	d.conn.header(h)
	return d.conn.take()
}

// body decodes the frame and checks the packet against the connection.
func (d *Decoder) body(f mqttwire.Frame) (mqttwire.Packet, error) {
	found := d.conn.findings()
	p, err := d.set.DecodeTolerant(f, d.conn.version, d.conn.tolerance)
	d.conn.completeFindings(found)
	if err != nil {
		return nil, err
	}
	return d.judge(f.Header.Type, p)
}

// judge checks a packet against the connection and notes what it means.
func (d *Decoder) judge(t mqttwire.PacketType, p mqttwire.Packet) (mqttwire.Packet, error) {
	if d.conn.isFree(t, p) {
		return p, nil
	}
	d.conn.check(p)
	if err := d.conn.take(); err != nil {
		return nil, err
	}
	d.conn.note(p, d.conn.from)
	return p, nil
}

// end keeps an error that ends the connection.
func (d *Decoder) end(err error) error {
	if e, ok := err.(*mqttwire.Error); ok {
		d.err = d.conn.complete(e)
	}
	return err
}

// Next decodes the next packet of the stream that src cuts: always the same
// source. It returns what Decode returns; io.EOF, io.ErrUnexpectedEOF and the
// source's own errors; and, of a Feeder, ErrIncomplete if more bytes have to be
// fed. The packet is valid until the next call. A peer that speaks another
// protocol than MQTT is named in the error.
//
// Types and sizes are checked before a body is waited for.
func (d *Decoder) Next(src Source) (mqttwire.Packet, error) {
	if d.err != nil {
		return nil, d.err
	}
	if !d.inBody {
		if d.conn.begun { // else the stream may not be MQTT
			if f, ok := src.TryFrame(); ok {
				p, err := d.whole(src, f)
				return p, d.end(err)
			}
		}
		if err := d.nextHeader(src); err != nil {
			return nil, err
		}
		d.inBody = true
	}
	p, err := d.nextBody(src)
	d.inBody = err == mqttwire.ErrIncomplete
	return p, d.end(err)
}

// whole decodes the packet f, all of which is at hand in src.
func (d *Decoder) whole(src Source, f mqttwire.Frame) (mqttwire.Packet, error) {
	d.payload = 0
	if err := d.header(f.Header); err != nil {
		return nil, err
	}
	if d.streams(f.Header) {
		return d.nextPublish(src)
	}
	return d.body(f)
}

// nextHeader goes to the next packet of src and checks its fixed header.
func (d *Decoder) nextHeader(src Source) error {
	if !d.conn.begun && d.conn.from == mqttwire.FromClient {
		if err := lookForForeign(src); err != nil {
			return d.end(err)
		}
	}
	h, err := src.Next()
	if err == nil || h.Type != 0 { // there is a header also if the packet is too large
		if wrong := d.header(h); wrong != nil {
			err = wrong
		}
	}
	_, broken := err.(*mqttwire.Error)
	d.lost = broken && h.Type == 0
	return d.end(err)
}

func (d *Decoder) nextBody(src Source) (mqttwire.Packet, error) {
	d.payload = 0
	if d.streams(src.Header()) {
		return d.nextPublish(src)
	}
	f, err := src.Body()
	if err != nil {
		return nil, err
	}
	return d.body(f)
}

// streams reports whether the payload of a packet is left in the source.
func (d *Decoder) streams(h mqttwire.FixedHeader) bool {
	return d.streamFrom > 0 && h.Type == mqttwire.PUBLISH && h.PacketSize() > d.streamFrom
}

// nextPublish decodes the header of a PUBLISH and leaves the payload in src.
func (d *Decoder) nextPublish(src Source) (mqttwire.Packet, error) {
	p := d.set.publish()
	memory, n, err := p.ReadHeader(src, d.conn.version, d.memory[:0], HeaderOptions{Tolerance: d.conn.tolerance})
	if err != nil {
		return nil, err
	}
	d.memory, d.payload = memory, n
	return d.judge(mqttwire.PUBLISH, p)
}

// oversizeProperties is the longest property list that is read of a PUBLISH that
// is too large.
const oversizeProperties = 64 << 10

// Oversize reads topic name and packet identifier of a PUBLISH for which Next
// has returned an error of class ErrTooLarge, without its payload; it is valid
// until Resume. Reply then acknowledges the PUBLISH instead of ending the
// connection. For other packets it returns the error.
func (d *Decoder) Oversize(src Source) (*Publish, error) {
	e, ok := d.err.(*mqttwire.Error)
	if !ok || e.Err != mqttwire.ErrTooLarge || e.Type != mqttwire.PUBLISH || d.lost {
		return nil, d.err
	}
	p := d.set.publish()
	memory, _, err := p.ReadHeader(src, d.conn.version, d.memory[:0], HeaderOptions{Tolerance: d.conn.tolerance, MaxProperties: oversizeProperties})
	if wrong, broken := err.(*mqttwire.Error); err != nil && !(broken && wrong.Err == mqttwire.ErrTooLarge) {
		return nil, err
	}
	d.memory = memory
	e.PacketID, e.QoS = p.PacketID, p.QoS
	return p, nil
}

// PayloadSize returns how many bytes of payload Next has left in the source for
// the caller to read, because the PUBLISH is larger than Options.StreamFrom;
// else 0. What is not read is skipped by the next call of Next.
func (d *Decoder) PayloadSize() int { return d.payload }

// Resume lets the Decoder go on after an error, with the packet after the one
// that was refused: for diagnosis, or to skip a packet that was too large. src
// is the source that Next reads, nil for who calls Decode. If the stream cannot
// be cut any more Resume returns the error that it was, else nil.
func (d *Decoder) Resume(src Source) error {
	if d.err == nil {
		return nil
	}
	if d.lost {
		return d.err
	}
	d.err, d.inBody = nil, false
	if src == nil {
		return nil
	}
	return src.Skip()
}

// Topic returns the topic name of a PUBLISH that Next or Decode has returned: its
// own or, if that is empty, the one that its topic alias stands for. It is valid
// until the alias is set anew. Section 3.3.2.3.4.
func (d *Decoder) Topic(p *Publish) []byte {
	alias, ok := p.Properties.TopicAlias()
	if len(p.Topic) > 0 || !ok {
		return p.Topic
	}
	return d.conn.aliases[alias]
}

// lookForForeign returns an error if the stream begins as another protocol.
func lookForForeign(src Source) error {
	for n := 1; ; {
		b, err := src.Lookahead(n)
		if err == mqttwire.ErrIncomplete {
			return err
		}
		foreign, more := mqttwire.Identify(b)
		switch {
		case foreign != 0:
			return foreignError(foreign, b[0])
		case !more || err != nil: // what err is, Next will say
			return nil
		}
		n = len(b) + 1
	}
}

func foreignError(foreign mqttwire.Foreign, first byte) *mqttwire.Error {
	e := mqttwire.NewError(mqttwire.RuleNotMQTT, 0, 0, mqttwire.FieldPacketType, 0, int64(first>>4))
	e.Foreign = foreign
	return e
}

// identifyBytes is how much of a frame is looked at to name a foreign protocol.
const identifyBytes = 2048

// foreignFrame returns the error for the frame of a first packet that is not
// legal: err, or what names the protocol that the frame begins, if so few bytes
// tell.
func foreignFrame(f mqttwire.Frame, err error) error {
	body := f.Body[:min(len(f.Body), identifyBytes)]
	first := byte(f.Header.Type)<<4 | f.Header.Flags
	b, _ := mqttwire.AppendVarint([]byte{first}, f.Header.RemainingLength)
	if foreign, _ := mqttwire.Identify(append(b, body...)); foreign != 0 {
		return foreignError(foreign, first)
	}
	return err
}
