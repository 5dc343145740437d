package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestAWillIsPublishedWithTheRetainFlagThatItHas(t *testing.T) { // [MQTT-3.1.2-14] [MQTT-3.1.2-15]
	for _, v := range versions {
		for _, retain := range []bool{false, true} {
			a := lasting(mqttwire.FromServer, v)
			a.Connect.Will = &packets.Will{Topic: []byte("gone"), QoS: 2, Retain: retain}
			p := newPeer(t, v, a)
			p.Link.Lost(p.Now, nil)
			p.Take()
			require.Len(t, p.All(session.WillDue), 1)
			m := p.All(session.WillDue)[0].Message.Publish()
			assert.Equal(t, retain, m.Retain)
			assert.Equal(t, mqttwire.ExactlyOnce, m.QoS)
		}
	}
}

func TestWithoutAWillNothingIsPublished(t *testing.T) { // [MQTT-3.1.2-12] of 3.1.1
	for _, v := range versions {
		for _, clean := range []bool{false, true} {
			a := against{Side: mqttwire.FromServer, Connect: packets.Connect{CleanStart: clean}}
			p := newPeer(t, v, a)
			p.Link.Lost(p.Now, nil)
			p.Take()
			assert.Empty(t, p.All(session.WillDue))
		}
	}
}

func TestAWillKeepsItsPropertiesInTheirOrder(t *testing.T) { // [MQTT-3.1.3-10]
	a := lasting(mqttwire.FromServer, mqttwire.V5)
	a.Connect.Will = &packets.Will{Topic: []byte("gone")}
	want := []string{"z", "a", "z", "m"}
	for _, name := range want {
		a.Connect.Will.Properties.AddUser([]byte(name), []byte("1"))
	}
	p := newPeer(t, mqttwire.V5, a)
	p.Link.Lost(p.Now, nil)
	p.Take()
	require.Len(t, p.All(session.WillDue), 1)
	assert.Equal(t, want, userNames(p.All(session.WillDue)[0].Message.Publish()))
}

// userNames returns the names of the user properties of a message.
func userNames(m packets.Publish) (names []string) {
	for q := range m.Properties.All() {
		if q.ID == mqttwire.UserProperty {
			names = append(names, string(q.Name()))
		}
	}
	return names
}
