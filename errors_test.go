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
	assert.Equal(t, "mqttwire: PUBLISH packet too large: packet of 16386 bytes by the Remaining Length at byte 1; "+
		"the whole packet is within the receiver's maximum packet size, here at most 100 "+
		"[U-2.1.4-3], reason 0x95 Packet too large", cut.Error())
}

func TestErrorTellsWhatWasFoundInTheFormThatSuitsIt(t *testing.T) {
	for _, c := range []struct {
		want   string
		rule   Rule
		typ    PacketType
		v      Version
		field  Field
		offset int
		found  int64
	}{
		// A character.
		{"Topic Name at byte 7 has 0x23 '#'; ", RuleTopicWildcard, PUBLISH, V5, FieldTopicName, 7, '#'},
		{"Topic Filter has 0x20 ' '; ", RuleFilterHash, SUBSCRIBE, V5, FieldTopicFilter, NoOffset, ' '},
		{"User Name has 0x00; ", RuleNUL, CONNECT, V5, FieldUserName, NoOffset, 0},
		{"User Name at byte 14 has 0xC3; ", RuleUTF8, CONNECT, V5, FieldUserName, 14, 0xC3},
		{"User Name at byte 14 has 0x7F; ", RuleUTF8, CONNECT, V5, FieldUserName, 14, 0x7F},
		{"User Name has U+0007; ", RuleDiscouraged, CONNECT, V5, FieldUserName, NoOffset, 7},
		{"User Name has U+10FFFE; ", RuleDiscouraged, CONNECT, V5, FieldUserName, NoOffset, 0x10FFFE},
		{"Topic Filter at byte 9; ", RuleShareForm, SUBSCRIBE, V5, FieldTopicFilter, 9, NotANumber},
		// A count.
		{"no Topic Filter at byte 4; ", RuleNoFilters, SUBSCRIBE, V311, FieldTopicFilter, 4, 0},
		{"no Reason Code; ", RuleNoReasonCodes, SUBACK, V311, FieldReasonCode, NoOffset, 0},
		{"no Packet Identifier at byte 2; ", RuleFieldMissing, PUBACK, V5, FieldPacketID, 2, 0},
		{"Packet Identifier at byte 2, 1 byte left; ", RuleFieldMissing, PUBACK, V5, FieldPacketID, 2, 1},
		{"Session Expiry Interval at byte 13, no byte left; ", RulePropertyCut, CONNECT, V5, "Session Expiry Interval", 13, 0},
		{"Session Expiry Interval at byte 13, 3 bytes left; ", RulePropertyCut, CONNECT, V5, "Session Expiry Interval", 13, 3},
		{"property list of 30 bytes; ", RulePropertyCut, CONNECT, V5, FieldPropertyID, NoOffset, 30},
		{"end of the packet at byte 2, 2 bytes left over; ", RuleLeftOver, PINGREQ, V5, FieldPacketEnd, 2, 2},
		{"User Name at byte 20, 1 byte left over; ", RuleUserNameUnflagged, CONNECT, V5, FieldUserName, 20, 1},
		{"Client Identifier at byte 12 has 24 characters; ", RuleClientIDLength, CONNECT, V31, FieldClientID, 12, 24},
		{"Client Identifier at byte 12 is empty; ", RuleClientIDLength, CONNECT, V311, FieldClientID, 12, 0},
		{"Topic Name at byte 2 is empty; ", RuleTopicEmpty, PUBLISH, V311, FieldTopicName, 2, 0},
		{"Topic Name is empty; ", RuleTopicEmpty, PUBLISH, V311, FieldTopicName, NoOffset, NotANumber},
		{"Topic Name at byte 2 is empty; ", RuleTopicOrAlias, PUBLISH, V5, FieldTopicName, 2, 0},
		// A size or a length.
		{"packet of 1 byte by the Remaining Length at byte 1; ", RulePacketSize, PUBLISH, V5, FieldRemainingLength, 1, 1},
		{"packet of 30 bytes; ", RuleMaximumPacketSize, PUBLISH, V5, FieldRemainingLength, NoOffset, 30},
		{"Property Length at byte 8 is 70000; the property list is within what", RulePacketSize, PUBLISH, V5, FieldPropertyLength, 8, 70000},
		{"Remaining Length is 268435456; 0 to 268435455 bytes", RuleRemainingLength, PUBLISH, V5, FieldRemainingLength, NoOffset, 1 << 28},
		{"Application Message of 5 bytes; ", RuleRemainingLength, PUBLISH, V5, FieldPayload, NoOffset, 5},
		{"property list of 268435456 bytes; ", RuleRemainingLength, PUBLISH, V5, FieldPropertyID, NoOffset, 1 << 28},
		{"Property Length at byte 4 is 12; ", RulePropertyLength, PUBACK, V5, FieldPropertyLength, 4, 12},
		{"Password at byte 20, length 9; ", RuleBinaryLength, CONNECT, V5, FieldPassword, 20, 9},
		// A code.
		{"Reason Code at byte 4 is 0x07; ", RuleReasonCode, PUBACK, V5, FieldReasonCode, 4, 7},
		{"Reason Code at byte 3 is 0x87; ", RuleReasonCode, CONNACK, V311, FieldReasonCode, 3, 0x87},
		{"Reason Code at byte 3 is 0x05; ", RuleReasonCode, CONNACK, V5, FieldReasonCode, 3, 5},
		{"Reason Code is 0x04 Disconnect with Will Message; ", RuleReasonSender, DISCONNECT, V5, FieldReasonCode, NoOffset, 4},
		{"Reason Code is 0x19 Re-authenticate; ", RuleAuthCodeClient, AUTH, V5, FieldReasonCode, NoOffset, 0x19},
		{"Reason Code at byte 3 is 0x01 Refused: unacceptable protocol version; ", RuleVersionRefused, CONNACK, V5, FieldReasonCode, 3, 1},
		{"Reason Code is 0x87 Not authorized; ", RuleNotInVersion, PUBACK, V311, FieldReasonCode, NoOffset, 0x87},
		{"Reason Code is 0x33; ", RuleNotInVersion, PUBACK, V311, FieldReasonCode, NoOffset, 0x33},
		// Flag bits, and what is more than they hold.
		{"Fixed Header flags at byte 0 are 0x0F; ", RuleFlags, PUBREL, V5, FieldFlags, 0, 15},
		{"Connect Flags at byte 9 are 0xC7; ", RuleConnectReserved, CONNECT, V5, FieldConnectFlags, 9, 0xC7},
		{"Connect Flags at byte 9 are 0x1C; ", RuleWillQoS, CONNECT, V5, FieldConnectFlags, 9, 0x1C},
		{"Connect Flags with will QoS 3; ", RuleWillQoS, CONNECT, V5, FieldConnectFlags, NoOffset, 3},
		{"Subscription Options at byte 9 are 0x03; ", RuleRequestedQoS, SUBSCRIBE, V5, FieldSubscriptionOptions, 9, 3},
		{"Subscription Options with QoS 4; ", RuleRequestedQoS, SUBSCRIBE, V5, FieldSubscriptionOptions, NoOffset, 4},
		{"Subscription Options with retain handling 3; ", RuleRetainHandling, SUBSCRIBE, V5, FieldSubscriptionOptions, NoOffset, 3},
		{"Subscription Options are 0x04; ", RuleNotInVersion, SUBSCRIBE, V311, FieldSubscriptionOptions, NoOffset, 4},
		// Other numbers.
		{"MQTT Control Packet type at byte 0 is 15; ", RulePacketType, AUTH, V311, FieldPacketType, 0, 15},
		{"MQTT Control Packet type at byte 0 is 3 PUBLISH; ", RuleFrameType, PUBACK, V311, FieldPacketType, 0, 3},
		{"MQTT Control Packet type at byte 0 is 4; ", RuleNotMQTT, 0, 0, FieldPacketType, 0, 4},
		{"MQTT Control Packet type at byte 0 is 0; ", RulePacketType, 0, 0, FieldPacketType, 0, 0},
		{"Protocol Version at byte 8 is 6; ", RuleProtocolVersion, CONNECT, 0, FieldProtocolVersion, 8, 6},
		{"Protocol Version at byte 8 is 0x84; ", RuleBridge, CONNECT, V311, FieldProtocolVersion, 8, 0x84},
		{"Property Identifier at byte 5 is 0x04; ", RulePropertyUnknown, PUBACK, V5, FieldPropertyID, 5, 4},
		{"Property Identifier at byte 5 is 0x1234; ", RulePropertyUnknown, PUBACK, V5, FieldPropertyID, 5, 0x1234},
		{"Packet Identifier at byte 7 is 0; ", RulePacketIDZero, PUBLISH, V5, FieldPacketID, 7, 0},
		{"Content Type at byte 9; ", RulePropertyRepeated, PUBLISH, V5, "Content Type", 9, NotANumber},
	} {
		err := NewError(c.rule, c.typ, c.v, c.field, c.offset, c.found)
		assert.ErrorContains(t, err, ": "+c.want)
	}
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
	assert.Equal(t, "0x06", ReasonCode(6).String())
	assert.Equal(t, "QoS 3", QoS(3).String())
	for _, s := range []string{CONNECT.String(), V31.String(), V5.String(), FromClient.String(), FromServer.String(), ReasonNotAuthorized.String()} {
		require.False(t, strings.Contains(s, "("), s)
	}
}
