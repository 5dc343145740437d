package mqttwire

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrorSaysWhatWhereAndWhichRule(t *testing.T) {
	err := NewError(RuleQoS, PUBLISH, V5, FieldQoS, 0, 3)
	assert.Equal(t, "mqttwire: PUBLISH (5.0) malformed packet: QoS at byte 0 is 3; "+
		"QoS is 0, 1 or 2 [MQTT-3.3.1-4], reason 0x81 Malformed Packet", err.Error())
	err = NewError(RuleStringLength, CONNECT, V311, FieldUserName, NoOffset, 65536)
	assert.Equal(t, "mqttwire: CONNECT (3.1.1) malformed packet: User Name, length 65536; "+
		"a string has 0 to 65535 bytes, all inside the packet and its property block "+
		"[3.1.1 section 1.5.3], reason 0x81 Malformed Packet", err.Error())
	_, _, cut := CutFrame([]byte("\x30\xFF\x7F"), 100)
	assert.Equal(t, "mqttwire: PUBLISH packet too large: Remaining Length at byte 1, length 16386; "+
		"the whole packet is within the receiver's maximum packet size, here at most 100 "+
		"[U-2.1.4-3], reason 0x95 Packet too large", cut.Error())
}

func TestErrorIsOfItsClassOnly(t *testing.T) {
	classes := []error{ErrMalformed, ErrProtocol, ErrTooLarge, ErrUnsupportedVersion}
	for _, r := range Rules() {
		err := NewError(r, CONNECT, V5, FieldPacketEnd, 1, NotANumber)
		n := 0
		for _, class := range classes {
			if errors.Is(err, class) {
				n++
			}
		}
		assert.Equal(t, 1, n, "rule %s", r)
	}
}

func TestEveryRowOfTheRuleTableIsComplete(t *testing.T) {
	names := map[string]bool{}
	for _, r := range Rules() {
		row := rules[r]
		assert.NotEmpty(t, row.name, "rule %d", r)
		assert.False(t, names[row.name], "two rules are called %s", row.name)
		names[row.name] = true
		assert.NotEmpty(t, row.allowed, row.name)
		assert.NotNil(t, row.class, row.name)
		assert.True(t, row.reason.IsError(), row.name)
		fromProperty := r == RulePropertyRepeated || r == RulePropertyBool || r == RulePropertyZero
		assert.Equal(t, fromProperty, len(row.origin) == 0, "%s: a statement, here or in the property table", row.name)
		for _, o := range row.origin {
			assert.Regexp(t, `^(MQTT-\d+(\.\d+)+-\d+|U-\d+(\.\d+)+-\d+|(3\.1|3\.1\.1|5\.0) (section|appendix) [\dA-Z.]+)$`, o.id)
			assert.NotZero(t, o.versions, o.id)
		}
	}
	assert.Equal(t, "Rule(0)", Rule(0).String())
	assert.Equal(t, "Rule(255)", Rule(255).String())
}

func TestARuleThatIsNoneHasAnEmptyRow(t *testing.T) {
	for _, r := range []Rule{0, numRules, 255} {
		assert.Equal(t, "", r.Allowed())
		assert.Nil(t, r.Class())
		assert.Zero(t, r.Reason())
		assert.Equal(t, "", r.Statement(CONNECT, V5))
		assert.Contains(t, r.String(), "Rule(")
		assert.NotEmpty(t, NewError(r, CONNECT, V5, FieldPacketEnd, 0, 0).Error())
	}
	assert.NotEmpty(t, (&Error{}).Error())
}

func TestErrorOfALengthSaysHowManyBytesThereAre(t *testing.T) {
	f := Frame{Header: FixedHeader{Type: PUBLISH, RemainingLength: 5}, Body: []byte("\x30\x30abc")}
	j := export{}.Judge(f, PUBLISH, V311, nil)
	export{}.TopicName(&j, f.Body, FieldTopicName, V311)
	assert.ErrorContains(t, export{}.Err(&j), "Topic Name at byte 2, length 12336; ")
	assert.ErrorContains(t, export{}.Err(&j), "here at most 3 ")
}

func TestStatementsDependOnPacketAndVersion(t *testing.T) {
	assert.Equal(t, "MQTT-3.6.1-1", RuleFlags.Statement(PUBREL, V5))
	assert.Equal(t, "MQTT-2.2.2-1", RuleFlags.Statement(PUBACK, V311))
	assert.Equal(t, "MQTT-2.1.3-1", RuleFlags.Statement(PUBACK, V5))
	assert.Equal(t, "", RuleFlags.Statement(PUBACK, V31))
	assert.Equal(t, "MQTT-2.1.3-1", RuleFlags.Statement(PUBACK, 0), "not known yet: the newest")
	assert.Equal(t, "MQTT-3.1.2-22", RulePasswordAlone.Statement(CONNECT, 0))
	assert.Equal(t, "", RulePropertyZero.Statement(CONNECT, 0))
}

func TestNamesOfUnknownValuesShowTheNumber(t *testing.T) {
	assert.Equal(t, "PacketType(0)", PacketType(0).String())
	assert.Equal(t, "PacketType(200)", PacketType(200).String())
	assert.Equal(t, "Version(6)", Version(6).String())
	assert.Equal(t, "Sender(0)", Sender(0).String())
	assert.Equal(t, "PropertyID(4)", PropertyID(4).String())
	assert.Equal(t, "0x05", ReasonCode(5).String())
	assert.Equal(t, "QoS 3", QoS(3).String())
	for _, s := range []string{CONNECT.String(), V31.String(), V5.String(), FromClient.String(), FromServer.String(), ReasonNotAuthorized.String()} {
		require.False(t, strings.Contains(s, "("), s)
	}
}
