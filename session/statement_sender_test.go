package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestAPacketOfTheOtherSideEndsTheConnection(t *testing.T) { // section 2.1.2
	codes := []mqttwire.ReasonCode{0}
	for side, list := range map[mqttwire.Sender][]mqttwire.Packet{
		mqttwire.FromClient: {asking(1, "a"), leaving(1, "a"), &packets.Pingreq{}},
		mqttwire.FromServer: {&packets.Connack{}, &packets.Suback{PacketID: 1, ReasonCodes: codes}, &packets.Unsuback{PacketID: 1, ReasonCodes: codes},
			&packets.Pingresp{}},
	} {
		for _, packet := range list {
			for _, v := range versions {
				if a, ok := packet.(*packets.Unsuback); ok && v != mqttwire.V5 {
					a.ReasonCodes = nil
				} else if ok {
					a.ReasonCodes = codes
				}
				p := newPeer(t, v, against{Side: side})
				p.Say(packet)
				assert.Equal(t, session.PacketRefused, p.closed().Kind, packet.Type())
				assert.Zero(t, p.Session.Stats().Filters)
			}
		}
	}
}

func TestACodeOfTheOtherSideEndsTheConnection(t *testing.T) { // sections 3.4.2.1, 3.5.2.1, 3.14.2.1 and 3.15.2.1
	for side, list := range map[mqttwire.Sender][]mqttwire.Packet{
		mqttwire.FromClient: {&packets.Disconnect{ReasonCode: mqttwire.ReasonDisconnectWithWillMessage}, auth(mqttwire.ReasonReauthenticate, "")},
		mqttwire.FromServer: {
			&packets.Puback{PacketID: 1, ReasonCode: mqttwire.ReasonNoMatchingSubscribers},
			&packets.Pubrec{PacketID: 2, ReasonCode: mqttwire.ReasonNoMatchingSubscribers},
			&packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown}, auth(mqttwire.ReasonSuccess, ""),
		},
	} {
		for _, packet := range list {
			a := lasting(side, mqttwire.V5)
			a.Connect.Properties.SetAuthenticationMethod([]byte("m"))
			a.Connack.Properties.SetAuthenticationMethod([]byte("m"))
			p := newPeer(t, mqttwire.V5, a)
			p.publish("x", 1)
			p.publish("x", 2)
			p.Got()
			p.Say(packet)
			assert.Equal(t, session.PacketRefused, p.closed().Kind, inShort([]mqttwire.Packet{packet}))
			assert.Empty(t, p.All(session.Done))
			assert.Empty(t, p.All(session.AuthStep))
			assert.Equal(t, 2, p.Session.Stats().InFlight+p.Session.Stats().Waiting)
		}
	}
}

func TestNeitherSideSendsACodeOfTheOther(t *testing.T) { // sections 3.14.2.1 and 3.15.2.1
	var wrong *mqttwire.Error
	a := against{Side: mqttwire.FromServer}
	a.Connect.Properties.SetAuthenticationMethod([]byte("m"))
	a.Connack.Properties.SetAuthenticationMethod([]byte("m"))
	server := newPeer(t, mqttwire.V5, a)
	assert.ErrorAs(t, server.Link.Disconnect(server.Now, &packets.Disconnect{ReasonCode: mqttwire.ReasonDisconnectWithWillMessage}), &wrong)
	server.Say(auth(mqttwire.ReasonReauthenticate, ""))
	assert.ErrorAs(t, server.Link.Auth(server.Now, auth(mqttwire.ReasonReauthenticate, "")), &wrong)
	a.Side = mqttwire.FromClient
	client := newPeer(t, mqttwire.V5, a)
	assert.ErrorAs(t, client.Link.Disconnect(client.Now, &packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown}), &wrong)
	assert.Empty(t, append(client.Got(), server.Got()...))
	assert.NotNil(t, client.Session.Link())
	assert.NotNil(t, server.Session.Link())
}

func TestTheSizeOfAPacketIsAllOfItsBytes(t *testing.T) { // section 2.1.4
	for size, want := range map[int]bool{199: true, 200: true, 201: false} {
		a := against{Side: mqttwire.FromServer}
		a.Connect.Properties.SetMaximumPacketSize(200)
		a.Connack.Properties.SetMaximumPacketSize(200)
		p := newPeer(t, mqttwire.V5, a)
		m := &packets.Publish{Topic: []byte("t")}
		m.Payload = make([]byte, size-m.Size(mqttwire.V5)-1) // as Remaining Length takes two bytes then
		require.Equal(t, size, m.Size(mqttwire.V5))
		p.publish(string(m.Payload), 0)
		assert.Equal(t, want, len(p.Got()) == 1, "it is sent")
		p.Say(m)
		assert.Equal(t, want, len(p.All(session.Arrived)) == 1, "it comes")
	}
}

func TestAServerMayAskForAWillThatIsText(t *testing.T) { // section 3.1.3.2.3
	for _, optional := range []bool{false, true} {
		p := stranger(t, mqttwire.V5)
		p.Link = session.NewLink(session.LinkOptions{Side: mqttwire.FromServer, Optional: optional})
		c := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), Will: &packets.Will{Topic: []byte("gone"), Payload: []byte{0xFF}}}
		c.Will.Properties.SetPayloadFormatIndicator(1)
		p.Say(c)
		assert.Equal(t, !optional, len(p.All(session.Connect)) == 1)
		if optional {
			assert.Equal(t, []string{"CONNACK 0x99"}, inShort(p.Got()))
			p.closed()
		}
	}
}

func TestResponseInformationIsSentOnlyIfTheClientWantsIt(t *testing.T) { // [MQTT-3.1.2-28]
	for _, wanted := range []bool{false, true} {
		c := packets.Connect{ClientID: []byte("c")}
		c.Properties.SetRequestResponseInformation(wanted)
		p := knocking(t, mqttwire.V5, c)
		answer := &packets.Connack{}
		answer.Properties.SetResponseInformation([]byte("answers/c"))
		err := p.Link.Accept(p.Now, p.Session, answer)
		got := p.Got()
		if !wanted {
			var wrong *mqttwire.Error
			assert.ErrorAs(t, err, &wrong)
			assert.Empty(t, got)
			continue
		}
		require.NoError(t, err)
		require.Len(t, got, 1)
		assert.True(t, packets.PropertiesOf(got[0]).Has(mqttwire.ResponseInformation))
	}
}

func TestAnAuthIsSentWithoutWhatIsTooLargeForThePeer(t *testing.T) { // [MQTT-3.15.2-2] [MQTT-3.15.2-3]
	a := takingLittle(mqttwire.FromServer)
	a.Connect.Properties.SetAuthenticationMethod([]byte("m"))
	a.Connack.Properties.SetAuthenticationMethod([]byte("m"))
	p := newPeer(t, mqttwire.V5, a)
	p.Say(auth(mqttwire.ReasonReauthenticate, ""))
	step := auth(mqttwire.ReasonContinueAuthentication, "")
	want := packets.Clone(step)
	wordy(&step.Properties)
	require.NoError(t, p.Link.Auth(p.Now, step))
	assert.Equal(t, []mqttwire.Packet{want}, p.Got())
}
