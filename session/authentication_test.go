package session_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// auth returns an AUTH of the method "m".
func auth(c mqttwire.ReasonCode, data string) *packets.Auth {
	a := &packets.Auth{ReasonCode: c}
	a.Properties.SetAuthenticationMethod([]byte("m"))
	if data != "" {
		a.Properties.SetAuthenticationData([]byte(data))
	}
	return a
}

// authenticating returns a pair whose client has sent a CONNECT with a method, which
// has come to the server.
func authenticating(t *testing.T) *pair {
	p := newPair(t, mqttwire.V5, session.Options{}, session.Options{})
	p.connect.Properties.SetAuthenticationMethod([]byte("m"))
	p.connack.Properties.SetAuthenticationMethod([]byte("m"))
	p.reopen()
	p.write(&p.client)
	p.server.link.Feed(p.now, p.client.out)
	p.client.out = nil
	_, ok := p.server.link.Packet()
	require.True(t, ok)
	p.server.link.Handle(p.now)
	p.take(&p.server)
	require.Len(t, p.server.all(session.Connect), 1)
	return p
}

func TestAnExchangeGoesBeforeTheConnack(t *testing.T) { // [MQTT-4.12.0-2] [MQTT-4.12.0-3]
	p := authenticating(t)
	for _, step := range []string{"one", "two"} {
		require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, step)))
		p.move(&p.server, &p.client)
		steps := p.client.all(session.AuthStep)
		data, _ := packets.PropertiesOf(steps[len(steps)-1].Packet).AuthenticationData()
		assert.Equal(t, step, string(data))
		require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "re "+step)))
		p.move(&p.client, &p.server)
		steps = p.server.all(session.AuthStep)
		data, _ = packets.PropertiesOf(steps[len(steps)-1].Packet).AuthenticationData()
		assert.Equal(t, "re "+step, string(data))
	}
	require.NoError(t, p.server.link.Accept(p.now, p.server.session, &p.connack))
	p.run()
	assert.Len(t, p.client.all(session.Connected), 1)
}

func TestAnExchangeMayFail(t *testing.T) { // [MQTT-4.12.0-1]
	p := authenticating(t)
	require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")))
	p.move(&p.server, &p.client)
	require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")))
	p.move(&p.client, &p.server)
	require.NoError(t, p.server.link.Refuse(p.now, &packets.Connack{ReasonCode: mqttwire.ReasonBadAuthenticationMethod}))
	p.run()
	require.Len(t, p.client.all(session.Disconnected), 1)
	assert.Equal(t, mqttwire.ReasonBadAuthenticationMethod, p.client.all(session.Disconnected)[0].Code)
}

func TestAnExchangeThatStopsEndsTheConnection(t *testing.T) {
	p := authenticating(t)
	require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")))
	at, ok := p.server.link.Deadline()
	require.True(t, ok)
	p.server.link.Tick(at)
	p.events()
	assert.Equal(t, session.ConnectTimeout, p.server.all(session.Disconnected)[0].Cause.Kind)
}

// authenticated returns a pair that is connected with a method.
func authenticated(t *testing.T) *pair {
	p := authenticating(t)
	require.NoError(t, p.server.link.Accept(p.now, p.server.session, &p.connack))
	p.run()
	return p
}

func TestAClientAuthenticatesAgain(t *testing.T) { // section 4.12.1
	p := authenticated(t)
	assert.ErrorIs(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")), session.ErrState)
	assert.ErrorIs(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")), session.ErrState)
	require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonReauthenticate, "new")))
	assert.ErrorIs(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonReauthenticate, "new")), session.ErrState)
	p.publish(&p.client, "meanwhile", 1)
	p.run()
	assert.Equal(t, []string{"t meanwhile"}, p.server.got)
	require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")))
	p.run()
	require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")))
	p.run()
	require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonSuccess, "")))
	p.run()
	steps := p.client.all(session.AuthStep)
	require.Len(t, steps, 2)
	assert.Equal(t, mqttwire.ReasonSuccess, steps[1].Code)
	require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonReauthenticate, "")), "and once more")
}

func TestAnAuthThatIsNotAwaitedEndsTheConnection(t *testing.T) {
	for name, send := range map[string]func(p *pair) (*end, mqttwire.Packet){
		"of a client": func(p *pair) (*end, mqttwire.Packet) {
			return &p.server, auth(mqttwire.ReasonContinueAuthentication, "")
		},
		"of a server": func(p *pair) (*end, mqttwire.Packet) {
			return &p.client, auth(mqttwire.ReasonContinueAuthentication, "")
		},
		"of a server, the end": func(p *pair) (*end, mqttwire.Packet) { return &p.client, auth(mqttwire.ReasonSuccess, "") },
		"begun twice": func(p *pair) (*end, mqttwire.Packet) {
			require.NoError(p.t, p.client.link.Auth(p.now, auth(mqttwire.ReasonReauthenticate, "")))
			p.run()
			return &p.server, auth(mqttwire.ReasonReauthenticate, "")
		},
	} {
		p := authenticated(t)
		e, packet := send(p)
		require.NoError(t, e.link.Receive(p.now, packet))
		p.write(e)
		require.Len(t, e.all(session.Disconnected), 1, name)
		assert.Equal(t, session.UnexpectedAuth, e.all(session.Disconnected)[0].Cause.Kind, name)
		assert.NotEmpty(t, e.out, name)
	}
}

func TestAReauthenticationIsBounded(t *testing.T) { // [MQTT-4.12.1-2]
	p := authenticated(t)
	require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonReauthenticate, "")))
	p.run()
	p.now = p.now.Add(30 * time.Second)
	p.client.link.Tick(p.now)
	p.run()
	assert.Equal(t, session.ConnectTimeout, p.client.all(session.Disconnected)[0].Cause.Kind)
	assert.Equal(t, session.PeerDisconnected, p.server.all(session.Disconnected)[0].Cause.Kind)
}
