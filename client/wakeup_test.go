package client_test

import (
	"context"
	"net"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
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

// TestAnInboxThatDropsRunsOneHandlerAtATime: also if the last that waits is taken as the
// one that takes its place comes.
func TestAnInboxThatDropsRunsOneHandlerAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		var running, most atomic.Int64
		inbox := &client.Inbox{Count: 1, Handler: func(*client.Message) {
			if n := running.Add(1); n > 1 {
				most.Store(n)
			}
			runtime.Gosched()
			running.Add(-1)
		}}
		_, err := c.SubscribeTo(t.Context(), inbox, client.Sub("t", 0))
		require.NoError(t, err)
		for range 50000 {
			b.publish(&packets.Publish{Topic: []byte("t")})
		}
		pass(time.Second)
		assert.Zero(t, most.Load(), "at once")
		assert.Zero(t, c.Stats().Inbound)
	})
}

// endsMeanwhile is a context that has ended when it is asked for the second time, which is
// once who has it was woken.
type endsMeanwhile struct {
	context.Context
	asked atomic.Int64
}

func (c *endsMeanwhile) Err() error {
	if c.asked.Add(1) > 1 {
		return context.Canceled
	}
	return nil
}

// TestAnIterationThatEndsLeavesAMessageToTheOthers: it may have been woken for one as its
// context ended.
func TestAnIterationThatEndsLeavesAMessageToTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		inbox := &client.Inbox{}
		_, err := c.SubscribeTo(t.Context(), inbox, client.Sub("t", 0))
		require.NoError(t, err)
		came := 0
		go func() {
			for range inbox.Messages(&endsMeanwhile{Context: t.Context()}) {
				assert.Fail(t, "its context has ended")
			}
		}()
		synctest.Wait() // it is the first that waits
		go func() {
			for range inbox.Messages(t.Context()) {
				came++
			}
		}()
		synctest.Wait()
		b.publish(&packets.Publish{Topic: []byte("t")})
		synctest.Wait()
		assert.Equal(t, 1, came)
		require.NoError(t, c.Close(t.Context()))
	})
}

// TestAPublisherThatGivesUpItsRoomLeavesItToTheNext: a message that is not kept without a
// connection waits for room, another behind it, and there is room when the connection has
// gone.
func TestAPublisherThatGivesUpItsRoomLeavesItToTheNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := client.Options{ClientID: "c", Expiry: time.Hour, Session: session.Options{InFlight: 1, Queue: session.Bounds{Count: 2}}}
		c := b.dialed(t, o)
		b.mute(c)
		c.Send(&packets.Publish{Topic: []byte("sent"), QoS: 1})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		publish := func(ctx context.Context, topic string, o ...client.PubOption) <-chan error {
			ended := make(chan error, 1)
			go func() { ended <- c.Publish(ctx, topic, nil, append(o, client.QoS(1))...) }()
			synctest.Wait()
			return ended
		}
		waits := publish(ctx, "waits")
		unkept := publish(t.Context(), "unkept", client.Unkept())
		next := publish(t.Context(), "next")
		back := b.offline()
		cancel()
		require.ErrorIs(t, <-waits, client.ErrNotSent)
		require.ErrorIs(t, <-unkept, client.ErrNotConnected)
		synctest.Wait()
		assert.Equal(t, 1, c.Stats().Session.Waiting, "the next has its room")
		b.set(func() { b.silent = false })
		back()
		require.NoError(t, <-next)
	})
}

// TestFlushWaitsForNothingThatComesLater: others publish on, and so much that something
// waits at any time.
func TestFlushWaitsForNothingThatComesLater(t *testing.T) {
	for q := range mqttwire.QoS(3) {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.room = 1
			c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour, Session: session.Options{InFlight: 2}})
			b.of("c").conn.in.set(func(s *stream) { s.pace = 10 << 10 })
			ctx, cancel := context.WithCancel(t.Context())
			var others sync.WaitGroup
			for range 20 {
				others.Go(func() {
					for ctx.Err() == nil {
						_ = c.Publish(ctx, "on", make([]byte, 100), client.QoS(max(q, 1)))
						_ = c.Publish(ctx, "on", make([]byte, 100))
					}
				})
			}
			pass(time.Second)
			for i := range 5 {
				require.NoError(t, c.Publish(t.Context(), "before", nil))
				if q > 0 {
					c.Send(&packets.Publish{Topic: []byte("before"), QoS: q})
				}
				flushing, stop := context.WithTimeout(t.Context(), 3*time.Minute)
				assert.NoError(t, c.Flush(flushing))
				stop()
				pass(50 * time.Millisecond)
				before := 0
				for _, p := range packetsOf[*packets.Publish](b) {
					if string(p.Topic) == "before" && p.QoS == 0 {
						before++
					}
				}
				assert.Equal(t, i+1, before, "it was written, and the network holds nothing")
			}
			cancel()
			others.Wait()
			require.NoError(t, c.Close(t.Context()))
			pass(5 * time.Second) // what lingers
		})
	}
}

// slowConn takes its time for each write, however little that is.
type slowConn struct{ net.Conn }

func (c slowConn) Write(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return c.Conn.Write(p)
}

// TestFlushEndsWhileLittleComesAllTheTime: so little that none of it waits in the queue, and
// so often that there is something to write at any time.
func TestFlushEndsWhileLittleComesAllTheTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c, err := client.Dial(t.Context(), "mqtt://broker", client.Options{
			ClientID: "c",
			Dialer: func(ctx context.Context, u *url.URL) (net.Conn, error) {
				conn, err := b.dial(ctx, u)
				return slowConn{conn}, err
			},
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for ctx.Err() == nil {
				_ = c.Publish(ctx, "on", make([]byte, 100))
				time.Sleep(3 * time.Millisecond)
			}
		})
		pass(time.Second)
		for i := range 5 {
			require.NoError(t, c.Publish(t.Context(), "before", nil))
			flushing, stop := context.WithTimeout(t.Context(), time.Second)
			first := make(chan error)
			go func() { first <- c.Flush(flushing) }()
			assert.NoError(t, c.Flush(flushing))
			synctest.Wait()
			before := 0
			for _, p := range packetsOf[*packets.Publish](b) {
				if string(p.Topic) == "before" {
					before++
				}
			}
			assert.Equal(t, i+1, before, "it was written, and the network holds nothing")
			assert.NoError(t, <-first)
			stop()
		}
		cancel()
		others.Wait()
		require.NoError(t, c.Close(t.Context()))
		pass(5 * time.Second) // what lingers
	})
}

// TestFlushIsNotEndedByAnother: one that begins while a batch is written does not end those
// before it, whose messages are in that batch.
func TestFlushIsNotEndedByAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c, err := client.Dial(t.Context(), "mqtt://broker", client.Options{
			ClientID: "c",
			Dialer: func(ctx context.Context, u *url.URL) (net.Conn, error) {
				conn, err := b.dial(ctx, u)
				return slowConn{conn}, err
			},
		})
		require.NoError(t, err)
		pass(time.Second)
		require.NoError(t, c.Publish(t.Context(), "on", nil)) // is written from now on
		pass(time.Millisecond)
		require.NoError(t, c.Publish(t.Context(), "before", make([]byte, 20<<10))) // waits in the queue
		first := make(chan error, 1)
		go func() { first <- c.Flush(t.Context()) }()
		pass(time.Millisecond)
		require.NoError(t, c.Publish(t.Context(), "behind", make([]byte, 20<<10)))
		pass(9 * time.Millisecond) // all that follows is one batch
		second := make(chan error, 1)
		go func() { second <- c.Flush(t.Context()) }()
		pass(time.Millisecond)
		assert.Empty(t, first, "its message is not written")
		require.NoError(t, <-first)
		synctest.Wait()
		assert.Len(t, packetsOf[*packets.Publish](b), 3)
		require.NoError(t, <-second)
		require.NoError(t, c.Close(t.Context()))
		pass(5 * time.Second) // what lingers
	})
}
