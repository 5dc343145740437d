package session_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestDisconnectIsTheLastPacket(t *testing.T) { // [MQTT-3.14.4-1]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		p.Say(arriving(1, 1))
		p.publish("x", 1)
		require.NoError(t, p.Link.Disconnect(p.Now, nil))
		got := p.Got()
		want := []mqttwire.Packet{&packets.Puback{PacketID: 1}, &packets.Disconnect{}}
		if side == mqttwire.FromServer && v != mqttwire.V5 {
			want = want[:1]
		}
		assert.Equal(t, want, got, "and what was to be acknowledged is")
		assert.Equal(t, session.WeDisconnected, p.closed().Kind)
		assert.Nil(t, p.Session.Link())
		assert.ErrorIs(t, p.Link.Disconnect(p.Now, nil), session.ErrState)
		p.Say(arriving(2, 1))
		assert.Empty(t, p.Got())
	})
}

func TestADrainWaitsForWhatIsInFlight(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		a := against{Side: side, Session: session.Options{InFlight: 2}}
		if v == mqttwire.V5 {
			a.Connect.Properties.SetSessionExpiryInterval(100)
		}
		p := newPeer(t, v, a)
		p.publish("1", 1)
		p.publish("2", 2)
		p.publish("3", 1)
		require.Len(t, p.Got(), 2)
		require.NoError(t, p.Link.Drain(p.Now, nil))
		assert.Empty(t, p.Got())
		p.Say(&packets.Puback{PacketID: 1}, &packets.Pubrec{PacketID: 2})
		assert.Equal(t, []mqttwire.Packet{&packets.Pubrel{PacketID: 2}}, p.Got(), "and nothing new")
		p.Say(&packets.Pubcomp{PacketID: 2})
		last := p.Got()
		if side == mqttwire.FromClient || v == mqttwire.V5 {
			assert.Equal(t, []mqttwire.Packet{&packets.Disconnect{}}, last)
		}
		p.closed()
		assert.Equal(t, 1, p.Session.Stats().Waiting)
	})
}

func TestADrainWaitsForHeldAcknowledgements(t *testing.T) {
	a := holding(mqttwire.FromServer)
	p := newPeer(t, mqttwire.V5, a)
	p.Say(arriving(1, 1))
	require.NoError(t, p.Link.Drain(p.Now, &packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown}))
	assert.Empty(t, p.Got())
	require.NoError(t, p.Session.Ack(p.tokens()[0], 0))
	assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 1}, &packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown}}, p.Got())
}

func TestEveryRequestEndsWithTheSession(t *testing.T) { // [trap 10]
	for _, v := range versions {
		p := newPair(t, v, session.Options{InFlight: 2, QueueQoS0: true}, session.Options{})
		p.open()
		sent := fmt.Sprint(" ", session.DropSessionEnded, " ", session.Unknown)
		not := fmt.Sprint(" ", session.DropSessionEnded, " ", session.NotSent)
		p.publish(&p.client, "1", 2)
		p.write(&p.client)
		p.move(&p.client, &p.server)
		p.move(&p.server, &p.client) // waits for PUBCOMP
		p.publish(&p.client, "2", 1)
		p.write(&p.client)
		p.publish(&p.client, "3", 1)
		p.publish(&p.client, "4", 0)
		_, err := p.client.session.Subscribe(p.now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
		require.NoError(t, err)
		p.client.session.End(p.now)
		p.take(&p.client)
		assert.ElementsMatch(t, []string{"1" + sent, "2" + sent, "3" + not, "4" + not, "5" + not}, drops(p.client.events))
		assert.Len(t, p.client.all(session.Ended), 1)
		assert.Equal(t, session.SessionDetached, p.client.all(session.Disconnected)[0].Cause.Kind)
		assert.Zero(t, p.client.session.Stats().Bytes)
		p.client.session.End(p.now)
		assert.Empty(t, offline(p.client.session))
		_, err = p.client.session.Subscribe(p.now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
		assert.ErrorIs(t, err, session.ErrEnded)
	}
}

func TestWhatWasHandedOutAndNotWrittenMayHaveCome(t *testing.T) { // [trap 10]
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient, Session: session.Options{OnLost: session.FailAll}})
	p.publish("1", 1)
	p.publish("2", 1)
	b := p.Link.Append(p.Link.Append(nil, 12), 4)
	require.Len(t, b, 9+4) // a part of the second, too
	cause := errors.New("gone")
	p.Link.Lost(p.Now, cause)
	p.Take()
	assert.ErrorIs(t, p.All(session.Disconnected)[0].Cause, cause)
	p.Session.End(p.Now)
	p.Take()
	unknown := fmt.Sprint(" ", session.DropSessionEnded, " ", session.Unknown)
	assert.Equal(t, []string{"1" + unknown, "2" + unknown}, drops(p.Events))
	assert.Empty(t, p.Link.Append(nil, 100))
}

func TestCancelSaysWhetherThePeerMayHaveSeenIt(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient, Session: session.Options{InFlight: 2}})
	one, two, three := p.publish("1", 1), p.publish("2", 2), p.publish("3", 1)
	assert.Len(t, p.Got(), 2)
	sub, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
	require.NoError(t, err)
	assert.Equal(t, session.CanceledNotSent, p.Session.Cancel(three))
	assert.Equal(t, session.CanceledUnknown, p.Session.Cancel(three))
	assert.Equal(t, session.CanceledNotSent, p.Session.Cancel(sub))
	assert.Empty(t, subscriptions(p.Session))
	p.Say(&packets.Pubrec{PacketID: 2})
	p.Got()
	assert.Equal(t, session.CanceledSent, p.Session.Cancel(one))
	assert.Equal(t, session.CanceledUnknown, p.Session.Cancel(one))
	assert.Equal(t, session.CanceledSent, p.Session.Cancel(two))
	p.Say(&packets.Puback{PacketID: 1}, &packets.Pubcomp{PacketID: 2})
	assert.Empty(t, p.All(session.Done))
	assert.Empty(t, p.Got())
	assert.Zero(t, p.Session.Stats().IDs)
	assert.Equal(t, session.CanceledUnknown, p.Session.Cancel(one))

	zero := p.publish("0", 0)
	p.Link.Append(nil, 100)
	assert.Equal(t, session.CanceledSent, p.Session.Cancel(zero))
	p.Link.Wrote(p.Now, 100)
	p.Take()
	assert.Empty(t, p.All(session.Done))
}
