package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/answer"
	"github.com/mqttwire/mqttwire/packets"
)

// Feed gives the Link the next bytes of the peer. They must stay as they are until
// Packet has returned false, or until the next call of Feed. While a CONNECT waits for
// Accept or Refuse they are kept, so that nothing more should be read meanwhile.
func (l *Link) Feed(now time.Time, chunk []byte) {
	l.at(now)
	if l.state == stateClosing {
		return
	}
	l.drop()
	l.conn.Feed(chunk)
}

// drop handles a packet that was shown and that nobody has handled.
func (l *Link) drop() {
	if l.packet != nil {
		l.Handle(l.now)
	}
	l.settleEvent()
}

// Packet returns the next packet of the peer before it is handled, so that it can be
// looked at and answered: by Answer, Hold, Accept or Refuse. The same one is returned
// until it is handled. ok is false if more bytes have to be fed; if a CONNECT waits
// for Accept or Refuse; and at the end of the connection.
//
// A packet that breaks a rule never shows, nor does a PUBLISH that repeats a message of
// QoS 2: their answer is in the output, and if the connection ends Closed says why. The
// topic of a PUBLISH is in full, also if an alias stands for it. The packet is valid
// until the next call of Feed, Packet or Release that follows its being handled.
func (l *Link) Packet() (mqttwire.Packet, bool) {
	for l.packet == nil && l.state != stateAsked && l.state != stateClosing {
		if l.fresh {
			l.settleEvent()
		}
		p, err := l.conn.Next()
		if err != nil {
			if err == mqttwire.ErrIncomplete || l.state == stateOpen && l.oversize(err) {
				return nil, false
			}
			l.refuse(err)
			continue
		}
		l.heard = true
		if l.isPlain(p) || l.admit(p) {
			l.packet = p
			return p, true
		}
	}
	return l.packet, l.packet != nil
}

// oversize looks for the packet identifier of a PUBLISH that is larger than our
// Limits, by which it can be refused alone, and reports whether more bytes have to come
// for that.
func (l *Link) oversize(err error) (wait bool) {
	e, ok := err.(*mqttwire.Error)
	if !ok || e.Rule != mqttwire.RulePacketSize || e.Type != mqttwire.PUBLISH || l.Version() != mqttwire.V5 {
		return false
	}
	_, err = l.conn.Oversize()
	return err == mqttwire.ErrIncomplete
}

// refuse answers a packet that breaks a rule.
func (l *Link) refuse(err error) {
	if a := packets.Reply(err); !a.Close && l.state == stateOpen {
		switch p := a.Packet.(type) { // the message alone is refused
		case *packets.Puback:
			l.refuseMessage(mqttwire.AtLeastOnce, p.PacketID, p.ReasonCode)
		case *packets.Pubrec:
			l.refuseMessage(mqttwire.ExactlyOnce, p.PacketID, p.ReasonCode)
		}
		if l.conn.Resume() == nil {
			return
		}
	}
	code := mqttwire.ReasonCode(0)
	if e, ok := err.(*mqttwire.Error); ok {
		code = e.Reason
	}
	l.control, _ = l.conn.AppendReply(l.control, err)
	l.finish(l.now, Cause{Kind: PacketRefused, Code: code, Err: err})
}

// refuseMessage refuses a message that was not shown, unless its identifier is in use.
func (l *Link) refuseMessage(q mqttwire.QoS, id uint16, code mqttwire.ReasonCode) {
	if l.session.receipts.get(id) == 0 && l.count() {
		l.acknowledge(q, id, code, nil)
	}
}

// isPlain reports whether a packet is one that admit lets pass, as most PUBACK are.
func (l *Link) isPlain(p mqttwire.Packet) bool {
	_, ok := p.(*packets.Puback)
	return ok && l.state == stateOpen && !l.o.tolerant
}

// admit reports whether a packet shows. Else it was answered.
func (l *Link) admit(p mqttwire.Packet) bool {
	if l.state != stateOpen || l.o.tolerant { // else the Connection has looked
		if rule := l.misplaced(p); rule != 0 {
			l.refuse(mqttwire.NewError(rule, p.Type(), l.Version(), mqttwire.FieldPacketType, 0, int64(p.Type())))
			return false
		}
	}
	if p, ok := p.(*packets.Publish); ok {
		if len(p.Topic) == 0 { // an alias stands for it
			p.Topic = l.conn.Topic(p)
		}
		switch {
		case p.QoS == mqttwire.AtMostOnce:
		case l.session.receipts.used > 0 || l.counted >= l.mostCounted:
			return l.admitPublish(p)
		default: // as a rule
			l.counted++
		}
		return true
	}
	switch p := p.(type) {
	case *packets.Connect:
		l.showConnect(p)
	case *packets.Auth:
		return l.admitAuth(p)
	}
	return true
}

// misplaced returns the rule that a packet breaks without which there can be no
// session, whatever a Tolerance lets pass; or 0.
func (l *Link) misplaced(p mqttwire.Packet) mqttwire.Rule {
	t := p.Type()
	if t == mqttwire.PUBLISH && l.state == stateOpen { // as a rule
		q := p.(*packets.Publish)
		switch {
		case !q.QoS.Valid():
			return mqttwire.RuleQoS
		case q.QoS > 0 && q.PacketID == 0:
			return mqttwire.RulePacketIDZero
		}
		return 0
	}
	peer := mqttwire.FromServer
	if l.o.side == mqttwire.FromServer {
		peer = mqttwire.FromClient
	}
	id, has := packets.PacketID(p)
	switch {
	case !t.MayBeSentBy(peer, l.Version()):
		return mqttwire.RuleDirection
	case has && id == 0:
		return mqttwire.RulePacketIDZero
	case t == mqttwire.CONNECT && l.state != stateNew:
		return mqttwire.RuleSecondConnect
	case t == mqttwire.CONNACK && l.state != stateConnect:
		return mqttwire.RuleSecondConnack
	case t == mqttwire.CONNECT, t == mqttwire.CONNACK, l.state == stateOpen:
		return 0
	case l.state == stateNew:
		return mqttwire.RuleFirstPacket
	case t != mqttwire.AUTH && t != mqttwire.DISCONNECT:
		return mqttwire.RuleBeforeConnack
	}
	return 0
}

// admitPublish is admit for a message of QoS 1 or 2.
func (l *Link) admitPublish(p *packets.Publish) bool {
	s := l.session
	flags := receipt(0)
	if s.receipts.used > 0 {
		flags = s.receipts.get(p.PacketID)
	}
	own := heldQoS1
	if p.QoS == mqttwire.ExactlyOnce {
		own = recorded | heldQoS2
	}
	switch {
	case flags == 0:
		return l.count()
	case flags&own == 0 || p.QoS == mqttwire.AtLeastOnce && !p.Dup:
		l.inUse(p)
	case flags&(heldQoS1|heldQoS2) != 0: // it is still to be acknowledged
	case flags&counted != 0 || l.count(): // of QoS 2, again [MQTT-4.3.3-10]
		s.receipts.set(p.PacketID, flags|counted)
		l.acknowledge(p.QoS, p.PacketID, 0, nil)
	}
	return false
}

// count counts a message against our Receive Maximum, and reports whether it is
// within it, or not further beyond it than is let pass. [MQTT-3.3.4-9]
func (l *Link) count() bool {
	if l.counted >= l.mostCounted {
		l.disconnectWith(mqttwire.ReasonReceiveMaximumExceeded, Cause{Kind: ReceiveMaximumExceeded})
		return false
	}
	l.counted++
	return true
}

// inUse refuses a message whose identifier is in use for another one. Section 2.2.1.
func (l *Link) inUse(p *packets.Publish) {
	if l.Version() != mqttwire.V5 {
		l.finish(l.now, Cause{Kind: IdentifierInUse})
		return
	}
	l.counted++ // sendAck counts it out
	t := l.tool()
	switch p.QoS {
	case mqttwire.AtLeastOnce:
		t.puback = packets.Puback{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonPacketIdentifierInUse}
		l.send(&t.puback)
	default:
		t.pubrec = packets.Pubrec{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonPacketIdentifierInUse}
		l.send(&t.pubrec)
	}
	l.final()
}

// Handle handles the packet that Packet has returned in the usual way, and makes the
// events of it. A message is handed on by the event Arrived, and acknowledged unless
// LinkOptions.Hold is set. A CONNECT is answered by Accept or Refuse, now or later; the
// event Connect says so.
func (l *Link) Handle(now time.Time) {
	l.at(now)
	if p, ok := l.packet.(*packets.Publish); ok { // the two commonest types by the shortest way
		l.done()
		l.arrived(p, nil, l.o.hold)
	} else if p, ok := l.packet.(*packets.Puback); ok {
		l.done()
		l.acked(p)
	} else if l.packet != nil {
		_ = l.handle(nil, l.o.hold)
	}
}

// Hold is Handle for a PUBLISH whose acknowledgement waits for Session.Ack with the
// AckToken, which the event Arrived has too. It is 0 for QoS 0, and for a packet that
// is no PUBLISH, which is handled as by Handle.
func (l *Link) Hold(now time.Time) AckToken {
	l.at(now)
	if l.packet == nil {
		return 0
	}
	_ = l.handle(nil, true)
	if !l.fresh || l.event.Kind != Arrived {
		return 0
	}
	return l.event.Ack
}

// Answer is Handle with an answer that has the caller's codes and properties: CONNACK,
// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, PINGRESP or AUTH. Type and packet
// identifier, and in SUBACK and UNSUBACK the number of codes, have to fit the packet;
// what SUBACK grants is what the session keeps. Before 5.0 a code that the version does
// not have is sent as the one that says the same, and if there is none a message and an
// UNSUBSCRIBE are acknowledged without one, and a SUBSCRIBE of 3.1 as it was asked for.
//
// It returns ErrAnswer if the packet is no answer to the one that has come, or has a code
// that no version has there; the one that has come is still to be handled then. It returns
// ErrState if there is none. A CONNACK needs a session: see Accept. a is not kept.
func (l *Link) Answer(now time.Time, a mqttwire.Packet) error {
	l.at(now)
	if l.packet == nil {
		return ErrState
	}
	if answer.IsNil(a) || !answer.HasKnownCodes(a, l.o.side) || !fits(l.packet, a, l.Version()) {
		return ErrAnswer
	}
	return l.handle(a, false)
}

// done says that the packet is handled.
func (l *Link) done() { l.packet = nil }

// handle handles the packet: with that answer, or the usual one.
func (l *Link) handle(a mqttwire.Packet, hold bool) error {
	packet := l.packet
	l.done()
	switch p := packet.(type) {
	case *packets.Publish:
		l.arrived(p, a, hold)
	case *packets.Puback:
		l.acked(p)
	case *packets.Pubrec:
		answer, _ := a.(*packets.Pubrel)
		l.received(p, answer)
	case *packets.Pubrel:
		answer, _ := a.(*packets.Pubcomp)
		l.pubrel(p, answer)
	case *packets.Pubcomp:
		l.completed(p)
	case *packets.Suback:
		l.answered(p, p.PacketID, p.ReasonCodes)
	case *packets.Unsuback:
		l.answered(p, p.PacketID, p.ReasonCodes)
	case *packets.Subscribe:
		answer, _ := a.(*packets.Suback)
		l.subscribe(p, answer)
	case *packets.Unsubscribe:
		answer, _ := a.(*packets.Unsuback)
		l.unsubscribe(p, answer)
	case *packets.Pingreq: // [MQTT-3.12.4-1]
		l.send(&packets.Pingresp{})
	case *packets.Pingresp:
		l.pinging = false
	default:
		return l.handleConnection(packet, a)
	}
	return nil
}

// handleConnection handles the packets that are about the connection itself.
func (l *Link) handleConnection(packet, a mqttwire.Packet) error {
	switch p := packet.(type) {
	case *packets.Connect:
		l.happened(Connect, p)
	case *packets.Connack:
		l.connack(p)
	case *packets.Disconnect:
		l.disconnected(p)
	case *packets.Auth:
		l.auth(p)
		if answer, ok := a.(*packets.Auth); ok {
			return l.Auth(l.now, answer)
		}
	}
	return nil
}

// arrived hands on a message, and acknowledges it or lets that wait.
func (l *Link) arrived(p *packets.Publish, a mqttwire.Packet, hold bool) {
	l.happened(Arrived, p)
	switch {
	case p.QoS == mqttwire.AtMostOnce:
	case p.QoS == mqttwire.AtLeastOnce && a == nil && !hold && l.held == nil: // as a rule
		l.final()
		l.encoded(l.conn.AppendPuback(l.control, p.PacketID))
	case hold:
		l.cameBefore(p)
		l.event.Ack = l.hold(p.QoS, p.PacketID)
	default:
		l.cameBefore(p)
		l.takenOn(p, a)
	}
}

// cameBefore notes the token of a message of QoS 2 that the application may still have.
func (l *Link) cameBefore(p *packets.Publish) {
	if a := l.session.apart; a != nil && a.late != nil && p.QoS == mqttwire.ExactlyOnce {
		l.event.Earlier = l.session.earlier(p.PacketID)
	}
}

// takenOn acknowledges a message as a says, or in the usual way.
func (l *Link) takenOn(p *packets.Publish, a mqttwire.Packet) {
	code := mqttwire.ReasonCode(0)
	if a != nil {
		code, _ = packets.ReasonCode(a)
	}
	if p.QoS == mqttwire.ExactlyOnce {
		if l.Version() != mqttwire.V5 {
			code = 0 // which cannot be said, so that the message is taken on
		}
		if l.takeOn(p.PacketID, code, p); !code.IsError() {
			if l.session.journal != nil {
				l.event.stored, l.news = true, anyNews
			}
			r := &l.session.receipts
			r.set(p.PacketID, r.get(p.PacketID)|counted)
		}
	}
	l.acknowledge(p.QoS, p.PacketID, code, a)
}

// fits reports whether a is an answer to p.
func fits(p, a mqttwire.Packet, v mqttwire.Version) bool {
	if q, ok := p.(*packets.Publish); ok {
		return answersPublish(q, a)
	}
	want := packets.Acknowledge(p)
	if _, ok := p.(*packets.Auth); ok {
		return a.Type() == mqttwire.AUTH
	}
	if want == nil || a.Type() != want.Type() || a.Type() == mqttwire.CONNACK {
		return false
	}
	id, has := packets.PacketID(want)
	got, _ := packets.PacketID(a)
	if has && id != got {
		return false
	}
	switch q := p.(type) {
	case *packets.Subscribe:
		suback, ok := a.(*packets.Suback)
		return ok && packets.CheckSuback(q, suback, v) == nil
	case *packets.Unsubscribe:
		unsuback, ok := a.(*packets.Unsuback)
		return ok && packets.CheckUnsuback(q, unsuback, v) == nil
	}
	return true
}

// answersPublish is fits for a PUBLISH.
func answersPublish(p *packets.Publish, a mqttwire.Packet) bool {
	switch a := a.(type) {
	case *packets.Puback:
		return p.QoS == mqttwire.AtLeastOnce && a.PacketID == p.PacketID
	case *packets.Pubrec:
		return p.QoS == mqttwire.ExactlyOnce && a.PacketID == p.PacketID
	}
	return false
}

// Receive handles a packet that somebody else has cut from the stream, as Feed, Packet
// and Handle do: nothing may be fed in part before. It is for tests and for packets
// that do not come as bytes.
func (l *Link) Receive(now time.Time, p mqttwire.Packet) error {
	v := l.Version()
	if c, ok := p.(*packets.Connect); ok && v == 0 {
		v = c.Version
	}
	b, err := p.Append(nil, v)
	if err != nil {
		return err
	}
	l.Feed(now, b)
	if _, ok := l.Packet(); ok {
		l.Handle(now)
	}
	return nil
}
