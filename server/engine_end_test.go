package server_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// stuck returns a server whose engine keeps no record and listens to nothing.
func stuck() *server.Server {
	b, ask := newToy().node("a")
	return &server.Server{Broker: b, Engine: func(r broker.Request) {
		if r.Kind != broker.Put && r.Kind != broker.Listen {
			ask(r)
		}
	}}
}

// serveStuck serves a client whose CONNACK waits for a record, and its SUBSCRIBE for Listen.
func serveStuck(t *testing.T, s *server.Server) (near net.Conn, ended chan error) {
	near, far := net.Pipe()
	ended = make(chan error, 1)
	go func() { ended <- s.ServeConn(far) }()
	c := newClient(t, near)
	p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
	p.Properties.SetSessionExpiryInterval(60)
	c.say(p, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("t"), QoS: 1}}})
	synctest.Wait()
	return near, ended
}

// endsIn checks that the connection ends in a time.
func endsIn(t *testing.T, ended chan error, most time.Duration) {
	t.Helper()
	select {
	case err := <-ended:
		assert.Error(t, err)
	case <-time.After(most):
		require.Fail(t, "it is served still")
	}
}

// Nothing is read of it, and what is to be written waits too.
func TestAConnectionThatWaitsForTheEngineEndsWithTheServer(t *testing.T) {
	for _, gone := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := stuck()
			near, ended := serveStuck(t, s)
			if gone {
				_ = near.Close()
			}
			began := time.Now()
			assert.NoError(t, s.Close())
			assert.LessOrEqual(t, time.Since(began), 5*time.Second)
			endsIn(t, ended, time.Nanosecond)
			_ = near.Close()
		})
	}
}

func TestAConnectionThatWaitsForTheEngineEndsWithTheShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stuck()
		near, ended := serveStuck(t, s)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
		endsIn(t, ended, time.Nanosecond)
		_ = near.Close()
	})
}

// What waits for nothing is still written.
func TestAConnectionWhosePacketWaitsForTheEngineHearsOfTheShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, ask := newToy().node("a")
		s := &server.Server{Broker: b, Engine: func(r broker.Request) {
			if r.Kind != broker.Listen {
				ask(r)
			}
		}}
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- s.ServeConn(far) }()
		c := newClient(t, near)
		_ = near.SetDeadline(time.Time{})
		c.connects(mqttwire.V5, "c")
		c.say(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("t"), QoS: 1}}})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		shut := make(chan error, 1)
		go func() { shut <- s.Shutdown(ctx) }()
		d, ok := c.next().(*packets.Disconnect)
		require.True(t, ok)
		assert.Equal(t, mqttwire.ReasonServerShuttingDown, d.ReasonCode)
		<-shut
		endsIn(t, ended, time.Nanosecond)
		_ = near.Close()
	})
}

// By its own DISCONNECT, which is never written.
func TestAConnectionThatWaitsForTheEngineEndsWhenItIsDisconnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stuck()
		near, ended := serveStuck(t, s)
		require.Len(t, s.Conns(), 1)
		s.Conns()[0].Disconnect(mqttwire.ReasonAdministrativeAction)
		endsIn(t, ended, time.Minute)
		assert.NoError(t, s.Close())
		_ = near.Close()
	})
}
