package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// timers are what a Link waits for. A zero time is none.
type timers struct {
	keepAlive time.Duration // in force; 0 is none
	pingEvery time.Duration
	pingEnd   uint64    // the byte of what is handed out that ends PINGREQ; 0 when it is written
	connect   time.Time // CONNECT or CONNACK has to be there by then
	auth      time.Time // the next AUTH
	heard     time.Time // when the last packet of the peer came, unless that is now
	wrote     time.Time // when the last bytes were written
	pingBy    time.Time // PINGRESP
	close     time.Time // what is left has to be written by then
}

// keepAliveBegins puts the keep alive in force. [MQTT-3.1.2-20] [MQTT-3.1.2-21]
func (l *Link) keepAliveBegins(seconds uint16) {
	t := &l.timers
	t.keepAlive = time.Duration(seconds) * time.Second
	t.pingEvery = t.keepAlive / 4 * 3
	if every := l.o.pingEvery; every > 0 && (every <= t.keepAlive || t.keepAlive == 0) {
		t.pingEvery = every
	}
	t.heard, t.wrote = l.now, l.now
}

// Deadline returns when Tick is to be called next, if nothing happens before; ok is
// false if there is no need to. Right after Tick it lies in the future.
func (l *Link) Deadline() (at time.Time, ok bool) {
	t := &l.timers
	earlier := func(by time.Time) {
		if !by.IsZero() && (at.IsZero() || by.Before(at)) {
			at = by
		}
	}
	switch {
	case l.state == stateClosing:
		if !l.lost && !l.written() {
			earlier(t.close)
		}
	case l.state != stateOpen:
		earlier(t.connect)
	default:
		earlier(t.auth)
		earlier(l.silence())
		earlier(l.pingDue())
		if l.pinging {
			earlier(t.pingBy)
		}
	}
	return at, !at.IsZero()
}

// silence returns until when a server waits for the next packet. [MQTT-3.1.2-22]
func (l *Link) silence() time.Time {
	t := &l.timers
	if l.o.side != mqttwire.FromServer || t.keepAlive == 0 {
		return time.Time{}
	}
	from := t.heard
	if l.heard {
		from = l.now
	}
	return from.Add(t.keepAlive / 2 * 3)
}

// Unread says that nothing the peer sends is read for now, so that nobody can tell whether it
// is silent: at a server its silence begins anew.
func (l *Link) Unread(now time.Time) {
	l.at(now)
	l.heard, l.timers.heard = false, now
}

// pingDue returns when a client sends PINGREQ. Only what it has written counts, and
// nothing that comes. [MQTT-3.1.2-20]
func (l *Link) pingDue() time.Time {
	t := &l.timers
	if l.o.side != mqttwire.FromClient || t.pingEvery == 0 || l.pinging {
		return time.Time{}
	}
	return t.wrote.Add(t.pingEvery)
}

// Tick does what is due: it sends PINGREQ, or closes a connection on which the peer is
// silent. Before the Deadline it does nothing.
func (l *Link) Tick(now time.Time) {
	l.at(now)
	t := &l.timers
	due := func(by time.Time) bool { return !by.IsZero() && !now.Before(by) }
	switch {
	case l.state == stateClosing:
		if due(t.close) {
			l.lost = true
		}
	case l.state != stateOpen:
		if due(t.connect) {
			l.finish(now, Cause{Kind: ConnectTimeout})
		}
	case due(t.auth):
		l.disconnectWith(mqttwire.ReasonNotAuthorized, Cause{Kind: ConnectTimeout})
	case due(l.silence()):
		l.disconnectWith(mqttwire.ReasonKeepAliveTimeout, Cause{Kind: KeepAliveTimeout, Code: mqttwire.ReasonKeepAliveTimeout})
	case l.pinging && due(t.pingBy):
		l.finish(now, Cause{Kind: PingTimeout})
	case due(l.pingDue()):
		l.ping()
	}
}

// ping sends PINGREQ. The answer is awaited from now on and, when PINGREQ is written,
// from then: so that a write which does not end is seen too.
func (l *Link) ping() {
	l.send(&packets.Pingreq{})
	l.pinging = true
	l.timers.pingEnd = l.handed + uint64(l.pending())
	l.pingFrom()
}

func (l *Link) pingFrom() {
	t := &l.timers
	wait := l.o.pingTimeout
	if t.keepAlive > 0 {
		wait = min(wait, t.keepAlive)
	}
	t.pingBy = l.now.Add(wait)
}

// pingWritten notes that PINGREQ is on the network, if it is.
func (l *Link) pingWritten() {
	if t := &l.timers; l.pinging && t.pingEnd != 0 && l.wrote >= t.pingEnd {
		t.pingEnd = 0
		l.pingFrom()
	}
}
