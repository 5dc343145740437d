package capture

// How far a direction is searched for its first packet boundary: in bytes that
// wait for the rest of what may be a packet; in segments that begin with none,
// where nothing else tells that the conversation is MQTT; and in bytes that are
// decoded on trial for each byte that came.
const (
	maxSearch      = 1 << 20
	maxSearchTries = 16
	searchEffort   = 16
)

// boundarySearch looks for the first packet boundary of a direction. Senders
// write packets whole as a rule, so in a capture that begins in the middle of a
// conversation a packet boundary is looked for where segments begin.
type boundarySearch struct {
	buf     []byte // what was searched for nothing is cut off
	pieces  []searchPiece
	refused bool  // no packet begins at buf, whatever follows it
	effort  int   // how many bytes may still be decoded on trial
	tries   int   // how many segments were passed over
	skipped int64 // how many bytes those had
	lost    int64 // how many bytes are missing from the capture before buf
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
func (s *boundarySearch) judge(known bool) verdict {
	if s.refused || s.effort <= 0 {
		return unknown
	}
	v, decoded := judgeStart(s.buf, known)
	s.effort -= decoded
	s.refused = v == unknown
	return v
}

// next passes over the first segment.
func (s *boundarySearch) next() {
	n := s.pieces[0].size
	s.buf, s.pieces = s.buf[n:], s.pieces[1:]
	s.skipped += int64(n)
	s.tries++
	s.refused = false
}

// lose starts again behind a hole.
func (s *boundarySearch) lose(n int64) {
	s.skipped += int64(len(s.buf))
	s.lost += n
	s.tries++
	s.buf, s.pieces, s.refused = nil, nil, false
}

// atStart reports whether buf begins with the first bytes of the direction that
// are in the capture.
func (s *boundarySearch) atStart() bool { return s.skipped == 0 && s.lost == 0 }

// seek goes on with the search after more bytes came.
func (d *direction) seek(m mark) {
	if !d.passProxyHeaders(m) {
		return
	}
	fromStart := d.fromStart() && d.search.atStart()
	if fromStart && d.conv.mqtt {
		d.found(m)
		return
	}
	if d.search.atStart() && !d.conv.mqtt {
		switch v, foreign := recognise(d.search.buf); v {
		case isMQTT:
			d.found(m)
			return
		case isOther:
			if !d.conv.openStage(foreign, d) {
				d.conv.carries(foreign, m)
			}
			return
		case undecided:
			return
		}
	}
	if fromStart {
		d.judgeFirst(m)
		return
	}
	d.seekBoundary(m)
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
	case d.search.judge(false) == isMQTT:
		d.found(m)
	case len(d.search.buf) > maxSearch:
		d.conv.carries(0, m)
	}
}

// seekBoundary tries the start of each segment.
func (d *direction) seekBoundary(m mark) {
	known := d.conv.mqtt || d.conv.onMQTTPort()
	for len(d.search.buf) > 0 {
		v := d.search.judge(known)
		if v == isMQTT {
			d.found(m)
			return
		}
		if v == undecided && len(d.search.buf) <= maxSearch {
			return
		}
		d.search.next()
		if d.search.tries >= maxSearchTries && !known {
			d.conv.carries(0, m)
			return
		}
	}
}

// found begins to cut frames where the search stands.
func (d *direction) found(m mark) {
	s := d.search
	d.search, d.state = boundarySearch{}, framing
	d.wholeStart = d.fromStart() && s.atStart()
	d.reportSearch(s, s.firstMark(m), false)
	d.conv.isMQTT()
	for _, p := range s.pieces {
		if d.state != framing {
			return
		}
		d.cut(s.buf[:p.size], p.mark)
		s.buf = s.buf[p.size:]
	}
}

// firstMark is the mark of the first piece or, if there is none, m.
func (s *boundarySearch) firstMark(m mark) mark {
	if len(s.pieces) > 0 {
		return s.pieces[0].mark
	}
	return m
}

// reportSearch tells what the search passed over.
func (d *direction) reportSearch(s boundarySearch, m mark, stopped bool) {
	if s.lost > 0 {
		e := d.event(LostBytes, m)
		e.Bytes, e.Stopped, e.Note = s.lost, stopped, "bytes before the first packet boundary are missing from the capture"
		d.conv.emit(e)
	}
	if s.skipped > 0 {
		e := d.event(SkippedBytes, m)
		e.Bytes, e.Stopped, e.Note = s.skipped, stopped, "the capture of this direction begins inside a packet"
		if stopped {
			e.Note = "no packet boundary was found in this direction"
		}
		d.conv.emit(e)
	}
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
		s := d.search
		s.skipped += int64(len(s.buf))
		d.reportSearch(s, m, true)
	}
}
