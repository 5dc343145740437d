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
	"github.com/mqttwire/mqttwire/session"
)

func TestAMessageHasWhatItsPublishHad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		got := make(chan *client.Message, 1)
		_, err := c.Subscribe(t.Context(), func(m *client.Message) { got <- m }, client.Sub("t", 2))
		require.NoError(t, err)
		require.NoError(t, c.Publish(t.Context(), "t", []byte("x"), client.QoS(2), client.Retain(), client.UserProperty("a", "b"),
			client.Property(mqttwire.ContentType, "text/plain"), client.Expiry(time.Hour)))
		m := <-got
		kind, _ := m.Properties.ContentType()
		assert.Equal(t, "text/plain", string(kind))
		left, _ := m.Properties.MessageExpiryInterval()
		assert.Equal(t, uint32(3600), left)
		assert.Equal(t, mqttwire.ExactlyOnce, m.QoS)
		assert.False(t, m.Retain)
		assert.False(t, m.Dup)
	})
}

// TestAMessageWhoseHandlerRunsAsTheConnectionEndsIsHandledOnce: the server sends it
// again, and gets its acknowledgement, and no handler sees it twice.
func TestAMessageWhoseHandlerRunsAsTheConnectionEndsIsHandledOnce(t *testing.T) {
	for _, v := range versions {
		for q := mqttwire.QoS(1); q <= 2; q++ {
			for name, back := range map[string]time.Duration{"it ends before the server is back": time.Second, "and after": time.Minute} {
				t.Run(fmt.Sprint(v, q, name), func(t *testing.T) {
					bubble(t, func(t *testing.T) {
						b := newBroker()
						c := b.dialed(t, client.Options{Version: v, ClientID: "c", Expiry: time.Hour})
						var log eventLog
						_, err := c.Subscribe(t.Context(), func(m *client.Message) {
							log.add("%s", m.Payload)
							time.Sleep(30 * time.Second)
						}, client.Sub("t", 2))
						require.NoError(t, err)
						for i := range 3 { // one is being handled, two wait
							b.publish(&packets.Publish{Topic: []byte("t"), Payload: fmt.Append(nil, i), QoS: q})
						}
						synctest.Wait()
						b.set(func() { b.away = errAway })
						b.cut()
						time.Sleep(back)
						b.set(func() { b.away = nil })
						time.Sleep(10 * time.Minute)
						assert.Equal(t, []string{"0", "1", "2"}, log.all())
						assert.Zero(t, b.stats("c").InFlight+b.stats("c").Released, "all is acknowledged")
						if q == 1 { // of QoS 2 the session may know already
							assert.NotZero(t, c.Stats().Repeated)
						}
						assert.Zero(t, c.Stats().Inbound)
						b.publish(&packets.Publish{Topic: []byte("t"), Payload: []byte("more"), QoS: q})
						time.Sleep(time.Second)
						assert.Equal(t, "more", log.all()[3])
						require.NoError(t, c.Close(t.Context()))
						time.Sleep(time.Minute)
					})
				})
			}
		}
	}
}

func TestAnotherMessageWithTheSameIdentifierIsHandled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
		var log eventLog
		_, err := c.Subscribe(t.Context(), func(m *client.Message) {
			log.add("%s", m.Payload)
			time.Sleep(time.Minute)
		}, client.Sub("t", 2))
		require.NoError(t, err)
		b.publish(&packets.Publish{Topic: []byte("t"), Payload: []byte("one"), QoS: 2})
		synctest.Wait()
		b.set(func() { b.forget = true }) // the next session begins its identifiers anew
		b.cut()
		pass(5 * time.Second)
		b.publish(&packets.Publish{Topic: []byte("t"), Payload: []byte("two"), QoS: 2})
		pass(5 * time.Minute)
		assert.Equal(t, []string{"one", "two"}, log.all())
		assert.Zero(t, b.stats("c").InFlight)
	})
}

// TestTrap23AMessageHeldOverAReconnectIsStaleAndComesAgain: its acknowledgement goes
// nowhere.
func TestTrap23AMessageHeldOverAReconnectIsStaleAndComesAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
		got := make(chan *client.Message, 10)
		_, err := c.Subscribe(t.Context(), func(m *client.Message) { m.Hold(); got <- m }, client.Sub("t", 2))
		require.NoError(t, err)
		b.publish(&packets.Publish{Topic: []byte("t"), QoS: 1})
		old := <-got
		b.cut()
		again := <-got
		assert.ErrorIs(t, old.Ack(), client.ErrStale)
		assert.ErrorIs(t, old.Ack(), client.ErrStale, "twice too")
		synctest.Wait()
		assert.Equal(t, 1, b.stats("c").InFlight, "nothing is on the wire")
		assert.NoError(t, again.Ack())
		assert.ErrorIs(t, again.Ack(), client.ErrStale)
		synctest.Wait()
		assert.Zero(t, b.stats("c").InFlight)
		assert.Zero(t, c.Stats().Inbound)
	})
}

// TestTrap23AMessageOfQoS2HeldOverAReconnectIsHandedOnOnce: whether it is acknowledged
// before it comes again, or after, or by a program that is started again.
func TestTrap23AMessageOfQoS2HeldOverAReconnectIsHandedOnOnce(t *testing.T) {
	for _, v := range versions {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprint(v, before), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					b := newBroker()
					o := client.Options{Version: v, ClientID: "c", Expiry: time.Hour, Journal: session.MemoryJournal()}
					c := b.dialed(t, o)
					got := make(chan *client.Message, 10)
					handle := func(m *client.Message) { m.Hold(); got <- m }
					_, err := c.Subscribe(t.Context(), handle, client.Sub("t", 2))
					require.NoError(t, err)
					b.publish(&packets.Publish{Topic: []byte("t"), QoS: 2})
					m := <-got
					back := b.offline()
					if before {
						require.NoError(t, m.Ack())
						assert.ErrorIs(t, m.Ack(), client.ErrStale, "it is acknowledged")
						require.NoError(t, c.Close(t.Context()))
						back()
						c = b.dialed(t, o)
						require.NoError(t, c.Handle("t", handle))
					} else {
						back()
						require.NoError(t, c.AwaitConnection(t.Context()))
						synctest.Wait()
						assert.Equal(t, 1, b.stats("c").InFlight, "nothing is on the wire")
						require.NoError(t, m.Ack())
					}
					pass(time.Minute)
					assert.Empty(t, got)
					assert.Zero(t, b.stats("c").InFlight+b.stats("c").Released)
					assert.Zero(t, c.Stats().Inbound)
				})
			})
		}
	}
}

func TestAMessageOfQoS2OfASessionThatIsLostIsStale(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour})
		got := make(chan *client.Message, 10)
		_, err := c.Subscribe(t.Context(), func(m *client.Message) { m.Hold(); got <- m }, client.Sub("t", 2))
		require.NoError(t, err)
		b.publish(&packets.Publish{Topic: []byte("t"), QoS: 2})
		m := <-got
		b.set(func() { b.forget = true })
		back := b.offline()
		back()
		require.NoError(t, c.AwaitConnection(t.Context()))
		assert.ErrorIs(t, m.Ack(), client.ErrStale)
		assert.Zero(t, c.Stats().Inbound)
	})
}

func TestTrap23HeldMessagesAreAcknowledgedInTheOrderInWhichTheyCame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		var list []*client.Message
		_, err := c.Subscribe(t.Context(), func(m *client.Message) { m.Hold(); list = append(list, m) }, client.Sub("t", 1))
		require.NoError(t, err)
		for range 3 {
			b.publish(&packets.Publish{Topic: []byte("t"), QoS: 1})
		}
		synctest.Wait()
		require.Len(t, list, 3)
		for i := 2; i >= 0; i-- {
			require.NoError(t, list[i].Ack())
			synctest.Wait()
		}
		acks := packetsOf[*packets.Puback](b)
		require.Len(t, acks, 3)
		for i, a := range acks {
			assert.Equal(t, uint16(i+1), a.PacketID)
		}
	})
}

func TestAMessageMayBeRefused(t *testing.T) {
	for _, v := range versions {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, b.options(v))
			_, err := c.Subscribe(t.Context(), func(m *client.Message) { assert.NoError(t, m.Ack(mqttwire.ReasonQuotaExceeded)) }, client.Sub("t", 1))
			require.NoError(t, err)
			b.publish(&packets.Publish{Topic: []byte("t"), QoS: 1})
			synctest.Wait()
			acks := packetsOf[*packets.Puback](b)
			require.Len(t, acks, 1)
			want := mqttwire.ReasonQuotaExceeded
			if v != mqttwire.V5 {
				want = 0
			}
			assert.Equal(t, want, acks[0].ReasonCode)
		})
	}
}

func TestHoldingMessagesHoldsTheServer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := b.options(mqttwire.V5)
		o.ReceiveMaximum = 7
		c := b.dialed(t, o)
		var list []*client.Message
		_, err := c.Subscribe(t.Context(), func(m *client.Message) { m.Hold(); list = append(list, m) }, client.Sub("t", 1))
		require.NoError(t, err)
		for range 20 {
			b.publish(&packets.Publish{Topic: []byte("t"), QoS: 1})
		}
		synctest.Wait()
		assert.Len(t, list, 7)
		for i := 0; i < len(list); i++ {
			require.NoError(t, list[i].Ack())
			synctest.Wait()
		}
		assert.Len(t, list, 20)
	})
}

func TestHandlersThatAreTooSlowForAServerBefore5EndTheConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		errs := make(chan error, 100)
		o := client.Options{Version: mqttwire.V311, ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Inbound: session.Bounds{Bytes: 10000}}
		c, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		c.On(client.Events{Error: func(_ *client.Client, err error) { errs <- err }})
		require.NoError(t, c.Connect(t.Context()))
		var log eventLog
		slow := &client.Inbox{Handler: func(m *client.Message) { log.add("%s", m.Payload[:3]); time.Sleep(time.Second) }}
		_, err = c.SubscribeTo(t.Context(), slow, client.Sub("t", 1))
		require.NoError(t, err)
		for i := range 200 {
			b.publish(&packets.Publish{Topic: []byte("t"), Payload: fmt.Appendf(nil, "%03d%500d", i, 0), QoS: 1})
		}
		assert.ErrorIs(t, <-errs, client.ErrSlow)
		pass(time.Hour)
		list := log.all()
		require.Len(t, list, 200, "none is lost, and none is handled twice")
		for i, s := range list {
			assert.Equal(t, fmt.Sprintf("%03d", i), s)
		}
		for _, w := range b.waits() {
			assert.GreaterOrEqual(t, w, 30.0, "it takes its time to come back")
		}
		require.NoError(t, c.Close(t.Context()))
	})
}

// TestTrap7SeventyThousandMessagesOfQoS2EachWay: identifiers come round.
func TestTrap7SeventyThousandMessagesOfQoS2EachWay(t *testing.T) {
	n := 70000
	if testing.Short() {
		n = 7000
	}
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		came, wrong := 0, 0
		_, err := c.Subscribe(t.Context(), func(m *client.Message) {
			if string(m.Payload) != fmt.Sprint(came) {
				wrong++
			}
			came++
		}, client.Sub("t", 2))
		require.NoError(t, err)
		for i := range n {
			require.NoError(t, c.Publish(t.Context(), "t", fmt.Append(nil, i), client.QoS(2)))
		}
		require.NoError(t, c.Flush(t.Context()))
		pass(time.Second)
		assert.Equal(t, n, came)
		assert.Zero(t, wrong)
		assert.Zero(t, c.Stats().Session.IDs)
	})
}

// TestTwentyThousandAcknowledgementsAreNotLost: as they share no queue with messages that
// the client publishes meanwhile.
func TestTwentyThousandAcknowledgementsAreNotLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := b.options(mqttwire.V5)
		o.Session.Queue.Count = 1
		c := b.dialed(t, o)
		came := 0
		_, err := c.Subscribe(t.Context(), func(m *client.Message) {
			if came++; came%100 == 0 {
				assert.NoError(t, c.Publish(t.Context(), "out", nil, client.QoS(1)))
			}
		}, client.Sub("t", 1))
		require.NoError(t, err)
		for range 20000 {
			b.publish(&packets.Publish{Topic: []byte("t"), QoS: 1})
		}
		pass(time.Minute)
		assert.Equal(t, 20000, came)
		assert.Zero(t, b.stats("c").InFlight)
	})
}

func TestNothingIsSentAgainOnALivingConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		far := b.of("c")
		b.mute(nil)
		for q := mqttwire.QoS(1); q <= 2; q++ {
			c.Send(&packets.Publish{Topic: []byte("t"), QoS: q})
		}
		synctest.Wait()
		before := c.Stats().BytesOut
		go func() {
			for range 20 { // it answers pings, and nothing else
				time.Sleep(46 * time.Second)
				far.send(&packets.Pingresp{})
			}
		}()
		pass(10 * time.Minute)
		pings := c.Stats().BytesOut - before
		assert.Zero(t, pings%2)
		assert.LessOrEqual(t, pings, uint64(2*14), "pings alone")
		assert.Equal(t, 1, b.dialedTimes())
		b.end()
		pass(time.Hour)
	})
}

func TestATableOfIdentifiersIsNotThereBeforeItIsNeeded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		clients := make([]*client.Client, 0, 100)
		before := heap()
		for i := range 100 {
			clients = append(clients, b.dialed(t, client.Options{ClientID: fmt.Sprint(i)}))
		}
		synctest.Wait()
		each := (heap() - before) / 100
		t.Log("bytes for a client and its server:", each)
		assert.Less(t, each, int64(64<<10))
		for _, c := range clients {
			require.NoError(t, c.Close(context.Background()))
		}
	})
}
