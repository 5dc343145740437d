package client

import (
	"context"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Message is a message that has come. It may be kept.
type Message struct {
	// Topic is the topic name. Section 3.3.2.1.
	Topic string

	// Payload is the application message.
	Payload []byte

	// Properties are those of the PUBLISH; before 5.0 there are none. Section 3.3.2.3.
	Properties mqttwire.Properties

	// QoS is 0, 1 or 2.
	QoS mqttwire.QoS

	// Retain says that the server had kept it. Section 3.3.1.3.
	Retain bool

	// Dup says that the server may have sent it before. Section 3.3.1.1.
	Dup bool

	ended bool // this receiver has acknowledged it
	held  bool // by Hold
	ctx   context.Context
	first *Message // what all receivers share; itself for the first
	c     *Client

	// Of the first: under the lock of the client.
	token   session.AckToken
	late    session.AckToken // the one of the connection that has ended, of QoS 2
	id      uint16
	code    mqttwire.ReasonCode
	waits   int // receivers that have not acknowledged it
	at      int // where in unacked, counted from 1
	size    int
	kept    bool // some receiver has called Hold
	over    bool // all receivers have, and it was too late
	removed bool // it is not to be acknowledged any more: it comes again
}

// messageOverhead is what a message counts for beside its bytes.
const messageOverhead = 128

// Context returns the context of the handler that has the message: it ends with the
// client, and has what Options.AroundHandler has put into it.
func (m *Message) Context() context.Context {
	if m.ctx == nil {
		return m.c.ctx
	}
	return m.ctx
}

// Hold leaves it to the caller to acknowledge the message, by Ack, at any time: else it
// is acknowledged when its handler returns, or its iteration goes on. As long as
// messages are held the server stops at Options.ReceiveMaximum: so it does not send
// faster than they are worked on.
func (m *Message) Hold() {
	m.c.mu.Lock()
	defer m.c.unlock()
	m.held, m.first.kept = true, true
}

// Ack acknowledges the message, or refuses it with a code of 0x80 or above, of which a
// server before 5.0 does not hear. The acknowledgement leaves behind those of messages
// that came before. It returns ErrStale if the connection that a message of QoS 1 came on
// has ended: it comes again, to its handler. One of QoS 2 does not, and is acknowledged on
// the next connection; of it ErrStale says that the server has lost the session.
func (m *Message) Ack(code ...mqttwire.ReasonCode) error {
	m.c.mu.Lock()
	defer m.c.unlock()
	if len(code) > 0 && code[0].IsError() {
		m.first.code = code[0]
	}
	err := m.c.acknowledge(m, true)
	m.c.wake()
	return err
}

// handled says that the handler of a message has returned.
func (c *Client) handled(m *Message) {
	c.mu.Lock()
	defer c.unlock()
	if !m.held && !m.ended {
		_ = c.acknowledge(m, false)
		c.wake()
	}
}

// acknowledge says that a receiver has done with a message: by itself, or as its
// handler has returned.
func (c *Client) acknowledge(m *Message, asked bool) error {
	first := m.first
	if m.ended || first.removed {
		if !m.ended {
			m.ended = true
			c.receiverDone(first)
		}
		return ErrStale
	}
	if asked && first.QoS == mqttwire.AtLeastOnce && first.token == 0 && m.held {
		c.forget(first) // as it comes again, to its handler
		m.ended = true
		c.receiverDone(first)
		return ErrStale
	}
	m.ended = true
	if !c.receiverDone(first) || first.QoS == 0 {
		return nil
	}
	if first.token == 0 {
		return c.settleLate(first, asked)
	}
	return c.settle(first)
}

// settleLate acknowledges a message whose connection has ended: if it cannot be said
// already, then when it comes again.
func (c *Client) settleLate(first *Message, asked bool) error {
	if first.QoS == mqttwire.ExactlyOnce && first.code == 0 && c.session.TakeOn(first.late) == nil {
		delete(c.stale, first.key())
		return nil
	}
	if asked && first.QoS == mqttwire.ExactlyOnce && c.stale[first.key()] != first {
		return ErrStale
	}
	first.over = true
	return nil
}

// receiverDone counts one receiver out, and reports whether it was the last.
func (c *Client) receiverDone(first *Message) bool {
	if first.waits--; first.waits > 0 {
		return false
	}
	c.inbox.count--
	c.inbox.bytes -= first.size
	return true
}

// settle acknowledges a message to the server.
func (c *Client) settle(first *Message) error {
	err := c.session.Ack(first.token, first.code)
	c.unlist(first)
	return err
}

// list keeps a message as one that is not acknowledged.
func (c *Client) list(first *Message) {
	c.unacked = append(c.unacked, first)
	first.at = len(c.unacked)
}

// unlist takes it out.
func (c *Client) unlist(first *Message) {
	if first.at == 0 {
		return
	}
	last := len(c.unacked) - 1
	c.unacked[first.at-1] = c.unacked[last]
	c.unacked[first.at-1].at = first.at
	c.unacked[last] = nil
	c.unacked, first.at = c.unacked[:last], 0
}

// receiptKey names a message of QoS 1 or 2 that the server sends again.
type receiptKey struct {
	qos mqttwire.QoS
	id  uint16
}

func (m *Message) key() receiptKey { return receiptKey{m.QoS, m.id} }

// loseAcks takes note that the connection has ended on which messages came: they come
// again. Those that handlers have, or wait for them, are acknowledged then, and not
// handed on again; of those of QoS 1 that are held by Hold their holder learns, and they
// are handed on again.
func (c *Client) loseAcks() {
	for _, first := range c.unacked {
		first.late, first.token, first.at = first.token, 0, 0
		if first.kept && first.QoS == mqttwire.AtLeastOnce {
			first.removed = true
			continue
		}
		if c.stale == nil {
			c.stale = make(map[receiptKey]*Message)
		}
		c.stale[first.key()] = first
	}
	clear(c.unacked)
	c.unacked = c.unacked[:0]
}

// forget lets a message be handed on again when it comes again.
func (c *Client) forget(first *Message) {
	first.removed = true
	if c.stale[first.key()] == first {
		delete(c.stale, first.key())
	}
}

// again reports whether a message that has come is one that a handler has, or has had,
// already: then its acknowledgement is the one of this connection.
func (c *Client) again(p *packets.Publish, token session.AckToken) bool {
	if len(c.stale) == 0 || p.QoS == 0 {
		return false
	}
	key := receiptKey{p.QoS, p.PacketID}
	first := c.stale[key]
	if first == nil {
		return false
	}
	delete(c.stale, key)
	if !p.Dup || first.Topic != string(p.Topic) || string(first.Payload) != string(p.Payload) {
		first.removed = true
		return false
	}
	first.token = token
	if first.over {
		_ = c.settle(first)
	} else {
		c.list(first)
	}
	c.stats.Repeated++
	return true
}

// inbound is what waits for handlers.
type inbound struct {
	count int
	bytes int
}

// arrived hands on a message that has come. Under the lock.
func (c *Client) arrived(e *session.Event) {
	p := e.Packet.(*packets.Publish)
	c.stats.Received++
	if c.again(p, e.Ack) {
		return
	}
	m := c.newMessage(p, e.Ack)
	b := c.o.Inbound
	if full := c.inbox.count >= b.Count || c.inbox.bytes+m.size > b.Bytes; full && m.QoS == 0 {
		c.stats.Overrun++
		return
	}
	c.inbox.count++
	c.inbox.bytes += m.size
	if m.token != 0 {
		c.list(m)
	}
	c.route(m, p)
	beyond := c.info.Version != mqttwire.V5 || len(c.unacked) > int(c.o.ReceiveMaximum)
	if c.inbox.bytes > b.Bytes && beyond && c.open {
		c.errorEvent(ErrSlow)
		c.cause = ErrSlow
		_ = c.link.Disconnect(time.Now(), nil) // behind the acknowledgements that are to be written
	}
}

// newMessage returns a message that may be kept.
func (c *Client) newMessage(p *packets.Publish, token session.AckToken) *Message {
	m := &Message{
		Topic: c.topics.name(p.Topic), Payload: append([]byte(nil), p.Payload...), QoS: p.QoS, Retain: p.Retain, Dup: p.Dup,
		c: c, token: token, id: p.PacketID, waits: 1, size: messageOverhead + len(p.Topic) + len(p.Payload) + p.Properties.Size(),
	}
	if !p.Properties.Empty() {
		m.Properties = p.Properties.Clone()
		m.Properties.Remove(mqttwire.TopicAlias)
	}
	m.first = m
	return m
}

// forReceiver returns the message for one more receiver.
func (m *Message) forReceiver() *Message {
	one := &Message{
		Topic: m.Topic, Payload: m.Payload, Properties: m.Properties, QoS: m.QoS, Retain: m.Retain, Dup: m.Dup, c: m.c, first: m,
	}
	m.waits++
	return one
}

// topicNames keeps the topic names that have come lately, as strings.
type topicNames struct{ known map[string]string }

// The most names that are kept, and the longest.
const (
	knownTopics = 256
	knownTopic  = 256
)

func (t *topicNames) name(topic []byte) string {
	if s, ok := t.known[string(topic)]; ok {
		return s
	}
	s := string(topic)
	if len(s) <= knownTopic {
		if t.known == nil || len(t.known) >= knownTopics {
			t.known = make(map[string]string)
		}
		t.known[s] = s
	}
	return s
}
