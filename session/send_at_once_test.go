package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// sending returns a message of QoS 0 to send.
func sending(payload string) *packets.Publish {
	return &packets.Publish{Topic: []byte("t"), Payload: []byte(payload)}
}

// payloads are what messages that were written say, and the types of other packets.
func payloads(list []mqttwire.Packet) (got []string) {
	for _, p := range list {
		if m, ok := p.(*packets.Publish); ok {
			got = append(got, string(m.Payload))
		} else {
			got = append(got, p.Type().String())
		}
	}
	return got
}

func TestAMessageThatIsSentAtOnceIsNotQueuedNorToldOf(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newPeer(t, v, against{Side: side})
		require.NoError(t, p.Link.Send(p.Now, sending("a")))
		assert.Zero(t, p.Session.Stats().Waiting)
		assert.True(t, p.Link.HasOutput())
		assert.Equal(t, []mqttwire.Packet{sending("a")}, p.Got())
		assert.False(t, p.Link.HasOutput())
		assert.Empty(t, p.All(session.Done))
	})
}

func TestALongTopicIsSentByItsAlias(t *testing.T) {
	p := newPeer(t, mqttwire.V5, withAliases(2))
	m := &packets.Publish{Topic: []byte("a/topic/name/of/thirty/letters")}
	for _, want := range []string{string(m.Topic) + " 0", string(m.Topic) + " 1", " 1"} {
		require.NoError(t, p.Link.Send(p.Now, m))
		assert.Equal(t, want, aliased(p.Got()[0]))
	}
	for range 3 {
		require.NoError(t, p.Link.Send(p.Now, sending("a")))
		assert.Equal(t, "t 0", aliased(p.Got()[0]), "of a short one it makes little less")
	}
}

func TestAMessageThatIsSentOvertakesNothing(t *testing.T) { // [MQTT-4.6.0-5]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for name, c := range map[string]struct {
			before func(p *peer)
			want   []string
		}{
			"one that waits":          {func(p *peer) { p.publish("1", 0) }, []string{"1", "2", "3"}},
			"one of QoS 1 that waits": {func(p *peer) { p.publish("1", 1) }, []string{"1", "2", "3"}},
			"one that has no slot":    {func(p *peer) { p.publish("0", 1); p.Got(); p.publish("1", 1) }, nil},
			"one that is sent again": {func(p *peer) {
				p.publish("1", 1)
				p.Got()
				p.Cut()
				a := against{Side: side, Old: p.Session}
				a.Connack.SessionPresent = v != mqttwire.V31 && side == mqttwire.FromClient
				if v == mqttwire.V5 {
					a.Connect.Properties.SetSessionExpiryInterval(100)
				}
				again := newPeerUnread(t, v, a)
				*p = *again
			}, []string{"1", "2", "3"}},
			"a SUBSCRIBE": {func(p *peer) {
				if side == mqttwire.FromClient {
					_, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("f")}}})
					require.NoError(t, err)
				}
			}, map[mqttwire.Sender][]string{mqttwire.FromClient: {"SUBSCRIBE", "2", "3"}, mqttwire.FromServer: {"2", "3"}}[side]},
			"nothing": {func(*peer) {}, []string{"2", "3"}},
		} {
			a := against{Side: side, Session: session.Options{InFlight: 1}}
			if v == mqttwire.V5 {
				a.Connect.Properties.SetSessionExpiryInterval(100)
			}
			p := newPeer(t, v, a)
			c.before(p)
			require.NoError(t, p.Link.Send(p.Now, sending("2")))
			require.NoError(t, p.Link.Send(p.Now, sending("3")))
			assert.Equal(t, c.want, payloads(p.Got()), name)
		}
	})
}

// newPeerUnread is newPeer without anything read of what goes once the connection is open.
func newPeerUnread(t *testing.T, v mqttwire.Version, a against) *peer {
	l := session.NewLink(session.LinkOptions{Side: a.Side})
	p := peerOf(t, v, l, a.Old)
	if a.Connect.Version = v; a.Connect.ClientID == nil {
		a.Connect.ClientID = []byte("c")
	}
	if a.Side == mqttwire.FromClient {
		require.NoError(t, l.Open(p.Now, a.Old, &a.Connect))
		p.Got()
		p.Say(&a.Connack)
		return p
	}
	p.Feed(&a.Connect)
	_, ok := l.Packet()
	require.True(t, ok)
	require.NoError(t, l.Accept(p.Now, a.Old, &a.Connack))
	n := 4 // the CONNACK alone
	if v == mqttwire.V5 {
		n++
	}
	require.Len(t, l.Append(nil, n), n)
	return p
}

func TestWhatIsNotReadIsNotSentAtOnceWithoutBounds(t *testing.T) {
	p := newPeer(t, mqttwire.V311, against{Side: mqttwire.FromServer, Session: session.Options{Queue: session.Bounds{Count: 10}}})
	n := 0
	for err := error(nil); err == nil; n++ {
		err = p.Link.Send(p.Now, sending(string(make([]byte, 1000))))
		if err != nil {
			assert.ErrorIs(t, err, session.ErrQueueFull)
		}
		require.Less(t, n, 100)
	}
	assert.Greater(t, n, 20)
	_, closed := p.Link.Closed()
	assert.False(t, closed, "it is no answer that the peer does not read")
	assert.Len(t, p.Got(), n-1)
	require.NoError(t, p.Link.Send(p.Now, sending(string(make([]byte, 100_000)))))
	assert.Equal(t, 1, p.Session.Stats().Waiting, "a large one is copied once")
	assert.Len(t, p.Got(), 1)
}

func TestWhatCannotBeSentAtOnceIsRefused(t *testing.T) {
	a := against{Side: mqttwire.FromClient}
	a.Connack.Properties.SetRetainAvailable(false)
	a.Connack.Properties.SetMaximumPacketSize(20)
	p := newPeer(t, mqttwire.V5, a)
	m := sending("m")
	m.QoS = 1
	assert.ErrorIs(t, p.Link.Send(p.Now, m), session.ErrState)
	m = sending("m")
	m.Retain = true
	assert.ErrorIs(t, p.Link.Send(p.Now, m), session.ErrNotSupported)
	assert.ErrorIs(t, p.Link.Send(p.Now, sending("more than 20 bytes are too many")), mqttwire.ErrTooLarge)
	m = sending("m")
	m.Properties.SetTopicAlias(3) // of the connection that it came on
	require.NoError(t, p.Link.Send(p.Now, m))
	assert.Equal(t, []mqttwire.Packet{sending("m")}, p.Got())
	p.Cut()
	assert.ErrorIs(t, p.Link.Send(p.Now, sending("m")), session.ErrNotConnected)
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	assert.ErrorIs(t, l.Send(p.Now, sending("m")), session.ErrNotConnected)
	assert.False(t, l.HasOutput())
}

func TestNothingIsAllocatedToSendAtOnce(t *testing.T) {
	for _, v := range versions {
		l := newLoop(t, v, session.LinkOptions{})
		m := sending("payload")
		both := func() {
			for range 10 {
				if l.client.Send(began, m) != nil || l.server.Send(began, m) != nil {
					t.Fatal()
				}
			}
			l.turn()
		}
		for range 100 {
			both()
		}
		l.arrived = 0
		assert.Zero(t, testing.AllocsPerRun(200, both), v)
		assert.Equal(t, 201*20, l.arrived)
	}
}

func TestWhetherThereIsOutputIsKnown(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient, Session: session.Options{InFlight: 1}})
	has := func(want bool, what string) {
		t.Helper()
		assert.Equal(t, want, p.Link.HasOutput(), what)
		assert.Equal(t, want, len(p.Got()) > 0, what)
	}
	has(false, "nothing")
	p.publish("1", 2)
	has(true, "a message")
	p.publish("2", 1)
	has(false, "no slot")
	p.Say(&packets.Pubrec{PacketID: 1})
	has(true, "PUBREL")
	has(false, "no slot yet")
	p.Say(&packets.Pubcomp{PacketID: 1})
	has(true, "a slot")
	p.Say(&packets.Puback{PacketID: 2})
	token, err := p.Session.Publish(p.Now, session.HollowMessage(session.Position{Seq: 1}, 10), session.Delivery{QoS: 1})
	require.NoError(t, err)
	p.Got() // asks for it
	has(false, "it is not there")
	require.NoError(t, p.Session.Fetched(p.Now, token, session.NewMessageAt(p.Now, sending("3"), session.Position{Seq: 1})))
	has(true, "it is there")
	_, err = p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("f")}}})
	require.NoError(t, err)
	has(true, "SUBSCRIBE")
	require.NoError(t, p.Link.Drain(p.Now, nil))
	p.publish("4", 0)
	has(false, "one is in flight")
	p.Say(&packets.Puback{PacketID: 3})
	has(true, "DISCONNECT")
	has(false, "the end")
}

func TestThereIsNoOutputAsLongAsChangesAreToBeTakenFirst(t *testing.T) {
	p := newPeer(t, mqttwire.V311, against{Side: mqttwire.FromClient, Session: session.Options{Journal: true}})
	p.publish("m", 1)
	assert.False(t, p.Link.HasOutput())
	assert.Empty(t, p.Link.Append(nil, 100))
	p.Take()
	assert.True(t, p.Link.HasOutput())
	assert.NotEmpty(t, p.Link.Append(nil, 100))
}
