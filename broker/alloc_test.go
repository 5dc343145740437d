package broker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// quiet is a connection that is written to without anybody looking.
type quiet struct {
	b    *broker.Broker
	conn *broker.Conn
	ack  []byte
	out  []byte
	kept []session.Record
}

// newQuiet connects a client that subscribes to filters with spaces between, in 5.0 but
// for the first with Subscription Identifiers.
func newQuiet(b *broker.Broker, v mqttwire.Version, id, filter string, q mqttwire.QoS) *quiet {
	c := &quiet{b: b, conn: b.Attach(context.Background(), began, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, nil)}
	in, _ := (&packets.Connect{Version: v, ClientID: []byte(id), CleanStart: true}).Append(nil, v)
	for i, filter := range strings.Fields(filter) {
		p := &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte(filter), QoS: q}}}
		if v == mqttwire.V5 && i > 0 {
			p.Properties.AddSubscriptionID(uint32(i))
		}
		in, _ = p.Append(in, v)
	}
	c.feed(in)
	c.write()
	return c
}

func (c *quiet) feed(b []byte) {
	c.conn.Feed(began, b)
	for _, ok := c.conn.Packet(); ok; _, ok = c.conn.Packet() {
		c.conn.Handle(began)
	}
}

// write writes what there is to be written, when what it depends on is durable.
func (c *quiet) write() {
	if c.out = c.conn.Append(c.out[:0], 1<<16); len(c.out) == 0 {
		var mark broker.Mark
		c.kept, mark = c.b.Changes(c.kept[:0])
		c.b.Durable(mark)
		c.out = c.conn.Append(c.out, 1<<16)
	}
	c.conn.Wrote(began, len(c.out))
}

// acknowledge acknowledges what was written last, to its end.
func (c *quiet) acknowledge() {
	for q := c.out; len(q) > 6; q = c.out {
		id := q[5:7] // behind the topic name "a"
		switch q[0] &^ 8 {
		case 0x32:
			c.ack = append(c.ack[:0], 0x40, 2, id[0], id[1])
		case 0x34:
			c.ack = append(c.ack[:0], 0x50, 2, id[0], id[1], 0x62, 2, id[0], id[1])
			c.ack = c.ack[:4]
			c.feed(c.ack)
			c.ack = append(c.ack[:0], 0x70, 2, id[0], id[1])
		default:
			return
		}
		c.feed(c.ack)
		c.write()
	}
}

// A publisher that counts, and takes what it is answered.
func (c *quiet) publish(p []byte) {
	c.feed(p)
	if c.write(); len(c.out) == 4 && c.out[0] == 0x50 || len(c.out) == 5 && c.out[0] == 0x50 {
		c.ack = append(c.ack[:0], 0x62, 2, c.out[2], c.out[3])
		c.feed(c.ack)
		c.write()
	}
}

// steady are the brokers, filters and numbers of receivers with which a message allocates
// nothing.
var steady = []struct {
	what    string
	options broker.Options
	filter  string
	n, each int // receivers, and copies
}{
	{"to nobody", broker.Options{}, "none", 0, 0},
	{"to one", broker.Options{}, "a", 1, 1},
	{"to 50", broker.Options{}, "a", 50, 50},
	{"to a group", broker.Options{}, "$share/g/a", 3, 1},
	{"with hooks", broker.Options{Hooks: broker.Hooks{
		Publish: func(*broker.Peer, *packets.Publish) mqttwire.ReasonCode { return 0 },
		Deliver: func(*broker.Peer, *packets.Publish) bool { return true },
		Dropped: func(*broker.Peer, *session.Message, session.Drop) {},
	}}, "a", 3, 3},
	{"with a journal", broker.Options{Journal: true}, "a", 3, 3},
	{"to several subscriptions of each", broker.Options{}, "a # +", 3, 3},
}

// The memory of a message is used again when its last receiver is through.
func TestAMessageAllocatesNothing(t *testing.T) {
	skipUnderRace(t)
	for _, v := range versions {
		for q := range mqttwire.QoS(3) {
			for _, s := range steady {
				b := broker.New(s.options)
				from := newQuiet(b, v, "from", "b", 0)
				var to []*quiet
				for i := range s.n {
					to = append(to, newQuiet(b, v, fmt.Sprint(i), s.filter, q))
				}
				m, _ := (&packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: q, PacketID: 1}).Append(nil, v)
				publish := func() {
					from.publish(m)
					for _, c := range to {
						c.write()
						c.acknowledge()
					}
				}
				for range 100 {
					publish()
				}
				assert.Zero(t, testing.AllocsPerRun(100, publish), "%s, %v, QoS %d", s.what, v, q)
				st := b.Stats()
				assert.EqualValues(t, 201, st.Received, "%s, %v, QoS %d", s.what, v, q)
				assert.EqualValues(t, 201*s.each, st.Delivered, "%s, %v, QoS %d", s.what, v, q)
			}
		}
	}
}
