package server_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

// toy is an engine in memory, for nodes of one process that do not end: every client has
// its record, and there is one log.
type toy struct {
	mu      sync.Mutex
	nodes   []*broker.Broker
	epoch   broker.Epoch
	holders map[string]*broker.Broker
	held    map[string]broker.Epoch
	records map[string][]byte
	takes   map[string]func()
	names   map[broker.MessageID]bool
	log     []broker.Delivery
}

func newToy() *toy {
	return &toy{holders: map[string]*broker.Broker{}, held: map[string]broker.Epoch{}, records: map[string][]byte{}, takes: map[string]func(){}, names: map[broker.MessageID]bool{}}
}

// node returns a broker, and what gives its Requests to the engine, one after the other.
func (e *toy) node(name string) (*broker.Broker, func(broker.Request)) {
	b := broker.New(broker.Options{Cluster: &broker.Cluster{Node: name}})
	e.nodes = append(e.nodes, b)
	return b, func(r broker.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		a := broker.Reply{Token: r.Token, Outcome: broker.Done, Epoch: r.Epoch}
		if !e.do(b, &r, &a) {
			return
		}
		b.Reply(time.Now(), a)
	}
}

// do does what is asked for, and reports whether it is answered now.
func (e *toy) do(b *broker.Broker, r *broker.Request, a *broker.Reply) bool {
	holder := e.holders[r.Client]
	switch r.Kind {
	case broker.Renew:
		a.Incarnation = 1
	case broker.Claim:
		if e.epoch++; holder != nil && holder != b {
			a.Epoch, a.Holder = e.epoch, broker.Holder{Node: "other", Incarnation: 1}
			go holder.Notice(time.Now(), broker.Notice{Kind: broker.Wanted, Client: r.Client, Epoch: e.held[r.Client]})
			return true
		}
		e.holders[r.Client], e.held[r.Client] = b, e.epoch
		a.Epoch, a.Record = e.epoch, e.records[r.Client]
	case broker.Take:
		take := func() {
			e.holders[r.Client], e.held[r.Client], a.Record = b, r.Epoch, e.records[r.Client]
			b.Reply(time.Now(), *a)
		}
		if holder != nil {
			e.takes[r.Client] = take
			return false
		}
		take()
		return false
	case broker.Release, broker.Drop, broker.Put:
		e.records[r.Client] = r.Record
		if r.Kind != broker.Put {
			delete(e.holders, r.Client)
			if take := e.takes[r.Client]; take != nil {
				delete(e.takes, r.Client)
				defer take()
			}
		}
	case broker.Listen:
		a.Positions = []session.Position{{Seq: uint64(len(e.log))}}
	case broker.Append:
		e.append(r)
	case broker.Replay:
		for _, d := range e.log[r.From.Seq:] {
			d.Token = r.Token
			b.Arrive(time.Now(), d)
		}
		a.Position.Seq = uint64(len(e.log))
	case broker.Fetch:
		a.Message = e.log[r.From.Seq-1].Message
	}
	return r.Token != 0
}

// append puts a message into the log, unless it is there, and brings it to all nodes.
func (e *toy) append(r *broker.Request) {
	if e.names[r.ID] {
		return
	}
	e.names[r.ID] = true
	p := r.Message.Publish()
	m := session.NewMessageAt(time.Now(), &p, session.Position{Seq: uint64(len(e.log) + 1)})
	d := broker.Delivery{Message: m, Publisher: r.Client, Previous: uint64(len(e.log))}
	e.log = append(e.log, d)
	for _, n := range e.nodes {
		n.Arrive(time.Now(), d)
	}
}

// serveToy returns a server of a node, and its address.
func serveToy(e *toy, name string) (*server.Server, string, error) {
	b, ask := e.node(name)
	s := &server.Server{Broker: b, Engine: ask}
	listener, err := server.Listen("mqtt://127.0.0.1:0", nil)
	if err != nil {
		return nil, "", err
	}
	go func() { _ = s.Serve(listener) }()
	return s, listener.Addr().String(), nil
}

// twoNodes serves two nodes of one engine until the test ends, and returns their addresses.
func twoNodes(t *testing.T) (addresses []string) {
	e := newToy()
	for _, name := range []string{"a", "b"} {
		s, address, err := serveToy(e, name)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, s.Close()) })
		addresses = append(addresses, address)
	}
	return addresses
}

// dialToy connects a client, whose session stays.
func dialToy(address, id string) (*packets.Stream, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	c := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
	p := &packets.Connect{Version: mqttwire.V5, ClientID: []byte(id)}
	p.Properties.SetSessionExpiryInterval(60)
	return c, c.Send(p)
}

// Two nodes on an engine: a client of one gets what a client of the other publishes, and
// goes on where it was when it comes to the other.
func ExampleServer_engine() {
	e := newToy()
	a, one, err := serveToy(e, "a")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, other, err := serveToy(e, "b")
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := dialToy(one, "c")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = c.Send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("t"), QoS: 1}}}) // at once
	show(c, 2)

	from, err := dialToy(other, "from")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = from.Send(&packets.Publish{Topic: []byte("t"), Payload: []byte("hello"), QoS: 1, PacketID: 1})
	show(from, 2)
	show(c, 1)

	c, err = dialToy(other, "c")
	if err != nil {
		fmt.Println(err)
		return
	}
	show(c, 2)
	fmt.Println(a.Shutdown(context.Background()))
	fmt.Println(b.Close())
	// Output:
	// CONNACK code=0x00
	// SUBACK packet_id=1 code=0x01 (Granted QoS 1)
	// CONNACK code=0x00
	// PUBACK packet_id=1 code=0x00 (Success)
	// PUBLISH topic="t" qos=1 packet_id=1 payload=5B
	// CONNACK code=0x00 session_present
	// PUBLISH topic="t" qos=1 packet_id=1 dup payload=5B
	// <nil>
	// <nil>
}

// show prints the next packets.
func show(c *packets.Stream, n int) {
	for range n {
		p, err := c.Receive()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p)
	}
}

func TestManyClientsOfTwoNodesAtOnce(t *testing.T) {
	t.Parallel()
	addresses := twoNodes(t)
	const clients, messages = 8, 50
	var all sync.WaitGroup
	got := make([]int, clients)
	ready := make(chan struct{})
	var subscribed sync.WaitGroup
	subscribed.Add(clients)
	for i := range clients {
		all.Go(func() {
			once := sync.OnceFunc(subscribed.Done)
			defer once()
			c, err := dialToy(addresses[i%2], fmt.Sprint("c", i))
			if !assert.NoError(t, err) {
				return
			}
			_ = c.Send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("t/#"), QoS: 1}}})
			for got[i] < clients*messages {
				p, err := c.Receive()
				if !assert.NoError(t, err) {
					return
				}
				switch p := p.(type) {
				case *packets.Suback:
					once()
					<-ready
					for id := range uint16(messages) {
						_ = c.Send(&packets.Publish{Topic: []byte(fmt.Sprint("t/", i)), QoS: 1, PacketID: id + 1})
					}
				case *packets.Publish:
					got[i]++
					_ = c.Send(&packets.Puback{PacketID: p.PacketID})
				}
			}
		})
	}
	subscribed.Wait()
	close(ready)
	all.Wait()
	for i, n := range got {
		assert.Equal(t, clients*messages, n, i)
	}
}
