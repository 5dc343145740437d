package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
)

// Session is what a client or a server keeps of the other one beyond a connection:
// section 4.1. It is for one goroutine at a time, together with the Link that it is
// attached to.
type Session struct {
	link     *Link    // or nil
	events   *events  // those that are not of a packet
	journal  *journal // nil if no changes are asked for
	requests *ring    // SUBSCRIBE and UNSUBSCRIBE; nil as long as there was none
	filters  *filters // subscriptions; nil as long as there was none
	apart    *apart   // of a server, after a connection; and the will
	queue    ring     // messages in flight, as they were first sent, and behind those the ones that wait
	released ring     // messages that wait for PUBCOMP, as PUBREC came
	ids      identifiers
	receipts receipts

	o      Options
	mark   Bounds // three quarters of Options.Queue, above which Pressure is told
	bytes  int    // of the messages in queue
	tokens Token  // the last one that was given out
	odd    uint64 // acknowledgements with an unknown identifier

	connections uint32 // counts on
	flying      uint32 // how many messages wait for PUBACK or PUBREC: they are in flight
	taken       uint32 // of those, the ones that were handed out on this connection
	firstQoS0   uint32 // no message before this position waits with QoS 0
	waitQoS0    uint32 // how many that wait have
	expiry      uint32 // Session Expiry Interval in seconds, or neverExpires
	opened      bool   // a client: the last CONNECT was answered with success
	existing    bool   // there was a connection, so that both sides have a session
	ended       bool
	cleaning    bool // a client: a CONNECT that may have begun a new session has had no CONNACK
	pressed     bool // Pressure was told
}

// neverExpires is the Session Expiry Interval of a session that does not. Section
// 3.1.2.11.2.
const neverExpires = 1<<32 - 1

// New returns a session that begins. It panics if o.Side is neither FromClient nor
// FromServer.
func New(o Options) *Session {
	if o.Side != mqttwire.FromClient && o.Side != mqttwire.FromServer {
		panic("session: Options.Side is neither FromClient nor FromServer")
	}
	o.Queue, o.Subscriptions = o.Queue.or(defaultQueue), o.Subscriptions.or(defaultSubscriptions)
	s := &Session{o: o, mark: Bounds{o.Queue.Count / 4 * 3, o.Queue.Bytes / 4 * 3}}
	if o.Journal {
		s.journal = new(journal)
	}
	return s
}

// Link returns the connection that the session is attached to, or nil.
func (s *Session) Link() *Link { return s.link }

// connected returns the Link if its connection is open, that is after the CONNACK.
func (s *Session) connected() *Link {
	if s.link != nil && s.link.state == stateOpen {
		return s.link
	}
	return nil
}

// newToken gives out the next token.
func (s *Session) newToken() Token {
	s.tokens++
	return s.tokens
}

// Event returns the next event of the session, while it has no Link, whose Event
// returns those of the session too; ok is false if there is none.
func (s *Session) Event() (e Event, ok bool) {
	if e, ok := s.again(); ok {
		return e, true
	}
	if s.events == nil {
		return Event{}, false
	}
	return s.nextTold()
}

// nextTold returns the next event that tell has queued.
func (s *Session) nextTold() (e Event, ok bool) {
	if e, ok = s.events.pop(); e.Kind == WillDue {
		s.willTaken()
	}
	return e, ok
}

// tell queues an event.
func (s *Session) tell(e Event) {
	if s.events == nil {
		s.events = new(events)
	}
	s.events.push(e)
	if s.link != nil {
		s.link.news = anyNews
	}
}

// Stats are the numbers of a session.
type Stats struct {
	Waiting   int    // messages that were not begun
	InFlight  int    // messages that wait for PUBACK or PUBREC
	Released  int    // messages that wait for PUBCOMP
	Requests  int    // SUBSCRIBE and UNSUBSCRIBE without an answer
	Received  int    // packet identifiers of the peer that are in use
	Bytes     int    // of the messages that wait or are in flight, as Message.Size counts
	Filters   int    // subscriptions
	IDs       int    // packet identifiers of ours that are in use
	Unknown   uint64 // acknowledgements of the peer with an identifier that was not in use
	Connected bool
}

// Stats returns the numbers of the session.
func (s *Session) Stats() Stats {
	st := Stats{
		Waiting: s.waits(), InFlight: int(s.flying), Released: s.released.len(), Received: int(s.receipts.used),
		Bytes: s.bytes, IDs: int(s.ids.used), Unknown: s.odd, Connected: s.connected() != nil,
	}
	if s.requests != nil {
		st.Requests = s.requests.len()
	}
	if s.filters != nil {
		st.Filters = s.filters.count - s.filters.leaving
	}
	return st
}

// End ends the session: every request that is open is dropped, and nothing can be
// published any more. A client does so when it will not connect again; an attached
// Link is closed first, by Disconnect.
func (s *Session) End(now time.Time) {
	if s.ended {
		return
	}
	if l := s.link; l != nil {
		l.finish(now, Cause{Kind: SessionDetached})
	}
	s.end(now)
}

// end ends a session without a Link.
func (s *Session) end(now time.Time) {
	s.discard(now)
	s.ended, s.existing = true, false
	s.record(changeEnd, nil)
	s.tell(Event{Kind: Ended})
}

// discard drops all that the session has, and publishes its will. [MQTT-3.1.2-4] No change
// tells of that, but the one that follows, that the session has ended or begins anew: after a
// crash between the two there would be a session that is empty and has no end.
func (s *Session) discard(now time.Time) {
	j := s.journal
	s.journal = nil
	s.dropAll(&s.released, DropSessionEnded)
	s.dropAll(&s.queue, DropSessionEnded)
	if s.requests != nil {
		s.dropAll(s.requests, DropSessionEnded)
	}
	s.forgetReceived()
	s.filters = nil
	s.taken = 0
	s.existing = false
	s.stay()
	s.willEnds()
	s.journal = j
}

// Release gives back memory that is held for what may come, and is not in use: for a
// session in which nothing happens for a while.
func (s *Session) Release() {
	s.queue.release()
	s.released.release()
	if s.requests != nil && s.requests.n == 0 {
		s.requests = nil
	}
	s.ids.release()
	s.receipts.release()
	if s.events != nil && s.events.n == 0 {
		s.events = nil
	}
}
