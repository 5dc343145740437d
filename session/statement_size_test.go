package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// wordy sets properties that do not fit 40 bytes.
func wordy(list *mqttwire.Properties) {
	list.SetReasonString([]byte("a reason of thirty-five characters!"))
	list.AddUser([]byte("name"), []byte("and a value of some length, beside it"))
}

// takingLittle describes a Link whose peer takes packets of 40 bytes.
func takingLittle(side mqttwire.Sender) against {
	a := against{Side: side}
	if side == mqttwire.FromServer {
		a.Connect.Properties.SetMaximumPacketSize(40)
	} else {
		a.Connack.Properties.SetMaximumPacketSize(40)
	}
	return a
}

func TestAnAnswerIsSentWithoutWhatIsTooLargeForThePeer(t *testing.T) { // [MQTT-3.4.2-2] [MQTT-3.4.2-3] and those like them
	for _, side := range sides {
		p := newPeer(t, mqttwire.V5, takingLittle(side))
		answers := []struct{ came, answer mqttwire.Packet }{
			{arriving(1, 1), &packets.Puback{PacketID: 1}},
			{arriving(2, 2), &packets.Pubrec{PacketID: 2}},
			{&packets.Pubrel{PacketID: 2}, &packets.Pubcomp{PacketID: 2}},
		}
		if side == mqttwire.FromServer {
			answers = append(answers, []struct{ came, answer mqttwire.Packet }{
				{asking(3, "a"), &packets.Suback{PacketID: 3, ReasonCodes: []mqttwire.ReasonCode{1}}},
				{leaving(4, "a"), &packets.Unsuback{PacketID: 4, ReasonCodes: []mqttwire.ReasonCode{0}}},
			}...)
		}
		p.publish("x", 2)
		p.Got()
		answers = append(answers, struct{ came, answer mqttwire.Packet }{&packets.Pubrec{PacketID: 1}, &packets.Pubrel{PacketID: 1}})
		for _, c := range answers {
			plain := packets.Clone(c.answer)
			wordy(packets.PropertiesOf(c.answer))
			p.show(c.came)
			require.NoError(t, p.Link.Answer(p.Now, c.answer), c.answer.Type())
			assert.Equal(t, []mqttwire.Packet{plain}, p.Got())
		}
		d := &packets.Disconnect{ReasonCode: mqttwire.ReasonUnspecifiedError}
		wordy(&d.Properties)
		require.NoError(t, p.Link.Disconnect(p.Now, d))
		assert.Equal(t, []mqttwire.Packet{&packets.Disconnect{ReasonCode: mqttwire.ReasonUnspecifiedError}}, p.Got())
	}
}

func TestAConnackIsSentWithoutWhatIsTooLargeForTheClient(t *testing.T) { // [MQTT-3.2.2-19] [MQTT-3.2.2-20]
	var c packets.Connect
	c.ClientID = []byte("c")
	c.Properties.SetMaximumPacketSize(40)
	for _, refuse := range []bool{false, true} {
		p := knocking(t, mqttwire.V5, c)
		answer := &packets.Connack{}
		wordy(&answer.Properties)
		want := mqttwire.ReasonCode(0)
		if refuse {
			want = mqttwire.ReasonBanned
			answer.ReasonCode = want
			require.NoError(t, p.Link.Refuse(p.Now, answer))
		} else {
			require.NoError(t, p.Link.Accept(p.Now, p.Session, answer))
		}
		assert.Equal(t, []mqttwire.Packet{&packets.Connack{ReasonCode: want}}, p.Got())
	}
}

func TestAnAnswerIsSentWithoutProblemInformationIfTheClientWantsNone(t *testing.T) { // [MQTT-3.1.2-29]
	a := against{Side: mqttwire.FromServer}
	a.Connect.Properties.SetRequestProblemInformation(false)
	p := newPeer(t, mqttwire.V5, a)
	p.show(arriving(1, 1))
	answer := &packets.Puback{PacketID: 1}
	wordy(&answer.Properties)
	err := p.Link.Answer(p.Now, answer)
	var got []string
	for _, packet := range p.Got() {
		list := packets.PropertiesOf(packet)
		if packet.Type() != mqttwire.DISCONNECT {
			assert.False(t, list.Has(mqttwire.ReasonString) || list.Has(mqttwire.UserProperty))
		}
		got = append(got, inShort([]mqttwire.Packet{packet})...)
	}
	assert.NoError(t, err)
	assert.Equal(t, []string{"PUBACK 0x00"}, got)
}

func TestAClientClosesOnWhatItsServerMayNotSend(t *testing.T) { // sections 3.1.2.11.4 and 3.1.2.11.7
	a := against{Side: mqttwire.FromClient}
	a.Connect.Properties.SetMaximumPacketSize(50)
	a.Connect.Properties.SetRequestProblemInformation(false)
	large := arriving(1, 1)
	large.Payload = make([]byte, 60)
	explained := &packets.Puback{PacketID: 1}
	explained.Properties.SetReasonString([]byte("why"))
	for want, packet := range map[string]mqttwire.Packet{"DISCONNECT 0x95": large, "DISCONNECT 0x82": explained} {
		p := newPeer(t, mqttwire.V5, a)
		p.publish("x", 1)
		p.Got()
		p.Say(packet)
		assert.Equal(t, []string{want}, inShort(p.Got()))
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.All(session.Arrived))
		assert.Empty(t, p.All(session.Done))
	}
}
