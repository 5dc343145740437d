package session_test

import (
	"testing"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// atOnce is how many messages go in one turn.
const atOnce = 100

const benchTopic = "some/topic/name"

// cycles publishes messages of QoS 1, and moves everything.
func cycles(b *testing.B, l *loop, m *session.Message) {
	for range atOnce {
		if _, err := l.a.Publish(began, m, session.Delivery{QoS: 1}); err != nil {
			b.Fatal(err)
		}
	}
	l.turn()
}

// BenchmarkCycle publishes a message of QoS 1, both sides in one process: PUBLISH and
// PUBACK.
func BenchmarkCycle(b *testing.B) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		b.Run(v.String(), func(b *testing.B) {
			l := newLoop(b, v, session.LinkOptions{})
			m := message(benchTopic, string(make([]byte, 64)))
			b.ReportAllocs()
			for i := 0; i < b.N; i += atOnce {
				cycles(b, l, m)
			}
			if l.done < b.N {
				b.Fatal(l.done)
			}
		})
	}
}

// bare encodes and decodes the packets of cycles, and does no more: what they cost
// without a session.
type bare struct {
	v         mqttwire.Version
	set, acks packets.Set
	publish   packets.Publish
	ack       packets.Puback
	out, back []byte
}

func newBare(v mqttwire.Version) *bare {
	return &bare{v: v, publish: packets.Publish{Topic: []byte(benchTopic), Payload: make([]byte, 64), QoS: 1}}
}

func (c *bare) turn(b *testing.B) {
	c.out, c.back = c.out[:0], c.back[:0]
	for i := range atOnce {
		c.publish.PacketID = uint16(i + 1)
		c.out, _ = c.publish.Append(c.out, c.v)
	}
	for rest := c.out; len(rest) > 0; {
		var f mqttwire.Frame
		f, rest, _ = mqttwire.CutFrame(rest, 0)
		p, err := c.set.Decode(f, c.v)
		if err != nil {
			b.Fatal(err)
		}
		c.ack.PacketID = p.(*packets.Publish).PacketID
		c.back, _ = c.ack.Append(c.back, c.v)
	}
	for rest := c.back; len(rest) > 0; {
		var f mqttwire.Frame
		f, rest, _ = mqttwire.CutFrame(rest, 0)
		if _, err := c.acks.Decode(f, c.v); err != nil {
			b.Fatal(err)
		}
	}
}

// onConnection is bare with the checks of a connection: on two of packets.Connection,
// which a Link works with.
type onConnection struct {
	client, server *packets.Connection
	publish        packets.Publish
	ack            packets.Puback
	out, back      []byte
}

func newOnConnection(b *testing.B, v mqttwire.Version) *onConnection {
	c := &onConnection{
		client:  packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromClient}),
		server:  packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromServer}),
		publish: newBare(v).publish,
	}
	next := func(to *packets.Connection, out []byte, err error) {
		if err == nil {
			to.Feed(out)
			_, err = to.Next()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	out, err := c.client.Append(nil, &packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true})
	next(c.server, out, err)
	out, err = c.server.Append(nil, &packets.Connack{})
	next(c.client, out, err)
	return c
}

func (c *onConnection) turn(b *testing.B) {
	c.out, c.back = c.out[:0], c.back[:0]
	for i := range atOnce {
		c.publish.PacketID = uint16(i + 1)
		c.out, _ = c.client.Append(c.out, &c.publish)
	}
	c.server.Feed(c.out)
	for p, err := c.server.Next(); err == nil; p, err = c.server.Next() {
		c.ack.PacketID = p.(*packets.Publish).PacketID
		c.back, _ = c.server.Append(c.back, &c.ack)
	}
	c.client.Feed(c.back)
	n := 0
	for _, err := c.client.Next(); err == nil; _, err = c.client.Next() {
		n++
	}
	if n != atOnce {
		b.Fatal(n)
	}
}

// BenchmarkCycleAgainstPackets lets a cycle, its packets alone and its packets on a
// connection take turns, and reports how many times as long the cycle takes as either,
// by the shortest turns of each.
func BenchmarkCycleAgainstPackets(b *testing.B) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		b.Run(v.String(), func(b *testing.B) {
			l, alone, on := newLoop(b, v, session.LinkOptions{}), newBare(v), newOnConnection(b, v)
			m := message(benchTopic, string(make([]byte, 64)))
			turns := [...]func(){func() { cycles(b, l, m) }, func() { alone.turn(b) }, func() { on.turn(b) }}
			var least [len(turns)]time.Duration
			for i := 0; i < b.N; i += atOnce {
				for k, turn := range turns {
					start := time.Now()
					turn()
					if d := time.Since(start); least[k] == 0 || d < least[k] {
						least[k] = d
					}
				}
			}
			b.ReportMetric(float64(least[0])/atOnce, "ns/cycle")
			b.ReportMetric(float64(least[0])/float64(least[1]), "x-packets")
			b.ReportMetric(float64(least[0])/float64(least[2]), "x-connection")
		})
	}
}
