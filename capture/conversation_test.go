package capture

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestConversationIsDecodedInTheVersionOfItsConnect(t *testing.T) {
	for version, packets := range map[string][3]string{
		"3.1":   {connect31, connack3, publish3},
		"3.1.1": {connect311, connack3, publish3},
		"5.0":   {connect5, connack5, publish5},
	} {
		tr := newTrace(t)
		c := tr.open(1899)
		c.says(packets[0])
		c.hears(packets[1])
		c.says(packets[2])
		c.hears(packets[2])
		assert.Equal(t, []string{
			"3/0 client CONNECT " + version,
			"4/0 server CONNACK " + version,
			"5/0 client PUBLISH " + version,
			"6/0 server PUBLISH " + version,
		}, tr.lines(Options{}))
	}
}

func TestConversationWhoseAnswerIsRecordedBeforeTheConnect(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1899)
	c.hears(connack3, publish3)
	c.says(connect31)
	assert.Equal(t, []string{
		"3/0 server CONNACK 3.1",
		"3/0 server PUBLISH 3.1",
		"4/0 client CONNECT 3.1",
	}, tr.lines(Options{}))
}

func TestConversationGuessesTheVersion(t *testing.T) {
	for name, test := range map[string]struct {
		packets []string
		option  mqttwire.Version
		want    string
	}{
		"properties":                     {[]string{publish5p}, 0, "5.0?"},
		"a payload that is no property":  {[]string{publish3}, 0, "3.1.1?"},
		"a code that 3.1.1 has no place": {[]string{puback, puback5}, 0, "5.0?"},
		"a filter where 5.0 has none":    {[]string{subscribe3, suback3}, 0, "3.1.1?"},
		"DUP in SUBSCRIBE":               {[]string{"\x8A" + subscribe3[1:]}, 0, "3.1?"},
		"empty property lists only":      {[]string{publish5, publish5}, 0, "5.0?"},
		"nothing that tells":             {[]string{pingreq, puback}, 0, "3.1.1?"},
		"the caller tells":               {[]string{pingreq, puback}, mqttwire.V5, "5.0"},
		"the caller tells, and is wrong": {[]string{connect311}, mqttwire.V5, "3.1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.begin(1883)
			for _, p := range test.packets {
				c.says(p)
			}
			for _, line := range tr.lines(Options{Version: test.option}) {
				assert.Regexp(t, ` [A-Z]+ `+strings.ReplaceAll(test.want, "?", `\?`)+`( |$)`, line)
			}
		})
	}
}

func TestConversationThatWaitsForItsVersionIsNotOvertaken(t *testing.T) {
	tr := newTrace(t)
	waits := tr.begin(1883)
	waits.says(puback)
	told := tr.open(1884)
	told.says(connect5)
	waits.says(publish5p)
	assert.Equal(t, []string{
		"1/0 client PUBACK 5.0? resumed",
		"4/1 client CONNECT 5.0",
		"5/0 client PUBLISH 5.0?",
	}, tr.lines(Options{}))
}

func TestConversationDoesNotWaitForItsVersionWithoutEnd(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(1883)
	for range 100 {
		c.says(strings.Repeat(pingreq, maxQueued/50))
	}
	conversations, err := NewConversations(Options{})
	require.NoError(t, err)
	for _, s := range tr.segments[:len(tr.segments)-1] {
		conversations.Add(s)
	}
	_, ok := conversations.Next()
	assert.True(t, ok, "the first packet comes before the last segment")
}

func TestConversationKnowsItsClient(t *testing.T) {
	for name, test := range map[string]struct {
		port   uint16
		client bool
		packet string
		sender string
	}{
		"by PINGREQ":                 {4000, true, pingreq, "client"},
		"by PINGRESP":                {4000, false, pingresp, "server"},
		"by CONNACK":                 {4000, false, connack3, "server"},
		"by SUBSCRIBE":               {4000, true, subscribe3, "client"},
		"by the port, of the client": {1883, true, publish3, "client"},
		"by the port, of the server": {1883, false, publish3, "server"},
		"by nothing":                 {4000, true, publish3, "?"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.begin(test.port)
			if test.client {
				c.says(strings.Repeat(test.packet, 8))
			} else {
				c.hears(strings.Repeat(test.packet, 8))
			}
			lines := tr.lines(Options{})
			require.Len(t, lines, 8)
			assert.Equal(t, test.sender, strings.Fields(lines[0])[1])
		})
	}
}

func TestConversationReportsPacketsOutOfOrder(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(pingreq, connect311, connect311)
	c.hears(connack3, pingreq)
	assert.Equal(t, []string{
		"3/0 client PINGREQ 3.1.1 [MQTT-3.1.0-1]",
		"3/0 client CONNECT 3.1.1",
		"3/0 client CONNECT 3.1.1 [MQTT-3.1.0-2]",
		"4/0 server CONNACK 3.1.1",
		"4/0 server PINGREQ 3.1.1 [3.1.1 section 2.2.1]",
	}, tr.lines(Options{}))
}

func TestPacketsOutOfOrderBreakRulesOfTheTable(t *testing.T) {
	for version, connect := range map[mqttwire.Version]string{mqttwire.V31: connect31, mqttwire.V311: connect311, mqttwire.V5: connect5} {
		tr := newTrace(t)
		tr.open(1883).says(pingreq, connect, connect)
		events := tr.events(Options{})
		require.Len(t, events, 3)
		assert.Equal(t, wire.SentBy(mqttwire.NewError(mqttwire.RuleFirstPacket, mqttwire.PINGREQ, version,
			mqttwire.FieldPacketType, 0, int64(mqttwire.PINGREQ)), mqttwire.FromClient), events[0].Err)
		assert.NoError(t, events[1].Err)
		assert.Equal(t, wire.SentBy(mqttwire.NewError(mqttwire.RuleSecondConnect, mqttwire.CONNECT, version,
			mqttwire.FieldPacketType, 0, int64(mqttwire.CONNECT)), mqttwire.FromClient), events[2].Err)
	}
}

func TestConversationGoesOnBehindMalformedPackets(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311, "\x36\x05\x00\x01a\x00\x01", pingreq) // QoS 3
	c.says("\x30\x05\x00\x03a/#", disconnect)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"3/0 client PUBLISH 3.1.1 [MQTT-3.3.1-4]",
		"3/0 client PINGREQ 3.1.1",
		"4/0 client PUBLISH 3.1.1 [MQTT-3.3.2-2]",
		"4/0 client DISCONNECT 3.1.1",
	}, tr.lines(Options{}))
}

func TestConversationGoesOnAtTheNextPacketBehindABrokenFixedHeader(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311, "\x30\xFF\xFF\xFF\xFF\x01", pingreq)
	c.says(publish3)
	c.hears(connack3)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"3/0 client broken fixed header [U-1.5.5-1]",
		"4/0 client skipped bytes 8",
		"4/0 client PUBLISH 3.1.1 resumed",
		"5/0 server CONNACK 3.1.1",
	}, tr.lines(Options{}))
}

func TestBrokenFixedHeaderEndsRawBytes(t *testing.T) {
	c := newConversations(t, Options{})
	c.AddBytes([]byte(connect311 + "\x30\xFF\xFF\xFF\xFF\x01" + pingreq))
	assert.Equal(t, []string{"1/0 client CONNECT 3.1.1", "2/0 ? broken fixed header [U-1.5.5-1], stopped"}, next(c))
}

func TestPacketsOfType0AreToldWithTheirLength(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311, "\x05\x02ab", pingreq, "\x00")
	c.says("\x80\x01", strings.Repeat("x", 100))
	c.says(strings.Repeat("x", 28), disconnect)
	events := tr.events(Options{})
	require.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"3/0 client PacketType(0) 3.1.1 [3.1.1 section 2.2.1]",
		"3/0 client PINGREQ 3.1.1",
		"5/0 client PacketType(0) 3.1.1 [3.1.1 section 2.2.1]",
		"5/0 client DISCONNECT 3.1.1",
	}, tell(events))
	assert.Equal(t, mqttwire.FixedHeader{Flags: 5, Size: 2, RemainingLength: 2}, events[1].Frame.Header)
	assert.Equal(t, "ab", string(events[1].Frame.Body))
	assert.Equal(t, mqttwire.FixedHeader{Size: 3, RemainingLength: 128}, events[3].Frame.Header)
}

func TestConversationWithAServerThatKnowsNo5(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect5)
	c.hears("\x20\x02\x00\x01")
	assert.Equal(t, []string{"3/0 client CONNECT 5.0", "4/0 server CONNACK 3.1.1"}, tr.lines(Options{}))
}

func TestConversationResolvesTopicAliases(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect5, "\x30\x07\x00\x01t\x03\x23\x00\x01")                       // t is 1
	c.says("\x30\x06\x00\x00\x03\x23\x00\x01\x30\x06\x00\x00\x03\x23\x00\x02")  // 1, then 2
	c.hears("\x30\x06\x00\x00\x03\x23\x00\x01")                                 // other direction
	c.says("\x30\x07\x00\x01u\x03\x23\x00\x01\x30\x06\x00\x00\x03\x23\x00\x01") // u is 1
	c.says(connect5, "\x30\x06\x00\x00\x03\x23\x00\x01")                        // aliases have ended
	events := tr.events(Options{})
	var topics []string
	for _, e := range events[1:] {
		topics = append(topics, fmt.Sprintf("%q", e.AliasTopic))
	}
	assert.Equal(t, []string{`""`, `"t"`, `""`, `""`, `""`, `"u"`, `""`, `""`}, topics)
}

func TestConversationOfTheSameAddressesIsAnotherStream(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	tr.record(c.client, c.server, "S", 999, "") // the same SYN again
	c.says(pingreq)
	c.up, c.down = 70000, 90000
	tr.record(c.client, c.server, "S", c.up-1, "")
	tr.record(c.server, c.client, "SA", c.down-1, "")
	c.says(connect5)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"5/0 client PINGREQ 3.1.1",
		"8/1 client CONNECT 5.0",
	}, tr.lines(Options{}))
}

func TestSYNBehindAnUnfinishedConversationIsAnotherStream(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*talk)
		flags  []string // of the segments that open the second connection
	}{
		"server alone, from the middle":      {func(c *talk) { c.hears(pingresp) }, []string{"S", "SA"}},
		"the same, no new SYN+ACK":           {func(c *talk) { c.hears(pingresp) }, []string{"S"}},
		"client alone, from the middle":      {func(c *talk) { c.says(pingreq) }, []string{"S", "SA"}},
		"server alone, from its SYN+ACK":     {func(c *talk) { c.tr.record(c.server, c.client, "SA", c.down-1, ""); c.hears(pingresp) }, []string{"SA"}},
		"server from the middle, no new SYN": {func(c *talk) { c.hears(pingresp) }, []string{"SA"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.begin(1883)
			test.before(c)
			c.up, c.down = 70000, 90000
			for _, flags := range test.flags {
				if flags == "S" {
					tr.record(c.client, c.server, flags, c.up-1, "")
				} else {
					tr.record(c.server, c.client, flags, c.down-1, "")
				}
			}
			c.says(connect5)
			c.hears(connack5)
			lines := strings.Join(tr.lines(Options{}), "\n")
			assert.Regexp(t, `\d/0 (client|server) PING`, lines)
			assert.Regexp(t, `\d/1 client CONNECT 5.0\n\d/1 server CONNACK 5.0( resumed)?$`, lines)
		})
	}
}

func TestSYNOfTheSameConnectionIsNoOtherStream(t *testing.T) {
	const up, down = 1000, 5000
	for name, order := range map[string][]string{
		"SYN+ACK again":               {"S", "SA", "SA", "connect", "connack", "SA"},
		"SYN again":                   {"S", "SA", "S", "connect", "S", "connack"},
		"SYN behind its SYN+ACK":      {"SA", "S", "connect", "connack"},
		"SYN behind what it opens":    {"connect", "S", "SA", "connack"},
		"SYN+ACK behind first bytes":  {"S", "connect", "connack", "SA"},
		"SYN behind the first answer": {"SA", "connack", "S", "connect"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.begin(1883)
			for _, what := range order {
				switch what {
				case "S":
					tr.record(c.client, c.server, "S", up-1, "")
				case "SA":
					tr.record(c.server, c.client, "SA", down-1, "")
				case "connect":
					tr.record(c.client, c.server, "A", up, connect5)
				case "connack":
					tr.record(c.server, c.client, "A", down, connack5)
				}
			}
			lines := tr.lines(Options{})
			require.Len(t, lines, 2)
			for _, line := range lines {
				assert.Regexp(t, `^\d/0 (client CONNECT|server CONNACK) 5.0`, line)
			}
		})
	}
}

func TestStreamsAreNumberedWhateverTheyCarry(t *testing.T) {
	tr := newTrace(t)
	tr.begin(1).says("")
	tr.begin(2).says("SSH-2.0-x\r\n")
	tr.begin(1883).says(pingreq)
	lines := tr.lines(Options{})
	assert.Contains(t, lines, "3/2 client PINGREQ 3.1.1? resumed")
}

func TestEventsHaveTheTimeOfTheirRecord(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	events := tr.events(Options{})
	require.Len(t, events, 1)
	assert.Equal(t, int64(1700000000_003000003), events[0].Time.UnixNano())
	assert.Equal(t, client4, events[0].Src)
	assert.Equal(t, server4, events[0].Dst)
	assert.Equal(t, connect311[2:], string(events[0].Frame.Body))
}

func TestAConnectMayComeWithTheSYN(t *testing.T) { // TCP Fast Open, RFC 7413
	tr := newTrace(t)
	tr.record(client4, server4, "S", 999, connect311)
	tr.record(server4, client4, "SA", 4999, connack3)
	tr.record(client4, server4, "A", 1000+uint32(len(connect311)), pingreq)
	assert.Equal(t, []string{"1/0 client CONNECT 3.1.1", "2/0 server CONNACK 3.1.1", "3/0 client PINGREQ 3.1.1"}, tr.lines(Options{}))
}
