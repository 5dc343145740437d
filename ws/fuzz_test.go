package ws

import (
	"bytes"
	"io"
	"testing"

	wire "github.com/gobwas/ws"
	"github.com/stretchr/testify/require"
)

// reference reads frames with the functions of the library below, one after the other
// and whole: data, and how it ends.
func reference(b []byte, masked bool) (data []byte, closed *CloseError) {
	r := bytes.NewReader(b)
	fragmented := false
	for {
		before := r.Len()
		h, err := wire.ReadHeader(r)
		if err == wire.ErrHeaderLengthMSB {
			return data, &CloseError{Code: CodeProtocol}
		}
		if err != nil {
			return data, nil
		}
		state := wire.StateServerSide
		if !masked {
			state = wire.StateClientSide
		}
		if fragmented {
			state |= wire.StateFragmented
		}
		switch {
		case h.Rsv != 0, h.Masked != masked, before-r.Len() != wire.HeaderSize(h):
			return data, &CloseError{Code: CodeProtocol}
		case h.OpCode == wire.OpText:
			return data, &CloseError{Code: CodeUnsupported}
		case wire.CheckHeader(h, state) != nil:
			return data, &CloseError{Code: CodeProtocol}
		}
		payload, _ := io.ReadAll(io.LimitReader(r, h.Length))
		wire.Cipher(payload, h.Mask, 0)
		if h.OpCode.IsData() {
			fragmented = !h.Fin
			data = append(data, payload...)
		}
		if h.OpCode == wire.OpClose && int64(len(payload)) == h.Length {
			return data, closing(payload)
		}
	}
}

// FuzzFrames reads any bytes in any pieces, beside the reference.
func FuzzFrames(f *testing.F) {
	whole := wire.MustCompileFrame(wire.NewBinaryFrame([]byte("\xC0\x00")))
	f.Add(append(whole, whole...), byte(1), false)
	f.Add(wire.MustCompileFrame(wire.MaskFrame(wire.NewBinaryFrame(bytes.Repeat([]byte{1}, 70_000)))), byte(7), true)
	f.Add(append(wire.MustCompileFrame(wire.NewFrame(wire.OpBinary, false, []byte("a"))), 0x89, 2, 'h', 'i', 0x80, 0), byte(3), false)
	f.Add(wire.MustCompileFrame(wire.NewCloseFrame(wire.NewCloseFrameBody(1008, "why"))), byte(2), false)
	f.Add([]byte{0x81, 0}, byte(0), false)
	f.Add([]byte{0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1}, byte(0), false)
	f.Fuzz(func(t *testing.T, b []byte, piece byte, masked bool) {
		want, closed := reference(b, masked)
		var got []byte
		r := frames{masked: masked}
		var ended *CloseError
		for rest := bytes.Clone(b); len(rest) > 0 && ended == nil; {
			n := min(1+int(piece), len(rest))
			chunk := rest[:n]
			rest = rest[n:]
			from, to := 0, 0
			for from < n && ended == nil {
				var e event
				from, to, e = r.read(chunk, from, to)
				require.LessOrEqual(t, to, from)
				ended = e.err
			}
			got = append(got, chunk[:to]...)
		}
		require.True(t, bytes.Equal(want, got))
		require.Equal(t, closed == nil, ended == nil)
		if closed != nil {
			require.Equal(t, closed.Code, ended.Code)
			require.Equal(t, closed.ByPeer, ended.ByPeer)
		}
	})
}
