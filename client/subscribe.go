package client

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Grant is what the server has answered to one subscription.
type Grant struct {
	Filter string
	Code   mqttwire.ReasonCode // 0 to 2 is the QoS that is granted; 0x80 and above refuses
}

// QoS returns the QoS that is granted; ok is false if the subscription was refused.
func (g Grant) QoS() (q mqttwire.QoS, ok bool) {
	if g.Code > mqttwire.ReasonGrantedQoS2 {
		return 0, false
	}
	return mqttwire.QoS(g.Code), true
}

// String returns the grant in words.
func (g Grant) String() string {
	if q, ok := g.QoS(); ok {
		return g.Filter + ": " + q.String()
	}
	return g.Filter + ": refused, reason " + g.Code.String()
}

// SubscribeError says that the server has refused subscriptions. It is ErrRefused.
type SubscribeError struct {
	Filters []string
	Code    mqttwire.ReasonCode // the highest
}

// Error returns one line.
func (e *SubscribeError) Error() string {
	return ErrRefused.Error() + ", reason " + e.Code.String() + ": the subscription of " + strings.Join(e.Filters, ", ")
}

// Is reports whether target is ErrRefused.
func (e *SubscribeError) Is(target error) bool { return target == ErrRefused }

// Sub returns a subscription of a filter.
func Sub(filter string, qos mqttwire.QoS) packets.Subscription {
	return packets.Subscription{Filter: []byte(filter), QoS: qos}
}

// Subscribe subscribes, has h handle the messages, and waits for the SUBACK. With h nil
// they are for Options.OnMessage, or Messages. The handlers of a client run one at a
// time, in the order in which messages came; see SubscribeTo for others. A filter has one
// handler: the last that was given.
//
// The subscriptions are the client's from now on: where a server has lost them they are
// made again. The grants are in the order of s. If the server refuses some the error is
// ErrRefused, with the grants. When ctx ends the subscriptions are withdrawn if nothing
// was sent, ErrNotSent; else it is ErrUnknown, and they hold.
func (c *Client) Subscribe(ctx context.Context, h func(m *Message), s ...packets.Subscription) ([]Grant, error) {
	var r *route
	if h != nil {
		r = &route{handle: h}
	}
	return c.subscribe(ctx, r, s)
}

// SubscribeTo is Subscribe with an Inbox that takes the messages, which may be that of
// several calls, of one client.
func (c *Client) SubscribeTo(ctx context.Context, b *Inbox, s ...packets.Subscription) ([]Grant, error) {
	if b.start(c); b.c != c {
		return nil, notSent(errors.New("client: the Inbox is that of another client"))
	}
	return c.subscribe(ctx, &route{inbox: b}, s)
}

// Handle has h handle the messages of a filter, or with nil leaves them to the others,
// and does not subscribe: for a session that has its subscriptions from an earlier run.
func (c *Client) Handle(filter string, h func(m *Message)) error {
	if err := mqttwire.CheckTopicFilter([]byte(filter), mqttwire.V5); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.unlock()
	if h == nil {
		c.routes.remove(filter)
		return nil
	}
	r := &route{handle: h}
	if _, id, ok := c.session.Subscription([]byte(filter)); ok && c.routes.byID[id] == nil {
		r.id = id
	}
	err := c.setRoute(Sub(filter, 0), r)
	c.wake() // if messages were dropped for those that have waited
	return err
}

// setRoute sends the messages of a filter to r, also those that wait.
func (c *Client) setRoute(sub packets.Subscription, r *route) error {
	sub.QoS, sub.NoLocal, sub.RetainAsPublished, sub.RetainHandling = 0, false, false, 0
	if err := c.routes.set(sub, r); err != nil {
		return err
	}
	c.claim(sub.Filter, r)
	return nil
}

// subscribe subscribes, and waits.
func (c *Client) subscribe(ctx context.Context, r *route, s []packets.Subscription) ([]Grant, error) {
	p := (&packets.Subscribe{Subscriptions: s}).Clone()
	if f := c.o.OnSubscribe; f != nil {
		f(p)
	}
	if len(p.Subscriptions) == 0 {
		return nil, notSent(errors.New("client: no subscription was asked for"))
	}
	for _, sub := range p.Subscriptions {
		if err := mqttwire.CheckTopicFilter(sub.Filter, c.checkedBy); err != nil {
			return nil, notSent(err)
		}
	}
	d, failed := c.ask(r, p)
	if failed != nil {
		return nil, failed
	}
	d.wait(ctx)
	err := d.err
	var grants []Grant
	for i, code := range d.answer {
		grants = append(grants, Grant{string(p.Subscriptions[i].Filter), code})
	}
	if errors.Is(err, ErrRefused) {
		return grants, refusedOf(grants)
	}
	return grants, err
}

// refusedOf returns the error of subscriptions of which some are refused.
func refusedOf(grants []Grant) error {
	e := &SubscribeError{}
	for _, g := range grants {
		if g.Code.IsError() {
			e.Filters = append(e.Filters, g.Filter)
			e.Code = max(e.Code, g.Code)
		}
	}
	return e
}

// ask queues a SUBSCRIBE.
func (c *Client) ask(r *route, p *packets.Subscribe) (*Delivery, *RequestError) {
	c.mu.Lock()
	defer c.unlock()
	if err := c.usable(); err != nil {
		return nil, notSent(err)
	}
	if r != nil && c.mayHaveIDs() {
		r.id = c.newID()
		p.Properties.AddSubscriptionID(r.id)
	}
	for _, sub := range p.Subscriptions {
		if r == nil {
			c.routes.remove(string(sub.Filter))
		} else if err := c.setRoute(sub, r); err != nil {
			c.unroute(p, r, nil)
			return nil, notSent(err)
		}
	}
	d := newDelivery(c)
	d.request = p
	d.over = func(d *Delivery) {
		if d.err != nil && !errors.Is(d.err, ErrUnknown) {
			c.unroute(p, r, d.answer)
		}
	}
	d.retry = func(d *Delivery) bool { return c.askWithoutID(d, p) }
	token, err := c.session.Subscribe(time.Now(), p)
	if err != nil {
		c.unroute(p, r, nil)
		return nil, notSent(err)
	}
	d.token, c.pending[token] = token, d
	c.drain()
	c.wake()
	return d, nil
}

// unroute takes back the routes of a SUBSCRIBE, but for those that were granted.
func (c *Client) unroute(p *packets.Subscribe, r *route, answer []mqttwire.ReasonCode) {
	for i, sub := range p.Subscriptions {
		granted := i < len(answer) && !answer[i].IsError()
		if r != nil && !granted && c.routes.byFilter[string(sub.Filter)] == r {
			c.routes.remove(string(sub.Filter))
		}
	}
}

// mayHaveIDs reports whether the server takes Subscription Identifiers, as far as it is
// known. Section 3.2.2.3.12.
func (c *Client) mayHaveIDs() bool {
	if c.info.Connack == nil {
		return c.checkedBy == mqttwire.V5
	}
	available, told := c.info.Connack.Properties.SubscriptionIdentifierAvailable()
	return c.info.Version == mqttwire.V5 && (available || !told)
}

// newID returns a Subscription Identifier that is not in use.
func (c *Client) newID() uint32 {
	for {
		id, used := c.routes.newID(), false
		for _, have := range c.session.Subscriptions() {
			used = used || have == id
		}
		if !used {
			return id
		}
	}
}

// askWithoutID asks once more as the server takes no Subscription Identifiers, and
// reports whether it has.
func (c *Client) askWithoutID(d *Delivery, p *packets.Subscribe) bool {
	if !p.Properties.Has(mqttwire.SubscriptionIdentifier) || c.mayHaveIDs() {
		return false
	}
	p.Properties.Remove(mqttwire.SubscriptionIdentifier)
	token, err := c.session.Subscribe(time.Now(), p)
	if err != nil {
		return false
	}
	d.token, c.pending[token] = token, d
	return true
}

// withoutIDs makes the subscriptions again without Subscription Identifiers, as the
// server that the client has come to takes none.
func (c *Client) withoutIDs() {
	if c.info.Version != mqttwire.V5 || c.mayHaveIDs() {
		return
	}
	asked := make(map[string]bool) // already, and again without as soon as that has failed
	for _, d := range c.pending {
		if p, ok := d.request.(*packets.Subscribe); ok {
			for _, sub := range p.Subscriptions {
				asked[string(sub.Filter)] = true
			}
		}
	}
	var again []packets.Subscription
	for sub, id := range c.session.Subscriptions() {
		if id != 0 && !asked[string(sub.Filter)] {
			again = append(again, sub)
		}
	}
	for part := range slices.Chunk(again, subscribeAtOnce) {
		c.subscribeAgain(part)
	}
}

// subscribeAgain makes subscriptions again. If they are refused an event says so.
func (c *Client) subscribeAgain(part []packets.Subscription) {
	d := newDelivery(c)
	d.over = func(d *Delivery) {
		if !errors.Is(d.err, ErrRefused) {
			return
		}
		var grants []Grant
		for i, code := range d.answer {
			grants = append(grants, Grant{string(part[i].Filter), code})
		}
		c.errorEvent(refusedOf(grants))
	}
	if token, err := c.session.Subscribe(time.Now(), &packets.Subscribe{Subscriptions: part}); err == nil {
		d.token, c.pending[token] = token, d
	}
}

// subscribeAtOnce is how many subscriptions a SUBSCRIBE has at most that is made by the
// client itself.
const subscribeAtOnce = 20

// Unsubscribe unsubscribes, and waits for the UNSUBACK. When ctx ends the error is
// ErrNotSent, and the subscriptions hold as they were, or ErrUnknown. Where the server
// refuses, the handler of the filter stays.
func (c *Client) Unsubscribe(ctx context.Context, filters ...string) error {
	p := &packets.Unsubscribe{}
	for _, f := range filters {
		p.Filters = append(p.Filters, []byte(f))
	}
	if f := c.o.OnUnsubscribe; f != nil {
		f(p)
	}
	if len(p.Filters) == 0 {
		return notSent(errors.New("client: no filter was given"))
	}
	for _, f := range p.Filters {
		if err := mqttwire.CheckTopicFilter(f, c.checkedBy); err != nil {
			return notSent(err)
		}
	}
	d, failed := c.askToEnd(p)
	if failed != nil {
		return failed
	}
	d.wait(ctx)
	return d.err
}

// askToEnd queues an UNSUBSCRIBE.
func (c *Client) askToEnd(p *packets.Unsubscribe) (*Delivery, *RequestError) {
	c.mu.Lock()
	defer c.unlock()
	if err := c.usable(); err != nil {
		return nil, notSent(err)
	}
	d := newDelivery(c)
	d.request = p
	was := make([]*route, len(p.Filters))
	for i, f := range p.Filters {
		was[i] = c.routes.byFilter[string(f)]
	}
	d.over = func(d *Delivery) {
		for i, f := range p.Filters {
			stays := errors.Is(d.err, ErrNotSent) || i < len(d.answer) && d.answer[i].IsError()
			if r := was[i]; r != nil && !stays && c.routes.byFilter[string(f)] == r {
				c.routes.remove(string(f))
			}
		}
	}
	token, err := c.session.Unsubscribe(time.Now(), p)
	if err != nil {
		return nil, notSent(err)
	}
	d.token, c.pending[token] = token, d
	c.drain()
	c.wake()
	return d, nil
}
