package broker

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/topic"
)

// receiver is a client that gets a message, by one or more of its subscriptions.
type receiver struct {
	client   *client
	delivery session.Delivery
	ids      []uint32 // memory for Subscription Identifiers, that of an earlier receiver
}

// match finds who gets a message: hits are all subscriptions and groups, receivers are
// clients, by those that are not shared. from is the publisher, or nil. Of overlapping
// subscriptions the highest QoS holds, and all identifiers. [MQTT-3.3.4-2]
// [MQTT-3.3.4-3] [MQTT-3.3.4-5] [MQTT-3.8.3-3]
func (t *turn) match(sp *space, m *session.Message, q mqttwire.QoS, retain bool, from *client) {
	t.receivers = t.receivers[:0]
	t.hits = sp.index.Match(m.Topic(), t.hits[:0])
	for i := range t.hits {
		h := &t.hits[i]
		if h.Group != nil || h.NoLocal && h.Value.client == from {
			continue
		}
		t.hit(h, q, retain)
	}
}

// hit takes note of a subscription that matches.
func (t *turn) hit(h *topic.Hit[*member], q mqttwire.QoS, retain bool) {
	i := -1
	if len(t.hits) > 1 {
		i = t.place(h.Value)
	}
	if i < 0 {
		i = t.receiver(h.Value.client)
	}
	d := &t.receivers[i].delivery
	d.Quiet = true
	d.QoS = max(d.QoS, min(q, h.QoS))                    // [MQTT-3.8.4-8]
	d.Retain = d.Retain || retain && h.RetainAsPublished // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
	if h.SubscriptionID != 0 {
		t.receivers[i].identify(h.SubscriptionID)
	}
}

// receiver adds a client to those that get a message, and returns where it stands.
func (t *turn) receiver(cl *client) int {
	i := len(t.receivers)
	if i == cap(t.receivers) {
		t.receivers = append(t.receivers, receiver{client: cl})
		return i
	}
	t.receivers = t.receivers[:i+1]
	r := &t.receivers[i]
	*r = receiver{client: cl, ids: r.ids}
	return i
}

// identify adds a Subscription Identifier.
func (r *receiver) identify(id uint32) {
	d := &r.delivery
	if len(d.SubscriptionIDs) == 0 {
		d.SubscriptionIDs = r.ids[:0]
	}
	d.SubscriptionIDs = append(d.SubscriptionIDs, id)
	r.ids = d.SubscriptionIDs
}

// forgotten returns a list of receivers without them, in its memory if that is not too
// much, and with their memory for Subscription Identifiers.
func forgotten(list []receiver) []receiver {
	if cap(list) > keptByTurn {
		return nil
	}
	for i := range list {
		r := &list[i]
		if *r = (receiver{ids: r.ids[:0]}); cap(r.ids) > keptIDs {
			r.ids = nil
		}
	}
	return list[:0]
}

// keptIDs is of how many Subscription Identifiers of a receiver the memory is kept.
const keptIDs = 16

// send sends a message of that QoS to all that match has found.
func (t *turn) send(m *session.Message, q mqttwire.QoS, retain bool) {
	t.sendPlain(m)
	for i := range t.hits {
		if g := t.hits[i].Group; g != nil {
			t.share(g, m, share{qos: q, retain: retain})
		}
	}
}

// sendPlain is send without groups.
func (t *turn) sendPlain(m *session.Message) {
	for i := range t.receivers {
		r := &t.receivers[i]
		if err := t.deliver(r.client, m, &r.delivery); err != nil {
			t.notDelivered(r.client, m, err)
		}
	}
}

// deliver sends a message to a client. The lock of no other one is held.
func (t *turn) deliver(cl *client, m *session.Message, d *session.Delivery) error {
	came := m
	m, ok := t.asksDeliver(cl, m, d)
	if !ok {
		return nil
	}
	if cl.on != nil {
		t.tellBefore()
		m.Keep() // for good, as the program may
		cl.on(m, *d)
		t.b.counts.delivered.Add(1)
		return nil
	}
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.hold != nil && !cl.hold.takes(came) {
		return nil
	}
	err := cl.publish(t, m, *d, nil)
	if err == nil {
		t.b.counts.delivered.Add(1)
	}
	return err
}

// tellBefore tells those that are to be told later, before the program does something that
// may wait.
func (t *turn) tellBefore() {
	if t.later != nil {
		t.later.Tell()
		t.later = nil
	}
}

// asksDeliver asks the hook about a message for a client. What it changes is a message of
// its own; a message that cannot be sent then is not sent.
func (t *turn) asksDeliver(cl *client, m *session.Message, d *session.Delivery) (*session.Message, bool) {
	f := t.b.o.Hooks.Deliver
	if f == nil {
		return m, true
	}
	before := m.Publish()
	before.QoS, before.Retain = d.QoS, d.Retain
	p := &t.asked
	*p = before
	if !f(cl.who(), p) {
		return nil, false
	}
	if !changed(&before, p) {
		return m, true
	}
	if !legal(p) {
		return nil, false
	}
	d.QoS, d.Retain = p.QoS, p.Retain
	return asChanged(t.now, m, &before, p), true
}

// who returns the peer of the client.
func (cl *client) who() *Peer {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	return cl.peer
}

// notDelivered tells that a client does not get a message.
func (t *turn) notDelivered(cl *client, m *session.Message, err error) {
	why := session.DropNotSupported
	switch err {
	case session.ErrQueueFull:
		why = session.DropFull
	case session.ErrTooLarge:
		why = session.DropTooLarge
	case session.ErrNotConnected:
		why = session.DropNotConnected
	case session.ErrEnded:
		return // it has no subscription any more
	}
	t.tell(task{do: (*turn).tellDropped, peer: cl.who(), message: m, drop: why})
}
