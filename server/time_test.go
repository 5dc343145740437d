package server_test

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

func TestAClientThatSendsNothingIsClosedInTime(t *testing.T) {
	for name, test := range map[string]struct {
		connects bool
		after    time.Duration
	}{
		"no CONNECT": {false, 30 * time.Second},
		"no PINGREQ": {true, 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range []*server.Server{{}, withBroker()} {
				pipe(t, s, func(t *testing.T, c *client) {
					_ = c.conn.SetDeadline(time.Time{})
					began := time.Now()
					if test.connects {
						c.connects(mqttwire.V5, "c", func(p *packets.Connect) { p.KeepAlive = 10 })
						assert.Equal(t, mqttwire.ReasonKeepAliveTimeout, c.next().(*packets.Disconnect).ReasonCode)
					}
					_, err := c.Receive()
					assert.Equal(t, io.EOF, err)
					assert.Equal(t, test.after, time.Since(began))
				})
			}
		})
	}
}

// Trap 22, with sockets: one that reads nothing.
func TestAClientThatReadsNothingIsClosedAndNobodyWaits(t *testing.T) {
	s := withBroker()
	s.Limits.WriteTimeout = 10 * time.Second
	pipe(t, s, func(t *testing.T, slow *client) {
		_ = slow.conn.SetDeadline(time.Time{})
		slow.connects(mqttwire.V5, "slow")
		slow.subscribes("#", 0)
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- s.ServeConn(far) }()
		c := newClient(t, near)
		_ = near.SetDeadline(time.Time{})
		c.connects(mqttwire.V5, "c")
		began := time.Now()
		for range 100 {
			c.say(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1})
			c.next()
		}
		assert.Equal(t, began, time.Now(), "nobody has waited for the slow one")
		synctest.Wait()
		<-time.After(11 * time.Second)
		synctest.Wait()
		assert.Equal(t, 1, len(s.Conns()))
		assert.Equal(t, 1, s.Broker.Stats().Connected)
		_ = near.Close()
		<-ended
	})
}

func TestDeadlinesOfTheBrokerAreMet(t *testing.T) {
	pipe(t, withBroker(), func(t *testing.T, c *client) {
		_ = c.conn.SetDeadline(time.Time{})
		c.connects(mqttwire.V5, "c")
		c.subscribes("w", 0)
	})
	ended := make(chan string, 1)
	s := &server.Server{Broker: broker.New(broker.Options{Hooks: broker.Hooks{SessionEnded: func(p *broker.Peer) { ended <- p.ClientID }}})}
	synctest.Test(t, func(t *testing.T) {
		ended = make(chan string, 1)
		near, far := net.Pipe()
		gone := make(chan error, 1)
		go func() { gone <- s.ServeConn(far) }()
		c := newClient(t, near)
		c.connects(mqttwire.V5, "c", func(p *packets.Connect) { p.Properties.SetSessionExpiryInterval(60) })
		_ = near.Close()
		<-gone
		began := time.Now()
		assert.Equal(t, "c", <-ended)
		assert.InDelta(t, 60, time.Since(began).Seconds(), 0.2)
		assert.NoError(t, s.Shutdown(context.Background()))
	})
}

func TestPacketsBeyondTheRateAreReadLater(t *testing.T) {
	s := &server.Server{Limits: server.Limits{MessageRate: 10}}
	pipe(t, s, func(t *testing.T, c *client) {
		_ = c.conn.SetDeadline(time.Time{})
		c.connects(mqttwire.V5, "c")
		began := time.Now()
		for range 59 {
			c.say(&packets.Pingreq{})
			c.next()
		}
		assert.Equal(t, 5*time.Second, time.Since(began).Round(100*time.Millisecond))
	})
}

func TestTheCauseOfTheEndIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			say  []byte
			want session.CauseKind
		}{
			{[]byte{0xE0, 0}, session.PeerDisconnected},
			{[]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, session.PacketRefused},
			{nil, session.TransportLost},
		} {
			s := &server.Server{}
			near, far := net.Pipe()
			ended := make(chan error, 1)
			go func() { ended <- s.ServeConn(far) }()
			c := newClient(t, near)
			c.connects(mqttwire.V311, "c")
			_, _ = near.Write(test.say)
			if test.say == nil {
				_ = near.Close()
			}
			cause, ok := (<-ended).(session.Cause)
			assert.True(t, ok)
			assert.Equal(t, test.want, cause.Kind)
			_ = near.Close()
			_ = s.Close()
		}
	})
}
