package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// stranger returns a peer of a server's Link to which nothing was said.
func stranger(t testing.TB, v mqttwire.Version) *peer {
	s := session.New(session.Options{Side: mqttwire.FromServer})
	return &peer{t: t, v: v, now: began, session: s, link: session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})}
}

// knocking returns a stranger that has sent the CONNECT, which waits for its answer.
func knocking(t testing.TB, v mqttwire.Version, c packets.Connect) *peer {
	p := stranger(t, v)
	c.Version = v
	p.say(&c)
	require.Len(t, p.all(session.Connect), 1)
	return p
}

func TestTheFirstPacketOfAClientIsConnect(t *testing.T) { // [MQTT-3.1.0-1]
	for _, v := range versions {
		s := session.New(session.Options{Side: mqttwire.FromClient})
		_, err := s.Publish(began, message("t", "x"), session.Delivery{QoS: 1})
		require.NoError(t, err)
		_, err = s.Subscribe(began, asking(0, "a"))
		require.NoError(t, err)
		l := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
		p := &peer{t: t, v: v, now: began, session: s, link: l}
		require.NoError(t, l.Open(began, s, &packets.Connect{Version: v, ClientID: []byte("c")}))
		got := p.got()
		require.Len(t, got, 1, "the rest waits for the CONNACK")
		assert.Equal(t, mqttwire.CONNECT, got[0].Type())
		p.say(&packets.Connack{})
		assert.Len(t, p.got(), 2)
	}
}

func TestAServerClosesOnAnotherFirstPacket(t *testing.T) { // [MQTT-3.1.0-1]
	for _, v := range versions {
		p := stranger(t, v)
		p.say(arriving(1, 1))
		assert.Empty(t, p.got())
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.all(session.Arrived))
	}
}

func TestASecondConnectEndsTheConnection(t *testing.T) { // [MQTT-3.1.0-2]
	for _, v := range versions {
		p := newPeer(t, v, against{side: mqttwire.FromServer})
		p.say(&packets.Connect{Version: v, ClientID: []byte("c")}, arriving(1, 1))
		var want []string
		if v == mqttwire.V5 {
			want = []string{"DISCONNECT 0x82"}
		}
		assert.Equal(t, want, inShort(p.got()))
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.all(session.Arrived))
		assert.Empty(t, p.all(session.Connect))
	}
}

func TestNothingGoesOutBeforeTheConnack(t *testing.T) { // [MQTT-3.2.0-1]
	for _, v := range versions {
		p := stranger(t, v)
		p.publish("x", 1)
		p.publish("x", 2)
		p.feed(&packets.Connect{Version: v, ClientID: []byte("c")})
		_, ok := p.link.Packet()
		require.True(t, ok)
		assert.Empty(t, p.got())
		require.NoError(t, p.link.Accept(p.now, p.session, nil))
		got := p.got()
		require.Len(t, got, 3)
		assert.Equal(t, mqttwire.CONNACK, got[0].Type())
	}
}

func TestAConnectionHasOneConnack(t *testing.T) { // [MQTT-3.2.0-2]
	for _, v := range versions {
		p := newPeer(t, v, against{side: mqttwire.FromServer})
		assert.ErrorIs(t, p.link.Accept(p.now, p.session, nil), session.ErrState)
		assert.ErrorIs(t, p.link.Refuse(p.now, &packets.Connack{ReasonCode: 5}), session.ErrState)
		assert.Empty(t, p.got())

		p = newPeer(t, v, against{side: mqttwire.FromClient})
		p.say(&packets.Connack{})
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Len(t, p.all(session.Connected), 1)
	}
}

func TestAConnectThatDoesNotFitIsNotShown(t *testing.T) { // [MQTT-3.1.4-1]
	for _, v := range versions {
		p := stranger(t, v)
		b, err := (&packets.Connect{Version: v, ClientID: []byte("c")}).Append(nil, v)
		require.NoError(t, err)
		b[len(b)-2]++ // the client identifier is longer than the packet
		p.link.Feed(p.now, b)
		_, ok := p.link.Packet()
		assert.False(t, ok)
		var want []string
		if v == mqttwire.V5 {
			want = []string{"CONNACK 0x81"}
		}
		assert.Equal(t, want, inShort(p.got()), v)
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.all(session.Connect))
	}
}

func TestNothingBehindARefusedConnectIsLookedAt(t *testing.T) { // [MQTT-3.1.4-6]
	for _, v := range versions {
		p := knocking(t, v, packets.Connect{ClientID: []byte("c")})
		p.feed(arriving(1, 1), asking(2, "a"))
		refusal := code(v, mqttwire.ReasonBanned)
		if v != mqttwire.V5 {
			refusal = mqttwire.ReturnNotAuthorized
		}
		require.NoError(t, p.link.Refuse(p.now, &packets.Connack{ReasonCode: refusal}))
		p.say(arriving(3, 1))
		assert.Equal(t, []mqttwire.Packet{&packets.Connack{ReasonCode: refusal}}, p.got())
		assert.Empty(t, p.all(session.Arrived))
		p.closed()
	}
}

func TestARefusedClientIdentifierEndsTheConnection(t *testing.T) { // [MQTT-3.1.3-8]
	for _, v := range versions {
		p := knocking(t, v, packets.Connect{ClientID: []byte("not this one")})
		require.NoError(t, p.link.Refuse(p.now, &packets.Connack{ReasonCode: mqttwire.ReasonClientIdentifierNotValid}))
		want := mqttwire.ReturnIdentifierRejected
		if v == mqttwire.V5 {
			want = mqttwire.ReasonClientIdentifierNotValid
		}
		assert.Equal(t, []mqttwire.Packet{&packets.Connack{ReasonCode: want}}, p.got())
		p.closed()
	}
}

func TestBefore5AnEmptyClientIdentifierNeedsACleanSession(t *testing.T) { // [MQTT-3.1.3-8] of 3.1.1
	for _, clean := range []bool{false, true} {
		p := stranger(t, mqttwire.V311)
		p.link.Feed(p.now, []byte{0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, map[bool]byte{true: 2}[clean], 0, 0, 0, 0})
		_, ok := p.link.Packet()
		require.Equal(t, clean, ok)
		if !clean {
			assert.Equal(t, []mqttwire.Packet{&packets.Connack{ReasonCode: mqttwire.ReturnIdentifierRejected}}, p.got())
			p.closed()
		}
	}
}

func TestAClientIdentifierOf23LettersAndDigitsIsTaken(t *testing.T) { // [MQTT-3.1.3-5]
	for _, v := range versions {
		for _, id := range []string{"a", "0123456789ABCDEFGHIJKLM", "NOPQRSTUVWXYZabcdefghij", "klmnopqrstuvwxyz"} {
			p := knocking(t, v, packets.Connect{ClientID: []byte(id)})
			require.NoError(t, p.link.Accept(p.now, p.session, nil))
			assert.Equal(t, []mqttwire.Packet{&packets.Connack{}}, p.got())
		}
	}
}

func TestAServerMayCloseWithoutAConnack(t *testing.T) { // [MQTT-3.2.2-6] of 3.1.1
	for _, v := range versions {
		p := knocking(t, v, packets.Connect{ClientID: []byte("c")})
		p.link.Lost(p.now, nil)
		assert.Empty(t, p.got())
		assert.ErrorIs(t, p.link.Accept(p.now, p.session, nil), session.ErrState)
		p.closed()
	}
}

func TestAServerTellsAndHoldsTheClientToWhatItHasAnnounced(t *testing.T) { // [MQTT-3.2.2-9], sections 3.2.2.3.4 to 3.2.2.3.6
	a := against{side: mqttwire.FromServer}
	a.connack.Properties.SetMaximumQoS(1)
	a.connack.Properties.SetRetainAvailable(false)
	a.connack.Properties.SetMaximumPacketSize(50)
	large, retained := arriving(1, 1), arriving(1, 1)
	large.Payload, retained.Retain = make([]byte, 60), true
	for want, m := range map[string]*packets.Publish{
		"DISCONNECT 0x9B": arriving(1, 2),
		"DISCONNECT 0x9A": retained,
		"DISCONNECT 0x95": large,
	} {
		p := newPeer(t, mqttwire.V5, a)
		p.say(m)
		assert.Equal(t, []string{want}, inShort(p.got()))
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.all(session.Arrived))
	}
}

func TestASubscribeThatTheServerHasSaidItDoesNotTakeIsRefused(t *testing.T) { // sections 3.2.2.3.11 to 3.2.2.3.13
	a := against{side: mqttwire.FromServer}
	a.connack.Properties.SetWildcardSubscriptionAvailable(false)
	a.connack.Properties.SetSubscriptionIdentifierAvailable(false)
	a.connack.Properties.SetSharedSubscriptionAvailable(false)
	numbered := asking(1, "a")
	numbered.Properties.AddSubscriptionID(3)
	for want, q := range map[string]*packets.Subscribe{
		"DISCONNECT 0xA2": asking(1, "a/#"),
		"DISCONNECT 0xA1": numbered,
		"DISCONNECT 0x9E": asking(1, "$share/g/a"),
	} {
		p := newPeer(t, mqttwire.V5, a)
		p.say(q)
		assert.Equal(t, []string{want}, inShort(p.got()))
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Zero(t, p.session.Stats().Filters)
	}
}
