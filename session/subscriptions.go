package session

import (
	"iter"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// filters are the subscriptions of a session: of a client those that it asks for, of a
// server those that it has granted. They keep the order in which they were made.
type filters struct {
	list    []filter
	index   map[string]int // where in list; nil while the list is short
	count   int
	leaving int // how many of them are
	bytes   int
}

// filter is one subscription. One without a filter is gone.
type filter struct {
	subscription packets.Subscription
	id           uint32 // Subscription Identifier, or 0
	token        Token  // of the SUBSCRIBE that has asked for it last; of a client
	granted      bool   // the server has it, as far as we know
	leaving      bool   // of a client: it has asked for its end, and the server has not answered
}

// shortFilters is how long the list is at most to be searched without an index.
const shortFilters = 8

// filterOverhead is what a subscription counts for beside its bytes.
const filterOverhead = 64

// find returns where the filter stands, or -1.
func (f *filters) find(name []byte) int {
	if f.index != nil {
		if i, ok := f.index[string(name)]; ok {
			return i
		}
		return -1
	}
	for i := range f.list {
		if string(f.list[i].subscription.Filter) == string(name) {
			return i
		}
	}
	return -1
}

// set makes a subscription, in the place of one with the same filter. [MQTT-3.8.4-3]
func (f *filters) set(x filter) {
	name := &x.subscription.Filter
	if x.leaving {
		f.leaving++
	}
	if i := f.find(*name); i >= 0 {
		if f.list[i].leaving {
			f.leaving--
		}
		*name = f.list[i].subscription.Filter
		f.list[i] = x
		return
	}
	*name = append([]byte(nil), *name...)
	if f.index != nil {
		f.index[string(*name)] = len(f.list)
	}
	f.list = append(f.list, x)
	f.count++
	f.bytes += filterOverhead + len(*name)
	if f.index == nil && len(f.list) > shortFilters {
		f.reindex()
	}
}

// remove takes a subscription out, and reports whether it was there.
func (f *filters) remove(name []byte) bool {
	i := f.find(name)
	if i < 0 {
		return false
	}
	if f.list[i].leaving {
		f.leaving--
	}
	f.count--
	f.bytes -= filterOverhead + len(f.list[i].subscription.Filter)
	delete(f.index, string(name))
	f.list[i] = filter{}
	if len(f.list) > shortFilters && f.count < len(f.list)/2 {
		f.reindex()
	}
	return true
}

// reindex makes the list dense, and its index anew.
func (f *filters) reindex() {
	list := make([]filter, 0, f.count+1)
	for _, x := range f.list {
		if x.subscription.Filter != nil {
			list = append(list, x)
		}
	}
	f.list, f.index = list, nil
	if len(list) > shortFilters {
		f.index = make(map[string]int, len(list))
		for i := range list {
			f.index[string(list[i].subscription.Filter)] = i
		}
	}
}

// room reports whether one more subscription, or another in the place of one, is
// within the bounds.
func (f *filters) room(name []byte, b Bounds) bool {
	if f.find(name) >= 0 {
		return true
	}
	return f.count < b.Count && f.bytes+filterOverhead+len(name) <= b.Bytes
}

// Subscriptions returns the subscriptions with their Subscription Identifiers, 0 if
// there is none, in the order in which they were made: of a client those that it has
// asked for, from the call of Subscribe on, of a server those that it has granted.
// Neither the filters nor the session may be changed while they are walked.
func (s *Session) Subscriptions() iter.Seq2[packets.Subscription, uint32] {
	return func(yield func(packets.Subscription, uint32) bool) {
		if s.filters == nil {
			return
		}
		for _, f := range s.filters.list {
			if f.subscription.Filter != nil && !f.leaving && !yield(f.subscription, f.id) {
				return
			}
		}
	}
}

// Subscription returns the subscription with that filter, and its Subscription
// Identifier or 0; ok is false if there is none.
func (s *Session) Subscription(name []byte) (sub packets.Subscription, id uint32, ok bool) {
	if s.filters == nil || len(name) == 0 {
		return sub, 0, false
	}
	i := s.filters.find(name)
	if i < 0 || s.filters.list[i].leaving {
		return sub, 0, false
	}
	return s.filters.list[i].subscription, s.filters.list[i].id, true
}

// subscribed keeps a subscription.
func (s *Session) subscribed(f filter) {
	if s.filters == nil {
		s.filters = new(filters)
	}
	s.filters.set(f)
	s.recordSubscribed(&f)
}

// filterOf returns the subscription with that filter, as far as the request with the token
// was the last to ask about it; else nil.
func (s *Session) filterOf(name []byte, t Token) *filter {
	if s.filters == nil {
		return nil
	}
	if i := s.filters.find(name); i >= 0 && s.filters.list[i].token == t {
		return &s.filters.list[i]
	}
	return nil
}

// unsubscribed takes a subscription out, and reports whether it was there.
func (s *Session) unsubscribed(name []byte) bool {
	if s.filters == nil || len(name) == 0 || !s.filters.remove(name) {
		return false
	}
	s.record(changeUnsubscribed, name)
	return true
}

// Subscribe sends a SUBSCRIBE of a client, now or when there is a connection. Its
// packet identifier is given by the session. The event Done has the SUBACK. The
// packet is copied.
//
// The subscriptions are the session's from now on: if the server loses the session
// they are made again, unless Options.NoResubscribe is set. One that the server refuses
// is no longer; and one whose end was asked for is no longer at once, though the session
// keeps it until the server has answered. It returns ErrQueueFull if there are too many, ErrEnded after End, and
// ErrState on the side of a server and for a SUBSCRIBE without a filter.
func (s *Session) Subscribe(now time.Time, p *packets.Subscribe) (Token, error) {
	if len(p.Subscriptions) == 0 {
		return 0, ErrState
	}
	return s.ask(now, p)
}

// Unsubscribe is Subscribe for an UNSUBSCRIBE.
func (s *Session) Unsubscribe(now time.Time, p *packets.Unsubscribe) (Token, error) {
	if len(p.Filters) == 0 {
		return 0, ErrState
	}
	return s.ask(now, p)
}

// ask queues a SUBSCRIBE or UNSUBSCRIBE.
func (s *Session) ask(now time.Time, p mqttwire.Packet) (Token, error) {
	switch {
	case s.ended:
		return 0, ErrEnded
	case s.o.Side != mqttwire.FromClient:
		return 0, ErrState
	case s.requests != nil && s.requests.len() >= s.o.Subscriptions.Count:
		return 0, ErrQueueFull
	}
	s.know(now)
	t := s.tokens + 1
	if !s.o.NoResubscribe && !s.wish(p, t) {
		return 0, ErrQueueFull
	}
	s.newToken()
	s.request(entry{token: t, request: &request{packets.Clone(p)}})
	return t, nil
}

// request puts a SUBSCRIBE or UNSUBSCRIBE behind the others.
func (s *Session) request(e entry) {
	if s.requests == nil {
		s.requests = new(ring)
	}
	s.room(s.requests)
	s.requests.push(e)
}

// wish keeps what a request asks for, and reports whether there is room.
func (s *Session) wish(p mqttwire.Packet, t Token) bool {
	switch p := p.(type) {
	case *packets.Subscribe:
		if !s.wishRoom(p) {
			return false
		}
		id, _ := p.Properties.SubscriptionIdentifier()
		for _, sub := range p.Subscriptions {
			s.subscribed(filter{subscription: sub, id: id, token: t})
		}
	case *packets.Unsubscribe:
		for _, name := range p.Filters {
			s.unwanted(name, t)
		}
	}
	return true
}

// unwanted notes that the end of a subscription was asked for. Until the server has answered it
// is kept, as a program that was started again does not have the UNSUBSCRIBE any more.
func (s *Session) unwanted(name []byte, t Token) {
	if s.filters == nil || len(name) == 0 {
		return
	}
	if i := s.filters.find(name); i >= 0 {
		f := s.filters.list[i]
		f.leaving, f.token = true, t
		s.subscribed(f)
	}
}

// wishRoom reports whether there is room for all subscriptions of p. A filter that stands in
// it twice is one.
func (s *Session) wishRoom(p *packets.Subscribe) bool {
	b := s.o.Subscriptions
	var have filters
	if s.filters != nil {
		have = *s.filters
	}
	added := make(map[string]bool, min(len(p.Subscriptions), b.Count))
	for _, sub := range p.Subscriptions {
		if have.find(sub.Filter) >= 0 || added[string(sub.Filter)] {
			continue
		}
		added[string(sub.Filter)] = true
		if have.count++; have.count > b.Count {
			return false
		}
		if have.bytes += filterOverhead + len(sub.Filter); have.bytes > b.Bytes {
			return false
		}
	}
	return true
}

// unwish takes back what a SUBSCRIBE has asked for that has ended without an answer
// for good, and of which nobody has asked since. An UNSUBSCRIBE of which the server has
// seen nothing leaves the subscriptions as they were.
func (s *Session) unwish(e *entry) {
	if e.request == nil {
		return
	}
	switch p := e.request.packet.(type) {
	case *packets.Subscribe:
		for i := range p.Subscriptions {
			s.unwishFilter(p.Subscriptions[i].Filter, e.token)
		}
	case *packets.Unsubscribe:
		for _, name := range p.Filters {
			if f := s.filterOf(name, e.token); f != nil && !e.is(handed|quiet) {
				stays := *f
				stays.leaving = false
				s.subscribed(stays)
			} else {
				s.unwishFilter(name, e.token)
			}
		}
	}
}

func (s *Session) unwishFilter(name []byte, t Token) {
	if s.filterOf(name, t) != nil {
		s.unsubscribed(name)
	}
}

// resubscribeAtOnce is how many subscriptions a SUBSCRIBE has at most that makes
// subscriptions again.
const resubscribeAtOnce = 20

// grantedFilter notes that the server has granted what a SUBSCRIBE has asked for.
func (s *Session) grantedFilter(name []byte, t Token) {
	if f := s.filterOf(name, t); f != nil {
		f.granted = true
		s.recordSubscribed(f)
	}
}

// resubscribe makes subscriptions again, in their order: all, as the server has lost
// them, or those of which it is not known that it has them, as a program that was
// started again does not have their SUBSCRIBE any more. A SUBSCRIBE that is still open
// is sent again itself.
func (s *Session) resubscribe(all bool) {
	if s.filters == nil || s.o.NoResubscribe {
		return
	}
	s.unsubscribeAgain(all)
	var p *packets.Subscribe
	last := uint32(0)
	for i := range s.filters.list {
		f := &s.filters.list[i]
		if f.subscription.Filter == nil || f.leaving || f.granted && !all || s.openRequest(f.token) {
			continue
		}
		if p == nil || f.id != last || len(p.Subscriptions) == resubscribeAtOnce {
			p = new(packets.Subscribe)
			if last = f.id; last != 0 {
				p.Properties.AddSubscriptionID(last)
			}
			s.request(entry{token: s.newToken(), request: &request{p}, flags: quiet | canceled})
		}
		if f.token = s.tokens; f.granted {
			f.granted = false
			s.recordSubscribed(f)
		}
		p.Subscriptions = append(p.Subscriptions, f.subscription)
	}
}

// unsubscribeAgain asks again for the end of subscriptions, of which a program that was
// started again does not have the UNSUBSCRIBE any more; with all they are gone, as the server
// has lost them.
func (s *Session) unsubscribeAgain(all bool) {
	if s.filters.leaving == 0 {
		return
	}
	var p *packets.Unsubscribe
	var gone [][]byte
	for i := range s.filters.list {
		f := &s.filters.list[i]
		switch {
		case !f.leaving || s.openRequest(f.token):
			continue
		case all:
			gone = append(gone, f.subscription.Filter)
			continue
		case p == nil || len(p.Filters) == resubscribeAtOnce:
			p = new(packets.Unsubscribe)
			s.request(entry{token: s.newToken(), request: &request{p}, flags: quiet | canceled})
		}
		f.token = s.tokens
		p.Filters = append(p.Filters, f.subscription.Filter)
	}
	for _, name := range gone {
		s.unsubscribed(name)
	}
}

// openRequest reports whether a request is open.
func (s *Session) openRequest(t Token) bool {
	if s.requests == nil {
		return false
	}
	_, ok := s.requests.find(t)
	return ok
}
