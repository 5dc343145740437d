package client_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/internal/mosquitto"
	"github.com/mqttwire/mqttwire/packets"
)

// cutting is a proxy that breaks each connection after some bytes in one direction, a few
// or many, until it has broken so many.
func cutting(t *testing.T, to string, cuts int64) (addr string, broken *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	broken = new(atomic.Int64)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			limits := [2]int64{1 << 40, 1 << 40}
			if broken.Load() < cuts {
				most := int64(1) << (6 + rand.IntN(6))
				if broken.Load() == 0 { // one breaks for sure, however few the messages are
					most = 500
				}
				limits[rand.IntN(2)] = 100 + rand.Int64N(most)
			}
			for i, pair := range [][2]net.Conn{{far, near}, {near, far}} {
				running.Go(func() {
					if n, _ := io.CopyN(pair[0], pair[1], limits[i]); n == limits[i] {
						broken.Add(1)
					}
					_, _ = near.Close(), far.Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		running.Wait()
	})
	return listener.Addr().String(), broken
}

// TestMosquittoOverALinkThatBreaks: a thousand messages of each QoS in each version,
// over connections that break after some bytes, on the side of the sender and of the
// receiver: nothing is lost at QoS 1 and 2, nothing comes twice at QoS 2, and all in order.
func TestMosquittoOverALinkThatBreaks(t *testing.T) {
	t.Parallel()
	n, cuts := 1000, int64(60)
	if testing.Short() {
		n, cuts = 200, 10
	}
	server := mosquitto.Start(t, "max_queued_messages 0").Address
	for _, v := range versions {
		for q := range mqttwire.QoS(3) {
			t.Run(fmt.Sprint(v, q), func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				addr, broken := cutting(t, server, cuts)
				o := client.Options{Version: v, Expiry: time.Hour, Backoff: client.Backoff{Min: time.Millisecond, Max: 20 * time.Millisecond}}
				o.Session.Queue.Count = 2 * n
				// As it is known of mosquitto 2.0.11 that it loses messages of QoS 2 in 3.x when
				// more than 20 are in flight.
				o.Session.InFlight = 20
				topic := fmt.Sprintf("cut/%s/%d", v, q)
				got := make(chan string, 10*n)
				o.ClientID = strings.ReplaceAll(fmt.Sprintf("r%s-%d", v, q), ".", "")
				o.OnMessage = func(m *client.Message) { got <- string(m.Payload) }
				faults := &publishedAgain{released: map[uint16]string{}}
				receiver := dialThrough(ctx, t, addr, o, faults.listener())
				_, err := receiver.Subscribe(ctx, nil, client.Sub(topic, q))
				require.NoError(t, err)
				o.ClientID, o.OnMessage = "s"+o.ClientID, nil
				sender := dialThrough(ctx, t, addr, o, client.Listener{})
				var list []*client.Delivery
				for i := range n {
					list = append(list, sender.Send(&packets.Publish{Topic: []byte(topic), Payload: fmt.Appendf(nil, "%d %100d", i, 0), QoS: q}))
				}
				for _, d := range list {
					if err := d.Err(); q > 0 {
						require.NoError(t, err)
					}
				}
				twice := received(ctx, t, q, n, receiver, got)
				if q == mqttwire.ExactlyOnce {
					assert.Equal(t, faults.count(), twice, "none may come twice, but for what the server publishes again behind its PUBREL")
				}
				if q > 0 {
					assert.Positive(t, broken.Load(), "connections that broke")
				}
				t.Log("connections broken:", broken.Load(), "came again and were handed on once:", receiver.Stats().Repeated,
					"published again behind PUBREL:", faults.count())
				require.NoError(t, sender.Close(ctx))
				require.NoError(t, receiver.Close(ctx))
			})
		}
	}
}

// dialThrough connects in spite of a link that breaks.
func dialThrough(ctx context.Context, t *testing.T, addr string, o client.Options, l client.Listener) *client.Client {
	t.Helper()
	c, err := client.New("mqtt://"+addr, o)
	require.NoError(t, err)
	c.Listen(l)
	require.NoError(t, c.Start())
	require.NoError(t, c.AwaitConnection(ctx))
	t.Cleanup(func() { _ = c.Abort() })
	return c
}

// received takes n messages, which are to come as their QoS promises, and returns how
// many have come twice.
func received(ctx context.Context, t *testing.T, q mqttwire.QoS, n int, c *client.Client, got <-chan string) (twice int) {
	t.Helper()
	for next := 0; next < n; {
		select {
		case s := <-got:
			var i int
			_, err := fmt.Sscan(s, &i)
			require.NoError(t, err)
			switch {
			case i == next || q == 0 && i > next:
				next = i + 1
			case i < next:
				twice++
			default:
				require.Fail(t, "one is missing", "%d came in place of %d", i, next)
			}
		case <-ctx.Done():
			require.Fail(t, "the messages have to come", "%d of %d have: %+v", next, n, c.Stats())
		case <-quiet(q):
			return twice
		}
	}
	return twice
}

// publishedAgain counts the messages of QoS 2 that a server has published again when it
// had sent PUBREL for them already, which [MQTT-4.3.3-6] forbids, so that they come twice:
// mosquitto 2.0.11 does so if a connection ends before it has sent PUBREL again.
type publishedAgain struct {
	mu       sync.Mutex
	sent     map[uint16]string
	released map[uint16]string
	n        int
}

func (f *publishedAgain) listener() client.Listener {
	f.sent = map[uint16]string{}
	return client.Listener{
		Publish: func(_ *client.Client, p *packets.Publish) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if p.QoS == 2 && p.Dup && f.released[p.PacketID] == string(p.Payload) {
				f.n++
			}
			delete(f.released, p.PacketID)
			f.sent[p.PacketID] = string(p.Payload)
		},
		PublishRelease: func(_ *client.Client, p *packets.Pubrel) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.released[p.PacketID] = f.sent[p.PacketID]
		},
	}
}

func (f *publishedAgain) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// quiet is when nothing more is to be awaited of messages of QoS 0.
func quiet(q mqttwire.QoS) <-chan time.Time {
	if q > 0 {
		return nil
	}
	return time.After(time.Second)
}
