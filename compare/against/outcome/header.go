package outcome

import (
	"io"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/record"
	"github.com/mqttwire/mqttwire/packets"
)

// arriving is a body that comes a few bytes at a time.
type arriving struct {
	header  mqttwire.FixedHeader
	body    []byte
	arrived int
	taken   int
}

func (a *arriving) Header() mqttwire.FixedHeader { return a.header }

func (a *arriving) Peek(n int) ([]byte, error) {
	b := a.body[a.taken:a.arrived]
	switch {
	case n <= len(b):
		return b[:n:n], nil
	case a.arrived == len(a.body):
		return b, io.EOF
	}
	return b, mqttwire.ErrIncomplete
}

func (a *arriving) Discard(n int) (int, error) {
	b, err := a.Peek(n)
	a.taken += len(b)
	return len(b), err
}

// readHeader reads the header of a PUBLISH that comes in pieces, and notes how
// often it had to be asked.
func (s *Side) readHeader(r *record.Record, f mqttwire.Frame, v mqttwire.Version, choice uint64) {
	r.In(versionNames[v], "header only")
	step := 1 + int(choice%13)
	src := arriving{header: f.Header, body: f.Body}
	var o packets.HeaderOptions
	switch choice >> 4 % 4 {
	case 0:
		o.MaxProperties = 1 + int(choice>>6%32)
	case 1:
		s.tolerance.Reset()
		s.tolerance.Allow, s.tolerance.Max = mqttwire.ReportAll, 0
		o.Tolerance = &s.tolerance
	}
	if oneIn(choice>>11, 8) {
		soil(&s.publish)
	}
	kept := append(s.header[:0], before...)
	for asked := 1; ; asked++ {
		header, size, err := s.publish.ReadHeader(&src, v, kept, o)
		if err == mqttwire.ErrIncomplete && src.arrived < len(src.body) {
			src.arrived = min(src.arrived+step, len(src.body))
			continue
		}
		r.Number("asked", int64(asked))
		note(r, err)
		r.Slice("header", header)
		r.Number("payload", int64(size))
		r.Number("taken", int64(src.taken))
		notePublish(r, &s.publish)
		s.header = header
		break
	}
	if o.Tolerance != nil {
		noteFindings(r, o.Tolerance)
	}
}
