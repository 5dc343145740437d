package broker

import (
	"slices"
	"time"

	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/topic"
)

// turn is what one call of the broker does: with locks, one at a time, and then what was
// left to be done without them. It has the memory for that.
type turn struct {
	b     *Broker
	now   time.Time
	tasks []task
	tells []task // hooks that only hear
	ready []*Conn

	later *Conn // whose Packet is to tell those that are ready, or nil

	key      []byte // of a record
	recorded bool   // it has records that are not closed; the log's, as since
	since    Mark

	hits      []topic.Hit[*member]
	receivers []receiver
	places    []uint32 // where in receivers the client of a slot stands, if it does

	publishes packets.Publish // what the hook Publish sees
	asked     packets.Publish // and what Deliver does
	puback    packets.Puback
	pubrec    packets.Pubrec
}

// task is something that is done without a lock.
type task struct {
	do      func(*turn, *task)
	client  *client
	peer    *Peer
	message *session.Message
	share   share
	drop    session.Drop
	cause   session.Cause
}

// turn begins a turn.
func (b *Broker) turn(now time.Time) *turn {
	t := b.turns.Get().(*turn)
	t.now = now
	return t
}

func (t *turn) add(k task) { t.tasks = append(t.tasks, k) }

// keptByTurn is of how many elements of a list the memory is kept for the next turn.
const keptByTurn = 4096

// tell adds a hook that only hears, and that may keep the message.
func (t *turn) tell(k task) {
	if k.message != nil && t.b.o.Hooks.Dropped != nil {
		k.message.Keep()
	}
	t.tells = append(t.tells, k)
}

// run does what was left to be done, with no lock held.
func (t *turn) run() {
	for i := 0; i < len(t.tasks); i++ { // there may come more
		k := t.tasks[i]
		k.do(t, &k)
	}
	t.tasks = emptied(t.tasks)
}

// end does what was left to be done, with no lock held, and ends the turn.
func (t *turn) end() {
	t.run()
	t.b.log.close(t)
	t.tellReady()
	for i := range t.tells {
		t.tells[i].do(t, &t.tells[i])
	}
	t.tells, t.ready, t.hits, t.receivers = emptied(t.tells), emptied(t.ready), emptied(t.hits), forgotten(t.receivers)
	if t.b.o.Hooks.Publish != nil || t.b.o.Hooks.Deliver != nil {
		t.publishes, t.asked = packets.Publish{}, packets.Publish{}
	}
	t.b.turns.Put(t)
}

// tellReady tells those that have something to write, or leaves it to Packet: not if there
// are hooks to hear of something, which may wait.
func (t *turn) tellReady() {
	c := t.later
	if c == nil {
		tellReady(t.ready)
		return
	}
	t.later = nil
	c.tellLater(t.ready)
	if h := &t.b.o.Hooks; len(t.tells) > 0 && (h.Dropped != nil || h.Disconnected != nil || h.SessionEnded != nil) {
		c.Tell()
	}
}

// tellReady tells the drivers of connections that there is something to write.
func tellReady(all []*Conn) {
	for _, c := range all {
		if c.ready != nil {
			c.together.Store(int32(len(all)))
			c.ready()
		}
	}
}

// emptied returns a list without its elements, in its memory if that is not too much.
func emptied[T any](list []T) []T {
	if cap(list) > keptByTurn {
		return nil
	}
	clear(list)
	return list[:0]
}

func (t *turn) tellDropped(k *task) {
	t.b.counts.dropped[min(int(k.drop), len(t.b.counts.dropped)-1)].Add(1)
	if f := t.b.o.Hooks.Dropped; f != nil {
		f(k.peer, k.message, k.drop)
	}
}

func (t *turn) tellConnected(k *task) {
	if f := t.b.o.Hooks.Connected; f != nil {
		f(k.peer)
	}
}

func (t *turn) tellDisconnected(k *task) {
	if f := t.b.o.Hooks.Disconnected; f != nil {
		f(k.peer, k.cause)
	}
}

func (t *turn) tellEnded(k *task) {
	if f := t.b.o.Hooks.SessionEnded; f != nil {
		f(k.peer)
	}
}

// place returns where in receivers the member stands, or -1. Places that were never set
// are found out by who stands there.
func (t *turn) place(m *member) int {
	slot := int(m.client.slot)
	if slot >= len(t.places) {
		t.places = append(slices.Grow(t.places, slot+1-len(t.places)), make([]uint32, slot+1-len(t.places))...)
	}
	if i := int(t.places[slot]); i < len(t.receivers) && t.receivers[i].client == m.client {
		return i
	}
	t.places[slot] = uint32(len(t.receivers))
	return -1
}
