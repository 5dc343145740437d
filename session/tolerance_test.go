package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// tolerant describes a Link that lets pass every rule that can be.
func tolerant(side mqttwire.Sender) against {
	a := against{Side: side, Session: session.Options{Journal: true}}
	a.Link.Tolerance = &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	return a
}

func TestATolerantLinkKeepsWhatASessionCannotDoWithout(t *testing.T) {
	for name, c := range map[string]struct {
		side  mqttwire.Sender
		bytes string
		rule  mqttwire.Rule
	}{
		"QoS 3":                  {mqttwire.FromServer, "\x36\x06\x00\x01t\x00\x07\x00", mqttwire.RuleQoS},
		"identifier 0":           {mqttwire.FromServer, "\x32\x06\x00\x01t\x00\x00\x00", mqttwire.RulePacketIDZero},
		"identifier 0 in PUBACK": {mqttwire.FromServer, "\x40\x02\x00\x00", mqttwire.RulePacketIDZero},
		"a second CONNECT":       {mqttwire.FromServer, "\x10\x0E\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01a", mqttwire.RuleSecondConnect},
		"a second CONNACK":       {mqttwire.FromClient, "\x20\x03\x00\x00\x00", mqttwire.RuleSecondConnack},
		"SUBSCRIBE of a server":  {mqttwire.FromClient, "\x82\x07\x00\x07\x00\x00\x01a\x00", mqttwire.RuleDirection},
		"SUBACK of a client":     {mqttwire.FromServer, "\x90\x04\x00\x07\x00\x00", mqttwire.RuleDirection},
	} {
		p := newPeer(t, mqttwire.V5, tolerant(c.side))
		p.Link.Feed(p.Now, []byte(c.bytes))
		_, ok := p.Link.Packet()
		assert.False(t, ok, name)
		p.Got()
		var wrong *mqttwire.Error
		require.ErrorAs(t, p.closed(), &wrong, name)
		assert.Equal(t, c.rule, wrong.Rule, name)
	}
}

func TestATolerantLinkTakesNothingBeforeItsTime(t *testing.T) {
	tolerance := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	server := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer, Tolerance: tolerance})
	server.Feed(began, []byte("\x30\x03\x00\x01t"))
	_, ok := server.Packet()
	assert.False(t, ok)
	_, closed := server.Closed()
	assert.True(t, closed)
	client := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient, Tolerance: tolerance})
	s := session.New(session.Options{Side: mqttwire.FromClient})
	require.NoError(t, client.Open(began, s, &packets.Connect{Version: mqttwire.V311, ClientID: []byte("c")}))
	client.Feed(began, []byte("\x30\x03\x00\x01t"))
	_, ok = client.Packet()
	assert.False(t, ok)
	assert.Nil(t, s.Link())
}

func TestWhatATolerantLinkTakesCanBeKept(t *testing.T) {
	p := newPeer(t, mqttwire.V5, tolerant(mqttwire.FromServer))
	p.Link.Feed(p.Now, []byte("\x34\x07\x00\x01#\x00\x07\x00x"+ // a wildcard in a topic name
		"\x82\x0A\x00\x08\x00\x00\x01a\x3F\x00\x00\x02")) // options that do not exist, and an empty filter
	var again []int
	for range 2 {
		_, ok := p.Link.Packet()
		require.True(t, ok)
		p.Link.Handle(p.Now)
		again = append(again, restored(t, p.Session))
	}
	assert.Equal(t, []int{1, 0}, again)
	assert.Equal(t, []mqttwire.ReasonCode{mqttwire.ReasonTopicFilterInvalid, mqttwire.ReasonTopicFilterInvalid},
		p.Got()[1].(*packets.Suback).ReasonCodes)
	s, _, err := session.Restore(session.Options{Side: mqttwire.FromServer, Journal: true}, p.Now, p.Session.AppendSnapshot(nil), nil)
	require.NoError(t, err)
	assert.Equal(t, p.Session.AppendSnapshot(nil), s.AppendSnapshot(nil))
	assert.Empty(t, subscriptions(s))
}

// restored returns how many messages a session hands on again when it is restored.
func restored(t *testing.T, s *session.Session) int {
	_, report, err := session.Restore(session.Options{Side: mqttwire.FromServer}, began, s.AppendSnapshot(nil), nil)
	require.NoError(t, err)
	return report.Again
}
