package client

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// PubOption says more of a message to publish.
type PubOption func(*publication)

// publication is a message to publish.
type publication struct {
	packet packets.Publish
	topic  []byte // memory of the packet's
	code   *mqttwire.ReasonCode
	ttl    time.Duration
	unkept bool
}

// publications have the memory of one that is under way. What goes out is a copy.
var publications = sync.Pool{New: func() any { return new(publication) }}

// QoS publishes with a QoS of 0, 1 or 2; else it is 0.
func QoS(q mqttwire.QoS) PubOption { return func(p *publication) { p.packet.QoS = q } }

// Retain asks the server to keep the message. Section 3.3.1.3.
func Retain() PubOption { return func(p *publication) { p.packet.Retain = true } }

// Expiry is how long the message is of use: it is not sent any more when it has waited
// for so long, in every version, and in 5.0 the server forgets it then too. In seconds,
// rounded up. Section 3.3.2.3.3.
func Expiry(d time.Duration) PubOption { return func(p *publication) { p.ttl = d } }

// Property sets a property of the message; a user property is added. value has the type
// that mqttwire.Properties.Set takes. Before 5.0 it is left out. Section 3.3.2.3.
func Property(id mqttwire.PropertyID, value any) PubOption {
	return func(p *publication) { p.packet.Properties.Set(id, value) }
}

// UserProperty adds a user property. Section 3.3.2.3.7.
func UserProperty(name, value string) PubOption {
	return func(p *publication) { p.packet.Properties.AddUser([]byte(name), []byte(value)) }
}

// Unkept does not keep the message while there is no connection, whatever its QoS: the
// error is ErrNotSent then.
func Unkept() PubOption { return func(p *publication) { p.unkept = true } }

// CodeTo stores the server's code of success, such as 0x10 for a message to which nobody
// has subscribed, which servers tell in 5.0 if they like.
func CodeTo(code *mqttwire.ReasonCode) PubOption { return func(p *publication) { p.code = code } }

// Publish publishes a message, and returns when it is done as its QoS asks: with QoS 0
// when it stands in the queue, with QoS 1 and 2 when the server has acknowledged it, over
// as many connections as that takes. While the queue is full it waits. payload is copied.
//
// The error is a *RequestError. When ctx ends the message is withdrawn if nothing of it
// was sent, ErrNotSent; else it is ErrUnknown, and the message goes on.
func (c *Client) Publish(ctx context.Context, topic string, payload []byte, o ...PubOption) error {
	p := publications.Get().(*publication)
	p.topic = append(p.topic[:0], topic...)
	p.packet, p.ttl = packets.Publish{Topic: p.topic, Payload: payload}, c.o.TimeToLive
	for _, set := range o {
		set(p)
	}
	if c.o.AroundPublish == nil {
		err := c.publish(ctx, p)
		*p = publication{topic: p.topic}
		publications.Put(p)
		return err
	}
	return c.o.AroundPublish(ctx, &p.packet, func(ctx context.Context, q *packets.Publish) error {
		p.packet = *q
		return c.publish(ctx, p)
	})
}

// publish publishes and waits.
func (c *Client) publish(ctx context.Context, p *publication) error {
	if err := c.check(p); err != nil {
		return notSent(err)
	}
	if p.packet.QoS == mqttwire.AtMostOnce && c.sendAtOnce(&p.packet) {
		return nil
	}
	m := session.NewMessage(time.Now(), &p.packet)
	for {
		d, room, failed := c.put(m, p, false)
		switch {
		case failed != nil:
			return failed
		case room != nil:
			if failed := c.awaitRoom(ctx, room); failed != nil {
				return failed
			}
			continue
		case d == nil:
			return nil
		}
		ended := d.wait(ctx)
		err := d.err
		if p.code != nil && err == nil {
			*p.code = d.code
		}
		if ended {
			d.free()
		}
		return err
	}
}

// sendAtOnce sends a message of QoS 0 without a copy of it for the queue, and reports
// whether it has: if not put says why.
func (c *Client) sendAtOnce(p *packets.Publish) bool {
	if c.o.OnDropped != nil { // which needs the copy
		return false
	}
	c.mu.Lock()
	defer c.unlock()
	if !c.open || c.phase >= phaseClosing || c.link.Send(time.Now(), p) != nil {
		return false
	}
	c.stats.Published++
	c.drain()
	c.wake()
	return true
}

// Send queues a message as it is, and does not wait: if the queue is full the outcome is
// NotSent. p is copied; its packet identifier and DUP do not matter. AroundPublish does
// not hear of it.
func (c *Client) Send(p *packets.Publish) *Delivery {
	q := publication{packet: *p, ttl: c.o.TimeToLive}
	if err := c.check(&q); err != nil {
		return endedDelivery(notSent(err))
	}
	d, _, failed := c.put(session.NewMessage(time.Now(), &q.packet), &q, true)
	if failed != nil {
		return endedDelivery(failed)
	}
	return d
}

// check returns what is wrong with a message, and sets how long it is of use.
func (c *Client) check(p *publication) error {
	if err := mqttwire.CheckTopicName(p.packet.Topic, c.checkedBy); err != nil {
		return err
	}
	if !p.packet.QoS.Valid() {
		return mqttwire.NewError(mqttwire.RuleQoS, mqttwire.PUBLISH, c.checkedBy, mqttwire.FieldQoS, mqttwire.NoOffset, int64(p.packet.QoS))
	}
	if err := p.packet.Properties.Err(); err != nil {
		return err
	}
	if _, has := p.packet.Properties.MessageExpiryInterval(); p.ttl > 0 && !has {
		p.packet.Properties = p.packet.Properties.Clone()
		p.packet.Properties.SetMessageExpiryInterval(seconds(p.ttl))
	}
	return nil
}

// seconds returns a duration in whole seconds, rounded up, as properties have it.
func seconds(d time.Duration) uint32 {
	return uint32(min((d+time.Second-1)/time.Second, 1<<32-1))
}

// put puts a message into the queue. For Send there is always a Delivery, for Publish
// with QoS 1 and 2. If the queue is full Publish gets a channel that is closed as soon
// as there may be room.
func (c *Client) put(m *session.Message, p *publication, send bool) (*Delivery, chan struct{}, *RequestError) {
	c.mu.Lock()
	defer c.unlock()
	if err := c.usable(); err != nil {
		return nil, nil, notSent(err)
	}
	if p.unkept && !c.open {
		c.roomFreed() // for somebody else, if there is room that was this one's
		return nil, nil, notSent(ErrNotConnected)
	}
	d := session.Delivery{QoS: p.packet.QoS, Retain: p.packet.Retain}
	told := send || d.QoS > 0 || c.o.OnDropped != nil
	d.Quiet = !told
	token, err := c.session.Publish(time.Now(), m, d)
	switch {
	case err == session.ErrQueueFull && !send:
		return nil, c.newRoom(), nil
	case err != nil:
		c.roomFreed()
		return nil, nil, notSent(err)
	}
	c.stats.Published++
	var delivery *Delivery
	if told {
		if send {
			delivery = newDelivery(c)
		} else {
			delivery = c.pooledDelivery()
		}
		delivery.token, delivery.message = token, m
		c.pending[token] = delivery
	}
	c.drain()
	c.wake()
	if !send && d.QoS == 0 {
		delivery = nil
	}
	return delivery, nil, nil
}

// wait waits for the end of a request, and withdraws it when ctx ends. It reports whether
// it has ended by itself.
func (d *Delivery) wait(ctx context.Context) bool {
	select {
	case <-d.done:
		return true
	default:
	}
	select {
	case <-d.done:
		return true
	case <-ctx.Done():
		d.withdraw(context.Cause(ctx))
		return false
	}
}

// withdraw ends a request that nobody waits for any more: either nothing of it was
// sent, or it goes on.
func (d *Delivery) withdraw(why error) {
	c := d.c
	c.mu.Lock()
	defer c.unlock()
	if c.pending[d.token] != d { // it has just ended
		return
	}
	outcome := session.NotSent
	if c.session.Withdraw(d.token) {
		delete(c.pending, d.token)
	} else {
		outcome = session.Unknown
		c.pending[d.token] = d.goOn()
	}
	d.end(outcome, 0, &RequestError{Outcome: outcome, Err: why})
	c.drain()
	c.wake()
}

// goOn returns what takes the place of a request whose caller waits no longer: it has
// still to be known how it ends.
func (d *Delivery) goOn() *Delivery {
	on := &Delivery{
		c: d.c, token: d.token, done: make(chan struct{}),
		message: d.message, request: d.request, retry: d.retry, over: d.over, flushes: d.flushes,
	}
	d.over, d.flushes = nil, nil
	return on
}

// newRoom returns a channel that is closed when there may be room in the queue.
func (c *Client) newRoom() chan struct{} {
	room := make(chan struct{})
	c.rooms, c.full = append(c.rooms, room), c.session.Stats()
	return room
}

// roomFreed tells the first of those who wait if there is more room than when the queue
// was full. It is called again when that one has taken its place.
func (c *Client) roomFreed() {
	if len(c.rooms) == 0 {
		return
	}
	s := c.session.Stats()
	if s.Waiting+s.InFlight >= c.full.Waiting+c.full.InFlight && s.Bytes >= c.full.Bytes {
		return
	}
	close(c.rooms[0])
	c.rooms = append(c.rooms[:0], c.rooms[1:]...)
}

// awaitRoom waits until there may be room.
func (c *Client) awaitRoom(ctx context.Context, room chan struct{}) error {
	select {
	case <-room:
		return nil
	case <-c.ended:
		return notSent(ErrClosed)
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.unlock()
	if i := slices.Index(c.rooms, room); i >= 0 {
		c.rooms = slices.Delete(c.rooms, i, i+1)
	} else {
		c.roomFreed() // for somebody else
	}
	return notSent(errors.Join(session.ErrQueueFull, context.Cause(ctx)))
}
