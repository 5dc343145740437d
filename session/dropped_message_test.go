package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestWhatIsToldOfADroppedMessageHasTheMessage(t *testing.T) {
	s := session.New(session.Options{Side: mqttwire.FromServer, Queue: session.Bounds{Count: 1}, Full: session.DropOldest})
	m := message("a", "first")
	_, err := s.Publish(began, m, session.Delivery{QoS: 1, Quiet: true})
	assert.NoError(t, err)
	_, err = s.Publish(began, message("a", "second"), session.Delivery{QoS: 1})
	assert.NoError(t, err)
	e, ok := s.Event()
	for ok && e.Kind != session.Dropped {
		e, ok = s.Event()
	}
	assert.True(t, ok)
	assert.Equal(t, session.DropFull, e.Drop)
	assert.Same(t, m, e.Message)

	s = session.New(session.Options{Side: mqttwire.FromServer, Queue: session.Bounds{Count: 1}, Full: session.DropNewest})
	for _, m := range []*session.Message{message("a", "first"), m} {
		_, err = s.Publish(began, m, session.Delivery{QoS: 1})
		assert.NoError(t, err)
	}
	for e, ok = s.Event(); ok && e.Kind != session.Dropped; e, ok = s.Event() {
	}
	assert.True(t, ok)
	assert.Same(t, m, e.Message, "the new one")

	c := session.New(session.Options{Side: mqttwire.FromClient})
	_, err = c.Subscribe(began, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
	assert.NoError(t, err)
	c.End(began)
	e, ok = c.Event()
	assert.True(t, ok)
	assert.Equal(t, session.Dropped, e.Kind)
	assert.Nil(t, e.Message)
}
