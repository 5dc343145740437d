package broker

import (
	"errors"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/answer"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// ErrRefused says that a message of the program itself was not sent on: the hook Publish
// has refused it, or there is no room for it among the retained ones.
var ErrRefused = errors.New("broker: the message was refused")

// published sends a message on that has come, and acknowledges it.
func (c *Conn) published(now time.Time, p *packets.Publish, a mqttwire.Packet) error {
	answered, err := answeredWith(p, a)
	if err != nil {
		return err
	}
	b := c.b
	b.counts.received.Add(1)
	t := b.turn(now)
	if !b.o.Hooks.mayWait() {
		t.later = c // else a message does not wait for the hook about the next one
	}
	q := t.copied(p)
	code := b.asksPublish(c.peer, q)
	if answered.IsError() {
		code = answered
	}
	switch {
	case code.IsError():
		err = c.refusePublish(now, p, a, code)
	case b.engine != nil:
		err = c.publishesTo(b.engine, t, p, a, session.NewMessage(now, q), q)
	default:
		m := b.pool.New(now, q)
		err = c.route(t, m, q, p, a)
		m.Release()
	}
	t.end()
	return err
}

// route sends a message on, and acknowledges p, by which it came.
func (c *Conn) route(t *turn, m *session.Message, q, p *packets.Publish, a mqttwire.Packet) error {
	b, sp := c.b, c.client.space
	c.routing.Lock() // a takeover waits, so that what comes behind does not overtake
	defer c.routing.Unlock()
	if q.Retain {
		if !c.isOpen() {
			return session.ErrEnded
		}
		if !b.keep(t, sp, m, c.client.id) {
			return c.refusePublish(t.now, p, a, mqttwire.ReasonQuotaExceeded)
		}
	}
	t.match(sp, m, q.QoS, q.Retain, c.client)
	if a == nil && len(t.hits) == 0 && p.QoS > mqttwire.AtMostOnce && c.Version() == mqttwire.V5 {
		a = t.nobody(p)
	}
	if err := c.begins(t.now, p, a); err != nil {
		return err
	}
	t.send(m, q.QoS, q.Retain)
	c.ends(t)
	return nil
}

// copied returns a copy of a PUBLISH, which a hook may change, or p if there is none.
func (t *turn) copied(p *packets.Publish) *packets.Publish {
	if t.b.o.Hooks.Publish == nil {
		return p
	}
	t.publishes = *p
	return &t.publishes
}

// nobody returns the acknowledgement of a message that nobody subscribes to.
func (t *turn) nobody(p *packets.Publish) mqttwire.Packet {
	if p.QoS == mqttwire.ExactlyOnce {
		t.pubrec = packets.Pubrec{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNoMatchingSubscribers}
		return &t.pubrec
	}
	t.puback = packets.Puback{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNoMatchingSubscribers}
	return &t.puback
}

// answeredWith returns the code of a driver's answer to a PUBLISH.
func answeredWith(p *packets.Publish, a mqttwire.Packet) (code mqttwire.ReasonCode, err error) {
	if a == nil {
		return 0, nil
	}
	want := packets.Acknowledge(p)
	if want == nil || want.Type() != a.Type() || !answer.HasKnownCodes(a, mqttwire.FromServer) {
		return 0, session.ErrAnswer
	}
	if id, _ := packets.PacketID(a); id != p.PacketID {
		return 0, session.ErrAnswer
	}
	code, _ = packets.ReasonCode(a)
	return code, nil
}

// begins handles a PUBLISH before it is sent on, so that one of QoS 2 is taken on
// however the connection ends; its acknowledgement is not written before ends.
func (c *Conn) begins(now time.Time, p *packets.Publish, a mqttwire.Packet) error {
	defer c.lock().Unlock()
	if !c.open() {
		return session.ErrEnded
	}
	err := c.answer(now, a)
	c.busy = err == nil
	return err
}

// ends lets what begins has begun be written.
func (c *Conn) ends(t *turn) {
	defer c.lock().Unlock()
	c.busy = false
	if c.wanted != nil {
		c.disconnect(t.now, c.wanted)
		c.wanted = nil
	}
	c.settle(t)
}

// refusePublish refuses a message. Before 5.0, and with QoS 0, no code says so.
func (c *Conn) refusePublish(now time.Time, p *packets.Publish, a mqttwire.Packet, code mqttwire.ReasonCode) error {
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	c.b.counts.refused.Add(1)
	if a == nil && p.QoS > mqttwire.AtMostOnce {
		a = packets.Acknowledge(p)
		if !code.AllowedIn(a.Type(), mqttwire.V5, mqttwire.FromServer) {
			code = mqttwire.ReasonUnspecifiedError
		}
		packets.SetReasonCode(a, code)
	}
	err := c.answer(now, a)
	c.settle(t)
	return err
}

// asksPublish asks the hook about a message, and checks what it has changed.
func (b *Broker) asksPublish(who *Peer, p *packets.Publish) mqttwire.ReasonCode {
	f := b.o.Hooks.Publish
	if f == nil {
		return 0
	}
	before := *p
	if code := f(who, p); code.IsError() {
		return code
	}
	if changed(&before, p) && !legal(p) {
		return mqttwire.ReasonImplementationSpecificError
	}
	return 0
}

// legal reports whether some version can send a message.
func legal(p *packets.Publish) bool {
	_, err := packets.PrepareShared(p, p.Topic)
	return err == nil
}

// Publish sends a message of the program itself on, with the QoS and the RETAIN flag
// that it was made with, to who subscribes in a namespace. The hook Publish is asked if
// as is not nil, and No Local holds for its client. It returns ErrRefused, or the
// *mqttwire.Error of a message that no client can be sent.
func (b *Broker) Publish(now time.Time, namespace string, m *session.Message, as *Peer) error {
	p := m.Publish()
	if _, err := packets.PrepareShared(&p, p.Topic); err != nil {
		return err
	}
	sp, id := b.space(namespace), ""
	if as != nil {
		before := p
		if code := b.asksPublish(as, &p); code.IsError() {
			return ErrRefused
		}
		if changed(&before, &p) {
			m = asChanged(now, m, &before, &p)
		}
		id = as.ClientID
	}
	t := b.turn(now)
	defer t.end()
	return t.publish(sp, m, &p, id)
}

// changed reports whether a hook has changed a message.
func changed(p, q *packets.Publish) bool {
	return p.QoS != q.QoS || p.Retain != q.Retain || !p.Properties.Equal(q.Properties) ||
		!same(p.Topic, q.Topic) || !same(p.Payload, q.Payload)
}

// asChanged returns a message as a hook has changed it: as old as it was, unless the hook has
// set when it expires. [MQTT-3.3.2-6]
func asChanged(now time.Time, m *session.Message, before, p *packets.Publish) *session.Message {
	if left, expires := m.Remaining(now); expires {
		own, _ := before.Properties.MessageExpiryInterval()
		if interval, has := p.Properties.MessageExpiryInterval(); has && interval == own {
			p.Properties = p.Properties.Clone()
			p.Properties.SetMessageExpiryInterval(uint32(left / time.Second))
		}
	}
	return session.NewMessage(now, p)
}

// same reports whether both are the same bytes in memory.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// publish sends on a message of a client that is not to be answered.
func (t *turn) publish(sp *space, m *session.Message, p *packets.Publish, id string) error {
	if e := t.b.engine; e != nil && !e.isOwn(p.Topic) {
		if p.Retain && !t.b.hasRoom(sp, m) {
			return ErrRefused
		}
		e.publish(t, sp, m, p, id)
		return nil
	}
	if p.Retain && !t.b.keep(t, sp, m, id) {
		return ErrRefused
	}
	var from *client
	if id != "" {
		from = sp.find(id)
	}
	t.match(sp, m, p.QoS, p.Retain, from)
	t.send(m, p.QoS, p.Retain)
	return nil
}

// publishWill publishes the will of a client, in its time. [MQTT-3.1.2-8]
func (t *turn) publishWill(k *task) {
	if e := t.b.engine; e != nil && e.waitsToPublish(t, k) {
		return
	}
	p := k.message.Publish()
	if t.b.asksPublish(k.peer, &p).IsError() {
		t.b.counts.refused.Add(1)
		return
	}
	m := session.NewMessage(t.now, &p) // its Message Expiry Interval begins now
	t.b.counts.wills.Add(1)
	_ = t.publish(k.client.space, m, &p, k.client.id)
}
