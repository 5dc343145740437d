package session

import (
	"github.com/mqttwire/mqttwire"
)

// happened makes the event of the packet that is handled, each field of which is set by
// itself: what is stored in one size and read in another has to wait.
func (l *Link) happened(k Kind, p mqttwire.Packet) *Event {
	e := &l.event
	e.Kind, e.Packet = k, p
	e.Token, e.Ack, e.Earlier, e.Code, e.Outcome, e.stored = 0, 0, 0, 0, 0, false
	l.news, l.fresh = max(l.news, packetNews), true
	return e
}

// events is a queue of events.
type events struct {
	list  []Event // as many as a power of two
	first uint32
	n     uint32
}

func (q *events) at(i uint32) *Event { return &q.list[i&uint32(len(q.list)-1)] }

func (q *events) push(e Event) {
	if int(q.n) == len(q.list) {
		list := make([]Event, max(4, 2*len(q.list)))
		for i := q.first; i != q.first+q.n; i++ {
			list[i&uint32(len(list)-1)] = *q.at(i)
		}
		q.list = list
	}
	*q.at(q.first + q.n) = e
	q.n++
}

func (q *events) pop() (e Event, ok bool) {
	if q.n == 0 {
		return e, false
	}
	p := q.at(q.first)
	e, *p = *p, Event{}
	q.first++
	q.n--
	return e, true
}
