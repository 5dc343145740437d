package session_test

import (
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// atOnce is how many messages go in one turn.
const atOnce = 100

// BenchmarkCycle publishes a message of QoS 1, both sides in one process: PUBLISH and
// PUBACK.
func BenchmarkCycle(b *testing.B) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		b.Run(v.String(), func(b *testing.B) {
			l := newLoop(b, v, session.LinkOptions{})
			m := message("some/topic/name", string(make([]byte, 64)))
			b.ReportAllocs()
			for i := 0; i < b.N; i += atOnce {
				for range atOnce {
					if _, err := l.a.Publish(began, m, session.Delivery{QoS: 1}); err != nil {
						b.Fatal(err)
					}
				}
				l.turn(true)
			}
			if l.done < b.N {
				b.Fatal(l.done)
			}
		})
	}
}

// BenchmarkPackets encodes and decodes what BenchmarkCycle does, and no more.
func BenchmarkPackets(b *testing.B) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		b.Run(v.String(), func(b *testing.B) {
			var set, acks packets.Set
			p := &packets.Publish{Topic: []byte("some/topic/name"), Payload: make([]byte, 64), QoS: 1}
			ack := new(packets.Puback)
			var out, back []byte
			b.ReportAllocs()
			for i := 0; i < b.N; i += atOnce {
				out, back = out[:0], back[:0]
				for j := range atOnce {
					p.PacketID = uint16(j + 1)
					out, _ = p.Append(out, v)
				}
				for rest := out; len(rest) > 0; {
					var f mqttwire.Frame
					f, rest, _ = mqttwire.CutFrame(rest, 0)
					q, err := set.Decode(f, v)
					if err != nil {
						b.Fatal(err)
					}
					ack.PacketID = q.(*packets.Publish).PacketID
					back, _ = ack.Append(back, v)
				}
				for rest := back; len(rest) > 0; {
					var f mqttwire.Frame
					f, rest, _ = mqttwire.CutFrame(rest, 0)
					if _, err := acks.Decode(f, v); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
