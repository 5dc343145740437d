package capture

import "github.com/mqttwire/mqttwire"

// How many events, and how many bytes of packets in them, wait for the version
// of a conversation before it is guessed from what is there.
const (
	maxQueued      = 4096
	maxQueuedBytes = 8 << 20
)

// queuedEvent is an event that may not be decoded yet.
type queuedEvent struct {
	Event
	conv  *conversation
	from  *direction // of a packet
	ready bool

	misplaced mqttwire.Rule // that the packet breaks by its place, or 0
}

// eventQueue keeps the events of all conversations in the order in which they
// came about, so that a packet which waits for the version of its conversation
// is not overtaken.
type eventQueue struct {
	events []*queuedEvent
	bytes  int
}

func (q *eventQueue) push(e *queuedEvent) {
	q.events = append(q.events, e)
	q.bytes += len(e.Frame.Body)
}

// pop returns the next event, if it is ready or there are too many to wait.
func (q *eventQueue) pop() (Event, bool) {
	if len(q.events) == 0 {
		return Event{}, false
	}
	first := q.events[0]
	if !first.ready && (len(q.events) > maxQueued || q.bytes > maxQueuedBytes) {
		first.conv.settle(first.conv.guess.best(), true)
	}
	if !first.ready {
		return Event{}, false
	}
	q.events[0] = nil
	q.events = q.events[1:]
	q.bytes -= len(first.Frame.Body)
	return first.Event, true
}
