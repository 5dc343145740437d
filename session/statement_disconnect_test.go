package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestBeforeItsConnackAServerSendsNoDisconnect(t *testing.T) { // [MQTT-3.14.0-1], section 4.13.1
	for _, v := range versions {
		p := knocking(t, v, packets.Connect{ClientID: []byte("c")})
		require.NoError(t, p.Link.Disconnect(p.Now, nil))
		got := p.Got()
		require.Len(t, got, 1)
		assert.Equal(t, mqttwire.CONNACK, got[0].Type())
		p.closed()

		p = knocking(t, v, packets.Connect{ClientID: []byte("c")})
		at, ok := p.Link.Deadline()
		require.True(t, ok)
		p.Now = at
		p.Link.Tick(at)
		assert.Empty(t, p.Got())
		assert.Equal(t, session.ConnectTimeout, p.closed().Kind)

		p = knocking(t, v, packets.Connect{ClientID: []byte("c")})
		require.NoError(t, p.Link.Refuse(p.Now, &packets.Connack{ReasonCode: mqttwire.ReasonNotAuthorized}))
		assert.ErrorIs(t, p.Link.Disconnect(p.Now, nil), session.ErrState)
		got = p.Got()
		require.Len(t, got, 1)
		assert.Equal(t, mqttwire.CONNACK, got[0].Type(), "nor behind one that refuses")
		p.closed()
	}
}

func TestOnlyAClientChangesTheSessionExpiryInterval(t *testing.T) { // [MQTT-3.14.2-2]
	d := &packets.Disconnect{}
	d.Properties.SetSessionExpiryInterval(5)
	p := newPeer(t, mqttwire.V5, lasting(mqttwire.FromServer, mqttwire.V5))
	var wrong *mqttwire.Error
	assert.ErrorAs(t, p.Link.Disconnect(p.Now, d), &wrong)
	assert.Empty(t, p.Got())
	assert.NotNil(t, p.Session.Link(), "nothing has changed")
}

func TestASessionThatEndsWithItsConnectionGetsNoInterval(t *testing.T) { // section 3.14.2.2.2
	d := &packets.Disconnect{}
	d.Properties.SetSessionExpiryInterval(5)
	client := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
	var wrong *mqttwire.Error
	assert.ErrorAs(t, client.Link.Disconnect(client.Now, d), &wrong)
	server := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	server.Say(d)
	assert.Equal(t, []string{"DISCONNECT 0x82"}, inShort(server.Got()))
	assert.Equal(t, session.PacketRefused, server.closed().Kind)
	assert.Len(t, server.All(session.Ended), 1)
}

func TestAPacketThatBreaksARuleEndsTheConnectionOfEitherSide(t *testing.T) { // [MQTT-4.13.1-1] [MQTT-4.13.2-1] [MQTT-4.8.0-1]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for want, b := range map[string][]byte{
			"DISCONNECT 0x81": {0x36, 4, 0, 1, 't', 0}, // QoS 3
			"DISCONNECT 0x82": {0x62, 2, 0, 0},         // a packet identifier of 0
		} {
			p := newPeer(t, v, against{Side: side})
			p.Link.Feed(p.Now, b)
			_, ok := p.Link.Packet()
			assert.False(t, ok)
			if v == mqttwire.V5 {
				assert.Equal(t, []string{want}, inShort(p.Got()))
			} else {
				assert.Empty(t, p.Got())
			}
			assert.Equal(t, session.PacketRefused, p.closed().Kind)
			assert.Nil(t, p.Session.Link())
		}
	})
}

func TestAServerThatCannotGoOnEndsTheConnection(t *testing.T) { // [MQTT-4.8.0-2] of 3.1.1
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer, Link: session.LinkOptions{Output: 100}})
		for range 60 {
			p.Say(&packets.Pingreq{})
		}
		p.Got()
		assert.Equal(t, session.OutputFull, p.closed().Kind)
	}
}

func TestADisconnectGoesBehindTheRestOfAMessageThatHasBegun(t *testing.T) { // [MQTT-3.14.4-1] [MQTT-4.13.1-1]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for name, end := range map[string]func(p *peer){
			"asked for": func(p *peer) { require.NoError(t, p.Link.Disconnect(p.Now, nil)) },
			"a fault":   func(p *peer) { p.Link.Feed(p.Now, []byte{0x36, 4, 0, 1, 't', 0}); p.Link.Packet() },
		} {
			p := newPeer(t, v, against{Side: side})
			p.publish(string(make([]byte, 1000)), 1)
			p.publish("not begun", 1)
			b := p.Link.Append(nil, 100)
			require.Len(t, b, 100)
			end(p)
			for {
				n := len(b)
				if b = p.Link.Append(b, 100); len(b) == n {
					break
				}
			}
			p.Link.Wrote(p.Now, len(b))
			var types []mqttwire.PacketType
			for len(b) > 0 {
				f, rest, err := mqttwire.CutFrame(b, 0)
				require.NoError(t, err, name)
				types, b = append(types, f.Header.Type), rest
			}
			want := []mqttwire.PacketType{mqttwire.PUBLISH}
			if v == mqttwire.V5 || name == "asked for" && side == mqttwire.FromClient {
				want = append(want, mqttwire.DISCONNECT)
			}
			assert.Equal(t, want, types, name)
			p.closed()
		}
	})
}
