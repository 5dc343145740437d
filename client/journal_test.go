package client_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/url"
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

// disk is a journal that fails at its n-th Append, and then always.
type disk struct {
	session.Journal
	mu      sync.Mutex
	left    int // Appends up to the failure; less than 0 is never
	records int
	slow    time.Duration
}

var errDisk = errors.New("the disk is full")

func newDisk() *disk { return &disk{Journal: session.MemoryJournal(), left: -1} }

func (d *disk) Append(records []session.Record) error {
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		return errDisk
	}
	d.left--
	d.records += len(records)
	return d.Journal.Append(records)
}

// kept returns how many records a journal has.
func (d *disk) kept() (n int) {
	for range d.Load() {
		n++
	}
	return n
}

func TestWhatWaitsOutlivesTheProgram(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.away = errAway
		o := client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Journal: newDisk()}
		first, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		require.NoError(t, first.Start())
		var list []*client.Delivery
		for i := range 5 {
			list = append(list, first.Send(&packets.Publish{Topic: []byte("t"), Payload: fmt.Append(nil, i), QoS: mqttwire.QoS(i%2 + 1)}))
		}
		pass(time.Minute)
		require.NoError(t, first.Abort())
		assert.ErrorIs(t, list[0].Err(), client.ErrUnknown)
		assert.ErrorContains(t, list[0].Err(), "journal")

		b.set(func() { b.away = nil })
		second, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		assert.Equal(t, 5, second.Stats().Restored)
		require.NoError(t, second.Connect(t.Context()))
		pass(time.Second)
		require.NoError(t, second.Close(t.Context()))
		got := packetsOf[*packets.Publish](b)
		require.Len(t, got, 5)
		for i, p := range got {
			assert.Equal(t, fmt.Sprint(i), string(p.Payload))
		}
		third, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		assert.Zero(t, third.Stats().Restored)
	})
}

// TestTrap21ASenderThatIsKilledAtEachStepSendsOnce: the journal takes nothing more from
// some Append on, which is where the program was killed; it starts again with what the
// journal has.
func TestTrap21ASenderThatIsKilledAtEachStepSendsOnce(t *testing.T) {
	for _, v := range versions {
		for step := range 8 {
			t.Run(fmt.Sprint(v, step), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					b := newBroker()
					var got eventLog
					receiver := b.dialed(t, client.Options{ClientID: "receiver"})
					_, err := receiver.Subscribe(t.Context(), func(m *client.Message) { got.add("%s", m.Payload) }, client.Sub("t", 2))
					require.NoError(t, err)
					journal := newDisk()
					o := client.Options{Version: v, ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Journal: journal}
					c, err := client.New("mqtt://broker", o)
					require.NoError(t, err)
					journal.left = step
					d := c.Send(&packets.Publish{Topic: []byte("t"), Payload: []byte("once"), QoS: 2})
					_ = c.Connect(t.Context())
					select {
					case <-d.Done():
					case <-time.After(time.Minute):
					}
					_ = c.Abort()
					journal.left = -1
					kept := journal.kept() > 0
					c, err = client.New("mqtt://broker", o)
					require.NoError(t, err)
					require.NoError(t, c.Connect(t.Context()))
					require.NoError(t, c.Flush(t.Context()))
					time.Sleep(time.Minute)
					assert.Zero(t, c.Stats().Session.InFlight+c.Stats().Session.Waiting+c.Stats().Session.Released)
					require.NoError(t, c.Close(t.Context()))
					want := []string{"once"}
					if !kept { // it was killed before anything was kept
						want = nil
					}
					assert.Equal(t, want, got.all())
				})
			})
		}
	}
}

func TestAJournalThatFailsEndsTheClientAndNothingIsWrittenThatDependsOnIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		journal := newDisk()
		o := client.Options{ClientID: "c", Journal: journal, Expiry: time.Hour}
		c := b.dialed(t, o)
		require.NoError(t, c.Publish(t.Context(), "t", []byte("one"), client.QoS(1)))
		synctest.Wait()
		journal.left = 0
		err := c.Publish(t.Context(), "t", []byte("two"), client.QoS(1))
		assert.Error(t, err)
		assert.ErrorIs(t, c.Run(t.Context()), errDisk)
		for _, p := range packetsOf[*packets.Publish](b) {
			assert.Equal(t, "one", string(p.Payload))
		}
	})
}

func TestBytesAreWrittenBehindTheirChangesWhoeverPublishesMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		journal := newDisk()
		journal.slow = 10 * time.Millisecond
		c := b.dialed(t, client.Options{ClientID: "c", Journal: journal, Expiry: time.Hour})
		errs := make(chan error, 200)
		for range 200 {
			go func() { errs <- c.Publish(t.Context(), "t", nil, client.QoS(2)) }()
			time.Sleep(time.Millisecond)
		}
		for range 200 {
			require.NoError(t, <-errs)
		}
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestAJournalIsMadeShortBySnapshots(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		journal := newDisk()
		c := b.dialed(t, client.Options{ClientID: "c", Journal: journal, Expiry: time.Hour})
		for range 2000 {
			require.NoError(t, c.Publish(t.Context(), "t", make([]byte, 1000), client.QoS(1)))
		}
		require.NoError(t, c.Close(t.Context()))
		assert.Greater(t, journal.records, 4000)
		assert.Less(t, journal.kept(), 2000)
	})
}

// broken is a journal whose records are damaged.
type broken struct{ session.Journal }

func (broken) Load() iter.Seq2[session.Record, error] {
	return func(yield func(session.Record, error) bool) { yield(session.Record{}, errDisk) }
}

func TestADamagedJournalIsAnErrorOfNew(t *testing.T) {
	_, err := client.New("mqtt://broker", client.Options{ClientID: "c", Journal: broken{session.MemoryJournal()}})
	assert.ErrorIs(t, err, errDisk)
	journal := session.MemoryJournal()
	require.NoError(t, journal.Append([]session.Record{{Session: []byte("c"), Data: []byte("no change")}}))
	_, err = client.New("mqtt://broker", client.Options{ClientID: "c", Journal: journal})
	var e *session.RestoreError
	assert.ErrorAs(t, err, &e)
	_, err = client.New("mqtt://broker", client.Options{ClientID: "d", Journal: journal})
	assert.NoError(t, err, "it is of another session")
	_, err = client.New("mqtt://broker", client.Options{Journal: journal})
	assert.ErrorContains(t, err, "ClientID")
}

// TestTrap11NoAliasStandsInTheJournal: the first message of a topic on each connection
// has its name.
func TestTrap11NoAliasStandsInTheJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.connack = func(*packets.Connect) *packets.Connack {
			a := &packets.Connack{}
			a.Properties.SetTopicAliasMaximum(10)
			return a
		}
		journal := newDisk()
		c := b.dialed(t, client.Options{ClientID: "c", Journal: journal, Expiry: time.Hour})
		for range 5 {
			require.NoError(t, c.Publish(t.Context(), "a/long/topic/name", nil, client.QoS(1)))
		}
		b.mute(nil)
		d := c.Send(&packets.Publish{Topic: []byte("a/long/topic/name"), QoS: 1})
		synctest.Wait()
		b.set(func() { b.silent = false })
		b.cut()
		require.NoError(t, d.Err())
		require.NoError(t, c.Close(context.Background()))
		aliased := 0
		for _, p := range packetsOf[*packets.Publish](b) {
			if p.Properties.Has(mqttwire.TopicAlias) {
				aliased++
			}
			assert.Equal(t, "a/long/topic/name", string(p.Topic))
		}
		assert.NotZero(t, aliased)
		for r, err := range journal.Load() {
			require.NoError(t, err)
			assert.NotContains(t, string(r.Data), "\x23\x00\x01")
		}
	})
}

// TestSubscriptionsOfAnEarlierRunHaveTheirHandlersByHandle: also by their identifiers,
// which new ones do not take.
func TestSubscriptionsOfAnEarlierRunHaveTheirHandlersByHandle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.copies = true
		o := client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Journal: newDisk()}
		first, err := client.Dial(t.Context(), "mqtt://broker", o)
		require.NoError(t, err)
		for _, filter := range []string{"a/#", "a/b"} {
			_, err = first.Subscribe(t.Context(), func(*client.Message) {}, client.Sub(filter, 1))
			require.NoError(t, err)
		}
		require.NoError(t, first.Close(t.Context()))
		var log eventLog
		c, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		for _, filter := range []string{"a/#", "a/b"} {
			require.NoError(t, c.Handle(filter, func(*client.Message) { log.add("%s", filter) }))
		}
		require.NoError(t, c.Connect(t.Context()))
		ids := map[uint32]bool{}
		b.subscribe = func(_ packets.Subscription, id uint32) { ids[id] = true }
		_, err = c.Subscribe(t.Context(), func(*client.Message) { log.add("new") }, client.Sub("a/+", 1))
		require.NoError(t, err)
		b.publish(&packets.Publish{Topic: []byte("a/b"), QoS: 1})
		pass(time.Second)
		assert.ElementsMatch(t, []string{"a/#", "a/b", "new"}, log.all())
		assert.Equal(t, map[uint32]bool{3: true}, ids)
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestAJournalThatHangsKeepsNobodyFromClosing(t *testing.T) {
	for name, end := range map[string]func(c *client.Client){
		"Abort": func(c *client.Client) { _ = c.Abort() },
		"Close": func(c *client.Client) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			assert.ErrorIs(t, c.Close(ctx), context.DeadlineExceeded)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				journal := newDisk()
				c := b.dialed(t, client.Options{ClientID: "c", Journal: journal, Expiry: time.Hour})
				synctest.Wait()
				journal.slow = time.Hour
				d := c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
				synctest.Wait()
				before := time.Now()
				end(c)
				assert.Less(t, time.Since(before), 2*time.Second)
				assert.Empty(t, packetsOf[*packets.Publish](b), "it is not kept yet")
				pass(2 * time.Hour)
				assert.Error(t, d.Err())
			})
		})
	}
}

func TestWhatIsLeftIsKeptBehindWhatIsBeingKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.away = errAway
		journal := newDisk()
		o := client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Journal: journal}
		c, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		require.NoError(t, c.Start())
		synctest.Wait()
		journal.slow = 100 * time.Millisecond
		for range 2 {
			c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
			synctest.Wait() // the first is being kept, the second waits
		}
		journal.slow = 0
		require.NoError(t, c.Abort())
		pass(time.Second)
		c, err = client.New("mqtt://broker", o)
		require.NoError(t, err)
		assert.Equal(t, 2, c.Stats().Restored)
	})
}

func TestAMessageThatIsWithdrawnWhileTheClientClosesIsNotKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.away = errAway
		journal := newDisk()
		o := client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Journal: journal}
		c, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		journal.slow = time.Second
		require.NoError(t, c.Start())
		go func() { failed <- c.Publish(ctx, "withdrawn", nil, client.QoS(1)) }()
		synctest.Wait()
		left := c.Send(&packets.Publish{Topic: []byte("left"), QoS: 1})
		closed := make(chan error, 1)
		go func() { closed <- c.Close(context.Background()) }()
		pass(1500 * time.Millisecond)
		cancel()
		require.ErrorIs(t, <-failed, client.ErrNotSent)
		require.NoError(t, <-closed)
		require.ErrorIs(t, left.Err(), client.ErrUnknown)

		journal.slow = 0
		again, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		assert.Equal(t, 1, again.Stats().Restored)
		require.NoError(t, again.Close(t.Context()))
	})
}

// TestWhatAJournalHasNotKeptIsNotSaidToBeThere: why the message is left is said.
func TestWhatAJournalHasNotKeptIsNotSaidToBeThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		journal := newDisk()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour, Journal: journal})
		synctest.Wait()
		journal.mu.Lock()
		journal.left = 0
		journal.mu.Unlock()
		err := c.Publish(t.Context(), "t", nil, client.QoS(1))
		assert.ErrorIs(t, err, client.ErrUnknown)
		assert.ErrorIs(t, err, errDisk)
		assert.NotContains(t, err.Error(), "still")
	})
}

// farConn has all that is read a while later.
type farConn struct{ net.Conn }

func (c farConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	time.Sleep(time.Second)
	return n, err
}

// TestFlushWaitsForWhatTheJournalHad: an earlier run has published it, and it was sent
// already, so that it does not wait in the queue. Close waits as Flush does.
func TestFlushWaitsForWhatTheJournalHad(t *testing.T) {
	for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
		for name, end := range map[string]func(*client.Client, context.Context) error{
			"Flush": (*client.Client).Flush, "Close": (*client.Client).Close,
		} {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				o := client.Options{ClientID: "c", Expiry: time.Hour, Journal: newDisk()}
				first := b.dialed(t, o)
				b.set(func() { b.silent = true })
				first.Send(&packets.Publish{Topic: []byte("t"), QoS: q})
				synctest.Wait()
				require.NoError(t, first.Abort())
				b.set(func() { b.silent = false })

				o.Dialer = func(ctx context.Context, u *url.URL) (net.Conn, error) {
					conn, err := b.dial(ctx, u)
					return farConn{conn}, err
				}
				second, err := client.Dial(t.Context(), "mqtt://broker", o)
				require.NoError(t, err)
				require.Equal(t, 1, second.Stats().Restored)
				require.NoError(t, end(second, t.Context()), name)
				s := second.Stats().Session
				assert.Zero(t, s.InFlight+s.Released+s.Waiting, "%s with QoS %d", name, q)
				require.NoError(t, second.Close(t.Context()))
				pass(time.Minute)
			})
		}
	}
}
