package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Disconnect ends the connection: it sends the DISCONNECT behind what is already to be
// written, and parts from the session. Before 5.0 a server sends none, and closes. d
// is not kept; nil is one without a code. A Session Expiry Interval in it holds for the
// session. A server that has not answered the CONNECT refuses it, in the middle of an
// authentication too: with the code of d if a CONNACK may have it, else with 0x88
// [MQTT-3.14.0-1]. It returns ErrState before there is a CONNECT, and at a client before the
// CONNACK, which Lost ends; and the *mqttwire.Error of a packet that cannot be sent, and then
// nothing has changed.
func (l *Link) Disconnect(now time.Time, d *packets.Disconnect) error {
	if d == nil {
		d = &packets.Disconnect{}
	}
	switch l.state {
	case stateOpen:
	case stateAsked, stateExchange:
		code := d.ReasonCode
		if !code.IsError() || !code.AllowedIn(mqttwire.CONNACK, mqttwire.V5, mqttwire.FromServer) {
			code = mqttwire.ReasonServerUnavailable
		}
		return l.Refuse(now, &packets.Connack{ReasonCode: code})
	default:
		return ErrState
	}
	if l.o.side == mqttwire.FromClient || l.Version() == mqttwire.V5 {
		if err := l.put(d); err != nil {
			return err
		}
	}
	l.at(now)
	if expiry, ok := d.Properties.SessionExpiryInterval(); ok && l.o.side == mqttwire.FromClient && l.Version() == mqttwire.V5 {
		l.session.setExpiry(expiry)
	}
	l.finish(now, Cause{Kind: WeDisconnected, Code: d.ReasonCode})
	return nil
}

// Drain is Disconnect as soon as nothing is in flight, and no acknowledgement is held:
// what waits is not begun any more. d is copied; nil is one without a code. If it cannot
// be sent then, one with its code alone is, and Cause.Err says why.
// Who waits for a bounded time calls Disconnect at its end.
func (l *Link) Drain(now time.Time, d *packets.Disconnect) error {
	if l.state != stateOpen {
		return ErrState
	}
	l.at(now)
	if d == nil {
		d = &packets.Disconnect{}
	}
	l.drain = d.Clone()
	return nil
}

// setExpiry changes the Session Expiry Interval. Section 3.14.2.2.2.
func (s *Session) setExpiry(expiry uint32) {
	s.expiry = expiry
	s.recordBegun(false)
}

// disconnected handles DISCONNECT. [MQTT-3.14.4-3]
func (l *Link) disconnected(p *packets.Disconnect) {
	s := l.session
	if l.o.side == mqttwire.FromServer && s != nil {
		if p.ReasonCode == mqttwire.ReasonNormalDisconnection {
			s.deleteWill()
		}
		if expiry, ok := p.Properties.SessionExpiryInterval(); ok && l.Version() == mqttwire.V5 {
			s.setExpiry(expiry)
		}
	} else {
		l.redirect(p.ReasonCode, p)
	}
	l.finish(l.now, Cause{Kind: PeerDisconnected, Code: p.ReasonCode})
}

// disconnectWith ends the connection because of the peer, with a DISCONNECT that says
// why if there may be one. [MQTT-4.13.1-1] [MQTT-4.13.2-1]
func (l *Link) disconnectWith(code mqttwire.ReasonCode, c Cause) {
	if l.state == stateClosing {
		return
	}
	c.Code = code
	if l.Version() == mqttwire.V5 && l.state == stateOpen || l.state == stateConnect {
		if !code.AllowedIn(mqttwire.DISCONNECT, mqttwire.V5, l.o.side) {
			code = mqttwire.ReasonProtocolError
		}
		_ = l.put(&packets.Disconnect{ReasonCode: code})
	}
	l.finish(l.now, c)
}

// Lost says that the transport is gone, with its error or nil. What was handed out and
// not written may have come to the peer or not.
func (l *Link) Lost(now time.Time, err error) {
	l.at(now)
	l.lost = true
	if l.state != stateClosing {
		l.finish(now, Cause{Kind: TransportLost, Err: err})
	}
	l.control, l.out, l.ahead = nil, 0, 0
	if t := l.tools; t != nil {
		t.head, t.tail = nil, nil
	}
}

// finish ends the connection: nothing more is read, what is to be written still may
// be, and the session goes on by itself.
func (l *Link) finish(now time.Time, c Cause) {
	if l.state == stateClosing {
		return
	}
	l.state, l.cause, l.news = stateClosing, c, anyNews
	l.done()
	if k := l.event.Kind; k == Arrived || k == Connect {
		l.settleEvent()
	}
	l.timers = timers{close: now.Add(l.o.closeTimeout), wrote: l.timers.wrote}
	l.drain, l.will = nil, nil
	if l.attached {
		l.part(now)
	}
}

// part parts from the session.
func (l *Link) part(now time.Time) {
	s := l.session
	if l.tools != nil {
		u := &l.tools.unwritten
		for t, ok := u.pop(1<<64 - 1); ok; t, ok = u.pop(1<<64 - 1) {
			s.tell(Event{Kind: Dropped, Token: t, Drop: DropConnectionLost, Outcome: Unknown})
		}
	}
	s.link, l.attached = nil, false
	if l.held != nil {
		s.keepLate(l)
		l.held = nil
	}
	s.receipts.change(func(_ uint16, flags receipt) receipt {
		return flags & recorded
	})
	s.parted()
	if s.o.Side == mqttwire.FromServer {
		s.leave(now)
	}
}

// parted drops what does not go on beyond a connection.
func (s *Session) parted() {
	if s.o.NoResubscribe && s.requests != nil {
		s.dropAll(s.requests, DropConnectionLost)
	}
	if s.o.QueueQoS0 {
		return
	}
	for pos, ok := s.firstWaiting(); ok && s.waitQoS0 > 0; pos, ok = s.queue.next(pos + 1) {
		if s.queue.at(pos).qos == mqttwire.AtMostOnce {
			s.drop(&s.queue, pos, DropNotConnected)
		}
	}
}
