package broker

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/answer"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// subscribes answers a SUBSCRIBE, and makes the subscriptions that are granted.
// [MQTT-3.8.4-1] [MQTT-3.8.4-6]
func (c *Conn) subscribes(now time.Time, p *packets.Subscribe, a mqttwire.Packet) error {
	codes, err := c.asksSubscribe(p, a)
	if err != nil {
		return err
	}
	answer := &packets.Suback{PacketID: p.PacketID, ReasonCodes: codes}
	if a, ok := a.(*packets.Suback); ok {
		answer.Properties = a.Properties
	}
	t := c.b.turn(now)
	defer t.end()
	if c.b.engine != nil {
		return c.listens(t, p, answer)
	}
	defer c.lock().Unlock()
	return c.grant(t, p, answer)
}

// grant makes the subscriptions of a SUBSCRIBE that are granted, with the lock held.
func (c *Conn) grant(t *turn, p *packets.Subscribe, answer *packets.Suback) error {
	if !c.open() {
		return session.ErrEnded
	}
	cl, before := c.client, c.client.session
	existed := make([]bool, len(p.Subscriptions))
	for i := range p.Subscriptions {
		_, _, existed[i] = before.Subscription(p.Subscriptions[i].Filter)
	}
	if err := c.link.Answer(t.now, answer); err != nil {
		return err
	}
	for i := range p.Subscriptions {
		if !answer.ReasonCodes[i].IsError() {
			cl.subscribed(&p.Subscriptions[i], existed[i])
		}
	}
	cl.replay(t)
	c.settle(t)
	return nil
}

// asksSubscribe returns the codes of a SUBACK: of what is not offered, of the driver's
// answer, and of the hook. [MQTT-3.8.4-5] [MQTT-3.8.4-7]
func (c *Conn) asksSubscribe(p *packets.Subscribe, a mqttwire.Packet) ([]mqttwire.ReasonCode, error) {
	codes := make([]mqttwire.ReasonCode, len(p.Subscriptions))
	suback, ok := a.(*packets.Suback)
	if a != nil && (!ok || packets.CheckSuback(p, suback, c.peer.Version) != nil || !answer.HasKnownCodes(suback, mqttwire.FromServer)) {
		return nil, session.ErrAnswer
	}
	o := &c.b.o
	for i := range p.Subscriptions {
		sub := p.Subscriptions[i]
		if codes[i] = o.Offers.refusal(sub.Filter); codes[i] == 0 && suback != nil {
			codes[i] = suback.ReasonCodes[i]
		}
		if codes[i].IsError() {
			continue
		}
		if suback != nil {
			sub.QoS = min(sub.QoS, mqttwire.QoS(codes[i]))
		}
		if f := o.Hooks.Subscribe; f != nil {
			if code := f(c.peer, &sub); code.IsError() {
				codes[i] = subackCode(code)
				continue
			}
		}
		codes[i] = mqttwire.ReasonCode(min(sub.QoS, p.Subscriptions[i].QoS, o.Offers.maximumQoS()))
	}
	return codes, nil
}

// subackCode returns the code itself if a SUBACK may have it, or one that it may.
func subackCode(code mqttwire.ReasonCode) mqttwire.ReasonCode {
	if code.AllowedIn(mqttwire.SUBACK, mqttwire.V5, mqttwire.FromServer) {
		return code
	}
	return mqttwire.ReasonUnspecifiedError
}

// subscribed puts a subscription into the index that the session has granted, and begins
// to replay its retained messages. [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
func (cl *client) subscribed(asked *packets.Subscription, existed bool) {
	sub, id, ok := cl.session.Subscription(asked.Filter)
	if !ok { // there was no room for it
		return
	}
	shared := cl.index(&sub, id)
	sub.NoLocal = sub.NoLocal || cl.bridge
	if !shared && (asked.RetainHandling == 0 || asked.RetainHandling == 1 && !existed) {
		cl.replays = append(without(cl.replays, sub.Filter), newReplay(&sub, id))
		return
	}
	for _, r := range cl.replays { // of the subscription that this one replaces [MQTT-3.8.4-3]
		if string(r.filter) == string(sub.Filter) {
			r.id, r.qos, r.noLocal = id, sub.QoS, sub.NoLocal
		}
	}
}

// index puts a subscription of the session into the index, and reports whether it is a
// shared one.
func (cl *client) index(sub *packets.Subscription, id uint32) (shared bool) {
	s := *sub
	if cl.bridge {
		s.NoLocal, s.RetainAsPublished = true, true
	}
	group, _, _ := mqttwire.SplitSharedFilter(s.Filter)
	if shared = len(group) > 0; shared {
		s.NoLocal = false
	}
	m := cl.memberFor(s.Filter, shared)
	_, _, _ = cl.space.index.Set(&s, id, m) // which was checked by Offers.refusal
	return shared
}

// memberFor returns who gets messages by a subscription.
func (cl *client) memberFor(filter []byte, shared bool) *member {
	for i := range cl.filters {
		if string(cl.filters[i].filter) == string(filter) {
			return cl.filters[i].member
		}
	}
	m := &cl.self
	if shared {
		m = &member{client: cl, filter: filter}
	}
	cl.filters = append(cl.filters, subscribed{filter, m})
	cl.subscribing(filter, 1)
	return m
}

// unsubscribes answers an UNSUBSCRIBE. [MQTT-3.10.4-1] [MQTT-3.10.4-4]
func (c *Conn) unsubscribes(now time.Time, p *packets.Unsubscribe, a mqttwire.Packet) error {
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	if !c.open() {
		return session.ErrEnded
	}
	cl := c.client
	if err := c.answer(now, a); err != nil {
		return err
	}
	for _, filter := range p.Filters {
		if _, _, ok := cl.session.Subscription(filter); !ok {
			cl.unsubscribed(filter)
		}
	}
	c.settle(t)
	return nil
}

// unsubscribed takes a subscription out of the index. [MQTT-3.10.4-2]
func (cl *client) unsubscribed(filter []byte) {
	cl.replays = without(cl.replays, filter)
	for i, f := range cl.filters {
		if string(f.filter) != string(filter) {
			continue
		}
		cl.space.index.Delete(filter, f.member)
		cl.subscribing(filter, -1)
		last := len(cl.filters) - 1
		cl.filters[i], cl.filters[last] = cl.filters[last], subscribed{}
		cl.filters = cl.filters[:last]
		return
	}
}

// Subscribe lets the program get the messages of a namespace that a subscription
// matches, by a function that runs on the goroutine of who publishes, outside all locks;
// retained ones come before it returns, unless RetainHandling says 2, or the filter is
// shared. d is what a client would get, and its SubscriptionIDs are valid until the
// function returns; m may be kept. A panic in it is not caught: it ends the program. What
// is returned ends the subscription; a call of the function that has begun may still go on
// then. It returns the *mqttwire.Error of a subscription that no SUBSCRIBE may have.
func (b *Broker) Subscribe(now time.Time, namespace string, sub *packets.Subscription, f func(m *session.Message, d session.Delivery)) (cancel func(), err error) {
	sp := b.space(namespace)
	cl := &client{b: b, space: sp, slot: b.slots.take(), on: f, peer: &Peer{Namespace: namespace}}
	cl.self.client = cl
	m := &cl.self
	group, _, _ := mqttwire.SplitSharedFilter(sub.Filter)
	if len(group) > 0 {
		m = &member{client: cl, filter: append([]byte(nil), sub.Filter...)}
	}
	filter := append([]byte(nil), sub.Filter...)
	if _, _, err := sp.index.Set(sub, 0, m); err != nil {
		b.slots.give(cl.slot)
		return nil, err
	}
	if e := b.engine; e != nil {
		t := b.turn(now)
		e.listenFor(t, sp, [][]byte{filter}, true, func(*turn, []int) { e.count(filterKey{namespace, string(filter)}, 1) })
		t.end()
	}
	if len(group) == 0 && sub.RetainHandling < 2 {
		sp.retained.each(now, filter, func(k *kept) {
			p := k.message.Publish()
			f(k.message, session.Delivery{QoS: min(p.QoS, sub.QoS), Retain: true})
		})
	}
	return func() {
		if _, deleted := sp.index.Delete(filter, m); deleted {
			b.slots.give(cl.slot)
			if e := b.engine; e != nil {
				e.count(filterKey{namespace, string(filter)}, -1)
			}
		}
	}, nil
}
