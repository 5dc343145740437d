// Package outcome does with packets all that the library can do with one, and
// notes what comes of it. It is written against the working tree; the scripts
// derive the same for an older commit by changing the paths that it imports. So it
// uses only what both have.
package outcome

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/record"
	"github.com/mqttwire/mqttwire/packets"
)

// Side is the library at work, with packets that it uses again and again. It is
// for one goroutine at a time.
type Side struct {
	// Intended makes the notes those of the working tree where that does otherwise
	// on purpose.
	Intended bool

	reused    [mqttwire.V5 + 1][16]mqttwire.Packet // by version, so that what one leaves behind meets its like
	set       packets.Set
	tolerant  packets.Set
	tolerance mqttwire.Tolerance
	publish   packets.Publish
	body      []byte
	buf       []byte
	header    []byte
}

// New returns a Side that has seen nothing yet.
func New() *Side {
	s := &Side{buf: make([]byte, 0, 8<<10)}
	for v := range s.reused {
		for t := range s.reused[v] {
			s.reused[v][t] = packets.New(mqttwire.PacketType(t))
		}
	}
	return s
}

// Decode notes what comes of the bytes in each version, and reports whether they
// are a legal packet in one of them. By choice, any number, it does what is not
// done with every packet.
func (s *Side) Decode(r *record.Record, b []byte, choice uint64) (legal bool) {
	defer s.caught(r)
	r.In("all", "cut")
	f, rest, err := mqttwire.CutFrame(b, 0)
	note(r, err)
	if err != nil {
		n, err := mqttwire.FrameSize(b)
		r.Number("frame size", int64(n))
		note(r, err)
		return false
	}
	r.Number("rest", int64(len(rest)))
	s.handmade(&f, choice)
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		legal = s.version(r, f, v, choice>>8) || legal
	}
	if f.Header.Type == mqttwire.CONNECT || oneIn(choice>>4, 16) {
		legal = s.version(r, f, 0, choice>>8) || legal
	}
	return legal
}

// caught notes a panic, which leaves a side that has seen nothing yet.
func (s *Side) caught(r *record.Record) {
	if x := recover(); x != nil {
		r.Text("panic", fmt.Sprint(x))
		r.Panicked = true
		intended := s.Intended
		*s = *New()
		s.Intended = intended
	}
}

func oneIn(choice, n uint64) bool { return choice%n == 0 }

// handmade changes one frame in four to what CutFrame does not give: a header
// without its size, or with another length than the body has, or a body behind
// which its memory goes on.
func (s *Side) handmade(f *mqttwire.Frame, choice uint64) {
	switch n := choice % 64; {
	case n < 6:
		f.Header.Size = 0
	case n == 6:
		f.Header.RemainingLength++
	case n == 7:
		f.Header.RemainingLength /= 2
	case n < 16:
		s.body = append(append(s.body[:0], f.Body...), "/more"...)
		f.Body = s.body[:len(f.Body)]
	}
}

var versionNames = [...]string{0: "any version", mqttwire.V31: "3.1", mqttwire.V311: "3.1.1", mqttwire.V5: "5.0"}

func (s *Side) version(r *record.Record, f mqttwire.Frame, v mqttwire.Version, choice uint64) (legal bool) {
	r.In(versionNames[v], "strict")
	p := s.reused[v][f.Header.Type&15]
	if oneIn(choice>>3, 8) {
		soil(p)
	}
	err := p.Decode(f, v)
	note(r, err)
	notePacket(r, p) // which is reset if it was refused
	if err == nil {
		s.use(r, p, v, choice)
	}
	r.In(versionNames[v], "set")
	q, setErr := s.set.Decode(f, v)
	note(r, setErr)
	if setErr == nil {
		notePacket(r, q)
	}
	r.In(versionNames[v], "report all")
	s.tolerate(r, f, v, mqttwire.ReportAll, choice)
	r.In(versionNames[v], "interop")
	s.tolerate(r, f, v, s.interop, choice>>2)
	if oneIn(choice>>4, 4) {
		r.In(versionNames[v], "every other rule")
		s.tolerate(r, f, v, everyOther, choice)
	}
	if f.Header.Type == mqttwire.PUBLISH {
		s.readHeader(r, f, v, choice>>6)
	}
	return err == nil
}

// everyOther is a profile that depends on nothing but the rule.
func everyOther(e *mqttwire.Error) bool { return len(e.Rule.String())%2 == 0 }

// tolerate decodes the frame with a tolerance, which one time in four keeps two
// findings at most, and uses the packet.
func (s *Side) tolerate(r *record.Record, f mqttwire.Frame, v mqttwire.Version, allow func(*mqttwire.Error) bool, choice uint64) {
	s.tolerance.Reset()
	s.tolerance.Allow, s.tolerance.Max = allow, 0
	if oneIn(choice, 4) {
		s.tolerance.Max = 2
	}
	p, err := s.tolerant.DecodeTolerant(f, v, &s.tolerance)
	note(r, err)
	noteFindings(r, &s.tolerance)
	if err == nil {
		notePacket(r, p)
		s.use(r, p, v, choice>>2)
	}
}

// use notes what can be done with a packet of version v.
func (s *Side) use(r *record.Record, p mqttwire.Packet, v mqttwire.Version, choice uint64) {
	s.encode(r, p, choice)
	note(r, packets.CheckSender(p, v, mqttwire.FromClient))
	note(r, packets.CheckSender(p, v, mqttwire.FromServer))
	note(r, packets.CheckOptional(p, v))
	r.Number("pinned", int64(packets.Pinned(p)))
	if r.Words {
		r.Text("in words", p.(fmt.Stringer).String())
	}
	notePacket(r, clone(p))
}

func clone(p mqttwire.Packet) mqttwire.Packet {
	switch p := p.(type) {
	case *packets.Connect:
		return p.Clone()
	case *packets.Connack:
		return p.Clone()
	case *packets.Publish:
		return p.Clone()
	case *packets.Puback:
		return p.Clone()
	case *packets.Pubrec:
		return p.Clone()
	case *packets.Pubrel:
		return p.Clone()
	case *packets.Pubcomp:
		return p.Clone()
	case *packets.Subscribe:
		return p.Clone()
	case *packets.Suback:
		return p.Clone()
	case *packets.Unsubscribe:
		return p.Clone()
	case *packets.Unsuback:
		return p.Clone()
	case *packets.Pingreq:
		return p.Clone()
	case *packets.Pingresp:
		return p.Clone()
	case *packets.Disconnect:
		return p.Clone()
	}
	return p.(*packets.Auth).Clone()
}
