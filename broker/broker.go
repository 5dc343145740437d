package broker

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/topic"
)

// Broker keeps sessions and sends messages on. It may be used by many goroutines at
// once.
type Broker struct {
	o      Options
	spaces sync.Map // by namespace
	slots  slots
	timers deadlines
	log    changeLog
	engine *engine // nil without Options.Cluster
	counts counts
	turns  sync.Pool
	lists  sync.Pool           // of Conn.later
	pool   session.MessagePool // of messages that clients publish

	random   sync.Mutex // of source
	source   rand.Source
	figures  sync.Mutex // of nextFigures
	nextSent time.Time  // when figures are published next
}

// New returns a Broker with no sessions.
func New(o Options) *Broker {
	o.Limits = o.Limits.orDefault()
	b := &Broker{o: o, source: o.Rand}
	b.log.changed = make(chan struct{}, 1)
	if o.Cluster != nil {
		b.o.Journal = false
		b.engine = newEngine(b, *o.Cluster)
	}
	b.lists.New = func() any { return new([]*Conn) }
	b.turns.New = func() any { return &turn{b: b} }
	return b
}

// space is a namespace.
type space struct {
	name     string
	index    topic.Index[*member]
	retained retained

	mu      sync.Mutex // of clients; nothing else is locked meanwhile
	clients map[string]*client
}

// space returns the namespace of a name, made if it is not there.
func (b *Broker) space(name string) *space {
	if sp, ok := b.spaces.Load(name); ok {
		return sp.(*space)
	}
	sp, _ := b.spaces.LoadOrStore(name, &space{name: name, clients: map[string]*client{}})
	return sp.(*space)
}

// all returns the namespaces.
func (b *Broker) all() iter.Seq[*space] {
	return func(yield func(*space) bool) {
		b.spaces.Range(func(_, sp any) bool { return yield(sp.(*space)) })
	}
}

// find returns the client with that identifier, or nil.
func (sp *space) find(id string) *client {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	return sp.clients[id]
}

// remove removes a client.
func (sp *space) remove(cl *client) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.clients[cl.id] == cl {
		delete(sp.clients, cl.id)
	}
}

// list returns the clients, as they are now.
func (sp *space) list() []*client {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	all := make([]*client, 0, len(sp.clients))
	for _, cl := range sp.clients {
		all = append(all, cl)
	}
	return all
}

// number returns a random number below n.
func (b *Broker) number(n int) int {
	if n <= 1 {
		return 0
	}
	return int(b.bits() % uint64(n))
}

func (b *Broker) bits() uint64 {
	if b.source == nil {
		return rand.Uint64()
	}
	b.random.Lock()
	defer b.random.Unlock()
	return b.source.Uint64()
}

// identifierLetters are what client identifiers that are assigned are made of: such as
// every server takes. [MQTT-3.1.3-5]
const identifierLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newIdentifier returns a client identifier.
func (b *Broker) newIdentifier() string {
	var id [22]byte
	for i := range id {
		id[i] = identifierLetters[b.number(len(identifierLetters))]
	}
	return string(id[:])
}

// Attach gives the broker a connection that begins: a Link of the server's side on
// which nothing was called yet, which from now on is reached through the Conn alone. ctx
// is what hooks get. ready is called when somebody else has given the connection
// something to write, once until Append has returned nothing: outside all locks, so that
// it may be called before Attach is back. It must not wait. It may be nil. Of messages that
// come together it is called when Packet of their connection has no more, or Tell is called.
func (b *Broker) Attach(ctx context.Context, now time.Time, l *session.Link, from Origin, ready func()) *Conn {
	c := &Conn{b: b, link: l, ctx: ctx, now: now, ready: ready}
	c.peer = &Peer{Origin: from}
	c.peer.conn.Store(c)
	c.mu.Store(&c.own)
	if b.engine != nil {
		c.door = new(door)
	}
	l.Tick(now)
	b.counts.attached.Add(1)
	return c
}

// Disconnect closes the connection of a client, in 5.0 with a DISCONNECT that has the
// code, and reports whether there was one.
func (b *Broker) Disconnect(now time.Time, namespace, clientID string, code mqttwire.ReasonCode) bool {
	cl := b.space(namespace).find(clientID)
	if cl == nil {
		return false
	}
	cl.mu.Lock()
	c := cl.conn
	cl.mu.Unlock()
	if c == nil {
		return false
	}
	c.Disconnect(now, &packets.Disconnect{ReasonCode: code})
	return true
}

// EndSession ends the session of a client, and its connection with code 0x98, and
// reports whether there was one: while what it has published is sent on it ends with that.
// A will is published.
func (b *Broker) EndSession(now time.Time, namespace, clientID string) bool {
	cl := b.space(namespace).find(clientID)
	if cl == nil {
		return false
	}
	b.Disconnect(now, namespace, clientID, mqttwire.ReasonAdministrativeAction)
	t := b.turn(now)
	defer t.end()
	cl.mu.Lock()
	defer cl.mu.Unlock()
	switch {
	case cl.gone:
		return true
	case cl.conn != nil && cl.conn.busy: // what it has published is routed, perhaps by who calls this
		cl.ending = true
		return true
	case cl.conn != nil: // it was connected again
		return false
	}
	cl.session.End(now)
	cl.settle(t)
	return true
}
