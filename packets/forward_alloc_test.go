//go:build !race

package packets_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestForwardingWithMemoryAllocatesNothing(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a/b"), Payload: []byte("x"), QoS: 1, PacketID: 1, Properties: props(withUser, withAlias, func(p *mqttwire.Properties) {
		p.SetMessageExpiryInterval(3600)
		p.SetContentType([]byte("text/plain"))
		p.SetResponseTopic([]byte("answers/to/me"))
		p.SetCorrelationData([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	})}
	var memory mqttwire.PropertyBuilder
	buf, ids := make([]byte, 0, 256), []uint32{1, 500}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for v := v31; v <= v5; v++ {
			var sent packets.Publish
			o := packets.Forwarding{Version: v, QoS: 1, Waited: time.Minute, SubscriptionIDs: ids, Memory: &memory}
			if err := packets.Forward(&sent, p, p.Topic, &o); err != nil {
				t.Fatal(err)
			}
			sent.PacketID = 9
			if _, err := sent.Append(buf, v); err != nil {
				t.Fatal(err)
			}
		}
	}))
}

func TestForwardingAListThatStaysAsItIsAllocatesNothing(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a/b"), Properties: props(withUser)}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		var sent packets.Publish
		if err := packets.Forward(&sent, p, p.Topic, &packets.Forwarding{Version: v5}); err != nil {
			t.Fatal(err)
		}
	}))
}

func TestACloneThroughTheInterfaceAllocatesAsMuchAsThePacketsOwn(t *testing.T) {
	for _, p := range []mqttwire.Packet{&packets.Publish{Topic: []byte("a/b"), Payload: []byte("x")}, &packets.Suback{PacketID: 1, ReasonCodes: codes(3)}} {
		assert.EqualValues(t, 1, testing.AllocsPerRun(100, func() { _ = packets.Clone(p) }), p.Type())
	}
}
