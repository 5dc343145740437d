package pcap

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/mqttwire/mqttwire/capture"
)

// maxInflated is how large a message may become, in bytes; more than that is taken for
// an attack on who reads it.
const maxInflated = 64 << 20

// endOfMessage is what a sender leaves out at the end of a message (RFC 7692 section
// 7.2.2), and an empty last block, behind which a decompressor stops.
const endOfMessage = "\x00\x00\xFF\xFF\x01\x00\x00\xFF\xFF"

// decompressors are shared by all connections: each is used for a message at a time.
var decompressors = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflater undoes the compression of the messages of a direction.
type inflater struct {
	window []byte // the last bytes of the messages before
}

func (f *inflater) held() int { return cap(f.window) }

// forget forgets the messages before: what refers to them cannot be read.
func (f *inflater) forget() { f.window = nil }

// inflate gives what a compressed message holds. If that cannot be read, or not to its
// end, it is told as lost.
func (w *webSocket) inflate(d capture.Direction, out capture.Outlet) {
	s := &w.sides[d]
	packed, spoiled := s.packed, s.spoiled
	s.packed, s.spoiled, s.compressed = nil, false, false
	window, forgets := w.deflate.serverWindow, w.deflate.serverForgets
	if d == w.client {
		window, forgets = w.deflate.clientWindow, w.deflate.clientForgets
	}
	if forgets {
		s.inflater.forget()
	}
	if !spoiled && s.inflater.read(packed, max(window, 1<<8), func(data []byte) { out.Bytes(d, data) }) {
		return
	}
	s.inflater.forget()
	w.once(d, "WebSocket: a compressed message cannot be read, as a part of it or of those before is not in the capture, or it is damaged or too long", out)
	out.Lost(d, 0)
}

// read decompresses a message.
func (f *inflater) read(packed []byte, window int, take func([]byte)) (ok bool) {
	r := decompressors.Get().(io.ReadCloser)
	defer decompressors.Put(r)
	r.(flate.Resetter).Reset(io.MultiReader(bytes.NewReader(packed), bytes.NewReader([]byte(endOfMessage))), f.window)
	chunk := make([]byte, 16<<10)
	for total := 0; total <= maxInflated; {
		n, err := io.ReadFull(r, chunk)
		if err != nil && !ended(r) {
			return false // what there is may be made of the end that was put behind
		}
		total += n
		f.keep(chunk[:n], window)
		if n > 0 {
			take(chunk[:n])
		}
		if err != nil {
			return true
		}
	}
	return false
}

// ended reports whether a message ended where its end was put: no error but that comes
// of reading on.
func ended(r io.Reader) bool {
	_, err := r.Read(make([]byte, 1))
	return err == io.EOF
}

// keep keeps the last bytes for the next message to refer to.
func (f *inflater) keep(data []byte, window int) {
	f.window = append(f.window, data...)
	if len(f.window) > window+maxWebSocketHead {
		f.window = append(f.window[:0], f.window[len(f.window)-window:]...)
	}
}
