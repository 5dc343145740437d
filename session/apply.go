package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// appliers do to a session what a change says. Each returns what is wrong with it, or
// nothing; what it reads is looked at before it changes anything.
var appliers = [...]func(*restorer, *stored) string{
	changeQueued:         (*restorer).queued,
	changeSent:           (*restorer).sent,
	changeReleased:       (*restorer).released,
	changeEnded:          (*restorer).endedOne,
	changeReceived:       (*restorer).received,
	changeHandedOn:       (*restorer).handedOn,
	changeForgotten:      (*restorer).forgotten,
	changeForgotAll:      func(r *restorer, _ *stored) string { r.s.receipts = receipts{}; return "" },
	changeSubscribed:     (*restorer).subscribed,
	changeUnsubscribed:   (*restorer).unsubscribed,
	changeBegun:          (*restorer).begun,
	changeLeft:           (*restorer).left,
	changeWill:           (*restorer).will,
	changeWillGone:       (*restorer).willGone,
	changeEnd:            (*restorer).end,
	changeWaits:          (*restorer).waits,
	changeInFlight:       (*restorer).inFlight,
	changeInRelease:      (*restorer).inRelease,
	changeWillDue:        (*restorer).willDue,
	changeWillTaken:      (*restorer).willTaken,
	changeIdentifier:     (*restorer).identifier,
	changeIdentifier + 1: nil, // all that are not known
}

// What is wrong with a change.
const (
	wrongToken = "its token is not one that may stand here"
	wrongID    = "its packet identifier is not one that may stand here"
	wrongPlace = "it does not follow from what is before it"
)

// entry reads a message of QoS 1 or 2 with a token that is greater than all before.
func (r *restorer) entry(b *stored) (e entry, why string) {
	e = b.entry()
	switch {
	case b.short:
		return e, ""
	case e.token <= r.j.token || e.token > maxToken:
		return e, wrongToken
	}
	r.j.token = e.token
	return e, ""
}

// maxToken is the greatest token and number that is believed, so that counting on cannot
// wrap.
const maxToken = 1 << 62

func (r *restorer) queued(b *stored) string {
	e, why := r.entry(b)
	if why != "" || b.short {
		return why
	}
	r.s.wait(e)
	r.s.bytes += e.size()
	return ""
}

// sent puts the message that waits longest into flight.
func (r *restorer) sent(b *stored) string {
	s := r.s
	token, id := Token(b.uint64()), b.uint16()
	pos, ok := s.firstWaiting()
	switch {
	case b.short:
		return ""
	case !ok || s.queue.at(pos).token != token:
		return wrongToken
	}
	q := s.queue.at(pos).qos
	if len(b.b) > 0 { // it was lowered
		if lower := mqttwire.QoS(b.byte()); lower == mqttwire.AtMostOnce || lower > q {
			return "its QoS is not one that may stand here"
		} else {
			q = lower
		}
	}
	return r.fly(pos, q, id)
}

// fly puts the message that waits longest into flight.
func (r *restorer) fly(pos uint32, q mqttwire.QoS, id uint16) string {
	s := r.s
	if !s.ids.take(id, idPublish, pos) {
		return wrongID
	}
	e := s.queue.at(pos)
	e.packet, e.qos = id, q
	e.flags |= handed | repeat // which may be so
	s.queue.begun = pos + 1
	s.flying++
	return ""
}

func (r *restorer) inFlight(b *stored) string {
	id := b.uint16()
	e, why := r.entry(b)
	switch {
	case why != "" || b.short:
		return why
	case r.s.waits() > 0:
		return wrongPlace
	}
	r.s.wait(e)
	r.s.bytes += e.size()
	return r.fly(r.s.queue.end()-1, e.qos, id)
}

func (r *restorer) inRelease(b *stored) string {
	s := r.s
	e := entry{token: Token(b.uint64()), packet: b.uint16(), qos: mqttwire.ExactlyOnce}
	e.id, e.flags = uint32(b.byte()), entryFlags(b.byte())&quiet|handed
	switch {
	case b.short:
		return ""
	case e.token == 0 || e.token > maxToken:
		return wrongToken
	}
	s.room(&s.released)
	if !s.ids.take(e.packet, idRelease, s.released.end()) {
		return wrongID
	}
	r.most = max(r.most, e.token)
	s.released.push(e)
	return ""
}

// identifier says which packet identifier was the last, so that the next one is another.
func (r *restorer) identifier(b *stored) string {
	id := b.uint16()
	if id == 0 && !b.short {
		return wrongID
	}
	r.s.ids.last = id
	return ""
}

func (r *restorer) released(b *stored) string {
	s := r.s
	token, code, flags := Token(b.uint64()), b.byte(), entryFlags(b.byte())
	pos, ok := s.queue.find(token)
	switch {
	case b.short:
		return ""
	case !ok || !s.queue.isBegun(pos) || s.queue.at(pos).qos != mqttwire.ExactlyOnce:
		return wrongToken
	}
	s.queue.at(pos).flags |= flags & quiet
	s.release(pos, mqttwire.ReasonCode(code))
	return ""
}

// endedOne takes out a message, wherever it stands.
func (r *restorer) endedOne(b *stored) string {
	s := r.s
	token := Token(b.uint64())
	if b.short {
		return ""
	}
	for _, ring := range []*ring{&s.queue, &s.released} {
		pos, ok := ring.find(token)
		if ring == &s.released {
			pos, ok = ring.search(token)
		}
		if ok {
			r.remove(ring, pos)
			return ""
		}
	}
	return wrongToken
}

// remove takes out a message. Its identifier is free, though it may not be given out
// before rebuild.
func (r *restorer) remove(ring *ring, pos uint32) {
	e := ring.at(pos)
	if e.packet != 0 {
		r.s.ids.untake(e.packet)
		e.packet = 0
	}
	r.s.remove(ring, pos)
}

func (r *restorer) waits(b *stored) string {
	s := r.s
	token, flags := Token(b.uint64()), entryFlags(b.byte())
	pos, ok := s.queue.find(token)
	switch {
	case b.short:
		return ""
	case !ok || s.flying == 0 || pos != s.lastInFlight(): // the others that go back have gone before
		return wrongToken
	}
	e := s.queue.at(pos)
	s.ids.untake(e.packet)
	e.packet, e.flags = 0, e.flags&^(repeat|handed)|flags&handed
	s.queue.begun = pos
	s.flying--
	return ""
}

func (r *restorer) received(b *stored) string {
	id := b.uint16()
	var m *Message
	if len(b.b) > 0 {
		m = b.message()
	}
	switch {
	case b.short:
		return ""
	case id == 0 && m == nil, m != nil && m.hollow:
		return wrongID
	}
	if id != 0 {
		r.s.receipts.set(id, recorded)
	}
	if m != nil {
		r.s.more().untaken = append(r.s.apart.untaken, m)
	}
	return ""
}

func (r *restorer) handedOn(b *stored) string {
	i := b.uint32()
	switch {
	case b.short:
		return ""
	case r.s.apart == nil || i >= uint32(len(r.s.apart.untaken)):
		return wrongPlace
	}
	r.s.apart.handedOn(int(i))
	return ""
}

func (r *restorer) forgotten(b *stored) string {
	id := b.uint16()
	switch {
	case b.short:
		return ""
	case r.s.receipts.get(id) == 0:
		return wrongID
	}
	r.s.receipts.set(id, 0)
	return ""
}

func (r *restorer) subscribed(b *stored) string {
	id, options := b.uint32(), b.byte()
	sub := packets.Subscription{
		Filter: b.rest(), QoS: mqttwire.QoS(options & 3), NoLocal: options&4 != 0,
		RetainAsPublished: options&8 != 0, RetainHandling: options >> 4 & 3,
	}
	switch {
	case b.short:
		return ""
	case len(sub.Filter) == 0 || !sub.QoS.Valid() || sub.RetainHandling > 2 || id > mqttwire.MaxVarint,
		options>>7 != 0 && r.s.o.Side != mqttwire.FromClient:
		return "it is no subscription"
	}
	r.s.subscribed(filter{subscription: sub, id: id, granted: options&(1<<6) != 0, leaving: options&(1<<7) != 0})
	return ""
}

func (r *restorer) unsubscribed(b *stored) string {
	if !r.s.unsubscribed(b.rest()) {
		return wrongPlace
	}
	return ""
}

func (r *restorer) begun(b *stored) string {
	expiry, flags := b.uint32(), b.byte()
	afresh := flags&begunAfresh != 0
	switch {
	case b.short:
		return ""
	case flags >= begunAfresh<<1 || afresh && r.s.o.Side != mqttwire.FromServer:
		return "it is no connection"
	case afresh:
		r.clear()
	}
	r.s.existing, r.s.expiry, r.s.cleaning = true, expiry, flags&begunCleaning != 0
	r.s.stay()
	return ""
}

func (r *restorer) left(b *stored) string {
	at := b.time()
	switch {
	case b.short:
		return ""
	case !r.s.existing || r.s.o.Side != mqttwire.FromServer:
		return wrongPlace
	}
	r.s.left(at)
	return ""
}

func (r *restorer) will(b *stored) string {
	delay, m := b.uint32(), b.message()
	switch {
	case b.short:
		return ""
	case m.hollow || r.s.o.Side != mqttwire.FromServer:
		return wrongPlace
	}
	a := r.s.more()
	a.will, a.delay, a.due = m, delay, false
	return ""
}

func (r *restorer) willGone(*stored) string {
	if a := r.s.apart; a != nil {
		a.will, a.due = nil, false
	}
	return ""
}

func (r *restorer) willDue(*stored) string {
	if r.s.apart.willEnds() == nil {
		return wrongPlace
	}
	return ""
}

func (r *restorer) willTaken(*stored) string {
	if a := r.s.apart; a == nil || len(a.wills) == 0 {
		return wrongPlace
	}
	r.s.apart.willTaken()
	return ""
}

// clear empties the session, but for messages that were not handed on, and wills, of which
// the last one is due then.
func (r *restorer) clear() {
	s := r.s
	s.queue, s.released, s.ids = ring{}, ring{}, identifiers{last: s.ids.last}
	s.receipts, s.filters = receipts{}, nil
	s.bytes, s.waitQoS0, s.flying = 0, 0, 0
	s.apart.willEnds()
}

func (r *restorer) end(*stored) string {
	r.clear()
	r.s.ended, r.s.existing = true, false
	r.s.stay()
	return ""
}

// time of a change, of which the wall clock was recorded.
func (b *stored) time() time.Time { return time.Unix(0, int64(b.uint64())) }
