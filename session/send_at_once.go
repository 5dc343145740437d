package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// sendAtOnce is how many bytes of messages of QoS 0 are encoded ahead of their writing.
const sendAtOnce = 16 << 10

// worthAnAlias is how long a topic name is at least that is better sent by its alias than at
// once.
const worthAnAlias = 24

// Send sends a message of QoS 0. If nothing waits that has to go before it, it is not
// large, and no topic alias makes it much shorter, it is encoded at once, and no Message is made of it; else it is published as by
// Session.Publish, within Options.Queue. No event tells that it was written. p is not kept;
// its Topic has to be the topic in full, and its topic alias, Subscription Identifiers and
// packet identifier do not matter.
//
// It returns ErrState for another QoS, ErrNotConnected if the connection is not open,
// ErrNotSupported if the server takes no RETAIN and p has it, the *mqttwire.Error of what
// cannot be sent, as it is larger than the peer takes, and the errors of Publish.
func (l *Link) Send(now time.Time, p *packets.Publish) error {
	switch {
	case p.QoS != mqttwire.AtMostOnce:
		return ErrState
	case l.state != stateOpen:
		return ErrNotConnected
	case p.Retain && l.peer.noRetain:
		return ErrNotSupported
	}
	l.at(now)
	alias := l.aliasing && len(p.Topic) >= worthAnAlias
	if alias || l.pending()+len(p.Payload) > sendAtOnce || !plainProperties(&p.Properties) || !l.overtakesNothing() {
		_, err := l.session.Publish(now, NewMessage(now, p), Delivery{Retain: p.Retain, Quiet: true})
		return err
	}
	return l.putAhead(p)
}

// plainProperties reports whether none of them belongs to the connection that they came on.
func plainProperties(p *mqttwire.Properties) bool {
	return !p.Has(mqttwire.TopicAlias) && !p.Has(mqttwire.SubscriptionIdentifier)
}

// overtakesNothing reports whether a message that is encoded now goes behind all that was
// published before, and behind what goes before any PUBLISH. [MQTT-4.6.0-5] [MQTT-4.6.0-6]
func (l *Link) overtakesNothing() bool {
	s := l.session
	_, any := s.queue.next(s.queue.mark)
	return !any && l.drain == nil && l.lead()
}

// HasOutput reports whether Append has something to append now: if not it appends nothing.
// It may be that it appends nothing all the same, as a message that waits has expired or
// cannot be sent; then the next call of HasOutput says so.
func (l *Link) HasOutput() bool {
	if l.state == stateNew || l.lost || l.attached && l.session.changesWait() {
		return false
	}
	return l.pending() > 0 || l.state == stateOpen && (l.leads() || l.hasPublish())
}

// leads reports whether lead or drained may have something to send.
func (l *Link) leads() bool {
	s := l.session
	if s.released.mark != s.released.end() {
		return true
	}
	if l.drain != nil {
		return s.flying == 0 && s.released.len() == 0 && !l.holds()
	}
	return s.requests != nil && s.requests.mark != s.requests.end() && s.ids.used < maxIdentifiers
}

// hasPublish reports whether nextPublish may have something.
func (l *Link) hasPublish() bool {
	s := l.session
	pos, ok := s.queue.next(s.queue.mark)
	switch {
	case !ok || s.queue.at(pos).awaited():
		return false
	case s.queue.isBegun(pos):
		return l.slots() > 0
	case l.drain != nil:
		return false
	}
	return l.qos(s.queue.at(pos)) == mqttwire.AtMostOnce || l.slots() > int(s.flying-s.taken)
}

// awaited reports whether the message was asked for, and is not there yet.
func (e *entry) awaited() bool { return e.message.hollow && e.is(fetched) }
