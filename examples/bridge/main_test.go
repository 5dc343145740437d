package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/internal/mosquitto"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

// ours serves a broker of ours until the test ends, and returns its URL.
func ours(t *testing.T) string {
	t.Helper()
	return serves(t, broker.Options{})
}

// serves is ours with those options.
func serves(t *testing.T, o broker.Options) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server.Server{Broker: broker.New(o)}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Close())
		assert.Equal(t, server.ErrServerClosed, <-ended)
	})
	return "mqtt://" + l.Addr().String()
}

// bridged is a client on each side of a bridge.
func bridged(ctx context.Context, t *testing.T, urls [2]string, o client.Options) (sides [2]*client.Client) {
	t.Helper()
	v := o.Version
	o.ClientID = "bridge"
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(ctx)
	go func() {
		ended <- bridge(ctx, urls[0], urls[1], []string{"both/#"}, o)
	}()
	for i, url := range urls {
		var err error
		sides[i], err = client.Dial(ctx, url, client.Options{Version: v, CleanStart: true, ClientID: fmt.Sprint("side ", i)})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, sides[i].Abort()) })
	}
	t.Cleanup(func() {
		stop()
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
	return sides
}

// meet waits until the bridge passes on, both ways.
func meet(ctx context.Context, t *testing.T, sides [2]*client.Client) {
	t.Helper()
	for i, from := range sides {
		topic := fmt.Sprint("both/meet/", i)
		met := make(chan struct{}, 1000)
		_, err := sides[1-i].Subscribe(ctx, func(*client.Message) { met <- struct{}{} }, client.Sub(topic, 0))
		require.NoError(t, err)
		for waits := true; waits; {
			require.NoError(t, from.Publish(ctx, topic, nil, client.QoS(1)))
			select {
			case <-met:
				waits = false
			case <-time.After(time.Millisecond):
				require.NoError(t, ctx.Err())
			}
		}
		require.NoError(t, sides[1-i].Unsubscribe(ctx, topic))
	}
}

func TestMessagesCrossTheBridgeOnceAndInOrder(t *testing.T) {
	servers := map[string]func(t *testing.T) [2]string{
		"ours": func(t *testing.T) [2]string { return [2]string{ours(t), ours(t)} },
		// Before 5.0, mosquitto 2.0.11 sends no more behind the first 20 messages of QoS 2 if
		// more have waited than it has in flight. So nothing waits.
		"mosquitto": func(t *testing.T) [2]string {
			return [2]string{ours(t), "mqtt://" + mosquitto.Start(t, "max_inflight_messages 0").Address}
		},
	}
	for name, urls := range servers {
		for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
			t.Run(fmt.Sprint(name, " ", v), func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				sides := bridged(ctx, t, urls(t), client.Options{Version: v})
				meet(ctx, t, sides)
				for i, from := range sides {
					crosses(ctx, t, from, sides[1-i], mqttwire.QoS(1+i), v)
				}
			})
		}
	}
}

// crosses publishes on one side, and looks at what comes out on both.
func crosses(ctx context.Context, t *testing.T, from, to *client.Client, q mqttwire.QoS, v mqttwire.Version) {
	t.Helper()
	const count = 50
	topic := fmt.Sprint("both/cross/", q)
	out, echo := make(chan *client.Message, 2*count), make(chan *client.Message, 2*count)
	_, err := to.Subscribe(ctx, func(m *client.Message) { out <- m }, client.Sub(topic, 2))
	require.NoError(t, err)
	_, err = from.Subscribe(ctx, func(m *client.Message) { echo <- m }, client.Sub(topic, 2))
	require.NoError(t, err)
	for i := range count {
		p := &packets.Publish{Topic: []byte(topic), Payload: fmt.Append(nil, i), QoS: q, Retain: i == count-1}
		if v == mqttwire.V5 {
			p.Properties.SetContentType([]byte("text/plain"))
		}
		from.Send(p)
	}
	require.NoError(t, from.Flush(ctx))
	for i := range count {
		m := next(ctx, t, out)
		require.Equal(t, fmt.Sprint(i), string(m.Payload))
		assert.Equal(t, q, m.QoS)
		_, has := m.Properties.ContentType()
		assert.Equal(t, v == mqttwire.V5, has)
	}
	require.NoError(t, to.Publish(ctx, topic, []byte("last"), client.QoS(1)))
	require.Equal(t, "last", string(next(ctx, t, out).Payload), "nothing came twice")
	for i := range count { // the publisher's own
		require.Equal(t, fmt.Sprint(i), string(next(ctx, t, echo).Payload))
	}
	require.Equal(t, "last", string(next(ctx, t, echo).Payload), "nothing comes back over the bridge")
}

// A message that is too large for a side does not come, and holds up none of those behind
// it, which are more than the bridge may have under way.
func TestAMessageThatASideDoesNotTakeHoldsUpNoOther(t *testing.T) {
	for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		urls := [2]string{ours(t), serves(t, broker.Options{Offers: broker.Offers{PacketSize: 1000}})}
		sides := bridged(ctx, t, urls, client.Options{})
		meet(ctx, t, sides)
		out := make(chan *client.Message, 200)
		_, err := sides[1].Subscribe(ctx, func(m *client.Message) { out <- m }, client.Sub("both/size", 2))
		require.NoError(t, err)
		sides[0].Send(&packets.Publish{Topic: []byte("both/size"), Payload: make([]byte, 2000), QoS: q})
		for i := range 150 {
			sides[0].Send(&packets.Publish{Topic: []byte("both/size"), Payload: fmt.Append(nil, i), QoS: q})
		}
		for i := range 150 {
			require.Equal(t, fmt.Sprint(i), string(next(ctx, t, out).Payload))
		}
	}
}

// While a side is away more comes from the other one than the queue of the bridge holds.
func TestMessagesWaitWhileASideIsAway(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	urls := [2]string{ours(t), ours(t)}
	there, err := url.Parse(urls[1])
	require.NoError(t, err)
	back := make(chan struct{})
	conns := make(chan net.Conn, 1) // the first one
	sides := bridged(ctx, t, urls, client.Options{
		Session: session.Options{Queue: session.Bounds{Count: 10}},
		Backoff: client.Backoff{Jitter: func(time.Duration) time.Duration { return 0 }},
		Dialer: func(ctx context.Context, u *url.URL) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
			if err != nil || u.Host != there.Host {
				return conn, err
			}
			select {
			case conns <- conn:
			case <-back:
			case <-ctx.Done():
				return nil, errors.Join(ctx.Err(), conn.Close())
			}
			return conn, nil
		},
	})
	meet(ctx, t, sides)
	out := make(chan *client.Message, 100)
	_, err = sides[1].Subscribe(ctx, func(m *client.Message) { out <- m }, client.Sub("both/away", 2))
	require.NoError(t, err)
	first := <-conns
	conns <- nil // none goes through any more
	require.NoError(t, first.Close())
	for i := range 50 {
		require.NoError(t, sides[0].Publish(ctx, "both/away", fmt.Append(nil, i), client.QoS(2)))
	}
	close(back)
	for i := range 50 {
		require.Equal(t, fmt.Sprint(i), string(next(ctx, t, out).Payload))
	}
}

// next waits for a message.
func next(ctx context.Context, t *testing.T, from <-chan *client.Message) *client.Message {
	t.Helper()
	select {
	case m := <-from:
		return m
	case <-ctx.Done():
		require.Fail(t, "a message is missing")
		return nil
	}
}
