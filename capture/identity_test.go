package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestEachPacketTellsItsClient(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1899)
	c.says("\x10\x0F\x00\x04MQTT\x04\x02\x00\x3C\x00\x03dev")
	c.hears(connack3, publish3)
	c.says(puback)
	other := &talk{tr, client6, server4, 10, 20}
	tr.record(other.client, other.server, "S", 9, "")
	other.says(connect31)
	c.says(pingreq)
	var got []string
	for _, e := range tr.events(Options{}) {
		got = append(got, e.ClientID)
	}
	assert.Equal(t, []string{"dev", "dev", "dev", "dev", "a", "dev"}, got)
}

func TestAClientIdentifierThatTheServerAssignedIsToldFromThenOn(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1899)
	c.says(connect5)
	c.hears("\x20\x09\x00\x00\x06\x12\x00\x03srv")
	c.says(publish5)
	c.says(connect5) // which is out of order, and another session all the same
	var got []string
	for _, e := range tr.events(Options{}) {
		got = append(got, e.ClientID)
	}
	assert.Equal(t, []string{"", "srv", "srv", ""}, got)
}

func TestABridgeIsRecognised(t *testing.T) {
	const (
		bridge311 = "\x10\x0F\x00\x04MQTT\x84\x02\x00\x3C\x00\x03dev"
		asBridge  = "\x82\x07\x00\x0A\x00\x00\x01a\x0D" // No Local, Retain As Published
		asClient  = "\x82\x07\x00\x0A\x00\x00\x01a\x05"
		asBoth    = "\x82\x0B\x00\x0A\x00\x00\x01a\x0D\x00\x01b\x01"
	)
	for name, test := range map[string]struct {
		packets []string
		want    []bool
	}{
		"by the level":                        {[]string{bridge311, pingreq}, []bool{true, true}},
		"by what it subscribes to":            {[]string{connect5, asBridge, pingreq}, []bool{false, true, true}},
		"not by half of that":                 {[]string{connect5, asClient, pingreq}, []bool{false, false, false}},
		"not by one of two subscriptions":     {[]string{connect5, asBoth, pingreq}, []bool{false, false, false}},
		"not what was one before its CONNECT": {[]string{connect5, asBridge, connect5}, []bool{false, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.open(1899)
			for _, p := range test.packets {
				c.says(p)
			}
			var got []bool
			for _, e := range tr.events(Options{}) {
				got = append(got, e.Bridge)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestTheVersionOfASingleStreamCanBeTold(t *testing.T) {
	tr := newTrace(t)
	tr.begin(1883).says(puback)
	other := &talk{tr, client6, server4, 10, 20}
	other.says(puback)
	third := tr.begin(1884)
	third.says(connect311)
	o := Options{Version: mqttwire.V31, StreamVersions: map[int]mqttwire.Version{1: mqttwire.V5, 2: mqttwire.V5}}
	assert.Equal(t, []string{
		"1/0 client PUBACK 3.1 resumed",
		"2/1 client PUBACK 5.0 resumed",
		"3/2 client CONNECT 3.1.1",
	}, tr.lines(o))
	_, err := NewConversations(Options{StreamVersions: map[int]mqttwire.Version{3: 9}})
	assert.EqualError(t, err, "there is no MQTT version Version(9)")
}

func TestADirectionOfBothSidesIsNotMQTTAfterAll(t *testing.T) {
	for name, test := range map[string]struct {
		client, server []string
		want           []string
	}{
		"in what is judged": {[]string{subscribe3 + suback3}, nil, []string{"1/0 ? not MQTT, stopped"}},
		"later": {[]string{publish3 + publish3, pingreq, pingresp, pingreq}, nil, []string{
			"3/0 ? not MQTT after all: packets of client and server in one direction, stopped"}},
		"both are clients": {[]string{publish3 + publish3, pingreq}, []string{pingreq}, []string{
			"3/0 ? not MQTT after all: packets of client and server in one direction, stopped"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.begin(4000)
			for _, p := range test.client {
				c.says(p)
			}
			for _, p := range test.server {
				c.hears(p)
			}
			var others []string
			for _, line := range tr.lines(Options{}) {
				if strings.Contains(line, "not MQTT") {
					others = append(others, line)
				}
			}
			assert.Equal(t, test.want, others)
		})
	}
}

func TestPacketsThatAreTakenBackBeforeTheyAreToldAreNotTold(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(4000)
	c.says(strings.Repeat(puback, 4), pingreq)
	c.says(pingresp)
	assert.Equal(t, []string{"2/0 ? not MQTT after all: packets of client and server in one direction, stopped"}, tr.lines(Options{}))
}

func TestAClientThatSendsWhatOnlyAServerMayIsNoContradiction(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(4000)
	c.says(connect311, pingresp, pingreq)
	lines := tr.lines(Options{})
	require.Len(t, lines, 3)
	assert.Regexp(t, `^3/0 client PINGRESP 3.1.1 \[.*\]$`, lines[1])
}

func TestPingsAloneAreRecognisedByTheirAnswers(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(4000)
	for range 2 {
		c.says(pingreq)
		c.hears(pingresp)
	}
	c.says(pingreq)
	assert.Equal(t, []string{
		"1/0 client PINGREQ 3.1.1? resumed", "3/0 client PINGREQ 3.1.1?",
		"2/0 server PINGRESP 3.1.1? resumed", "4/0 server PINGRESP 3.1.1?",
		"5/0 client PINGREQ 3.1.1?",
	}, tr.lines(Options{}))
	tr = newTrace(t)
	c = tr.begin(4000)
	for range 2 {
		c.says(pingreq)
		c.hears(pingreq)
	}
	assert.Equal(t, []string{"3/0 ? not MQTT, stopped"}, tr.lines(Options{}))
}
