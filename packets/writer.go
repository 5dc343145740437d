package packets

import (
	"errors"
	"io"
	"strconv"

	"github.com/mqttwire/mqttwire"
)

// maxCopied is the largest payload that a Writer copies behind its header, so
// that both go out in one Write.
const maxCopied = 8 << 10

// How large the buffer of a Writer is for copying a payload from its source, and
// up to what size it is kept when packets no longer need it.
const (
	copyBuffer = 32 << 10
	keepBuffer = 64 << 10
)

// errCut is the state of a Writer whose Write or payload source has panicked.
var errCut = errors.New("packets: Writer: an earlier packet was cut short")

// PayloadError says that the payload of a PUBLISH could not be written whole:
// its source ended early, where Err is io.ErrUnexpectedEOF, or failed, or the
// write did.
type PayloadError struct {
	Size    int64 // bytes that were to be written
	Written int64 // bytes that were
	Err     error
}

// Error says how far it came, and why not further.
func (e *PayloadError) Error() string {
	return "packets: payload of PUBLISH: " + strconv.FormatInt(e.Written, 10) + " of " +
		strconv.FormatInt(e.Size, 10) + " bytes written: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *PayloadError) Unwrap() error { return e.Err }

// Writer encodes packets to a stream. The first error is the last word, as of a
// bufio.Writer: every further call returns the same and writes nothing, and Err
// tells it, so that who looks at errors now and then misses none.
//
// A packet that is refused, as it cannot be encoded, leaves the stream untouched:
// Resume lets the Writer go on without it. A packet that could not be written
// whole ends the stream, as the peer would take what follows for its rest.
//
// A packet goes out in one Write, but for a PUBLISH with a large payload, whose
// payload has a Write of its own and is not copied; Buffers is for one system call
// there too, and for many packets. The buffer gets small again after a very large
// packet. A Writer is for one goroutine at a time.
type Writer struct {
	dst     io.Writer
	version mqttwire.Version
	encoder packetEncoder // or nil: then version is all that counts
	buf     []byte
	err     error // sticky
	refused bool  // err is of a packet of which nothing was written
}

// packetEncoder is what a Writer encodes with: an Encoder, or a Stream.
type packetEncoder interface {
	Append(dst []byte, p mqttwire.Packet) ([]byte, error)
	AppendStreamHeader(dst []byte, p *Publish, payloadSize int64) ([]byte, error)
	AppendPreparedHeader(dst []byte, p *Prepared, d *Delivery) ([]byte, error)
}

// NewWriter returns a Writer of packets of version v to w, which checks each
// packet alone. v may be 0 until SetVersion for a Writer that sends CONNECT,
// which tells its own version.
func NewWriter(w io.Writer, v mqttwire.Version) *Writer { return &Writer{dst: w, version: v} }

// NewWriter returns a Writer to w of the packets that e encodes, so that each is
// checked against the connection too.
func (e *Encoder) NewWriter(w io.Writer) *Writer { return &Writer{dst: w, encoder: e} }

// SetVersion sets the version of the packets to come. A Writer of an Encoder
// does not need it: the Encoder knows the version.
func (w *Writer) SetVersion(v mqttwire.Version) { w.version = v }

// Err returns the first error, after which nothing is written, or nil.
func (w *Writer) Err() error { return w.err }

// Resume lets the Writer go on after a packet that was refused, which is not sent:
// for who can do without it. If the stream has ended it returns what ended it.
func (w *Writer) Resume() error {
	if w.refused {
		w.err, w.refused = nil, false
	}
	return w.err
}

// end makes err the last word: nothing more is written.
func (w *Writer) end(err error) {
	if w.err == nil || w.refused {
		w.err, w.refused = err, false
	}
}

// refuse keeps the error of a packet that cannot be encoded.
func (w *Writer) refuse(err error) error {
	w.err, w.refused = err, true
	return err
}

// WritePacket writes a packet. It returns the *mqttwire.Error of Append, or what
// ended the stream: the error of the underlying writer, io.ErrShortWrite if that
// wrote less than it was given and did not say why; or the first error of an
// earlier call.
func (w *Writer) WritePacket(p mqttwire.Packet) error {
	if w.err != nil {
		return w.err
	}
	if p, ok := p.(*Publish); ok && len(p.Payload) > maxCopied {
		return w.writeParts(p)
	}
	b, err := w.encode(p)
	if err != nil {
		return w.refuse(err)
	}
	return w.writeBuffer(b)
}

// encode appends p to the emptied buffer.
func (w *Writer) encode(p mqttwire.Packet) ([]byte, error) {
	if w.encoder != nil {
		return w.encoder.Append(w.buf[:0], p)
	}
	return p.Append(w.buf[:0], w.version)
}

// encodeHeader appends all of p but its payload to the emptied buffer.
func (w *Writer) encodeHeader(p *Publish, payloadSize int64) ([]byte, error) {
	if w.encoder != nil {
		return w.encoder.AppendStreamHeader(w.buf[:0], p, payloadSize)
	}
	return p.AppendStreamHeader(w.buf[:0], w.version, payloadSize)
}

// writeParts writes a PUBLISH without copying its payload.
func (w *Writer) writeParts(p *Publish) error {
	header, err := w.encodeHeader(p, int64(len(p.Payload)))
	if err != nil {
		return w.refuse(err)
	}
	if err := w.writeBuffer(header); err != nil {
		return err
	}
	return w.write(p.Payload)
}

// WritePublish writes a PUBLISH whose payload is not in memory: exactly size
// bytes of payload, which may have more. p.Payload is not looked at. If payload
// ends before that, or fails, the stream ends with a *PayloadError. Other errors
// are those of WritePacket.
//
// If the underlying writer is an io.ReaderFrom, such as *net.TCPConn, it takes
// the payload itself, so that a file need not pass through this process; else
// the payload goes through the Writer's buffer, 32 KiB at a time.
func (w *Writer) WritePublish(p *Publish, payload io.Reader, size int64) error {
	if w.err != nil {
		return w.err
	}
	header, err := w.encodeHeader(p, size)
	if err != nil {
		return w.refuse(err)
	}
	if err := w.writeBuffer(header); err != nil || size == 0 {
		return err
	}
	w.err = errCut // should payload or dst panic
	n, err := w.copyPayload(payload, size)
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		err = &PayloadError{Size: size, Written: n, Err: err}
	}
	w.err = err
	return err
}

// copyPayload copies size bytes, or fewer if payload ends, and returns how many.
func (w *Writer) copyPayload(payload io.Reader, size int64) (int64, error) {
	limited := io.LimitedReader{R: payload, N: size}
	if dst, ok := w.dst.(io.ReaderFrom); ok {
		return dst.ReadFrom(&limited)
	}
	if need := int(min(size, copyBuffer)); cap(w.buf) < need {
		w.buf = make([]byte, need)
	}
	b := w.buf[:min(cap(w.buf), copyBuffer)]
	return io.CopyBuffer(w.dst, &limited, b)
}

// writeBuffer writes b, which was made in the Writer's buffer, and keeps that.
func (w *Writer) writeBuffer(b []byte) error {
	w.buf = nil
	if cap(b) <= keepBuffer {
		w.buf = b[:0]
	}
	return w.write(b)
}

// write writes b whole or ends the stream.
func (w *Writer) write(b []byte) error {
	w.err = errCut // should dst panic
	n, err := w.dst.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	w.err = err
	return err
}
