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
	conn direction
	set  Set

	err      error  // what ended the connection
	inBody   bool   // Next has seen the header of the present packet and not its body
	lost     bool   // err is of a fixed header, after which nothing can be cut
	oversize bool   // Oversize has read the header of the present packet
	looked   int    // how many bytes are known to begin no foreign protocol, or not yet
	memory   []byte // of the header of a PUBLISH whose payload is left in the source
	payload  int
}

// NewDecoder returns a Decoder for a connection that begins. It panics if o.From
// is neither FromClient nor FromServer.
func NewDecoder(o Options) *Decoder {
	return &Decoder{conn: newDirection(o)}
}

// Version returns the version of the connection, or 0 while no CONNECT has told
// it.
func (d *Decoder) Version() mqttwire.Version { return d.conn.version }

// Observe tells the Decoder of a packet that the other side has sent: CONNECT
// and CONNACK say what binds the packets that are decoded from then on; of other
// packets nothing is kept. p is copied from, not kept.
func (d *Decoder) Observe(p mqttwire.Packet) { d.conn.observe(p) }

// Decode decodes the next frame of the connection. The packet is valid until the
// next call; its byte slices alias f.Body; use Clone to keep them. An error is an
// *mqttwire.Error, which every further call returns again.
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
	if d.conn.streamFrom > 0 && h.Type != mqttwire.PUBLISH && h.PacketSize() > max(d.conn.streamFrom, mqttwire.DefaultPacketSize) {
		d.conn.fail(mqttwire.RulePacketSize, h.Type, mqttwire.FieldRemainingLength, 1,
			int64(h.PacketSize()), int64(max(d.conn.streamFrom, mqttwire.DefaultPacketSize)))
	}
	return d.conn.take()
}

// body decodes the frame and checks the packet against the connection.
func (d *Decoder) body(f mqttwire.Frame) (mqttwire.Packet, error) {
	if f.Header.Type == mqttwire.CONNECT && d.conn.versions != 0 {
		start, _ := PeekConnectFrame(f) // what else is wrong with it is found below
		d.conn.serves(start.Version, start.ProtocolLevel, f.Header.PacketSize()-len(f.Body)+2+len(start.ProtocolName))
		if err := d.conn.take(); err != nil {
			return nil, err
		}
	}
	found := d.conn.findings()
	p, err := d.packet(f)
	d.conn.completeFindings(found)
	if err != nil {
		return nil, err
	}
	return d.judge(f.Header.Type, p)
}

// packet decodes f by itself.
func (d *Decoder) packet(f mqttwire.Frame) (mqttwire.Packet, error) {
	if d.conn.tolerance == nil {
		return d.set.Decode(f, d.conn.version) // the shorter way
	}
	return d.set.DecodeTolerant(f, d.conn.version, d.conn.tolerance)
}

// judge checks a packet against the connection and notes what it means.
func (d *Decoder) judge(t mqttwire.PacketType, p mqttwire.Packet) (mqttwire.Packet, error) {
	if d.conn.isFree(t, p) {
		return p, nil
	}
	d.conn.check(p)
	if err := d.conn.take(); err != nil {
		if refusesMessage(err.(*mqttwire.Error)) {
			d.conn.note(p, d.conn.from) // the packet is acknowledged, and so is its topic alias
		}
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
// fed. Neither that nor a timeout of a Reader ends anything: the next call goes on
// where this one stopped. The packet is valid until the next call. A peer that
// speaks another protocol than MQTT is named in the error.
//
// Types and sizes are checked before a body is waited for.
func (d *Decoder) Next(src Source) (mqttwire.Packet, error) {
	if d.between() {
		if f, ok := src.TryFrame(); ok {
			if p := d.decodeFree(f); p != nil {
				return p, nil
			}
			return d.whole(src, f)
		}
	}
	return d.next(src)
}

// between reports whether the stream stands between two packets, or behind the last: else
// it may not be MQTT, or there is something left of a packet, or it has ended.
func (d *Decoder) between() bool {
	return d.conn.begun && !d.inBody && d.payload == 0 && d.err == nil
}

// next is Next for a packet that is not at hand, or that is not known to be.
func (d *Decoder) next(src Source) (mqttwire.Packet, error) {
	if d.err != nil {
		return nil, d.err
	}
	if !d.inBody {
		d.payload = 0
		if err := d.nextHeader(src); err != nil {
			return nil, err
		}
		d.inBody = true
	}
	p, err := d.nextBody(src)
	d.inBody = wire.MayGoOn(err)
	return p, d.end(err)
}

// whole decodes the packet f, all of which is at hand in src.
func (d *Decoder) whole(src Source, f mqttwire.Frame) (p mqttwire.Packet, err error) {
	switch err = d.header(f.Header); {
	case err != nil:
	case d.streams(f.Header):
		p, err = d.nextPublish(src)
	default:
		p, err = d.body(f)
	}
	return p, d.end(err)
}

// nextHeader goes to the next packet of src and checks its fixed header.
func (d *Decoder) nextHeader(src Source) error {
	if !d.conn.begun && d.conn.from == mqttwire.FromClient {
		if err := d.lookForForeign(src); err != nil {
			_, d.lost = err.(*mqttwire.Error)
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
	return d.conn.streamFrom > 0 && h.Type == mqttwire.PUBLISH && h.PacketSize() > d.conn.streamFrom
}

// maxStreamedProperties is the longest property list, in bytes, that is taken of
// a PUBLISH whose payload is not: it is what such a packet costs in memory.
const maxStreamedProperties = 64 << 10

// nextPublish decodes the header of a PUBLISH and leaves the payload in src.
func (d *Decoder) nextPublish(src Source) (mqttwire.Packet, error) {
	p, n, err := d.readHeader(src)
	if err != nil {
		return nil, err
	}
	d.payload = n
	return d.judge(mqttwire.PUBLISH, p)
}

// readHeader reads all of the PUBLISH that src is at but its payload, and returns
// the payload's size.
func (d *Decoder) readHeader(src Source) (p *Publish, n int, err error) {
	if cap(d.memory) > keepBuffer {
		d.memory = nil
	}
	p = d.set.publish()
	found := d.conn.findings()
	o := HeaderOptions{Tolerance: d.conn.tolerance, MaxProperties: maxStreamedProperties}
	memory, n, err := p.ReadHeader(src, d.conn.version, d.memory[:0], o)
	d.conn.completeFindings(found)
	if err == nil {
		d.memory = memory
	}
	return p, n, err
}

// Oversize reads topic name, packet identifier and properties of a PUBLISH for
// which Next has returned an error of class ErrTooLarge because it is over the
// limit of src: without its payload. The packet is valid until Resume. If it
// keeps all rules but that one, Reply acknowledges it from then on instead of
// ending the connection (in 5.0, with QoS 1 and 2). Else, and for a property list
// of over 64 KiB, Oversize returns an error, as for all other packets; of a Feeder
// also ErrIncomplete. Called again it returns the same packet.
func (d *Decoder) Oversize(src Source) (*Publish, error) {
	e, ok := d.err.(*mqttwire.Error)
	switch {
	case d.err == nil:
		return nil, mqttwire.ErrNoPacket
	case !ok || e.Rule != mqttwire.RulePacketSize || e.Type != mqttwire.PUBLISH || d.lost:
		return nil, d.err
	case d.oversize:
		return d.set.publish(), nil
	}
	p, _, err := d.readHeader(src)
	if err != nil {
		return nil, err
	}
	if _, err := d.judge(mqttwire.PUBLISH, p); err != nil {
		return nil, d.end(err)
	}
	d.oversize = true
	e.PacketID, e.QoS = p.PacketID, p.QoS
	return p, nil
}

// PayloadSize returns the size of the payload that Next has left in the source for
// the caller to read, because the PUBLISH is larger than Options.StreamFrom; else
// 0. It stays the same while that is read. What is not read is skipped by the next
// call of Next: with a Feeder, feed and Read until all of it has come, and call Next
// only then.
func (d *Decoder) PayloadSize() int { return d.payload }

// Resume lets the Decoder go on after an error, with the packet after the one
// that was refused: for diagnosis, or to skip a packet that was too large. src
// is the source that Next reads, or nil if frames are given to Decode. If the
// stream cannot be cut any more, because a fixed header is broken or the peer
// speaks another protocol, Resume returns the error that it was. After a timeout of
// src, Next goes on with what is to be skipped.
func (d *Decoder) Resume(src Source) error {
	if d.err == nil {
		return nil
	}
	if d.lost {
		return d.err
	}
	d.err, d.inBody, d.oversize = nil, false, false
	if src == nil {
		return nil
	}
	return src.Skip()
}

// Release gives back the memory that the Decoder holds for packets: for a
// connection on which nothing comes for a while. The packets that it has returned
// are no longer valid. What was said on the connection it still knows.
func (d *Decoder) Release() {
	d.set.Release()
	d.memory = nil
}

// Topic returns the topic name of p, the PUBLISH that Next or Decode has returned
// last: its own or, if that is empty, the one that its topic alias stands for. It is
// valid until the next call of either. Of any other PUBLISH, as of a clone, Topic
// returns what stands in the packet, which is empty if an alias stands for it: by
// then the alias may stand for another name. So ask before anything is kept; Forward
// takes the topic. Section 3.3.2.3.4.
func (d *Decoder) Topic(p *Publish) []byte {
	if len(p.Topic) > 0 || !d.set.isPublish(p) {
		return p.Topic
	}
	alias, _ := p.Properties.TopicAlias()
	return d.conn.aliases[alias] // no alias is 0
}

// lookForForeign returns an error if the stream begins as another protocol. It
// asks for one byte after the other, as no peer has to send more than a packet;
// but Identify only sees them where that can tell more: so the work is linear in
// the bytes, whatever their chunks.
func (d *Decoder) lookForForeign(src Source) error {
	for {
		b, err := src.Lookahead(d.looked + 1)
		if wire.MayGoOn(err) {
			return err
		}
		d.looked = len(b)
		if err == nil && !worthALook(b) {
			continue
		}
		foreign, more := mqttwire.Identify(b)
		switch {
		case foreign != 0:
			return foreignError(foreign, b[0])
		case !more || err != nil: // what err is, Next will say
			return nil
		}
	}
}

// worthALook reports whether b may tell more than without its last byte: b is
// short, or longer by a good part, or a header of HTTP ends with it.
func worthALook(b []byte) bool {
	n := len(b)
	return n <= 32 || n%128 == 0 ||
		b[n-1] == '\n' && (b[n-2] == '\n' || b[n-2] == '\r' && b[n-3] == '\n')
}

func foreignError(foreign mqttwire.Foreign, first byte) *mqttwire.Error {
	e := mqttwire.NewError(mqttwire.RuleNotMQTT, 0, 0, mqttwire.FieldPacketType, 0, int64(first>>4))
	e.Foreign = foreign
	return e
}

// identifyBytes bounds what is copied of a frame to name a foreign protocol: the
// most that Identify asks for.
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
