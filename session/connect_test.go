package session_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestAServerSaysWhetherItHasTheSession(t *testing.T) { // [MQTT-3.2.2-2] [MQTT-3.2.2-3]
	for _, v := range versions {
		for _, clean := range []bool{false, true} {
			for _, expiry := range []uint32{0, 100} {
				t.Run(fmt.Sprint(v, clean, expiry), func(t *testing.T) {
					p := newPair(t, v, session.Options{}, session.Options{})
					if v == mqttwire.V5 {
						p.connect.Properties.SetSessionExpiryInterval(expiry)
					} else if expiry == 0 {
						p.connect.CleanStart = true // 3.x has no other way to say that it ends
					}
					p.open()
					assert.False(t, p.client.all(session.Connected)[0].Packet.(*packets.Connack).SessionPresent)
					p.publish(&p.server, "kept", mqttwire.AtLeastOnce)
					p.cut()
					ended := len(p.server.all(session.Ended)) > 0
					assert.Equal(t, expiry == 0, ended)
					if ended {
						p.server.session = session.New(session.Options{Side: mqttwire.FromServer})
					}
					p.connect.CleanStart = clean || expiry == 0 && v != mqttwire.V5
					p.open()
					present := !ended && !clean
					connacks := p.client.all(session.Connected)
					assert.Equal(t, present && v != mqttwire.V31, connacks[1].Packet.(*packets.Connack).SessionPresent)
					if present {
						assert.Equal(t, []string{"t kept"}, p.client.got)
					} else {
						assert.Empty(t, p.client.got)
					}
				})
			}
		}
	}
}

func TestCleanStartEmptiesTheSession(t *testing.T) { // [MQTT-3.1.2-4]
	for _, v := range versions {
		p := connected(t, v)
		p.subscribe("a")
		token := p.publish(&p.server, "x", mqttwire.ExactlyOnce)
		p.write(&p.server)
		p.cut()
		p.connect.CleanStart = true
		p.open()
		dropped := p.server.all(session.Dropped)
		require.Len(t, dropped, 1)
		assert.Equal(t, token, dropped[0].Token)
		assert.Equal(t, session.DropSessionEnded, dropped[0].Drop)
		assert.Equal(t, session.Unknown, dropped[0].Outcome)
		assert.Empty(t, p.client.got)
		_, _, ok := p.server.session.Subscription([]byte("a"))
		assert.True(t, ok, "the client has subscribed again")
	}
}

func TestAClientClosesOnASessionThatItDoesNotKnow(t *testing.T) { // [MQTT-3.2.2-4]
	for _, known := range []bool{false, true} {
		a := against{Side: mqttwire.FromClient, Session: session.Options{Known: known}}
		a.Connack.SessionPresent = true
		p := newPeer(t, mqttwire.V5, a)
		if known {
			assert.Len(t, p.All(session.Connected), 1)
			continue
		}
		assert.Empty(t, p.All(session.Connected))
		assert.Equal(t, []mqttwire.Packet{&packets.Disconnect{ReasonCode: mqttwire.ReasonProtocolError}}, p.Opened)
		assert.Equal(t, session.UnexpectedSession, p.closed().Kind)
	}
}

func TestAServerReadsNothingBehindAConnectThatIsNotAnswered(t *testing.T) {
	for _, v := range versions {
		l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
		b, err := (&packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}).Append(nil, v)
		require.NoError(t, err)
		b, err = arriving(1, 1).Append(b, v)
		require.NoError(t, err)
		l.Feed(began, b)
		_, ok := l.Packet()
		require.True(t, ok)
		l.Handle(began)
		e, ok := l.Event()
		require.True(t, ok)
		assert.Equal(t, session.Connect, e.Kind)
		_, ok = l.Packet()
		assert.False(t, ok)
		s := session.New(session.Options{Side: mqttwire.FromServer})
		require.NoError(t, l.Accept(began, s, nil))
		packet, ok := l.Packet()
		require.True(t, ok)
		assert.Equal(t, mqttwire.PUBLISH, packet.Type())
	}
}

func TestAServerRefusesAClient(t *testing.T) {
	for _, v := range versions {
		l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
		b, err := (&packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}).Append(nil, v)
		require.NoError(t, err)
		l.Feed(began, b)
		_, ok := l.Packet()
		require.True(t, ok)
		assert.ErrorIs(t, l.Refuse(began, &packets.Connack{}), session.ErrState)
		require.NoError(t, l.Refuse(began, &packets.Connack{ReasonCode: mqttwire.ReasonNotAuthorized, SessionPresent: true}))
		out := l.Append(nil, 100)
		f, _, err := mqttwire.CutFrame(out, 0)
		require.NoError(t, err)
		packet, err := packets.Decode(f, v)
		require.NoError(t, err)
		want := map[bool]mqttwire.ReasonCode{true: mqttwire.ReasonNotAuthorized, false: mqttwire.ReturnNotAuthorized}[v == mqttwire.V5]
		assert.Equal(t, &packets.Connack{ReasonCode: want}, packet)
		_, closed := l.Closed()
		assert.False(t, closed, "it is not written yet")
		l.Wrote(began, len(out))
		c, closed := l.Closed()
		assert.True(t, closed)
		assert.Equal(t, session.WeDisconnected, c.Kind)
	}
}

func TestAClientHearsWhyItWasRefused(t *testing.T) {
	for _, v := range versions {
		a := against{Side: mqttwire.FromClient}
		a.Connack.ReasonCode = mqttwire.ReturnNotAuthorized
		if v == mqttwire.V5 {
			a.Connack.ReasonCode = mqttwire.ReasonNotAuthorized
		}
		p := newPeer(t, v, a)
		assert.Empty(t, p.All(session.Connected))
		require.Len(t, p.All(session.Disconnected), 1)
		assert.Equal(t, a.Connack.ReasonCode, p.All(session.Disconnected)[0].Code)
		assert.Equal(t, session.ServerRefused, p.closed().Kind)
		assert.Nil(t, p.Session.Link())
	}
}

func TestARedirectNamesTheOtherServer(t *testing.T) { // section 4.11
	for _, c := range []mqttwire.ReasonCode{mqttwire.ReasonUseAnotherServer, mqttwire.ReasonServerMoved} {
		a := against{Side: mqttwire.FromClient}
		a.Connack.ReasonCode = c
		a.Connack.Properties.SetServerReference([]byte("b.example:1883"))
		p := newPeer(t, mqttwire.V5, a)
		gone := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
		d := &packets.Disconnect{ReasonCode: c}
		d.Properties.SetServerReference([]byte("b.example:1883"))
		gone.Say(d)
		for _, p := range []*peer{p, gone} {
			require.Len(t, p.All(session.Redirect), 1)
			e := p.All(session.Redirect)[0]
			assert.Equal(t, c, e.Code)
			reference, _ := packets.PropertiesOf(e.Packet).ServerReference()
			assert.Equal(t, "b.example:1883", string(reference))
			assert.Len(t, p.All(session.Disconnected), 1)
		}
	}
}

func TestCallsThatDoNotFitChangeNothing(t *testing.T) {
	client := session.New(session.Options{Side: mqttwire.FromClient})
	server := session.New(session.Options{Side: mqttwire.FromServer})
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	assert.ErrorIs(t, l.Open(began, server, connect), session.ErrState)
	assert.ErrorIs(t, l.Accept(began, server, nil), session.ErrState)
	assert.ErrorIs(t, l.Refuse(began, &packets.Connack{ReasonCode: 0x80}), session.ErrState)
	assert.ErrorIs(t, l.Disconnect(began, nil), session.ErrState)
	assert.ErrorIs(t, l.Drain(began, nil), session.ErrState)
	assert.ErrorIs(t, l.Auth(began, &packets.Auth{}), session.ErrState)
	var wrong *mqttwire.Error
	assert.ErrorAs(t, l.Open(began, client, &packets.Connect{Version: mqttwire.V31}), &wrong)
	assert.Nil(t, client.Link())
	assert.Empty(t, l.Append(nil, 100))
	require.NoError(t, l.Open(began, client, connect))
	assert.ErrorIs(t, l.Open(began, client, connect), session.ErrState)
	other := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	assert.ErrorIs(t, other.Open(began, client, connect), session.ErrState, "a Link has the session")
	l.Lost(began, errors.New("gone"))
	require.NoError(t, other.Open(began, client, connect))
}

func TestAConnackThatCannotBeSentChangesNothing(t *testing.T) { // [MQTT-3.2.2-16]
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	b, err := (&packets.Connect{Version: mqttwire.V5, CleanStart: true}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	l.Feed(began, b)
	_, ok := l.Packet()
	require.True(t, ok)
	s := session.New(session.Options{Side: mqttwire.FromServer})
	var wrong *mqttwire.Error
	require.ErrorAs(t, l.Accept(began, s, nil), &wrong)
	assert.Equal(t, mqttwire.RuleAssignedClientIDMissing, wrong.Rule)
	assert.Nil(t, s.Link())
	var c packets.Connack
	c.Properties.SetAssignedClientIdentifier([]byte("given"))
	require.NoError(t, l.Accept(began, s, &c))
	assert.Equal(t, l, s.Link())
}

func TestTheSessionExpiryIntervalOfTheServerCounts(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{}, session.Options{})
	p.connect.Properties.SetSessionExpiryInterval(1000)
	p.connack.Properties.SetSessionExpiryInterval(10)
	p.open()
	p.cut()
	at, ok := p.server.session.Expiry()
	require.True(t, ok)
	assert.Equal(t, p.now.Add(10*time.Second), at)
}

func TestASessionEndsWhenItsIntervalHasPassed(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{}, session.Options{})
	p.connect.Properties.SetSessionExpiryInterval(10)
	p.open()
	token := p.publish(&p.server, "x", mqttwire.AtLeastOnce)
	_, ok := p.server.session.Deadline()
	assert.False(t, ok, "it is connected")
	p.cut()
	at, ok := p.server.session.Deadline()
	require.True(t, ok)
	assert.Equal(t, p.now.Add(10*time.Second), at)
	p.server.session.Tick(at.Add(-1))
	assert.Empty(t, p.ofServer(session.Ended))
	p.server.session.Tick(at)
	ended := p.ofServer(session.Dropped)
	require.Len(t, ended, 1)
	assert.Equal(t, token, ended[0].Token)
	assert.Equal(t, session.NotSent, ended[0].Outcome)
	_, ok = p.server.session.Deadline()
	assert.False(t, ok)
	_, err := p.server.session.Publish(at, message("t", "x"), session.Delivery{QoS: 1})
	assert.ErrorIs(t, err, session.ErrEnded)
}

// ofServer takes the events of the server's session, and returns those of a kind.
func (p *pair) ofServer(k session.Kind) (list []session.Event) {
	for e, ok := p.server.session.Event(); ok; e, ok = p.server.session.Event() {
		p.server.events = append(p.server.events, e)
	}
	return p.server.all(k)
}

// subscribe subscribes the client.
func (p *pair) subscribe(filters ...string) session.Token {
	var q packets.Subscribe
	for _, f := range filters {
		q.Subscriptions = append(q.Subscriptions, packets.Subscription{Filter: []byte(f), QoS: 1})
	}
	token, err := p.client.session.Subscribe(p.now, &q)
	require.NoError(p.t, err)
	p.run()
	return token
}

func TestDisconnectMayChangeTheSessionExpiryInterval(t *testing.T) {
	for _, expiry := range []uint32{0, 5} {
		p := newPair(t, mqttwire.V5, session.Options{}, session.Options{})
		p.connect.Properties.SetSessionExpiryInterval(100)
		p.open()
		var d packets.Disconnect
		d.Properties.SetSessionExpiryInterval(expiry)
		require.NoError(t, p.client.link.Disconnect(p.now, &d))
		p.run()
		at, ok := p.server.session.Expiry()
		assert.Equal(t, expiry != 0, ok)
		if ok {
			assert.Equal(t, p.now.Add(5*time.Second), at)
		} else {
			assert.Len(t, p.server.all(session.Ended), 1)
		}
	}
}

func TestAClientMayFindTheSessionThatItsLostConnectHasMade(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{Journal: true}, session.Options{})
	p.connect.Properties.SetSessionExpiryInterval(100)
	p.reopen()
	p.move(&p.client, &p.server)
	p.crash(&p.client) // before the CONNACK is there
	p.open()
	require.Len(t, p.client.all(session.Connected), 1)
	assert.True(t, p.client.all(session.Connected)[0].Packet.(*packets.Connack).SessionPresent)
}

func TestACleanStartWithoutAnAnswerIsAskedForAgain(t *testing.T) {
	for _, crash := range []bool{false, true} {
		o := session.Options{Journal: true}
		p := newPair(t, mqttwire.V5, o, o)
		p.connect.Properties.SetSessionExpiryInterval(100)
		p.open()
		p.publish(&p.server, "old", 2)
		p.move(&p.server, &p.client) // the client has its identifier in use
		p.write(&p.client)
		p.cut()
		p.connect.CleanStart = true
		p.reopen()
		p.move(&p.client, &p.server) // the server has emptied the session
		if crash {
			p.crash(&p.client)
		} else {
			p.cut()
		}
		p.publish(&p.server, "new", 2)
		p.connect.CleanStart = false
		p.client.got = nil
		p.open()
		p.publish(&p.server, "newer", 2)
		p.run()
		assert.Equal(t, []string{"t newer"}, p.client.got, crash)
		assert.Zero(t, p.server.session.Stats().IDs)
	}
}

func TestASessionThatEndedDoesNotComeBackBehindALostConnack(t *testing.T) { // [MQTT-3.1.2-6]
	for _, crash := range []bool{false, true} {
		o := session.Options{Journal: true}
		p := newPair(t, mqttwire.V5, o, o)
		p.open() // for a session that ends with its connection
		p.publish(&p.server, "old", 2)
		p.move(&p.server, &p.client) // the client has its identifier in use
		p.cut()
		p.forget()
		p.connect.Properties.SetSessionExpiryInterval(100)
		p.reopen()
		p.move(&p.client, &p.server) // the server has a new session, and its CONNACK is lost
		if crash {
			p.crash(&p.client)
		} else {
			p.cut()
		}
		p.publish(&p.server, "new", 1)
		p.client.got = nil
		p.open()
		p.publish(&p.server, "newer", 1)
		p.run()
		assert.Contains(t, p.client.got, "t newer", crash)
		assert.Zero(t, p.client.session.Stats().Received)
		for _, e := range p.server.all(session.Done) {
			assert.Equal(t, session.Acked, e.Outcome)
		}
	}
}

func TestASessionWhoseTimeHasComeIsNotAccepted(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{}, session.Options{})
	p.connect.Properties.SetSessionExpiryInterval(10)
	p.open()
	p.cut()
	p.now = p.now.Add(time.Minute) // and nobody has called Tick
	p.reopen()
	p.write(&p.client)
	p.server.link.Feed(p.now, p.client.out)
	_, ok := p.server.link.Packet()
	require.True(t, ok)
	assert.ErrorIs(t, p.server.link.Accept(p.now, p.server.session, nil), session.ErrEnded)
	require.NoError(t, p.server.link.Accept(p.now, session.New(session.Options{Side: mqttwire.FromServer}), nil))
}

func TestACleanSessionOf31EndsWithItsConnection(t *testing.T) { // section 3.1 of 3.1
	p := newPair(t, mqttwire.V31, session.Options{}, session.Options{})
	p.connect.CleanStart = true
	p.open()
	p.publish(&p.server, "x", 2)
	p.move(&p.server, &p.client)
	require.Equal(t, 1, p.client.session.Stats().Received)
	p.cut()
	p.forget()
	p.connect.CleanStart = false
	p.open()
	assert.Zero(t, p.client.session.Stats().Received)
	p.publish(&p.server, "y", 2)
	p.run()
	assert.Equal(t, []string{"t x", "t y"}, p.client.got)
}
