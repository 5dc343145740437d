package mqttwiretest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

func TestOwnCodecRefusesEveryPlantedCaseByItsRule(t *testing.T) {
	cases := mqttwiretest.PlantedCases()
	t.Logf("%d violations, %d cases", len(mqttwiretest.Violations()), len(cases))
	require.Greater(t, len(cases), 1000)
	for _, c := range cases {
		requirePlanted(t, &c)
	}
	report := mqttwiretest.Options{Cases: cases}.Judge(own{})
	assert.Empty(t, report.Failed())
	assert.Equal(t, len(cases), report.Judged())
}

// requirePlanted checks that the own codec refuses a case by the rule and the
// statement that were planted.
func requirePlanted(t *testing.T, c *mqttwiretest.Case) {
	t.Helper()
	p, err := decodeOwn(c.Bytes, c.Version)
	if c.Outcome == mqttwiretest.RejectSender {
		require.NoError(t, err, c.Name)
		err = packets.CheckSender(p, c.Version, c.Sender)
	}
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e, "%s: %X", c.Name, c.Bytes)
	assert.Equal(t, c.Rule.String(), e.Rule.String(), "%s: %X", c.Name, c.Bytes)
	assert.Equal(t, c.Statement, e.Statement, "%s: %X", c.Name, c.Bytes)
	assert.Equal(t, c.Reason, e.Reason, c.Name)
	assert.NotEmpty(t, c.Statement, c.Name)
}

func TestEveryViolationIsPlantedWhereItsRuleHolds(t *testing.T) {
	planted := map[string]bool{}
	rules := map[mqttwire.Rule]bool{}
	cases := mqttwiretest.PlantedCases()
	for _, c := range cases {
		rules[c.Rule] = true
	}
	names := map[string]bool{}
	for _, x := range mqttwiretest.Violations() {
		assert.False(t, names[x.Name], "%s stands twice", x.Name)
		names[x.Name] = true
		for _, c := range cases {
			planted[x.Name] = planted[x.Name] || strings.HasPrefix(c.Name, x.Name+" in ")
		}
		assert.True(t, planted[x.Name], "%s is planted nowhere", x.Name)
	}
	for _, r := range mqttwire.Rules() {
		connection := r >= mqttwire.RuleNotMQTT // what came before decides
		assert.Equal(t, !unplantable[r] && !connection, rules[r], "rule %s", r)
	}
}

// unplantable are the rules that Decode and CheckSender do not demand of bytes:
// those that only a caller can break, those about a limit that a receiver sets,
// those about a request and its answer, and those that CheckOptional demands.
var unplantable = map[mqttwire.Rule]bool{
	mqttwire.RuleRemainingLength: true,
	mqttwire.RulePacketSize:      true,
	mqttwire.RuleFrameType:       true,
	mqttwire.RuleFrameLength:     true,
	mqttwire.RuleVersion:         true,
	mqttwire.RuleConnectVersion:  true,
	mqttwire.RulePropertyType:    true,
	mqttwire.RuleAnswerPacketID:  true,
	mqttwire.RuleAnswerCodes:     true,
	mqttwire.RulePropertiesReset: true,
	mqttwire.RuleNotInVersion:    true,
	mqttwire.RuleDiscouraged:     true,
	mqttwire.RuleBridge:          true,
	mqttwire.RulePayloadFormat:   true,
	mqttwire.RuleAuthEmpty:       true,
}

func TestPlantingLeavesTheLegalBytesAlone(t *testing.T) {
	legal := []byte("\x82\x07\x00\x0A\x00\x00\x01a\x01")
	before := string(legal)
	for _, x := range mqttwiretest.Violations() {
		c, ok := x.Plant(legal, mqttwire.V5, mqttwire.FromClient, func(n int) int { return n - 1 })
		require.Equal(t, before, string(legal), x.Name)
		if ok && c.Outcome == mqttwiretest.Reject {
			require.NotEqual(t, before, string(c.Bytes), x.Name)
		}
	}
}

func TestNothingIsPlantedInBytesThatAreNoPacket(t *testing.T) {
	for _, b := range []string{"", "\x30", "\x30\x05\x00", "\x30\x02\x00\x05", "\xC0\x00\xC0\x00", "\x82\x03\x00\x01\x02"} {
		for _, x := range mqttwiretest.Violations() {
			_, ok := x.Plant([]byte(b), mqttwire.V5, mqttwire.FromClient, func(int) int { return 0 })
			assert.False(t, ok, "%s in %X", x.Name, b)
		}
	}
}

func TestTheZeroViolationAndTheZeroFaultHaveNoPlace(t *testing.T) {
	_, ok := mqttwiretest.Violation{}.Plant([]byte("\xC0\x00"), mqttwire.V5, mqttwire.FromClient, nil)
	assert.False(t, ok)
	assert.False(t, mqttwiretest.Fault{}.Plant(&packets.Pingreq{}, mqttwire.V5, nil))
	for _, x := range mqttwiretest.Faults() {
		assert.False(t, x.Plant(nil, mqttwire.V5, nil), x.Name)
	}
}

func TestWithoutAChoiceTheFirstIsTaken(t *testing.T) {
	legal := []byte("\x82\x07\x00\x0A\x00\x00\x01a\x01")
	for _, x := range mqttwiretest.Violations() {
		want, ok := x.Plant(legal, mqttwire.V5, mqttwire.FromClient, func(int) int { return 0 })
		got, gotOK := x.Plant(legal, mqttwire.V5, mqttwire.FromClient, nil)
		assert.Equal(t, ok, gotOK, x.Name)
		assert.Equal(t, want, got, x.Name)
	}
	p := &packets.Publish{Topic: []byte("a"), QoS: mqttwire.AtLeastOnce, PacketID: 1}
	for _, x := range mqttwiretest.Faults() {
		if x.Name == "packet identifier 0" {
			assert.True(t, x.Plant(p, mqttwire.V5, nil))
		}
	}
}
