package session

import (
	"encoding/binary"
	"hash/crc32"
	"iter"
	"strconv"
	"time"

	"github.com/mqttwire/mqttwire"
)

// Report says what Restore has found.
type Report struct {
	Changes  int  // changes that were applied
	Skipped  int  // changes that the snapshot has already
	Messages int  // messages that wait or are in flight
	Again    int  // messages of QoS 2 that are handed on again
	Ended    bool // the session has ended, as the event Ended tells again
}

// RestoreError says that a snapshot or a change is damaged, or does not follow from
// what is before it.
type RestoreError struct {
	// Change is the number of the change, from 0, in the order in which they were given;
	// -1 is the snapshot.
	Change int

	// Offset is the byte in it at which it is wrong.
	Offset int

	// Why says what is wrong, in words.
	Why string
}

// Error returns one line.
func (e *RestoreError) Error() string {
	what := "the snapshot"
	if e.Change >= 0 {
		what = "change " + strconv.Itoa(e.Change)
	}
	return "session: " + what + " is damaged at byte " + strconv.Itoa(e.Offset) + ": " + e.Why
}

// Restore makes a session of a snapshot and of the Data of the changes that were made
// after it, in their order; either may be empty, changes also nil. Changes that the
// snapshot has already are skipped. What both hold is not believed: damage of any kind,
// and a gap, gives a *RestoreError and no session.
//
// Messages of QoS 2 that were taken on, and of which it is not known that they were
// handed on, come again, by the event Arrived. Expiry goes on by the wall clock: what
// has expired meanwhile does so when its turn comes, and a will and the session's end
// at Tick. A will that was due is told again, unless it is known that its event WillDue
// was taken. A server's session that was connected has lost that connection at now.
func Restore(o Options, now time.Time, snapshot []byte, changes iter.Seq[[]byte]) (*Session, Report, error) {
	s := New(o)
	r := restorer{s: s, j: s.journal, change: -1}
	if r.j == nil {
		r.j = new(journal)
	}
	s.journal = nil // nothing of this is recorded again
	if len(snapshot) > 0 && !r.snapshot(snapshot) {
		return nil, r.report, r.err
	}
	if changes != nil {
		for data := range changes {
			r.change++
			if !r.next(data) {
				return nil, r.report, r.err
			}
		}
	}
	r.finish(now, o.Journal)
	return s, r.report, nil
}

// restorer makes a session of changes.
type restorer struct {
	s      *Session
	j      *journal
	report Report
	change int   // number of the present one
	base   int   // where in the snapshot it begins
	most   Token // the greatest one of a message that waits for PUBCOMP
	err    error
}

// fail says what is wrong at a byte of the present change, and returns false.
func (r *restorer) fail(at int, why string) bool {
	if r.err == nil {
		r.err = &RestoreError{Change: r.change, Offset: r.base + at, Why: why}
	}
	return false
}

// finish makes the session one that can be used.
func (r *restorer) finish(now time.Time, journaled bool) {
	s, j := r.s, r.j
	s.ids.rebuild()
	s.tokens, j.id = j.token, s.ids.last
	r.report.Messages = s.kept()
	if a := s.apart; a != nil {
		a.again = len(a.untaken)
		r.report.Again = a.again
	}
	if journaled {
		s.journal = j
	}
	if a := s.apart; a != nil {
		for _, m := range a.wills {
			s.tell(Event{Kind: WillDue, Message: m})
		}
	}
	if r.report.Ended = s.ended; s.ended {
		s.tell(Event{Kind: Ended})
	}
	if s.o.Side == mqttwire.FromServer && s.existing && !s.ended {
		if a := s.more(); !a.left {
			a.unknown, a.leftAt = true, now
		}
	}
}

// snapshot reads a snapshot.
func (r *restorer) snapshot(b []byte) bool {
	const head = len(snapshotMagic) + 16
	switch n := len(b) - 4; {
	case n < head+4 || string(b[:len(snapshotMagic)]) != snapshotMagic:
		return r.fail(0, "it does not begin as a snapshot")
	case crc32.Checksum(b[:n], castagnoli) != binary.BigEndian.Uint32(b[n:]):
		return r.fail(n, "its checksum is another")
	}
	r.j.seq = binary.BigEndian.Uint64(b[len(snapshotMagic):])
	token := Token(binary.BigEndian.Uint64(b[len(snapshotMagic)+8:]))
	at, end := head, len(b)-4
	for {
		if r.base = 0; end-at < 4 {
			return r.fail(at, "it ends too early")
		}
		n := uint64(binary.BigEndian.Uint32(b[at:]))
		if at += 4; n == 0 {
			break
		}
		if r.base = at; n > uint64(end-at) || !r.record(b[at:at+int(n)], true) {
			return r.fail(0, "a length is too large")
		}
		at += int(n)
	}
	switch {
	case at != end:
		return r.fail(at, "there is more behind its end")
	case r.j.seq > maxToken:
		return r.fail(len(snapshotMagic), "its number is too large")
	case token < max(r.j.token, r.most), token > maxToken:
		return r.fail(len(snapshotMagic)+8, wrongToken)
	}
	r.j.token = token
	return true
}

// next reads a change.
func (r *restorer) next(data []byte) bool {
	if len(data) < changeHead+changeTail {
		return r.fail(len(data), "it is too short")
	}
	switch seq := binary.BigEndian.Uint64(data[1:]); {
	case seq <= r.j.seq && seq > 0:
		r.report.Skipped++
		return r.checksum(data)
	case seq != r.j.seq+1:
		return r.fail(1, "it does not follow: a change is missing")
	}
	if !r.record(data, false) {
		return false
	}
	r.j.seq++
	r.report.Changes++
	return true
}

// checksum checks the checksum of a change.
func (r *restorer) checksum(data []byte) bool {
	n := len(data) - changeTail
	if crc32.Checksum(data[:n], castagnoli) != binary.BigEndian.Uint32(data[n:]) {
		return r.fail(n, "its checksum is another")
	}
	return true
}

// record reads a change, of a snapshot or one that stands alone.
func (r *restorer) record(data []byte, snapshot bool) bool {
	if len(data) < changeHead+changeTail {
		return r.fail(len(data), "it is too short")
	}
	if !r.checksum(data) {
		return false
	}
	body := stored{b: data[changeHead : len(data)-changeTail], at: changeHead}
	kind := ChangeKind(data[0])
	apply := appliers[min(int(kind), len(appliers)-1)]
	if apply == nil || kind.ofSnapshot() && !snapshot {
		return r.fail(0, "its kind is not known")
	}
	if r.s.ended && kind != changeHandedOn && kind != changeWillTaken {
		return r.fail(0, wrongPlace)
	}
	switch why := apply(r, &body); {
	case body.short:
		return r.fail(body.at, "a field is cut off or broken")
	case why != "":
		return r.fail(changeHead, why)
	case len(body.b) > 0:
		return r.fail(body.at, "there is more behind its end")
	}
	return true
}
