package mqttwire_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// BenchmarkIdleReaders opens 10,000 Readers that each get five bytes, which
// declare 256 MiB, and reports how much memory each of them holds.
func BenchmarkIdleReaders(b *testing.B) {
	benchmarkIdle(b, func(n int) any { return idleReaders(b, n) })
}

// BenchmarkIdleFeeders is BenchmarkIdleReaders with Feeders.
func BenchmarkIdleFeeders(b *testing.B) {
	for name, chunk := range map[string]int{"one chunk": 5, "in bytes": 1} {
		b.Run(name, func(b *testing.B) {
			benchmarkIdle(b, func(n int) any { return idleFeeders(b, n, chunk) })
		})
	}
}

func benchmarkIdle(b *testing.B, open func(n int) any) {
	const n = 10000
	var held int64
	for b.Loop() {
		held = heldBy(func() any { return open(n) })
	}
	b.ReportMetric(float64(held)/n, "bytes/decoder")
}

// BenchmarkStreamedPublish streams a PUBLISH of 200 MiB through Read.
func BenchmarkStreamedPublish(b *testing.B) {
	size := payloadSize(b)
	buf := make([]byte, 32<<10)
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		r := mqttwire.NewReader(newEndlessPublish(b, size), anySize)
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
		if n := streamThrough(b, r, buf); n != size+3 {
			b.Fatal(n)
		}
	}
}

// BenchmarkPacketInBytes takes a packet that comes in chunks of one byte: the
// time for each byte does not depend on the size of the packet.
func BenchmarkPacketInBytes(b *testing.B) {
	for name, take := range map[string]func(testing.TB, []byte){"Reader": readInBytes, "Feeder": feedInBytes} {
		for _, size := range []int{1 << 20, 2 << 20} {
			b.Run(fmt.Sprintf("%s/size=%d", name, size), func(b *testing.B) {
				in, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, make([]byte, size))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					take(b, in)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/byte")
			})
		}
	}
}

// BenchmarkFeeder takes the frames of the accepted packets of 5.0 from chunks.
func BenchmarkFeeder(b *testing.B) {
	in := corpusStream(b, mqttwire.V5, 500)
	for _, size := range []int{100, 1400, 16 << 10} {
		b.Run(fmt.Sprintf("chunk=%d", size), func(b *testing.B) {
			f := mqttwire.NewFeeder(mqttwire.Limits{})
			src := &loopReader{stream: in}
			chunk := make([]byte, size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				n, _ := io.ReadFull(src, chunk)
				f.Feed(chunk[:n])
				for {
					if _, err := f.Frame(); err == mqttwire.ErrIncomplete {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkAppendBody has the body in memory of the caller.
func BenchmarkAppendBody(b *testing.B) {
	for _, size := range []int{64, 64 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			in, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, make([]byte, size))
			if err != nil {
				b.Fatal(err)
			}
			r := mqttwire.NewReader(&loopReader{stream: in}, mqttwire.Limits{})
			dst := make([]byte, 0, size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := r.Next(); err != nil {
					b.Fatal(err)
				}
				if _, err := r.AppendBody(dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIdentify names the protocol of a first chunk.
func BenchmarkIdentify(b *testing.B) {
	for name, s := range map[string]string{
		"CONNECT":   "\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00",
		"TLS":       "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03",
		"WebSocket": "GET /mqtt HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			in := []byte(s)
			b.ReportAllocs()
			for b.Loop() {
				if _, more := mqttwire.Identify(in); more {
					b.Fatal("not sure")
				}
			}
		})
	}
}

// mixedStream is what a client sends: a CONNECT that is taken once, and then
// messages of many lengths, acknowledgements, now and then something else.
func mixedStream(tb testing.TB, v mqttwire.Version) (connect, mixed []byte) {
	connect = appendTo(tb, nil, &packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}, v)
	for i := range 256 {
		i = i * 97 % 256 // prime to 256: each number once
		id := uint16(i + 1)
		var p mqttwire.Packet = &packets.Pingreq{}
		switch {
		case i < 160:
			publish := &packets.Publish{QoS: mqttwire.QoS(i & 1), PacketID: id * uint16(i&1), Payload: bytes.Repeat([]byte("x"), 16+i*37%256)}
			publish.Topic = fmt.Appendf(nil, "site/%d/line/%d/machine/%d/temperature", i%7, i%12, 1<<(i%20))
			if i%4 == 3 {
				publish.Properties.SetMessageExpiryInterval(uint32(id))
				publish.Properties.SetContentType([]byte("application/json"))
			}
			p = publish
		case i < 244:
			p = &packets.Puback{PacketID: id}
		case i < 252:
			p = &packets.Subscribe{PacketID: id, Subscriptions: []packets.Subscription{{Filter: []byte("site/7/+/temperature"), QoS: 1}}}
		}
		mixed = appendTo(tb, mixed, p, v)
	}
	return connect, mixed
}

func appendTo(tb testing.TB, b []byte, p mqttwire.Packet, v mqttwire.Version) []byte {
	b, err := p.Append(b, v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// BenchmarkMixedStream cuts a stream of many packets, in the ways there are, and
// not more.
func BenchmarkMixedStream(b *testing.B) {
	_, in := mixedStream(b, mqttwire.V5)
	b.Run("CutFrame", func(b *testing.B) {
		rest := in
		for b.Loop() {
			_, after, err := mqttwire.CutFrame(rest, 0)
			if err != nil {
				b.Fatal(err)
			}
			if rest = after; len(rest) == 0 {
				rest = in
			}
		}
	})
	b.Run("Reader/Next,Body", func(b *testing.B) {
		r := mqttwire.NewReader(&loopReader{stream: in}, mqttwire.Limits{})
		for b.Loop() {
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
			if _, err := r.Body(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Reader/Frame", func(b *testing.B) {
		r := mqttwire.NewReader(&loopReader{stream: in}, mqttwire.Limits{})
		for b.Loop() {
			if _, err := r.Frame(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Feeder/Frame", func(b *testing.B) {
		f, src, chunk := mqttwire.NewFeeder(mqttwire.Limits{}), &loopReader{stream: in}, make([]byte, 4<<10)
		for b.Loop() {
			_, err := f.Frame()
			for ; err == mqttwire.ErrIncomplete; _, err = f.Frame() {
				n, _ := src.Read(chunk)
				f.Feed(chunk[:n])
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkMixedDecoder decodes the packets of a stream by a Decoder and, to
// compare, without one.
func BenchmarkMixedDecoder(b *testing.B) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		connect, in := mixedStream(b, v)
		b.Run("v"+v.String()+"/Reader,Set", func(b *testing.B) {
			r := mqttwire.NewReader(&loopReader{stream: in}, mqttwire.Limits{})
			var set packets.Set
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Next(); err != nil {
					b.Fatal(err)
				}
				f, err := r.Body()
				if err != nil {
					b.Fatal(err)
				}
				if _, err := set.Decode(f, v); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("v"+v.String()+"/Decoder", func(b *testing.B) {
			r := mqttwire.NewReader(io.MultiReader(bytes.NewReader(connect), &loopReader{stream: in}), mqttwire.Limits{})
			d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
			if _, err := d.Next(r); err != nil {
				b.Fatal(err)
			}
			d.Observe(&packets.Connack{})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Next(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMixedEncoder appends the packets of a stream by an Encoder and, to
// compare, without one.
func BenchmarkMixedEncoder(b *testing.B) {
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		_, in := mixedStream(b, v)
		var mixed []mqttwire.Packet
		for len(in) > 0 {
			f, rest, err := mqttwire.CutFrame(in, 0)
			if err != nil {
				b.Fatal(err)
			}
			p, err := packets.Decode(f, v)
			if err != nil {
				b.Fatal(err)
			}
			mixed, in = append(mixed, p), rest
		}
		dst := make([]byte, 0, 1024)
		b.Run("v"+v.String()+"/Append", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := mixed[i%len(mixed)].Append(dst, v); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("v"+v.String()+"/Encoder", func(b *testing.B) {
			e := packets.NewEncoder(packets.Options{From: mqttwire.FromClient})
			if _, err := e.Append(dst, &packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}); err != nil {
				b.Fatal(err)
			}
			e.Observe(&packets.Connack{})
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := e.Append(dst, mixed[i%len(mixed)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
