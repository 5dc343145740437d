package client_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// TestAllComesThroughWhereverTheLinkIsCut: a client publishes to itself, with every QoS,
// from several goroutines, over links that break after a random number of bytes, or at a
// random time, that hold little, and that stop for a while. Whatever the seed, every
// request ends, every message of QoS 1 and 2 comes, one of QoS 2 once, in order, and in
// virtual time that is far below what a wait for a lost wake-up would take: without keep
// alive there is nothing that would wake anybody. MQTT_SEEDS is how many seeds.
func TestAllComesThroughWhereverTheLinkIsCut(t *testing.T) {
	seeds := 300
	if testing.Short() {
		seeds = 60
	}
	if s, err := strconv.Atoi(os.Getenv("MQTT_SEEDS")); err == nil {
		seeds = s
	}
	first := uint64(1)
	if s, err := strconv.ParseUint(os.Getenv("MQTT_SEED"), 10, 64); err == nil {
		first, seeds = s, 1
	}
	for seed := first; seed < first+uint64(seeds) && !t.Failed(); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { newCuts(t, seed).run() })
		})
	}
}

// cuts is one run.
type cuts struct {
	t      *testing.T
	rand   *rand.Rand
	broker *broker
	client *client.Client
	done   chan struct{} // closed when all was published

	mu   sync.Mutex
	came map[string][]int // by topic
	held sync.WaitGroup
}

func newCuts(t *testing.T, seed uint64) *cuts {
	x := &cuts{t: t, rand: rand.New(rand.NewPCG(seed, 0)), broker: newBroker(), came: map[string][]int{}, done: make(chan struct{})}
	r, b := x.rand, x.broker
	versions := []mqttwire.Version{mqttwire.V5, mqttwire.V5, mqttwire.V311}
	o := client.Options{
		Version: versions[r.IntN(len(versions))], ClientID: "c", Dialer: b.dial, Expiry: time.Hour, KeepAlive: client.NoKeepAlive,
		ConnectTimeout: time.Second,
		Backoff:        client.Backoff{Min: time.Millisecond, Max: 10 * time.Millisecond, Jitter: fixed},
		ReceiveMaximum: uint16(1 + r.IntN(20)),
		Session:        session.Options{InFlight: uint16(1 + r.IntN(20)), Queue: session.Bounds{Count: 1 + r.IntN(50)}},
	}
	if r.IntN(2) == 0 {
		journal := newDisk()
		journal.slow = time.Duration(r.IntN(3)) * time.Millisecond
		o.Journal = journal
	}
	b.room = []int{1, 7, 100, 4096, 64 << 10}[r.IntN(5)]
	most := []int{200, 1000, 5000}[r.IntN(3)]
	limits := rand.New(rand.NewPCG(seed, 1)) // only under the lock of the broker
	b.limit = func() (toServer, toClient int) {
		select {
		case <-x.done: // so that there is an end
			return 0, 0
		default:
			most += most / 20 // else what is sent again may be all that is ever sent
			return 1 + limits.IntN(most), 1 + limits.IntN(most)
		}
	}
	c, err := client.New("mqtt://broker", o)
	require.NoError(t, err)
	x.client = c
	return x
}

func (x *cuts) run() {
	r := x.rand
	require.NoError(x.t, x.client.Start())
	ctx, cancel := context.WithTimeout(x.t.Context(), time.Hour)
	defer cancel()
	_, err := x.client.Subscribe(ctx, x.handler(r.IntN(4)), client.Sub("#", 2))
	require.NoError(x.t, err)
	var publishers sync.WaitGroup
	n := 1 + r.IntN(60)
	several := 1 + r.IntN(4)
	for p := range several {
		waits := r.IntN(2) == 0
		publishers.Go(func() { x.publish(ctx, p, n, waits) })
	}
	stop := make(chan struct{})
	go x.disturb(rand.New(rand.NewPCG(r.Uint64(), 2)), stop)
	publishers.Wait()
	close(stop)
	close(x.done)
	x.broker.cut()
	require.NoError(x.t, x.client.Flush(ctx))
	pass(10 * time.Second)
	x.held.Wait()
	x.check(several, n)
	s := x.client.Stats()
	x.t.Log(s.Connections, "connections")
	assert.Zero(x.t, s.Session.InFlight+s.Session.Waiting+s.Session.Requests+s.Inbound, "%+v", s)
	require.NoError(x.t, x.client.Close(ctx))
	require.NoError(x.t, ctx.Err(), "it took too long")
	pass(2 * time.Second) // what lingers
	x.broker.end()
}

// publish publishes messages of QoS 1 and 2, each to a topic of its own, and some of QoS 0.
func (x *cuts) publish(ctx context.Context, p, n int, waits bool) {
	for i := range n {
		q := mqttwire.QoS(1 + i%2)
		topic, payload := fmt.Sprintf("%d/%d", p, q), fmt.Append(nil, i)
		if i%5 == 0 {
			_ = x.client.Publish(ctx, "often", payload)
		}
		if waits || i%3 == 0 {
			assert.NoError(x.t, x.client.Publish(ctx, topic, payload, client.QoS(q)))
			continue
		}
		for d := x.client.Send(&packets.Publish{Topic: []byte(topic), Payload: payload, QoS: q}); ; {
			select {
			case <-d.Done():
				if d.Err() != nil { // the queue is full
					time.Sleep(time.Millisecond)
					d = x.client.Send(&packets.Publish{Topic: []byte(topic), Payload: payload, QoS: q})
					continue
				}
			default:
			}
			break
		}
	}
}

// handler returns one that acknowledges in one of several ways.
func (x *cuts) handler(way int) func(m *client.Message) {
	return func(m *client.Message) {
		n, err := strconv.Atoi(string(m.Payload))
		assert.NoError(x.t, err)
		x.mu.Lock()
		x.came[m.Topic] = append(x.came[m.Topic], n)
		x.mu.Unlock()
		switch way {
		case 1:
			time.Sleep(time.Millisecond)
		case 2:
			assert.NoError(x.t, m.Ack())
		case 3:
			m.Hold()
			x.held.Go(func() {
				time.Sleep(time.Millisecond)
				if err := m.Ack(); m.QoS != 1 {
					assert.NoError(x.t, err)
				}
			})
		}
	}
}

// disturb cuts connections, and stops one direction for a while.
func (x *cuts) disturb(r *rand.Rand, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(r.IntN(20000)) * time.Microsecond):
		}
		c := x.broker.of("c")
		if c == nil {
			continue
		}
		direction := []*stream{c.conn.in, c.conn.out}[r.IntN(2)]
		switch r.IntN(4) {
		case 0:
			x.broker.cut()
		case 1:
			direction.set(func(s *stream) { s.held = true })
			time.Sleep(time.Duration(r.IntN(3000)) * time.Microsecond)
			direction.set(func(s *stream) { s.held = false })
		case 2:
			_ = c.conn.CloseWrite()
		}
	}
}

// check looks at what has come of so many publishers.
func (x *cuts) check(publishers, n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for p := range publishers {
		x.checkTopic(fmt.Sprint(p, "/1"), (n-1)/2*2, false)
		if n > 1 {
			x.checkTopic(fmt.Sprint(p, "/2"), (n-2)/2*2+1, true)
		}
	}
}

// checkTopic looks at the messages of a topic, of which every second number up to last was
// published: in order, but for those of QoS 1 that come again.
func (x *cuts) checkTopic(topic string, last int, once bool) {
	next := last % 2
	for _, i := range x.came[topic] {
		if i == next {
			next += 2
		} else if once || i > next {
			assert.Fail(x.t, "not in order", "%s: %v", topic, x.came[topic])
		}
	}
	assert.Equal(x.t, last+2, next, "%s: %v", topic, x.came[topic])
}
