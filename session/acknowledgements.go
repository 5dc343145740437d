package session

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Ack acknowledges a message whose acknowledgement is held: with code 0 it was taken
// on, with a code of 0x80 or above it is refused. Before 5.0 no code is sent. The
// acknowledgement leaves when those of all messages that came before, of the same QoS,
// have. It returns ErrStale if the connection of the message has ended, or if it was
// acknowledged before; and ErrAnswer for a code that no PUBACK may have.
func (s *Session) Ack(a AckToken, code mqttwire.ReasonCode) error {
	l := s.link
	if l == nil || uint32(a>>32) != l.number || l.number == 0 {
		return ErrStale
	}
	if !code.AllowedIn(mqttwire.PUBACK, mqttwire.V5, l.o.side) {
		return ErrAnswer
	}
	q := mqttwire.AtLeastOnce
	if a&ackPubrec != 0 {
		q = mqttwire.ExactlyOnce
	}
	if l.held == nil {
		return ErrStale
	}
	h := l.heldOf(q).find(a)
	if h == nil {
		return ErrStale
	}
	if l.Version() != mqttwire.V5 {
		code = 0 // which cannot be said, so that the message is taken on
	}
	h.ready, h.code = true, code
	if q == mqttwire.ExactlyOnce {
		l.takeOn(h.id, code, nil)
	}
	l.flushHeld(q)
	return nil
}

// takeOn records that the QoS 2 message with that identifier is ours from now on,
// unless it was refused. [MQTT-4.3.3-10]
func (l *Link) takeOn(id uint16, code mqttwire.ReasonCode, p *packets.Publish) {
	if code.IsError() {
		return
	}
	s := l.session
	s.receipts.set(id, s.receipts.get(id)|recorded)
	s.recordReceived(l.now, id, p)
}

// acknowledge answers a message of QoS 1 or 2: with the packet, or with the code.
// Behind one that is held it waits.
func (l *Link) acknowledge(q mqttwire.QoS, id uint16, code mqttwire.ReasonCode, packet mqttwire.Packet) {
	if l.held == nil || l.heldOf(q).n == 0 {
		l.sendAck(q, id, code, packet)
		return
	}
	if packet != nil {
		packet = packets.Clone(packet)
	}
	l.heldOf(q).push(heldAck{packet: packet, id: id, code: code, ready: true})
	l.markHeld(q, id)
}

// hold lets the acknowledgement of a message wait for Ack.
func (l *Link) hold(q mqttwire.QoS, id uint16) AckToken {
	if l.held == nil {
		l.held = new(held)
	}
	i := l.heldOf(q).push(heldAck{id: id})
	l.markHeld(q, id)
	return ackToken(l.number, q, i)
}

func (l *Link) heldOf(q mqttwire.QoS) *heldAcks {
	if q == mqttwire.ExactlyOnce {
		return &l.held.pubrec
	}
	return &l.held.puback
}

// markHeld notes that the identifier is in use, as its acknowledgement is held.
func (l *Link) markHeld(q mqttwire.QoS, id uint16) {
	r := &l.session.receipts
	flag := heldQoS1
	if q == mqttwire.ExactlyOnce {
		flag = heldQoS2
	}
	r.set(id, r.get(id)|flag|counted)
}

// flushHeld sends the acknowledgements that wait for none before them. If one cannot be
// sent the connection ends, and with it what is held.
func (l *Link) flushHeld(q mqttwire.QoS) {
	for l.held != nil {
		a, ok := l.heldOf(q).pop()
		if !ok {
			return
		}
		l.sendAck(q, a.id, a.code, a.packet)
	}
}

// sendAck sends a PUBACK or PUBREC. [MQTT-4.3.2-4] [MQTT-4.3.3-8]
func (l *Link) sendAck(q mqttwire.QoS, id uint16, code mqttwire.ReasonCode, packet mqttwire.Packet) {
	r := &l.session.receipts
	flags := receipt(0)
	if r.used > 0 {
		flags = r.get(id)
	}
	if l.Version() != mqttwire.V5 {
		code = 0
		if packet != nil && !l.plainAnswer(packet) {
			packet = nil
		}
	}
	if packet == nil {
		packet = l.ack(q, id, code)
	}
	if q == mqttwire.ExactlyOnce && flags&recorded != 0 {
		r.set(id, flags&^heldQoS2)
	} else {
		l.final()
		if flags != 0 {
			r.set(id, 0)
		}
	}
	l.send(packet)
}

// plainAnswer reports whether an acknowledgement says success, as far as 3.x can.
func (l *Link) plainAnswer(p mqttwire.Packet) bool {
	code, _ := packets.ReasonCode(p)
	return !code.IsError()
}

// ack returns a PUBACK or PUBREC, valid until the next.
func (l *Link) ack(q mqttwire.QoS, id uint16, code mqttwire.ReasonCode) mqttwire.Packet {
	t := l.tool()
	if q == mqttwire.ExactlyOnce {
		t.pubrec.PacketID, t.pubrec.ReasonCode = id, code
		return &t.pubrec
	}
	t.puback.PacketID, t.puback.ReasonCode = id, code
	return &t.puback
}

// final notes that a message of the peer counts no more against our Receive Maximum,
// once what was just sent is handed out. [MQTT-3.3.4-8] [MQTT-3.3.4-10]
func (l *Link) final() {
	if l.finals < l.counted {
		l.finals++
	}
}

// send sends a packet that is no PUBLISH.
func (l *Link) send(p mqttwire.Packet) {
	if l.state == stateClosing {
		return
	}
	l.encoded(l.conn.Append(l.control, p))
}

// encoded takes the output with one more packet in it, that is no PUBLISH. A peer that does
// not read is closed when too much waits for it.
func (l *Link) encoded(b []byte, err error) {
	if err != nil {
		l.cannotSend(err)
		return
	}
	if l.control = b; l.answers() > l.o.output {
		l.disconnectWith(mqttwire.ReasonQuotaExceeded, Cause{Kind: OutputFull})
	}
}

// cannotSend ends the connection, as a packet that is due cannot be sent, such as one
// that is larger than the peer takes.
func (l *Link) cannotSend(err error) {
	l.disconnectWith(mqttwire.ReasonUnspecifiedError, Cause{Kind: WeDisconnected, Err: err})
}

// pubrel handles PUBREL. [MQTT-4.3.3-11] [MQTT-4.3.3-12]
func (l *Link) pubrel(p *packets.Pubrel, answer *packets.Pubcomp) {
	s := l.session
	flags := s.receipts.get(p.PacketID)
	t := l.tool()
	t.pubcomp = packets.Pubcomp{PacketID: p.PacketID}
	if flags&recorded == 0 {
		l.notFound(&t.pubcomp, &t.pubcomp.ReasonCode)
		s.odd++
		if s.apart != nil {
			s.earlier(p.PacketID) // it does not come again
		}
	} else {
		if flags&counted != 0 {
			l.final()
		}
		s.receipts.set(p.PacketID, 0)
		s.recordForgotten(p.PacketID)
		if answer != nil {
			t.pubcomp = *answer
			l.withoutCode(&t.pubcomp.ReasonCode)
		}
	}
	l.send(&t.pubcomp)
}

// withoutCode leaves out the code of a PUBREL or PUBCOMP before 5.0, which has none there.
func (l *Link) withoutCode(code *mqttwire.ReasonCode) {
	if l.Version() != mqttwire.V5 {
		*code = 0
	}
}

// notFound gives a PUBREL or PUBCOMP with an identifier that is not in use the code that says
// so. It is left out before 5.0, and if the packet would be larger than the peer takes, which
// does the same without it. [MQTT-3.1.2-24] [MQTT-3.2.2-15]
func (l *Link) notFound(p mqttwire.Packet, code *mqttwire.ReasonCode) {
	if l.Version() != mqttwire.V5 {
		return
	}
	*code = mqttwire.ReasonPacketIdentifierNotFound
	if most := l.peer.packetSize; most != 0 && uint64(p.Size(mqttwire.V5)) > uint64(most) {
		*code = 0
	}
}

// acked handles PUBACK. One with an unknown identifier changes nothing.
// [MQTT-4.3.2-5]
func (l *Link) acked(p *packets.Puback) {
	s := l.session
	kind, pos := s.ids.get(p.PacketID)
	if kind == idPublish {
		if e := s.queue.at(pos); e.qos == mqttwire.AtLeastOnce {
			s.complete(&s.queue, pos, e, p.ReasonCode, p)
			return
		}
	}
	s.odd++
}

// complete ends a message that the peer has acknowledged by a packet.
func (s *Session) complete(r *ring, pos uint32, e *entry, code mqttwire.ReasonCode, p mqttwire.Packet) {
	switch l := s.link; {
	case e.is(quiet | canceled):
	case code.IsError():
		s.tellRefused(e, code, p)
	case l.news == noNews: // as a rule
		l.happened(Done, p)
		l.event.Token, l.event.Code, l.event.Outcome = e.token, code, outcomeOf(code)
	default:
		s.tellDone(e.token, code, p)
	}
	if s.journal != nil {
		s.recordEnded(e)
	}
	s.takeOut(r, pos, e)
}

// tellDone tells the event of an acknowledgement that has just come: as that of the
// packet, if no other waits, which saves the way over the queue.
func (s *Session) tellDone(t Token, code mqttwire.ReasonCode, p mqttwire.Packet) {
	if l := s.link; !l.fresh && (s.events == nil || s.events.n == 0) {
		e := l.happened(Done, p)
		e.Token, e.Code, e.Outcome = t, code, outcomeOf(code)
		return
	}
	s.tell(Event{Kind: Done, Token: t, Code: code, Outcome: outcomeOf(code), Packet: packets.Clone(p)})
}

// tellRefused is tellDone for a message that the peer has refused, which is kept for good.
func (s *Session) tellRefused(e *entry, code mqttwire.ReasonCode, p mqttwire.Packet) {
	e.keep()
	s.tell(Event{Kind: Done, Token: e.token, Code: code, Outcome: Refused, Message: e.message, Packet: packets.Clone(p)})
}

// outcomeOf returns what the code of an acknowledgement says.
func outcomeOf(code mqttwire.ReasonCode) Outcome {
	if code.IsError() {
		return Refused
	}
	return Acked
}

// received handles PUBREC: the message is the peer's now, and PUBREL follows; or, with
// an error, all is over. [MQTT-4.3.3-4] [MQTT-4.3.3-5]
func (l *Link) received(p *packets.Pubrec, answer *packets.Pubrel) {
	s := l.session
	kind, pos := s.ids.get(p.PacketID)
	t := l.tool()
	t.pubrel = packets.Pubrel{PacketID: p.PacketID}
	switch {
	case kind == idPublish && s.queue.at(pos).qos == mqttwire.ExactlyOnce:
		if p.ReasonCode.IsError() {
			s.complete(&s.queue, pos, s.queue.at(pos), p.ReasonCode, p)
			return
		}
		s.release(pos, p.ReasonCode)
		if answer != nil {
			t.pubrel = *answer
			l.withoutCode(&t.pubrel.ReasonCode)
		}
	case p.ReasonCode.IsError():
		s.odd++
		return
	case kind == idRelease: // again: so PUBREL again
	default:
		s.odd++
		l.notFound(&t.pubrel, &t.pubrel.ReasonCode)
	}
	l.send(&t.pubrel)
}

// release moves a message that the peer has taken on to those that wait for PUBCOMP.
// It is not kept any more. [MQTT-4.3.3-6]
func (s *Session) release(pos uint32, code mqttwire.ReasonCode) {
	e := *s.queue.at(pos)
	if e.is(onLink) {
		s.taken--
	}
	s.flying--
	s.bytes -= e.size()
	s.queue.remove(pos)
	if s.pressed {
		s.pressure()
	}
	e.message.Release()
	e.message, e.ids, e.id = nil, nil, uint32(code)
	e.flags |= handed | onLink // as PUBREL follows
	s.room(&s.released)
	s.ids.set(e.packet, idRelease, s.released.push(e))
	s.recordReleased(&e)
}

// completed handles PUBCOMP. [MQTT-4.3.3-7]
func (l *Link) completed(p *packets.Pubcomp) {
	s := l.session
	kind, pos := s.ids.get(p.PacketID)
	if kind != idRelease {
		s.odd++
		return
	}
	code := p.ReasonCode
	if code == mqttwire.ReasonPacketIdentifierNotFound || code == 0 {
		code = mqttwire.ReasonCode(s.released.at(pos).id) // that of PUBREC: the peer had taken it on
	}
	s.complete(&s.released, pos, s.released.at(pos), code, p)
}

// answered handles SUBACK and UNSUBACK. [MQTT-3.8.4-2] [MQTT-3.10.4-5]
func (l *Link) answered(p mqttwire.Packet, id uint16, codes []mqttwire.ReasonCode) {
	s := l.session
	kind, pos := s.ids.get(id)
	if kind != idRequest {
		s.odd++
		return
	}
	e := *s.requests.at(pos)
	if err := checkAnswer(e.request.packet, p, l.Version()); err != nil {
		l.disconnectWith(mqttwire.ReasonProtocolError, Cause{Kind: UnexpectedAnswer, Err: err})
		return
	}
	s.remove(s.requests, pos)
	code := mqttwire.ReasonCode(0)
	for _, c := range codes {
		code = max(code, c)
	}
	s.answeredFilters(&e, codes)
	if e.is(canceled) {
		l.refusedAgain(&e, codes, code)
		return
	}
	outcome := Acked
	if code.IsError() {
		outcome = Refused
	}
	done := l.happened(Done, p)
	done.Token, done.Code, done.Outcome = e.token, code, outcome
}

// answeredFilters notes of each filter of a request what the server has answered; in 3.x
// there is no code for one of an UNSUBSCRIBE.
func (s *Session) answeredFilters(e *entry, codes []mqttwire.ReasonCode) {
	switch q := e.request.packet.(type) {
	case *packets.Subscribe:
		for i, c := range codes {
			if name := q.Subscriptions[i].Filter; c.IsError() {
				s.unwishFilter(name, e.token)
			} else {
				s.grantedFilter(name, e.token)
			}
		}
	case *packets.Unsubscribe:
		for _, name := range q.Filters {
			s.unwishFilter(name, e.token)
		}
	}
}

// refusedAgain tells of subscriptions that were to be made again, and that the server
// has refused.
func (l *Link) refusedAgain(e *entry, codes []mqttwire.ReasonCode, highest mqttwire.ReasonCode) {
	q, ok := e.request.packet.(*packets.Subscribe)
	if !ok || !e.is(quiet) || !highest.IsError() {
		return
	}
	gone := new(packets.Unsubscribe)
	for i, c := range codes {
		if c.IsError() {
			gone.Filters = append(gone.Filters, q.Subscriptions[i].Filter)
		}
	}
	l.session.tell(Event{Kind: Unsubscribe, Code: highest, Packet: gone})
}

// checkAnswer returns an error if the packet is no answer to the request.
func checkAnswer(request, answer mqttwire.Packet, v mqttwire.Version) error {
	switch q := request.(type) {
	case *packets.Subscribe:
		if a, ok := answer.(*packets.Suback); ok {
			return packets.CheckSuback(q, a, v)
		}
	case *packets.Unsubscribe:
		if a, ok := answer.(*packets.Unsuback); ok {
			return packets.CheckUnsuback(q, a, v)
		}
	}
	return ErrAnswer
}
