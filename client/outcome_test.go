package client_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// refusing lets a broker refuse messages and subscriptions of the topic no.
func (b *broker) refusing() {
	b.answer = func(p mqttwire.Packet) mqttwire.Packet {
		switch p := p.(type) {
		case *packets.Publish:
			switch {
			case string(p.Topic) == "no" && p.QoS == 1:
				return &packets.Puback{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNotAuthorized}
			case string(p.Topic) == "no" && p.QoS == 2:
				return &packets.Pubrec{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNotAuthorized}
			case string(p.Topic) == "nobody" && p.QoS == 1:
				return &packets.Puback{PacketID: p.PacketID, ReasonCode: mqttwire.ReasonNoMatchingSubscribers}
			}
		case *packets.Subscribe:
			a := &packets.Suback{PacketID: p.PacketID}
			for _, sub := range p.Subscriptions {
				code := mqttwire.ReasonCode(sub.QoS)
				if string(sub.Filter) == "no" {
					code = mqttwire.ReasonNotAuthorized
				}
				a.ReasonCodes = append(a.ReasonCodes, code)
			}
			return a
		}
		return nil
	}
}

func TestARefusedMessageIsAnErrorWithItsCode(t *testing.T) {
	for q := mqttwire.QoS(1); q <= 2; q++ {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.refusing()
			o := b.options(mqttwire.V5)
			dead := make(chan client.Dropped, 1)
			o.OnDropped = func(d client.Dropped) { dead <- d }
			c := b.dialed(t, o)
			err := c.Publish(t.Context(), "no", []byte("x"), client.QoS(q))
			assert.ErrorIs(t, err, client.ErrRefused)
			assert.NotErrorIs(t, err, client.ErrUnknown)
			var e *client.RequestError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, mqttwire.ReasonNotAuthorized, e.Code)
			assert.Equal(t, "client: refused by the server, reason 0x87 Not authorized", err.Error())
			d := <-dead
			assert.Equal(t, "no x", string(d.Message.Topic)+" "+string(d.Message.Payload))
			assert.Same(t, e, d.Err)
			pass(time.Second)
			assert.Empty(t, packetsOf[*packets.Pubrel](b), "none follows a refusing PUBREC")
		})
	}
}

func TestTheCodeOfSuccessIsThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.refusing()
		c := b.dialed(t, b.options(mqttwire.V5))
		var code mqttwire.ReasonCode
		require.NoError(t, c.Publish(t.Context(), "nobody", nil, client.QoS(1), client.CodeTo(&code)))
		assert.Equal(t, mqttwire.ReasonNoMatchingSubscribers, code)
		d := c.Send(&packets.Publish{Topic: []byte("nobody"), QoS: 1})
		assert.Equal(t, mqttwire.ReasonNoMatchingSubscribers, d.Code())
		assert.Equal(t, session.Acked, d.Outcome())
		_, err := c.Request(t.Context(), "nobody", nil)
		assert.ErrorIs(t, err, client.ErrNoResponder)
	})
}

func TestTrap10AContextThatEndsSaysWhatIsTrueOfTheMessage(t *testing.T) {
	for q := mqttwire.QoS(1); q <= 2; q++ {
		for _, sent := range []bool{false, true} {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
				if sent {
					b.mute(nil)
				} else {
					b.set(func() { b.away = errAway })
					b.cut()
					time.Sleep(time.Millisecond)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				before := time.Now()
				err := c.Publish(ctx, "t", []byte("x"), client.QoS(q))
				assert.Equal(t, 5*time.Second, time.Since(before))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				b.set(func() { b.silent, b.away = false, nil })
				b.cut()
				pass(5 * time.Minute)
				got := packetsOf[*packets.Publish](b)
				if sent {
					assert.ErrorIs(t, err, client.ErrUnknown)
					assert.NotEmpty(t, got, "it goes on")
				} else {
					assert.ErrorIs(t, err, client.ErrNotSent)
					assert.Empty(t, got, "it was withdrawn")
				}
				assert.Zero(t, c.Stats().Session.InFlight+c.Stats().Session.Waiting)
			})
		}
	}
}

func TestTrap10EveryRequestEndsWithTheClient(t *testing.T) {
	for _, v := range versions {
		for name, end := range map[string]func(c *client.Client){
			"Abort": func(c *client.Client) { _ = c.Abort() },
			"Close": func(c *client.Client) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				_ = c.Close(ctx)
			},
		} {
			t.Run(fmt.Sprint(v, name), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					b := newBroker()
					c := b.dialed(t, client.Options{Version: v, ClientID: "c", Session: session.Options{InFlight: 1, Queue: session.Bounds{Count: 4}}})
					b.mute(nil)
					errs := make(chan error, 20)
					ask := func(f func() error) { go func() { errs <- f() }() }
					for q := mqttwire.QoS(1); q <= 2; q++ {
						for range 4 { // more than the queue takes
							ask(func() error { return c.Publish(context.Background(), "t", nil, client.QoS(q)) })
						}
					}
					ask(func() error { _, err := c.Subscribe(context.Background(), nil, client.Sub("t", 1)); return err })
					ask(func() error { return c.Unsubscribe(context.Background(), "t") })
					ask(func() error { return c.Flush(context.Background()) })
					synctest.Wait()
					end(c)
					for range 11 {
						select {
						case err := <-errs:
							known := errors.Is(err, client.ErrNotSent) || errors.Is(err, client.ErrUnknown) || errors.Is(err, client.ErrClosed) || err == nil
							assert.True(t, known, "%v", err)
						case <-time.After(time.Second):
							require.Fail(t, "somebody waits still")
						}
					}
					assert.ErrorIs(t, c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1}).Err(), client.ErrNotSent)
				})
			})
		}
	}
}

func TestPublishWaitsForRoomAndSendDoesNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour, Session: session.Options{Queue: session.Bounds{Count: 2}}})
		b.set(func() { b.away = errAway })
		b.cut()
		pass(time.Millisecond)
		list := []*client.Delivery{}
		for range 3 {
			list = append(list, c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1}))
		}
		assert.ErrorIs(t, list[2].Err(), client.ErrNotSent)
		assert.ErrorIs(t, list[2].Err(), client.ErrQueueFull)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Publish(ctx, "t", nil, client.QoS(1))
		assert.ErrorIs(t, err, client.ErrNotSent)
		assert.ErrorIs(t, err, client.ErrQueueFull)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		errs := make(chan error, 20)
		for range 20 {
			go func() { errs <- c.Publish(t.Context(), "t", nil, client.QoS(1)) }()
		}
		pass(time.Second)
		b.set(func() { b.away = nil })
		for range 20 {
			assert.NoError(t, <-errs)
		}
		assert.NoError(t, list[0].Err())
		assert.Len(t, packetsOf[*packets.Publish](b), 22)
	})
}

func TestTrap15APoisonMessageIsDroppedAndTheNextGoesOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		dead := make(chan client.Dropped, 10)
		o := client.Options{ClientID: "c", Expiry: time.Hour, OnDropped: func(d client.Dropped) { dead <- d }}
		c := b.dialed(t, o)
		b.set(func() {
			b.away = errAway
			b.connack = func(*packets.Connect) *packets.Connack {
				a := &packets.Connack{}
				a.Properties.SetMaximumPacketSize(100)
				a.Properties.SetMaximumQoS(1)
				return a
			}
		})
		b.cut()
		pass(time.Millisecond)
		large := c.Send(&packets.Publish{Topic: []byte("large"), Payload: make([]byte, 200), QoS: 1})
		late := &packets.Publish{Topic: []byte("late"), QoS: 1}
		late.Properties.SetMessageExpiryInterval(10)
		expired := c.Send(late)
		high := c.Send(&packets.Publish{Topic: []byte("high"), QoS: 2})
		next := c.Send(&packets.Publish{Topic: []byte("next"), QoS: 1})
		pass(time.Minute)
		b.set(func() { b.away = nil })
		assert.NoError(t, next.Err())
		for d, why := range map[*client.Delivery]session.Drop{large: session.DropTooLarge, expired: session.DropExpired, high: session.DropNotSupported} {
			var e *client.RequestError
			require.ErrorAs(t, d.Err(), &e)
			assert.Equal(t, why, e.Drop)
			assert.ErrorIs(t, d.Err(), client.ErrNotSent)
		}
		topics := ""
		for range 3 {
			topics += string((<-dead).Message.Topic) + " "
		}
		for _, want := range []string{"large", "late", "high"} {
			assert.Contains(t, topics, want)
		}
		assert.Len(t, b.dials, len(b.all)+int(countAway(b)))
	})
}

// countAway returns how many dials found the broker away.
func countAway(b *broker) int { return len(b.dials) - len(b.all) }

func TestExpiryHoldsInEveryVersion(t *testing.T) {
	for _, v := range versions {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			o := client.Options{Version: v, ClientID: "c", Expiry: time.Hour, TimeToLive: 20 * time.Second}
			c := b.dialed(t, o)
			b.set(func() { b.away = errAway })
			b.cut()
			pass(time.Millisecond)
			errs := make(chan error, 2)
			go func() { errs <- c.Publish(t.Context(), "t", nil, client.QoS(1)) }()
			go func() { errs <- c.Publish(t.Context(), "t", nil, client.QoS(1), client.Expiry(10*time.Minute)) }()
			pass(3 * time.Minute)
			b.set(func() { b.away = nil })
			err := errors.Join(<-errs, <-errs)
			assert.ErrorIs(t, err, client.ErrNotSent)
			got := packetsOf[*packets.Publish](b)
			require.Len(t, got, 1)
			if left, ok := got[0].Properties.MessageExpiryInterval(); v == mqttwire.V5 {
				assert.True(t, ok)
				assert.InDelta(t, 390, left, 31, "10 minutes, of which 3 were waited, and up to one for the next attempt")
			}
		})
	}
}

func TestQoSIsLoweredToTheServersMaximumIfAsked(t *testing.T) {
	for _, lower := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.connack = func(*packets.Connect) *packets.Connack {
				a := &packets.Connack{}
				a.Properties.SetMaximumQoS(1)
				return a
			}
			b.away = errAway
			o := b.options(mqttwire.V5)
			o.LowerQoS = lower
			c, err := client.New("mqtt://broker", o)
			require.NoError(t, err)
			require.NoError(t, c.Start())
			waits := c.Send(&packets.Publish{Topic: []byte("waits"), QoS: 2})
			b.set(func() { b.away = nil })
			require.NoError(t, c.AwaitConnection(t.Context()))
			t.Cleanup(func() { _ = c.Abort() })
			err = c.Publish(t.Context(), "t", nil, client.QoS(2))
			if !lower {
				assert.ErrorIs(t, err, client.ErrNotSent)
				assert.ErrorIs(t, err, session.ErrNotSupported)
				assert.ErrorIs(t, waits.Err(), client.ErrNotSent)
				return
			}
			require.NoError(t, err)
			require.NoError(t, waits.Err())
			for i, topic := range []string{"waits", "t"} {
				p := packetsOf[*packets.Publish](b)[i]
				assert.Equal(t, topic, string(p.Topic))
				assert.Equal(t, mqttwire.AtLeastOnce, p.QoS)
			}
		})
	}
}

func TestWhatNoPacketMayHaveIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		ctx := t.Context()
		for what, err := range map[string]error{
			"a wildcard":       c.Publish(ctx, "a/#", nil),
			"no topic":         c.Publish(ctx, "", nil),
			"QoS 3":            c.Publish(ctx, "a", nil, client.QoS(3)),
			"a property":       c.Publish(ctx, "a", nil, client.Property(mqttwire.ContentType, 7)),
			"Send":             c.Send(&packets.Publish{}).Err(),
			"no filter":        second(c.Subscribe(ctx, nil)),
			"a broken filter":  second(c.Subscribe(ctx, nil, client.Sub("a/#/b", 0))),
			"none to remove":   c.Unsubscribe(ctx),
			"a broken one":     c.Unsubscribe(ctx, "a+"),
			"a broken share":   second(c.Subscribe(ctx, func(*client.Message) {}, client.Sub("$share/a", 0))),
			"too large":        c.Publish(ctx, "a", make([]byte, 2<<20)),
			"too large, QoS 1": c.Publish(ctx, "a", make([]byte, 2<<20), client.QoS(1)),
		} {
			assert.ErrorIs(t, err, client.ErrNotSent, what)
		}
		assert.Error(t, c.Handle("a/#/b", nil))
		assert.NoError(t, c.Publish(ctx, "a", nil, client.QoS(1)), "it is connected still")
		assert.Equal(t, 1, b.dialedTimes())
	})
}

func second[T any](_ T, err error) error { return err }

func TestTheContextEndsEachWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.silent = true
		c, err := client.New("mqtt://broker", b.options(mqttwire.V5))
		require.NoError(t, err)
		require.NoError(t, c.Start())
		for name, wait := range map[string]func(ctx context.Context) error{
			"Publish":         func(ctx context.Context) error { return c.Publish(ctx, "t", nil, client.QoS(1)) },
			"Subscribe":       func(ctx context.Context) error { return second(c.Subscribe(ctx, nil, client.Sub("t", 0))) },
			"Unsubscribe":     func(ctx context.Context) error { return c.Unsubscribe(ctx, "t") },
			"AwaitConnection": c.AwaitConnection,
			"Request":         func(ctx context.Context) error { return second(c.Request(ctx, "t", nil)) },
			"Flush": func(ctx context.Context) error {
				c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
				return c.Flush(ctx)
			},
			"Messages": func(ctx context.Context) error {
				for range c.Messages(ctx) {
					assert.Fail(t, "there is none")
				}
				return ctx.Err()
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			before := time.Now()
			assert.ErrorIs(t, wait(ctx), context.DeadlineExceeded, name)
			assert.Equal(t, 5*time.Second, time.Since(before), name)
			cancel()
		}
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestFlushWaitsForAllThatWasAskedForBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
		far := b.of("c")
		far.conn.in.set(func(s *stream) { s.pace = 10 << 10 })
		var list []*client.Delivery
		for q := range mqttwire.QoS(3) {
			for range 20 {
				list = append(list, c.Send(&packets.Publish{Topic: []byte("t"), Payload: make([]byte, 1000), QoS: q}))
			}
		}
		require.NoError(t, c.Publish(t.Context(), "last", make([]byte, 70000)), "of QoS 0, which nobody waits for")
		require.NoError(t, c.Flush(t.Context()))
		for _, d := range list {
			select {
			case <-d.Done():
			default:
				assert.Fail(t, "it has not ended")
			}
		}
		assert.GreaterOrEqual(t, c.Stats().BytesOut, uint64(130000))
	})
}

func TestErrorsTellInOneLine(t *testing.T) {
	for _, e := range []*client.RequestError{
		{Outcome: session.NotSent, Err: session.ErrQueueFull}, {Outcome: session.Unknown, Drop: session.DropSessionLost},
		{Outcome: session.Refused, Code: mqttwire.ReasonQuotaExceeded}, {Outcome: session.Unknown, Err: context.Canceled},
	} {
		assert.False(t, strings.Contains(e.Error(), "\n"))
		assert.True(t, strings.HasPrefix(e.Error(), "client: "), e.Error())
	}
}

func TestWhatOnePublishAsksForIsNotThatOfTheNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, err := client.New("mqtt://broker", client.Options{})
		require.NoError(t, err)
		for range 20 {
			assert.ErrorIs(t, c.Publish(t.Context(), "t", nil, client.QoS(1), client.Unkept()), client.ErrNotConnected)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			assert.ErrorIs(t, c.Publish(ctx, "t", nil, client.QoS(1)), context.DeadlineExceeded)
			cancel()
		}
	})
}
