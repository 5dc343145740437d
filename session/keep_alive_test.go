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

// keeping describes a Link with a keep alive of 40 seconds.
func keeping(side mqttwire.Sender) against {
	return against{Side: side, Connect: packets.Connect{KeepAlive: 40}}
}

// tick lets time pass to the deadline, at which nothing was due a moment before.
func (p *peer) tick() {
	at, ok := p.Link.Deadline()
	require.True(p.t, ok)
	require.True(p.t, at.After(p.Now), "it lies in the future")
	p.Now = at.Add(-1)
	p.Link.Tick(p.Now)
	require.Empty(p.t, p.Got())
	p.Now = at
	p.Link.Tick(p.Now)
	if next, ok := p.Link.Deadline(); ok {
		require.True(p.t, next.After(at))
	}
}

func TestAServerClosesOnAClientThatIsSilent(t *testing.T) { // [MQTT-3.1.2-22]
	for _, v := range versions {
		p := newPeer(t, v, keeping(mqttwire.FromServer))
		p.Now = p.Now.Add(10 * time.Second)
		p.Say(&packets.Pingreq{})
		p.Got()
		p.tick()
		assert.Equal(t, began.Add(70*time.Second), p.Now)
		if v == mqttwire.V5 {
			assert.Equal(t, []mqttwire.Packet{&packets.Disconnect{ReasonCode: mqttwire.ReasonKeepAliveTimeout}}, p.Got())
		} else {
			assert.Empty(t, p.Got())
		}
		assert.Equal(t, session.KeepAliveTimeout, p.closed().Kind)
	}
}

func TestBytesThatMakeNoPacketDoNotKeepAlive(t *testing.T) {
	p := newPeer(t, mqttwire.V5, keeping(mqttwire.FromServer))
	p.Now = p.Now.Add(50 * time.Second)
	p.Link.Feed(p.Now, []byte{0x30})
	_, ok := p.Link.Packet()
	assert.False(t, ok)
	at, _ := p.Link.Deadline()
	assert.Equal(t, began.Add(60*time.Second), at)
}

func TestTheServersKeepAliveCounts(t *testing.T) { // [MQTT-3.1.2-21] [MQTT-3.2.2-21]
	for _, side := range sides {
		a := keeping(side)
		a.Connack.Properties.SetServerKeepAlive(8)
		p := newPeer(t, mqttwire.V5, a)
		at, ok := p.Link.Deadline()
		require.True(t, ok)
		want := map[mqttwire.Sender]time.Duration{mqttwire.FromClient: 6, mqttwire.FromServer: 12}[side]
		assert.Equal(t, began.Add(want*time.Second), at)
	}
}

func TestWithoutAKeepAliveThereIsNoDeadline(t *testing.T) { // [MQTT-3.2.2-22]
	for _, side := range sides {
		p := newPeer(t, mqttwire.V5, against{Side: side})
		_, ok := p.Link.Deadline()
		assert.False(t, ok)
	}
}

func TestAClientPingsByWhatItHasWritten(t *testing.T) { // [MQTT-3.1.2-20] [trap 13]
	for _, v := range versions {
		p := newPeer(t, v, keeping(mqttwire.FromClient))
		p.Now = p.Now.Add(20 * time.Second)
		p.publish("x", 0)
		p.Got()
		p.Now = p.Now.Add(25 * time.Second)
		p.Say(arriving(1, 0)) // which moves nothing
		p.tick()
		assert.Equal(t, began.Add(50*time.Second), p.Now)
		assert.Equal(t, []mqttwire.Packet{&packets.Pingreq{}}, p.Got())
		p.Now = p.Now.Add(time.Second)
		p.Say(&packets.Pingresp{})
		p.tick()
		assert.Equal(t, began.Add(80*time.Second), p.Now)
		assert.Equal(t, []mqttwire.Packet{&packets.Pingreq{}}, p.Got())
	}
}

func TestAClientClosesIfItsPingIsNotAnswered(t *testing.T) { // [trap 13]
	p := newPeer(t, mqttwire.V5, keeping(mqttwire.FromClient))
	p.tick()
	require.Equal(t, []mqttwire.Packet{&packets.Pingreq{}}, p.Got())
	p.Now = p.Now.Add(10 * time.Second)
	p.Say(arriving(1, 0))
	p.tick()
	assert.Equal(t, began.Add(60*time.Second), p.Now, "30 seconds after the ping, whatever comes")
	assert.Equal(t, session.PingTimeout, p.closed().Kind)
}

func TestAClientClosesIfItsPingIsNotEvenWritten(t *testing.T) { // [trap 13]
	p := newPeer(t, mqttwire.V5, keeping(mqttwire.FromClient))
	p.publish("x", 0)
	require.NotEmpty(t, p.Link.Append(nil, 1000)) // and the write does not end
	at, _ := p.Link.Deadline()
	p.Now = at
	p.Link.Tick(p.Now)
	at, _ = p.Link.Deadline()
	assert.Equal(t, p.Now.Add(30*time.Second), at)
	p.Now = at
	p.Link.Tick(p.Now)
	assert.Equal(t, session.PingTimeout, func() session.Cause { c, _ := p.Link.Closed(); return c }().Kind)
}

func TestTheAnswerToAPingIsAwaitedFromWhenItIsWritten(t *testing.T) {
	p := newPeer(t, mqttwire.V5, keeping(mqttwire.FromClient))
	p.publish("x", 0)
	b := p.Link.Append(nil, 1000)
	at, _ := p.Link.Deadline()
	p.Now = at
	p.Link.Tick(p.Now)
	b = p.Link.Append(b, 1000)
	p.Now = p.Now.Add(20 * time.Second)
	p.Link.Wrote(p.Now, len(b)-1)
	at, _ = p.Link.Deadline()
	assert.Equal(t, p.Now.Add(10*time.Second), at, "a byte of it is missing")
	p.Link.Wrote(p.Now, 1)
	at, _ = p.Link.Deadline()
	assert.Equal(t, p.Now.Add(30*time.Second), at)
}

func TestConnectingIsBounded(t *testing.T) {
	client := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient, ConnectTimeout: 7 * time.Second})
	s := session.New(session.Options{Side: mqttwire.FromClient})
	require.NoError(t, client.Open(began, s, &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}))
	server := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer, ConnectTimeout: 7 * time.Second})
	server.Tick(began)
	for _, l := range []*session.Link{client, server} {
		at, ok := l.Deadline()
		require.True(t, ok)
		assert.Equal(t, began.Add(7*time.Second), at)
		l.Tick(at)
		e, ok := l.Event()
		require.True(t, ok)
		assert.Equal(t, session.ConnectTimeout, e.Cause.Kind)
	}
	assert.Nil(t, s.Link())
}

func TestWhatIsLeftToBeWrittenIsBounded(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Link: session.LinkOptions{CloseTimeout: 3 * time.Second}})
	require.NoError(t, p.Link.Disconnect(p.Now, nil))
	_, closed := p.Link.Closed()
	assert.False(t, closed)
	at, ok := p.Link.Deadline()
	require.True(t, ok)
	assert.Equal(t, began.Add(3*time.Second), at)
	p.Link.Tick(at)
	_, closed = p.Link.Closed()
	assert.True(t, closed)
	_, ok = p.Link.Deadline()
	assert.False(t, ok)
}

func TestThePeriodOfPingsMayBeShorterThanTheKeepAlive(t *testing.T) {
	a := keeping(mqttwire.FromClient)
	a.Link.PingEvery = 5 * time.Second
	p := newPeer(t, mqttwire.V5, a)
	p.tick()
	assert.Equal(t, began.Add(5*time.Second), p.Now)
	assert.Len(t, p.Got(), 1)
}

func TestWhoIsNotReadIsNotSilent(t *testing.T) {
	for _, v := range versions {
		p := newPeer(t, v, keeping(mqttwire.FromServer))
		p.Say(&packets.Pingreq{})
		p.Got()
		p.Now = p.Now.Add(60 * time.Second)
		p.Link.Unread(p.Now)
		p.Link.Tick(p.Now)
		_, closed := p.Link.Closed()
		assert.False(t, closed)
		p.tick()
		assert.Equal(t, began.Add(120*time.Second), p.Now)
		assert.Equal(t, session.KeepAliveTimeout, p.closed().Kind)
	}
}
