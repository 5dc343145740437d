//go:build !race

// Allocations are counted without the race detector, which allocates too.

package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
	"github.com/mqttwire/mqttwire/packets"
)

func TestDecodingIntoAReusedPacketAllocatesNothing(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		f := c.Frame()
		p := packets.New(f.Header.Type)
		allocs := testing.AllocsPerRun(10, func() {
			if err := p.Decode(f, c.Version); err != nil {
				t.Fatal(err)
			}
		})
		assert.Zero(t, allocs, c.Where())
		var set packets.Set
		allocs = testing.AllocsPerRun(10, func() {
			if _, err := set.Decode(f, c.Version); err != nil {
				t.Fatal(err)
			}
		})
		assert.Zero(t, allocs, "Set: %s", c.Where())
	}
}

func TestASetAllocatesNothingForConnectsWithAndWithoutAWill(t *testing.T) {
	var frames []mqttwire.Frame
	for _, c := range roundTrips {
		if _, ok := c.p.(*packets.Connect); ok {
			f, _, err := mqttwire.CutFrame([]byte(c.bytes), 0)
			require.NoError(t, err)
			frames = append(frames, f)
		}
	}
	var set packets.Set
	allocs := testing.AllocsPerRun(10, func() {
		for _, f := range frames {
			if _, err := set.Decode(f, 0); err != nil {
				t.Fatal(err)
			}
		}
	})
	assert.Zero(t, allocs)
}

func TestAppendingIntoABufferWithRoomAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 4<<20)
	for _, c := range loadCorpus(t) {
		if !c.Decodes() || len(c.Bytes) > cap(buf)/2 {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		allocs := testing.AllocsPerRun(10, func() {
			if _, err := p.Append(buf, c.Version); err != nil {
				t.Fatal(err)
			}
		})
		assert.Zero(t, allocs, c.Where())
	}
}

func TestAppendingAListBuiltInPlaceAllocatesNothing(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a/b"), Payload: []byte("x"), QoS: 1, PacketID: 1}
	var list mqttwire.PropertyBuilder
	buf := make([]byte, 0, 64)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		list.Reset()
		list.SetResponseTopic(p.Topic)
		list.AddUser(p.Topic, p.Payload)
		p.Properties = list.Properties()
		if _, err := p.Append(buf, v5); err != nil {
			t.Fatal(err)
		}
	}))
}

func TestPuttingPlainTextAllocatesNothing(t *testing.T) {
	dst, name, short, filters := make([]byte, 64), []byte("site/7/line/12"), []byte("a/b"), [][]byte{[]byte("site/7/line/12"), []byte("é/site/7/line")}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		at := text.PutTopicName(dst, text.PutTopicName(dst, 0, name), short)
		if end, n := text.PutTopicFilters(dst, at, filters); n != len(filters) || end != 3*16+5 {
			t.Fatal(at, end, n)
		}
	}))
}

func TestLocalValuesOfConcreteTypesStayOnTheStack(t *testing.T) {
	f, _, err := mqttwire.CutFrame([]byte("\x32\x0A\x00\x01a\x00\x0A\x03\x23\x00\x01x"), 0)
	require.NoError(t, err)
	buf := make([]byte, 0, 64)
	allocs := testing.AllocsPerRun(100, func() {
		var p packets.Publish
		if err := p.Decode(f, v5); err != nil {
			t.Fatal(err)
		}
		q := packets.Publish{Topic: p.Topic, Payload: p.Payload}
		if _, err := q.Append(buf, v311); err != nil {
			t.Fatal(err)
		}
		ack := packets.Puback{PacketID: p.PacketID}
		if _, err := ack.Append(buf, v5); err != nil {
			t.Fatal(err)
		}
	})
	assert.Zero(t, allocs)
}

func TestDecoderSteadyStateAllocatesNothing(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(2)
	d := clientDecoder(t, packets.Options{}, connack)
	frames := []mqttwire.Frame{
		frameOf(t, "\x30\x07\x00\x01a\x03\x23\x00\x01"), frameOf(t, "\x30\x06\x00\x00\x03\x23\x00\x01"),
		frameOf(t, publishAB5), frameOf(t, pingreq), frameOf(t, "\x82\x07\x00\x01\x00\x00\x01a\x00"), frameOf(t, "\x40\x02\x00\x01"),
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, f := range frames {
			if _, err := d.Decode(f); err != nil {
				t.Fatal(err)
			}
		}
	}))
	e := serverEncoder(t, 0xFFFFFFFF)
	p := &packets.Publish{Topic: []byte("a/b"), QoS: 1, PacketID: 1}
	buf := make([]byte, 0, 100)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := e.Append(buf, p); err != nil {
			t.Fatal(err)
		}
		if _, err := e.AppendHeader(buf, p); err != nil {
			t.Fatal(err)
		}
	}))
}

func TestARunOfPacketsWithLongListsDoesNotAllocate(t *testing.T) {
	for _, p := range []mqttwire.Packet{subscribeOf(60000), unsubscribeOf(60000),
		&packets.Suback{PacketID: 1, ReasonCodes: codes(60000)}, &packets.Unsuback{PacketID: 1, ReasonCodes: codes(60000)}} {
		f, got := encoded(t, p), packets.New(p.Type())
		require.NoError(t, got.Decode(f, mqttwire.V5))
		n := testing.AllocsPerRun(5, func() { _ = got.Decode(f, mqttwire.V5) })
		assert.Zero(t, n, p.Type())
	}
}
