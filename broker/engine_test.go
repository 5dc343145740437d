package broker_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// engine is a simulated one, with its nodes: it does what it is asked for, and how late,
// whether it answers, and what it says then follows from the seed.
type engine struct {
	t      testing.TB
	now    time.Time
	random *rand.Rand
	nodes  []*node
	faults int // of a hundred things that may go wrong

	logs     [2][]entry // their entry i has the number i+1
	names    map[broker.MessageID]session.Position
	retained map[string]broker.Delivery
	kept     int
	claims   map[string]*claim
	epoch    broker.Epoch
	begun    uint64
	trace    []string

	refuse func(r *broker.Request) (broker.Outcome, bool) // what becomes of it, if that is said
	lose   func(n *node, at session.Position) bool        // whether a live message is lost, and no Gap says so
}

// entry is a message in a log.
type entry struct {
	broker.Delivery
	seq uint64
}

// claim is what the engine has of a client.
type claim struct {
	namespace, client string
	holder            broker.Holder // or nobody
	record            []byte
	held              broker.Epoch  // the claim that holds it
	epoch             broker.Epoch  // the last one
	claimer           broker.Holder // of that
	takes             []func(broker.Reply)
}

// node is a broker, and what is on its way to it.
type node struct {
	e       *engine
	name    string
	b       *broker.Broker
	holder  broker.Holder // as the engine believes
	until   time.Time
	listens map[string]broker.Request
	queues  map[string][]func()
	last    [2]uint64 // the number of the last live message of each log that it was to get
	lost    [2]bool   // it has not, and nothing tells it
	cut     bool      // nothing comes or goes
	options broker.Options
	world   *world
}

const lease = 10 * time.Second

func newEngine(t testing.TB, seed uint64) *engine {
	return &engine{
		t: t, now: began, random: rand.New(rand.NewPCG(seed, 7)),
		names: map[broker.MessageID]session.Position{}, retained: map[string]broker.Delivery{}, claims: map[string]*claim{},
	}
}

// node adds a node.
func (e *engine) node(name string, level broker.Level, with ...func(*broker.Options)) *node {
	n := &node{e: e, name: name}
	n.options = broker.Options{Cluster: &broker.Cluster{Node: name, Lease: lease, Level: level}}
	for _, f := range with {
		f(&n.options)
	}
	e.nodes = append(e.nodes, n)
	n.start()
	return n
}

// start begins a node, anew if it has been there.
func (n *node) start() {
	n.listens, n.queues = map[string]broker.Request{}, map[string][]func(){}
	n.options.Rand = rand.NewPCG(n.e.begun, 3)
	n.b = broker.New(n.options)
	n.world = &world{t: n.e.t, now: n.e.now, b: n.b, peers: map[*broker.Conn]*peer{}}
}

func (e *engine) note(format string, args ...any) {
	e.trace = append(e.trace, e.now.Format("05.000 ")+fmt.Sprintf(format, args...))
}

// chance is that something goes wrong.
func (e *engine) chance() bool { return e.faults > 0 && e.random.IntN(100) < e.faults }

// later lets something happen to a node, in the order of its queue.
func (n *node) later(queue string, f func()) { n.queues[queue] = append(n.queues[queue], f) }

// step does the next thing on the way to a node, of a queue that is any, and reports
// whether there was one.
func (n *node) step() bool {
	if n.cut {
		return false
	}
	if r, ok := n.b.Request(); ok {
		n.later(queueOf(&r), func() { n.e.ask(n, r) })
	}
	names := make([]string, 0, len(n.queues))
	for name := range n.queues {
		names = append(names, name)
	}
	if len(names) == 0 {
		return false
	}
	sort.Strings(names)
	n.next(names[n.e.random.IntN(len(names))])
	return true
}

// next does the next thing of a queue.
func (n *node) next(name string) {
	f := n.queues[name][0]
	if n.queues[name] = n.queues[name][1:]; len(n.queues[name]) == 0 {
		delete(n.queues, name)
	}
	f()
}

// queueOf returns what a Request keeps its order with.
func queueOf(r *broker.Request) string {
	switch {
	case r.Kind == broker.Renew:
		return "renew"
	case r.Kind == broker.Replay, r.Kind == broker.Fetch:
		return fmt.Sprint("read ", r.Token)
	case r.Client != "":
		return "of " + r.Namespace + "/" + r.Client
	case len(r.Filter) > 0:
		return "filter " + r.Namespace + "/" + string(r.Group) + "/" + string(r.Filter)
	}
	return "topic " + r.Namespace + "/" + string(r.Message.Topic())
}

// reply answers.
func (n *node) reply(queue string, a broker.Reply) {
	n.later("<"+queue, func() { n.b.Reply(n.e.now, a) })
}

// ask does what a node has asked for, if nothing goes wrong.
func (e *engine) ask(n *node, r broker.Request) {
	queue, asked := queueOf(&r), n.b
	answer := func(a broker.Reply) {
		a.Token = r.Token
		if r.Token == 0 || n.b != asked {
			return
		}
		if e.chance() { // it was done, and nobody hears of it
			if e.random.IntN(2) == 0 {
				n.reply(queue, broker.Reply{Token: r.Token})
			}
			return
		}
		n.reply(queue, a)
	}
	if e.refuse != nil {
		if o, ok := e.refuse(&r); ok {
			n.reply(queue, broker.Reply{Token: r.Token, Outcome: o})
			return
		}
	}
	if r.Token != 0 && e.chance() { // it is not done
		switch may := r.Kind == broker.Append || r.Kind == broker.Retain || r.Kind == broker.Listen; {
		case may && e.random.IntN(2) == 0:
			n.reply(queue, broker.Reply{Token: r.Token, Outcome: broker.Refused})
		case e.random.IntN(2) == 0:
			n.reply(queue, broker.Reply{Token: r.Token})
		}
		return
	}
	e.note("%s asks %d %s epoch %d", n.name, r.Kind, r.Client, r.Epoch)
	if r.Kind != broker.Renew && r.Kind != broker.Fetch && r.Node != n.holder {
		answer(broker.Reply{Outcome: broker.Refused})
		return
	}
	e.do(n, &r, answer)
}

// do does what a node has asked for.
func (e *engine) do(n *node, r *broker.Request, answer func(broker.Reply)) {
	done := broker.Reply{Outcome: broker.Done}
	switch r.Kind {
	case broker.Renew:
		if r.Node.Incarnation == 0 && n.holder != (broker.Holder{}) { // it is another program
			e.end(n)
		}
		e.renew(n, r.Token, answer)
	case broker.Listen:
		n.listens[string(r.Namespace)+"/"+string(r.Group)+"/"+string(r.Filter)] = *r
		done.Positions = []session.Position{{Log: 0, Seq: uint64(len(e.logs[0]))}, {Log: 1, Seq: uint64(len(e.logs[1]))}}
		n.later("filter"+string(r.Filter), func() {
			n.tellLost()
			n.flush("log 0")
			n.flush("log 1")
			answer(done)
		})
	case broker.Forget:
		delete(n.listens, string(r.Namespace)+"/"+string(r.Group)+"/"+string(r.Filter))
	case broker.Send:
		e.bring(n, broker.Delivery{Namespace: r.Namespace, Message: r.Message, Publisher: r.Client})
	case broker.Append, broker.Retain:
		if c := e.claims[r.Namespace+"/"+r.Client]; r.Epoch != 0 && (c == nil || c.holder != n.holder || c.held != r.Epoch) {
			answer(broker.Reply{Outcome: broker.Refused})
			return
		}
		e.append(n, r, answer)
	case broker.Replay:
		e.replay(n, r)
		n.later(fmt.Sprint("replay ", r.Token), func() {
			answer(broker.Reply{Outcome: broker.Done, Position: session.Position{Log: r.From.Log, Seq: r.From.Seq}})
		})
	case broker.Fetch:
		done.Outcome = broker.Refused
		if log := e.logs[r.From.Log]; r.From.Seq <= uint64(len(log)) {
			done = broker.Reply{Outcome: broker.Done, Message: log[r.From.Seq-1].Message}
		}
		answer(done)
	default:
		e.claim(n, r, answer)
	}
}

// flush brings what is on its way in a queue.
func (n *node) flush(queue string) {
	for len(n.queues[queue]) > 0 {
		n.next(queue)
	}
}

// renew goes on with a lease, or begins an incarnation.
func (e *engine) renew(n *node, token uint64, answer func(broker.Reply)) {
	if n.holder == (broker.Holder{}) {
		e.begun++
		n.holder = broker.Holder{Node: n.name, Incarnation: e.begun}
		n.listens, n.last, n.lost = map[string]broker.Request{}, [2]uint64{}, [2]bool{}
		for _, topic := range sortedKeys(e.retained) {
			d := e.retained[topic]
			d.Token = token
			n.later("retained", func() { n.b.Arrive(e.now, d) })
		}
	}
	n.until = e.now.Add(lease)
	inc := n.holder.Incarnation
	n.later("retained", func() { answer(broker.Reply{Outcome: broker.Done, Incarnation: inc}) })
}

func sortedKeys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

// expire ends the incarnations whose lease is over.
func (e *engine) expire() {
	for _, n := range e.nodes {
		if n.holder == (broker.Holder{}) || e.now.Before(n.until) {
			continue
		}
		e.end(n)
	}
}

// end ends the incarnation of a node.
func (e *engine) end(n *node) {
	e.note("%s %d ends", n.name, n.holder.Incarnation)
	gone := n.holder
	n.holder = broker.Holder{}
	for _, other := range e.nodes {
		if other != n {
			other.later("notice", func() { other.b.Notice(e.now, broker.Notice{Kind: broker.Gone, Holder: gone}) })
		}
	}
	for _, key := range sortedKeys(e.claims) {
		if e.claims[key].claimer == gone {
			e.claims[key].takes = nil
		}
	}
	for _, key := range sortedKeys(e.claims) {
		if c := e.claims[key]; c.holder == gone {
			c.holder = broker.Holder{}
			e.free(c, gone)
		}
	}
}

// free gives a client that nobody holds to who has claimed it, or lets another node hold
// it.
func (e *engine) free(c *claim, gone broker.Holder) {
	if len(c.takes) > 0 {
		c.holder, c.held = c.claimer, c.epoch
		takes := c.takes
		c.takes = nil
		for _, take := range takes {
			take(broker.Reply{Outcome: broker.Done, Record: c.record})
		}
		return
	}
	if gone == (broker.Holder{}) || len(c.record) == 0 {
		return
	}
	for _, n := range e.nodes {
		if n.holder != (broker.Holder{}) && !n.cut {
			n.later("notice", func() {
				n.b.Notice(e.now, broker.Notice{Kind: broker.Gone, Holder: gone, Namespace: c.namespace, Client: c.client})
			})
			return
		}
	}
}

// claim does what is about a client.
func (e *engine) claim(n *node, r *broker.Request, answer func(broker.Reply)) {
	key := r.Namespace + "/" + r.Client
	c := e.claims[key]
	if c == nil {
		c = &claim{namespace: r.Namespace, client: r.Client}
		e.claims[key] = c
	}
	if r.Kind == broker.Claim {
		if r.Free && c.holder != (broker.Holder{}) && c.holder != n.holder {
			answer(broker.Reply{Outcome: broker.Refused})
			return
		}
		e.claimed(n, c, answer)
		return
	}
	switch ours := c.holder == n.holder; {
	case r.Kind == broker.Take && r.Epoch == c.held && ours: // again
		answer(broker.Reply{Outcome: broker.Done, Record: c.record})
	case r.Kind == broker.Take && r.Epoch == c.epoch && c.holder == broker.Holder{}:
		c.holder, c.held = n.holder, c.epoch
		answer(broker.Reply{Outcome: broker.Done, Record: c.record})
	case r.Kind == broker.Take && r.Epoch == c.epoch:
		c.takes, c.claimer = append(c.takes, answer), n.holder
	case r.Kind == broker.Take, !ours, r.Epoch != c.held:
		answer(broker.Reply{Outcome: broker.Refused})
	case r.Kind == broker.Put:
		c.record = r.Record
		answer(broker.Reply{Outcome: broker.Done})
	default: // Release, Drop
		if c.holder = (broker.Holder{}); len(r.Record) > 0 || r.Kind == broker.Drop {
			c.record = r.Record
		}
		answer(broker.Reply{Outcome: broker.Done})
		e.free(c, broker.Holder{})
	}
}

// claimed gives a client that is free to who claims it; else its holder is told.
func (e *engine) claimed(n *node, c *claim, answer func(broker.Reply)) {
	for _, take := range c.takes { // there is a newer claim
		take(broker.Reply{Outcome: broker.Refused})
	}
	c.takes = nil
	e.epoch++
	c.epoch, c.claimer = e.epoch, n.holder
	if c.holder == (broker.Holder{}) || c.holder == n.holder {
		c.holder, c.held = n.holder, c.epoch
		answer(broker.Reply{Outcome: broker.Done, Epoch: c.epoch, Record: c.record})
		return
	}
	answer(broker.Reply{Outcome: broker.Done, Epoch: c.epoch, Holder: c.holder})
	held := c.held
	for _, other := range e.nodes {
		if other.holder == c.holder {
			other.later("<of "+c.namespace+"/"+c.client, func() {
				e.note("%s hears that %s is wanted", other.name, c.client)
				other.b.Notice(e.now, broker.Notice{Kind: broker.Wanted, Namespace: c.namespace, Client: c.client, Epoch: held})
			})
		}
	}
}

// logOf returns the log of a topic.
func logOf(topic []byte) uint16 { return uint16(len(topic) % 2) }

// append puts a message into its log, unless it is there, and keeps it if it is retained.
func (e *engine) append(n *node, r *broker.Request, answer func(broker.Reply)) {
	p := r.Message.Publish()
	d := broker.Delivery{Namespace: r.Namespace, Publisher: r.Client}
	if r.Kind == broker.Retain {
		e.kept++
		d.Message = session.NewMessageAt(e.now, &p, session.Position{Log: 9, Seq: uint64(e.kept)})
		d.Retained = true
		kept := d
		e.retained[r.Namespace+"/"+string(p.Topic)] = kept
		for _, other := range e.nodes {
			if other.holder != (broker.Holder{}) {
				other.later("retained", func() { other.b.Arrive(e.now, kept) })
			}
		}
		d.Retained = false
	}
	if p.QoS == 0 {
		e.bring(n, broker.Delivery{Namespace: r.Namespace, Message: r.Message, Publisher: r.Client})
		answer(broker.Reply{Outcome: broker.Done})
		return
	}
	e.note("%s appends %v %s", n.name, r.ID, p.Payload)
	if _, has := e.names[r.ID]; has {
		answer(broker.Reply{Outcome: broker.Done})
		return
	}
	log := logOf(p.Topic)
	at := session.Position{Log: log, Seq: uint64(len(e.logs[log]) + 1)}
	d.Message = session.NewMessageAt(e.now, &p, at)
	e.note("  as %v", at)
	e.names[r.ID] = at
	e.logs[log] = append(e.logs[log], entry{d, at.Seq})
	e.bring(nil, d)
	answer(broker.Reply{Outcome: broker.Done})
}

// bring brings a message to all nodes that listen, but for the one that has sent it with
// QoS 0, and to one of each group.
func (e *engine) bring(from *node, d broker.Delivery) {
	groups := map[string][]*node{}
	requests := map[string]broker.Request{}
	for _, n := range e.nodes {
		plain := false
		for _, key := range sortedKeys(n.listens) {
			r := n.listens[key]
			if n.holder == (broker.Holder{}) || r.Namespace != d.Namespace || !mqttwire.MatchTopic(r.Filter, d.Message.Topic()) {
				continue
			}
			if len(r.Group) > 0 {
				groups[key] = append(groups[key], n)
				requests[key] = r
			}
			plain = plain || len(r.Group) == 0
		}
		if plain && n != from {
			n.arrives(e, d)
		}
	}
	for _, key := range sortedKeys(groups) {
		d := d
		d.Group, d.Filter = requests[key].Group, requests[key].Filter
		groups[key][e.random.IntN(len(groups[key]))].arrives(e, d)
	}
}

// arrives brings a message to a node; or not, if it is a live one of a log: then a Gap says
// so at once, or the next one by its Previous.
func (n *node) arrives(e *engine, d broker.Delivery) {
	queue := "sent"
	at, ok := d.Message.Position()
	if ok {
		queue = fmt.Sprint("log ", at.Log)
	}
	if ok && len(d.Group) == 0 {
		d.Previous, n.last[at.Log] = n.last[at.Log], at.Seq
		n.lost[at.Log] = e.lose != nil && e.lose(n, at) || e.chance()
		if n.lost[at.Log] {
			if e.note("%s does not get %v", n.name, at); e.lose == nil && e.random.IntN(2) == 0 {
				n.tellLost()
			}
			return
		}
	}
	n.later(queue, func() {
		at, _ := d.Message.Position()
		e.note("%s gets %v", n.name, at)
		n.b.Arrive(e.now, d)
		if e.chance() && len(d.Group) == 0 && queue != "sent" {
			n.b.Arrive(e.now, d) // twice
		}
	})
}

// tellLost tells of what was lost, and that nothing behind it tells.
func (n *node) tellLost() {
	for log, lost := range n.lost {
		if lost {
			n.lost[log] = false
			n.later(fmt.Sprint("log ", log), func() {
				n.b.Notice(n.e.now, broker.Notice{Kind: broker.Gap, Position: session.Position{Log: uint16(log)}})
			})
		}
	}
}

// replay brings what is behind a position.
func (e *engine) replay(n *node, r *broker.Request) {
	e.note("%s replays from %v to %d with %d", n.name, r.From, len(e.logs[r.From.Log]), r.Token)
	log := e.logs[r.From.Log]
	for _, m := range log[min(int(r.From.Seq), len(log)):] {
		d := m.Delivery
		d.Token = r.Token
		for _, key := range sortedKeys(n.listens) {
			if l := n.listens[key]; len(l.Group) == 0 && l.Namespace == d.Namespace && mqttwire.MatchTopic(l.Filter, d.Message.Topic()) {
				n.later(fmt.Sprint("replay ", r.Token), func() { n.b.Arrive(e.now, d) })
				break
			}
		}
	}
	r.From.Seq = uint64(len(log))
}

// run lets everything run until nothing moves.
func (e *engine) run() {
	for moved, n := true, 0; moved; n++ {
		require.Less(e.t, n, 200_000, "it does not come to an end")
		moved = false
		for _, n := range e.nodes {
			n.world.now = e.now
			n.world.run()
			if at, ok := n.b.Deadline(); ok && !e.now.Before(at) && !n.cut {
				n.b.Tick(e.now)
				moved = true
			}
			moved = n.step() || moved || len(n.world.ready) > 0
		}
	}
}

// pass lets time pass.
func (e *engine) pass(d time.Duration) {
	for end := e.now.Add(d); e.now.Before(end); {
		e.now = e.now.Add(min(50*time.Millisecond, end.Sub(e.now)))
		for _, n := range e.nodes {
			n.world.now = e.now
			for _, p := range n.world.peers {
				if by, ok := p.conn.Deadline(); ok && !p.closed && !e.now.Before(by) {
					p.conn.Tick(e.now)
					n.world.ready = append(n.world.ready, p.conn)
				}
			}
			if at, ok := n.b.Deadline(); ok && !e.now.Before(at) {
				n.b.Tick(e.now)
			}
		}
		e.expire()
		e.run()
	}
}

// connect connects a client to a node, and lets everything run.
func (n *node) connect(v mqttwire.Version, id string, with ...func(*packets.Connect)) *peer {
	n.e.t.Helper()
	n.world.now = n.e.now
	p := n.world.connect(v, id, with...)
	n.e.run()
	return p
}

// send sends packets of a client, and lets everything run.
func (n *node) send(p *peer, all ...mqttwire.Packet) {
	n.e.t.Helper()
	n.world.now = n.e.now
	p.send(all...)
	n.e.run()
}

// subscribe subscribes, and lets everything run.
func (n *node) subscribe(p *peer, all ...packets.Subscription) {
	p.packet++
	n.send(p, &packets.Subscribe{PacketID: p.packet, Subscriptions: all})
}

// publish publishes a message, and lets everything run.
func (n *node) publish(p *peer, topic, payload string, q mqttwire.QoS, with ...func(*packets.Publish)) {
	m := &packets.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: q}
	if q > 0 {
		p.packet++
		m.PacketID = p.packet
	}
	for _, f := range with {
		f(m)
	}
	n.send(p, m)
	if q == 2 {
		n.send(p, &packets.Pubrel{PacketID: m.PacketID})
	}
}

// held returns which nodes hold a client.
func (e *engine) held(id string) (names []string) {
	for _, n := range e.nodes {
		if slices.ContainsFunc(n.b.Clients(""), func(c broker.ClientInfo) bool { return c.Peer.ClientID == id }) {
			names = append(names, n.name)
		}
	}
	return names
}
