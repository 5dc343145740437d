package sessiontest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/sessiontest"
)

func TestAPeerSpeaksWithEitherSideInEachVersion(t *testing.T) {
	for _, side := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		for _, v := range []mqttwire.Version{0, mqttwire.V31, mqttwire.V311, mqttwire.V5} {
			p := sessiontest.Connect(t, sessiontest.Options{Side: side, Version: v, Session: session.Options{Journal: true}})
			assert.Same(t, p.Link, p.Session.Link())
			assert.NotEmpty(t, p.Changes)
			assert.Empty(t, p.Opened)
			p.Say(&packets.Publish{Topic: []byte("t"), QoS: 1, PacketID: 3})
			assert.Equal(t, []mqttwire.Packet{&packets.Puback{PacketID: 3}}, p.Got())
			assert.Len(t, p.All(session.Arrived), 1)
			_, closed := p.Closed()
			assert.False(t, closed)
			p.Cut()
			cause, closed := p.Closed()
			assert.True(t, closed)
			assert.Equal(t, session.TransportLost, cause.Kind)
			assert.Len(t, p.All(session.Disconnected), 1)
		}
	}
}

func TestAPeerMayBreakTheRulesAndSaysHowItEnds(t *testing.T) {
	p := sessiontest.Connect(t, sessiontest.Options{Side: mqttwire.FromServer})
	p.SayBytes([]byte{0x00, 0x00})
	list := p.Got()
	require.Len(t, list, 1)
	assert.Equal(t, mqttwire.ReasonMalformedPacket, list[0].(*packets.Disconnect).ReasonCode)
	cause, closed := p.Closed()
	assert.True(t, closed)
	assert.Equal(t, session.PacketRefused, cause.Kind)
}

func TestAPeerGoesOnWithASessionAndTheTime(t *testing.T) {
	o := sessiontest.Options{Side: mqttwire.FromServer, Connect: packets.Connect{KeepAlive: 10}}
	o.Connect.Properties.SetSessionExpiryInterval(60)
	p := sessiontest.Connect(t, o)
	m := session.NewMessage(p.Now, &packets.Publish{Topic: []byte("t")})
	_, err := p.Session.Publish(p.Now, m, session.Delivery{QoS: 1})
	require.NoError(t, err)
	require.Len(t, p.Got(), 1)
	p.Advance(14 * time.Second)
	_, closed := p.Closed()
	assert.False(t, closed)
	p.Advance(time.Second)
	cause, closed := p.Closed()
	assert.True(t, closed)
	assert.Equal(t, session.KeepAliveTimeout, cause.Kind)
	p.Cut()

	o.Old, o.Now = p.Session, p.Now
	p = sessiontest.Connect(t, o)
	require.Len(t, p.Opened, 1)
	assert.True(t, p.Opened[0].(*packets.Publish).Dup)
	p.Cut()
	p.Advance(time.Minute)
	assert.Len(t, p.All(session.Ended), 1)
}

func TestAPeerThatCannotConnectSaysWhy(t *testing.T) {
	for want, o := range map[string]sessiontest.Options{
		"Open: session: not possible in this state":                     {Side: mqttwire.FromClient, Old: session.New(session.Options{Side: mqttwire.FromServer})},
		"Accept: session: not possible in this state":                   {Side: mqttwire.FromServer, Connack: packets.Connack{ReasonCode: mqttwire.ReasonBanned}},
		"the CONNECT is refused: session: a packet of the peer broke a": {Side: mqttwire.FromServer, Link: session.LinkOptions{Versions: mqttwire.VersionsOf(mqttwire.V311)}},
	} {
		func() {
			defer func() { assert.Contains(t, recover(), want) }()
			sessiontest.Connect(new(told), o)
		}()
	}
}
