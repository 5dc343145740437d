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
		require.NoError(t, p.link.Disconnect(p.now, nil))
		got := p.got()
		require.Len(t, got, 1)
		assert.Equal(t, mqttwire.CONNACK, got[0].Type())
		p.closed()

		p = knocking(t, v, packets.Connect{ClientID: []byte("c")})
		at, ok := p.link.Deadline()
		require.True(t, ok)
		p.now = at
		p.link.Tick(at)
		assert.Empty(t, p.got())
		assert.Equal(t, session.ConnectTimeout, p.closed().Kind)

		p = knocking(t, v, packets.Connect{ClientID: []byte("c")})
		require.NoError(t, p.link.Refuse(p.now, &packets.Connack{ReasonCode: mqttwire.ReasonNotAuthorized}))
		assert.ErrorIs(t, p.link.Disconnect(p.now, nil), session.ErrState)
		got = p.got()
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
	assert.ErrorAs(t, p.link.Disconnect(p.now, d), &wrong)
	assert.Empty(t, p.got())
	assert.NotNil(t, p.session.Link(), "nothing has changed")
}

func TestASessionThatEndsWithItsConnectionGetsNoInterval(t *testing.T) { // section 3.14.2.2.2
	d := &packets.Disconnect{}
	d.Properties.SetSessionExpiryInterval(5)
	client := newPeer(t, mqttwire.V5, against{side: mqttwire.FromClient})
	var wrong *mqttwire.Error
	assert.ErrorAs(t, client.link.Disconnect(client.now, d), &wrong)
	server := newPeer(t, mqttwire.V5, against{side: mqttwire.FromServer})
	server.say(d)
	assert.Equal(t, []string{"DISCONNECT 0x82"}, inShort(server.got()))
	assert.Equal(t, session.PacketRefused, server.closed().Kind)
	assert.Len(t, server.all(session.Ended), 1)
}

func TestAPacketThatBreaksARuleEndsTheConnectionOfEitherSide(t *testing.T) { // [MQTT-4.13.1-1] [MQTT-4.13.2-1] [MQTT-4.8.0-1]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for want, b := range map[string][]byte{
			"DISCONNECT 0x81": {0x36, 4, 0, 1, 't', 0}, // QoS 3
			"DISCONNECT 0x82": {0x62, 2, 0, 0},         // a packet identifier of 0
		} {
			p := newPeer(t, v, against{side: side})
			p.link.Feed(p.now, b)
			_, ok := p.link.Packet()
			assert.False(t, ok)
			if v == mqttwire.V5 {
				assert.Equal(t, []string{want}, inShort(p.got()))
			} else {
				assert.Empty(t, p.got())
			}
			assert.Equal(t, session.PacketRefused, p.closed().Kind)
			assert.Nil(t, p.session.Link())
		}
	})
}

func TestAServerThatCannotGoOnEndsTheConnection(t *testing.T) { // [MQTT-4.8.0-2] of 3.1.1
	for _, v := range versions {
		p := newPeer(t, v, against{side: mqttwire.FromServer, link: session.LinkOptions{Output: 100}})
		for range 60 {
			p.say(&packets.Pingreq{})
		}
		p.got()
		assert.Equal(t, session.OutputFull, p.closed().Kind)
	}
}

func TestADisconnectGoesBehindTheRestOfAMessageThatHasBegun(t *testing.T) { // [MQTT-3.14.4-1] [MQTT-4.13.1-1]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for name, end := range map[string]func(p *peer){
			"asked for": func(p *peer) { require.NoError(t, p.link.Disconnect(p.now, nil)) },
			"a fault":   func(p *peer) { p.link.Feed(p.now, []byte{0x36, 4, 0, 1, 't', 0}); p.link.Packet() },
		} {
			p := newPeer(t, v, against{side: side})
			p.publish(string(make([]byte, 1000)), 1)
			p.publish("not begun", 1)
			b := p.link.Append(nil, 100)
			require.Len(t, b, 100)
			end(p)
			for {
				n := len(b)
				if b = p.link.Append(b, 100); len(b) == n {
					break
				}
			}
			p.link.Wrote(p.now, len(b))
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
