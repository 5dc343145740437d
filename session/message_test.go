package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestAllReceiversOfAMessageShareItsPayload(t *testing.T) {
	p := packets.Publish{Topic: []byte("t"), Payload: []byte("payload")}
	p.Properties.SetContentType([]byte("text"))
	p.Properties.SetTopicAlias(7)
	p.Properties.AddSubscriptionID(9)
	m := session.NewMessage(began, &p)
	for _, v := range versions {
		for q := range mqttwire.QoS(3) {
			peer := newPeer(t, v, against{Side: mqttwire.FromServer})
			_, err := peer.Session.Publish(peer.Now, m, session.Delivery{QoS: q, SubscriptionIDs: []uint32{3}})
			require.NoError(t, err)
			bufs := peer.Link.Buffers(nil)
			require.Len(t, bufs, 2)
			assert.Same(t, &m.Payload()[0], &bufs[1][0])
			f, _, err := mqttwire.CutFrame(append(append([]byte(nil), bufs[0]...), bufs[1]...), 0)
			require.NoError(t, err)
			packet, err := packets.Decode(f, v)
			require.NoError(t, err)
			got := packet.(*packets.Publish)
			contentType, _ := got.Properties.ContentType()
			_, alias := got.Properties.TopicAlias()
			id, _ := got.Properties.SubscriptionIdentifier()
			if v == mqttwire.V5 {
				assert.Equal(t, "text", string(contentType))
				assert.EqualValues(t, 3, id)
			}
			assert.False(t, alias)
			assert.Equal(t, q, got.QoS)
		}
	}
}

func TestAMessageThatNoVersionCanSendIsDroppedAndTheNextGoesOut(t *testing.T) {
	for _, v := range versions {
		for q := range mqttwire.QoS(3) {
			p := newPeer(t, v, against{Side: mqttwire.FromServer, Session: session.Options{Journal: true}})
			wildcard := session.NewMessage(began, &packets.Publish{Topic: []byte("a/#"), Payload: []byte("x")})
			assert.Equal(t, "a/#", string(wildcard.Topic()))
			token, err := p.Session.Publish(p.Now, wildcard, session.Delivery{QoS: q})
			require.NoError(t, err)
			next := p.publish("next", q)
			list := p.Got()
			require.Len(t, list, 1)
			assert.Equal(t, "next", string(list[0].(*packets.Publish).Payload))
			dropped := p.All(session.Dropped)
			require.Len(t, dropped, 1)
			assert.Equal(t, token, dropped[0].Token)
			assert.Less(t, token, next)
			assert.Equal(t, session.DropNotSupported, dropped[0].Drop)
			assert.Equal(t, session.NotSent, dropped[0].Outcome)
			var wrong *mqttwire.Error
			require.ErrorAs(t, dropped[0].Cause, &wrong)
			assert.Equal(t, mqttwire.RuleTopicWildcard, wrong.Rule)
		}
	}
}
