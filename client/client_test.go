package client_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

var versions = []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5}

// options returns those of a client of a broker.
func (b *broker) options(v mqttwire.Version) client.Options {
	return client.Options{Version: v, ClientID: "c", Dialer: b.dial}
}

// dialed returns a client that is connected, and closed at the end of the test.
func (b *broker) dialed(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	o.Dialer = b.dial
	c, err := client.Dial(t.Context(), "mqtt://broker", o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Abort() })
	return c
}

// bubble runs a test in one.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func TestMessagesGoAndComeInEachVersionAndQoS(t *testing.T) {
	for _, v := range versions {
		for q := range mqttwire.QoS(3) {
			t.Run(fmt.Sprint(v, q), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					b := newBroker()
					c := b.dialed(t, b.options(v))
					got := make(chan *client.Message, 10)
					grants, err := c.Subscribe(t.Context(), func(m *client.Message) { got <- m }, client.Sub("a/+", q), client.Sub("b", 0))
					require.NoError(t, err)
					assert.Equal(t, []client.Grant{{Filter: "a/+", Code: mqttwire.ReasonCode(q)}, {Filter: "b", Code: 0}}, grants)
					require.NoError(t, c.Publish(t.Context(), "a/b", []byte("hello"), client.QoS(q)))
					m := <-got
					assert.Equal(t, "a/b hello", m.Topic+" "+string(m.Payload))
					assert.Equal(t, q, m.QoS)
					require.NoError(t, c.Unsubscribe(t.Context(), "a/+"))
					require.NoError(t, c.Publish(t.Context(), "a/b", []byte("more"), client.QoS(q)))
					require.NoError(t, c.Close(t.Context()))
					assert.Empty(t, got)
					disconnects := packetsOf[*packets.Disconnect](b)
					require.Len(t, disconnects, 1)
					assert.Equal(t, mqttwire.ReasonCode(0), disconnects[0].ReasonCode)
					assert.NoError(t, c.Run(t.Context()))
				})
			})
		}
	}
}

func TestWhatIsPublishedWithoutAConnectionGoesOutInOrderAfterIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
		b.set(func() { b.away = errAway })
		b.cut()
		pass(time.Millisecond)
		var list []*client.Delivery
		for i := range 5 {
			list = append(list, c.Send(&packets.Publish{Topic: []byte("t"), Payload: fmt.Append(nil, i), QoS: mqttwire.QoS(i%2 + 1)}))
		}
		assert.ErrorIs(t, c.Publish(t.Context(), "t", nil), client.ErrNotConnected)
		assert.ErrorIs(t, c.Publish(t.Context(), "t", nil, client.QoS(1), client.Unkept()), client.ErrNotSent)
		pass(time.Minute)
		b.set(func() { b.away = nil })
		for _, d := range list {
			assert.NoError(t, d.Err())
		}
		got := packetsOf[*packets.Publish](b)
		require.Len(t, got, 5)
		for i, p := range got {
			assert.Equal(t, fmt.Sprint(i), string(p.Payload))
		}
		require.NoError(t, c.Close(context.Background()))
	})
}

// pass lets time pass, and then everything that is under way come to rest.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
