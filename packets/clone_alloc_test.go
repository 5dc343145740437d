//go:build !race

package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// kept is where the clones go, so that they escape.
var kept mqttwire.Packet

func TestACloneIsOneAllocation(t *testing.T) {
	codes := func(n int) []mqttwire.ReasonCode { return make([]mqttwire.ReasonCode, n) }
	filters := func(n, size int) (list [][]byte) {
		for range n {
			list = append(list, long(size))
		}
		return list
	}
	subscriptions := func(n, size int) (list []packets.Subscription) {
		for _, f := range filters(n, size) {
			list = append(list, packets.Subscription{Filter: f})
		}
		return list
	}
	will := &packets.Will{Topic: []byte("w"), Payload: long(100), Properties: props(withUser)}
	reason := props(withReason, withUser)
	for _, c := range []struct {
		name string
		p    mqttwire.Packet
		want float64
	}{
		{"CONNECT", &packets.Connect{ClientID: long(23), UserName: long(10), Password: long(10), Properties: props(withUser)}, 1},
		{"CONNECT with a will", &packets.Connect{ClientID: long(23), UserName: long(10), Password: []byte{}, Will: will}, 1},
		{"CONNACK", &packets.Connack{Properties: reason}, 1},
		{"CONNACK without properties", &packets.Connack{}, 1},
		{"PUBLISH without payload", &packets.Publish{Topic: []byte("a")}, 1},
		{"PUBLISH", &packets.Publish{Topic: long(30), Payload: long(200), Properties: props(withUser)}, 1},
		{"PUBLISH of 4 KiB", &packets.Publish{Topic: long(96), Payload: long(4000)}, 1},
		{"PUBLISH of more than 4 KiB", &packets.Publish{Topic: long(97), Payload: long(4000)}, 2},
		{"PUBLISH of 1 MiB", &packets.Publish{Topic: long(30), Payload: long(1 << 20)}, 2},
		{"PUBACK", &packets.Puback{Properties: reason}, 1},
		{"PUBREC", &packets.Pubrec{Properties: reason}, 1},
		{"PUBREL", &packets.Pubrel{Properties: reason}, 1},
		{"PUBCOMP", &packets.Pubcomp{Properties: reason}, 1},
		{"SUBSCRIBE of 4 filters", &packets.Subscribe{Subscriptions: subscriptions(4, 100), Properties: props(withUser)}, 1},
		{"SUBSCRIBE of 5 filters", &packets.Subscribe{Subscriptions: subscriptions(5, 100), Properties: props(withUser)}, 2},
		{"SUBSCRIBE of 100 filters", &packets.Subscribe{Subscriptions: subscriptions(100, 100)}, 3},
		{"SUBACK of 4 codes", &packets.Suback{ReasonCodes: codes(4), Properties: reason}, 1},
		{"SUBACK of 5 codes", &packets.Suback{ReasonCodes: codes(5), Properties: reason}, 2},
		{"UNSUBSCRIBE of 4 filters", &packets.Unsubscribe{Filters: filters(4, 100), Properties: props(withUser)}, 1},
		{"UNSUBSCRIBE of 5 filters", &packets.Unsubscribe{Filters: filters(5, 100), Properties: props(withUser)}, 2},
		{"UNSUBACK of 4 codes", &packets.Unsuback{ReasonCodes: codes(4), Properties: reason}, 1},
		{"UNSUBACK of 5 codes", &packets.Unsuback{ReasonCodes: codes(5), Properties: reason}, 2},
		{"PINGREQ", &packets.Pingreq{}, 0},
		{"PINGRESP", &packets.Pingresp{}, 0},
		{"DISCONNECT", &packets.Disconnect{Properties: reason}, 1},
		{"AUTH", &packets.Auth{Properties: props(withMethod, withData)}, 1},
	} {
		assert.Equal(t, c.want, testing.AllocsPerRun(10, func() { kept = cloneOf(t, c.p) }), c.name)
	}
}

// It takes some clones of a size to tell, as the runtime's own allocations count too,
// such as those of a collection that begins meanwhile: of them there is one now and
// then, and of the clone's the same number each time.
func TestACloneOfAnySmallSizeIsOneAllocation(t *testing.T) {
	payload := long(4096)
	for n := range payload {
		p := packets.Publish{Payload: payload[:n+1]}
		if testing.AllocsPerRun(10, func() { kept = p.Clone() }) != 1 {
			t.Fatalf("payload of %d bytes", n+1)
		}
	}
}

func TestReadingHeadersIntoReusedMemoryAllocatesNothing(t *testing.T) {
	p := packets.Publish{Topic: []byte("a/b"), PacketID: 1, QoS: 1, Properties: props(withUser)}
	begin, err := p.AppendStreamHeader(nil, v5, 10)
	if err != nil {
		t.Fatal(err)
	}
	r := mqttwire.NewReader(&repeating{packet: append(begin, long(10)...)}, mqttwire.Limits{})
	var header []byte
	var got packets.Publish
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err = r.Next(); err == nil {
			header, _, err = got.ReadHeader(r, v5, header[:0], packets.HeaderOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	assert.Zero(t, allocs)
}

// repeating is a stream of the same packet again and again.
type repeating struct {
	packet []byte
	at     int
}

func (r *repeating) Read(p []byte) (n int, err error) {
	for n < len(p) {
		m := copy(p[n:], r.packet[r.at:])
		n += m
		r.at = (r.at + m) % len(r.packet)
	}
	return n, nil
}

func TestAWriterAllocatesNothingOnceItHasABuffer(t *testing.T) {
	w := packets.NewWriter(discard{}, v5)
	p := packets.Publish{Topic: []byte("a/b"), Payload: long(100)}
	large := packets.Publish{Topic: []byte("a/b"), Payload: long(100000)}
	source := &endless{}
	write := func() {
		for _, err := range [...]error{w.WritePacket(&p), w.WritePacket(&large), w.WritePublish(&p, source, 100000)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	write()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, write), 1.0, "one for the io.LimitedReader")
}

func TestBuffersAllocateNothingOnceTheyHaveMemory(t *testing.T) {
	var queued packets.Buffers
	p := &packets.Publish{Topic: []byte("a/b"), Payload: long(100)}
	ack := &packets.Puback{PacketID: 1}
	e := serverEncoder(t, 1000)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		queued.Reset()
		for _, err := range [...]error{queued.Append(p, v5), queued.Append(ack, v5), e.AppendBuffers(&queued, p), e.AppendBuffers(&queued, ack)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}))
}

// discard drops what is written, and unlike io.Discard is no io.ReaderFrom.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
