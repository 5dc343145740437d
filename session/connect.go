package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Open begins a connection of a client: it attaches the session and sends the CONNECT,
// which is not kept. It returns ErrState if the Link or the session are not ready for
// it, ErrEnded if the session has ended, and the *mqttwire.Error of a CONNECT that
// cannot be sent; then nothing has changed.
//
// The event Connected, or Disconnected, says how it went on. If a CONNECT with Clean
// Start has had no CONNACK, the next one is sent with Clean Start too: else nobody could
// say whether a session that the server has is the one before it, or behind it. The same
// holds for the first CONNECT after a connection whose session ended with it.
func (l *Link) Open(now time.Time, s *Session, c *packets.Connect) error {
	switch {
	case l.state != stateNew || l.o.side != mqttwire.FromClient || s.o.Side != mqttwire.FromClient || s.link != nil:
		return ErrState
	case s.ended:
		return ErrEnded
	}
	if s.cleaning && !c.CleanStart {
		again := *c
		again.CleanStart = true
		c = &again
	}
	if err := l.put(c); err != nil {
		return err
	}
	l.at(now)
	l.timers.connect = now.Add(l.o.connectTimeout)
	l.noteConnect(c)
	l.announced(saidIn(&c.Properties, l.Version()))
	l.attach(s)
	l.state = stateConnect
	l.asked.existing, l.asked.over = s.existing || s.o.Known, s.existing && s.expiry == 0
	l.asked.ended, s.opened = l.asked.over && s.opened, false
	// The server may have a session, and a new one, as soon as it has the CONNECT.
	s.existing, s.expiry, s.cleaning = true, l.asked.expiry, c.CleanStart || l.asked.over
	s.recordBegun(false)
	return nil
}

// noteConnect keeps of the CONNECT what is needed later.
func (l *Link) noteConnect(c *packets.Connect) {
	l.asked = asked{keepAlive: c.KeepAlive, cleanStart: c.CleanStart}
	switch {
	case l.Version() == mqttwire.V5:
		l.asked.expiry, _ = c.Properties.SessionExpiryInterval()
		l.asked.method = c.Properties.Has(mqttwire.AuthenticationMethod)
	case !c.CleanStart: // 3.1.1 section 3.1.2.4
		l.asked.expiry = neverExpires
	}
}

// showConnect notes the CONNECT that has come to a server.
func (l *Link) showConnect(c *packets.Connect) {
	l.noteConnect(c)
	l.peer = saidIn(&c.Properties, l.Version())
	if c.Will != nil {
		l.will = c.Will.Clone()
	}
	l.state = stateAsked
}

// Accept answers the CONNECT that has come to a server with a CONNACK of success, and
// attaches the session: one of this client from before, parted from its Link, or a new
// one. c has the properties to announce; its SessionPresent is set here, by whether
// the session has been connected before and the client wants to go on with it. c is
// not changed, and may be nil.
//
// With Clean Start a session from before is emptied [MQTT-3.1.2-4], and its will is
// published if it waits. It returns ErrState if there is no CONNECT, if a Link still
// has the session, or if c says failure; ErrEnded if the session has; ErrNotSupported
// if c announces that the QoS or RETAIN of the client's will is not taken, which is to be
// refused with code 0x9B or 0x9A [MQTT-3.2.2-12] [MQTT-3.2.2-13]; and the
// *mqttwire.Error of a CONNACK that cannot be sent, as one without an Assigned Client
// Identifier where that is needed [MQTT-3.2.2-16]. Then nothing has changed.
func (l *Link) Accept(now time.Time, s *Session, c *packets.Connack) error {
	switch {
	case l.state != stateAsked || s.o.Side != mqttwire.FromServer || s.link != nil || c != nil && c.ReasonCode != 0:
		return ErrState
	}
	if s.Tick(now); s.ended { // its time may have come
		return ErrEnded
	}
	answer := packets.Connack{}
	if c != nil {
		answer = *c
	}
	present := s.existing && !l.asked.cleanStart
	answer.SessionPresent = present && l.Version() != mqttwire.V31 // [MQTT-3.2.2-2] [MQTT-3.2.2-3]
	own := saidIn(&answer.Properties, l.Version())
	if w := l.will; w != nil && (w.QoS > own.maximumQoS || w.Retain && own.noRetain) { // [MQTT-3.2.2-12] [MQTT-3.2.2-13]
		return ErrNotSupported
	}
	if err := l.put(&answer); err != nil {
		return err
	}
	l.at(now)
	l.done()
	l.announced(own)
	s.stay()
	afresh := !present && s.existing
	if afresh {
		s.discard(now)
	}
	l.attach(s)
	l.begin(&answer, afresh)
	s.setWill(now, l.will) // behind the change that the connection has begun, as its end is looked for then
	l.will = nil
	return nil
}

// Refuse answers the CONNECT that has come to a server with a CONNACK of failure, and
// closes. Before 5.0 a code of 5.0 is sent as the return code that says the same, or
// as 3, and in 5.0 a return code of 3.x as the code that says the same. It returns
// ErrState if there is no CONNECT or c says success, or the *mqttwire.Error of a CONNACK
// that cannot be sent.
func (l *Link) Refuse(now time.Time, c *packets.Connack) error {
	if l.state != stateAsked && l.state != stateExchange || c.ReasonCode == 0 { // at any step [MQTT-4.12.0-4]
		return ErrState
	}
	answer := *c
	answer.SessionPresent = false // [MQTT-3.2.2-6]
	answer.ReasonCode = refusalIn(l.Version(), c.ReasonCode)
	if err := l.put(&answer); err != nil {
		return err
	}
	l.at(now)
	l.done()
	l.finish(now, Cause{Kind: WeDisconnected, Code: answer.ReasonCode})
	return nil
}

// refusalIn returns the code of a CONNACK of failure as version v says it.
func refusalIn(v mqttwire.Version, code mqttwire.ReasonCode) mqttwire.ReasonCode {
	if v == mqttwire.V5 { // where no CONNACK has a code that 3.x has
		if same, ok := mqttwire.MapReasonCode(mqttwire.CONNACK, code, mqttwire.V311, v); ok {
			return same
		}
		return code
	}
	if !code.IsError() {
		return code
	}
	if same, ok := mqttwire.MapReasonCode(mqttwire.CONNACK, code, mqttwire.V5, v); ok {
		return same
	}
	return mqttwire.ReturnServerUnavailable
}

// begin opens the connection after a CONNACK of success; afresh says that what a server's
// session had before was discarded.
func (l *Link) begin(c *packets.Connack, afresh bool) {
	s := l.session
	l.state, l.timers.connect = stateOpen, time.Time{}
	expiry, keepAlive := l.asked.expiry, l.asked.keepAlive
	if l.Version() == mqttwire.V5 {
		if n, ok := c.Properties.SessionExpiryInterval(); ok { // section 3.2.2.3.2
			expiry = n
		}
		if n, ok := c.Properties.ServerKeepAlive(); ok { // [MQTT-3.1.2-21] [MQTT-3.2.2-21]
			keepAlive = n
		}
	}
	s.existing, s.opened, s.expiry, s.cleaning = true, true, expiry, false
	s.recordBegun(afresh)
	l.keepAliveBegins(keepAlive)
	l.bounds()
	if s.o.LowerQoS {
		s.chooseAgain()
	}
	s.resume()
}

// resume makes all that is in flight to be sent again. [MQTT-4.4.0-1]
func (s *Session) resume() {
	s.taken = 0
	forget := func(_ uint32, e *entry) { e.flags &^= onLink | fetched }
	for _, r := range []*ring{&s.queue, &s.released, s.requests} {
		if r == nil {
			continue
		}
		r.all(forget)
		r.mark = r.first
	}
}

// connack handles the CONNACK that has come to a client.
func (l *Link) connack(c *packets.Connack) {
	s := l.session
	if c.ReasonCode != 0 {
		l.redirect(c.ReasonCode, c)
		l.finish(l.now, Cause{Kind: ServerRefused, Code: c.ReasonCode})
		return
	}
	v := l.Version()
	unknown := !l.asked.existing || l.asked.ended && !s.o.Known
	if c.SessionPresent && v == mqttwire.V5 && unknown { // [MQTT-3.2.2-4]
		l.disconnectWith(mqttwire.ReasonProtocolError, Cause{Kind: UnexpectedSession})
		return
	}
	l.peer = saidIn(&c.Properties, v)
	l.happened(Connected, c)
	// One that ended with the connection before is lost, whoever's is there now
	// [MQTT-3.1.2-6]. 3.1 does not say whether the session is present: it is if it was
	// asked for, and had not ended.
	lost := l.asked.ended || !c.SessionPresent && (v != mqttwire.V31 || l.asked.cleanStart || l.asked.over)
	if lost && l.asked.existing {
		s.lose()
	} else {
		s.resubscribe(false)
	}
	l.begin(c, false)
}

// lose does what is to be done as the server has lost the session [MQTT-3.2.2-5]: what
// ends first, and then what waits again, the last first, so that what is in flight is
// older than what waits after each change.
func (s *Session) lose() {
	s.dropAll(&s.released, DropSessionLost)
	r := &s.queue
	for pos, ok := r.next(r.first); ok && r.isBegun(pos); pos, ok = r.next(pos + 1) {
		if !s.outlives(r.at(pos)) {
			s.drop(r, pos, DropSessionLost)
		}
	}
	for s.flying > 0 {
		s.waitAgain(s.lastInFlight())
	}
	s.forgetReceived()
	s.record(changeForgotAll, nil)
	s.resubscribe(true)
}

// lastInFlight returns where the last message in flight stands; there is one.
func (s *Session) lastInFlight() uint32 {
	pos := s.queue.begun - 1
	for s.queue.at(pos).is(dead) {
		pos--
	}
	return pos
}

// waitAgain makes the last message in flight, at pos, one that waits.
func (s *Session) waitAgain(pos uint32) {
	e := s.queue.at(pos)
	s.ids.free(e.packet)
	if e.is(onLink) {
		s.taken--
	}
	e.packet, e.flags = 0, e.flags&^(onLink|repeat)
	s.queue.begun = pos
	s.flying--
	s.recordWaits(e)
}

// chooseAgain makes the messages in flight that were never handed out wait again, as their QoS
// may be another one on this connection.
func (s *Session) chooseAgain() {
	for s.flying > 0 {
		pos := s.lastInFlight()
		if s.queue.at(pos).is(handed) {
			return
		}
		s.waitAgain(pos)
	}
}

// outlives reports whether a message in flight is sent anew if the server has lost the
// session.
func (s *Session) outlives(e *entry) bool {
	return !e.is(handed) || e.qos == mqttwire.AtLeastOnce && s.o.OnLost != FailAll || s.o.OnLost == ResendAll
}

// redirect tells of another server. Section 4.11.
func (l *Link) redirect(code mqttwire.ReasonCode, p mqttwire.Packet) {
	if l.Version() == mqttwire.V5 && (code == mqttwire.ReasonUseAnotherServer || code == mqttwire.ReasonServerMoved) {
		l.happened(Redirect, p).Code = code
	}
}
