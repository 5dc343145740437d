package session_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// lowering describes a client whose server takes no QoS above most; 2 is not announced.
func lowering(most mqttwire.QoS, old *session.Session, present bool) against {
	a := against{Side: mqttwire.FromClient, Old: old, Session: session.Options{LowerQoS: true, Journal: true, QueueQoS0: true}}
	if most < mqttwire.ExactlyOnce {
		a.Connack.Properties.SetMaximumQoS(most)
	}
	a.Connack.SessionPresent = present
	a.Connect.Properties.SetSessionExpiryInterval(100)
	return a
}

func TestTheQoSOfAMessageIsLoweredWhenItIsWritten(t *testing.T) { // [MQTT-3.2.2-11]
	for most := range mqttwire.QoS(3) {
		s := session.New(session.Options{Side: mqttwire.FromClient, LowerQoS: true, Journal: true, QueueQoS0: true})
		publish := func(now peer) {
			for _, q := range []mqttwire.QoS{2, 1, 0} {
				_, err := s.Publish(now.Now, message("t", q.String()), session.Delivery{QoS: q})
				require.NoError(t, err)
			}
		}
		p := newPeer(t, mqttwire.V5, lowering(2, s, false))
		publish(*p)
		p.Take()
		p.Cut() // before any was written, though some are in flight
		changes := p.Changes
		p = newPeer(t, mqttwire.V5, lowering(most, s, true))
		p.Changes = append(changes, p.Changes...)
		publish(*p) // which the server's maximum does not refuse
		sent := append(p.Opened, p.Got()...)
		var got, want []mqttwire.QoS
		for i, packet := range sent {
			m := packet.(*packets.Publish)
			assert.False(t, m.Dup)
			got = append(got, m.QoS)
			want = append(want, min(mqttwire.QoS(2-i%3), most))
		}
		assert.Equal(t, want, got)
		require.Len(t, got, 6)
		restored, _, err := session.Restore(session.Options{Side: mqttwire.FromClient, Journal: true}, began, nil, slices.Values(p.Changes))
		require.NoError(t, err)
		assert.Equal(t, s.AppendSnapshot(nil), restored.AppendSnapshot(nil))
		for _, packet := range sent {
			switch m := packet.(*packets.Publish); m.QoS {
			case mqttwire.AtLeastOnce:
				p.Say(&packets.Puback{PacketID: m.PacketID})
			case mqttwire.ExactlyOnce:
				p.Say(&packets.Pubrec{PacketID: m.PacketID}, &packets.Pubcomp{PacketID: m.PacketID})
			}
		}
		p.Got()
		for _, e := range p.All(session.Done) {
			assert.Equal(t, session.Acked, e.Outcome)
		}
		assert.Len(t, p.All(session.Done), 6)
		st := s.Stats()
		assert.Zero(t, st.Waiting+st.InFlight+st.Released+st.Bytes+st.IDs)
		restored, _, err = session.Restore(session.Options{Side: mqttwire.FromClient, Journal: true}, began, nil, slices.Values(p.Changes))
		require.NoError(t, err)
		assert.Equal(t, s.AppendSnapshot(nil), restored.AppendSnapshot(nil))
	}
}

func TestWhatTheServerMayHaveSeenKeepsItsQoS(t *testing.T) {
	s := session.New(session.Options{Side: mqttwire.FromClient, LowerQoS: true})
	p := newPeer(t, mqttwire.V5, lowering(2, s, false))
	p.publish("m", 2)
	require.Len(t, p.Got(), 1)
	p.Cut()
	p = newPeer(t, mqttwire.V5, lowering(1, s, true))
	sent := append(p.Opened, p.Got()...)
	require.Len(t, sent, 1)
	assert.Equal(t, mqttwire.PUBREL, sent[0].Type(), "it cannot be sent again, and goes on as one that was")
}

func TestAMessageIsRefusedIfItsQoSIsNotToBeLowered(t *testing.T) { // [MQTT-3.2.2-11]
	a := lowering(1, nil, false)
	a.Session.LowerQoS = false
	p := newPeer(t, mqttwire.V5, a)
	_, err := p.Session.Publish(p.Now, message("t", "m"), session.Delivery{QoS: 2})
	assert.ErrorIs(t, err, session.ErrNotSupported)
}

func TestAPlaceForALoweredQoSThatIsNoneIsRefused(t *testing.T) {
	s := session.New(session.Options{Side: mqttwire.FromClient, LowerQoS: true, Journal: true})
	p := newPeer(t, mqttwire.V5, lowering(1, s, false))
	p.publish("m", 2)
	p.Got()
	i := slices.IndexFunc(p.Changes, func(c []byte) bool { return session.ChangeKind(c[0]).String() == "sent" })
	require.Positive(t, i)
	for q, fine := range []bool{false, true, true, false} {
		c := slices.Clone(p.Changes[i])
		c[len(c)-5] = byte(q)
		list := append(slices.Clone(p.Changes[:i]), sum(c))
		_, _, err := session.Restore(session.Options{Side: mqttwire.FromClient}, began, nil, slices.Values(list))
		assert.Equal(t, fine, err == nil, "QoS %d: %v", q, err)
	}
}

func TestAChangeSaysWhetherWhatIsWrittenDependsOnIt(t *testing.T) {
	s := session.New(session.Options{Side: mqttwire.FromClient, Journal: true})
	p := newPeer(t, mqttwire.V311, against{Side: mqttwire.FromClient, Old: s})
	sync := map[string]bool{}
	take := func() {
		for c, ok := s.Change(); ok; c, ok = s.Change() {
			sync[c.Kind.String()] = c.Sync
		}
	}
	_, err := s.Publish(p.Now, message("t", "m"), session.Delivery{QoS: 1})
	require.NoError(t, err)
	take()
	p.Link.Append(nil, 1<<10)
	p.Feed(&packets.Puback{PacketID: 1}, arriving(1, 2))
	for _, ok := p.Link.Packet(); ok; _, ok = p.Link.Packet() {
		p.Link.Handle(p.Now)
		take()
		p.Link.Event()
	}
	take()
	assert.Equal(t, map[string]bool{"queued": true, "sent": true, "ended": false, "received": true, "handed on": false}, sync)
}

func TestRequestsTakeUserPropertiesAlong(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
	var user mqttwire.Properties
	user.AddUser([]byte("key"), []byte("value"))
	_, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Properties: user, Subscriptions: []packets.Subscription{{Filter: []byte("f")}}})
	require.NoError(t, err)
	_, err = p.Session.Unsubscribe(p.Now, &packets.Unsubscribe{Properties: user, Filters: [][]byte{[]byte("f")}})
	require.NoError(t, err)
	sent := p.Got()
	require.NoError(t, p.Link.Disconnect(p.Now, &packets.Disconnect{Properties: user}))
	sent = append(sent, p.Got()...)
	require.Len(t, sent, 3)
	for i, of := range []mqttwire.PacketType{mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE, mqttwire.DISCONNECT} {
		assert.Equal(t, of, sent[i].Type())
		assert.Equal(t, user.String(), packets.PropertiesOf(sent[i]).String(), of)
	}
}
