package client

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// replies are the requests that wait for a reply. Section 4.10.
type replies struct {
	topic   string        // to reply to; empty until it was subscribed to
	asking  chan struct{} // closed when a SUBSCRIBE for it has ended; nil if there is none
	last    uint64
	waiting map[string]chan *Message
}

// Request publishes a message, with QoS 1 unless told otherwise, and waits for the reply
// to it: a message with its Correlation Data to its Response Topic, which is one of this
// client alone, to which it subscribes with the first Request. It is of 5.0 only: before,
// the error is ErrNotSent with session.ErrNotSupported. When ctx ends, the error is that of
// ctx; if nobody has subscribed to the topic and the server says so it is
// ErrNoResponder. Section 4.10.
func (c *Client) Request(ctx context.Context, topic string, payload []byte, o ...PubOption) (*Message, error) {
	if err := c.AwaitConnection(ctx); err != nil {
		return nil, notSent(err)
	}
	if c.ServerInfo().Version != mqttwire.V5 {
		return nil, notSent(session.ErrNotSupported)
	}
	to, err := c.replyTopic(ctx)
	if err != nil {
		return nil, err
	}
	id, reply := c.awaitReply()
	defer c.forgetReply(id)
	var code mqttwire.ReasonCode
	all := append([]PubOption{QoS(mqttwire.AtLeastOnce)}, o...)
	all = append(all, Property(mqttwire.ResponseTopic, to), Property(mqttwire.CorrelationData, []byte(id)), CodeTo(&code))
	if err := c.Publish(ctx, topic, payload, all...); err != nil {
		return nil, err
	}
	if code == mqttwire.ReasonNoMatchingSubscribers {
		return nil, ErrNoResponder
	}
	select {
	case m := <-reply:
		return m, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.ended:
		return nil, c.usableNow()
	}
}

// ErrNoResponder: the server says that nobody has subscribed to the topic of a Request.
var ErrNoResponder = errors.New("client: nobody has subscribed to the topic of the request")

// replyTopic returns the topic that replies come to, subscribed to.
func (c *Client) replyTopic(ctx context.Context) (string, error) {
	for {
		c.mu.Lock()
		topic, asking := c.replies.topic, c.replies.asking
		if topic == "" && asking == nil {
			c.replies.asking = make(chan struct{})
			c.unlock()
			return c.subscribeReplies(ctx)
		}
		c.unlock()
		if topic != "" {
			return topic, nil
		}
		select {
		case <-asking:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// subscribeReplies subscribes to a topic that nobody else can guess, below the one that
// the server wishes if it does. Section 4.10.1.
func (c *Client) subscribeReplies(ctx context.Context) (string, error) {
	prefix := "reply/"
	if connack := c.ServerInfo().Connack; connack != nil {
		if wish, ok := connack.Properties.ResponseInformation(); ok {
			prefix = string(wish)
		}
	}
	topic := prefix + rand.Text()
	b := &Inbox{Handler: c.replied} // apart, so that a handler can wait for a reply
	_, err := c.SubscribeTo(ctx, b, Sub(topic, mqttwire.AtLeastOnce))
	c.mu.Lock()
	defer c.unlock()
	close(c.replies.asking)
	c.replies.asking = nil
	if err == nil {
		c.replies.topic = topic
	}
	return topic, err
}

// awaitReply returns new Correlation Data, and where the reply with it comes.
func (c *Client) awaitReply() (id string, reply <-chan *Message) {
	c.mu.Lock()
	defer c.unlock()
	r := &c.replies
	if r.waiting == nil {
		r.waiting = make(map[string]chan *Message)
	}
	r.last++
	id = string(binary.BigEndian.AppendUint64(nil, r.last))
	to := make(chan *Message, 1)
	r.waiting[id] = to
	return id, to
}

func (c *Client) forgetReply(id string) {
	c.mu.Lock()
	defer c.unlock()
	delete(c.replies.waiting, id)
}

// replied takes a reply. One that nobody waits for is thrown away.
func (c *Client) replied(m *Message) {
	id, _ := m.Properties.CorrelationData()
	c.mu.Lock()
	defer c.unlock()
	if to := c.replies.waiting[string(id)]; to != nil {
		delete(c.replies.waiting, string(id))
		to <- m
	}
}

// Reply publishes the reply to a message that is a request, with its QoS: to its
// Response Topic, with its Correlation Data. The error is ErrNotSent if it has no
// Response Topic. Section 4.10.
func (m *Message) Reply(ctx context.Context, payload []byte, o ...PubOption) error {
	to, ok := m.Properties.ResponseTopic()
	if !ok {
		return notSent(errors.New("client: the message asks for no reply"))
	}
	all := []PubOption{QoS(m.QoS)}
	if id, ok := m.Properties.CorrelationData(); ok {
		all = append(all, Property(mqttwire.CorrelationData, id))
	}
	return m.c.Publish(ctx, string(to), payload, append(all, o...)...)
}
