package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/testdata/spec"
)

func publishOf(id uint16, q mqttwire.QoS, topic string) *packets.Publish {
	return &packets.Publish{PacketID: id, QoS: q, Topic: []byte(topic), Payload: []byte("x")}
}

// The requests and answers of these tests.
var (
	subscribeTwo = &packets.Subscribe{PacketID: 7, Subscriptions: []packets.Subscription{{Filter: []byte("a/+"), QoS: 1}, {Filter: []byte("b")}}}
	again        = &packets.Publish{PacketID: 1, QoS: 1, Topic: []byte("a"), Payload: []byte("x"), Dup: true}
)

// TestViolationsBetweenPacketsAreTold has traffic for each violation that no packet
// shows by itself.
func TestViolationsBetweenPacketsAreTold(t *testing.T) {
	const v4, v5 = mqttwire.V311, mqttwire.V5
	for name, test := range map[string]struct {
		version mqttwire.Version
		talk    func(c *conn)
		want    string // the side and the statement, or "" if there is none
	}{
		"nothing wrong": {v5, func(c *conn) {
			c.client(publishOf(1, 1, "a")).server(&packets.Puback{PacketID: 1}).client(publishOf(1, 2, "a")).server(&packets.Pubrec{PacketID: 1}).
				client(&packets.Pubrel{PacketID: 1}).server(&packets.Pubcomp{PacketID: 1}).client(publishOf(1, 1, "b")).server(&packets.Puback{PacketID: 1})
		}, ""},
		"refused in PUBREC, and used again": {v5, func(c *conn) {
			c.client(publishOf(1, 2, "a")).server(&packets.Pubrec{PacketID: 1, ReasonCode: mqttwire.ReasonQuotaExceeded}).client(publishOf(1, 2, "b"))
		}, ""},
		"an identifier in use, by the client":        {v5, func(c *conn) { c.client(publishOf(1, 1, "a")).client(publishOf(1, 1, "b")) }, "client MQTT-2.2.1-3"},
		"an identifier in use, by the client, 3.1.1": {v4, func(c *conn) { c.client(publishOf(1, 1, "a")).client(publishOf(1, 2, "a")) }, "client MQTT-2.3.1-2"},
		"an identifier in use, by the server":        {v5, func(c *conn) { c.server(publishOf(1, 2, "a")).server(publishOf(1, 2, "b")) }, "server MQTT-2.2.1-4"},
		"an identifier in use, by the server, 3.1.1": {v4, func(c *conn) { c.server(publishOf(1, 2, "a")).server(publishOf(1, 2, "b")) }, "server MQTT-2.3.1-4"},
		"each side has identifiers of its own":       {v4, func(c *conn) { c.server(publishOf(1, 1, "a")).client(publishOf(1, 1, "b")) }, ""},
		"an identifier that a PUBLISH has": {v5, func(c *conn) {
			c.client(publishOf(7, 1, "a")).client(subscribeTwo)
		}, "client MQTT-2.2.1-3"},
		"sent again":                   {v5, func(c *conn) { c.client(publishOf(1, 1, "a")).client(again) }, "client MQTT-4.4.0-1"},
		"sent again, 3.1.1":            {v4, func(c *conn) { c.client(publishOf(1, 1, "a")).client(again) }, ""},
		"a PUBACK for nothing":         {v5, func(c *conn) { c.server(&packets.Puback{PacketID: 5}) }, "server MQTT-2.2.1-5"},
		"a PUBCOMP for nothing, 3.1.1": {v4, func(c *conn) { c.client(&packets.Pubcomp{PacketID: 5}) }, "client MQTT-2.3.1-6"},
		"a SUBACK for nothing":         {v5, func(c *conn) { c.server(&packets.Suback{PacketID: 5, ReasonCodes: []mqttwire.ReasonCode{0}}) }, "server MQTT-2.2.1-6"},
		"an UNSUBACK for nothing":      {v4, func(c *conn) { c.server(&packets.Unsuback{PacketID: 5}) }, "server MQTT-2.3.1-7"},
		"a PUBREL that nobody knows": {v5, func(c *conn) {
			c.client(&packets.Pubrel{PacketID: 5}).server(&packets.Pubcomp{PacketID: 5, ReasonCode: mqttwire.ReasonPacketIdentifierNotFound})
		}, ""},
		"too few codes": {v5, func(c *conn) {
			c.client(subscribeTwo).server(&packets.Suback{PacketID: 7, ReasonCodes: []mqttwire.ReasonCode{0}})
		}, "server MQTT-3.8.4-6"},
		"more than the Receive Maximum": {v5, func(c *conn) {
			c.client(publishOf(1, 1, "a")).client(publishOf(2, 2, "a")).client(publishOf(3, 1, "a"))
		}, "client MQTT-3.3.4-7"},
		"more than the client's Receive Maximum": {v5, func(c *conn) {
			c.server(publishOf(1, 1, "a")).server(publishOf(2, 2, "a")).server(publishOf(3, 1, "a")).server(publishOf(4, 1, "a"))
		}, "server MQTT-3.3.4-9"},
		"as many as the Receive Maximum": {v5, func(c *conn) {
			c.client(publishOf(1, 1, "a")).client(publishOf(2, 2, "a")).server(&packets.Puback{PacketID: 1}).client(publishOf(3, 1, "a"))
		}, ""},
		"an alias that is not known": {v5, func(c *conn) {
			p := publishOf(0, 0, "")
			p.Properties.SetTopicAlias(3)
			c.client(p)
		}, "client U-3.3.4-2"},
		"silence":          {v5, func(c *conn) { c.wait(time.Minute).client(&packets.Pingreq{}) }, "client MQTT-3.1.2-20"},
		"silence, 3.1.1":   {v4, func(c *conn) { c.wait(time.Minute).client(&packets.Pingreq{}) }, "client MQTT-3.1.2-23"},
		"a second CONNECT": {v4, func(c *conn) { c.connects("again", nil) }, "client MQTT-3.1.0-2"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t, test.version)
			c := k.open().connects("c", func(p *packets.Connect, q *packets.Connack) {
				if test.version == v5 {
					p.Properties.SetReceiveMaximum(3)
					q.Properties.SetReceiveMaximum(2)
					q.Properties.SetTopicAliasMaximum(5)
				}
			})
			test.talk(c)
			over := k.follow()
			require.Len(t, over, 1)
			var got []string
			for _, tr := range over[0].troubles {
				if tr.violation {
					got = append(got, sideName(tr.fault)+" "+tr.statement)
				}
			}
			if test.want == "" {
				assert.Empty(t, got)
				return
			}
			require.NotEmpty(t, got)
			assert.Equal(t, test.want, got[0])
			assert.Contains(t, over[0].verdict(), sideWord(over[0].troubles[0].fault)+": ")
		})
	}
}

// TestNobodyIsAccusedWhereBytesAreMissing takes a segment out: the acknowledgements of
// what it had in it are for nothing, as far as the capture shows.
func TestNobodyIsAccusedWhereBytesAreMissing(t *testing.T) {
	k := newTalk(t, mqttwire.V5)
	c := k.open().connects("c", nil)
	c.client(publishOf(1, 1, "a"))
	missing := len(k.segments) - 1
	c.server(&packets.Puback{PacketID: 1}).client(publishOf(2, 1, "a")).server(&packets.Puback{PacketID: 2}).client(publishOf(3, 1, "a")).server(&packets.Puback{PacketID: 3})
	k.segments = append(k.segments[:missing:missing], k.segments[missing+1:]...)
	over := k.follow()
	require.Len(t, over, 1)
	assert.True(t, over[0].lossy)
	assert.Zero(t, over[0].violations)
}

// TestNoAliasIsCalledUnknownThatALostPacketMayHaveSet takes out the packet that set it.
func TestNoAliasIsCalledUnknownThatALostPacketMayHaveSet(t *testing.T) {
	k := newTalk(t, mqttwire.V5)
	c := k.open().connects("c", func(_ *packets.Connect, q *packets.Connack) { q.Properties.SetTopicAliasMaximum(5) })
	set, use := publishOf(0, 0, "a"), publishOf(0, 0, "")
	set.Properties.SetTopicAlias(3)
	use.Properties.SetTopicAlias(3)
	c.client(set)
	missing := len(k.segments) - 1
	c.server(&packets.Pingresp{}).client(use).server(&packets.Pingresp{}).client(use).server(&packets.Pingresp{})
	k.segments = append(k.segments[:missing:missing], k.segments[missing+1:]...)
	over := k.follow()
	require.Len(t, over, 1)
	assert.True(t, over[0].lossy)
	assert.Equal(t, 2, over[0].publishes[mqttwire.FromClient])
	assert.Zero(t, over[0].violations)
}

func TestNobodyIsAccusedWhereTheSessionIsOlderThanTheConnection(t *testing.T) {
	k := newTalk(t, mqttwire.V5)
	k.open().connects("c", func(p *packets.Connect, q *packets.Connack) { p.CleanStart, q.SessionPresent = false, true }).
		server(&packets.Pubrel{PacketID: 4}).client(&packets.Pubcomp{PacketID: 4}).server(&packets.Puback{PacketID: 9})
	over := k.follow()
	assert.Zero(t, over[0].violations)
	assert.Equal(t, 1, over[0].tallies[stepPubcomp].done)
}

func TestHowAConnectionEnded(t *testing.T) {
	goodbye := &packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown}
	for name, test := range map[string]struct {
		talk         func(c *conn)
		ended, fault string
	}{
		"the client says goodbye":  {func(c *conn) { c.client(&packets.Disconnect{}).closes(mqttwire.FromClient) }, "the client sent DISCONNECT 0x00 (Normal disconnection); the client closed the connection", ""},
		"the server says goodbye":  {func(c *conn) { c.server(goodbye).closes(mqttwire.FromServer) }, "the server sent DISCONNECT 0x8B (Server shutting down); the server closed the connection", "the server sent DISCONNECT 0x8B (Server shutting down)"},
		"the client just closes":   {func(c *conn) { c.closes(mqttwire.FromClient) }, "the client closed the connection", "the client ended the connection without DISCONNECT"},
		"the server just closes":   {func(c *conn) { c.closes(mqttwire.FromServer) }, "the server closed the connection", "the server ended the connection without DISCONNECT"},
		"the client resets":        {func(c *conn) { c.segment(mqttwire.FromClient, capture.Segment{RST: true}) }, "the client reset the connection", "the client ended the connection without DISCONNECT"},
		"the capture ends":         {func(*conn) {}, "it is open where the capture ends", ""},
		"another one has its name": {func(c *conn) { c.talk.open().connects("c", nil); c.closes(mqttwire.FromServer) }, "its client identifier connected again as #1 from 192.0.2.1:40002; the server closed the connection", "two clients with one identifier: the server has to end the older connection [MQTT-3.1.4-3]"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t, mqttwire.V5)
			test.talk(k.open().connects("c", nil))
			over := k.follow()
			var c *connection
			for _, o := range over {
				if o.stream == 0 {
					c = o
				}
			}
			require.NotNil(t, c)
			assert.Equal(t, test.ended, c.end())
			assert.Equal(t, test.fault, c.verdict())
		})
	}
}

func TestARefusedConnectIsTold(t *testing.T) {
	k := newTalk(t, mqttwire.V311)
	k.open().connects("c", func(_ *packets.Connect, q *packets.Connack) { q.ReasonCode = mqttwire.ReturnNotAuthorized }).closes(mqttwire.FromServer)
	k.open().client(&packets.Connect{Version: mqttwire.V311, ClientID: []byte("d"), CleanStart: true}).closes(mqttwire.FromServer)
	over := k.follow()
	assert.Equal(t, "the server refused the CONNECT: 0x05 (Refused: not authorized)", over[0].verdict())
	assert.Equal(t, "the server ended the connection without a CONNACK", over[1].verdict())
	assert.Equal(t, []string{"CONNECT of record 9 by the client: no CONNACK"}, textsOf(over[1].unfinished))
}

// textsOf is exchanges in words.
func textsOf(list []*exchange) (texts []string) {
	for _, x := range list {
		texts = append(texts, x.text())
	}
	return texts
}

func TestExchangesAreTimedAndThoseNeverFinishedTold(t *testing.T) {
	k := newTalk(t, mqttwire.V311)
	k.open().connects("c", nil).client(publishOf(1, 1, "a")).wait(time.Second).server(&packets.Puback{PacketID: 1}).
		client(publishOf(1, 2, "b")).server(&packets.Pubrec{PacketID: 1}).client(&packets.Pubrel{PacketID: 1}).wait(time.Second).
		client(publishOf(2, 1, "c")).client(&packets.Publish{PacketID: 2, QoS: 1, Topic: []byte("c"), Dup: true}).client(subscribeTwo)
	c := k.follow()[0]
	assert.Equal(t, exchangeTally{begun: 2, done: 1, total: 1001 * time.Millisecond, most: 1001 * time.Millisecond}, c.tallies[stepPuback])
	assert.Equal(t, exchangeTally{begun: 1, done: 1, total: time.Millisecond, most: time.Millisecond}, c.tallies[stepPubrec])
	assert.Equal(t, exchangeTally{begun: 1}, c.tallies[stepMessage])
	assert.Equal(t, []string{
		`PUBREL of record 7 by the client, id 1, "b" QoS 2: no PUBCOMP`,
		`PUBLISH of record 10 by the client, id 2, "c" QoS 1, sent again 1 times: no PUBACK`,
		`SUBSCRIBE of record 12 by the client, id 7: no SUBACK`,
	}, textsOf(c.unfinished))
	assert.Equal(t, `"a/+" QoS 1: no SUBACK`, c.subscriptions[0].text(c))
}

func TestMemoryOfWhatIsFollowedIsBounded(t *testing.T) {
	f := newFollower()
	over := 0
	f.onOver = func(*connection) { over++ }
	k := newTalk(t, mqttwire.V311)
	c := k.open().connects("c", nil)
	for id := range uint16(50000) {
		c.client(publishOf(id+1, 1, strings.Repeat("t", 1000)))
	}
	for _, e := range k.events() {
		f.take("", &e)
		require.LessOrEqual(t, f.spent, mostSpent)
	}
	assert.Positive(t, f.open[0].untracked)
	e := capture.Event{Kind: capture.ProxyHeader}
	for e.Stream = 1; e.Stream < 3*mostOpen; e.Stream++ {
		f.take("", &e)
		require.LessOrEqual(t, len(f.open), mostOpen)
	}
	f.end()
	assert.Equal(t, 3*mostOpen, over)
	assert.Zero(t, f.spent)
}

// TestStatementsAreThoseOfTheStandard looks the statements up that are named here and in
// no row of the rule table.
func TestStatementsAreThoseOfTheStandard(t *testing.T) {
	all := map[string]string{}
	for _, name := range []string{"statements-v311.tsv", "statements-v5.tsv"} {
		b, err := spec.Files.ReadFile(name)
		require.NoError(t, err)
		all[name] = string(b)
	}
	for _, id := range []string{"MQTT-2.3.1-2", "MQTT-2.3.1-4", "MQTT-2.3.1-6", "MQTT-2.3.1-7", "MQTT-3.1.2-23", "MQTT-3.1.4-2"} {
		assert.Contains(t, all["statements-v311.tsv"], "\n"+id+"\t")
	}
	for _, id := range []string{"MQTT-2.2.1-3", "MQTT-2.2.1-4", "MQTT-2.2.1-5", "MQTT-2.2.1-6", "MQTT-3.1.2-20", "MQTT-3.1.4-3", "MQTT-3.3.4-7", "MQTT-3.3.4-9", "MQTT-4.4.0-1"} {
		assert.Contains(t, all["statements-v5.tsv"], "\n"+id+"\t")
	}
}
