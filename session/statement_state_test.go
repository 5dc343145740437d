package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestAConnackSaysSuccessAndWhetherTheSessionIsPresent(t *testing.T) { // [MQTT-3.1.4-5] [MQTT-3.2.2-2] [MQTT-3.2.2-3]
	for _, v := range versions {
		for _, stored := range []bool{false, true} {
			for _, clean := range []bool{false, true} {
				a := lasting(mqttwire.FromServer, v)
				a.Old = session.New(session.Options{Side: mqttwire.FromServer})
				if stored {
					a.Old = newPeer(t, v, a).back(a).Session
					a.Old.Link().Lost(began, nil)
				}
				l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
				a.Connect.Version, a.Connect.ClientID, a.Connect.CleanStart = v, []byte("c"), clean
				b, err := a.Connect.Append(nil, v)
				require.NoError(t, err)
				l.Feed(began, b)
				_, ok := l.Packet()
				require.True(t, ok)
				require.NoError(t, l.Accept(began, a.Old, nil))
				got := peerOf(t, v, l, a.Old).Got()
				want := &packets.Connack{SessionPresent: stored && !clean && v != mqttwire.V31}
				assert.Equal(t, []mqttwire.Packet{want}, got, "%s stored %t clean %t", v, stored, clean)
			}
		}
	}
}

func TestCleanStartGoesOnWithNothingAtTheClient(t *testing.T) { // [MQTT-3.1.2-4] [MQTT-3.1.2-6] [MQTT-3.2.2-5]
	for _, v := range versions {
		a := lasting(mqttwire.FromClient, v)
		p := newPeer(t, v, a)
		p.publish("x", 2)
		p.publish("x", 1)
		p.Got()
		p.Say(&packets.Pubrec{PacketID: 1}, arriving(7, 2))
		p.Got()
		a.Connect.CleanStart = true
		p.Link.Lost(p.Now, nil)
		a.Old = p.Session
		p = newPeer(t, v, a)
		for _, packet := range p.Opened {
			assert.NotEqual(t, mqttwire.PUBREL, packet.Type(), v)
			if m, ok := packet.(*packets.Publish); ok {
				assert.False(t, m.Dup, "%s: a new message for the server", v)
				assert.NotEqual(t, mqttwire.ExactlyOnce, m.QoS, v)
			}
		}
		assert.Zero(t, p.Session.Stats().Released+p.Session.Stats().Received, v)
		p.Say(arriving(7, 2))
		assert.Len(t, p.All(session.Arrived), 1, "%s: its identifier is of a new message", v)
	}
}

func TestASessionIsKeptAsLongAsTheConnectionWhateverItsInterval(t *testing.T) { // [MQTT-4.1.0-1] [MQTT-4.1.0-2]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		a := against{Side: side, Connect: packets.Connect{CleanStart: true}}
		p := newPeer(t, v, a)
		p.publish("x", 1)
		p.publish("x", 2)
		p.Got()
		p.Say(&packets.Pubrec{PacketID: 2}, arriving(7, 2))
		if side == mqttwire.FromServer {
			p.Say(asking(8, "a"))
		} else {
			_, err := p.Session.Subscribe(p.Now, asking(0, "a"))
			require.NoError(t, err)
		}
		p.Got()
		p.Now = p.Now.Add(10000 * time.Hour)
		p.Link.Tick(p.Now)
		p.Session.Tick(p.Now)
		st := p.Session.Stats()
		assert.Equal(t, []int{1, 1, 1, 1}, []int{st.InFlight, st.Released, st.Received, st.Filters})
		p.Say(&packets.Puback{PacketID: 1}, &packets.Pubcomp{PacketID: 2}, &packets.Pubrel{PacketID: 7})
		assert.Len(t, p.All(session.Done), 2)
		assert.Equal(t, []mqttwire.Packet{&packets.Pubcomp{PacketID: 7}}, p.Got())
	})
}

func TestASessionOutlivesItsConnectionIfItIsToldTo(t *testing.T) { // [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-23]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		a := lasting(side, v)
		p := newPeer(t, v, a)
		p.Say(arriving(7, 2))
		if side == mqttwire.FromServer {
			p.Say(asking(8, "a"))
		}
		p.publish("x", 2)
		p.publish("x", 1)
		p.Got()
		p.Say(&packets.Pubrec{PacketID: 1})
		p.Got()
		p.Link.Lost(p.Now, nil)
		for q := mqttwire.AtLeastOnce; q <= mqttwire.ExactlyOnce; q++ { // messages for a client that is away
			p.publish("x", q)
		}
		p.Now = p.Now.Add(900 * time.Second)
		p.Session.Tick(p.Now)
		p = p.back(a)
		var got []string
		for _, packet := range p.Opened {
			id, _ := packets.PacketID(packet)
			got = append(got, fmt.Sprint(packet.Type(), " ", id))
		}
		assert.Equal(t, []string{"PUBREL 1", "PUBLISH 2", "PUBLISH 3", "PUBLISH 4"}, got)
		assert.Equal(t, 1, p.Session.Stats().Received)
		p.Say(again(arriving(7, 2)))
		assert.Empty(t, p.All(session.Arrived))
		if side == mqttwire.FromServer {
			_, _, ok := p.Session.Subscription([]byte("a"))
			assert.True(t, ok)
		}
	})
}

func TestASessionThatMayNotOutliveItsConnectionEndsWithIt(t *testing.T) { // [MQTT-3.1.2-6]
	for _, v := range versions {
		p := newPeer(t, v, against{Side: mqttwire.FromServer, Connect: packets.Connect{CleanStart: true}})
		p.publish("x", 1)
		p.Say(asking(8, "a"))
		p.Link.Lost(p.Now, nil)
		p.Take()
		assert.Len(t, p.All(session.Ended), 1)
		st := p.Session.Stats()
		assert.Zero(t, st.InFlight+st.Waiting+st.Filters)
		_, err := p.Session.Publish(p.Now, message("t", "x"), session.Delivery{QoS: 1})
		assert.ErrorIs(t, err, session.ErrEnded)
	}
}

func TestASessionGoesToAnotherConnectionWhenItsOldOneIsClosed(t *testing.T) { // [MQTT-3.1.4-3]
	for _, v := range versions {
		a := lasting(mqttwire.FromServer, v)
		old := newPeer(t, v, a)
		old.publish("x", 1)
		require.Len(t, old.Got(), 1)
		a.Connect.ClientID = []byte("c")
		p := knocking(t, v, a.Connect)
		p.Session = old.Session
		assert.ErrorIs(t, p.Link.Accept(p.Now, p.Session, nil), session.ErrState, "it has a connection")
		require.NoError(t, old.Link.Disconnect(old.Now, &packets.Disconnect{ReasonCode: code(v, mqttwire.ReasonSessionTakenOver)}))
		var want []string
		if v == mqttwire.V5 {
			want = []string{"DISCONNECT 0x8E"}
		}
		assert.Equal(t, want, inShort(old.Got()))
		old.closed()
		require.NoError(t, p.Link.Accept(p.Now, p.Session, nil))
		got := p.Got()
		require.Len(t, got, 2)
		assert.Equal(t, &packets.Connack{SessionPresent: v != mqttwire.V31}, got[0])
		assert.Equal(t, outgoing(1, 1, true), got[1])
		old.Say(&packets.Puback{PacketID: 1})
		assert.Equal(t, 1, p.Session.Stats().InFlight, "the old one is not heard any more")
	}
}
