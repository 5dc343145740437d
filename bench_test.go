package mqttwire_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// read is what the benchmarks read of decoded packets, so that nothing that
// decoding leaves for later goes unmeasured.
var read int

// readBytes reads the length and the ends of a value.
func readBytes(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	return len(b) + int(b[0]) + int(b[len(b)-1])
}

// readPacket reads every field of the packets that most traffic is made of, and
// the properties of all.
func readPacket(p mqttwire.Packet) int {
	switch p := p.(type) {
	case *packets.Connect:
		n := readBytes(p.ClientID) + readBytes(p.UserName) + readBytes(p.Password) + int(p.KeepAlive) + readProperties(&p.Properties)
		if p.Will != nil {
			n += readBytes(p.Will.Topic) + readBytes(p.Will.Payload) + int(p.Will.QoS)
		}
		return n
	case *packets.Connack:
		return int(p.ReasonCode) + readProperties(&p.Properties)
	case *packets.Publish:
		return readBytes(p.Topic) + readBytes(p.Payload) + int(p.PacketID) + int(p.QoS) + readProperties(&p.Properties)
	case *packets.Puback:
		return int(p.PacketID) + int(p.ReasonCode) + readProperties(&p.Properties)
	case *packets.Subscribe:
		n := int(p.PacketID) + readProperties(&p.Properties)
		for i := range p.Subscriptions {
			n += readBytes(p.Subscriptions[i].Filter) + int(p.Subscriptions[i].QoS)
		}
		return n
	case *packets.Unsubscribe:
		n := int(p.PacketID) + readProperties(&p.Properties)
		for _, f := range p.Filters {
			n += readBytes(f)
		}
		return n
	case *packets.Suback:
		n := int(p.PacketID) + readProperties(&p.Properties)
		for _, c := range p.ReasonCodes {
			n += int(c)
		}
		return n
	case *packets.Auth:
		return int(p.ReasonCode) + readProperties(&p.Properties)
	}
	return 0
}

// readProperties walks the list.
func readProperties(list *mqttwire.Properties) (n int) {
	if list.Empty() {
		return 0
	}
	for p := range list.All() {
		n += int(p.Number) + readBytes(p.Name()) + readBytes(p.Value())
	}
	return n
}

// BenchmarkDecode cuts the frame, decodes it into a reused packet, and reads the
// packet.
func BenchmarkDecode(b *testing.B) {
	for _, c := range benchmarked() {
		b.Run(c.name, func(b *testing.B) {
			in, err := c.p.Append(nil, c.v)
			if err != nil {
				b.Fatal(err)
			}
			benchmarkDecode(b, in, packets.New(c.p.Type()), c.v)
		})
	}
}

func benchmarkDecode(b *testing.B, in []byte, p mqttwire.Packet, v mqttwire.Version) {
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		f, _, err := mqttwire.CutFrame(in, 0)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Decode(f, v); err != nil {
			b.Fatal(err)
		}
		read += readPacket(p)
	}
}

// BenchmarkCorpus decodes every accepted packet of the corpus, by version.
func BenchmarkCorpus(b *testing.B) {
	cases, err := corpus.Load()
	if err != nil {
		b.Fatal(err)
	}
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		var frames []mqttwire.Frame
		size := 0
		for _, c := range cases {
			if c.Version == v && c.Outcome == corpus.Accept {
				frames = append(frames, c.Frame())
				size += len(c.Bytes)
			}
		}
		b.Run("v"+v.String(), func(b *testing.B) {
			var set packets.Set
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, f := range frames {
					if _, err := set.Decode(f, v); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkEncode encodes the packet into a buffer with room.
func BenchmarkEncode(b *testing.B) {
	for _, c := range benchmarked() {
		b.Run(c.name, func(b *testing.B) {
			dst := make([]byte, 0, c.p.Size(c.v)+8)
			b.ReportAllocs()
			b.SetBytes(int64(c.p.Size(c.v)))
			for b.Loop() {
				if _, err := c.p.Append(dst, c.v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSetProperties builds a PUBLISH with eight properties and encodes it.
func BenchmarkSetProperties(b *testing.B) {
	var p packets.Publish
	var list mqttwire.PropertyBuilder
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		p.Topic, p.Payload = benchTopic, benchPayload
		list.Reset()
		list.SetPayloadFormatIndicator(1)
		list.SetMessageExpiryInterval(60)
		list.SetContentType(benchTopic)
		list.SetResponseTopic(benchTopic)
		list.SetCorrelationData(benchPayload)
		list.AddUser(benchTopic, benchTopic)
		list.AddSubscriptionID(1)
		p.Properties = list.Properties()
		if _, err := p.Append(dst, mqttwire.V5); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProperties walks lists of 1 to 10,000 properties, and gets the last.
func BenchmarkProperties(b *testing.B) {
	for _, n := range []int{1, 10, 100, 10000} {
		var builder mqttwire.PropertyBuilder
		builder.Reset()
		for range n {
			builder.AddUser([]byte("trace"), []byte("4bf92f3577b34da6"))
		}
		builder.AddSubscriptionID(1)
		list := builder.Properties()
		b.Run(fmt.Sprintf("All/props=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(list.Bytes())))
			for b.Loop() {
				read += readProperties(&list)
			}
		})
		b.Run(fmt.Sprintf("SubscriptionIDs/props=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(list.Bytes())))
			for b.Loop() {
				for id := range list.SubscriptionIDs() {
					read += int(id)
				}
			}
		})
	}
}

// BenchmarkFanOut encodes the header of one PUBLISH for each subscriber, whose
// packet identifiers differ; the payload is not copied.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
			b.Run(fmt.Sprintf("v%s/qos1/subscribers=%d", shortVersion(v), n), func(b *testing.B) {
				p := packets.Publish{Topic: benchTopic, Payload: make([]byte, 1<<10), QoS: 1}
				if v == mqttwire.V5 {
					p.Properties = eightProperties()
				}
				dst := make([]byte, 0, 512)
				b.ReportAllocs()
				for b.Loop() {
					for i := range n {
						p.PacketID = uint16(i%65535 + 1)
						if _, err := p.AppendHeader(dst, v); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/subscriber")
			})
		}
	}
}

// BenchmarkSize decodes PUBLISH packets with payloads of 1 KiB to 16 MiB, and
// SUBSCRIBE packets of 1 to 10,000 filters: the time for each byte does not grow.
func BenchmarkSize(b *testing.B) {
	for size := 1 << 10; size <= 16<<20; size <<= 7 {
		b.Run(fmt.Sprintf("PUBLISH/payload=%d", size), func(b *testing.B) {
			in, _ := (&packets.Publish{Topic: benchTopic, Payload: make([]byte, size)}).Append(nil, mqttwire.V5)
			benchmarkDecode(b, in, new(packets.Publish), mqttwire.V5)
		})
	}
	for n := 1; n <= 10000; n *= 10 {
		b.Run(fmt.Sprintf("SUBSCRIBE/filters=%d", n), func(b *testing.B) {
			in, _ := (&packets.Subscribe{PacketID: 1, Subscriptions: benchSubscriptions(n)}).Append(nil, mqttwire.V5)
			benchmarkDecode(b, in, new(packets.Subscribe), mqttwire.V5)
		})
	}
}

// BenchmarkWorst decodes what takes longest for its size.
func BenchmarkWorst(b *testing.B) {
	for name, p := range worstPackets() {
		b.Run(name, func(b *testing.B) {
			in, err := p.Append(nil, mqttwire.V5)
			if err != nil {
				b.Fatal(err)
			}
			benchmarkDecode(b, in, packets.New(p.Type()), mqttwire.V5)
		})
	}
}

func worstPackets() map[string]mqttwire.Packet {
	var users, ids mqttwire.PropertyBuilder
	users.Reset()
	ids.Reset()
	for range 64 << 10 / 5 {
		users.AddUser(nil, nil)
	}
	for range 64 << 10 / 2 {
		ids.AddSubscriptionID(1)
	}
	filters := make([]packets.Subscription, 60000)
	for i := range filters {
		filters[i].Filter = []byte("a")
	}
	return map[string]mqttwire.Packet{
		"PUBLISH/topic of 2-byte characters": &packets.Publish{Topic: bytes.Repeat([]byte("ü"), 32767)},
		"PUBLISH/topic of 3-byte characters": &packets.Publish{Topic: bytes.Repeat([]byte("語"), 21845)},
		"PUBLISH/topic of 4-byte characters": &packets.Publish{Topic: bytes.Repeat([]byte("😀"), 16383)},
		"PUBLISH/topic of slashes":           &packets.Publish{Topic: bytes.Repeat([]byte("/"), 65535)},
		"PUBLISH/empty user properties":      &packets.Publish{Topic: []byte("a"), Properties: users.Properties()},
		"PUBLISH/subscription identifiers":   &packets.Publish{Topic: []byte("a"), Properties: ids.Properties()},
		"SUBSCRIBE/filter of levels":         &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: bytes.Repeat([]byte("+/"), 32767)}}},
		"SUBSCRIBE/60,000 filters":           &packets.Subscribe{PacketID: 1, Subscriptions: filters},
		"SUBACK/60,000 codes":                &packets.Suback{PacketID: 1, ReasonCodes: make([]mqttwire.ReasonCode, 60000)},
	}
}

// BenchmarkText validates text alone.
func BenchmarkText(b *testing.B) {
	for name, s := range map[string]string{
		"ascii/36":    "site/7/line/12/machine/4/temperature",
		"ascii/65535": strings.Repeat("a", 65535),
		"utf8/65534":  strings.Repeat("ü", 32767),
	} {
		b.Run(name, func(b *testing.B) {
			text := []byte(s)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if err := mqttwire.CheckString(text, mqttwire.V5); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSkip drains a large body without keeping it.
func BenchmarkSkip(b *testing.B) {
	in, _ := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, make([]byte, 1<<20))
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		r := mqttwire.NewReader(bytes.NewReader(in), anySize)
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Next(); err != io.EOF {
			b.Fatal(err)
		}
	}
}
