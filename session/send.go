package session

import (
	"errors"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// bounds notes what the peer has announced for messages of ours: how many may be in flight on
// this connection, and whether we set topic aliases.
func (l *Link) bounds() {
	n := int(l.peer.receiveMaximum)
	if own := int(l.session.o.InFlight); own > 0 {
		n = min(n, own)
	}
	l.window = min(n, maxPublishes)
	l.aliasing = l.peer.aliases > 0 && l.o.aliases > 0
}

// slots returns how many more may be begun: each that waits for an acknowledgement of
// the peer takes a slot, PUBCOMP included. [MQTT-3.3.4-7] [MQTT-3.3.4-9]
// [MQTT-4.9.0-1] [MQTT-4.9.0-2]
func (l *Link) slots() int {
	return l.window - int(l.session.taken) - l.session.released.len()
}

// beginNext returns the message that waits longest, if it may be sent, and puts it into flight
// unless it goes out with QoS 0; nil if there is none.
func (l *Link) beginNext() (e *entry, pos uint32) {
	s := l.session
	for {
		pos, ok := s.firstWaiting()
		if !ok || l.drain != nil {
			return nil, pos
		}
		e := s.queue.at(pos)
		q := l.qos(e)
		if q != mqttwire.AtMostOnce && l.window <= int(s.flying)+s.released.len() { // no slot is left
			return nil, pos
		}
		if e.message.expires && e.message.expired(l.now) {
			s.drop(&s.queue, pos, DropExpired)
			continue
		}
		if q == mqttwire.AtMostOnce || s.fly(e, pos, q) {
			return e, pos
		}
		return nil, pos
	}
}

// qos returns the QoS with which a message goes out on this connection: the server's
// Maximum QoS, if that is lower and Options.LowerQoS says so. [MQTT-3.2.2-11] One that the peer
// may have seen with a QoS keeps it.
func (l *Link) qos(e *entry) mqttwire.QoS {
	if e.qos > l.peer.maximumQoS && l.session.o.LowerQoS && !e.is(repeat) {
		return l.peer.maximumQoS
	}
	return e.qos
}

// fly puts the message that waits longest into flight, if there is a packet identifier.
func (s *Session) fly(e *entry, pos uint32, q mqttwire.QoS) bool {
	id := s.ids.next(idPublish, pos)
	if id == 0 {
		return false
	}
	lowered := q != e.qos
	e.packet, e.qos = id, q
	s.queue.begun = pos + 1
	s.flying++
	if s.journal != nil {
		s.recordSent(e, lowered)
	}
	return true
}

// nextPublish returns the entry that is to be sent next, and where it stands; nil if there
// is none. First comes what is in flight, in order, as far as the peer has slots for it.
// [MQTT-4.4.0-1] [MQTT-4.6.0-1]
func (l *Link) nextPublish() (e *entry, pos uint32) {
	s := l.session
	if s.queue.mark != s.queue.begun {
		if e, pos, any := l.nextInFlight(); any {
			return e, pos
		}
	}
	e, pos = l.beginNext()
	if e == nil || s.changesWait() { // they have to be durable first
		return nil, pos
	}
	return l.there(e), pos
}

// nextInFlight is nextPublish if there may be something in flight that was not sent on this
// connection, and reports whether there is.
func (l *Link) nextInFlight() (e *entry, pos uint32, any bool) {
	s := l.session
	for {
		pos, ok := s.queue.next(s.queue.mark)
		if s.queue.mark = pos; !ok || !s.queue.isBegun(pos) {
			s.queue.mark = s.queue.begun
			return nil, pos, false
		}
		if e := s.queue.at(pos); e.message.expires && !e.is(repeat) && e.message.expired(l.now) {
			s.drop(&s.queue, pos, DropExpired)
			continue
		}
		if l.slots() <= 0 {
			return nil, pos, true
		}
		return l.there(s.queue.at(pos)), pos, true
	}
}

// there returns an entry if the bytes of its message are there. Else it asks for them.
func (l *Link) there(e *entry) *entry {
	if e.message.hollow {
		return l.fetch(e)
	}
	return e
}

// fetch asks for a message, unless that was done, and returns nil.
func (l *Link) fetch(e *entry) *entry {
	if !e.is(fetched) {
		e.flags |= fetched
		l.session.tell(Event{Kind: Fetch, Token: e.token, Message: e.message})
	}
	return nil
}

// deliver says how an entry goes out, but for its topic alias: with what is left of its
// Message Expiry Interval, and the Subscription Identifiers of the receiver.
// [MQTT-3.3.2-4] [MQTT-3.3.2-6] [MQTT-3.3.4-3] [MQTT-3.3.4-4]
func (l *Link) deliver(e *entry) *packets.Delivery {
	t := l.tool()
	d := &t.delivery
	d.Waited, d.TopicAlias, d.OmitTopic = 0, 0, false
	d.PacketID, d.QoS, d.Dup, d.Retain = e.packet, l.qos(e), e.is(repeat), e.is(retain)
	if e.message.expires {
		d.Waited = max(0, l.now.Sub(e.message.received))
	}
	switch {
	case e.ids != nil:
		d.SubscriptionIDs = *e.ids
	case e.id != 0:
		t.id[0] = e.id
		d.SubscriptionIDs = t.id[:]
	case d.SubscriptionIDs != nil:
		d.SubscriptionIDs = nil
	}
	return d
}

// appendMessage appends the PUBLISH of an entry, with a topic alias if one helps; with header
// alone its payload has to follow. [MQTT-3.1.2-24] [MQTT-3.2.2-15]
func (l *Link) appendMessage(dst []byte, e *entry, header bool) ([]byte, error) {
	d := l.deliver(e)
	if l.aliasing && e.message.prepared != nil {
		if out, ok := l.appendWithAlias(dst, e.message, d, header); ok {
			return out, nil
		}
	}
	return l.appendDelivery(dst, e.message, d, header)
}

// appendDelivery appends a PUBLISH as d says.
func (l *Link) appendDelivery(dst []byte, m *Message, d *packets.Delivery, header bool) ([]byte, error) {
	switch {
	case m.prepared == nil:
		p := m.Publish()
		p.PacketID, p.QoS, p.Dup, p.Retain = d.PacketID, d.QoS, d.Dup, d.Retain
		if header {
			return l.conn.AppendHeader(dst, &p)
		}
		return l.conn.Append(dst, &p) // which says what is wrong with it
	case header:
		return l.conn.AppendPreparedHeader(dst, m.prepared, d)
	}
	return l.conn.AppendPrepared(dst, m.prepared, d)
}

// sentNext says that what nextPublish has returned was handed out, up to a byte of
// what is.
func (l *Link) sentNext(e *entry, pos uint32, end uint64) {
	if s := l.session; s.queue.isBegun(pos) {
		s.sent(e, pos)
		return
	}
	l.sentQoS0(e, pos, end)
}

// sent is sentNext for a message in flight.
func (s *Session) sent(e *entry, pos uint32) {
	e.flags |= handed | repeat | onLink
	s.queue.mark = pos + 1
	s.taken++
}

// sentQoS0 is sentNext for a message that has ended with that.
func (l *Link) sentQoS0(e *entry, pos uint32, end uint64) {
	s := l.session
	token, tell := e.token, !e.is(quiet|canceled)
	s.recordEnded(e) // if its QoS was lowered
	s.remove(&s.queue, pos)
	if tell {
		l.tools.unwritten.push(token, end)
	}
}

// dropNext drops what nextPublish has returned, as it cannot be sent.
func (l *Link) dropNext(pos uint32, err error) {
	why := DropNotSupported
	if errors.Is(err, mqttwire.ErrTooLarge) { // [MQTT-3.1.2-25]
		why = DropTooLarge
	}
	if !l.session.giveUp(pos, why, err) {
		l.session.dropFor(&l.session.queue, pos, why, err)
		return
	}
	t := l.tool()
	t.pubrel = packets.Pubrel{PacketID: l.session.released.at(l.session.released.end() - 1).packet}
	l.send(&t.pubrel)
}

// giveUp drops a message of QoS 2 that cannot be sent again, and reports whether it was
// handed out before: then the peer may have taken it on, and so it goes on with PUBREL,
// as if it had been sent; else the peer would take the next message with that
// identifier for this one. [MQTT-3.1.2-25]
func (s *Session) giveUp(pos uint32, why Drop, err error) bool {
	e := s.queue.at(pos)
	if !s.queue.isBegun(pos) || e.qos != mqttwire.ExactlyOnce || !e.is(handed) {
		return false
	}
	s.tellDropped(e, why, Unknown, err)
	e.flags |= quiet | canceled
	s.release(pos, 0)
	return true
}

// appendPublishes appends messages, up to the limit. Only the first may be handed out
// in parts.
func (l *Link) appendPublishes(dst []byte, limit int, first bool) []byte {
	start := len(dst)
	for len(dst) < limit {
		e, pos := l.nextPublish()
		if e == nil {
			break
		}
		if room := limit - len(dst); e.message.size+mostAdded(e) > room && l.publishSize(e) > room {
			if !first {
				break
			}
			if l.beginPart(e, pos) {
				return l.appendRest(dst, limit)
			}
			continue
		}
		out, err := dst, error(nil)
		if q := e.message.prepared; q != nil && !l.aliasing { // as a rule
			out, err = l.conn.AppendPrepared(dst, q, l.deliver(e))
		} else {
			out, err = l.appendMessage(dst, e, false)
		}
		if err != nil {
			l.dropNext(pos, err)
			continue
		}
		dst, first = out, false
		if l.session.queue.isBegun(pos) {
			l.session.sent(e, pos)
		} else {
			l.sentQoS0(e, pos, l.handed+uint64(len(dst)-start))
		}
	}
	return dst
}

// aliasSize is what a topic alias adds to a PUBLISH at most: the property, and one
// byte of each of two lengths.
const aliasSize = 3 + 2

// publishSize is how many bytes the PUBLISH of an entry has at most.
func (l *Link) publishSize(e *entry) int {
	if q := e.message.prepared; q != nil {
		return q.Size(l.Version(), l.deliver(e)) + aliasSize
	}
	return e.message.unsayable.Size(l.Version())
}

// mostAdded is what a PUBLISH has beside the bytes of its message at most.
func mostAdded(e *entry) int {
	n := 32
	if e.ids != nil {
		n += 5 * len(*e.ids)
	}
	return n
}

// beginPart makes a PUBLISH that is larger than there is room the one that is handed out in
// parts, and reports whether it can be sent.
func (l *Link) beginPart(e *entry, pos uint32) bool {
	t, m := l.tool(), e.message
	head, err := l.appendMessage(t.head[:0], e, true)
	if err != nil {
		l.dropNext(pos, err)
		return false
	}
	m.Keep() // the memory may be needed when it has ended
	t.head, t.tail = head, m.Payload()
	l.sentNext(e, pos, l.handed+uint64(len(t.head)+len(t.tail)))
	return true
}

// controlAtOnce is how many bytes of our own packets that are no PUBLISH are encoded
// ahead.
const controlAtOnce = 4 << 10

// lead sends what goes before any PUBLISH, and reports whether that is all: on a new
// connection PUBREL for the messages that wait for PUBCOMP, in the order in which their
// PUBREC came [MQTT-4.4.0-1] [MQTT-4.6.0-4]; then SUBSCRIBE and UNSUBSCRIBE.
func (l *Link) lead() bool {
	s := l.session
	r := &s.released
	for pos, ok := r.next(r.mark); ok; pos, ok = r.next(pos + 1) {
		if l.pending() > controlAtOnce {
			return false
		}
		if e := r.at(pos); !e.is(onLink) {
			t := l.tool()
			t.pubrel = packets.Pubrel{PacketID: e.packet, Dup: true} // DUP is written in 3.1 only
			if err := l.putAhead(&t.pubrel); err != nil {
				l.cannotSend(err)
				return false
			}
			e.flags |= onLink
		}
		r.mark = pos + 1
	}
	return s.requests == nil || l.drain != nil || l.ask()
}

// ask sends SUBSCRIBE and UNSUBSCRIBE that were not sent on this connection, and
// reports whether those are all that can be.
func (l *Link) ask() bool {
	s := l.session
	r := s.requests
	for pos, ok := r.next(r.mark); ok; pos, ok = r.next(pos + 1) {
		if l.pending() > controlAtOnce {
			return false
		}
		e := r.at(pos)
		if e.packet == 0 {
			if e.packet = s.ids.next(idRequest, pos); e.packet == 0 {
				return true // as soon as one is free
			}
		}
		if err := l.putAhead(e.request.numbered(e.packet, e.is(repeat))); err != nil {
			s.dropRequest(pos, err)
			continue
		}
		e.flags |= handed | repeat | onLink
		r.mark = pos + 1
	}
	return true
}

// numbered returns the packet with its identifier. DUP is written in 3.1 only.
func (r *request) numbered(id uint16, dup bool) mqttwire.Packet {
	switch p := r.packet.(type) {
	case *packets.Subscribe:
		p.PacketID, p.Dup = id, dup
	case *packets.Unsubscribe:
		p.PacketID, p.Dup = id, dup
	}
	return r.packet
}

// dropRequest drops a SUBSCRIBE or UNSUBSCRIBE that cannot be sent. Of subscriptions that
// were to be made again nobody else can tell that they are gone.
func (s *Session) dropRequest(pos uint32, err error) {
	why := DropNotSupported
	if errors.Is(err, mqttwire.ErrTooLarge) {
		why = DropTooLarge
	}
	e := *s.requests.at(pos)
	s.dropFor(s.requests, pos, why, err)
	if q, ok := e.request.packet.(*packets.Subscribe); ok && e.is(quiet) {
		gone := new(packets.Unsubscribe)
		for _, sub := range q.Subscriptions {
			gone.Filters = append(gone.Filters, sub.Filter)
		}
		s.tell(Event{Kind: Unsubscribe, Packet: gone, Drop: why, Cause: Cause{Err: err}})
	}
}
