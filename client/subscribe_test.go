package client_test

import (
	"context"
	"fmt"
	"sync"
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

// asked notes the subscriptions that a broker is asked for.
func (b *broker) asked() *eventLog {
	var log eventLog
	b.subscribe = func(s packets.Subscription, id uint32) {
		log.add("%s %d %t %t %d", s.Filter, s.QoS, s.NoLocal, s.RetainAsPublished, s.RetainHandling)
	}
	return &log
}

func TestTrap9SubscriptionsAreMadeAgainWhereTheServerHasLostThem(t *testing.T) {
	for _, v := range versions {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, client.Options{Version: v, ClientID: "c", Expiry: time.Hour})
			got := make(chan string, 10)
			sub := client.Sub("a/+", 1)
			if v == mqttwire.V5 {
				sub.NoLocal, sub.RetainAsPublished, sub.RetainHandling = true, true, 2
			}
			_, err := c.Subscribe(t.Context(), func(m *client.Message) { got <- m.Topic }, sub, client.Sub("b", 2))
			require.NoError(t, err)
			_, err = c.Subscribe(t.Context(), nil, client.Sub("gone", 2))
			require.NoError(t, err)
			require.NoError(t, c.Unsubscribe(t.Context(), "gone"))
			log := b.asked()
			b.set(func() { b.forget = true })
			b.cut()
			pass(time.Minute)
			if v == mqttwire.V31 { // there no CONNACK tells
				assert.Empty(t, log.all())
				return
			}
			want := []string{"a/+ 1 false false 0", "b 2 false false 0"}
			if v == mqttwire.V5 {
				want[0] = "a/+ 1 true true 2"
			}
			assert.Equal(t, want, log.all())
			b.publish(&packets.Publish{Topic: []byte("a/x"), QoS: 1})
			assert.Equal(t, "a/x", <-got)
		})
	}
}

func TestTrap9ASubscribeThatIsUnderWayIsSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
		b.mute(nil)
		granted := make(chan error, 1)
		go func() { granted <- second(c.Subscribe(context.Background(), nil, client.Sub("a", 1))) }()
		synctest.Wait()
		b.set(func() { b.silent = false })
		b.cut()
		assert.NoError(t, <-granted)
	})
}

func TestRefusedSubscriptionsAreTold(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.refusing()
			o := b.options(v)
			o.OnMessage = func(m *client.Message) { assert.Fail(t, "there is none") }
			c := b.dialed(t, o)
			got := make(chan string, 10)
			grants, err := c.Subscribe(t.Context(), func(m *client.Message) { got <- m.Topic }, client.Sub("yes", 1), client.Sub("no", 1))
			assert.ErrorIs(t, err, client.ErrRefused)
			code := mqttwire.ReasonNotAuthorized
			if v == mqttwire.V311 {
				code = mqttwire.ReturnFailure
			}
			assert.Equal(t, []client.Grant{{Filter: "yes", Code: 1}, {Filter: "no", Code: code}}, grants)
			var e *client.SubscribeError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, []string{"no"}, e.Filters)
			_, ok := grants[1].QoS()
			assert.False(t, ok)
			q, ok := grants[0].QoS()
			assert.Equal(t, mqttwire.AtLeastOnce, q)
			assert.True(t, ok)
			b.publish(&packets.Publish{Topic: []byte("yes"), QoS: 1})
			assert.Equal(t, "yes", <-got)
			log := b.asked()
			b.set(func() { b.forget = true })
			b.cut()
			pass(time.Minute)
			assert.Equal(t, []string{"yes 1 false false 0"}, log.all())
		})
	}
}

func TestASubscriptionThatIsRefusedWhenItIsMadeAgainIsToldOf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		errs := make(chan error, 1)
		c, err := client.New("mqtt://broker", client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour})
		require.NoError(t, err)
		c.On(client.Events{Error: func(_ *client.Client, err error) { errs <- err }})
		require.NoError(t, c.Connect(t.Context()))
		_, err = c.Subscribe(t.Context(), nil, client.Sub("no", 1))
		require.NoError(t, err)
		b.set(func() { b.forget = true; b.refusing() })
		b.cut()
		err = <-errs
		assert.ErrorIs(t, err, client.ErrRefused)
		assert.ErrorContains(t, err, "the subscription of no")
		require.NoError(t, c.Close(t.Context()))
	})
}

// TestOverlappingSubscriptionsDeliverOnceToEachHandler: whether the server sends one
// copy or one for each subscription, where it tells which.
func TestOverlappingSubscriptionsDeliverOnceToEachHandler(t *testing.T) {
	for _, copies := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.copies = copies
			c := b.dialed(t, b.options(mqttwire.V5))
			var one, two eventLog
			_, err := c.Subscribe(t.Context(), func(m *client.Message) { one.add("%s", m.Topic) }, client.Sub("a/#", 1))
			require.NoError(t, err)
			_, err = c.Subscribe(t.Context(), func(m *client.Message) { two.add("%s", m.Topic) }, client.Sub("a/b", 1), client.Sub("+/b", 1))
			require.NoError(t, err)
			b.publish(&packets.Publish{Topic: []byte("a/b"), QoS: 1})
			b.publish(&packets.Publish{Topic: []byte("a/c"), QoS: 1})
			synctest.Wait()
			assert.Equal(t, []string{"a/b", "a/c"}, one.all())
			if copies { // one for each filter of the second, whose SUBSCRIBE has one identifier
				assert.Equal(t, []string{"a/b", "a/b"}, two.all())
			} else {
				assert.Equal(t, []string{"a/b"}, two.all())
			}
			pass(time.Second)
			assert.Zero(t, b.stats("c").InFlight, "all is acknowledged")
			assert.Zero(t, c.Stats().Inbound)
		})
	}
}

func TestOverlappingSubscriptionsWithoutIdentifiersAreMatchedByTheirFilters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V311))
		var log eventLog
		for _, filter := range []string{"a/#", "a/b", "$share/g/a/+", "c"} {
			_, err := c.Subscribe(t.Context(), func(m *client.Message) { log.add("%s", filter) }, client.Sub(filter, 1))
			require.NoError(t, err)
		}
		b.publish(&packets.Publish{Topic: []byte("a/b"), QoS: 1})
		synctest.Wait()
		assert.ElementsMatch(t, []string{"a/#", "a/b", "$share/g/a/+"}, log.all())
		assert.Zero(t, b.stats("c").InFlight)
	})
}

func TestAServerWithoutSubscriptionIdentifiersIsAskedWithoutThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		var ids []uint32
		b.subscribe = func(_ packets.Subscription, id uint32) { ids = append(ids, id) }
		none := func(*packets.Connect) *packets.Connack {
			a := &packets.Connack{}
			a.Properties.SetSubscriptionIdentifierAvailable(false)
			return a
		}
		c, err := client.New("mqtt://broker", client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Backoff: client.Backoff{Max: time.Second}})
		require.NoError(t, err)
		b.connack = none
		granted := make(chan error, 1)
		got := make(chan string, 1)
		handle := func(m *client.Message) { got <- m.Topic }
		go func() { granted <- second(c.Subscribe(t.Context(), handle, client.Sub("a", 1))) }() // before it is known
		synctest.Wait()
		require.NoError(t, c.Connect(t.Context()))
		require.NoError(t, <-granted)
		_, err = c.Subscribe(t.Context(), handle, client.Sub("b", 1))
		require.NoError(t, err)
		assert.Equal(t, []uint32{0, 0}, ids)
		b.publish(&packets.Publish{Topic: []byte("a"), QoS: 1})
		assert.Equal(t, "a", <-got)

		// To a server that has them, and from it back to one that has not.
		b.set(func() { b.connack, b.forget = nil, true })
		b.cut()
		pass(10 * time.Second)
		_, err = c.Subscribe(t.Context(), handle, client.Sub("c", 1))
		require.NoError(t, err)
		b.set(func() { b.connack, ids = none, nil })
		b.cut()
		pass(10 * time.Second)
		assert.NotEmpty(t, ids)
		for _, id := range ids {
			assert.Zero(t, id)
		}
		for _, topic := range []string{"a", "b", "c"} {
			b.publish(&packets.Publish{Topic: []byte(topic), QoS: 1})
			assert.Equal(t, topic, <-got)
		}
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestAFilterHasTheHandlerThatWasGivenLast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := b.options(mqttwire.V5)
		var log eventLog
		o.OnMessage = func(m *client.Message) { log.add("rest") }
		c := b.dialed(t, o)
		for _, name := range []string{"one", "two"} {
			_, err := c.Subscribe(t.Context(), func(m *client.Message) { log.add("%s", name) }, client.Sub("a", 1))
			require.NoError(t, err)
		}
		b.publish(&packets.Publish{Topic: []byte("a"), QoS: 1})
		synctest.Wait()
		_, err := c.Subscribe(t.Context(), nil, client.Sub("a", 1))
		require.NoError(t, err)
		b.publish(&packets.Publish{Topic: []byte("a"), QoS: 1})
		synctest.Wait()
		assert.Equal(t, []string{"two", "rest"}, log.all())
	})
}

// TestTrap12MessagesRightBehindTheConnackWaitForTheirHandler: those that the server had
// stored come in one go with the CONNACK.
func TestTrap12MessagesRightBehindTheConnackWaitForTheirHandler(t *testing.T) {
	for _, how := range []string{"OnMessage", "Events", "Handle", "Subscribe later", "Messages later"} {
		t.Run(how, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				earlier := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
				_, err := earlier.Subscribe(t.Context(), nil, client.Sub("t", 1))
				require.NoError(t, err)
				require.NoError(t, earlier.Close(t.Context()))
				for i := range 100 {
					b.publish(&packets.Publish{Topic: []byte("t"), Payload: fmt.Append(nil, i), QoS: 1})
				}
				var got eventLog
				handle := func(m *client.Message) { got.add("%s", m.Payload) }
				o := client.Options{ClientID: "c", Expiry: time.Hour, Dialer: b.dial}
				if how == "OnMessage" {
					o.OnMessage = handle
				}
				c, err := client.New("mqtt://broker", o)
				require.NoError(t, err)
				switch how {
				case "Events":
					c.On(client.Events{Message: func(_ *client.Client, m *client.Message) { handle(m) }})
				case "Handle":
					require.NoError(t, c.Handle("t", handle))
				}
				require.NoError(t, c.Connect(t.Context()))
				pass(time.Second)
				switch how {
				case "Subscribe later":
					assert.Equal(t, 100, b.stats("c").InFlight, "none is acknowledged")
					_, err := c.Subscribe(t.Context(), handle, client.Sub("t", 1))
					require.NoError(t, err)
				case "Messages later":
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					for m := range c.Messages(ctx) {
						handle(m)
					}
				}
				pass(time.Second)
				list := got.all()
				require.Len(t, list, 100)
				for i, s := range list {
					assert.Equal(t, fmt.Sprint(i), s)
				}
				assert.Zero(t, b.stats("c").InFlight)
				require.NoError(t, c.Close(t.Context()))
			})
		})
	}
}

func TestHandleLeavesMessagesToOthersAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		var log eventLog
		o := b.options(mqttwire.V5)
		o.OnMessage = func(m *client.Message) { log.add("rest") }
		c := b.dialed(t, o)
		_, err := c.Subscribe(t.Context(), nil, client.Sub("t", 1))
		require.NoError(t, err)
		for _, h := range []func(*client.Message){func(*client.Message) { log.add("own") }, nil} {
			require.NoError(t, c.Handle("t", h))
			b.publish(&packets.Publish{Topic: []byte("t"), QoS: 1})
			synctest.Wait()
		}
		assert.Equal(t, []string{"own", "rest"}, log.all())
	})
}

func TestAnInboxHasItsOwnWorkersAndKeepsTheOrderOfEachTopic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		var mu sync.Mutex
		got := map[string][]string{}
		running, most := 0, 0
		inbox := &client.Inbox{Workers: 8, Handler: func(m *client.Message) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Duration(len(m.Payload)%3) * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			running--
			got[m.Topic] = append(got[m.Topic], string(m.Payload))
		}}
		_, err := c.SubscribeTo(t.Context(), inbox, client.Sub("a/+", 1))
		require.NoError(t, err)
		const n = 5000
		for i := range n {
			b.publish(&packets.Publish{Topic: fmt.Appendf(nil, "a/%d", i%20), Payload: fmt.Append(nil, i), QoS: 1})
		}
		pass(time.Minute)
		total := 0
		for topic, list := range got {
			var which int
			_, err := fmt.Sscanf(topic, "a/%d", &which)
			require.NoError(t, err)
			for i, s := range list {
				assert.Equal(t, fmt.Sprint(which+20*i), s, topic)
			}
			total += len(list)
		}
		assert.Equal(t, n, total)
		assert.Greater(t, most, 3, "at once")
		assert.LessOrEqual(t, most, 8)
		assert.Zero(t, b.stats("c").InFlight+b.stats("c").Waiting)
	})
}

func TestAnInboxThatIsFullDropsAndCounts(t *testing.T) {
	for _, newest := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, b.options(mqttwire.V5))
			inbox := &client.Inbox{Count: 3, Newest: newest}
			_, err := c.SubscribeTo(t.Context(), inbox, client.Sub("t", 1))
			require.NoError(t, err)
			for i := range 10 {
				b.publish(&packets.Publish{Topic: []byte("t"), Payload: fmt.Append(nil, i), QoS: 1})
			}
			synctest.Wait()
			assert.Equal(t, uint64(7), inbox.Dropped())
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			got := ""
			for m := range inbox.Messages(ctx) {
				got += string(m.Payload)
			}
			want := "789"
			if newest {
				want = "012"
			}
			assert.Equal(t, want, got)
			pass(time.Second)
			assert.Zero(t, b.stats("c").InFlight, "those that were dropped are acknowledged too")
			assert.Equal(t, uint64(7), c.Stats().Overrun)
			assert.Zero(t, c.Stats().Inbound)
		})
	}
}

func TestAnIterationThatEndsHasAcknowledgedWhatItHasSeen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		inbox := &client.Inbox{}
		_, err := c.SubscribeTo(t.Context(), inbox, client.Sub("t", 1))
		require.NoError(t, err)
		for range 5 {
			b.publish(&packets.Publish{Topic: []byte("t"), QoS: 1})
		}
		n := 0
		for range inbox.Messages(t.Context()) {
			if n++; n == 2 {
				break
			}
		}
		synctest.Wait()
		assert.Equal(t, 3, b.stats("c").InFlight)
		for range inbox.Messages(t.Context()) {
			if n++; n == 5 {
				break
			}
		}
		synctest.Wait()
		assert.Zero(t, b.stats("c").InFlight)
	})
}

func TestMessagesEndWithTheClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		ended := make(chan bool)
		go func() {
			for range c.Messages(context.Background()) {
			}
			close(ended)
		}()
		synctest.Wait()
		require.NoError(t, c.Close(t.Context()))
		<-ended
	})
}

func TestManySubscriptionsAreMadeAgainInParts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour, Session: session.Options{Subscriptions: session.Bounds{Count: 2000}}})
		var subs []packets.Subscription
		for i := range 500 {
			subs = append(subs, client.Sub(fmt.Sprint("a/", i), 1))
		}
		_, err := c.Subscribe(t.Context(), func(*client.Message) {}, subs...)
		require.NoError(t, err)
		b.set(func() { b.forget, b.got = true, nil })
		b.cut()
		pass(time.Minute)
		n := 0
		for _, p := range packetsOf[*packets.Subscribe](b) {
			assert.LessOrEqual(t, len(p.Subscriptions), 20)
			n += len(p.Subscriptions)
		}
		assert.Equal(t, 500, n)
	})
}

func TestAnInboxIsOfOneClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		inbox := &client.Inbox{}
		for i, want := range []error{nil, client.ErrNotSent} {
			_, err := b.dialed(t, client.Options{ClientID: fmt.Sprint(i)}).SubscribeTo(t.Context(), inbox, client.Sub("t", 1))
			assert.ErrorIs(t, err, want)
		}
	})
}

func TestTheHandlerOfARefusedSubscriptionGetsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.refusing()
		o := b.options(mqttwire.V5)
		got := make(chan string, 1)
		o.OnMessage = func(m *client.Message) { got <- m.Topic }
		c := b.dialed(t, o)
		_, err := c.Subscribe(t.Context(), func(*client.Message) { assert.Fail(t, "it was refused") }, client.Sub("no", 1))
		assert.ErrorIs(t, err, client.ErrRefused)
		_, err = c.Subscribe(t.Context(), nil, client.Sub("+", 1))
		require.NoError(t, err)
		b.publish(&packets.Publish{Topic: []byte("no"), QoS: 1})
		assert.Equal(t, "no", <-got)
	})
}

func TestSeveralIterationsShareTheMessages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		inbox := &client.Inbox{}
		_, err := c.SubscribeTo(t.Context(), inbox, client.Sub("t", 1))
		require.NoError(t, err)
		var log eventLog
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 3 {
			go func() {
				for m := range inbox.Messages(ctx) {
					log.add("%s", m.Payload)
					time.Sleep(time.Hour)
				}
			}()
		}
		synctest.Wait() // all wait
		b.set(func() {  // and these come in one go
			for i := range 3 {
				b.forward(&packets.Publish{Topic: []byte("t"), Payload: fmt.Append(nil, i), QoS: 1})
			}
		})
		synctest.Wait()
		assert.ElementsMatch(t, []string{"0", "1", "2"}, log.all(), "at once")
		pass(2 * time.Hour)
	})
}
