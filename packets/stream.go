package packets

import (
	"io"
	"sync"

	"github.com/mqttwire/mqttwire"
)

// idleRead is how many bytes a Stream reads at first of what comes: they are in
// the Stream itself, so that an idle one holds no buffer.
const idleRead = 64

// Stream is a connection over an io.ReadWriter, such as a net.Conn: Receive returns
// what the peer sends, Send sends. It keeps both to what was said on the
// connection, as a Connection does. One goroutine may receive while others send.
//
// It reads ahead, and holds a buffer only while something comes: one of many
// Streams in turn. So a packet that Receive has returned must not be looked at
// after the next call, unless it was cloned. A Stream must not be copied.
type Stream struct {
	reader  mqttwire.Reader
	decoder Decoder // of the goroutine that receives
	writer  Writer
	limits  mqttwire.Limits
	begun   bool // the memory of the first packet was given back

	write sync.Mutex // of writer, while a packet is encoded and written
	state sync.Mutex // of what follows

	encoder Encoder
	said    []mqttwire.Packet // a CONNECT or CONNACK that was sent, of which decoder is not yet told

	idle [idleRead]byte
}

// NewStream returns a Stream over rw of a connection that begins. It reads and
// writes nothing yet. It panics if o.Side is neither FromClient nor FromServer.
func NewStream(rw io.ReadWriter, o ConnectionOptions) *Stream {
	s := &Stream{
		reader:  *mqttwire.NewReader(rw, o.Limits),
		decoder: o.newDecoder(),
		encoder: o.newEncoder(),
		limits:  o.Limits,
	}
	wire.BeSmallWhileIdle(&s.reader, &s.idle)
	s.writer = Writer{dst: rw, encoder: (*streamEncoder)(s)}
	return s
}

// Version returns the version of the connection, or 0 while no CONNECT has told
// it.
func (s *Stream) Version() mqttwire.Version {
	s.state.Lock()
	defer s.state.Unlock()
	return s.encoder.Version()
}

// ProxyHeader takes the PROXY protocol header that a proxy or load balancer has put
// before what the client sends, to be called before the first call of Receive. If
// there is none it returns mqttwire.ErrNoProxyHeader, and takes nothing; io.EOF if the
// stream ends before it and io.ErrUnexpectedEOF if inside. An error of class
// mqttwire.ErrProxyHeader ends the stream, and Receive returns it too. Other errors
// are those of Receive, timeouts after which it may be called again among them. TLVs
// is valid until the next call.
func (s *Stream) ProxyHeader() (mqttwire.ProxyHeader, error) { return s.reader.ProxyHeader() }

// Receive returns the next packet of the peer; it is valid until the next call. It
// returns an *mqttwire.Error for a packet that is refused, io.EOF if the stream
// ends between two packets and io.ErrUnexpectedEOF if inside one, and else the
// reader's own error; every further call returns the same. A timeout, an error
// whose method Timeout returns true, ends nothing: Receive may be called again, and
// goes on where it was.
func (s *Stream) Receive() (mqttwire.Packet, error) {
	if !s.begun && s.decoder.conn.begun {
		s.begun = true
		s.decoder.Release() // the first packet, such as a CONNECT with its will, does not come again
	}
	p, err := s.decoder.Next((*streamSource)(s))
	if err == nil && opens(p) {
		s.state.Lock()
		s.encoder.Observe(p)
		s.state.Unlock()
	}
	return p, err
}

// Topic returns the topic name of a PUBLISH that Receive has returned: see
// Decoder.Topic.
func (s *Stream) Topic(p *Publish) []byte { return s.decoder.Topic(p) }

// PayloadSize returns the size of the payload that Receive has left to be read by
// Read, because the PUBLISH is larger than StreamFrom; else 0. It stays the same
// while that is read. What is not read is skipped by the next Receive.
func (s *Stream) PayloadSize() int { return s.decoder.PayloadSize() }

// Read reads the payload that Receive has left. At its end it returns io.EOF.
// Other errors are those of Receive.
func (s *Stream) Read(p []byte) (int, error) { return s.reader.Read(p) }

// Oversize reads topic name, packet identifier and properties of a PUBLISH that
// Receive has refused because it is over the limit, after which Reply acknowledges it
// and skips its payload: see Decoder.Oversize. Other errors are those of Receive. It is
// for the goroutine that receives.
func (s *Stream) Oversize() (*Publish, error) { return s.decoder.Oversize((*streamSource)(s)) }

// Send sends packets, in their order. It returns the *mqttwire.Error of a packet
// that is refused, or the error of the write, and then the same for every further
// call: nothing more is written, so that the peer gets neither half a packet nor a
// gap. After a packet that was refused Resume lets Send go on.
func (s *Stream) Send(list ...mqttwire.Packet) error {
	s.write.Lock()
	defer s.write.Unlock()
	for _, p := range list {
		if err := s.writer.WritePacket(p); err != nil {
			return err
		}
	}
	return nil
}

// SendPublish sends a PUBLISH whose payload is not in memory: exactly size bytes
// of payload. See Writer.WritePublish.
func (s *Stream) SendPublish(p *Publish, payload io.Reader, size int64) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.writer.WritePublish(p, payload, size)
}

// Resume lets Send go on after a packet that was refused, which is not sent: for
// who can do without it, as a server can without a message that is larger than the
// client takes. [MQTT-3.1.2-25] Of several packets in one call of Send those after
// it are not sent either. If the writing side has ended, because a packet could not
// be written whole or Reply has ended it, Resume returns what ended it.
func (s *Stream) Resume() error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.writer.Resume()
}

// Reply answers a packet that Receive has refused with err, with a Reason String
// as far as the peer wants and takes it. It returns nil if the connection goes on:
// the answer has acknowledged the packet, and Receive returns the next. Else it
// returns err, or the error of the write: close the connection, on which nothing
// more is written. Answering what is no refusal, such as io.EOF, writes nothing.
// See the function Reply.
//
// A timeout of Receive, after which that goes on, has no answer: Reply returns err,
// and leaves the connection as it is. After a packet of one's own that Send has
// refused, Resume goes on, and Reply ends the connection.
func (s *Stream) Reply(err error) error {
	if wire.MayGoOn(err) {
		return err
	}
	if ended := s.answer(ReplyWithReason(err), err); ended != nil {
		return ended
	}
	// Others may send meanwhile: what is to be skipped may take long to come.
	if err := s.decoder.Resume((*streamSource)(s)); !wire.MayGoOn(err) {
		return err
	}
	return nil // Receive goes on with what is to be skipped
}

// answer sends the answer to a packet that was refused with err, and returns what
// has ended the connection or nil. A packet of our own that was refused does not
// stand in its way, and is still to be resumed after.
func (s *Stream) answer(a Answer, err error) error {
	s.write.Lock()
	defer s.write.Unlock()
	own := s.writer.err
	ended := s.writer.Resume()
	if ended == nil {
		if b := (*streamEncoder)(s).appendAnswer(a); len(b) > 0 {
			if failed := s.writer.write(b); failed != nil {
				return failed
			}
		}
	}
	switch {
	case a.Close:
		s.writer.end(err)
		return err
	case ended == nil && own != nil:
		_ = s.writer.refuse(own)
	}
	return ended
}

// Release gives back the memory that is held for packets, but for bytes of one
// that has begun to come, or whose payload is being read: for a connection on which
// nothing comes or goes for a while. The packets that Receive has returned are no
// longer valid. It is for the goroutine that receives, and does not wait for those
// that send: what they use at the moment stays until the next call.
func (s *Stream) Release() {
	s.decoder.Release()
	s.reader.Release()
	if s.write.TryLock() { // else it waited for a peer that does not read
		s.writer.buf = nil
		s.write.Unlock()
	}
}

// streamEncoder is a Stream as its Writer encodes with it.
type streamEncoder Stream

func (s *streamEncoder) Append(dst []byte, p mqttwire.Packet) ([]byte, error) {
	s.state.Lock()
	defer s.state.Unlock()
	dst, err := s.encoder.Append(dst, p)
	if err == nil && opens(p) {
		s.said = append(s.said, Clone(p)) // which is the caller's to change
	}
	return dst, err
}

func (s *streamEncoder) AppendStreamHeader(dst []byte, p *Publish, payloadSize int64) ([]byte, error) {
	s.state.Lock()
	defer s.state.Unlock()
	return s.encoder.AppendStreamHeader(dst, p, payloadSize)
}

func (s *streamEncoder) appendAnswer(a Answer) []byte {
	s.state.Lock()
	defer s.state.Unlock()
	return s.encoder.appendAnswer(nil, a)
}

// streamSource is a Stream as its Decoder reads from it. When a packet has come,
// the Decoder is told of what was sent before: it may have waited for it since
// before that.
type streamSource Stream

func (s *streamSource) Next() (mqttwire.FixedHeader, error) {
	h, err := s.reader.Next()
	s.observe()
	return h, err
}

func (s *streamSource) TryFrame() (f mqttwire.Frame, ok bool) {
	s.observe()
	return s.reader.TryFrame()
}

func (s *streamSource) observe() {
	s.state.Lock()
	said := s.said
	s.said = nil
	s.state.Unlock()
	for _, p := range said {
		s.decoder.Observe(p)
		s.limits = announcedLimits(s.limits, p, s.decoder.Version())
		s.reader.SetLimits(s.limits)
	}
}

func (s *streamSource) Header() mqttwire.FixedHeader    { return s.reader.Header() }
func (s *streamSource) Peek(n int) ([]byte, error)      { return s.reader.Peek(n) }
func (s *streamSource) Discard(n int) (int, error)      { return s.reader.Discard(n) }
func (s *streamSource) Body() (mqttwire.Frame, error)   { return s.reader.Body() }
func (s *streamSource) Skip() error                     { return s.reader.Skip() }
func (s *streamSource) Lookahead(n int) ([]byte, error) { return s.reader.Lookahead(n) }
