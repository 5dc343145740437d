package client_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// givesUp returns a context that ends within a second.
func givesUp(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}

// next returns what comes from a channel, within an hour.
func next[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(time.Hour):
		require.Fail(t, "nothing comes")
	}
	return v
}

// offline cuts a client's connection, and lets none be made until the returned function
// is called.
func (b *broker) offline() (back func()) {
	b.set(func() { b.away = errAway })
	b.cut()
	synctest.Wait()
	return func() { b.set(func() { b.away = nil }) }
}

func TestAnUnsubscribeThatIsWithdrawnLeavesTheHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
		got := make(chan string, 10)
		_, err := c.Subscribe(t.Context(), func(m *client.Message) { got <- m.Topic }, client.Sub("a", 1), client.Sub("b", 1))
		require.NoError(t, err)
		back := b.offline()
		require.ErrorIs(t, c.Unsubscribe(givesUp(t), "a"), client.ErrNotSent)
		back()
		require.NoError(t, c.AwaitConnection(t.Context()))
		b.publish(&packets.Publish{Topic: []byte("a"), QoS: 1})
		assert.Equal(t, "a", next(t, got))

		b.set(func() {
			b.answer = func(p mqttwire.Packet) mqttwire.Packet {
				if u, ok := p.(*packets.Unsubscribe); ok {
					return &packets.Unsuback{PacketID: u.PacketID, ReasonCodes: []mqttwire.ReasonCode{mqttwire.ReasonNotAuthorized, 0}}
				}
				return nil
			}
		})
		require.ErrorIs(t, c.Unsubscribe(t.Context(), "a", "b"), client.ErrRefused)
		b.publish(&packets.Publish{Topic: []byte("a"), QoS: 1})
		assert.Equal(t, "a", next(t, got), "the server has refused to end it")
		b.set(func() { b.answer = nil })
		require.NoError(t, c.Unsubscribe(t.Context(), "a"))
	})
}

// refuse has the server refuse what is published, but only from now on.
func (b *broker) refuse(code mqttwire.ReasonCode) {
	b.set(func() {
		b.answer = func(p mqttwire.Packet) mqttwire.Packet {
			if p, ok := p.(*packets.Publish); ok && p.QoS == 1 {
				return &packets.Puback{PacketID: p.PacketID, ReasonCode: code}
			}
			return nil
		}
	})
}

// deadLetters returns Options.OnDropped, and where what it is told comes.
func deadLetters() (func(client.Dropped), chan client.Dropped) {
	told := make(chan client.Dropped, 10)
	return func(d client.Dropped) { told <- d }, told
}

func TestWhatIsRefusedOnceItsCallerWaitsNoLongerIsADeadLetter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := client.Options{ClientID: "c", Expiry: time.Hour}
		var told chan client.Dropped
		o.OnDropped, told = deadLetters()
		c := b.dialed(t, o)
		b.mute(c)
		require.ErrorIs(t, c.Publish(givesUp(t), "t", []byte("x"), client.QoS(1)), client.ErrUnknown)
		flushed := make(chan error, 1)
		go func() { flushed <- c.Flush(t.Context()) }()
		synctest.Wait()
		assert.Empty(t, flushed, "the message is still on its way")
		b.set(func() { b.silent = false })
		b.refuse(mqttwire.ReasonQuotaExceeded)
		b.cut()
		d := next(t, told)
		assert.Equal(t, "x", string(d.Message.Payload))
		assert.Equal(t, mqttwire.ReasonQuotaExceeded, d.Err.Code)
		require.NoError(t, next(t, flushed))
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestASubscriptionThatIsRefusedOnceItsCallerWaitsNoLongerHasNoHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := client.Options{ClientID: "c", Expiry: time.Hour}
		rest := make(chan string, 10)
		o.OnMessage = func(m *client.Message) { rest <- m.Topic }
		c := b.dialed(t, o)
		b.mute(c)
		_, err := c.Subscribe(givesUp(t), func(*client.Message) { rest <- "its handler" }, client.Sub("no", 1))
		require.ErrorIs(t, err, client.ErrUnknown)
		b.refusing()
		b.set(func() { b.silent = false })
		b.cut()
		require.NoError(t, c.AwaitConnection(t.Context()))
		require.NoError(t, c.Flush(t.Context()))
		b.of("c").send(&packets.Publish{Topic: []byte("no")})
		assert.Equal(t, "no", next(t, rest))
	})
}

func TestWhatAJournalHadIsADeadLetterToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.away = errAway
		o := client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Journal: session.MemoryJournal()}
		c, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		c.Send(&packets.Publish{Topic: []byte("t"), Payload: []byte("large"), QoS: 1})
		c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
		require.NoError(t, c.Close(t.Context()))

		b.away = nil
		b.connack = func(*packets.Connect) *packets.Connack {
			ack := &packets.Connack{}
			ack.Properties.SetMaximumPacketSize(11)
			return ack
		}
		var told chan client.Dropped
		o.OnDropped, told = deadLetters()
		c, err = client.Dial(t.Context(), "mqtt://broker", o)
		require.NoError(t, err)
		d := next(t, told)
		assert.Equal(t, "large", string(d.Message.Payload))
		assert.Equal(t, session.DropTooLarge, d.Err.Drop)
		assert.ErrorIs(t, d.Err, client.ErrNotSent)
		require.NoError(t, c.Close(t.Context()))
		assert.Empty(t, told)
	})
}

func TestWhatAJournalHadAndTheServerRefusesIsADeadLetterToo(t *testing.T) {
	for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.away = errAway
			o := client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Journal: session.MemoryJournal()}
			c, err := client.New("mqtt://broker", o)
			require.NoError(t, err)
			c.Send(&packets.Publish{Topic: []byte("no"), Payload: []byte("x"), QoS: q})
			require.NoError(t, c.Close(t.Context()))

			b.away = nil
			b.refusing()
			var told chan client.Dropped
			o.OnDropped, told = deadLetters()
			c, err = client.Dial(t.Context(), "mqtt://broker", o)
			require.NoError(t, err)
			require.NoError(t, c.Flush(t.Context()))
			d := next(t, told)
			assert.Equal(t, "no x", string(d.Message.Topic)+" "+string(d.Message.Payload))
			assert.Equal(t, mqttwire.ReasonNotAuthorized, d.Err.Code)
			assert.ErrorIs(t, d.Err, client.ErrRefused)
			require.NoError(t, c.Close(t.Context()))
			assert.Empty(t, told)
		})
	}
}
