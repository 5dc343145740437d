package broker

import (
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/topic"
)

// retained are the retained messages of a namespace.
type retained struct {
	names topic.Names[*kept]
	mu    sync.Mutex // of changes
	count int        // of messages, without the broker's own figures
	bytes int        // of those
}

// kept is one of them.
type kept struct {
	b       *Broker
	space   *space
	message *session.Message
	from    string    // the client identifier of who has published it, or ""
	at      time.Time // when it came
	timer   timer     // of its expiry
}

// keep keeps a message, in the place of the one with that topic, or deletes that one if
// the payload is empty, and reports whether there is room. [MQTT-3.3.1-5] [MQTT-3.3.1-6]
// [MQTT-3.3.1-7]
func (b *Broker) keep(t *turn, sp *space, m *session.Message, from string) bool {
	if b.o.Offers.NoRetain {
		return true // before 5.0, where nothing says so: it is sent on
	}
	r := &sp.retained
	r.mu.Lock()
	defer r.mu.Unlock()
	old, had := r.names.Get(m.Topic())
	if len(m.Payload()) == 0 {
		if had {
			r.delete(t, old)
		}
		return true
	}
	k := &kept{b: b, space: sp, message: m, from: from, at: t.now}
	if left, expires := m.Remaining(t.now); expires { // one of the program may be older
		p := m.Publish()
		interval, _ := p.Properties.MessageExpiryInterval()
		k.at = t.now.Add(left - time.Duration(interval)*time.Second)
	}
	if !k.isFigure() && !r.room(m, old, b.o.Limits.Retained) {
		return false
	}
	if r.set(k, t.now) && b.o.Journal {
		b.log.add(t, session.Record{Session: k.key(), Data: k.appendRecord(nil), Snapshot: true})
	}
	return true
}

// room reports whether there is room for a message, in the place of an old one or nil.
func (r *retained) room(m *session.Message, old *kept, limit session.Bounds) bool {
	bytes, count := r.bytes+m.Size(), r.count+1
	if old != nil && !old.isFigure() {
		bytes -= old.message.Size()
		count--
	}
	return (limit.Count <= 0 || count <= limit.Count) && (limit.Bytes <= 0 || bytes <= limit.Bytes)
}

// set keeps a message, with the lock held, and reports whether it can be: not one with a
// topic name that 5.0 does not have.
func (r *retained) set(k *kept, now time.Time) bool {
	old, had := r.names.Get(k.message.Topic())
	k.timer.index = -1
	if _, err := r.names.Set(k.message.Topic(), k); err != nil {
		return false
	}
	k.message.Keep() // for good, as lists and replays may have it longer
	r.tally(k, 1)
	if had {
		r.tally(old, -1)
		k.b.timers.remove(&old.timer)
	}
	if left, expires := k.message.Remaining(now); expires {
		k.b.timers.set(&k.timer, now.Add(left), k)
	}
	return true
}

// tally counts a message that is there now, by 1, or that is gone, by -1: the broker's own
// figures take no room from what clients retain.
func (r *retained) tally(k *kept, n int) {
	if !k.isFigure() {
		r.count += n
		r.bytes += n * k.message.Size()
	}
}

// key returns the key of the message in a journal.
func (k *kept) key() []byte { return appendKey(nil, retainedKey, k.space.name, k.message.Topic()) }

// delete deletes a message, with the lock held.
func (r *retained) delete(t *turn, k *kept) {
	r.forget(k)
	if k.b.o.Journal {
		k.b.log.add(t, session.Record{Session: k.key(), Snapshot: true})
	}
}

// forget is delete for one of which the journal knows.
func (r *retained) forget(k *kept) {
	r.names.Delete(k.message.Topic())
	r.tally(k, -1)
	k.b.timers.remove(&k.timer)
}

// due deletes a message that has expired. [MQTT-3.3.2-5]
func (k *kept) due(t *turn) { k.remove(t) }

// remove deletes the message, unless there is another one in its place by now.
func (k *kept) remove(t *turn) {
	r := &k.space.retained
	r.mu.Lock()
	defer r.mu.Unlock()
	if now, ok := r.names.Get(k.message.Topic()); ok && now == k {
		r.delete(t, k)
	}
}

// expired reports whether the message is no longer to be sent.
func (k *kept) expired(now time.Time) bool {
	left, expires := k.message.Remaining(now)
	return expires && left == 0
}

// each calls f for the messages that a filter matches, and that have not expired.
func (r *retained) each(now time.Time, filter []byte, f func(*kept)) {
	r.walk(filter, func(k *kept) {
		if !k.expired(now) {
			f(k)
		}
	})
}

// walk calls f for the messages that a filter matches.
func (r *retained) walk(filter []byte, f func(*kept)) {
	var cursor topic.Cursor
	if cursor.Start(filter) != nil {
		return
	}
	for cursor.More() {
		for _, k := range r.names.Find(&cursor, namesAtOnce) {
			f(k)
		}
	}
}

// replay sends the retained messages of a subscription, as there is room for them.
type replay struct {
	cursor  topic.Cursor
	filter  []byte
	id      uint32
	qos     mqttwire.QoS
	noLocal bool
	waits   *kept // what there was no room for
}

func newReplay(sub *packets.Subscription, id uint32) *replay {
	r := &replay{filter: sub.Filter, id: id, qos: sub.QoS, noLocal: sub.NoLocal}
	_ = r.cursor.Start(sub.Filter) // which was checked by Offers.refusal
	return r
}

// without returns the list without the replay of a subscription.
func without(list []*replay, filter []byte) []*replay {
	for i, r := range list {
		if string(r.filter) == string(filter) {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// How far replays go at once.
const (
	namesAtOnce    = 128 // topic names that are looked at in one step
	stepsAtOnce    = 32
	waitingReplays = 256 // messages that wait in the session
)

// replay goes on with replays as far as there is room, with mu held.
func (cl *client) replay(t *turn) {
	switch {
	case len(cl.replays) == 0 || cl.conn == nil:
		return
	case cl.b.o.Hooks.Deliver != nil: // which is asked without the lock
		t.add(task{do: (*turn).replayAsked, client: cl})
		return
	}
	for step := 0; len(cl.replays) > 0; step++ {
		if step == stepsAtOnce {
			cl.wake(t) // it goes on later
			break
		}
		r := cl.replays[0]
		if !cl.replayStep(t, r) {
			break // until the client has acknowledged something: to wake it would bring it here again
		}
		if !r.cursor.More() {
			cl.replays[0], cl.replays = nil, cl.replays[1:]
		}
	}
	if len(cl.replays) == 0 {
		cl.replays = nil
	}
}

// passes reports whether a retained message is not for the client.
func (r *replay) passes(cl *client, k *kept, now time.Time) bool {
	return k.expired(now) || r.noLocal && k.from != "" && k.from == cl.id
}

// replayStep goes on with one replay, and reports whether there was room for all.
func (cl *client) replayStep(t *turn, r *replay) bool {
	names := &cl.space.retained.names
	if k := r.waits; k != nil {
		now, ok := names.Get(k.message.Topic()) // there may be another one by now
		if ok && !cl.replayOne(t, r, now) {
			return false
		}
		r.waits = nil
	}
	for _, k := range names.Find(&r.cursor, namesAtOnce) {
		if !cl.replayOne(t, r, k) {
			r.waits = k
			return false
		}
	}
	return true
}

// roomToReplay reports whether there is room for a retained message: half of what the
// session may keep is left to what else comes.
func (cl *client) roomToReplay(m *session.Message) bool {
	st, q := cl.session.Stats(), cl.b.o.Limits.Queue
	return st.Waiting < waitingReplays && st.Waiting+st.InFlight < (q.Count+1)/2 &&
		(st.Bytes == 0 || st.Bytes+m.Size() <= q.Bytes/2)
}

// replayOne sends a retained message, unless it is not for the client, and reports
// whether there was room. [MQTT-3.3.1-8]
func (cl *client) replayOne(t *turn, r *replay, k *kept) bool {
	if r.passes(cl, k, t.now) {
		return true
	}
	if !cl.roomToReplay(k.message) {
		return false
	}
	d := r.delivery(k.message)
	cl.replayed(t, k.message, k.message, &d)
	cl.wake(t)
	return true
}

// delivery says how a retained message goes out.
func (r *replay) delivery(m *session.Message) session.Delivery {
	p := m.Publish()
	d := session.Delivery{QoS: min(p.QoS, r.qos), Retain: true, Quiet: true}
	if r.id != 0 {
		d.SubscriptionIDs = []uint32{r.id}
	}
	return d
}

// replayed sends a retained message, as the hook Deliver has left it.
func (cl *client) replayed(t *turn, m, asked *session.Message, d *session.Delivery) {
	if _, err := cl.session.Publish(t.now, asked, *d); err != nil {
		t.tell(task{do: (*turn).tellDropped, peer: cl.peer, message: m, drop: session.DropTooLarge})
		return
	}
	cl.b.counts.delivered.Add(1)
}

// replayAsked goes on with replays by asking the hook Deliver about each message.
func (t *turn) replayAsked(k *task) {
	cl := k.client
	for range namesAtOnce {
		r, next := cl.nextReplay(t)
		if next == nil {
			break
		}
		d := r.delivery(next.message)
		asked, ok := t.asksDeliver(cl, next.message, &d)
		cl.mu.Lock()
		if len(cl.replays) > 0 && cl.replays[0] == r && r.waits == next {
			if now, _ := cl.space.retained.names.Get(next.message.Topic()); now == next { // else the newer one is next
				r.waits = nil
				if ok {
					cl.replayed(t, next.message, asked, &d)
				}
			}
		}
		cl.wake(t)
		cl.mu.Unlock()
	}
}

// nextReplay returns the next retained message to be sent, for which there is room; nil
// if there is none.
func (cl *client) nextReplay(t *turn) (*replay, *kept) {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	for len(cl.replays) > 0 && cl.conn != nil {
		r := cl.replays[0]
		if r.waits != nil {
			r.waits, _ = cl.space.retained.names.Get(r.waits.message.Topic())
		}
		if r.waits == nil {
			for _, k := range cl.space.retained.names.Find(&r.cursor, namesAtOnce) {
				r.waits = k
				break
			}
		}
		switch k := r.waits; {
		case k == nil && !r.cursor.More():
			cl.replays = cl.replays[1:]
		case k == nil:
			cl.wake(t) // it goes on later
			return r, nil
		case r.passes(cl, k, t.now):
			r.waits = nil
		case !cl.roomToReplay(k.message):
			return r, nil
		default:
			return r, k
		}
	}
	return nil, nil
}
