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
	return against{side: side, connect: packets.Connect{KeepAlive: 40}}
}

// tick lets time pass to the deadline, at which nothing was due a moment before.
func (p *peer) tick() {
	at, ok := p.link.Deadline()
	require.True(p.t, ok)
	require.True(p.t, at.After(p.now), "it lies in the future")
	p.now = at.Add(-1)
	p.link.Tick(p.now)
	require.Empty(p.t, p.got())
	p.now = at
	p.link.Tick(p.now)
	if next, ok := p.link.Deadline(); ok {
		require.True(p.t, next.After(at))
	}
}

func TestAServerClosesOnAClientThatIsSilent(t *testing.T) { // [MQTT-3.1.2-22]
	for _, v := range versions {
		p := newPeer(t, v, keeping(mqttwire.FromServer))
		p.now = p.now.Add(10 * time.Second)
		p.say(&packets.Pingreq{})
		p.got()
		p.tick()
		assert.Equal(t, began.Add(70*time.Second), p.now)
		if v == mqttwire.V5 {
			assert.Equal(t, []mqttwire.Packet{&packets.Disconnect{ReasonCode: mqttwire.ReasonKeepAliveTimeout}}, p.got())
		} else {
			assert.Empty(t, p.got())
		}
		assert.Equal(t, session.KeepAliveTimeout, p.closed().Kind)
	}
}

func TestBytesThatMakeNoPacketDoNotKeepAlive(t *testing.T) {
	p := newPeer(t, mqttwire.V5, keeping(mqttwire.FromServer))
	p.now = p.now.Add(50 * time.Second)
	p.link.Feed(p.now, []byte{0x30})
	_, ok := p.link.Packet()
	assert.False(t, ok)
	at, _ := p.link.Deadline()
	assert.Equal(t, began.Add(60*time.Second), at)
}

func TestTheServersKeepAliveCounts(t *testing.T) { // [MQTT-3.1.2-21] [MQTT-3.2.2-21]
	for _, side := range sides {
		a := keeping(side)
		a.connack.Properties.SetServerKeepAlive(8)
		p := newPeer(t, mqttwire.V5, a)
		at, ok := p.link.Deadline()
		require.True(t, ok)
		want := map[mqttwire.Sender]time.Duration{mqttwire.FromClient: 6, mqttwire.FromServer: 12}[side]
		assert.Equal(t, began.Add(want*time.Second), at)
	}
}

func TestWithoutAKeepAliveThereIsNoDeadline(t *testing.T) { // [MQTT-3.2.2-22]
	for _, side := range sides {
		p := newPeer(t, mqttwire.V5, against{side: side})
		_, ok := p.link.Deadline()
		assert.False(t, ok)
	}
}

func TestAClientPingsByWhatItHasWritten(t *testing.T) { // [MQTT-3.1.2-20] [trap 13]
	for _, v := range versions {
		p := newPeer(t, v, keeping(mqttwire.FromClient))
		p.now = p.now.Add(20 * time.Second)
		p.publish("x", 0)
		p.got()
		p.now = p.now.Add(25 * time.Second)
		p.say(arriving(1, 0)) // which moves nothing
		p.tick()
		assert.Equal(t, began.Add(50*time.Second), p.now)
		assert.Equal(t, []mqttwire.Packet{&packets.Pingreq{}}, p.got())
		p.now = p.now.Add(time.Second)
		p.say(&packets.Pingresp{})
		p.tick()
		assert.Equal(t, began.Add(80*time.Second), p.now)
		assert.Equal(t, []mqttwire.Packet{&packets.Pingreq{}}, p.got())
	}
}

func TestAClientClosesIfItsPingIsNotAnswered(t *testing.T) { // [trap 13]
	p := newPeer(t, mqttwire.V5, keeping(mqttwire.FromClient))
	p.tick()
	require.Equal(t, []mqttwire.Packet{&packets.Pingreq{}}, p.got())
	p.now = p.now.Add(10 * time.Second)
	p.say(arriving(1, 0))
	p.tick()
	assert.Equal(t, began.Add(60*time.Second), p.now, "30 seconds after the ping, whatever comes")
	assert.Equal(t, session.PingTimeout, p.closed().Kind)
}

func TestAClientClosesIfItsPingIsNotEvenWritten(t *testing.T) { // [trap 13]
	p := newPeer(t, mqttwire.V5, keeping(mqttwire.FromClient))
	p.publish("x", 0)
	require.NotEmpty(t, p.link.Append(nil, 1000)) // and the write does not end
	at, _ := p.link.Deadline()
	p.now = at
	p.link.Tick(p.now)
	at, _ = p.link.Deadline()
	assert.Equal(t, p.now.Add(30*time.Second), at)
	p.now = at
	p.link.Tick(p.now)
	assert.Equal(t, session.PingTimeout, func() session.Cause { c, _ := p.link.Closed(); return c }().Kind)
}

func TestTheAnswerToAPingIsAwaitedFromWhenItIsWritten(t *testing.T) {
	p := newPeer(t, mqttwire.V5, keeping(mqttwire.FromClient))
	p.publish("x", 0)
	b := p.link.Append(nil, 1000)
	at, _ := p.link.Deadline()
	p.now = at
	p.link.Tick(p.now)
	b = p.link.Append(b, 1000)
	p.now = p.now.Add(20 * time.Second)
	p.link.Wrote(p.now, len(b)-1)
	at, _ = p.link.Deadline()
	assert.Equal(t, p.now.Add(10*time.Second), at, "a byte of it is missing")
	p.link.Wrote(p.now, 1)
	at, _ = p.link.Deadline()
	assert.Equal(t, p.now.Add(30*time.Second), at)
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
	p := newPeer(t, mqttwire.V5, against{side: mqttwire.FromServer, link: session.LinkOptions{CloseTimeout: 3 * time.Second}})
	require.NoError(t, p.link.Disconnect(p.now, nil))
	_, closed := p.link.Closed()
	assert.False(t, closed)
	at, ok := p.link.Deadline()
	require.True(t, ok)
	assert.Equal(t, began.Add(3*time.Second), at)
	p.link.Tick(at)
	_, closed = p.link.Closed()
	assert.True(t, closed)
	_, ok = p.link.Deadline()
	assert.False(t, ok)
}

func TestThePeriodOfPingsMayBeShorterThanTheKeepAlive(t *testing.T) {
	a := keeping(mqttwire.FromClient)
	a.link.PingEvery = 5 * time.Second
	p := newPeer(t, mqttwire.V5, a)
	p.tick()
	assert.Equal(t, began.Add(5*time.Second), p.now)
	assert.Len(t, p.got(), 1)
}
