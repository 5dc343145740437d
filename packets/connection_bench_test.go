package packets_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// exchangesAtOnce is how many messages of QoS 1 go in one turn, each with its PUBACK.
const exchangesAtOnce = 100

// bareExchanges encodes messages of QoS 1 and their PUBACK, and decodes them, and does
// no more: what a connection is set against.
type bareExchanges struct {
	v          mqttwire.Version
	publish    packets.Publish
	puback     packets.Puback
	came, acks packets.Set
	out, back  []byte
}

func newBareExchanges(v mqttwire.Version) *bareExchanges {
	return &bareExchanges{v: v, publish: packets.Publish{Topic: []byte("some/topic/name"), Payload: make([]byte, 64), QoS: 1}}
}

// turn returns how many messages were acknowledged.
func (x *bareExchanges) turn() (done int) {
	x.out, x.back = x.out[:0], x.back[:0]
	for i := range exchangesAtOnce {
		x.publish.PacketID = uint16(i + 1)
		x.out, _ = x.publish.Append(x.out, x.v)
	}
	for rest := x.out; len(rest) > 0; {
		f, after, err := mqttwire.CutFrame(rest, 0)
		if err != nil {
			return done
		}
		p, err := x.came.Decode(f, x.v)
		if err != nil {
			return done
		}
		x.puback.PacketID = p.(*packets.Publish).PacketID
		x.back, _ = x.puback.Append(x.back, x.v)
		rest = after
	}
	for rest := x.back; len(rest) > 0; done++ {
		f, after, err := mqttwire.CutFrame(rest, 0)
		if err != nil {
			return done
		}
		if _, err := x.acks.Decode(f, x.v); err != nil {
			return done
		}
		rest = after
	}
	return done
}

// exchanges are bareExchanges over two connections.
type exchanges struct {
	client, server *packets.Connection
	publish        packets.Publish
	puback         packets.Puback
	out, back      []byte
}

func newExchanges(t testing.TB, v mqttwire.Version) *exchanges {
	connect := &packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}
	client, server := greeted(t, connect, &packets.Connack{}, packets.ConnectionOptions{})
	return &exchanges{client: client, server: server, publish: newBareExchanges(v).publish}
}

// turn returns how many messages were acknowledged.
func (x *exchanges) turn() (done int) {
	x.out, x.back = x.out[:0], x.back[:0]
	for i := range exchangesAtOnce {
		x.publish.PacketID = uint16(i + 1)
		x.out, _ = x.client.Append(x.out, &x.publish)
	}
	x.server.Feed(x.out)
	for p, err := x.server.Next(); err == nil; p, err = x.server.Next() {
		x.puback.PacketID = p.(*packets.Publish).PacketID
		x.back, _ = x.server.Append(x.back, &x.puback)
	}
	x.client.Feed(x.back)
	for _, err := x.client.Next(); err == nil; _, err = x.client.Next() {
		done++
	}
	return done
}

// BenchmarkExchangeAgainstBare lets the two take turns, and reports how long each takes
// for a message, and how many times as long it takes on a connection, by the shortest
// turns of each.
func BenchmarkExchangeAgainstBare(b *testing.B) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		b.Run(v.String(), func(b *testing.B) {
			bare, on := newBareExchanges(v), newExchanges(b, v)
			turns := [...]func() int{bare.turn, on.turn}
			var least [len(turns)]time.Duration
			for i := 0; i < b.N; i += exchangesAtOnce {
				for k, turn := range turns {
					start := time.Now()
					done := turn()
					if d := time.Since(start); least[k] == 0 || d < least[k] {
						least[k] = d
					}
					require.Equal(b, exchangesAtOnce, done)
				}
			}
			b.ReportMetric(float64(least[0])/exchangesAtOnce, "ns/bare")
			b.ReportMetric(float64(least[1])/exchangesAtOnce, "ns/exchange")
			b.ReportMetric(float64(least[1])/float64(least[0]), "x-bare")
		})
	}
}

// BenchmarkExchange is what a profile is made of.
func BenchmarkExchange(b *testing.B) {
	x := newExchanges(b, mqttwire.V5)
	b.ReportAllocs()
	for i := 0; i < b.N; i += exchangesAtOnce {
		require.Equal(b, exchangesAtOnce, x.turn())
	}
}
