package client

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Events are functions that are called when something happens, all optional. They run
// one at a time, in order with the handlers of messages, and may do anything: connect,
// publish, wait, close.
type Events struct {
	// Connect: a connection is open, the first or a later one. Subscriptions are made
	// again by the client, where the server has lost them.
	Connect func(c *Client, p *packets.Connack)

	// Reconnect: the client is about to try again, for the n-th time since there was a
	// connection.
	Reconnect func(c *Client, n int)

	// Offline: the connection has ended.
	Offline func(c *Client)

	// Error: an attempt has failed; the connection has ended by more than that it was lost,
	// as by a DISCONNECT of the server, or what it sent; a subscription was refused as it was
	// made again; a handler of Typed could not read a message.
	Error func(c *Client, err error)

	// Message takes messages as Options.OnMessage does, if that is nil.
	Message func(c *Client, m *Message)

	// Close: the client is closed for good. err is nil after Close.
	Close func(c *Client, err error)
}

// On sets the functions for events, in place of those before. It is called before
// Connect.
func (c *Client) On(e Events) {
	c.mu.Lock()
	defer c.unlock()
	c.on = &e
}

// Listener has a function for each packet that a server sends, all optional: it is
// called once for each, in the order in which they came, in order with handlers and
// Events. What is to be answered is answered whatever they do. They may keep the packet.
type Listener struct {
	ConnectAck      func(c *Client, p *packets.Connack)
	Publish         func(c *Client, p *packets.Publish) // before its handler
	PublishAck      func(c *Client, p *packets.Puback)
	PublishReceived func(c *Client, p *packets.Pubrec)
	PublishRelease  func(c *Client, p *packets.Pubrel)
	PublishComplete func(c *Client, p *packets.Pubcomp)
	SubscribeAck    func(c *Client, p *packets.Suback)
	UnsubscribeAck  func(c *Client, p *packets.Unsuback)
	Ping            func(c *Client) // PINGRESP
	Disconnect      func(c *Client, p *packets.Disconnect)
	Auth            func(c *Client, p *packets.Auth)
}

// Listen sets the functions for packets, in place of those before. It is called before
// Connect.
func (c *Client) Listen(l Listener) {
	c.mu.Lock()
	defer c.unlock()
	c.listen = &l
}

// What there is before On and Listen.
var (
	noEvents   Events
	noListener Listener
)

// heard returns a call of f with a copy of a packet, or nil if there is no f.
func heard[P any](c *Client, f func(*Client, *P), p interface{ Clone() *P }) func() {
	if f == nil {
		return nil
	}
	own := p.Clone()
	return func() { f(c, own) }
}

// observe shows a packet to the Listener and the log. Under the lock.
func (c *Client) observe(p mqttwire.Packet) {
	if f := c.listen.call(c, p); f != nil {
		c.lane.push(job{f: f})
	}
	if c.o.Log != nil && c.o.Log.Enabled(c.ctx, levelDebug) {
		c.note(levelDebug, "received", "packet", packets.Clone(p))
	}
}

// call returns what is to be called for a packet, or nil.
func (l *Listener) call(c *Client, p mqttwire.Packet) func() {
	switch p := p.(type) {
	case *packets.Publish:
		return heard(c, l.Publish, p)
	case *packets.Puback:
		return heard(c, l.PublishAck, p)
	case *packets.Pubrec:
		return heard(c, l.PublishReceived, p)
	case *packets.Pubrel:
		return heard(c, l.PublishRelease, p)
	case *packets.Pubcomp:
		return heard(c, l.PublishComplete, p)
	case *packets.Suback:
		return heard(c, l.SubscribeAck, p)
	case *packets.Unsuback:
		return heard(c, l.UnsubscribeAck, p)
	case *packets.Connack:
		return heard(c, l.ConnectAck, p)
	case *packets.Disconnect:
		return heard(c, l.Disconnect, p)
	case *packets.Auth:
		return heard(c, l.Auth, p)
	}
	if f := l.Ping; f != nil && p.Type() == mqttwire.PINGRESP {
		return func() { f(c) }
	}
	return nil
}

func (c *Client) tellReconnect(n int) {
	c.mu.Lock()
	defer c.unlock()
	if f := c.on.Reconnect; f != nil {
		c.lane.push(job{f: func() { f(c, n) }})
	}
}

func (c *Client) tellError(err error) {
	c.mu.Lock()
	defer c.unlock()
	c.errorEvent(err)
}

// errorEvent is tellError under the lock.
func (c *Client) errorEvent(err error) {
	if f := c.on.Error; f != nil {
		c.lane.push(job{f: func() { f(c, err) }})
	}
}

// resubscribeRefused tells that the server has refused to make subscriptions again that
// it has lost.
func (c *Client) resubscribeRefused(e *session.Event) {
	p, ok := e.Packet.(*packets.Unsubscribe)
	if !ok {
		return
	}
	err := &SubscribeError{Code: e.Code}
	for _, filter := range p.Filters {
		err.Filters = append(err.Filters, string(filter))
	}
	c.note(levelWarn, "subscriptions refused", "filters", err.Filters, "code", e.Code.String())
	c.errorEvent(err)
}
