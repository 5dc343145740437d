package broker_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// crowd are clients of one broker that many goroutines drive: of each message is
// known how often each client has got it.
type crowd struct {
	t         testing.TB
	b         *broker.Broker
	published atomic.Int64
	mu        sync.Mutex
	got       map[string]int // client, QoS and payload
	shared    map[string]int // payload
	sent      map[string]mqttwire.QoS
	settling  bool // one goroutine does everything
}

// crowded is a client of a crowd, driven by one goroutine.
type crowded struct {
	c       *crowd
	id      string
	v       mqttwire.Version
	session *session.Session
	link    *session.Link
	conn    *broker.Conn
	now     time.Time
}

func (c *crowded) connect() {
	c.conn = c.c.b.Attach(context.Background(), c.now, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, nil)
	c.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	p := &packets.Connect{Version: c.v, ClientID: []byte(c.id)}
	p.Properties.SetSessionExpiryInterval(1000)
	p.Properties.SetReceiveMaximum(5)
	p.Will = &packets.Will{Topic: []byte("w/" + c.id), Payload: []byte("will"), QoS: 1, Retain: true}
	require.NoError(c.c.t, c.link.Open(c.now, c.session, p))
}

func (c *crowded) lose() {
	c.link.Lost(c.now, nil)
	c.events()
	c.conn.Lost(c.now, nil)
	c.link, c.conn = nil, nil
}

// run moves what there is to be moved, both ways.
func (c *crowded) run() {
	for n := 0; c.link != nil && n < 1000; n++ {
		out := c.link.Append(nil, 1<<20)
		c.link.Wrote(c.now, len(out))
		c.events()
		c.conn.Feed(c.now, out)
		for _, ok := c.conn.Packet(); ok; _, ok = c.conn.Packet() {
			c.conn.Handle(c.now)
		}
		if c.c.settling {
			_, mark := c.c.b.Changes(nil)
			c.c.b.Durable(mark)
		}
		in := c.conn.Append(nil, 1<<16)
		c.conn.Wrote(c.now, len(in))
		c.link.Feed(c.now, in)
		for _, ok := c.link.Packet(); ok; _, ok = c.link.Packet() {
			c.link.Handle(c.now)
			c.events()
		}
		if _, closed := c.conn.Closed(); closed {
			c.lose()
		} else if len(in)+len(out) == 0 {
			return
		}
	}
}

func (c *crowded) events() {
	for e, ok := c.link.Event(); ok; e, ok = c.link.Event() {
		if p, ok := e.Packet.(*packets.Publish); ok && e.Kind == session.Arrived {
			c.c.mu.Lock()
			if string(p.Topic) == "s" {
				c.c.shared[string(p.Payload)]++
			} else if !p.Retain {
				c.c.got[c.id+" "+strconv.Itoa(int(p.QoS))+" "+string(p.Payload)]++
			}
			c.c.mu.Unlock()
		}
	}
}

// step does something.
func (c *crowded) step(r *rand.Rand) {
	c.now = c.now.Add(time.Millisecond)
	switch n := r.IntN(100); {
	case c.link == nil:
		c.connect()
	case n < 70:
		payload := strconv.FormatInt(c.c.published.Add(1), 10)
		p := &packets.Publish{Topic: []byte([]string{"a", "b", "s", "w/" + c.id}[r.IntN(4)]), Payload: []byte(payload), QoS: mqttwire.QoS(r.IntN(3)), Retain: r.IntN(9) == 0}
		_, err := c.session.Publish(c.now, session.NewMessage(c.now, p), session.Delivery{QoS: p.QoS, Retain: p.Retain})
		require.NoError(c.c.t, err)
		c.c.mu.Lock()
		c.c.sent[payload] = p.QoS
		c.c.mu.Unlock()
	case n < 75:
		c.lose()
	case n < 80: // the broker does not hear of it
		c.link.Lost(c.now, nil)
		c.events()
		old := c.conn
		c.connect()
		c.run()
		old.Append(nil, 1<<16)
		old.Lost(c.now, nil)
	case n < 85:
		c.c.b.Tick(c.now)
		c.c.b.Stats()
	case n < 90:
		c.c.b.Clients("")
		for range c.c.b.Subscriptions("") {
			continue
		}
	default:
		p := &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("none/" + c.id), QoS: 1}}}
		_, err := c.session.Subscribe(c.now, p)
		require.NoError(c.c.t, err)
	}
	c.run()
}

// Many goroutines do what the simulation does: what holds in any order has to hold.
func TestManyGoroutinesMayUseTheBrokerAtOnce(t *testing.T) {
	for _, journal := range []bool{false, true} {
		c := &crowd{t: t, got: map[string]int{}, shared: map[string]int{}, sent: map[string]mqttwire.QoS{}}
		c.b = broker.New(broker.Options{Journal: journal, Limits: broker.Limits{Queue: session.Bounds{Count: 1 << 20, Bytes: 1 << 30}}})
		done := make(chan struct{})
		var committed sync.WaitGroup
		var clients []*crowded
		for i := range 24 {
			x := &crowded{c: c, id: strconv.Itoa(i), v: mqttwire.V5, now: began}
			x.session = session.New(session.Options{Side: mqttwire.FromClient, Known: true, QueueQoS0: true, Queue: session.Bounds{Count: 1 << 20, Bytes: 1 << 30}})
			x.connect()
			p := &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("+"), QoS: 2}, {Filter: []byte("$share/g/s"), QoS: 2}}}
			_, err := x.session.Subscribe(began, p)
			require.NoError(t, err)
			clients = append(clients, x)
		}
		c.settle(clients)
		committed.Go(func() { c.commit(done) })
		c.shared, c.got = map[string]int{}, map[string]int{}
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				r := rand.New(rand.NewPCG(uint64(g), 7))
				for range 200 {
					clients[g*3+r.IntN(3)].step(r)
				}
			})
		}
		all.Wait()
		close(done)
		committed.Wait()
		c.settle(clients)
		c.check(clients)
	}
}

// commit makes changes durable until done.
func (c *crowd) commit(done chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-c.b.Changed():
			_, mark := c.b.Changes(nil)
			c.b.Durable(mark)
		}
	}
}

// settle lets all clients be connected, and get what there is.
func (c *crowd) settle(clients []*crowded) {
	c.settling = true
	for range 60 {
		for _, x := range clients {
			if x.link == nil {
				x.connect()
			}
			x.run()
		}
	}
	c.settling = false
}

// check checks what has to be true whatever went before what.
func (c *crowd) check(clients []*crowded) {
	assert.Len(c.t, c.b.Clients(""), len(clients))
	assert.Equal(c.t, len(clients), c.b.Stats().Connected)
	for key, n := range c.got {
		if key[len(key)-1] == 'l' { // a will, of which there are many alike
			continue
		}
		_, rest, _ := cut(key)
		if rest[0] != '1' {
			assert.Equal(c.t, 1, n, key)
		}
	}
	all, whole := len(clients), 0
	for payload, q := range c.sent {
		n, own := c.shared[payload], c.gotAll(clients, payload, q)
		switch {
		case q == mqttwire.AtMostOnce:
			assert.LessOrEqual(c.t, n, all+1, payload)
		case n > 0 && q == mqttwire.ExactlyOnce: // each by its own subscription, and one by the group
			assert.Equal(c.t, all+1, n, payload)
			whole++
		case n > 0:
			assert.GreaterOrEqual(c.t, n, all+1, payload)
		case own > 0:
			assert.Equal(c.t, all, own, "all have got %s", payload)
			whole++
		}
	}
	assert.Greater(c.t, whole, 10)
}

// cut cuts a key at its first blank.
func cut(key string) (id, rest string, ok bool) {
	for i := range key {
		if key[i] == ' ' {
			return key[:i], key[i+1:], true
		}
	}
	return "", "", false
}

// gotAll returns how many clients have got a message with that QoS.
func (c *crowd) gotAll(clients []*crowded, payload string, q mqttwire.QoS) (n int) {
	for _, x := range clients {
		if c.got[x.id+" "+strconv.Itoa(int(q))+" "+payload] > 0 {
			n++
		}
	}
	return n
}
