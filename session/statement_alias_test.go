package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// announcing describes a Link one of whose sides takes so many topic aliases.
func announcing(side, whose mqttwire.Sender, n uint16) against {
	a := against{Side: side}
	if whose == mqttwire.FromClient {
		a.Connect.Properties.SetTopicAliasMaximum(n)
	} else {
		a.Connack.Properties.SetTopicAliasMaximum(n)
	}
	return a
}

// other returns the other side.
func other(side mqttwire.Sender) mqttwire.Sender {
	if side == mqttwire.FromClient {
		return mqttwire.FromServer
	}
	return mqttwire.FromClient
}

func TestNoAliasIsAboveWhatThePeerTakes(t *testing.T) { // [MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.2.2-17] [MQTT-3.2.2-18] [MQTT-3.3.2-9] [MQTT-3.3.2-11]
	for _, side := range sides {
		for _, most := range []uint16{0, 1, 3} {
			p := newPeer(t, mqttwire.V5, announcing(side, other(side), most))
			seen := uint16(0)
			for i := range 40 {
				m := session.NewMessage(p.Now, &packets.Publish{Topic: []byte("some/topic/" + string(rune('a'+i/2%8)))})
				_, err := p.Session.Publish(p.Now, m, session.Delivery{})
				require.NoError(t, err)
				got := p.Got()
				require.Len(t, got, 1)
				alias, ok := packets.PropertiesOf(got[0]).TopicAlias()
				assert.True(t, !ok || alias > 0)
				seen = max(seen, alias)
			}
			assert.Equal(t, most, seen)
		}
	}
}

// named returns a PUBLISH with a topic alias.
func named(topic string, alias uint16) *packets.Publish {
	p := &packets.Publish{Topic: []byte(topic)}
	p.Properties.SetTopicAlias(alias)
	return p
}

func TestEveryAliasUpToOurMaximumIsTakenAndMayBeSetAnew(t *testing.T) { // [MQTT-3.3.2-10] [MQTT-3.3.2-12], section 3.3.4
	for _, side := range sides {
		p := newPeer(t, mqttwire.V5, announcing(side, side, 5))
		topics := func() (list []string) {
			for _, e := range p.All(session.Arrived) {
				list = append(list, string(e.Packet.(*packets.Publish).Topic))
			}
			p.Events = nil
			return list
		}
		for alias := uint16(1); alias <= 5; alias++ {
			p.Say(named(string(rune('a'+alias)), alias))
		}
		topics()
		for alias := uint16(1); alias <= 5; alias++ {
			p.Say(named("", alias))
		}
		assert.Equal(t, []string{"b", "c", "d", "e", "f"}, topics())
		p.Say(named("new", 3), named("", 3), named("", 4))
		assert.Equal(t, []string{"new", "new", "e"}, topics())
		_, closed := p.Link.Closed()
		assert.False(t, closed)
	}
}

func TestAnAliasThatCannotBeEndsTheConnection(t *testing.T) { // section 3.3.4
	for _, side := range sides {
		for _, c := range []struct {
			topic string
			alias uint16
			want  string
		}{{"t", 6, "DISCONNECT 0x94"}, {"t", 65535, "DISCONNECT 0x94"}, {"", 5, "DISCONNECT 0x82"}} {
			p := newPeer(t, mqttwire.V5, announcing(side, side, 5))
			p.Say(named("a", 1), named(c.topic, c.alias))
			assert.Equal(t, []string{c.want}, inShort(p.Got()), c)
			assert.Equal(t, session.PacketRefused, p.closed().Kind)
			assert.Len(t, p.All(session.Arrived), 1)
		}
	}
}

func TestAnAliasOfTheConnectionBeforeMeansNothing(t *testing.T) { // [MQTT-3.3.2-7]
	for _, side := range sides {
		a := announcing(side, side, 5)
		a.Connect.Properties.SetSessionExpiryInterval(1000)
		p := newPeer(t, mqttwire.V5, a)
		p.Say(named("a", 1))
		p = p.back(a)
		p.Say(named("", 1))
		assert.Equal(t, []string{"DISCONNECT 0x82"}, inShort(p.Got()))
		assert.Empty(t, p.All(session.Arrived))
	}
}
