package fuzz

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/mqttwire/mqttwire"
)

// FuzzStream reads any bytes as a stream, in chunks of any sizes. Reader and
// CutFrame must find the same packets and the same end.
func FuzzStream(f *testing.F) {
	var all []byte
	for _, c := range corpusCases(f) {
		if len(c.Bytes) <= 256 && len(all) < 8192 {
			all = append(all, c.Bytes...)
			f.Add(c.Bytes, []byte{1}, uint16(0))
		}
	}
	f.Add(all, []byte{1, 2, 3, 200}, uint16(0))
	f.Add([]byte("\x30\xFF\xFF\xFF\x7F"), []byte{1}, uint16(100))
	f.Fuzz(func(t *testing.T, stream, chunks []byte, limit uint16) {
		r := mqttwire.NewReader(&chunkReader{stream, chunks, 0}, mqttwire.Limits{PacketSize: int(limit)})
		rest := stream
		for {
			want, left, wantErr := mqttwire.CutFrame(rest, int(limit))
			got, err := readFrame(r)
			if err != nil {
				requireSameEnd(t, wantErr, err, len(rest) == 0)
				return
			}
			if wantErr != nil {
				t.Fatalf("CutFrame says %v, Reader goes on", wantErr)
			}
			if r.Offset() != int64(len(stream)-len(rest)) {
				t.Fatalf("offset %d, expected %d", r.Offset(), len(stream)-len(rest))
			}
			if got.Header != want.Header || !bytes.Equal(got.Body, want.Body) {
				t.Fatalf("Reader: %v %x, CutFrame: %v %x", got.Header, got.Body, want.Header, want.Body)
			}
			rest = left
		}
	})
}

func readFrame(r *mqttwire.Reader) (mqttwire.Frame, error) {
	if _, err := r.Next(); err != nil {
		return mqttwire.Frame{}, err
	}
	return r.Body()
}

// requireSameEnd checks that the Reader's error is CutFrame's, said for a
// stream that has ended.
func requireSameEnd(t *testing.T, cut, read error, between bool) {
	t.Helper()
	var c, r *mqttwire.Error
	switch {
	case errors.As(cut, &c):
		if !errors.As(read, &r) || *c != *r {
			t.Fatalf("CutFrame: %v, Reader: %v", cut, read)
		}
	case cut == mqttwire.ErrIncomplete && between:
		if read != io.EOF {
			t.Fatalf("the end between packets gives %v", read)
		}
	case cut != mqttwire.ErrIncomplete || read != io.ErrUnexpectedEOF:
		t.Fatalf("CutFrame: %v, Reader: %v", cut, read)
	}
}

// chunkReader gives the stream in chunks of the given sizes, round and round.
type chunkReader struct {
	stream []byte
	chunks []byte
	i      int
}

func (c *chunkReader) Read(p []byte) (int, error) {
	if len(c.stream) == 0 {
		return 0, io.EOF
	}
	n := 1
	if len(c.chunks) > 0 {
		n = max(1, int(c.chunks[c.i%len(c.chunks)]))
		c.i++
	}
	n = min(n, len(p), len(c.stream))
	copy(p, c.stream[:n])
	c.stream = c.stream[n:]
	return n, nil
}
