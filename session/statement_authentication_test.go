package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// ofMethod returns an AUTH of a method.
func ofMethod(c mqttwire.ReasonCode, method string) *packets.Auth {
	a := &packets.Auth{ReasonCode: c}
	a.Properties.SetAuthenticationMethod([]byte(method))
	return a
}

func TestBeforeTheConnackAClientWithAMethodSendsNothingElse(t *testing.T) { // [MQTT-3.1.2-30]
	p := authenticating(t)
	p.publish(&p.client, "x", 1)
	p.publish(&p.client, "x", 2)
	_, err := p.client.session.Subscribe(p.now, asking(0, "a"))
	require.NoError(t, err)
	p.write(&p.client)
	assert.Empty(t, p.client.out)
	require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")))
	p.move(&p.server, &p.client)
	p.write(&p.client)
	assert.Empty(t, p.client.out)
	require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")))
	n := len(p.server.wire)
	p.move(&p.client, &p.server)
	require.Len(t, p.server.wire, n+1)
	assert.Equal(t, mqttwire.AUTH, p.server.wire[n].Type())
	require.NoError(t, p.server.link.Accept(p.now, p.server.session, &p.connack))
	p.run()
	assert.Equal(t, []string{"t x", "t x"}, p.server.got)
}

func TestNoAuthHasAnotherMethodThanTheConnect(t *testing.T) { // [MQTT-4.12.0-5] [MQTT-4.12.1-1]
	var wrong *mqttwire.Error
	p := authenticating(t)
	assert.ErrorAs(t, p.server.link.Auth(p.now, ofMethod(mqttwire.ReasonContinueAuthentication, "other")), &wrong)
	var c packets.Connack
	c.Properties.SetAuthenticationMethod([]byte("other"))
	assert.ErrorAs(t, p.server.link.Accept(p.now, p.server.session, &c), &wrong)
	assert.ErrorAs(t, p.server.link.Accept(p.now, p.server.session, nil), &wrong, "a CONNACK of success has it too")
	require.NoError(t, p.server.link.Accept(p.now, p.server.session, &p.connack))
	p.run()
	assert.ErrorAs(t, p.client.link.Auth(p.now, ofMethod(mqttwire.ReasonReauthenticate, "other")), &wrong)
	require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonReauthenticate, "")))
	p.run()
	assert.ErrorAs(t, p.server.link.Auth(p.now, ofMethod(mqttwire.ReasonSuccess, "other")), &wrong)
	require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonSuccess, "")))
}

func TestWithoutAMethodThereIsNoAuth(t *testing.T) { // [MQTT-4.12.0-6] [MQTT-4.12.0-7]
	p := newPair(t, mqttwire.V5, session.Options{}, session.Options{})
	p.reopen()
	step := auth(mqttwire.ReasonContinueAuthentication, "")
	assert.ErrorIs(t, p.client.link.Auth(p.now, step), session.ErrState)
	p.write(&p.client)
	p.server.link.Feed(p.now, p.client.out)
	_, ok := p.server.link.Packet()
	require.True(t, ok)
	assert.ErrorIs(t, p.server.link.Auth(p.now, step), session.ErrState)
	var c packets.Connack
	c.Properties.SetAuthenticationMethod([]byte("m"))
	var wrong *mqttwire.Error
	assert.ErrorAs(t, p.server.link.Accept(p.now, p.server.session, &c), &wrong)
	require.NoError(t, p.server.link.Accept(p.now, p.server.session, nil))
	p.run()
	for _, code := range []mqttwire.ReasonCode{mqttwire.ReasonReauthenticate, mqttwire.ReasonContinueAuthentication, mqttwire.ReasonSuccess} {
		assert.ErrorIs(t, p.client.link.Auth(p.now, auth(code, "")), session.ErrState)
		assert.ErrorIs(t, p.server.link.Auth(p.now, auth(code, "")), session.ErrState)
	}
	assert.False(t, p.move(&p.client, &p.server))
	assert.False(t, p.move(&p.server, &p.client))
}

func TestAnAuthOfAnotherMethodEndsTheConnection(t *testing.T) { // section 3.15
	other, err := ofMethod(mqttwire.ReasonReauthenticate, "other").Append(nil, mqttwire.V5)
	require.NoError(t, err)
	for _, b := range [][]byte{other, {0xF0, 2, 0x19, 0}} { // the second has none
		a := against{Side: mqttwire.FromServer}
		a.Connect.Properties.SetAuthenticationMethod([]byte("m"))
		a.Connack.Properties.SetAuthenticationMethod([]byte("m"))
		p := newPeer(t, mqttwire.V5, a)
		p.Link.Feed(p.Now, b)
		_, ok := p.Link.Packet()
		assert.False(t, ok)
		assert.Equal(t, []string{"DISCONNECT 0x82"}, inShort(p.Got()))
		p.closed()
	}
}

func TestOnlyAClientThatIsConnectedAuthenticatesAgain(t *testing.T) { // section 4.12.1
	begin := auth(mqttwire.ReasonReauthenticate, "")
	p := authenticating(t)
	refused := func(err error) { t.Helper(); assert.Error(t, err) }
	refused(p.client.link.Auth(p.now, begin))
	refused(p.server.link.Auth(p.now, begin))
	require.NoError(t, p.server.link.Accept(p.now, p.server.session, &p.connack))
	p.run()
	refused(p.server.link.Auth(p.now, begin))
	require.NoError(t, p.client.link.Auth(p.now, begin))
}

func TestAReauthenticationThatFailsEndsTheConnection(t *testing.T) { // [MQTT-4.12.1-2]
	for _, who := range sides {
		p := authenticated(t)
		require.NoError(t, p.client.link.Auth(p.now, auth(mqttwire.ReasonReauthenticate, "")))
		p.run()
		from, to, code := &p.server, &p.client, mqttwire.ReasonNotAuthorized
		if who == mqttwire.FromClient {
			require.NoError(t, p.server.link.Auth(p.now, auth(mqttwire.ReasonContinueAuthentication, "")))
			p.run()
			from, to, code = to, from, mqttwire.ReasonUnspecifiedError
		}
		require.NoError(t, from.link.Disconnect(p.now, &packets.Disconnect{ReasonCode: code}))
		p.run()
		require.Len(t, to.all(session.Disconnected), 1)
		assert.Equal(t, code, to.all(session.Disconnected)[0].Code)
		for _, e := range []*end{from, to} {
			_, closed := e.link.Closed()
			assert.True(t, closed)
		}
	}
}
