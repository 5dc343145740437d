package client_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// within runs f, and fails if it takes longer.
func within(t *testing.T, d time.Duration, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(d):
		require.Fail(t, "it does not end")
	}
}

func TestTrap25CloseMayBeCalledTwiceAndAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		within(t, time.Second, func() {
			other := make(chan error)
			go func() { other <- c.Close(context.Background()) }()
			assert.NoError(t, c.Close(context.Background()))
			assert.NoError(t, <-other)
			assert.NoError(t, c.Close(context.Background()))
			assert.NoError(t, c.Abort())
		})
		assert.Len(t, packetsOf[*packets.Disconnect](b), 1)
	})
}

func TestTrap25CloseMayBeCalledInAHandler(t *testing.T) {
	for _, v := range versions {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, b.options(v))
			closed := make(chan error, 1)
			_, err := c.Subscribe(t.Context(), func(m *client.Message) { closed <- c.Close(context.Background()) }, client.Sub("t", 2))
			require.NoError(t, err)
			b.publish(&packets.Publish{Topic: []byte("t"), QoS: 2})
			within(t, 10*time.Second, func() { assert.NoError(t, <-closed) })
			assert.Len(t, packetsOf[*packets.Disconnect](b), 1)
		})
	}
}

func TestTrap25CloseWhileDialingEnds(t *testing.T) {
	for name, dial := range map[string]func(ctx context.Context, u *urlOf) (netConn, error){
		"a dialer that ends with its context": func(ctx context.Context, _ *urlOf) (netConn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"one that does not, for an hour": func(context.Context, *urlOf) (netConn, error) {
			time.Sleep(time.Hour)
			near, _ := connection(1000)
			return near, nil
		},
		"a server that says nothing": func(context.Context, *urlOf) (netConn, error) {
			near, _ := connection(1000)
			return near, nil
		},
		"one that takes nothing": func(context.Context, *urlOf) (netConn, error) {
			near, _ := connection(1)
			return near, nil
		},
		"waiting for the next attempt": func(context.Context, *urlOf) (netConn, error) { return nil, errAway },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, err := client.New("mqtt://broker", client.Options{Dialer: dial, Backoff: client.Backoff{Min: time.Minute, Jitter: fixed}})
				require.NoError(t, err)
				d := c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
				require.NoError(t, c.Start())
				pass(time.Second)
				before := time.Now()
				assert.NoError(t, c.Close(context.Background()))
				assert.Zero(t, time.Since(before), "at once")
				assert.ErrorIs(t, d.Err(), client.ErrNotSent)
				assert.NoError(t, c.Run(t.Context()))
				pass(2 * time.Hour) // what the dialer does is its own affair
			})
		})
	}
}

func TestConnectThatIsUnderWayEndsWithClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.silent = true
		c, err := client.New("mqtt://broker", b.options(mqttwire.V5))
		require.NoError(t, err)
		connected := make(chan error)
		go func() { connected <- c.Connect(context.Background()) }()
		pass(time.Second)
		assert.NoError(t, c.Close(context.Background()))
		assert.ErrorIs(t, <-connected, client.ErrClosed)
	})
}

// stuck lets the broker's connections take nothing more.
func (b *broker) stuck() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.here {
		c.conn.in.set(func(s *stream) { s.room = 0; s.held = true })
	}
}

func TestTrap25CloseWithAPeerThatReadsNothingEndsWithItsContext(t *testing.T) {
	for _, v := range versions {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, b.options(v))
			b.stuck()
			defer b.end()
			d := c.Send(&packets.Publish{Topic: []byte("t"), Payload: make([]byte, 100), QoS: 1})
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			before := time.Now()
			assert.ErrorIs(t, c.Close(ctx), context.DeadlineExceeded)
			assert.ErrorIs(t, d.Err(), client.ErrUnknown)
			<-c.Done()
			assert.Less(t, time.Since(before), 3*time.Second)
		})
	}
}

func TestCloseWithAContextThatHasEndedSendsADisconnectAllTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.answer = nil
		c := b.dialed(t, b.options(mqttwire.V5))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, c.Close(ctx))
		assert.Len(t, packetsOf[*packets.Disconnect](b), 1)
	})
}

func TestCloseWaitsForAcknowledgements(t *testing.T) {
	for q := range mqttwire.QoS(3) {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, b.options(mqttwire.V5))
			var list []*client.Delivery
			for range 500 {
				list = append(list, c.Send(&packets.Publish{Topic: []byte("t"), Payload: make([]byte, 1000), QoS: q}))
			}
			require.NoError(t, c.Close(t.Context()))
			for _, d := range list {
				assert.NoError(t, d.Err())
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			assert.Equal(t, mqttwire.DISCONNECT, b.got[len(b.got)-1].Type())
		})
	}
}

func TestAbortSendsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		before := time.Now()
		require.NoError(t, c.Abort())
		assert.Zero(t, time.Since(before))
		assert.ErrorIs(t, c.Run(t.Context()), client.ErrClosed)
		pass(time.Second)
		assert.Empty(t, packetsOf[*packets.Disconnect](b))
		assert.ErrorIs(t, c.Publish(t.Context(), "t", nil), client.ErrClosed)
		_, err := c.Subscribe(t.Context(), nil, client.Sub("t", 0))
		assert.ErrorIs(t, err, client.ErrNotSent)
		assert.ErrorIs(t, c.Unsubscribe(t.Context(), "t"), client.ErrClosed)
		assert.ErrorIs(t, c.Flush(t.Context()), client.ErrClosed)
		assert.ErrorIs(t, c.AwaitConnection(t.Context()), client.ErrClosed)
	})
}

func TestAClientThatWasNeverStartedCloses(t *testing.T) {
	for _, end := range []func(*client.Client) error{
		func(c *client.Client) error { return c.Close(context.Background()) }, (*client.Client).Abort,
	} {
		bubble(t, func(t *testing.T) {
			c, err := client.New("mqtt://broker", client.Options{})
			require.NoError(t, err)
			d := c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
			require.NoError(t, end(c))
			assert.ErrorIs(t, d.Err(), client.ErrNotSent)
			assert.ErrorIs(t, c.Start(), client.ErrClosed)
		})
	}
}

func TestRunStartsTheClientAndClosesItWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c, err := client.New("mqtt://broker", b.options(mqttwire.V5))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		require.NoError(t, c.AwaitConnection(t.Context()))
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
		assert.Len(t, packetsOf[*packets.Disconnect](b), 1)
		assert.NoError(t, c.Run(t.Context()))
	})
}

func TestTheContextOfConnectEndsTheAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.silent = true
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		before := time.Now()
		_, err := client.Dial(ctx, "mqtt://broker", b.options(mqttwire.V5))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 5*time.Second, time.Since(before))
	})
}

// TestTrap25TheDisconnectIsTheLastPacketOnARealSocket: although the server still sends,
// nothing of what the client has written is lost.
func TestTrap25TheDisconnectIsTheLastPacketOnARealSocket(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, listener.Close()) }()
	got := make(chan []mqttwire.PacketType, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromServer})
		_, _ = s.Receive()
		_ = s.Send(&packets.Connack{})
		stop := make(chan struct{})
		go func() { // it sends and sends, and does not read
			defer close(stop)
			for s.Send(&packets.Publish{Topic: []byte("t"), Payload: make([]byte, 10000)}) == nil {
			}
		}()
		<-stop // until the client has closed
		var list []mqttwire.PacketType
		for p, err := s.Receive(); err == nil; p, err = s.Receive() {
			list = append(list, p.Type())
		}
		got <- list
	}()
	c, err := client.Dial(t.Context(), "mqtt://"+listener.Addr().String(), client.Options{ClientID: "c", OnMessage: func(*client.Message) {}})
	require.NoError(t, err)
	require.NoError(t, c.Publish(t.Context(), "a", nil))
	require.NoError(t, c.Close(t.Context()))
	assert.Equal(t, []mqttwire.PacketType{mqttwire.PUBLISH, mqttwire.DISCONNECT}, <-got)
}

func TestCloseWithoutABoundEndsThoughThePeerReadsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		synctest.Wait()
		b.stuck()
		defer b.end()
		before := time.Now()
		assert.NoError(t, c.Close(context.Background()))
		assert.Equal(t, 5*time.Second, time.Since(before), "which is how long DISCONNECT may take")
	})
}
