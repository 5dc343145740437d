package broker_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// quiet is a connection that is written to without anybody looking.
type quiet struct {
	conn *broker.Conn
	ack  []byte
	out  []byte
}

// newQuiet connects a client that subscribes to a filter.
func newQuiet(b *broker.Broker, v mqttwire.Version, id, filter string, q mqttwire.QoS) *quiet {
	c := &quiet{conn: b.Attach(context.Background(), began, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, nil)}
	in, _ := (&packets.Connect{Version: v, ClientID: []byte(id), CleanStart: true}).Append(nil, v)
	in, _ = (&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte(filter), QoS: q}}}).Append(in, v)
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

func (c *quiet) write() {
	c.out = c.conn.Append(c.out[:0], 1<<16)
	c.conn.Wrote(began, len(c.out))
}

// acknowledge acknowledges the message of QoS 1 that was written last.
func (c *quiet) acknowledge() {
	if len(c.out) > 6 && c.out[0]>>1 == 0x19 {
		c.ack = append(c.ack[:0], 0x40, 2, c.out[5], c.out[6]) // behind the topic name "a"
		c.feed(c.ack)
	}
}

// A message is kept in memory of its own, with its topic name, as others may have it for
// long. How many get it does not matter.
func TestWhatIsAllocatedForAMessageDoesNotDependOnHowManyGetIt(t *testing.T) {
	skipUnderRace(t)
	for _, v := range versions {
		for q := range mqttwire.QoS(2) {
			var per []float64
			for _, n := range []int{1, 50} {
				b := broker.New(broker.Options{})
				from := newQuiet(b, v, "from", "b", 0)
				var to []*quiet
				for i := range n {
					to = append(to, newQuiet(b, v, fmt.Sprint(i), "a", q))
				}
				m, _ := (&packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: q, PacketID: 1}).Append(nil, v)
				publish := func() {
					from.feed(m)
					from.write()
					for _, c := range to {
						c.write()
						c.acknowledge()
					}
				}
				for range 100 {
					publish()
				}
				per = append(per, testing.AllocsPerRun(100, publish))
			}
			assert.Equal(t, per[0], per[1], "%v, QoS %d", v, q)
			assert.LessOrEqual(t, per[0], 4.0, "%v, QoS %d", v, q)
		}
	}
}
