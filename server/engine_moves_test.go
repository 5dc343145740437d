package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	mqttclient "github.com/mqttwire/mqttwire/client"
)

// brief is a connection that ends when so many bytes have come or gone.
type brief struct {
	net.Conn
	left atomic.Int64
}

func (b *brief) spend(n int, err error) (int, error) {
	if b.left.Add(-int64(n)) < 0 {
		_ = b.Close()
	}
	return n, err
}

func (b *brief) Read(p []byte) (int, error)  { return b.spend(b.Conn.Read(p)) }
func (b *brief) Write(p []byte) (int, error) { return b.spend(b.Conn.Write(p)) }

// mover is a client that comes to another node with each connection, and what it got.
type mover struct {
	*mqttclient.Client
	stays atomic.Bool // its connections hold from now on
	mu    sync.Mutex
	got   map[string][]int // by topic
}

func newMover(t *testing.T, id string, addresses []string) *mover {
	m := &mover{got: map[string][]int{}}
	dials := 0
	c, err := mqttclient.New("mqtt://node", mqttclient.Options{
		Version: mqttwire.V5, ClientID: id, Expiry: time.Hour, Backoff: mqttclient.Backoff{Min: time.Millisecond, Max: 10 * time.Millisecond},
		Dialer: func(ctx context.Context, _ *url.URL) (net.Conn, error) {
			dials++
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", addresses[dials%len(addresses)])
			if err != nil || m.stays.Load() {
				return conn, err
			}
			b := &brief{Conn: conn}
			b.left.Store(int64(200 + rand.IntN(3000)))
			return b, nil
		},
		OnMessage: func(msg *mqttclient.Message) {
			n, err := strconv.Atoi(string(msg.Payload))
			assert.NoError(t, err)
			m.mu.Lock()
			defer m.mu.Unlock()
			m.got[msg.Topic] = append(m.got[msg.Topic], n)
		},
	})
	require.NoError(t, err)
	m.Client = c
	return m
}

// has reports whether n messages of each topic have come.
func (m *mover) has(topics []string, n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, topic := range topics {
		if !slices.Contains(m.got[topic], n-1) {
			return false
		}
	}
	return true
}

// check checks that all have come in order, and none of QoS 2 twice.
func (m *mover) check(t *testing.T, topic string, n int, q mqttwire.QoS) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := 0
	for _, i := range m.got[topic] {
		if i < next && q == mqttwire.AtLeastOnce {
			continue // once more
		}
		if !assert.Equal(t, next, i, "%s %v", topic, m.got[topic]) {
			return
		}
		next++
	}
	assert.Equal(t, n, next, topic)
}

// Clients of two nodes publish to each other, and come to the other node with each
// connection: the session goes there while messages are under way.
func TestClientsThatMoveBetweenNodesOverLinksThatBreakLoseNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a client that comes to a node for the third time waits a second")
	}
	const clients, messages = 4, 60
	addresses := twoNodes(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var movers []*mover
	var topics []string
	for i := range clients {
		m := newMover(t, fmt.Sprint("c", i), addresses)
		require.NoError(t, m.Start())
		_, err := m.Subscribe(ctx, nil, mqttclient.Sub("t/#", 2))
		require.NoError(t, err)
		movers, topics = append(movers, m), append(topics, fmt.Sprint("t/1/", i), fmt.Sprint("t/2/", i))
	}
	var publishing sync.WaitGroup
	for i, m := range movers {
		publishing.Go(func() {
			for n := range messages {
				for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ {
					assert.NoError(t, m.Publish(ctx, fmt.Sprintf("t/%d/%d", q, i), strconv.AppendInt(nil, int64(n), 10), mqttclient.QoS(q)))
				}
			}
		})
	}
	publishing.Wait()
	for _, m := range movers {
		m.stays.Store(true)
	}
	for _, m := range movers {
		until(t, func() bool { return ctx.Err() != nil || m.has(topics, messages) })
		for _, topic := range topics {
			m.check(t, topic, messages, mqttwire.QoS(topic[2]-'0'))
		}
		t.Log(m.Stats().Connections, "connections")
	}
	for _, m := range movers {
		assert.NoError(t, m.Close(ctx))
	}
}
