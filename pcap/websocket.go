package pcap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"github.com/gobwas/ws"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// Limits of a WebSocket stage, in bytes: of the head of a request or an answer, of what
// waits for the answer, of a compressed message, and of a frame.
const (
	maxWebSocketHead   = 16 << 10
	maxWebSocketWaits  = 64 << 10
	maxWebSocketPacked = 512 << 10
	maxWebSocketFrame  = 1 << 32
	maxKeptScratch     = 4 << 10 // between segments
)

// OpenWebSocket is a capture.StageOpener for MQTT over WebSocket, RFC 6455: it reads the
// upgrade, unmasks and joins frames, and undoes permessage-deflate, RFC 7692. A
// connection whose upgrade is not in the capture is read from a frame on. It returns nil
// for what is no WebSocket. Reader has it by itself.
//
// A compressed message of more than 512 KiB, or one that refers to what is not in the
// capture, is told as lost bytes.
func OpenWebSocket(s capture.StageStart) capture.Stage {
	if s.Foreign != mqttwire.ForeignWebSocket {
		return nil
	}
	w := &webSocket{client: s.By, answered: s.Midstream, deflate: readDeflate(nil)}
	if s.Sender[s.By] == mqttwire.FromServer {
		w.client = s.By.Opposite()
	}
	for i := range w.sides {
		w.sides[i].head, w.sides[i].seeks = !s.Midstream, s.Midstream
		w.sides[i].message = ws.OpBinary
	}
	return w
}

// webSocket is the stage of one connection.
type webSocket struct {
	client   capture.Direction
	answered bool // how messages are compressed is known, or never will be
	deflate  deflateParameters
	sides    [2]webSocketSide
	scratch  []byte // where payload is unmasked
}

// webSocketSide is what is known of one direction.
type webSocketSide struct {
	head  bool   // the request or the answer is still to come
	seeks bool   // where a frame begins is not known
	waits []byte // bytes that are too few to be read

	frame   ws.Header
	left    int64 // bytes of the payload of the frame that are still to come
	control []byte

	message    ws.OpCode // what the frames are of
	compressed bool
	spoiled    bool // bytes of the message are missing
	packed     []byte
	inflater   inflater

	told map[string]bool // what was said once
}

func (w *webSocket) Protocol() string { return mqttwire.ForeignWebSocket.Protocol() }

// Held is what the stage holds between calls.
func (w *webSocket) Held() int {
	n := cap(w.scratch)
	for i := range w.sides {
		s := &w.sides[i]
		n += cap(s.waits) + cap(s.packed) + cap(s.control) + s.inflater.held()
	}
	return n
}

// Take takes the next bytes of a direction.
func (w *webSocket) Take(d capture.Direction, data []byte, out capture.Outlet) {
	s := &w.sides[d]
	own := len(s.waits) > 0
	if own {
		data = append(s.waits, data...)
		s.waits = nil
	}
	for len(data) > 0 {
		n, ok := w.step(d, data, out)
		if !ok {
			return
		}
		if n == 0 && !own {
			data = bytes.Clone(data)
		}
		if n == 0 {
			s.waits = data
			return
		}
		data = data[n:]
	}
	if cap(w.scratch) > maxKeptScratch {
		w.scratch = nil
	}
}

// step reads what data begins with and returns its size, 0 if that is not all there;
// ok is false if nothing can be read behind it.
func (w *webSocket) step(d capture.Direction, data []byte, out capture.Outlet) (n int, ok bool) {
	s := &w.sides[d]
	switch {
	case s.head:
		return w.readHead(d, data, out)
	case s.left > 0:
		n = int(min(s.left, int64(len(data))))
		w.payload(d, data[:n], out)
		return n, true
	case s.seeks:
		if !beginsFrames(data, d == w.client) {
			return len(data), true
		}
		s.seeks = false
	}
	return w.readFrame(d, data, out)
}

// readFrame reads the header of a frame.
func (w *webSocket) readFrame(d capture.Direction, data []byte, out capture.Outlet) (n int, ok bool) {
	s := &w.sides[d]
	r := bytes.NewReader(data)
	h, err := ws.ReadHeader(r)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return 0, true
	case err != nil || !plausibleFrame(h):
		out.Stop(d, "WebSocket: "+strconv.QuoteToASCII(string(data[:min(2, len(data))]))+" begins no frame")
		return 0, false
	case h.Rsv1() && !w.answered && len(data) < maxWebSocketWaits:
		return 0, true // the server's answer says how it is compressed
	}
	if h.Masked != (d == w.client) {
		w.once(d, masking(d == w.client), out)
	}
	s.frame, s.left, s.control = h, h.Length, nil
	if h.OpCode.IsData() && h.OpCode != ws.OpContinuation {
		s.begin(h)
		if h.OpCode == ws.OpText {
			w.once(d, "WebSocket: text frames, which MQTT does not allow [MQTT-6.0.0-1]; they are passed over", out)
		}
	}
	if h.Length == 0 {
		w.endFrame(d, out)
	}
	return len(data) - r.Len(), true
}

// masking is what is said of frames that are masked and may not be, or are not.
func masking(client bool) string {
	if client {
		return "WebSocket: the client's frames are not masked, as they have to be (RFC 6455 section 5.1)"
	}
	return "WebSocket: the server's frames are masked, as they may not be (RFC 6455 section 5.1)"
}

// plausibleFrame reports whether a header is legal, but for the mask: RFC 6455 section
// 5.2 and 5.5, RFC 7692 section 6.
func plausibleFrame(h ws.Header) bool {
	switch {
	case h.Length > maxWebSocketFrame:
		return false
	case h.OpCode.IsControl():
		return h.OpCode <= ws.OpPong && h.Fin && h.Rsv == 0 && h.Length <= ws.MaxControlFramePayloadSize
	}
	return h.OpCode <= ws.OpBinary && (h.Rsv == 0 || h.Rsv1() && !h.Rsv2() && !h.Rsv3() && h.OpCode != ws.OpContinuation)
}

// begin begins a message.
func (s *webSocketSide) begin(h ws.Header) {
	s.message, s.compressed, s.spoiled, s.packed = h.OpCode, h.Rsv1(), false, nil
}

// once tells something about a direction, the first time.
func (w *webSocket) once(d capture.Direction, note string, out capture.Outlet) {
	s := &w.sides[d]
	if s.told[note] {
		return
	}
	if s.told == nil {
		s.told = make(map[string]bool)
	}
	s.told[note] = true
	out.Note(d, note)
}

// payload takes the next bytes of the payload of a frame.
func (w *webSocket) payload(d capture.Direction, data []byte, out capture.Outlet) {
	s := &w.sides[d]
	if s.frame.Masked {
		w.scratch = append(w.scratch[:0], data...)
		data = w.scratch
		ws.Cipher(data, s.frame.Mask, int(s.frame.Length-s.left))
	}
	s.left -= int64(len(data))
	switch {
	case s.frame.OpCode.IsControl():
		s.control = append(s.control, data...)
	case s.message != ws.OpBinary:
	case !s.compressed:
		out.Bytes(d, data)
	case len(s.packed)+len(data) > maxWebSocketPacked:
		s.spoiled, s.packed = true, nil
	case !s.spoiled:
		s.packed = append(s.packed, data...)
	}
	if s.left == 0 {
		w.endFrame(d, out)
	}
}

// endFrame ends a frame and, with the last one of it, a message.
func (w *webSocket) endFrame(d capture.Direction, out capture.Outlet) {
	s := &w.sides[d]
	switch {
	case s.frame.OpCode == ws.OpClose:
		out.Note(d, closing(s.control))
	case s.frame.OpCode.IsData() && s.frame.Fin && s.compressed && s.message == ws.OpBinary:
		w.inflate(d, out)
	}
	s.control = nil
}

// closing is what is said of a frame that closes a connection.
func closing(payload []byte) string {
	if len(payload) < 2 {
		return "WebSocket closed, without a code"
	}
	note := fmt.Sprintf("WebSocket closed with code %d", binary.BigEndian.Uint16(payload))
	if len(payload) > 2 {
		note += ": " + strconv.QuoteToASCII(string(payload[2:]))
	}
	return note
}

// Lose goes on behind bytes that are missing inside of a frame; else the next frame is
// looked for.
func (w *webSocket) Lose(d capture.Direction, n int64, out capture.Outlet) {
	s := &w.sides[d]
	inside := n > 0 && n <= s.left && len(s.waits) == 0
	s.spoiled, s.packed, s.waits = true, nil, nil
	s.inflater.forget()
	if inside {
		w.loseInside(d, n, out)
		return
	}
	if s.head && d != w.client {
		w.answered = true
	}
	s.head, s.seeks, s.left = false, true, 0
	out.Lost(d, 0)
}

// loseInside takes note of bytes that are missing of the payload of a frame.
func (w *webSocket) loseInside(d capture.Direction, n int64, out capture.Outlet) {
	s := &w.sides[d]
	s.left -= n
	if s.frame.OpCode.IsData() && s.message == ws.OpBinary && !s.compressed {
		out.Lost(d, n)
	}
	if s.left == 0 {
		w.endFrame(d, out)
	}
}

// End ends a direction.
func (w *webSocket) End(d capture.Direction, out capture.Outlet) {
	if w.answered {
		return
	}
	// The answer will not come, or what waits for it will not wait any longer.
	w.answered = true
	s := &w.sides[w.client]
	waits := s.waits
	s.waits = nil
	if len(waits) > 0 && !s.head {
		w.Take(w.client, waits, out)
	}
}

// beginsFrames reports whether data, where a segment begins, are frames: they end where
// the segment does, or others follow, or the first begins an MQTT packet.
func beginsFrames(data []byte, client bool) bool {
	r := bytes.NewReader(data)
	for frames := 0; ; frames++ {
		if r.Len() == 0 {
			return frames > 0
		}
		h, err := ws.ReadHeader(r)
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return frames > 1
		case err != nil || !plausibleFrame(h) || h.Masked != client:
			return false
		case h.Length > int64(r.Len()):
			return frames > 1 || beginsPacket(h, data[len(data)-r.Len():])
		}
		r.Seek(h.Length, io.SeekCurrent)
	}
}

// beginsPacket reports whether the payload of a frame begins with a packet.
func beginsPacket(h ws.Header, payload []byte) bool {
	const enough = 256
	start := bytes.Clone(payload[:min(len(payload), enough)])
	if h.Masked {
		ws.Cipher(start, h.Mask, 0)
	}
	ok, _ := capture.MayBegin(start)
	return ok && h.OpCode == ws.OpBinary && h.Rsv == 0 && len(start) > 4
}
