package client_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestRequestsGetTheirOwnReplies(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		responder := b.dialed(t, client.Options{ClientID: "responder"})
		_, err := responder.SubscribeTo(t.Context(), &client.Inbox{Workers: 4, Handler: func(m *client.Message) {
			assert.NoError(t, m.Reply(context.Background(), []byte(strings.ToUpper(string(m.Payload)))))
		}}, client.Sub("upper/+", 1))
		require.NoError(t, err)
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
		done := make(chan string, 50)
		for i := range 50 {
			go func() {
				m, err := c.Request(t.Context(), fmt.Sprint("upper/", i), fmt.Append(nil, "a", i))
				if err != nil {
					done <- err.Error()
					return
				}
				done <- fmt.Sprint(string(m.Payload) == fmt.Sprint("A", i))
			}()
		}
		for range 50 {
			assert.Equal(t, "true", <-done)
		}
		assert.Len(t, packetsOf[*packets.Subscribe](b), 2, "one for all replies")

		b.set(func() { // trap 9: it works on when the server has lost the session
			delete(b.sessions, "c")
		})
		b.cut()
		pass(time.Minute)
		m, err := c.Request(t.Context(), "upper/x", []byte("more"))
		require.NoError(t, err)
		assert.Equal(t, "MORE", string(m.Payload))
		pass(time.Second) // until the reply is acknowledged too
	})
}

func TestTrap1ARequestInsideAHandlerGetsItsReply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c"})
		other := b.dialed(t, client.Options{ClientID: "d"})
		_, err := other.Subscribe(t.Context(), func(m *client.Message) { _ = m.Reply(t.Context(), m.Payload) }, client.Sub("echo", 1))
		require.NoError(t, err)
		got := make(chan string, 1)
		_, err = c.Subscribe(t.Context(), func(m *client.Message) {
			r, err := c.Request(t.Context(), "echo", m.Payload)
			assert.NoError(t, err)
			got <- string(r.Payload)
		}, client.Sub("t", 1))
		require.NoError(t, err)
		b.publish(&packets.Publish{Topic: []byte("t"), Payload: []byte("x"), QoS: 1})
		assert.Equal(t, "x", <-got)
	})
}

func TestARequestIsOf5AndEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{Version: mqttwire.V311, ClientID: "c"})
		_, err := c.Request(t.Context(), "t", nil)
		assert.ErrorIs(t, err, client.ErrNotSent)
		assert.ErrorIs(t, err, session.ErrNotSupported)
		c = b.dialed(t, client.Options{ClientID: "d"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Request(ctx, "t", nil)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, (&client.Message{}).Reply(ctx, nil), client.ErrNotSent)
	})
}

func TestRepliesGoWhereTheServerWishes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.connack = func(p *packets.Connect) *packets.Connack {
			a := &packets.Connack{}
			if ask, _ := p.Properties.RequestResponseInformation(); ask {
				a.Properties.SetResponseInformation([]byte("here/"))
			}
			return a
		}
		c := b.dialed(t, client.Options{ClientID: "c"})
		_, err := c.Subscribe(t.Context(), func(m *client.Message) { _ = m.Reply(t.Context(), nil) }, client.Sub("t", 1))
		require.NoError(t, err)
		m, err := c.Request(t.Context(), "t", nil)
		require.NoError(t, err)
		assert.Regexp(t, "^here/[A-Z2-7]{26}$", m.Topic)
	})
}

// reading is a value to publish.
type reading struct {
	Sensor string  `json:"sensor"`
	Value  float64 `json:"value"`
}

func TestTypedPublishesAndTakesValues(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		var errs eventLog
		c, err := client.New("mqtt://broker", b.options(mqttwire.V5))
		require.NoError(t, err)
		c.On(client.Events{Error: func(_ *client.Client, err error) { errs.add("%v", err) }})
		require.NoError(t, c.Connect(t.Context()))
		readings := client.NewTyped[reading](c, nil)
		got := make(chan reading, 1)
		_, err = readings.Subscribe(t.Context(), func(_ *client.Message, r reading) { got <- r }, client.Sub("r/+", 1))
		require.NoError(t, err)
		require.NoError(t, readings.Publish(t.Context(), "r/1", reading{"one", 1.5}, client.QoS(1)))
		assert.Equal(t, reading{"one", 1.5}, <-got)
		require.NoError(t, c.Publish(t.Context(), "r/1", []byte("no JSON"), client.QoS(1)))
		pass(time.Second)
		require.Len(t, errs.all(), 1)
		assert.Contains(t, errs.all()[0], "a message to r/1 is no client_test.reading")
		acks := packetsOf[*packets.Puback](b)
		assert.Equal(t, mqttwire.ReasonPayloadFormatInvalid, acks[len(acks)-1].ReasonCode)
		_, err = c.Subscribe(t.Context(), func(m *client.Message) { _ = m.Reply(t.Context(), m.Payload) }, client.Sub("echo", 1))
		require.NoError(t, err)
		r, err := readings.Request(t.Context(), "echo", reading{"two", 2})
		require.NoError(t, err)
		assert.Equal(t, reading{"two", 2}, r)
		assert.ErrorIs(t, client.NewTyped[any](c, nil).Publish(t.Context(), "t", make(chan int)), client.ErrNotSent)
		require.NoError(t, c.Close(t.Context()))
	})
}
