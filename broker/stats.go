package broker

import (
	"sync/atomic"

	"github.com/mqttwire/mqttwire/session"
)

// counts are what a broker counts.
type counts struct {
	attached  atomic.Int64
	connected atomic.Int64
	sessions  atomic.Int64
	received  atomic.Uint64
	delivered atomic.Uint64
	refused   atomic.Uint64
	wills     atomic.Uint64
	bytesIn   atomic.Uint64
	bytesOut  atomic.Uint64
	dropped   [session.DropGone + 1]atomic.Uint64
}

// Stats are the numbers of a broker.
type Stats struct {
	Attached      int // connections, open or not
	Connected     int // clients with a connection that is open
	Sessions      int // clients
	Subscriptions int
	Retained      int // retained messages, as Limits.Retained counts them: without the figures below $SYS
	RetainedBytes int // of those, as session.Message.Size counts

	Received  uint64 // PUBLISH that have come, but for those that repeat others
	Delivered uint64 // messages that were given to a client or to a function
	Refused   uint64 // messages that were not sent on, wills among them
	Wills     uint64 // that were published
	BytesIn   uint64
	BytesOut  uint64
	Dropped   map[session.Drop]uint64 // messages that a client did not get, by why
}

// Stats returns the numbers of the broker.
func (b *Broker) Stats() Stats {
	n := &b.counts
	st := Stats{
		Attached: int(n.attached.Load()), Connected: int(n.connected.Load()), Sessions: int(n.sessions.Load()),
		Received: n.received.Load(), Delivered: n.delivered.Load(), Refused: n.refused.Load(), Wills: n.wills.Load(),
		BytesIn: n.bytesIn.Load(), BytesOut: n.bytesOut.Load(), Dropped: map[session.Drop]uint64{},
	}
	for i := range n.dropped {
		if dropped := n.dropped[i].Load(); dropped > 0 {
			st.Dropped[session.Drop(i)] = dropped
		}
	}
	for sp := range b.all() {
		st.Subscriptions += sp.index.Len()
		sp.retained.mu.Lock()
		st.Retained += sp.retained.count
		st.RetainedBytes += sp.retained.bytes
		sp.retained.mu.Unlock()
	}
	return st
}
