package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// show lets a packet come, which is not handled.
func (p *peer) show(packet mqttwire.Packet) {
	p.Feed(packet)
	_, ok := p.Link.Packet()
	require.True(p.t, ok)
}

func TestAnAnswerHasItsOwnCodesAndProperties(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	p.show(arriving(7, 1))
	answer := &packets.Puback{PacketID: 7, ReasonCode: mqttwire.ReasonNoMatchingSubscribers}
	answer.Properties.SetReasonString([]byte("nobody"))
	require.NoError(t, p.Link.Answer(p.Now, answer))
	got := p.Got()
	require.Len(t, got, 1)
	assert.Equal(t, mqttwire.ReasonNoMatchingSubscribers, got[0].(*packets.Puback).ReasonCode)
	reason, _ := packets.PropertiesOf(got[0]).ReasonString()
	assert.Equal(t, "nobody", string(reason))
	p.Take()
	assert.Len(t, p.All(session.Arrived), 1)
}

func TestAnAnswerThatDoesNotFitChangesNothing(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	assert.ErrorIs(t, p.Link.Answer(p.Now, &packets.Puback{PacketID: 7}), session.ErrState)
	filters := []packets.Subscription{{Filter: []byte("a")}, {Filter: []byte("b")}}
	for _, c := range []struct{ packet, answer mqttwire.Packet }{
		{arriving(7, 1), &packets.Puback{PacketID: 8}},
		{arriving(7, 1), &packets.Pubrec{PacketID: 7}},
		{arriving(7, 1), nil},
		{arriving(0, 0), &packets.Puback{PacketID: 7}},
		{&packets.Subscribe{PacketID: 7, Subscriptions: filters}, &packets.Suback{PacketID: 7, ReasonCodes: make([]mqttwire.ReasonCode, 1)}},
		{&packets.Subscribe{PacketID: 7, Subscriptions: filters}, &packets.Suback{PacketID: 8, ReasonCodes: make([]mqttwire.ReasonCode, 2)}},
		{&packets.Subscribe{PacketID: 7, Subscriptions: filters}, &packets.Unsuback{PacketID: 7, ReasonCodes: make([]mqttwire.ReasonCode, 2)}},
		{&packets.Pingreq{}, &packets.Puback{PacketID: 7}},
		{&packets.Puback{PacketID: 7}, &packets.Puback{PacketID: 7}},
		{&packets.Pubrel{PacketID: 7}, &packets.Pubcomp{PacketID: 8}},
	} {
		p.show(c.packet)
		assert.ErrorIs(t, p.Link.Answer(p.Now, c.answer), session.ErrAnswer)
		assert.Empty(t, p.Got())
		_, ok := p.Link.Packet()
		assert.True(t, ok, "it is still to be handled")
		p.Link.Handle(p.Now)
		p.Got()
	}
}

func TestAServerGrantsWhatItAnswers(t *testing.T) {
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		p.show(&packets.Subscribe{PacketID: 7, Subscriptions: []packets.Subscription{
			{Filter: []byte("a"), QoS: 2}, {Filter: []byte("b"), QoS: 2}, {Filter: []byte("c"), QoS: 1}}})
		require.NoError(t, p.Link.Answer(p.Now, &packets.Suback{PacketID: 7, ReasonCodes: []mqttwire.ReasonCode{1, mqttwire.ReasonNotAuthorized, 1}}))
		got := p.Got()[0].(*packets.Suback)
		refused := map[mqttwire.Version]mqttwire.ReasonCode{mqttwire.V31: 2, mqttwire.V311: 0x80, mqttwire.V5: 0x87}[v]
		assert.Equal(t, []mqttwire.ReasonCode{1, refused, 1}, got.ReasonCodes, "before 3.1.1 none says that it is refused")
		var have []string
		for sub := range p.Session.Subscriptions() {
			have = append(have, string(sub.Filter)+" "+sub.QoS.String())
		}
		assert.Equal(t, []string{"a QoS 1", "c QoS 1"}, have)
	}
}

func TestANilPointerToAPacketIsNoAnswer(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	for _, c := range []struct{ packet, answer mqttwire.Packet }{
		{arriving(7, 1), (*packets.Puback)(nil)},
		{arriving(8, 2), (*packets.Pubrec)(nil)},
		{&packets.Pubrel{PacketID: 8}, (*packets.Pubcomp)(nil)},
		{&packets.Subscribe{PacketID: 9, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}}, (*packets.Suback)(nil)},
		{&packets.Unsubscribe{PacketID: 9, Filters: [][]byte{[]byte("a")}}, (*packets.Unsuback)(nil)},
		{&packets.Pingreq{}, (*packets.Pingresp)(nil)},
	} {
		p.show(c.packet)
		assert.ErrorIs(t, p.Link.Answer(p.Now, c.answer), session.ErrAnswer)
		p.Link.Handle(p.Now)
		assert.Len(t, p.Got(), 1, "it was still to be handled")
	}
}

func TestAReturnCodeOf3RefusesWithTheCodeOf5ThatSaysTheSame(t *testing.T) {
	for code, want := range map[mqttwire.ReasonCode]mqttwire.ReasonCode{1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87, 0x88: 0x88} {
		l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
		p := peerOf(t, mqttwire.V5, l, session.New(session.Options{Side: mqttwire.FromServer}))
		p.Say(&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")})
		require.NoError(t, l.Refuse(p.Now, &packets.Connack{ReasonCode: code}))
		assert.Equal(t, want, p.Got()[0].(*packets.Connack).ReasonCode)
	}
}

func TestAnAnswerWithACodeThatNoVersionHasChangesNothing(t *testing.T) {
	filters := [][]byte{[]byte("a")}
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		for _, c := range []struct{ packet, answer mqttwire.Packet }{
			{arriving(7, 1), &packets.Puback{PacketID: 7, ReasonCode: 0x77}},
			{arriving(8, 2), &packets.Pubrec{PacketID: 8, ReasonCode: 0xFF}},
			{&packets.Pubrel{PacketID: 8}, &packets.Pubcomp{PacketID: 8, ReasonCode: mqttwire.ReasonNotAuthorized}},
			{&packets.Subscribe{PacketID: 9, Subscriptions: []packets.Subscription{{Filter: filters[0]}}},
				&packets.Suback{PacketID: 9, ReasonCodes: []mqttwire.ReasonCode{0x55}}},
			{&packets.Unsubscribe{PacketID: 9, Filters: filters}, &packets.Unsuback{PacketID: 9, ReasonCodes: []mqttwire.ReasonCode{1}}},
		} {
			p.show(c.packet)
			assert.ErrorIs(t, p.Link.Answer(p.Now, c.answer), session.ErrAnswer)
			p.Link.Handle(p.Now)
			got := p.Got()
			require.Len(t, got, 1)
			code, _ := packets.ReasonCode(got[0])
			assert.False(t, code.IsError(), "it is answered in the usual way")
		}
	}
}

// Before 5.0 PUBREL and PUBCOMP have no code.
func TestACodeOfAnExchangeIsLeftOutWhereTheVersionHasNone(t *testing.T) {
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		want := mqttwire.ReasonCode(0)
		if v == mqttwire.V5 {
			want = mqttwire.ReasonPacketIdentifierNotFound
		}
		p.Say(arriving(7, 2))
		p.show(&packets.Pubrel{PacketID: 7})
		require.NoError(t, p.Link.Answer(p.Now, &packets.Pubcomp{PacketID: 7, ReasonCode: mqttwire.ReasonPacketIdentifierNotFound}))
		pubcomp := p.Got()[1].(*packets.Pubcomp)
		assert.Equal(t, want, pubcomp.ReasonCode)
		p.publish("m", mqttwire.ExactlyOnce)
		id := p.Got()[0].(*packets.Publish).PacketID
		p.show(&packets.Pubrec{PacketID: id})
		require.NoError(t, p.Link.Answer(p.Now, &packets.Pubrel{PacketID: id, ReasonCode: mqttwire.ReasonPacketIdentifierNotFound}))
		assert.Equal(t, want, p.Got()[0].(*packets.Pubrel).ReasonCode)
	}
}
