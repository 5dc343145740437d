package client

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Codec turns values into payloads and back.
type Codec interface {
	Marshal(v any) ([]byte, error)
	Unmarshal(payload []byte, v any) error
}

// JSON is the Codec of package encoding/json.
var JSON Codec = jsonCodec{}

type jsonCodec struct{}

func (jsonCodec) Marshal(v any) ([]byte, error)   { return json.Marshal(v) }
func (jsonCodec) Unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }

// Typed publishes and takes values of one type over a client.
type Typed[T any] struct {
	c     *Client
	codec Codec
}

// NewTyped returns a Typed of a client; codec nil is JSON.
func NewTyped[T any](c *Client, codec Codec) Typed[T] {
	if codec == nil {
		codec = JSON
	}
	return Typed[T]{c, codec}
}

// Publish publishes a value, as Client.Publish does.
func (t Typed[T]) Publish(ctx context.Context, topic string, v T, o ...PubOption) error {
	b, err := t.codec.Marshal(v)
	if err != nil {
		return notSent(err)
	}
	return t.c.Publish(ctx, topic, b, o...)
}

// Value returns the value of a message.
func (t Typed[T]) Value(m *Message) (v T, err error) {
	err = t.codec.Unmarshal(m.Payload, &v)
	return v, err
}

// Subscribe subscribes, as Client.Subscribe does, and has h handle the values. A message
// that holds none is refused with code 0x99, and Events.Error is told.
func (t Typed[T]) Subscribe(ctx context.Context, h func(m *Message, v T), s ...packets.Subscription) ([]Grant, error) {
	return t.c.Subscribe(ctx, func(m *Message) {
		v, err := t.Value(m)
		if err != nil {
			_ = m.Ack(mqttwire.ReasonPayloadFormatInvalid)
			t.c.tellError(fmt.Errorf("client: a message to %s is no %T: %w", m.Topic, v, err))
			return
		}
		h(m, v)
	}, s...)
}

// Request publishes a value, and returns that of the reply, as Client.Request does.
func (t Typed[T]) Request(ctx context.Context, topic string, v T, o ...PubOption) (reply T, err error) {
	b, err := t.codec.Marshal(v)
	if err != nil {
		return reply, notSent(err)
	}
	m, err := t.c.Request(ctx, topic, b, o...)
	if err != nil {
		return reply, err
	}
	return t.Value(m)
}
