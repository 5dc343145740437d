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

// benchmarked are the packets that the benchmarks decode and append, small and
// rich, in every version that differs.
func benchmarked() []struct {
	name string
	v    mqttwire.Version
	p    mqttwire.Packet
} {
	const v31, v311, v5 = mqttwire.V31, mqttwire.V311, mqttwire.V5
	b := func(s string) []byte { return []byte(s) }
	topic := b("site/7/line/12/machine/4/temperature")
	payload := bytes.Repeat(b("x"), 64)
	subs := make([]packets.Subscription, 10)
	filters := make([][]byte, 10)
	codes := make([]mqttwire.ReasonCode, 10)
	for i := range subs {
		filters[i] = b(fmt.Sprintf("site/7/line/%d/+/temperature", i))
		subs[i] = packets.Subscription{Filter: filters[i], QoS: 1}
		codes[i] = 1
	}
	var connectProps, publishProps, connackProps, ackProps, authProps mqttwire.Properties
	connectProps.SetSessionExpiryInterval(3600)
	connectProps.SetReceiveMaximum(100)
	connectProps.SetTopicAliasMaximum(10)
	connackProps.SetAssignedClientIdentifier(b("auto-4711"))
	connackProps.SetReceiveMaximum(100)
	publishProps.SetPayloadFormatIndicator(1)
	publishProps.SetMessageExpiryInterval(60)
	publishProps.SetContentType(b("application/json"))
	publishProps.SetResponseTopic(b("site/7/replies"))
	publishProps.SetCorrelationData(b("0123456789abcdef"))
	publishProps.AddUser(b("trace"), b("4bf92f3577b34da6"))
	publishProps.AddUser(b("span"), b("00f067aa0ba902b7"))
	publishProps.AddSubscriptionID(1)
	ackProps.SetReasonString(b("no matching subscribers"))
	authProps.SetAuthenticationMethod(b("SCRAM-SHA-256"))
	authProps.SetAuthenticationData(b("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"))
	will := &packets.Will{Topic: b("site/7/status"), Payload: b("gone"), QoS: 1, Retain: true}
	return []struct {
		name string
		v    mqttwire.Version
		p    mqttwire.Packet
	}{
		{"CONNECT/v3.1/small", v31, &packets.Connect{Version: v31, CleanStart: true, KeepAlive: 60, ClientID: b("sensor-17")}},
		{"CONNECT/v3.1.1/small", v311, &packets.Connect{Version: v311, CleanStart: true, KeepAlive: 60, ClientID: b("sensor-17")}},
		{"CONNECT/v3.1.1/will,user,password", v311, &packets.Connect{Version: v311, KeepAlive: 60, ClientID: b("sensor-17"), Will: will, UserName: b("user"), Password: b("secret")}},
		{"CONNECT/v5/will,user,password,props=3", v5, &packets.Connect{Version: v5, KeepAlive: 60, ClientID: b("sensor-17"), Will: will, UserName: b("user"), Password: b("secret"), Properties: connectProps}},
		{"CONNACK/v3.1.1", v311, &packets.Connack{}},
		{"CONNACK/v5/props=2", v5, &packets.Connack{Properties: connackProps}},
		{"PUBLISH/v3.1.1/qos0/64B", v311, &packets.Publish{Topic: topic, Payload: payload}},
		{"PUBLISH/v3.1.1/qos1/64B", v311, &packets.Publish{Topic: topic, Payload: payload, QoS: 1, PacketID: 10}},
		{"PUBLISH/v5/qos0/64B/props=0", v5, &packets.Publish{Topic: topic, Payload: payload}},
		{"PUBLISH/v5/qos1/64B/props=8", v5, &packets.Publish{Topic: topic, Payload: payload, QoS: 1, PacketID: 10, Properties: publishProps}},
		{"PUBACK/v3.1.1", v311, &packets.Puback{PacketID: 10}},
		{"PUBACK/v5/code,props=1", v5, &packets.Puback{PacketID: 10, ReasonCode: 0x10, Properties: ackProps}},
		{"PUBREC/v5", v5, &packets.Pubrec{PacketID: 10}},
		{"PUBREL/v5", v5, &packets.Pubrel{PacketID: 10}},
		{"PUBCOMP/v5", v5, &packets.Pubcomp{PacketID: 10}},
		{"SUBSCRIBE/v3.1.1/filters=1", v311, &packets.Subscribe{PacketID: 10, Subscriptions: subs[:1]}},
		{"SUBSCRIBE/v5/filters=10", v5, &packets.Subscribe{PacketID: 10, Subscriptions: subs}},
		{"SUBACK/v3.1.1/codes=1", v311, &packets.Suback{PacketID: 10, ReasonCodes: codes[:1]}},
		{"SUBACK/v5/codes=10", v5, &packets.Suback{PacketID: 10, ReasonCodes: codes}},
		{"UNSUBSCRIBE/v3.1.1/filters=1", v311, &packets.Unsubscribe{PacketID: 10, Filters: filters[:1]}},
		{"UNSUBSCRIBE/v5/filters=10", v5, &packets.Unsubscribe{PacketID: 10, Filters: filters}},
		{"UNSUBACK/v3.1.1", v311, &packets.Unsuback{PacketID: 10}},
		{"UNSUBACK/v5/codes=10", v5, &packets.Unsuback{PacketID: 10, ReasonCodes: make([]mqttwire.ReasonCode, 10)}},
		{"PINGREQ/v3.1.1", v311, &packets.Pingreq{}},
		{"PINGRESP/v3.1.1", v311, &packets.Pingresp{}},
		{"DISCONNECT/v3.1.1", v311, &packets.Disconnect{}},
		{"DISCONNECT/v5/code", v5, &packets.Disconnect{ReasonCode: 0x8E}},
		{"AUTH/v5/props=2", v5, &packets.Auth{ReasonCode: 0x18, Properties: authProps}},
	}
}

// BenchmarkDecode cuts the frame and decodes it into a reused packet.
func BenchmarkDecode(b *testing.B) {
	for _, c := range benchmarked() {
		b.Run(c.name, func(b *testing.B) {
			in, err := c.p.Append(nil, c.v)
			if err != nil {
				b.Fatal(err)
			}
			p := packets.New(c.p.Type())
			b.ReportAllocs()
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				f, _, err := mqttwire.CutFrame(in, 0)
				if err != nil {
					b.Fatal(err)
				}
				if err := p.Decode(f, c.v); err != nil {
					b.Fatal(err)
				}
			}
		})
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

// BenchmarkAppend encodes the packet into a buffer with room.
func BenchmarkAppend(b *testing.B) {
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

// BenchmarkReader reads a stream of all packets of 5.0 and decodes each.
func BenchmarkReader(b *testing.B) {
	var stream []byte
	n := 0
	for _, c := range benchmarked() {
		if c.v == mqttwire.V5 {
			stream, _ = c.p.Append(stream, c.v)
			n++
		}
	}
	src := &loopReader{stream: stream}
	r := mqttwire.NewReader(src, mqttwire.Limits{})
	var set packets.Set
	b.ReportAllocs()
	b.SetBytes(int64(len(stream) / n))
	for b.Loop() {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
		f, err := r.Body()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := set.Decode(f, mqttwire.V5); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOneByteChunks feeds a packet of 64 KiB one byte at a time: the work
// is linear in the number of bytes.
func BenchmarkOneByteChunks(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			in, _ := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, make([]byte, size))
			b.SetBytes(int64(size))
			for b.Loop() {
				r := mqttwire.NewReader(oneByteReader(string(in)), mqttwire.Limits{})
				if _, err := r.Next(); err != nil {
					b.Fatal(err)
				}
				if _, err := r.Body(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCheckString validates text alone.
func BenchmarkCheckString(b *testing.B) {
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
