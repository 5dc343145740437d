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
)

// offlineAfter returns how long a client of b stays connected.
func offlineAfter(t *testing.T, b *broker, o client.Options, then func(c *client.Client)) time.Duration {
	t.Helper()
	o.Dialer = b.dial
	offline := make(chan time.Time, 1)
	c, err := client.New("mqtt://broker", o)
	require.NoError(t, err)
	c.On(client.Events{Offline: func(*client.Client) { offline <- time.Now() }})
	require.NoError(t, c.Connect(t.Context()))
	synctest.Wait()
	before := time.Now()
	then(c)
	after := (<-offline).Sub(before)
	b.end()
	require.NoError(t, c.Abort())
	return after
}

// mute lets the broker answer nothing more.
func (b *broker) mute(*client.Client) { b.set(func() { b.silent = true }) }

func TestTrap13AServerThatSaysNothingMoreIsLeftAfterPingAndItsTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		after := offlineAfter(t, b, client.Options{KeepAlive: 20 * time.Second}, b.mute)
		assert.Equal(t, 35*time.Second, after, "15 s to the ping, and 20 s for its answer")
	})
}

func TestTrap13AServerThatOnlySendsIsLeftAllTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		after := offlineAfter(t, b, client.Options{ClientID: "c", KeepAlive: 20 * time.Second}, func(c *client.Client) {
			far := b.of("c")
			b.mute(c)
			go func() {
				for range 100 {
					time.Sleep(time.Second)
					far.send(&packets.Publish{Topic: []byte("t")})
				}
			}()
		})
		assert.Equal(t, 35*time.Second, after)
		pass(time.Hour)
	})
}

func TestTrap13AServerThatReadsNothingIsLeftWhileAWriteWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		after := offlineAfter(t, b, client.Options{ClientID: "c", KeepAlive: 20 * time.Second}, func(c *client.Client) {
			b.stuck()
			c.Send(&packets.Publish{Topic: []byte("t"), Payload: make([]byte, 1000)})
		})
		assert.Equal(t, 35*time.Second, after)
	})
}

func TestTrap13AServerThatSendsAByteAnHourIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		after := offlineAfter(t, b, client.Options{ClientID: "c", KeepAlive: 20 * time.Second}, func(c *client.Client) {
			far := b.of("c")
			b.mute(c)
			go func() {
				for _, x := range []byte{0xD0, 0} {
					time.Sleep(time.Second)
					_, _ = far.conn.Write([]byte{x})
					time.Sleep(time.Hour)
				}
			}()
		})
		assert.Equal(t, 35*time.Second, after)
		pass(3 * time.Hour)
	})
}

func TestTrap13AHandlerThatBlocksForEverKeepsNothingElse(t *testing.T) {
	for _, v := range versions {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			o := b.options(v)
			o.KeepAlive = 20 * time.Second
			c := b.dialed(t, o)
			block := make(chan struct{})
			_, err := c.Subscribe(t.Context(), func(*client.Message) { <-block }, client.Sub("t", 1))
			require.NoError(t, err)
			for range 2000 {
				b.publish(&packets.Publish{Topic: []byte("t"), QoS: 0})
			}
			b.publish(&packets.Publish{Topic: []byte("t"), QoS: 1})
			pass(time.Hour)
			assert.Equal(t, 1, b.dialedTimes(), "it is connected still")
			assert.GreaterOrEqual(t, b.pinged(), 100)
			assert.NoError(t, c.Publish(t.Context(), "a", nil, client.QoS(2)))
			assert.Equal(t, uint64(1000), c.Stats().Overrun)
			within(t, time.Second, func() { assert.NoError(t, c.Close(context.Background())) })
			close(block)
		})
	}
}

func TestALinkThatTakesLittleButTakesItIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := b.options(mqttwire.V5)
		o.KeepAlive = 20 * time.Second
		c := b.dialed(t, o)
		far := b.of("c")
		far.conn.in.set(func(s *stream) { s.pace = 20 << 10 })
		require.NoError(t, c.Publish(t.Context(), "t", make([]byte, 1000<<10), client.QoS(1)), "50 s")
		assert.Equal(t, 1, b.dialedTimes())
	})
}

func TestPingsGoOutByWhatIsSent(t *testing.T) {
	for _, test := range []struct {
		keepAlive, every time.Duration
		server           uint16
		pings            int
	}{
		{10 * time.Second, 0, 0, 13}, // 100 s / 7.5 s
		{10 * time.Second, 5 * time.Second, 0, 20},
		{client.NoKeepAlive, 0, 0, 0},
		{0, 0, 0, 2},
		{10 * time.Second, 0, 40, 3},
	} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			if test.server != 0 {
				b.connack = func(*packets.Connect) *packets.Connack {
					a := &packets.Connack{}
					a.Properties.SetServerKeepAlive(test.server)
					return a
				}
			}
			c := b.dialed(t, client.Options{ClientID: "c", KeepAlive: test.keepAlive, PingEvery: test.every})
			pass(100*time.Second + time.Millisecond)
			assert.Equal(t, test.pings, b.pinged())
			require.NoError(t, c.Close(t.Context()))
		})
	}
}

func TestAConnackThatDoesNotComeEndsTheAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.silent = true
		before := time.Now()
		_, err := client.Dial(t.Context(), "mqtt://broker", client.Options{Dialer: b.dial, ConnectTimeout: 7 * time.Second})
		assert.ErrorContains(t, err, "Options.ConnectTimeout")
		assert.Equal(t, 7*time.Second, time.Since(before))
	})
}

func TestTheConnectTimeoutIsForDialingToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.silent = true
		dial := func(ctx context.Context, u *urlOf) (netConn, error) {
			time.Sleep(5 * time.Second)
			return b.dial(ctx, u)
		}
		before := time.Now()
		_, err := client.Dial(t.Context(), "mqtt://broker", client.Options{Dialer: dial, ConnectTimeout: 7 * time.Second})
		assert.ErrorContains(t, err, "Options.ConnectTimeout")
		assert.Equal(t, 7*time.Second, time.Since(before))
	})
}

func TestWhatTheServerSaidLastIsReadThoughAWriteFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c"})
		far := b.of("c")
		b.mute(nil)
		far.client.in.set(func(s *stream) { s.held = true }) // the client does not get it before it writes
		far.send(&packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver})
		far.conn.in.set(func(s *stream) { s.ended = true })
		d := c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
		synctest.Wait()
		far.client.in.set(func(s *stream) { s.held = false })
		assert.ErrorContains(t, c.Run(t.Context()), "Session taken over")
		assert.ErrorIs(t, d.Err(), client.ErrUnknown)
		b.end()
	})
}

func TestAConnectionThatTakesNothingMoreAndSaysNothingIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		after := offlineAfter(t, b, client.Options{ClientID: "c"}, func(c *client.Client) {
			far := b.of("c")
			b.mute(nil)
			far.conn.in.set(func(s *stream) { s.ended, s.held = true, true })
			c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
		})
		assert.Equal(t, time.Second, after)
	})
}

func TestTrap13TheNextAttemptDoesNotWaitForAWriteThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", KeepAlive: 20 * time.Second, Backoff: client.Backoff{Jitter: fixed}})
		synctest.Wait()
		b.stuck()
		defer b.end()
		c.Send(&packets.Publish{Topic: []byte("t"), Payload: make([]byte, 1000)})
		pass(10 * time.Minute)
		assert.Equal(t, 36.0, b.waits()[0], "35 s until it is left, and a wait of 1 s")
	})
}
