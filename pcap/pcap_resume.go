package pcap

import (
	"fmt"
	"io"
	"time"
)

// What a record behind a damaged one may be: as long as libpcap lets one be, and of a
// time that is not far from those before.
const (
	maxResumed  = 1 << 18
	maxTimeJump = 24 * time.Hour
)

// resume looks for the next record behind one whose header cannot be: a header with
// another behind its record, both of which can. The error says what was passed over; it
// is not soft if there is none.
func (s *pcapSource) resume(at int64, size uint32) error {
	fault := &FileError{Record: s.read, Offset: at, Err: fmt.Errorf("it has the impossible length %d", size)}
	for {
		b, err := s.in.peek(s.in.in.Size())
		if err != nil && err != io.EOF {
			return fault
		}
		last := err != nil
		scan := len(b) / 2 // for the others the next header may not be in sight
		if last {
			scan = len(b)
		}
		for i := range scan {
			if s.mayResume(b[i:], last) {
				s.in.discardNext(i)
				fault.soft, fault.Err = true, fmt.Errorf("%w; the next that can be read is %d bytes on", fault.Err, s.in.offset-at)
				return fault
			}
		}
		if last {
			return fault
		}
		s.in.discardNext(scan)
	}
}

// mayResume reports whether b begins with a record, and with another behind it or the
// end of the file.
func (s *pcapSource) mayResume(b []byte, last bool) bool {
	size, ok := s.plausible(b)
	if !ok {
		return false
	}
	next := b[min(s.headerSize+size, len(b)):]
	if last && len(next) == 0 {
		return s.headerSize+size == len(b)
	}
	_, ok = s.plausible(next)
	return ok
}

// plausible reports whether b begins with the header of a record, and of how many
// bytes.
func (s *pcapSource) plausible(b []byte) (size int, ok bool) {
	if len(b) < s.headerSize {
		return 0, false
	}
	at, recorded, onWire := s.header(b)
	jump := at.Sub(s.last)
	fraction := time.Duration(s.order.Uint32(b[4:])) * s.tick
	ok = recorded > 0 && recorded <= onWire && onWire <= maxResumed && fraction < time.Second &&
		(s.last.IsZero() || jump > -maxTimeJump && jump < maxTimeJump)
	return int(recorded), ok
}
