package broker_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// show lets a packet of the client come, which is not handled.
func (p *peer) show(packet mqttwire.Packet) {
	b, err := p.in.Append(nil, packet)
	require.NoError(p.w.t, err)
	p.conn.Feed(p.w.now, b)
	_, ok := p.conn.Packet()
	require.True(p.w.t, ok)
}

// handles handles the packet that was shown in the usual way, and returns the answer.
func (p *peer) handles() mqttwire.Packet {
	p.conn.Handle(p.w.now)
	p.w.ready = append(p.w.ready, p.conn)
	p.w.run()
	got := p.take()
	require.Len(p.w.t, got, 1, "it was still to be handled")
	return got[0]
}

func TestANilPointerToAPacketIsNoAnswer(t *testing.T) {
	p := newWorld(t, broker.Options{}).attach(mqttwire.V5)
	for _, c := range []struct{ packet, answer mqttwire.Packet }{
		{&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}, (*packets.Connack)(nil)},
		{&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1}, (*packets.Puback)(nil)},
		{&packets.Publish{Topic: []byte("a"), QoS: 2, PacketID: 2}, (*packets.Pubrec)(nil)},
		{&packets.Pubrel{PacketID: 2}, (*packets.Pubcomp)(nil)},
		{&packets.Subscribe{PacketID: 3, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}}, (*packets.Suback)(nil)},
		{&packets.Unsubscribe{PacketID: 3, Filters: [][]byte{[]byte("a")}}, (*packets.Unsuback)(nil)},
	} {
		p.show(c.packet)
		assert.ErrorIs(t, p.conn.Answer(p.w.now, c.answer), session.ErrAnswer)
		assert.Equal(t, packets.Acknowledge(c.packet).Type(), p.handles().Type())
	}
}

// What is answered wrongly is not done, until it is handled in the usual way.
func TestAnAnswerWithACodeThatNoVersionHasIsNone(t *testing.T) {
	for _, v := range versions {
		p := newWorld(t, broker.Options{}).connect(v, "c")
		p.take()
		for _, c := range []struct{ packet, answer mqttwire.Packet }{
			{&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1}, &packets.Puback{PacketID: 1, ReasonCode: 0x77}},
			{&packets.Publish{Topic: []byte("a"), QoS: 2, PacketID: 2}, &packets.Pubrec{PacketID: 2, ReasonCode: 0xFF}},
			{&packets.Subscribe{PacketID: 3, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}},
				&packets.Suback{PacketID: 3, ReasonCodes: []mqttwire.ReasonCode{0x55}}},
			{&packets.Unsubscribe{PacketID: 3, Filters: [][]byte{[]byte("a")}}, &packets.Unsuback{PacketID: 3, ReasonCodes: []mqttwire.ReasonCode{1}}},
		} {
			p.show(c.packet)
			assert.ErrorIs(t, p.conn.Answer(p.w.now, c.answer), session.ErrAnswer)
			assert.Equal(t, packets.Acknowledge(c.packet).Type(), p.handles().Type())
		}
	}
}
