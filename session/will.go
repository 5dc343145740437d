package session

import (
	"time"

	"github.com/mqttwire/mqttwire/packets"
)

// apart is what few sessions have: at a server a will, and what is to happen when after
// the connection; and messages and wills that a journal keeps until they are handed on.
type apart struct {
	untaken []*Message // messages of QoS 2 that were recorded and not handed on
	again   int        // so many of them, the first ones, come from Restore
	wills   []*Message // that are due, and of which WillDue was not taken
	late    []lateAck  // messages that the application has, of a connection that has ended
	will    *Message   // or nil
	delay   uint32     // Will Delay Interval in seconds
	due     bool       // the will is to be published at willAt
	expires bool       // the session is to end at endAt
	left    bool       // the connection has ended, at leftAt
	unknown bool       // it had not in what was restored at leftAt, so that it has now
	leftAt  time.Time
	willAt  time.Time
	endAt   time.Time
}

// more returns apart, made if it is not there.
func (s *Session) more() *apart {
	if s.apart == nil {
		s.apart = new(apart)
	}
	return s.apart
}

// setWill keeps the will of a new connection, in place of that of the connection before,
// which goes on. [MQTT-3.1.2-7] [MQTT-3.1.3-9]
func (s *Session) setWill(now time.Time, w *packets.Will) {
	if w == nil {
		s.deleteWill()
		return
	}
	a := s.more()
	a.will, a.due = NewMessage(now, w.Publish()), false
	a.delay, _ = w.Properties.WillDelayInterval()
	s.recordWill(a.will, a.delay)
}

// deleteWill deletes the will, which is not published any more. [MQTT-3.1.2-10]
// [MQTT-3.14.4-3]
func (s *Session) deleteWill() {
	if a := s.apart; a != nil && a.will != nil {
		a.will, a.due = nil, false
		s.record(changeWillGone, nil)
	}
}

// willEnds publishes the will, if there is one. [MQTT-3.1.2-8]
func (s *Session) willEnds() {
	if m := s.apart.willEnds(); m != nil {
		s.record(changeWillDue, nil)
		s.tell(Event{Kind: WillDue, Message: m})
	}
}

// willEnds makes the will, if there is one, one that is due, and returns it. It is kept
// until its event was taken: a crash before that must not lose it.
func (a *apart) willEnds() *Message {
	if a == nil || a.will == nil {
		return nil
	}
	m := a.will
	a.wills = append(a.wills, m)
	a.will, a.due = nil, false
	return m
}

// willTaken notes that the event of the will which is due longest was taken.
func (s *Session) willTaken() {
	s.apart.willTaken()
	s.record(changeWillTaken, nil)
}

func (a *apart) willTaken() { a.wills[0], a.wills = nil, a.wills[1:] }

// Will returns the will that a server keeps for the client; ok is false if there is
// none. The event WillDue gives it when it is to be published.
func (s *Session) Will() (m *Message, ok bool) {
	if s.apart == nil || s.apart.will == nil {
		return nil, false
	}
	return s.apart.will, true
}

// leave begins what is to happen after a connection that a server has lost.
func (s *Session) leave(now time.Time) {
	if s.expiry == 0 {
		s.end(now)
		return
	}
	s.left(now)
	s.recordLeft(now)
	if a := s.apart; a.due && !a.willAt.After(now) {
		s.willEnds()
	}
}

// left sets what is to happen when, after a connection that has ended at now.
func (s *Session) left(now time.Time) {
	a := s.more()
	a.left, a.unknown, a.leftAt = true, false, now
	if a.expires = s.expiry != neverExpires; a.expires {
		a.endAt = now.Add(time.Duration(s.expiry) * time.Second)
	}
	if a.will != nil { // or at the end of the session, if that is earlier [MQTT-3.1.3-9]
		a.due = true
		a.willAt = now.Add(time.Duration(a.delay) * time.Second)
	}
}

// stay ends what leave has begun, as the client is back.
func (s *Session) stay() {
	if a := s.apart; a != nil {
		a.due, a.expires, a.left, a.unknown = false, false, false, false
	}
}

// Deadline returns when Tick is to be called next; ok is false if there is no need. A
// server's session without a connection has one: for its will and for its end.
func (s *Session) Deadline() (at time.Time, ok bool) {
	a := s.apart
	if a == nil || s.link != nil || s.ended {
		return at, false
	}
	switch {
	case a.unknown:
		return a.leftAt, true
	case a.due && (!a.expires || !a.endAt.Before(a.willAt)):
		return a.willAt, true
	case a.expires:
		return a.endAt, true
	}
	return at, false
}

// Tick publishes the will, or ends the session, if its time has come: by the events
// WillDue and Ended. Before the Deadline it does nothing.
func (s *Session) Tick(now time.Time) {
	a := s.apart
	if a == nil || s.link != nil || s.ended {
		return
	}
	if a.unknown {
		s.leave(a.leftAt)
	}
	if a.due && !now.Before(a.willAt) {
		s.willEnds()
	}
	if a.expires && !now.Before(a.endAt) {
		a.expires = false
		s.end(now)
	}
}

// Expiry returns when the session ends if its client does not come back; ok is false
// if it is connected, or does not end by itself.
func (s *Session) Expiry() (at time.Time, ok bool) {
	if a := s.apart; a != nil && s.link == nil && a.expires {
		return a.endAt, true
	}
	return at, false
}
