package session_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// withAliases describes a client whose server takes so many topic aliases.
func withAliases(n uint16) against {
	a := against{Side: mqttwire.FromClient, Session: session.Options{Journal: true}}
	a.Connect.Properties.SetSessionExpiryInterval(100)
	a.Connack.Properties.SetTopicAliasMaximum(n)
	return a
}

// send publishes a message to a topic, and returns how it went out: topic and alias.
func (p *peer) send(topic string, q mqttwire.QoS) string {
	m := session.NewMessage(p.Now, &packets.Publish{Topic: []byte(topic), Payload: []byte("x")})
	_, err := p.Session.Publish(p.Now, m, session.Delivery{QoS: q})
	require.NoError(p.t, err)
	list := p.Got()
	require.Len(p.t, list, 1)
	return aliased(list[0])
}

func aliased(packet mqttwire.Packet) string {
	m := packet.(*packets.Publish)
	alias, _ := m.Properties.TopicAlias()
	return fmt.Sprint(string(m.Topic), " ", alias)
}

func TestATopicThatComesTwiceGetsAnAlias(t *testing.T) {
	p := newPeer(t, mqttwire.V5, withAliases(2))
	assert.Equal(t, "topic/a 0", p.send("topic/a", 0))
	assert.Equal(t, "topic/a 1", p.send("topic/a", 1))
	assert.Equal(t, " 1", p.send("topic/a", 2))
	assert.Equal(t, "topic/b 0", p.send("topic/b", 1))
	assert.Equal(t, "topic/b 2", p.send("topic/b", 1))
	assert.Equal(t, " 1", p.send("topic/a", 1))
	assert.Equal(t, "topic/c 0", p.send("topic/c", 1))
	assert.Equal(t, "topic/c 2", p.send("topic/c", 1), "that of the topic that was used longest ago")
	assert.Equal(t, " 1", p.send("topic/a", 1))
	assert.Equal(t, " 2", p.send("topic/c", 1))
	assert.Equal(t, "topic/b 1", p.send("topic/b", 1))
}

func TestAnAliasEndsWithItsConnection(t *testing.T) { // [MQTT-3.3.2-7] [trap 11]
	a := withAliases(5)
	p := newPeer(t, mqttwire.V5, a)
	for range 3 {
		p.send("some/topic", 1)
	}
	p.Link.Lost(p.Now, nil)
	a.Old = p.Session
	a.Connack.SessionPresent = true
	p = newPeer(t, mqttwire.V5, a)
	require.Len(t, p.Opened, 3)
	assert.Equal(t, "some/topic 0", aliased(p.Opened[0]))
	assert.Equal(t, "some/topic 1", aliased(p.Opened[1]))
	assert.Equal(t, " 1", aliased(p.Opened[2]))
}

func TestNoAliasIsInTheJournal(t *testing.T) { // [trap 11]
	a := withAliases(5)
	s := session.New(session.Options{Side: mqttwire.FromClient, Journal: true})
	a.Old = s
	p := newPeer(t, mqttwire.V5, a)
	var list mqttwire.Properties
	list.SetTopicAlias(4)
	from := &packets.Publish{Topic: []byte("some/topic"), Payload: []byte("x"), Properties: list}
	for range 3 {
		_, err := s.Publish(p.Now, session.NewMessage(p.Now, from), session.Delivery{QoS: 1})
		require.NoError(t, err)
		for c, ok := s.Change(); ok; c, ok = s.Change() {
			assert.False(t, bytes.Contains(c.Data, list.Bytes()))
		}
		p.Got()
	}
	assert.False(t, bytes.Contains(s.AppendSnapshot(nil), list.Bytes()))
}

func TestAnAliasGoesWithTheOtherProperties(t *testing.T) {
	p := newPeer(t, mqttwire.V5, withAliases(5))
	for i := range 3 {
		_, err := p.Session.Publish(p.Now, expiring("x", 100), session.Delivery{QoS: 1})
		require.NoError(t, err)
		m := session.NewMessage(p.Now, &packets.Publish{Topic: []byte("long/topic"), Properties: expiring("x", 100).Publish().Properties})
		_, err = p.Session.Publish(p.Now, m, session.Delivery{QoS: 1})
		require.NoError(t, err)
		q := p.Got()[1].(*packets.Publish)
		assert.Equal(t, []string{"long/topic 0", "long/topic 1", " 1"}[i], aliased(q))
		left, _ := q.Properties.MessageExpiryInterval()
		assert.EqualValues(t, 100, left)
		kind, _ := q.Properties.ContentType()
		assert.Equal(t, "x", string(kind))
	}
}

func TestAnAliasIsLeftOutWhereThePacketWouldBeTooLarge(t *testing.T) {
	a := withAliases(5)
	a.Connack.Properties.SetMaximumPacketSize(31)
	p := newPeer(t, mqttwire.V5, a)
	topic := "a23456789012345678901" // 31 bytes of packet
	for range 3 {
		m := session.NewMessage(p.Now, &packets.Publish{Topic: []byte(topic), Payload: []byte("123")})
		_, err := p.Session.Publish(p.Now, m, session.Delivery{QoS: 1})
		require.NoError(t, err)
		list := p.Got()
		require.Len(t, list, 1)
		assert.Equal(t, topic+" 0", aliased(list[0]))
	}
}

func TestAliasesMayBeTurnedOff(t *testing.T) {
	a := withAliases(5)
	a.Link.TopicAliases = -1
	p := newPeer(t, mqttwire.V5, a)
	for range 3 {
		assert.Equal(t, "topic/a 0", p.send("topic/a", 0))
	}
}
