package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// withEndedSession returns a client whose session ended with its connection, in the
// middle of exchanges, and whose server says on the next one that it has a session:
// another one, of somebody else with that client identifier.
func withEndedSession(t *testing.T, v mqttwire.Version, o session.Options) *peer {
	a := against{Side: mqttwire.FromClient, Connect: packets.Connect{CleanStart: true}, Session: o} // in 5.0 without an interval
	p := newPeer(t, v, a)
	p.publish("x", 2)
	p.Got()
	p.Say(&packets.Pubrec{PacketID: 1}, arriving(7, 2))
	p.Got()
	a.Connect.CleanStart = false
	return p.back(a)
}

func TestASessionThatEndedWithItsConnectionDoesNotGoOnWithAnother(t *testing.T) { // [MQTT-3.1.2-6]
	for _, v := range versions[1:] {
		p := withEndedSession(t, v, session.Options{Known: true})
		assert.Empty(t, p.Opened, v) // no PUBREL
		p.Say(arriving(7, 2))
		assert.Len(t, p.All(session.Arrived), 1, v)
	}
}

func TestAClientClosesIfThereIsASessionAlthoughItsOwnHasEnded(t *testing.T) { // [MQTT-3.2.2-4]
	p := withEndedSession(t, mqttwire.V5, session.Options{})
	cause, closed := p.Link.Closed()
	require.True(t, closed)
	assert.Equal(t, session.UnexpectedSession, cause.Kind)
}

func TestADisconnectBeforeTheConnackRefuses(t *testing.T) { // [MQTT-3.14.0-1] [MQTT-4.12.0-4]
	for _, waiting := range []bool{false, true} { // for the next AUTH
		for code, want := range map[mqttwire.ReasonCode]mqttwire.ReasonCode{
			0:                                 mqttwire.ReasonServerUnavailable,
			mqttwire.ReasonServerShuttingDown: mqttwire.ReasonServerUnavailable,
			mqttwire.ReasonServerBusy:         mqttwire.ReasonServerBusy,
			mqttwire.ReasonServerMoved:        mqttwire.ReasonServerMoved,
		} {
			p := authenticating(t)
			if waiting {
				require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "one")))
			}
			require.NoError(t, p.server.link.Disconnect(p.now, &packets.Disconnect{ReasonCode: code}))
			p.run()
			list := p.client.all(session.Disconnected)
			require.Len(t, list, 1)
			assert.Equal(t, session.ServerRefused, list[0].Cause.Kind)
			assert.Equal(t, want, list[0].Code)
		}
	}
	for _, v := range versions[:2] {
		l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
		assert.Equal(t, session.ErrState, l.Disconnect(began, nil))
		require.NoError(t, l.Receive(began, &packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}))
		require.NoError(t, l.Disconnect(began, nil))
		assert.Equal(t, []byte{0x20, 2, 0, byte(mqttwire.ReturnServerUnavailable)}, l.Append(nil, 100), v)
	}
}

func TestAServerMayRefuseWhileItWaitsForAnAuth(t *testing.T) { // [MQTT-4.12.0-4]
	p := authenticating(t)
	require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "one")))
	require.NoError(t, p.server.link.Refuse(p.now, &packets.Connack{ReasonCode: mqttwire.ReasonServerBusy}))
	p.run()
	list := p.client.all(session.Disconnected)
	require.Len(t, list, 1)
	assert.Equal(t, session.ServerRefused, list[0].Cause.Kind)
	assert.Equal(t, mqttwire.ReasonServerBusy, list[0].Code)
}
