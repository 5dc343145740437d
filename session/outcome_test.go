package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Before 5.0 a PUBREC says success, so that the peer goes on as if the message had been
// taken on: it must not be handed on again.
func TestAMessageOf3xThatIsRefusedByAckIsNotHandedOnAgain(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311} {
		p := newPeer(t, v, against{side: mqttwire.FromServer, link: session.LinkOptions{Hold: true}})
		p.say(arriving(7, mqttwire.ExactlyOnce))
		require.NoError(t, p.session.Ack(p.all(session.Arrived)[0].Ack, mqttwire.ReasonNotAuthorized))
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 7}}, p.got())
		p.say(again(arriving(7, mqttwire.ExactlyOnce)))
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 7}}, p.got())
		p.say(&packets.Pubrel{PacketID: 7})
		assert.Equal(t, []mqttwire.Packet{&packets.Pubcomp{PacketID: 7}}, p.got())
		assert.Len(t, p.all(session.Arrived), 1)
		assert.Zero(t, p.session.Stats().Received)
		assert.Zero(t, p.session.Stats().Unknown)
	}
}

func TestTheEndOfARequestThatNobodyHasTakenOutlivesTheLink(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{side: mqttwire.FromClient})
	token := p.publish("m", mqttwire.AtLeastOnce)
	p.got()
	require.NoError(t, p.link.Receive(began, &packets.Puback{PacketID: 1}))
	p.link.Lost(began, nil)
	p.link.Reset(session.LinkOptions{Side: mqttwire.FromClient})
	require.NoError(t, p.link.Open(began, p.session, &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}))
	p.take()
	assert.Len(t, p.all(session.Done), 1)
	assert.Equal(t, token, p.all(session.Done)[0].Token)

	q := newPeer(t, mqttwire.V5, against{side: mqttwire.FromClient})
	token = q.publish("m", mqttwire.AtLeastOnce)
	q.got()
	require.NoError(t, q.link.Receive(began, &packets.Puback{PacketID: 1}))
	q.link.Lost(began, nil)
	other := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	require.NoError(t, other.Open(began, q.session, &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}))
	q.link.Release()
	q.link = other
	q.take()
	require.Len(t, q.all(session.Done), 1)
	assert.Equal(t, token, q.all(session.Done)[0].Token)
}
