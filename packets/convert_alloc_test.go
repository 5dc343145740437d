//go:build !race

package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Where nothing is lost nothing is allocated, once the destination has room for its
// lists.
func TestConvertingWithoutALossAllocatesNothing(t *testing.T) {
	will := &packets.Will{Topic: []byte("w"), Payload: []byte("gone")}
	shared := []packets.Subscription{{Filter: []byte("a/+"), QoS: 1}, {Filter: []byte("b/#")}}
	for _, p := range []mqttwire.Packet{
		&packets.Connect{CleanStart: true, ClientID: []byte("c"), Will: will, UserName: []byte("u"), Password: []byte("p")},
		&packets.Connack{SessionPresent: true}, &packets.Publish{Topic: []byte("a/b"), Payload: []byte("x"), QoS: 1, PacketID: 1},
		&packets.Publish{Topic: []byte("a/b"), Payload: make([]byte, 10000)},
		&packets.Puback{PacketID: 1}, &packets.Pubrec{PacketID: 1}, &packets.Pubrel{PacketID: 1}, &packets.Pubcomp{PacketID: 1},
		&packets.Subscribe{PacketID: 1, Subscriptions: shared}, &packets.Suback{PacketID: 1, ReasonCodes: codes(2)},
		&packets.Unsubscribe{PacketID: 1, Filters: [][]byte{[]byte("a/+"), []byte("b/#")}},
		&packets.Unsuback{PacketID: 1, ReasonCodes: codes(2)},
		new(packets.Pingreq), new(packets.Pingresp), new(packets.Disconnect),
	} {
		dst := packets.New(p.Type())
		for _, c := range []packets.Conversion{{From: v311, To: v5, Filters: 2}, {From: v5, To: v311}, {From: v311, To: v311}} {
			assert.Zero(t, testing.AllocsPerRun(100, func() {
				if err := packets.Convert(dst, p, &c); err != nil || len(c.Losses) != 0 {
					t.Fatal(err, c.Losses)
				}
			}), "%s of %s in %s", p.Type(), c.From, c.To)
		}
	}
}

// The memory of the losses is used again.
func TestLossesAreToldWithoutAllocating(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a/b"), Payload: []byte("x"), Properties: props(withUser, withUser, withAlias, func(p *mqttwire.Properties) {
		p.SetContentType([]byte("text/plain"))
	})}
	c := packets.Conversion{From: v5, To: v311, Allow: packets.AnyLoss}
	dst := new(packets.Publish)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if err := packets.Convert(dst, p, &c); err != nil || len(c.Losses) != 4 {
			t.Fatal(err, c.Losses)
		}
	}))
}
