package broker

import (
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/topic"
)

// share is what is kept of a message that the group of a shared filter has given to a
// member, until it is through.
type share struct {
	message *session.Message
	filter  []byte       // the shared filter
	tried   int          // how many members had it before
	qos     mqttwire.QoS // of the message
	given   mqttwire.QoS // with which the member gets it
	retain  bool
}

// outlives reports whether a message that a member has dropped goes to another one: if
// the member has not seen it or, with QoS 1, its session has ended. [MQTT-4.8.2-5]
func (s *share) outlives(e *session.Event) bool {
	switch e.Drop {
	case session.DropSessionEnded:
		return e.Outcome == session.NotSent || s.given == mqttwire.AtLeastOnce
	case session.DropTooLarge, session.DropNotSupported, session.DropNotConnected: // section 3.1.2.11.4
		return e.Outcome == session.NotSent
	}
	return false
}

// share gives a message to a member of a group, or drops it.
func (t *turn) share(g *topic.Group[*member], m *session.Message, s share) {
	start := t.b.number(g.Len())
	if !t.offer(g, m, s, start) {
		t.tell(task{do: (*turn).tellDropped, message: m, peer: g.At(start).Value.client.who(), drop: session.DropNotConnected})
	}
}

// offer gives a message to a member of a group, and reports whether one has taken it: from
// that one on one that is connected, or else one whose session keeps it. [MQTT-4.8.2-4]
func (t *turn) offer(g *topic.Group[*member], m *session.Message, s share, start int) bool {
	n := g.Len()
	for _, connected := range [...]bool{true, false} {
		if !connected && (s.qos == mqttwire.AtMostOnce && !t.b.o.QueueQoS0) {
			break
		}
		for i := range n {
			h := g.At((start + i) % n)
			if t.shareWith(&h, m, s, connected) {
				return true
			}
		}
	}
	return false
}

// shareWith gives a message to a member if that is connected, or is not, and reports
// whether it has taken it. [MQTT-4.8.2-3]
func (t *turn) shareWith(h *topic.Hit[*member], m *session.Message, s share, connected bool) bool {
	cl := h.Value.client
	if cl.on != nil {
		return connected && t.deliver(cl, m, &session.Delivery{QoS: min(s.qos, h.QoS)}) == nil
	}
	d := session.Delivery{QoS: min(s.qos, h.QoS), Retain: s.retain && h.RetainAsPublished}
	d.Quiet = d.QoS == mqttwire.AtMostOnce
	if h.SubscriptionID != 0 {
		d.SubscriptionIDs = []uint32{h.SubscriptionID}
	}
	if !cl.takes(connected) {
		return false
	}
	m, ok := t.asksDeliver(cl, m, &d)
	if !ok {
		return false // another member may have the right to it
	}
	s.message, s.filter, s.given, s.tried = m, h.Value.filter, d.QoS, s.tried+1
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if (cl.conn != nil) != connected || cl.isDoubtful() || cl.publish(t, m, d, &s) != nil {
		return false
	}
	t.b.counts.delivered.Add(1)
	return true
}

// takes reports whether the client is connected, or is not, and may be given a message of a
// group: not while another node may have it.
func (cl *client) takes(connected bool) bool {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	return (cl.conn != nil) == connected && !cl.isDoubtful()
}

// isDoubtful reports whether it is to be seen that the client is ours, with mu held.
func (cl *client) isDoubtful() bool { return cl.hold != nil && cl.hold.unconfirmed }

// giveBack gives what a client that is not connected has not begun to get of shared
// subscriptions to members that are.
func (t *turn) giveBack(k *task) {
	cl := k.client
	for _, token := range cl.sharedTokens() {
		s, ok := cl.sharedBy(token)
		if !ok {
			continue
		}
		g := t.groupOf(cl.space, s.message, s.filter)
		if g == nil || !anyConnected(g) || !cl.withdraw(t, token) {
			continue
		}
		t.share(g, s.message, s)
	}
}

// sharedTokens returns the messages of shared subscriptions that have not ended, in
// order; none if the client is connected.
func (cl *client) sharedTokens() []session.Token {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.conn != nil {
		return nil
	}
	tokens := make([]session.Token, 0, len(cl.shared))
	for token := range cl.shared {
		tokens = append(tokens, token)
	}
	slices.Sort(tokens)
	return tokens
}

// sharedBy returns a message of a shared subscription that has not ended, which is kept for
// good, as it may end as soon as the lock is not held.
func (cl *client) sharedBy(token session.Token) (share, bool) {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	s, ok := cl.shared[token]
	if ok {
		s.message.Keep()
	}
	return s, ok
}

// withdraw takes a message back that the client has not begun to get, and reports
// whether it has.
func (cl *client) withdraw(t *turn, token session.Token) bool {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.gone || cl.conn != nil || !cl.session.Withdraw(token) {
		return false
	}
	delete(cl.shared, token)
	cl.record(t)
	return true
}

// anyConnected reports whether a member of a group is connected, or a function of the program.
func anyConnected(g *topic.Group[*member]) bool {
	for i := range g.Len() {
		if cl := g.At(i).Value.client; cl.on != nil || cl.takes(true) {
			return true
		}
	}
	return false
}

// groupOf returns the group of a shared filter that matches a message, or nil.
func (t *turn) groupOf(sp *space, m *session.Message, filter []byte) *topic.Group[*member] {
	t.hits = sp.index.Match(m.Topic(), t.hits[:0])
	for i := range t.hits {
		if g := t.hits[i].Group; g != nil && string(g.At(0).Value.filter) == string(filter) {
			return g
		}
	}
	return nil
}

// shareAgain gives a message that a member has not got to another one.
func (t *turn) shareAgain(k *task) {
	g := t.groupOf(k.client.space, k.message, k.share.filter)
	if g == nil || k.share.tried > g.Len() {
		t.tell(task{do: (*turn).tellDropped, message: k.message, peer: k.peer, drop: session.DropSessionEnded})
		return
	}
	t.share(g, k.message, k.share)
}
