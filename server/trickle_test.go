package server_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

// trickle sends a beginning, and then some bytes again and again, and returns after how long the
// server has closed.
func (c *client) trickle(begin []byte, again ...byte) time.Duration {
	_ = c.conn.SetDeadline(time.Time{})
	ended := make(chan struct{})
	go func() { // who reads nothing is closed for that
		defer close(ended)
		for some := make([]byte, 100); ; {
			if _, err := c.conn.Read(some); err != nil {
				return
			}
		}
	}()
	began := time.Now()
	_, err := c.conn.Write(begin)
	for ; err == nil && time.Since(began) < time.Minute; time.Sleep(2 * time.Millisecond) {
		_, err = c.conn.Write(again)
	}
	<-ended
	return time.Since(began).Round(100 * time.Millisecond)
}

// Bytes that never stop keep a connection from resting, but not from its deadlines.
func TestWhoAlwaysSendsSomeBytesIsClosedInTimeToo(t *testing.T) {
	connect := append([]byte("\x10\xFF\x7F\x00\x04MQTT\x05\xC0\x00\x00\x00\x00\x01a\x3F\xFF"), bytes.Repeat([]byte("a"), 100)...)
	for _, s := range []*server.Server{{}, withBroker()} {
		s.Link = session.LinkOptions{ConnectTimeout: time.Second}
		pipe(t, s, func(t *testing.T, c *client) {
			assert.Equal(t, time.Second, c.trickle(connect, 'a'), "a CONNECT in pieces")
		})
	}
	for _, s := range []*server.Server{{}, withBroker()} {
		pipe(t, s, func(t *testing.T, c *client) {
			c.connects(mqttwire.V5, "c", func(p *packets.Connect) { p.KeepAlive = 2 })
			publish := append([]byte("\x30\xFF\xFF\x03\x00\x01a\x00"), bytes.Repeat([]byte("a"), 100)...)
			assert.Equal(t, 3*time.Second, c.trickle(publish, 'a'), "a PUBLISH in pieces, which is no packet for the keep alive [MQTT-3.1.2-22]")
		})
	}
	until := broker.Hooks{Connect: func(_ context.Context, p *broker.Peer, _ *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
		p.Expires = time.Now().Add(time.Second)
		return nil, 0
	}}
	pipe(t, &server.Server{Broker: broker.New(broker.Options{Hooks: until})}, func(t *testing.T, c *client) {
		c.connects(mqttwire.V5, "c")
		assert.Equal(t, time.Second, c.trickle(bytes.Repeat([]byte{0xC0, 0}, 50), 0xC0, 0), "its right has ended")
	})
}
