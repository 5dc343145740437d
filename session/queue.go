package session

import (
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
)

// Delivery is what differs from one receiver of a message to the next.
type Delivery struct {
	// QoS is that of the PUBLISH, 0 to 2: a server sends with the lower one of the
	// message and the subscription. [MQTT-3.8.4-8]
	QoS mqttwire.QoS

	// Retain is the RETAIN flag of the PUBLISH.
	Retain bool

	// Quiet says that nobody wants to hear how it ended: there is no event Done. If it
	// is dropped there is one all the same.
	Quiet bool

	// SubscriptionIDs are those of the receiver's subscriptions that match, 1 to
	// 268435455 each. Only a server sends them, in 5.0. Section 3.3.2.3.8.
	SubscriptionIDs []uint32
}

// Publish queues a message, with a connection or without. The event Done or Dropped
// with the Token says how it ended. The message is kept until then, not copied. It returns
// ErrQueueFull and ErrTooLarge by Options.Queue; ErrNotConnected for QoS 0 without a
// connection, unless Options.QueueQoS0 is set; ErrNotSupported if the server has
// announced that it does not take that QoS (see Options.LowerQoS), or RETAIN; ErrEnded after End; and
// ErrState for a Delivery that no packet can have.
func (s *Session) Publish(now time.Time, m *Message, d Delivery) (Token, error) {
	if l := s.connected(); l == nil || s.ended || d.QoS > l.peer.maximumQoS || d.Retain || len(d.SubscriptionIDs) > 0 || m.size > s.o.Queue.Bytes {
		if err := s.mayPublish(m, &d); err != nil { // which seldom is asked
			return 0, err
		}
	}
	s.know(now)
	if s.over(m.size) && !s.makeRoom(m.size) {
		return s.full(m)
	}
	s.room(&s.queue)
	m.Keep()
	e := s.queue.add()
	e.message, e.token, e.qos = m, s.newToken(), d.QoS
	if d.QoS == mqttwire.AtMostOnce {
		s.waitQoS0++
	}
	if d.Retain {
		e.flags |= retain
	}
	if d.Quiet {
		e.flags |= quiet
	}
	if len(d.SubscriptionIDs) > 0 {
		s.identify(e, d.SubscriptionIDs)
	}
	if s.journal != nil {
		s.recordQueued(e)
	}
	s.bytes += m.size
	if !s.pressed && (s.kept() > s.mark.Count || s.bytes > s.mark.Bytes) {
		s.pressure()
	}
	return e.token, nil
}

// identify gives the entry the Subscription Identifiers of its receiver. Several are those
// of the message before, as a rule, and then stand once.
func (s *Session) identify(e *entry, ids []uint32) {
	if len(ids) == 1 {
		e.id = ids[0]
		return
	}
	l := s.connected()
	if l != nil && l.tool().ids != nil && slices.Equal(*l.tools.ids, ids) {
		e.ids = l.tools.ids
		return
	}
	several := append([]uint32(nil), ids...)
	e.ids = &several
	if l != nil {
		l.tools.ids = e.ids
	}
}

// full is what Publish returns if there is no room for a message.
func (s *Session) full(m *Message) (Token, error) {
	if s.o.Full != DropNewest {
		return 0, ErrQueueFull
	}
	t := s.newToken()
	s.tellDropped(&entry{message: m, token: t}, DropFull, NotSent, nil)
	return t, nil
}

// mayPublish returns why a message cannot be published, if so.
func (s *Session) mayPublish(m *Message, d *Delivery) error {
	l := s.connected()
	switch {
	case s.ended:
		return ErrEnded
	case !d.QoS.Valid() || len(d.SubscriptionIDs) > 0 && s.o.Side == mqttwire.FromClient:
		return ErrState
	case m.size > s.o.Queue.Bytes:
		return ErrTooLarge
	case l == nil && d.QoS == mqttwire.AtMostOnce && !s.o.QueueQoS0:
		return ErrNotConnected
	case l != nil && (d.QoS > l.peer.maximumQoS && !s.o.LowerQoS || d.Retain && l.peer.noRetain):
		return ErrNotSupported
	}
	for _, id := range d.SubscriptionIDs {
		if id == 0 || id > mqttwire.MaxVarint {
			return ErrState
		}
	}
	return nil
}

// kept returns the number of messages that count against the bound.
func (s *Session) kept() int { return s.queue.len() }

// waits returns how many messages wait.
func (s *Session) waits() int { return s.queue.len() - int(s.flying) }

// firstWaiting returns the message that waits longest, or false.
func (s *Session) firstWaiting() (pos uint32, ok bool) {
	r := &s.queue
	for r.begun != r.end() && r.at(r.begun).is(dead) {
		r.begun++
	}
	return r.begun, r.begun != r.end()
}

// over reports whether a message of so many bytes has no room.
func (s *Session) over(size int) bool {
	return s.kept() >= s.o.Queue.Count || s.bytes+size > s.o.Queue.Bytes
}

// makeRoom makes room for a message by the policy, and reports whether there is.
func (s *Session) makeRoom(size int) bool {
	for s.over(size) {
		pos, ok := uint32(0), false
		switch s.o.Full {
		case DropOldest:
			pos, ok = s.firstWaiting()
		case DropQoS0First:
			pos, ok = s.oldestQoS0()
		}
		if !ok {
			return false
		}
		s.drop(&s.queue, pos, DropFull)
	}
	return true
}

// oldestQoS0 returns the message of QoS 0 that waits longest.
func (s *Session) oldestQoS0() (pos uint32, ok bool) {
	if s.waitQoS0 == 0 {
		return 0, false
	}
	r := &s.queue
	if from := r.within(s.firstQoS0); from != s.firstQoS0 || r.isBegun(from) {
		s.firstQoS0 = r.begun
	}
	for pos, ok = r.next(s.firstQoS0); ok && r.at(pos).qos != mqttwire.AtMostOnce; {
		pos, ok = r.next(pos + 1)
	}
	s.firstQoS0 = pos
	return pos, ok
}

// wait puts an entry behind those that wait.
func (s *Session) wait(e entry) {
	s.room(&s.queue)
	s.queue.push(e)
	if e.qos == mqttwire.AtMostOnce {
		s.waitQoS0++
	}
}

// room makes room for one more entry in a ring.
func (s *Session) room(r *ring) {
	if r.full() {
		s.moreRoom(r)
	}
}

func (s *Session) moreRoom(r *ring) {
	if r.sparse() {
		s.compact(r)
	} else {
		r.grow()
	}
}

// compact moves the entries of a ring together.
func (s *Session) compact(r *ring) {
	kind := s.kindOf(r)
	s.firstQoS0 = s.queue.first
	r.compact(func(_, to uint32, e *entry) {
		if e.packet != 0 {
			s.ids.set(e.packet, kind, to)
		}
	})
}

// kindOf returns what the identifiers of a ring are in use for.
func (s *Session) kindOf(r *ring) idKind {
	switch r {
	case &s.queue:
		return idPublish
	case &s.released:
		return idRelease
	}
	return idRequest
}

// remove takes an entry out of its ring, and frees what it has.
func (s *Session) remove(r *ring, pos uint32) { s.takeOut(r, pos, r.at(pos)) }

// takeOut is remove for the entry e at pos.
func (s *Session) takeOut(r *ring, pos uint32, e *entry) {
	if e.packet != 0 {
		s.ids.free(e.packet)
	}
	if r == &s.queue {
		s.bytes -= e.size()
		switch {
		case r.isBegun(pos):
			s.flying--
			if e.is(onLink) {
				s.taken--
			}
		case e.qos == mqttwire.AtMostOnce:
			s.waitQoS0--
		}
	}
	if e.message != nil {
		e.message.Release()
	}
	if pos == r.first && r.dead == 0 { // as a rule
		r.removeFirst(e)
	} else {
		r.remove(pos)
	}
	if s.pressed {
		s.pressure()
	}
}

// drop ends an entry without an answer.
func (s *Session) drop(r *ring, pos uint32, why Drop) { s.dropFor(r, pos, why, nil) }

// dropFor is drop for an entry that could not be encoded, as err says.
func (s *Session) dropFor(r *ring, pos uint32, why Drop, err error) {
	e := *r.at(pos)
	e.keep()
	s.remove(r, pos)
	outcome := NotSent
	if e.is(handed) || r == &s.released {
		outcome = Unknown
	}
	s.tellDropped(&e, why, outcome, err)
	s.recordEnded(&e)
	s.unwish(&e)
}

// dropAll ends all entries of a ring.
func (s *Session) dropAll(r *ring, why Drop) {
	for pos, ok := r.next(r.first); ok; pos, ok = r.next(r.first) {
		s.drop(r, pos, why)
	}
}

// tellDropped queues the event Dropped, whose message is kept for good.
func (s *Session) tellDropped(e *entry, why Drop, outcome Outcome, err error) {
	if !e.is(canceled) {
		e.keep()
		s.tell(Event{Kind: Dropped, Token: e.token, Drop: why, Outcome: outcome, Message: e.message, Cause: Cause{Err: err}})
	}
}

// pressure tells if the queue has gone above its mark, or below.
func (s *Session) pressure() {
	n, b, q := s.kept(), s.bytes, s.o.Queue
	switch {
	case !s.pressed && (n > s.mark.Count || b > s.mark.Bytes):
		s.pressed = true
	case s.pressed && n <= q.Count/2 && b <= q.Bytes/2:
		s.pressed = false
	default:
		return
	}
	s.tell(Event{Kind: Pressure, Above: s.pressed})
}

// Cancel withdraws a request. After it no event tells how it ended.
func (s *Session) Cancel(t Token) Canceled {
	if pos, ok := s.queue.find(t); ok && !s.queue.isBegun(pos) {
		e := *s.queue.at(pos)
		s.remove(&s.queue, pos)
		s.recordEnded(&e)
		if e.is(handed) {
			return CanceledSent
		}
		return CanceledNotSent
	}
	for _, r := range []*ring{&s.queue, &s.released, s.requests} {
		if r == nil {
			continue
		}
		pos, ok := r.find(t)
		if r == &s.released {
			pos, ok = r.search(t)
		}
		if ok {
			return s.cancel(r, pos)
		}
	}
	if l := s.link; l != nil && l.tools != nil && l.tools.unwritten.cancel(t) {
		return CanceledSent
	}
	return CanceledUnknown
}

// Withdraw is Cancel for a request of which the peer has not seen a byte, and reports
// whether it was one: it is gone then, and else goes on as if nothing was asked.
func (s *Session) Withdraw(t Token) bool {
	for _, r := range []*ring{&s.queue, s.requests} {
		if r == nil {
			continue
		}
		if pos, ok := r.find(t); ok {
			return !r.at(pos).is(handed) && s.Cancel(t) == CanceledNotSent
		}
	}
	return false
}

// cancel withdraws a request that has a packet identifier, or is one to subscribe.
func (s *Session) cancel(r *ring, pos uint32) Canceled {
	e := r.at(pos)
	switch {
	case e.is(canceled):
		return CanceledUnknown
	case e.is(handed) || r == &s.released:
		e.flags |= canceled
		return CanceledSent
	}
	c := *e
	s.remove(r, pos)
	s.recordEnded(&c)
	s.unwish(&c)
	return CanceledNotSent
}

// Fetched gives a hollow message for which the event Fetch has asked, or will: m, or nil if
// the log no longer has it, and then it is dropped. m has to have the same Position. It
// returns ErrState if there is no hollow message with that Token and Position, as one that
// has ended, or was given before.
func (s *Session) Fetched(now time.Time, t Token, m *Message) error {
	s.know(now)
	pos, ok := s.queue.find(t)
	if !ok || !s.queue.at(pos).message.hollow {
		return ErrState
	}
	e := s.queue.at(pos)
	switch {
	case m == nil && s.giveUp(pos, DropGone, nil): // PUBREL goes out with the next Append
		s.released.at(s.released.end() - 1).flags &^= onLink
	case m == nil:
		s.drop(&s.queue, pos, DropGone)
	case m.hollow || m.position != e.message.position:
		return ErrState
	default:
		s.bytes += m.size - e.message.size
		m.Keep()
		e.message = m
	}
	return nil
}

// know tells the time to the Link.
func (s *Session) know(now time.Time) {
	if s.link != nil {
		s.link.at(now)
	}
}
