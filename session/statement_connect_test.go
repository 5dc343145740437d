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
	return peerOf(t, v, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), s)
}

// knocking returns a stranger that has sent the CONNECT, which waits for its answer.
func knocking(t testing.TB, v mqttwire.Version, c packets.Connect) *peer {
	p := stranger(t, v)
	c.Version = v
	p.Say(&c)
	require.Len(t, p.All(session.Connect), 1)
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
		p := peerOf(t, v, l, s)
		require.NoError(t, l.Open(began, s, &packets.Connect{Version: v, ClientID: []byte("c")}))
		got := p.Got()
		require.Len(t, got, 1, "the rest waits for the CONNACK")
		assert.Equal(t, mqttwire.CONNECT, got[0].Type())
		p.Say(&packets.Connack{})
		assert.Len(t, p.Got(), 2)
	}
}

func TestAServerClosesOnAnotherFirstPacket(t *testing.T) { // [MQTT-3.1.0-1]
	for _, v := range versions {
		p := stranger(t, v)
		p.Say(arriving(1, 1))
		assert.Empty(t, p.Got())
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.All(session.Arrived))
	}
}

func TestASecondConnectEndsTheConnection(t *testing.T) { // [MQTT-3.1.0-2]
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		p.Say(&packets.Connect{Version: v, ClientID: []byte("c")}, arriving(1, 1))
		var want []string
		if v == mqttwire.V5 {
			want = []string{"DISCONNECT 0x82"}
		}
		assert.Equal(t, want, inShort(p.Got()))
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.All(session.Arrived))
		assert.Empty(t, p.All(session.Connect))
	}
}

func TestNothingGoesOutBeforeTheConnack(t *testing.T) { // [MQTT-3.2.0-1]
	for _, v := range versions {
		p := stranger(t, v)
		p.publish("x", 1)
		p.publish("x", 2)
		p.Feed(&packets.Connect{Version: v, ClientID: []byte("c")})
		_, ok := p.Link.Packet()
		require.True(t, ok)
		assert.Empty(t, p.Got())
		require.NoError(t, p.Link.Accept(p.Now, p.Session, nil))
		got := p.Got()
		require.Len(t, got, 3)
		assert.Equal(t, mqttwire.CONNACK, got[0].Type())
	}
}

func TestAConnectionHasOneConnack(t *testing.T) { // [MQTT-3.2.0-2]
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer})
		assert.ErrorIs(t, p.Link.Accept(p.Now, p.Session, nil), session.ErrState)
		assert.ErrorIs(t, p.Link.Refuse(p.Now, &packets.Connack{ReasonCode: 5}), session.ErrState)
		assert.Empty(t, p.Got())

		p = newPeer(t, v, against{Side: mqttwire.FromClient})
		p.Say(&packets.Connack{})
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Len(t, p.All(session.Connected), 1)
	}
}

func TestAConnectThatDoesNotFitIsNotShown(t *testing.T) { // [MQTT-3.1.4-1]
	for _, v := range versions {
		p := stranger(t, v)
		b, err := (&packets.Connect{Version: v, ClientID: []byte("c")}).Append(nil, v)
		require.NoError(t, err)
		b[len(b)-2]++ // the client identifier is longer than the packet
		p.Link.Feed(p.Now, b)
		_, ok := p.Link.Packet()
		assert.False(t, ok)
		var want []string
		if v == mqttwire.V5 {
			want = []string{"CONNACK 0x81"}
		}
		assert.Equal(t, want, inShort(p.Got()), v)
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.All(session.Connect))
	}
}

func TestNothingBehindARefusedConnectIsLookedAt(t *testing.T) { // [MQTT-3.1.4-6]
	for _, v := range versions {
		p := knocking(t, v, packets.Connect{ClientID: []byte("c")})
		p.Feed(arriving(1, 1), asking(2, "a"))
		refusal := code(v, mqttwire.ReasonBanned)
		if v != mqttwire.V5 {
			refusal = mqttwire.ReturnNotAuthorized
		}
		require.NoError(t, p.Link.Refuse(p.Now, &packets.Connack{ReasonCode: refusal}))
		p.Say(arriving(3, 1))
		assert.Equal(t, []mqttwire.Packet{&packets.Connack{ReasonCode: refusal}}, p.Got())
		assert.Empty(t, p.All(session.Arrived))
		p.closed()
	}
}

func TestARefusedClientIdentifierEndsTheConnection(t *testing.T) { // [MQTT-3.1.3-8]
	for _, v := range versions {
		p := knocking(t, v, packets.Connect{ClientID: []byte("not this one")})
		require.NoError(t, p.Link.Refuse(p.Now, &packets.Connack{ReasonCode: mqttwire.ReasonClientIdentifierNotValid}))
		want := mqttwire.ReturnIdentifierRejected
		if v == mqttwire.V5 {
			want = mqttwire.ReasonClientIdentifierNotValid
		}
		assert.Equal(t, []mqttwire.Packet{&packets.Connack{ReasonCode: want}}, p.Got())
		p.closed()
	}
}

func TestBefore5AnEmptyClientIdentifierNeedsACleanSession(t *testing.T) { // [MQTT-3.1.3-8] of 3.1.1
	for _, clean := range []bool{false, true} {
		p := stranger(t, mqttwire.V311)
		p.Link.Feed(p.Now, []byte{0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, map[bool]byte{true: 2}[clean], 0, 0, 0, 0})
		_, ok := p.Link.Packet()
		require.Equal(t, clean, ok)
		if !clean {
			assert.Equal(t, []mqttwire.Packet{&packets.Connack{ReasonCode: mqttwire.ReturnIdentifierRejected}}, p.Got())
			p.closed()
		}
	}
}

func TestAClientIdentifierOf23LettersAndDigitsIsTaken(t *testing.T) { // [MQTT-3.1.3-5]
	for _, v := range versions {
		for _, id := range []string{"a", "0123456789ABCDEFGHIJKLM", "NOPQRSTUVWXYZabcdefghij", "klmnopqrstuvwxyz"} {
			p := knocking(t, v, packets.Connect{ClientID: []byte(id)})
			require.NoError(t, p.Link.Accept(p.Now, p.Session, nil))
			assert.Equal(t, []mqttwire.Packet{&packets.Connack{}}, p.Got())
		}
	}
}

func TestAServerMayCloseWithoutAConnack(t *testing.T) { // [MQTT-3.2.2-6] of 3.1.1
	for _, v := range versions {
		p := knocking(t, v, packets.Connect{ClientID: []byte("c")})
		p.Link.Lost(p.Now, nil)
		assert.Empty(t, p.Got())
		assert.ErrorIs(t, p.Link.Accept(p.Now, p.Session, nil), session.ErrState)
		p.closed()
	}
}

func TestAServerTellsAndHoldsTheClientToWhatItHasAnnounced(t *testing.T) { // [MQTT-3.2.2-9], sections 3.2.2.3.4 to 3.2.2.3.6
	a := against{Side: mqttwire.FromServer}
	a.Connack.Properties.SetMaximumQoS(1)
	a.Connack.Properties.SetRetainAvailable(false)
	a.Connack.Properties.SetMaximumPacketSize(50)
	large, retained := arriving(1, 1), arriving(1, 1)
	large.Payload, retained.Retain = make([]byte, 60), true
	for want, m := range map[string]*packets.Publish{
		"DISCONNECT 0x9B": arriving(1, 2),
		"DISCONNECT 0x9A": retained,
		"DISCONNECT 0x95": large,
	} {
		p := newPeer(t, mqttwire.V5, a)
		p.Say(m)
		assert.Equal(t, []string{want}, inShort(p.Got()))
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Empty(t, p.All(session.Arrived))
	}
}

func TestASubscribeThatTheServerHasSaidItDoesNotTakeIsRefused(t *testing.T) { // sections 3.2.2.3.11 to 3.2.2.3.13
	a := against{Side: mqttwire.FromServer}
	a.Connack.Properties.SetWildcardSubscriptionAvailable(false)
	a.Connack.Properties.SetSubscriptionIdentifierAvailable(false)
	a.Connack.Properties.SetSharedSubscriptionAvailable(false)
	numbered := asking(1, "a")
	numbered.Properties.AddSubscriptionID(3)
	for want, q := range map[string]*packets.Subscribe{
		"DISCONNECT 0xA2": asking(1, "a/#"),
		"DISCONNECT 0xA1": numbered,
		"DISCONNECT 0x9E": asking(1, "$share/g/a"),
	} {
		p := newPeer(t, mqttwire.V5, a)
		p.Say(q)
		assert.Equal(t, []string{want}, inShort(p.Got()))
		assert.Equal(t, session.PacketRefused, p.closed().Kind)
		assert.Zero(t, p.Session.Stats().Filters)
	}
}
