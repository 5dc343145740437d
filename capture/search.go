package capture

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// How far a direction is searched for its first packet boundary: in bytes that
// wait for the rest of what may be a packet, and in segments of these; in segments that begin with none,
// where nothing else tells that the conversation is MQTT; and in bytes that are
// decoded on trial for each byte that came.
const (
	maxSearch       = 1 << 20
	maxSearchPieces = 1 << 15
	maxSearchTries  = 16
	searchEffort    = 16
)

// boundarySearch looks for a packet boundary of a direction: for its first one, or
// for the next one where it was lost. Senders write packets whole as a rule, so in
// the middle of a conversation a packet boundary is looked for where segments begin.
type boundarySearch struct {
	buf     []byte // what was searched for nothing is cut off
	pieces  []searchPiece
	refused bool  // no packet begins at buf, whatever follows it
	effort  int   // how many bytes may still be decoded on trial
	tries   int   // how many segments were passed over
	skipped int64 // how many bytes those had
	lost    int64 // how many bytes are missing from the capture before buf
	cause   Cause // why it is not the first packet boundary that is looked for, or 0
	last    trial
}

// searchPiece is what came at once of what is searched.
type searchPiece struct {
	mark
	size int
}

func (s *boundarySearch) add(data []byte, m mark) {
	s.buf = append(s.buf, data...)
	s.pieces = append(s.pieces, searchPiece{m, len(data)})
	s.effort += searchEffort * len(data)
}

// judge judges the start of buf. It refuses a start that was refused before, and
// each start once more has been decoded than is in proportion to what came: else
// a sender could make each segment cost as much as all before it.
func (s *boundarySearch) judge(c context) trial {
	if s.refused || s.effort <= 0 {
		return trial{verdict: unknown}
	}
	c.pieces, c.atStart = s.pieces, s.atStart()
	s.last = judgeStart(s.buf, c)
	s.effort -= s.last.decoded
	s.refused = s.last.verdict == unknown
	return s.last
}

// next passes over the first segment.
func (s *boundarySearch) next() {
	n := s.pieces[0].size
	s.buf, s.pieces = s.buf[n:], s.pieces[1:]
	s.skipped += int64(n)
	s.tries++
	s.refused, s.last = false, trial{}
}

// lose starts again behind a hole.
func (s *boundarySearch) lose(n int64) {
	s.skipAll()
	s.lost += n
}

// skipAll passes over all that waits.
func (s *boundarySearch) skipAll() {
	s.skipped += int64(len(s.buf))
	s.tries++
	s.buf, s.pieces, s.refused, s.last = nil, nil, false, trial{}
}

// full reports whether more waits than may.
func (s *boundarySearch) full() bool {
	return len(s.buf) > maxSearch || len(s.pieces) > maxSearchPieces
}

// atStart reports whether buf begins with the first bytes of the direction that
// are in the capture.
func (s *boundarySearch) atStart() bool { return s.skipped == 0 && s.lost == 0 && s.cause == 0 }

// firstMark is the mark of the first piece or, if there is none, m.
func (s *boundarySearch) firstMark(m mark) mark {
	if len(s.pieces) > 0 {
		return s.pieces[0].mark
	}
	return m
}

// pass takes the first n bytes off.
func (s *boundarySearch) pass(n int) {
	s.buf = s.buf[n:]
	for len(s.pieces) > 0 && n >= s.pieces[0].size {
		n -= s.pieces[0].size
		s.pieces = slices.Delete(s.pieces, 0, 1)
	}
	if n > 0 {
		s.pieces[0].size -= n
	}
	s.refused, s.last = false, trial{}
}

// seek goes on with the search after more bytes came.
func (d *direction) seek(m mark) {
	if !d.passProxyHeaders(m) {
		return
	}
	atStart := d.search.atStart()
	if atStart && d.fromStart() && d.conv.mqtt {
		d.found(m)
		return
	}
	if atStart && d.fromStart() && d.mayAskProxy() {
		switch asksSOCKS(d.search.buf) {
		case isOther:
			d.conv.openSOCKS(d)
			return
		case undecided:
			return
		}
	}
	if !d.conv.mqtt && (atStart || d.mayChangeProtocol()) {
		switch v, foreign := recognise(d.search.buf); {
		case v == isMQTT && atStart:
			d.found(m)
			return
		case v == isOther:
			d.otherProtocol(foreign, m)
			return
		case v == undecided && atStart:
			return
		}
	}
	if atStart && d.fromStart() {
		d.judgeFirst(m)
		return
	}
	d.seekBoundary(m)
}

// mayAskProxy reports whether the direction is that of a client that may ask a proxy
// for its connection first.
func (d *direction) mayAskProxy() bool {
	c := d.conv
	return !c.mqtt && !c.other && c.client == d && !c.onMQTTPort() && len(c.stages) < maxStages && len(d.search.buf) > 0
}

// mayChangeProtocol reports whether another protocol may be seen where a segment
// begins in the middle of a conversation: of TLS each record tells it.
func (d *direction) mayChangeProtocol() bool {
	foreign, _ := mqttwire.Identify(d.search.buf)
	return foreign == mqttwire.ForeignTLSRecord
}

// otherProtocol asks for a stage that reads another protocol; if there is none the
// conversation is not MQTT.
func (d *direction) otherProtocol(foreign mqttwire.Foreign, m mark) {
	if !d.conv.openStage(foreign, d) {
		d.conv.carries(foreign, m)
	}
}

// judgeFirst judges the very first bytes of a direction, which are no CONNECT. A
// server's that are not MQTT wait all the same: the CONNECT may be recorded
// behind them.
func (d *direction) judgeFirst(m mark) {
	switch {
	case d.conv.onMQTTPort():
		d.found(m)
	case d.conv.client == d:
		d.conv.carries(0, m) // a client begins with CONNECT [MQTT-3.1.0-1]
	case d.search.judge(d.context()).verdict == isMQTT:
		d.found(m)
	case d.search.full():
		d.conv.carries(0, m)
	}
}

// context is what is known of this direction.
func (d *direction) context() context {
	c := d.conv
	k := context{known: c.mqtt || c.onMQTTPort(), sender: c.sender(d), connected: c.connect}
	if !c.guessed {
		k.version = c.version
	}
	return k
}

// seekBoundary tries the start of each segment.
func (d *direction) seekBoundary(m mark) {
	for len(d.search.buf) > 0 {
		t := d.search.judge(d.context())
		switch {
		case t.verdict == isMQTT || t.verdict == undecided && d.pingsOnly():
			d.found(m)
			return
		case t.opposing && d.conv.contradicted(m):
			return
		case d.midWebSocket():
			d.otherProtocol(mqttwire.ForeignWebSocket, m)
			return
		case t.verdict == undecided && !d.search.full():
			return
		}
		d.search.next()
		if d.search.tries >= maxSearchTries && !d.conv.mqtt && !d.conv.onMQTTPort() {
			d.conv.carries(0, m)
			return
		}
	}
}

// pingsOnly reports whether one direction has pings only and the other their
// answers: two bytes that return every now and then are hardly anything else.
func (d *direction) pingsOnly() bool {
	const enough = 2
	o := d.conv.opposite(d)
	if o.state != seeking || !d.search.last.whole || !o.search.last.whole {
		return false
	}
	for _, side := range d.conv.sides {
		t := side.search.last
		if t.packets < enough || t.decoded != 2*t.packets || t.sender == 0 {
			return false
		}
	}
	return d.search.last.sender != o.search.last.sender
}

// found begins to cut frames where the search stands.
func (d *direction) found(m mark) {
	s := d.search
	d.search, d.state = boundarySearch{}, framing
	d.wholeStart = d.fromStart() && s.atStart()
	d.resumed = !d.wholeStart
	d.reportSearch(s, s.firstMark(m), false)
	d.conv.isMQTT()
	for i, p := range s.pieces {
		switch d.state {
		case framing:
			d.cut(s.buf[:p.size], p.mark)
		case seeking: // it was lost again
			d.take(s.buf[:p.size], p.mark)
		case done:
			return
		}
		s.buf = s.buf[p.size:]
		s.pieces[i] = searchPiece{}
	}
}

// reportSearch tells what the search passed over.
func (d *direction) reportSearch(s boundarySearch, m mark, stopped bool) {
	if s.lost > 0 && s.cause == 0 {
		e := d.event(LostBytes, m)
		e.Bytes, e.Stopped, e.Note = s.lost, stopped, "bytes before the first packet boundary are missing from the capture"
		d.conv.emit(&e)
	}
	if s.skipped == 0 {
		return
	}
	e := d.event(SkippedBytes, m)
	e.Bytes, e.Stopped, e.Cause = s.skipped, stopped, s.cause
	if s.cause == 0 {
		e.Cause = BeginsInside
	}
	e.Note = e.Cause.String()
	switch {
	case stopped:
		e.Note = "no packet boundary was found in this direction"
	case s.cause == LostInside:
		e.Note = "the next packet boundary had to be looked for"
	}
	d.conv.emit(&e)
}

// endSearch ends a search that found nothing.
func (d *direction) endSearch(m mark) {
	if d.search.atStart() && len(d.search.buf) == 0 {
		return
	}
	cut := cutForeign(d.search.buf)
	switch {
	case d.search.cutProxyHeader():
		d.endsInProxyHeader("the "+cut.String()+" is not wholly in the capture", m)
	case !d.conv.mqtt && d.search.atStart() && cut != 0:
		d.conv.carries(cut, m)
	case !d.conv.mqtt && !d.conv.onMQTTPort():
		d.conv.carries(0, m)
	case d.fromStart() && d.search.atStart():
		d.found(m)
	default:
		d.endBoundarySearch(m)
	}
}

// endBoundarySearch tries the start of each segment once more.
func (d *direction) endBoundarySearch(m mark) {
	for len(d.search.buf) > 0 {
		if d.search.judge(d.context()).verdict == isMQTT {
			d.found(m)
			return
		}
		d.search.next()
	}
	d.reportSearch(d.search, m, true)
}
