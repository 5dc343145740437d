package capture

import (
	"time"

	"github.com/mqttwire/mqttwire"
)

// How many events, and how many bytes of packets in them, wait for the version
// of a conversation before it is guessed from what is there; and for how long, by
// the time of the capture, so that a live one does not stay silent.
const (
	maxQueued      = 4096
	maxQueuedBytes = 8 << 20
	maxQueuedTime  = 5 * time.Second
)

// queuedEvent is an event that may not be decoded yet.
type queuedEvent struct {
	Event
	conv  *conversation
	from  *direction // of a packet
	ready bool
	void  bool // it is taken back

	misplaced mqttwire.Rule // that the packet breaks by its place, or 0
}

// eventQueue keeps the events of all conversations in the order in which they
// came about, so that a packet which waits for the version of its conversation
// is not overtaken.
type eventQueue struct {
	events  []*queuedEvent
	bytes   int
	summary *Summary
	handler func(Event) bool
	busy    bool // the handler is being called
}

// emit takes the next event, which waits for nothing.
func (q *eventQueue) emit(e *Event, c *conversation) {
	if q.handler != nil && len(q.events) == 0 && !q.busy {
		q.hand(e)
		return
	}
	q.push(&queuedEvent{Event: *e, conv: c, ready: true})
}

// push takes the next event, which may have to wait.
func (q *eventQueue) push(e *queuedEvent) {
	q.events = append(q.events, e)
	q.bytes += len(e.Frame.Body)
	q.flush()
}

// flush hands out what is ready, if there is who takes it.
func (q *eventQueue) flush() {
	if q.handler == nil || q.busy {
		return
	}
	for q.handler != nil {
		e, ok := q.next()
		if !ok {
			return
		}
		q.hand(&e.Event)
	}
}

// hand gives the handler an event.
func (q *eventQueue) hand(e *Event) {
	q.summary.note(e)
	q.busy = true
	if !q.handler(*e) {
		q.handler = nil
	}
	q.busy = false
}

// expire settles the version of the conversation that others wait for, if that took
// too long.
func (q *eventQueue) expire(now time.Time) {
	if len(q.events) > 0 && !q.events[0].ready && now.Sub(q.events[0].Time) > maxQueuedTime {
		c := q.events[0].conv
		c.settle(c.guess.best(), true)
	}
}

// pop returns the next event, if it is ready or there are too many to wait.
func (q *eventQueue) pop() (Event, bool) {
	e, ok := q.next()
	if !ok {
		return Event{}, false
	}
	q.summary.note(&e.Event)
	return e.Event, true
}

// next takes the first event off, under the same condition.
func (q *eventQueue) next() (*queuedEvent, bool) {
	for len(q.events) > 0 && q.events[0].void {
		q.shift()
	}
	if len(q.events) == 0 {
		return nil, false
	}
	first := q.events[0]
	if !first.ready && (len(q.events) > maxQueued || q.bytes > maxQueuedBytes) {
		busy := q.busy
		q.busy = true // it is flushed here
		first.conv.settle(first.conv.guess.best(), true)
		q.busy = busy
	}
	if !first.ready {
		return nil, false
	}
	q.shift()
	return first, true
}

// shift takes the first event off.
func (q *eventQueue) shift() {
	q.bytes -= len(q.events[0].Frame.Body)
	q.events[0] = nil
	if q.events = q.events[1:]; len(q.events) == 0 {
		q.events = nil
	}
}
