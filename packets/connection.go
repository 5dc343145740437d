package packets

import "github.com/mqttwire/mqttwire"

// Connection is one MQTT connection, as one side of it sees it: it decodes what
// comes, encodes what goes, and keeps both to what was said on the connection. It
// is a Decoder, an Encoder and a Feeder that know of each other, so that nothing
// has to be observed, and nothing said twice. It does no I/O: the bytes that come
// are given to Feed, and those that Append returns are to be sent.
//
//	c.Feed(chunk)
//	for {
//		p, err := c.Next()
//		if err == mqttwire.ErrIncomplete {
//			break // all that was fed is used
//		}
//		if err != nil {
//			out, _ = c.AppendReply(out, err)
//			return // send it, and close
//		}
//		switch p := p.(type) {
//		case *packets.Connect:
//			out, err = c.Append(out, &packets.Connack{})
//		…
//		}
//	}
//
// Packets of 5.0 announce limits, and the Connection keeps the peer's when it
// encodes, and its own when it decodes: whoever announces a Maximum Packet Size
// has set the limit of what is read by that. A Connection is for one goroutine at a
// time; who writes from several locks around it and the write. It must not be
// copied.
type Connection struct {
	_       noCopy
	feeder  mqttwire.Feeder
	decoder Decoder
	encoder Encoder
	limits  mqttwire.Limits
	begun   bool // the memory of the first packets was given back
}

// noCopy makes go vet find copies of what has a field of it, which takes no memory.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// ConnectionOptions say what a Connection is for.
type ConnectionOptions struct {
	// Side is who we are: FromServer for a server, which reads what a client sends,
	// and FromClient for a client.
	Side mqttwire.Sender

	// Version is the version of the connection, if it is known beforehand; 0 leaves
	// it to the CONNECT.
	Version mqttwire.Version

	// Versions are those of which the CONNECT may be, such as
	// mqttwire.VersionsOf(mqttwire.V311, mqttwire.V5); the zero set is all.
	Versions mqttwire.Versions

	// Limits are those of what is read, as long as none is announced. A server
	// that announces a Maximum Packet Size in CONNACK, or a client in CONNECT, sets
	// PacketSize by that.
	Limits mqttwire.Limits

	// Tolerance decides which broken rules are let pass where packets are read;
	// nil is the strict way. What is written keeps every rule.
	Tolerance *mqttwire.Tolerance

	// Optional also checks the rules that a receiver may enforce or not, where
	// packets are read: see CheckOptional.
	Optional bool

	// StreamFrom makes Next leave the payload of large PUBLISH packets to be read
	// by Read: those of more than so many bytes, fixed header included; 0 is none.
	StreamFrom int
}

// NewConnection returns a Connection that begins. It panics if o.Side is neither
// FromClient nor FromServer.
func NewConnection(o ConnectionOptions) *Connection {
	c := new(Connection)
	c.Reset(o)
	return c
}

// Reset makes c a Connection that begins, as NewConnection does, and in its
// memory, without allocating: for those who keep it for the next connection. The
// packets that it has returned are no longer valid.
func (c *Connection) Reset(o ConnectionOptions) {
	c.limits, c.begun = o.Limits, false
	c.feeder = *mqttwire.NewFeeder(o.Limits)
	c.decoder, c.encoder = o.newDecoder(), o.newEncoder()
}

// newDecoder returns the Decoder of what the peer sends.
func (o ConnectionOptions) newDecoder() Decoder {
	peer := mqttwire.FromClient
	if o.Side == mqttwire.FromClient {
		peer = mqttwire.FromServer
	}
	return Decoder{conn: newDirection(Options{
		From: peer, Version: o.Version, Versions: o.Versions, Tolerance: o.Tolerance, Optional: o.Optional, StreamFrom: o.StreamFrom,
	})}
}

// newEncoder returns the Encoder of what our side sends.
func (o ConnectionOptions) newEncoder() Encoder {
	return Encoder{conn: newDirection(Options{From: o.Side, Version: o.Version, Versions: o.Versions})}
}

// Version returns the version of the connection, or 0 while no CONNECT has told
// it.
func (c *Connection) Version() mqttwire.Version { return c.decoder.Version() }

// Feed gives the Connection the next bytes that came. They must stay as they are
// until Next returns ErrIncomplete, or until the next call of Feed.
func (c *Connection) Feed(chunk []byte) { c.feeder.Feed(chunk) }

// End says that no more bytes will come. When all that was fed is used, Next
// returns io.EOF between two packets and io.ErrUnexpectedEOF inside one.
func (c *Connection) End() { c.feeder.End() }

// ProxyHeader takes the PROXY protocol header that a proxy or load balancer has put
// before what the client sends, to be called before the first call of Next. If there
// is none it returns mqttwire.ErrNoProxyHeader, and takes nothing; ErrIncomplete until
// all of it was fed, and after End io.EOF and io.ErrUnexpectedEOF. An error of class
// mqttwire.ErrProxyHeader ends the connection, and Next returns it too: nobody is
// there to be answered in MQTT. TLVs is valid until the next call of any method.
func (c *Connection) ProxyHeader() (mqttwire.ProxyHeader, error) { return c.feeder.ProxyHeader() }

// Next returns the next packet of the peer, valid until the next call; its byte
// slices alias what was fed, or memory of the Connection. It returns
// ErrIncomplete if more bytes have to be fed; after End also io.EOF and
// io.ErrUnexpectedEOF. An *mqttwire.Error ends the connection, and is returned by
// every further call, unless Resume is asked to go on: AppendReply says how to
// answer.
func (c *Connection) Next() (mqttwire.Packet, error) {
	if c.decoder.between() { // as in Decoder.Next, whose source is an interface
		if f, ok := c.feeder.TryFrame(); ok {
			if p := c.decoder.decodeFree(f); p != nil {
				return p, nil
			}
			return c.came(c.decoder.whole(&c.feeder, f))
		}
	}
	return c.came(c.decoder.next(&c.feeder))
}

// came returns what Next returns, after a look at what it means for our side.
func (c *Connection) came(p mqttwire.Packet, err error) (mqttwire.Packet, error) {
	switch {
	case err == nil && opens(p):
		c.encoder.Observe(p)
	case err == mqttwire.ErrIncomplete && !c.begun && c.decoder.conn.begun:
		c.begun = true
		c.Release() // the first packet, such as a CONNECT with its will, does not come again
	}
	return p, err
}

// Append appends the packet, which is to be sent next, to dst. On error, an
// *mqttwire.Error, dst is returned as it was, and the packet counts as not sent.
// See Encoder.Append.
func (c *Connection) Append(dst []byte, p mqttwire.Packet) ([]byte, error) {
	return c.encoder.appendNext(dst, p, c)
}

// sent notes what a packet of our own means for what the peer may send.
func (c *Connection) sent(p mqttwire.Packet) {
	if !opens(p) {
		return
	}
	c.decoder.Observe(p)
	c.limits = announcedLimits(c.limits, p, c.Version())
	c.feeder.SetLimits(c.limits)
}

// AppendHeader is Append for a PUBLISH without its payload, which has to follow
// on the wire.
func (c *Connection) AppendHeader(dst []byte, p *Publish) ([]byte, error) {
	return c.encoder.AppendHeader(dst, p)
}

// AppendStreamHeader is Append for a PUBLISH whose payload is not in memory: of
// it payloadSize bytes have to follow on the wire. p.Payload is not looked at.
func (c *Connection) AppendStreamHeader(dst []byte, p *Publish, payloadSize int64) ([]byte, error) {
	return c.encoder.AppendStreamHeader(dst, p, payloadSize)
}

// announcedLimits returns the limits that hold after a CONNECT or CONNACK of our
// own was sent in version v. [MQTT-3.1.2-24] [MQTT-3.2.2-15]
func announcedLimits(limits mqttwire.Limits, p mqttwire.Packet, v mqttwire.Version) mqttwire.Limits {
	if size, ok := PropertiesOf(p).MaximumPacketSize(); ok && v == mqttwire.V5 {
		limits.PacketSize = int(min(size, mqttwire.MaxPacketSize))
	}
	return limits
}

// AppendReply appends to dst the packet that answers one which Next has refused
// with err, if there is one, with a Reason String as far as the peer wants and
// takes it; close says to close the connection after it. If that is false the
// packet acknowledges the one refused, and Resume lets the connection go on. The
// packet counts as sent, as one of Append: what may not follow it is refused, and
// what may not follow one that was sent before is not appended, such as a second
// DISCONNECT. See Reply.
func (c *Connection) AppendReply(dst []byte, err error) (out []byte, close bool) {
	a := ReplyWithReason(err)
	out = c.encoder.appendAnswer(dst, a)
	if len(out) > len(dst) && opens(a.Packet) {
		c.decoder.Observe(a.Packet)
	}
	return out, a.Close
}

// Dropped says what the last call of Append left out: see Encoder.Dropped.
func (c *Connection) Dropped() Dropped { return c.encoder.Dropped() }

// Topic returns the topic name of a PUBLISH that Next has returned: see
// Decoder.Topic.
func (c *Connection) Topic(p *Publish) []byte { return c.decoder.Topic(p) }

// PayloadSize returns the size of the payload that Next has left to be read by
// Read, because the PUBLISH is larger than StreamFrom; else 0. It stays the same
// while that is read. What is not read is skipped by the next call of Next: feed and
// Read until all of it has come, and call Next only then.
func (c *Connection) PayloadSize() int { return c.decoder.PayloadSize() }

// Read takes bytes from the payload that Next has left: those that were fed. It
// returns ErrIncomplete if there are none, and io.EOF at the end of the payload.
func (c *Connection) Read(p []byte) (int, error) { return c.feeder.Read(p) }

// Oversize reads topic name, packet identifier and properties of a PUBLISH that
// Next has refused because it is over the limit: see Decoder.Oversize.
func (c *Connection) Oversize() (*Publish, error) { return c.decoder.Oversize(&c.feeder) }

// Resume lets Next go on after an error, with the packet after the one that was
// refused: see Decoder.Resume.
func (c *Connection) Resume() error { return c.decoder.Resume(&c.feeder) }

// Release gives back the memory that is held for packets and for bytes of the
// peer, but for those of a packet that has begun to come: for a connection on
// which nothing comes for a while. The packets that Next has returned are no longer
// valid.
func (c *Connection) Release() {
	c.decoder.Release()
	c.feeder.Release()
}

// opens reports whether p is a CONNECT or a CONNACK, by which each side tells the
// other what binds it.
func opens(p mqttwire.Packet) bool {
	switch p.(type) {
	case *Connect, *Connack:
		return true
	}
	return false
}
