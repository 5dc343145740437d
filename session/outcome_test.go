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
		p := newPeer(t, v, against{Side: mqttwire.FromServer, Link: session.LinkOptions{Hold: true}})
		p.Say(arriving(7, mqttwire.ExactlyOnce))
		require.NoError(t, p.Session.Ack(p.All(session.Arrived)[0].Ack, mqttwire.ReasonNotAuthorized))
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 7}}, p.Got())
		p.Say(again(arriving(7, mqttwire.ExactlyOnce)))
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 7}}, p.Got())
		p.Say(&packets.Pubrel{PacketID: 7})
		assert.Equal(t, []mqttwire.Packet{&packets.Pubcomp{PacketID: 7}}, p.Got())
		assert.Len(t, p.All(session.Arrived), 1)
		assert.Zero(t, p.Session.Stats().Received)
		assert.Zero(t, p.Session.Stats().Unknown)
	}
}

func TestTheEndOfARequestThatNobodyHasTakenOutlivesTheLink(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
	token := p.publish("m", mqttwire.AtLeastOnce)
	p.Got()
	require.NoError(t, p.Link.Receive(began, &packets.Puback{PacketID: 1}))
	p.Link.Lost(began, nil)
	p.Link.Reset(session.LinkOptions{Side: mqttwire.FromClient})
	require.NoError(t, p.Link.Open(began, p.Session, &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}))
	p.Take()
	assert.Len(t, p.All(session.Done), 1)
	assert.Equal(t, token, p.All(session.Done)[0].Token)

	q := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
	token = q.publish("m", mqttwire.AtLeastOnce)
	q.Got()
	require.NoError(t, q.Link.Receive(began, &packets.Puback{PacketID: 1}))
	q.Link.Lost(began, nil)
	other := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	require.NoError(t, other.Open(began, q.Session, &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}))
	q.Link.Release()
	q.Link = other
	q.Take()
	require.Len(t, q.All(session.Done), 1)
	assert.Equal(t, token, q.All(session.Done)[0].Token)
}
