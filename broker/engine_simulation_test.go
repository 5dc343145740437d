package broker_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// cluster is a simulation of two nodes on an engine with which things go wrong, and of
// clients that come and go on both. What everybody does follows from the seed.
type cluster struct {
	*engine
	seed    uint64
	clients []*roamer
	sent    int
}

// roamer is a client that keeps its session, and connects to any node.
type roamer struct {
	c       *cluster
	id      string
	version mqttwire.Version
	session *session.Session
	link    *session.Link
	conn    *broker.Conn
	at      *node
	out     []byte
	queued  bool
	filter  string // that it subscribes to; "" for a publisher
	granted bool

	sends map[session.Token]*sent
	got   []string // payloads
}

// sent is a message that was published.
type sent struct {
	payload string
	after   int // so many were published before
}

// roamers are the clients: publishers and subscribers.
func newCluster(t testing.TB, seed uint64) *cluster {
	c := &cluster{engine: newEngine(t, seed), seed: seed}
	level := broker.Recorded
	room := func(o *broker.Options) { o.Limits.Queue = session.Bounds{Count: 100_000, Bytes: 1 << 30} }
	c.node("a", level, room)
	c.node("b", level, room)
	for i, filter := range []string{"", "", "", "#", "t/+", "t/1"} {
		r := &roamer{c: c, id: "c" + strconv.Itoa(i), version: versions[i%3], filter: filter, sends: map[session.Token]*sent{}}
		r.session = session.New(session.Options{Side: mqttwire.FromClient, Known: true, Queue: session.Bounds{Count: 10_000, Bytes: 1 << 26}})
		c.clients = append(c.clients, r)
	}
	return c
}

func (c *cluster) fail(format string, args ...any) {
	c.t.Helper()
	for _, line := range c.trace[max(0, len(c.trace)-number("BROKER_LOG", 25)):] {
		c.t.Log(line)
	}
	c.t.Fatalf("seed %d: %s", c.seed, fmt.Sprintf(format, args...))
}

// connect connects a client to a node.
func (r *roamer) connect(n *node) {
	r.lose()
	r.at = n
	conn := n.b.Attach(context.Background(), r.c.now, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, func() { r.queued = true })
	r.conn, r.queued = conn, true
	p := &packets.Connect{Version: r.version, ClientID: []byte(r.id)}
	if r.version == mqttwire.V5 {
		p.Properties.SetSessionExpiryInterval(1 << 30)
		p.Properties.SetReceiveMaximum(5)
	}
	r.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	require.NoError(r.c.t, r.link.Open(r.c.now, r.session, p))
	r.c.note("%s connects to %s", r.id, n.name)
}

// lose ends the connection without a packet.
func (r *roamer) lose() {
	if r.conn == nil {
		return
	}
	if !r.at.cut {
		r.conn.Lost(r.c.now, nil)
	}
	r.conn = nil
	r.link.Lost(r.c.now, nil)
	r.events()
	r.link, r.out = nil, nil
}

// move lets bytes go both ways, and reports whether any have.
func (r *roamer) move() (moved bool) {
	if r.conn == nil || r.at.cut {
		return false
	}
	n := len(r.out)
	r.out = r.link.Append(r.out, 1<<20)
	r.link.Wrote(r.c.now, len(r.out)-n)
	r.events()
	if !r.conn.Waits() && len(r.out) > 0 {
		n := 1 + r.c.random.IntN(len(r.out))
		r.conn.Feed(r.c.now, r.out[:n])
		r.handle()
		r.out, r.queued, moved = r.out[n:], true, true // what repeats a message is answered and does not show
	}
	if r.queued {
		r.queued = false
		r.handle()
		moved = r.read() || moved
	}
	if _, closed := r.conn.Closed(); closed {
		r.c.note("%s is closed by %s", r.id, r.at.name)
		r.lose()
		return true
	}
	return moved
}

func (r *roamer) handle() {
	for _, ok := r.conn.Packet(); ok; _, ok = r.conn.Packet() {
		r.conn.Handle(r.c.now)
	}
}

// read lets the client read.
func (r *roamer) read() (moved bool) {
	for {
		b := r.conn.Append(nil, 1+r.c.random.IntN(200))
		if len(b) == 0 {
			return moved
		}
		moved = true
		r.conn.Wrote(r.c.now, len(b))
		r.link.Feed(r.c.now, b)
		for p, ok := r.link.Packet(); ok; p, ok = r.link.Packet() {
			r.check(p)
			r.link.Handle(r.c.now)
			r.events()
		}
	}
}

// check looks whether the node may send a packet: only the holder of the client may send
// CONNACK and PUBLISH, but for what was recorded and on its way when it has released it.
func (r *roamer) check(p mqttwire.Packet) {
	a, connack := p.(*packets.Connack)
	if _, publish := p.(*packets.Publish); !publish && (!connack || a.ReasonCode != 0) {
		return
	}
	if !slices.Contains(r.c.held(r.id), r.at.name) {
		return
	}
	if c := r.c.claims["/"+r.id]; c == nil || c.holder != r.at.holder || c.holder == (broker.Holder{}) {
		r.c.fail("%s got %v from %s, which does not hold it", r.id, p, r.at.name)
	}
}

// events takes the events of the client.
func (r *roamer) events() {
	for e, ok := r.link.Event(); ok; e, ok = r.link.Event() {
		switch e.Kind {
		case session.Arrived:
			m := e.Packet.(*packets.Publish)
			r.got = append(r.got, string(m.Payload))
			r.c.note("%s got %v %s", r.id, m, m.Payload)
		case session.Connected:
			if r.filter != "" && !r.granted {
				_, err := r.session.Subscribe(r.c.now, &packets.Subscribe{Subscriptions: []packets.Subscription{sub(r.filter, 2)}})
				require.NoError(r.c.t, err)
			}
		case session.Done:
			if _, suback := e.Packet.(*packets.Suback); suback {
				r.granted = r.granted || e.Outcome == session.Acked
			} else if r.c.note("%s done %v %v", r.id, e.Code, r.sends[e.Token]); e.Outcome != session.Acked {
				delete(r.sends, e.Token)
			}
		case session.Dropped:
			delete(r.sends, e.Token)
		case session.Disconnected:
			if k := e.Cause.Kind; k == session.PacketRefused || k == session.UnexpectedSession || k == session.ReceiveMaximumExceeded || k == session.UnexpectedAnswer {
				r.c.fail("%s: %v", r.id, e.Cause)
			}
		}
	}
}

// publish publishes a message: its payload has publisher, topic, QoS and number.
func (r *roamer) publish() {
	c := r.c
	topic, q := "t/"+strconv.Itoa(c.random.IntN(2)), mqttwire.QoS(1+c.random.IntN(2))
	if c.random.IntN(2) == 0 {
		topic += "x"
	}
	c.sent++
	payload := fmt.Sprintf("%s %s %d %06d", r.id, topic, q, c.sent)
	m := session.NewMessage(c.now, &packets.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: q})
	token, err := r.session.Publish(c.now, m, session.Delivery{QoS: q})
	require.NoError(c.t, err)
	r.sends[token] = &sent{payload: payload, after: c.sent}
}

// settle lets everything run.
func (c *cluster) settle(steps int) {
	for i := 0; steps == 0 || i < steps; i++ {
		moved := false
		for _, n := range c.nodes {
			if at, ok := n.b.Deadline(); ok && !c.now.Before(at) && !n.cut {
				n.b.Tick(c.now)
			}
			moved = n.step() || moved
		}
		for _, r := range c.clients {
			moved = r.move() || moved
		}
		if !moved {
			return
		}
		if i > 100_000 {
			c.fail("it does not come to an end")
		}
	}
}

// pause lets time pass.
func (c *cluster) pause(d time.Duration) {
	for end := c.now.Add(d); c.now.Before(end); {
		c.now = c.now.Add(50 * time.Millisecond)
		for _, n := range c.nodes {
			if at, ok := n.b.Deadline(); ok && !c.now.Before(at) && !n.cut {
				n.b.Tick(c.now)
			}
		}
		for _, r := range c.clients {
			if r.conn == nil {
				continue
			}
			if at, ok := r.conn.Deadline(); ok && !c.now.Before(at) && !r.at.cut {
				r.conn.Tick(c.now)
				r.queued = true
			}
		}
		c.expire()
		c.settle(c.random.IntN(40))
	}
}

// crash ends a node suddenly, and begins it anew.
func (c *cluster) crash(n *node) {
	c.note("%s crashes", n.name)
	n.cut = true
	for _, r := range c.clients {
		if r.at == n {
			r.lose()
		}
	}
	n.start()
	n.cut = false
}

// act does something.
func (c *cluster) act() {
	r := c.clients[c.random.IntN(len(c.clients))]
	n := c.nodes[c.random.IntN(len(c.nodes))]
	switch c.random.IntN(40) {
	case 0:
		c.crash(n)
	case 1: // a node that hears and says nothing for a while, and does not know
		n.cut = !n.cut
		c.note("%s is cut %t", n.name, n.cut)
	case 2:
		n.b.Notice(c.now, broker.Notice{Kind: broker.Away})
	case 3:
		n.b.Notice(c.now, broker.Notice{Kind: broker.Back})
	case 4, 5, 6:
		r.lose()
	case 7, 8, 9, 10, 11:
		if !n.cut {
			r.connect(n)
		}
	case 12, 13:
		c.pause(time.Duration(c.random.IntN(3000)) * time.Millisecond)
	case 14:
		if c.random.IntN(4) == 0 {
			c.pause(lease)
		}
	default:
		if r.filter == "" {
			r.publish()
		}
	}
	c.settle(c.random.IntN(30))
	if r.conn == nil && c.random.IntN(2) == 0 && !n.cut {
		r.connect(n)
	}
}

// finish lets everything come to its end without faults.
func (c *cluster) finish() {
	c.faults = 0
	for _, n := range c.nodes {
		n.cut = false
		n.b.Notice(c.now, broker.Notice{Kind: broker.Back})
		n.tellLost()
	}
	c.pause(3 * lease)
	for i := 0; i < 10; i++ {
		for j, r := range c.clients {
			if r.conn == nil {
				r.connect(c.nodes[j%2])
			}
		}
		c.settle(0)
		c.pause(lease / 2)
		c.settle(0)
	}
}

func TestInAClusterNothingAcknowledgedIsLost(t *testing.T) {
	seeds := uint64(number("BROKER_SEEDS", 60))
	first := uint64(number("BROKER_SEED", 1))
	for seed := first; seed < first+seeds; seed++ {
		runCluster(t, seed)
	}
}

func runCluster(t *testing.T, seed uint64) {
	c := newCluster(t, seed)
	c.pause(time.Second)
	for i, r := range c.clients[3:] { // who subscribes is there first
		r.connect(c.nodes[i%2])
	}
	c.settle(0)
	c.pause(time.Second)
	for _, r := range c.clients[3:] {
		if !r.granted {
			c.fail("%s is not granted", r.id)
		}
	}
	c.faults = int(seed % 8)
	for range number("BROKER_STEPS", 300) {
		c.act()
	}
	c.finish()
	for _, r := range c.clients[3:] {
		c.compare(r)
	}
	for _, r := range c.clients {
		if st := r.session.Stats(); st.Waiting+st.InFlight+st.Released > 0 {
			c.fail("%s: %+v waits %t, not read %d", r.id, st, r.conn != nil && r.conn.Waits(), len(r.out))
		}
	}
}

// compare looks at what a subscriber has got.
func (c *cluster) compare(r *roamer) {
	count := map[string]int{}
	lastAt := map[string]int{}
	newest := map[string]string{}
	acknowledged := map[string]bool{}
	for _, p := range c.clients[:3] {
		for _, m := range p.acknowledged() {
			acknowledged[m] = true
		}
	}
	for i, m := range r.got {
		count[m]++
		lastAt[m] = i
		flow := m[:strings.LastIndexByte(m, ' ')]
		twice := strings.HasSuffix(flow, " 2")
		if twice && count[m] > 1 {
			c.fail("%s got %s twice", r.id, m)
		}
		if !acknowledged[m] { // the client was told that it failed, which may be wrong
			continue
		}
		if twice && m < newest[flow] {
			c.fail("%s got %s after %s", r.id, m, newest[flow])
		}
		newest[flow] = m
	}
	for _, p := range c.clients[:3] {
		last := map[string]int{}
		for _, m := range p.acknowledged() {
			fields := strings.Fields(m)
			if !mqttwire.MatchTopic([]byte(r.filter), []byte(fields[1])) {
				continue
			}
			if count[m] == 0 {
				c.fail("%s has not got %s", r.id, m)
			}
			flow := fields[1] + fields[2]
			if lastAt[m] < last[flow] {
				c.fail("%s got %s, and not again after what is behind it", r.id, m)
			}
			last[flow] = lastAt[m]
		}
	}
}

// acknowledged returns what the client has published and was acknowledged, in order.
func (r *roamer) acknowledged() (list []string) {
	for _, s := range r.sends {
		list = append(list, s.payload)
	}
	slices.SortFunc(list, func(x, y string) int { return strings.Compare(x[len(x)-6:], y[len(y)-6:]) })
	return list
}
