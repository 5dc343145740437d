package client

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/topic"
)

// routes are where messages go, by the filters of subscriptions. Where the server tells
// by the Subscription Identifier which subscriptions a message is of, that decides: so
// one that comes once for each of them is handed on once to each.
type routes struct {
	byFilter map[string]*route
	byID     map[uint32]*route
	index    topic.Index[*route]
	lastID   uint32
	hits     []topic.Hit[*route]
	found    []*route
}

// route is where the messages of some filters go: to a handler, or an Inbox.
type route struct {
	handle func(m *Message)
	inbox  *Inbox
	id     uint32 // Subscription Identifier; 0 is none
	users  int    // filters
}

// set sends the messages of a filter to r.
func (x *routes) set(sub packets.Subscription, r *route) error {
	x.remove(string(sub.Filter))
	if _, _, err := x.index.Set(&sub, 0, r); err != nil {
		return err
	}
	if x.byFilter == nil {
		x.byFilter, x.byID = make(map[string]*route), make(map[uint32]*route)
	}
	x.byFilter[string(sub.Filter)] = r
	if r.users++; r.id != 0 {
		x.byID[r.id] = r
	}
	return nil
}

// remove forgets a filter.
func (x *routes) remove(filter string) {
	r := x.byFilter[filter]
	if r == nil {
		return
	}
	delete(x.byFilter, filter)
	x.index.Delete([]byte(filter), r)
	if r.users--; r.users == 0 {
		delete(x.byID, r.id)
	}
}

// newID returns a Subscription Identifier that no route has.
func (x *routes) newID() uint32 {
	const most = 268435455
	for {
		if x.lastID++; x.lastID > most {
			x.lastID = 1
		}
		if x.byID[x.lastID] == nil {
			return x.lastID
		}
	}
}

// find returns where a message goes, valid until the next call.
func (x *routes) find(p *packets.Publish) []*route {
	x.found = x.found[:0]
	if len(x.byID) > 0 {
		for id := range p.Properties.SubscriptionIDs() {
			if r := x.byID[id]; r != nil {
				x.add(r)
			}
		}
		if len(x.found) > 0 {
			return x.found
		}
	}
	if len(x.byFilter) == 0 {
		return nil
	}
	x.hits = x.index.Match(p.Topic, x.hits[:0])
	for _, h := range x.hits {
		if h.Group == nil {
			x.add(h.Value)
			continue
		}
		for i := range h.Group.Len() {
			x.add(h.Group.At(i).Value)
		}
	}
	clear(x.hits)
	return x.found
}

func (x *routes) add(r *route) {
	for _, have := range x.found {
		if have == r {
			return
		}
	}
	x.found = append(x.found, r)
}

// route hands on a message. Under the lock.
func (c *Client) route(m *Message, p *packets.Publish) {
	found := c.routes.find(p)
	if len(found) == 0 {
		c.toRest(m)
		return
	}
	for i, r := range found {
		one := m
		if i > 0 {
			one = m.forReceiver()
		}
		c.hand(one, r)
	}
}

// hand gives a message to where a route leads.
func (c *Client) hand(m *Message, r *route) {
	if r.inbox == nil {
		c.lane.push(job{m: m, handle: r.handle})
		return
	}
	if dropped := r.inbox.push(m); dropped != nil {
		c.stats.Overrun++
		_ = c.acknowledge(dropped, false)
	}
}

// toRest hands on a message that no handler takes.
func (c *Client) toRest(m *Message) {
	handle := c.o.OnMessage
	if f := c.on.Message; handle == nil && f != nil {
		handle = func(m *Message) { f(c, m) }
	}
	if handle != nil {
		c.lane.push(job{m: m, handle: handle})
		return
	}
	if m.QoS == 0 && c.unclaimed.lanes[0].len() >= c.o.Inbound.Count/2 {
		c.stats.Overrun++
		_ = c.acknowledge(m, false)
		return
	}
	c.unclaimed.push(m)
	if !c.warned {
		c.warned = true
		c.note(levelWarn, "messages wait, as no handler and nobody by Messages takes them", "topic", m.Topic)
	}
}

// claim hands on the messages that have come for a route before it was there.
func (c *Client) claim(filter []byte, r *route) {
	for _, j := range c.unclaimed.lanes[0].take(func(m *Message) bool { return mqttwire.MatchTopic(filter, []byte(m.Topic)) }) {
		c.hand(j.m, r)
	}
}
