package broker

import (
	"bytes"
	"hash/fnv"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// appending is a message of a client that is not acknowledged, as the engine has not
// answered.
type appending struct {
	conn    *Conn
	ack     session.AckToken
	request Request
	qos     mqttwire.QoS
	packet  uint16
	needs   Mark // of the record, before it may be asked for
	asked   bool
	over    bool // it was answered to the client
}

// mostAppends is how many messages of a client may wait for the engine: more are not
// read.
const mostAppends = 256

// publishing returns what is asked for to publish a message, which is kept for good.
func publishing(sp *space, m *session.Message, p *packets.Publish, client string) Request {
	m.Keep()
	r := Request{Kind: Append, Namespace: sp.name, Client: client, Message: m}
	switch {
	case p.Retain:
		r.Kind = Retain
	case p.QoS == mqttwire.AtMostOnce:
		r.Kind = Send
	}
	return r
}

// appends gives the engine a message of QoS 1 or 2 that has come. Its acknowledgement is
// held until that is answered.
func (c *Conn) appends(t *turn, p *packets.Publish, m *session.Message, q *packets.Publish) error {
	defer c.lock().Unlock()
	if !c.open() {
		return session.ErrEnded
	}
	h := c.client.hold
	a := &appending{conn: c, qos: p.QoS, packet: p.PacketID, request: publishing(c.client.space, m, q, c.client.id)}
	a.request.Epoch = h.epoch
	a.ack = c.link.Hold(t.now)
	var refused mqttwire.ReasonCode
	if a.request.ID, refused = h.name(p); refused != 0 && c.link.Version() == mqttwire.V5 {
		_ = c.client.session.Ack(a.ack, refused)
		c.settle(t)
		return nil
	}
	if a.qos == mqttwire.ExactlyOnce && h.e.recorded() && !h.ephemeral {
		h.made++
		a.needs = h.made
	}
	h.appends = append(h.appends, a)
	h.sendAppends(t)
	c.settle(t)
	return nil
}

// name names a message: as before, if it is one of QoS 2 that comes again, as the client has
// not heard how it was answered. If it was refused it is again, since what came behind it
// may have been taken.
func (h *hold) name(p *packets.Publish) (id MessageID, refused mqttwire.ReasonCode) {
	if p.QoS != mqttwire.ExactlyOnce {
		return h.e.newID(), 0
	}
	i := slices.IndexFunc(h.begun, func(m begun) bool { return m.packet == p.PacketID })
	if i < 0 {
		i = len(h.begun)
		h.begun = append(h.begun, begun{packet: p.PacketID})
	}
	m := &h.begun[i]
	if sum := sumOf(p); m.id.Counter == 0 || !p.Dup || m.sum != sum { // it is another one
		m.id, m.sum, m.refused = h.e.newID(), sum, 0
	}
	return m.id, m.refused
}

// refused is that the client is told that its message was not taken.
func (h *hold) refused(a *appending, code mqttwire.ReasonCode) {
	for i := range h.begun {
		if m := &h.begun[i]; m.packet == a.packet && m.id == a.request.ID {
			m.refused = code
			h.marks()
		}
	}
}

// sumOf returns a sum of what a message says.
func sumOf(p *packets.Publish) uint64 {
	f := fnv.New64a()
	_, _ = f.Write(p.Topic)
	_, _ = f.Write([]byte{0})
	_, _ = f.Write(p.Payload)
	return f.Sum64()
}

// acknowledged is that what repeats a message of QoS 2 is known by its session from now on.
func (h *hold) acknowledged(packet uint16) {
	h.begun = slices.DeleteFunc(h.begun, func(m begun) bool { return m.packet == packet })
}

// sendAppends asks for what may be asked for: one message of QoS 2 at a time, so that one
// which has failed and is repeated comes before those behind it all the same.
func (h *hold) sendAppends(t *turn) {
	busy := false
	for _, a := range h.appends {
		twice := a.qos == mqttwire.ExactlyOnce
		if !a.asked && !(twice && busy) && a.needs <= h.done && !h.unconfirmed {
			a.asked = true
			h.e.ask(t.now, a.request, func(t *turn, r *Reply) { h.appended(t, a, r) })
		}
		busy = busy || twice
	}
}

// appended takes the engine's answer to a message, and acknowledges it.
func (h *hold) appended(t *turn, a *appending, r *Reply) {
	cl := h.now()
	cl.mu.Lock()
	defer cl.mu.Unlock()
	switch {
	case a.over || cl.gone:
		return
	case r.Outcome == Done:
		h.appends = slices.DeleteFunc(h.appends, func(x *appending) bool { return x == a })
		a.over = true
		if cl.session.Ack(a.ack, 0) == nil && a.qos == mqttwire.ExactlyOnce {
			h.acknowledged(a.packet)
		}
	default:
		h.failAppends(t, a, r)
	}
	h.sendAppends(t)
	if c := cl.conn; c != nil {
		c.now = t.now
		cl.wake(t)
		if c.door.halted {
			t.ready = append(t.ready, c)
		}
	}
	cl.settle(t)
}

// failAppends is that a message was not taken, or that nobody knows: it is refused, and so
// are all behind it that are not answered; before 5.0 the connection is closed. So what
// repeats it comes before what repeats those.
func (h *hold) failAppends(t *turn, failed *appending, r *Reply) {
	cl, code := h.client, unknownCode
	if r.Outcome == Refused {
		if code = refusedCode; r.Code.IsError() && r.Code.AllowedIn(mqttwire.PUBACK, mqttwire.V5, mqttwire.FromServer) {
			code = r.Code
		}
	}
	i := slices.Index(h.appends, failed)
	all := h.appends[i:]
	h.appends = slices.Clone(h.appends[:i])
	closed := false
	for _, a := range all {
		a.over = true
		cl.b.counts.refused.Add(1)
		if a.conn != cl.conn || closed {
			continue
		}
		if closed = a.conn.link.Version() != mqttwire.V5; closed {
			a.conn.disconnect(t.now, &packets.Disconnect{ReasonCode: code})
			continue
		}
		_ = cl.session.Ack(a.ack, code)
		h.refused(a, code)
	}
}

// publishesTo gives the engine a message that has come: as q, of which the hook Publish may
// have changed the QoS, while p is acknowledged.
func (c *Conn) publishesTo(e *engine, t *turn, p *packets.Publish, a mqttwire.Packet, m *session.Message, q *packets.Publish) error {
	sp := c.client.space
	if q.Retain && !c.b.hasRoom(sp, m) {
		return c.refusePublish(t.now, p, a, mqttwire.ReasonQuotaExceeded)
	}
	if p.QoS > mqttwire.AtMostOnce && q.QoS > mqttwire.AtMostOnce {
		return c.appends(t, p, m, q)
	}
	c.routing.Lock()
	defer c.routing.Unlock()
	if err := c.begins(t.now, p, a); err != nil {
		return err
	}
	if q.QoS == mqttwire.AtMostOnce || e.mayRaise() {
		e.publish(t, sp, m, q, c.client.id)
	}
	c.ends(t)
	return nil
}

// mayRaise reports whether a message of a client may be given to the engine that has come
// with QoS 0, and has another now: as nothing holds the client back, too many are dropped.
func (e *engine) mayRaise() bool {
	if e.insisted.Load() < mostSent {
		return true
	}
	e.b.counts.refused.Add(1)
	return false
}

// isOwn reports whether messages of a topic stay on this node: those of $SYS.
func (e *engine) isOwn(topic []byte) bool { return bytes.HasPrefix(topic, []byte("$SYS/")) }

// publish sends a message on that nobody waits for: of the program, a will, or one that has
// come with QoS 0. What the engine does not answer is given to it again, before what comes
// behind it on that topic.
func (e *engine) publish(t *turn, sp *space, m *session.Message, p *packets.Publish, from string) {
	r := publishing(sp, m, p, from)
	if r.Kind != Send {
		r.ID = e.newID()
	}
	if p.QoS == mqttwire.AtMostOnce {
		e.local(t, sp, m, p, from)
		e.send(t, r)
		return
	}
	e.insisted.Add(1)
	e.insist(t.now, r)
}

// topicKey is a topic of a namespace.
type topicKey struct{ namespace, topic string }

// insist asks for a message until it is answered. Of one topic there is one at a time, so
// that none which is asked for again comes behind a newer one, and is retained in its place.
// What is refused is counted alone, as nobody waits for it.
func (e *engine) insist(now time.Time, r Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := topicKey{r.Namespace, string(r.Message.Topic())}
	e.insists[key] = append(e.insists[key], r)
	if len(e.insists[key]) == 1 {
		e.insistLocked(now, key)
	}
}

// insistLocked asks for the first message of a topic.
func (e *engine) insistLocked(now time.Time, key topicKey) {
	e.askLocked(now, e.insists[key][0], func(t *turn, r *Reply) {
		if r.Outcome == Unknown {
			e.retry(t, func(t *turn) {
				e.mu.Lock()
				defer e.mu.Unlock()
				e.insistLocked(t.now, key)
			})
			return
		}
		if r.Outcome == Refused {
			e.b.counts.refused.Add(1)
		}
		e.insisted.Add(-1)
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.insists[key] = slices.Delete(e.insists[key], 0, 1); len(e.insists[key]) > 0 {
			e.insistLocked(t.now, key)
			return
		}
		delete(e.insists, key)
	})
}

// local sends a message of QoS 0 on to those of this node: the engine brings it to groups.
func (e *engine) local(t *turn, sp *space, m *session.Message, p *packets.Publish, from string) {
	var cl *client
	if from != "" {
		cl = sp.find(from)
	}
	t.match(sp, m, p.QoS, p.Retain, cl)
	t.sendPlain(m)
}

// waitsToPublish is that a will waits until it is known whether the client is ours, and
// reports whether it does.
func (e *engine) waitsToPublish(t *turn, k *task) bool {
	h := k.client.hold
	if h == nil {
		return false
	}
	k.client.mu.Lock()
	defer k.client.mu.Unlock()
	if h.over || !e.isSuspended(t.now) && !h.unconfirmed {
		return false
	}
	h.wills = append(h.wills, *k)
	return true
}
