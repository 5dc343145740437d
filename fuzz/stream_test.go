package fuzz

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/mqttwire/mqttwire"
)

// FuzzStream reads any bytes as a stream, in chunks of any sizes. Reader, Feeder
// and CutFrame must find the same packets and the same end.
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
		max := mqttwire.MaxPacketSize
		if limit > 0 {
			max = int(limit)
		}
		limits := mqttwire.Limits{PacketSize: max, FirstPacketSize: max}
		src := &chunkReader{stream, chunks, 0}
		r := mqttwire.NewReader(src, limits)
		requireSameStream(t, "Reader", stream, max, r.Offset, func() (mqttwire.Frame, error) { return readFrame(r) })
		whole := mqttwire.NewReader(&chunkReader{stream, chunks, 0}, limits)
		requireSameStream(t, "Reader.Frame", stream, max, whole.Offset, whole.Frame)

		src = &chunkReader{stream, chunks, 0}
		feeder := mqttwire.NewFeeder(limits)
		memory := make([]byte, 256)
		requireSameStream(t, "Feeder", stream, max, feeder.Offset, func() (mqttwire.Frame, error) { return feedFrame(feeder, src, memory) })
	})
}

// requireSameStream checks that next gives what CutFrame finds in the stream.
func requireSameStream(t *testing.T, who string, stream []byte, max int, offset func() int64, next func() (mqttwire.Frame, error)) {
	t.Helper()
	rest := stream
	for {
		want, left, wantErr := mqttwire.CutFrame(rest, max)
		got, err := next()
		if err != nil {
			requireSameEnd(t, wantErr, err, len(rest) == 0)
			return
		}
		if wantErr != nil {
			t.Fatalf("CutFrame says %v, %s goes on", wantErr, who)
		}
		if offset() != int64(len(stream)-len(rest)) {
			t.Fatalf("%s: offset %d, expected %d", who, offset(), len(stream)-len(rest))
		}
		if got.Header != want.Header || !bytes.Equal(got.Body, want.Body) {
			t.Fatalf("%s: %v %x, CutFrame: %v %x", who, got.Header, got.Body, want.Header, want.Body)
		}
		rest = left
	}
}

func readFrame(r *mqttwire.Reader) (mqttwire.Frame, error) {
	if _, err := r.Next(); err != nil {
		return mqttwire.Frame{}, err
	}
	return r.Body()
}

// feedFrame feeds from src, by way of the same memory always, until there is a
// frame.
func feedFrame(f *mqttwire.Feeder, src io.Reader, memory []byte) (mqttwire.Frame, error) {
	for {
		frame, err := f.Frame()
		if err != mqttwire.ErrIncomplete {
			return frame, err
		}
		n, err := src.Read(memory)
		if err == io.EOF {
			f.End()
		}
		f.Feed(memory[:n])
	}
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
