package mqttwire

import "strconv"

// Rule names a row of the rule table. Every check that a packet can fail has
// one, on decoding and on encoding alike; Error.Rule says which it was.
type Rule uint8

// The rules, by the part of a packet they are about. What each demands, its
// class, its reason code and its statements are said by its row, and by its
// methods.
const (
	_ Rule = iota

	// The frame: chapter 2.
	RulePacketType
	RuleFlags
	RuleVarintLength
	RuleVarintMinimal
	RuleVarintCut
	RuleRemainingLength
	RulePacketSize
	RuleFrameType
	RuleFrameLength
	RuleVersion
	RuleFieldMissing
	RuleLeftOver
	RuleNotInVersion

	// Strings, binary data and topics: sections 1.5.4, 1.5.6 and 4.7.
	RuleStringLength
	RuleBinaryLength
	RuleUTF8
	RuleNUL
	RuleDiscouraged
	RuleTopicEmpty
	RuleTopicNUL
	RuleTopicWildcard
	RuleFilterHash
	RuleFilterPlus
	RuleShareNameEmpty
	RuleShareForm

	// Properties: section 2.2.2.
	RulePropertyLengthMissing
	RulePropertyLength
	RulePropertyCut
	RulePropertyIDForm
	RulePropertyUnknown
	RulePropertyNotAllowed
	RulePropertyRepeated
	RulePropertyBool
	RulePropertyZero
	RuleTopicAliasZero
	RuleResponseTopicEmpty
	RuleResponseTopicWildcard
	RuleAuthDataAlone
	RuleAuthMethodMissing
	RulePropertyType
	RulePropertiesReset

	// Fields that several packets have.
	RulePacketIDZero
	RuleReasonCode

	// CONNECT and CONNACK.
	RuleProtocolName
	RuleProtocolVersion
	RuleConnectVersion
	RuleBridge
	RuleConnectReserved
	RuleWillQoS
	RuleWillQoSAlone
	RuleWillRetainAlone
	RulePasswordAlone
	RuleClientIDMissing
	RuleClientIDLength
	RuleWillMissing
	RuleUserNameMissing
	RuleUserNameUnflagged
	RulePasswordMissing
	RulePasswordUnflagged
	RuleAcknowledgeFlags
	RuleSessionPresent
	RuleVersionRefused

	// PUBLISH.
	RuleQoS
	RuleDup
	RuleTopicOrAlias
	RulePayloadFormat

	// SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK and AUTH.
	RuleNoFilters
	RuleOptionsMissing
	RuleRequestedQoS
	RuleOptionsReserved
	RuleRetainHandling
	RuleNoLocalShared
	RuleNoReasonCodes
	RuleAnswerPacketID
	RuleAnswerCodes
	RuleAuthEmpty

	// The sender.
	RuleDirection
	RuleReasonSender
	RuleSubscriptionIDSender
	RuleSessionExpirySender

	// The connection: what came before decides. Chapter 3 and section 4.12.
	RuleNotMQTT
	RuleFirstPacket
	RuleSecondConnect
	RuleBeforeConnack
	RuleDisconnectEarly
	RuleSecondConnack
	RuleAfterConnackFailure
	RuleAfterDisconnect
	RuleSessionPresentCleanStart
	RuleAssignedClientIDMissing
	RuleResponseInformationUnasked
	RuleProblemInformationUnasked
	RuleAuthPending
	RuleAuthNotBegun
	RuleAuthUnasked
	RuleAuthMethodChanged
	RuleAuthCodeClient
	RuleAuthCodeServer
	RuleSessionExpiryRaised

	// The connection: what the receiver has announced. Sections 3.1.2.11 and
	// 3.2.2.3.
	RuleMaximumPacketSize
	RuleTopicAliasNone
	RuleTopicAliasMaximum
	RuleTopicAliasUnknown
	RuleMaximumQoS
	RuleRetainAvailable
	RuleWildcardAvailable
	RuleSharedAvailable
	RuleSubscriptionIDAvailable

	numRules
)

// ruleRow is one row of the rule table.
type ruleRow struct {
	name    string // short and stable, for the corpus and for switches
	class   error
	reason  ReasonCode
	rest    rest
	allowed string // what a legal packet has
	origin  []ruleStatement
}

// rest says what can be made of the rest of a packet that breaks a rule.
type rest bool

const (
	// readable: it is still known which fields follow and where each ends.
	readable rest = true

	// unreadable: it is not; or the rule is one that no packet can break, but
	// only a value that is to be encoded.
	unreadable rest = false
)

// ruleStatement says which statement a rule comes from, for some versions, some
// packet types (none named: all) and one sender (none named: both). The first
// that fits counts.
type ruleStatement struct {
	id       string
	versions Versions
	packets  packetSet
	sender   Sender
}

func from(versions Versions, id string, packets ...PacketType) ruleStatement {
	return ruleStatement{id, versions, setOf(packets...), 0}
}

// by makes the statement one about packets of one side.
func (o ruleStatement) by(s Sender) ruleStatement {
	o.sender = s
	return o
}

// rules is the one home of every check's class, reason code, wording and
// origin. The origins of the property rules, which differ for each property and
// packet, stand in the property table.
var rules = [numRules]ruleRow{
	RulePacketType: {"packet-type", ErrMalformed, ReasonMalformedPacket, unreadable,
		"a packet type is 1 to 14, and in 5.0 also 15", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.1"), from(in5, "U-2.1.2-1")}},
	RuleFlags: {"flags", ErrMalformed, ReasonMalformedPacket, readable,
		"the flag bits have one value for each packet type, 0x02 for PUBREL, SUBSCRIBE and UNSUBSCRIBE, else 0x00", []ruleStatement{
			from(in311|in5, "MQTT-3.6.1-1", PUBREL), from(in311|in5, "MQTT-3.8.1-1", SUBSCRIBE),
			from(in311|in5, "MQTT-3.10.1-1", UNSUBSCRIBE), from(in311|in5, "MQTT-3.14.1-1", DISCONNECT),
			from(in5, "MQTT-3.15.1-1", AUTH), from(in311, "MQTT-2.2.2-1"), from(in5, "MQTT-2.1.3-1")}},
	RuleVarintLength: {"varint-length", ErrMalformed, ReasonMalformedPacket, unreadable,
		"a variable byte integer has at most 4 bytes, for 0 to 268435455", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"), from(in5, "U-1.5.5-1")}},
	RuleVarintMinimal: {"varint-minimal", ErrMalformed, ReasonMalformedPacket, readable,
		"a variable byte integer has the fewest bytes that hold it", []ruleStatement{from(in5, "MQTT-1.5.5-1")}},
	RuleVarintCut: {"varint-cut", ErrMalformed, ReasonMalformedPacket, unreadable,
		"a variable byte integer ends inside its packet and its property block", []ruleStatement{from(in5, "U-1.5.5-2")}},
	RuleRemainingLength: {"remaining-length", ErrTooLarge, ReasonPacketTooLarge, unreadable,
		"0 to 268435455 bytes follow the fixed header", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"), from(in5, "U-2.1.4-1")}},
	RulePacketSize: {"packet-size", ErrTooLarge, ReasonPacketTooLarge, unreadable,
		"the whole packet is within the receiver's maximum packet size", []ruleStatement{from(inAll, "U-2.1.4-3")}},
	RuleFrameType: {"frame-type", ErrProtocol, ReasonProtocolError, unreadable,
		"a frame is decoded as the packet type in its first byte", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.1"), from(in5, "U-2.1.2-1")}},
	RuleFrameLength: {"frame-length", ErrMalformed, ReasonMalformedPacket, unreadable,
		"a frame's body has as many bytes as its remaining length says", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"), from(in5, "U-2.1.4-2")}},
	RuleVersion: {"version", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion, unreadable,
		"a version is 3 (3.1), 4 (3.1.1) or 5 (5.0), or 0 for a CONNECT that tells its own", []ruleStatement{from(inAll, "MQTT-3.1.2-2")}},
	RuleFieldMissing: {"field-missing", ErrMalformed, ReasonMalformedPacket, unreadable,
		"every field lies inside the remaining length", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"), from(in5, "U-2.1.4-2")}},
	RuleLeftOver: {"left-over", ErrMalformed, ReasonMalformedPacket, readable,
		"the packet ends with its last field", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"),
			from(in5, "U-3.12.1-1", PINGREQ), from(in5, "U-3.13.1-1", PINGRESP),
			from(in5, "U-2.3-1", CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT, AUTH), from(in5, "U-2.1.4-2")}},
	RuleNotInVersion: {"not-in-version", ErrProtocol, ReasonProtocolError, unreadable,
		"this version has no place for this value, and to leave it out would change the meaning", []ruleStatement{
			from(in31, "3.1 section 3.2", CONNACK), from(in5, "5.0 section 3.1.2.2", CONNECT),
			from(in31, "3.1 section 3.8", SUBSCRIBE), from(in311, "MQTT-3.8.3-4", SUBSCRIBE),
			from(in31, "3.1 section 3.11", UNSUBACK), from(in311, "3.1.1 section 3.11", UNSUBACK),
			from(in31, "3.1 section 3.14", DISCONNECT), from(in311, "3.1.1 section 3.14", DISCONNECT),
			from(in31, "3.1 section 2.2"), from(in311, "3.1.1 section 2.3")}},

	RuleStringLength: {"string-length", ErrMalformed, ReasonMalformedPacket, unreadable,
		"a string has 0 to 65535 bytes, all inside the packet and its property block", []ruleStatement{
			from(in31, "3.1 section 2.5"), from(in311, "3.1.1 section 1.5.3"), from(in5, "U-1.5.4-1")}},
	RuleBinaryLength: {"binary-length", ErrMalformed, ReasonMalformedPacket, unreadable,
		"binary data has 0 to 65535 bytes, all inside the packet and its property block", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "3.1.1 section 3.1.3"), from(in5, "U-1.5.6-1")}},
	RuleUTF8: {"utf8", ErrMalformed, ReasonMalformedPacket, readable,
		"a string is well-formed UTF-8; 3.1 alone also allows Java's modified form", []ruleStatement{
			from(in31, "3.1 section 2.5"), from(in311, "MQTT-1.5.3-1"), from(in5, "MQTT-1.5.4-1")}},
	RuleNUL: {"nul", ErrMalformed, ReasonMalformedPacket, readable,
		"a string does not contain U+0000", []ruleStatement{from(in311, "MQTT-1.5.3-2"), from(in5, "MQTT-1.5.4-2")}},
	RuleDiscouraged: {"discouraged", ErrMalformed, ReasonMalformedPacket, readable,
		"a string should contain no control characters and no noncharacters", []ruleStatement{
			from(in311, "3.1.1 section 1.5.3"), from(in5, "U-1.5.4-2")}},
	RuleTopicEmpty: {"topic-empty", ErrMalformed, ReasonMalformedPacket, readable,
		"a topic name or filter has at least one character", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311|in5, "MQTT-4.7.3-1")}},
	RuleTopicNUL: {"topic-nul", ErrMalformed, ReasonMalformedPacket, readable,
		"a topic name or filter does not contain U+0000", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311|in5, "MQTT-4.7.3-2")}},
	RuleTopicWildcard: {"topic-wildcard", ErrMalformed, ReasonMalformedPacket, readable,
		"a topic name has neither + nor #", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311|in5, "MQTT-3.3.2-2", PUBLISH),
			from(in311, "MQTT-4.7.1-1"), from(in5, "MQTT-4.7.0-1")}},
	RuleFilterHash: {"filter-hash", ErrMalformed, ReasonMalformedPacket, readable,
		"# is the last level of a filter, and the whole of that level", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311, "MQTT-4.7.1-2"), from(in5, "MQTT-4.7.1-1")}},
	RuleFilterPlus: {"filter-plus", ErrMalformed, ReasonMalformedPacket, readable,
		"+ is the whole of a level of a filter", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311, "MQTT-4.7.1-3"), from(in5, "MQTT-4.7.1-2")}},
	RuleShareNameEmpty: {"share-name-empty", ErrMalformed, ReasonMalformedPacket, readable,
		"$share/ is followed by a ShareName of at least one character", []ruleStatement{from(in5, "MQTT-4.8.2-1")}},
	RuleShareForm: {"share-form", ErrMalformed, ReasonMalformedPacket, readable,
		"a ShareName has neither + nor #, and is followed by / and a topic filter", []ruleStatement{from(in5, "MQTT-4.8.2-2")}},

	RulePropertyLengthMissing: {"property-length-missing", ErrMalformed, ReasonMalformedPacket, unreadable,
		"the property length is present, and 0 if there are no properties", []ruleStatement{
			from(in5, "U-3.15.2.2.1-1", AUTH), from(in5, "MQTT-2.2.2-1")}},
	RulePropertyLength: {"property-length", ErrMalformed, ReasonMalformedPacket, unreadable,
		"the properties lie inside the packet", []ruleStatement{from(in5, "U-2.2.2.1-1")}},
	RulePropertyCut: {"property-cut", ErrMalformed, ReasonMalformedPacket, unreadable,
		"the last property ends where the property length says", []ruleStatement{from(in5, "U-2.2.2.1-2")}},
	RulePropertyIDForm: {"property-id-form", ErrMalformed, ReasonMalformedPacket, unreadable,
		"a property identifier is a variable byte integer in its shortest form", []ruleStatement{from(in5, "U-2.2.2.2-3")}},
	RulePropertyUnknown: {"property-unknown", ErrMalformed, ReasonMalformedPacket, unreadable,
		"a property identifier is one of the 27 that the standard defines", []ruleStatement{from(in5, "U-2.2.2.2-1")}},
	RulePropertyNotAllowed: {"property-not-allowed", ErrMalformed, ReasonMalformedPacket, readable,
		"a property is allowed only in the packets that it is defined for", []ruleStatement{from(in5, "U-2.2.2.2-1")}},
	RulePropertyRepeated: {"property-repeated", ErrProtocol, ReasonProtocolError, readable,
		"this property is present at most once", nil},
	RulePropertyBool: {"property-bool", ErrProtocol, ReasonProtocolError, readable,
		"the value is 0 or 1", nil},
	RulePropertyZero: {"property-zero", ErrProtocol, ReasonProtocolError, readable,
		"the value is not 0", nil},
	RuleTopicAliasZero: {"topic-alias-zero", ErrProtocol, ReasonTopicAliasInvalid, readable,
		"a topic alias is 1 to 65535", []ruleStatement{from(in5, "MQTT-3.3.2-8")}},
	RuleResponseTopicEmpty: {"response-topic-empty", ErrProtocol, ReasonProtocolError, readable,
		"a response topic is a topic name, so it has at least one character", []ruleStatement{
			from(in5, "U-3.3.2.3.5-2", PUBLISH), from(in5, "U-3.1.3.2.6-2", CONNECT)}},
	RuleResponseTopicWildcard: {"response-topic-wildcard", ErrProtocol, ReasonProtocolError, readable,
		"a response topic is a topic name, so it has neither + nor #", []ruleStatement{from(in5, "MQTT-3.3.2-14")}},
	RuleAuthDataAlone: {"auth-data-alone", ErrProtocol, ReasonProtocolError, readable,
		"authentication data comes with an authentication method", []ruleStatement{from(in5, "U-3.1.2.11.10-1")}},
	RuleAuthMethodMissing: {"auth-method-missing", ErrProtocol, ReasonProtocolError, readable,
		"AUTH has an authentication method", []ruleStatement{from(in5, "U-3.15.2.2.2-1")}},
	RulePropertyType: {"property-type", ErrMalformed, ReasonMalformedPacket, unreadable,
		"a value that is set by identifier is of the property's type, and not too large for it", []ruleStatement{from(in5, "U-2.2.2.2-2")}},
	RulePropertiesReset: {"properties-reset", ErrProtocol, ReasonUnspecifiedError, unreadable,
		"a list is encoded, or cloned, before its PropertyBuilder is reset", []ruleStatement{from(in5, "5.0 section 2.2.2")}},

	RulePacketIDZero: {"packet-id-zero", ErrProtocol, ReasonProtocolError, readable,
		"a packet identifier is 1 to 65535", []ruleStatement{
			from(in31, "3.1 section 2.4"), from(in311, "MQTT-2.3.1-1", PUBLISH, SUBSCRIBE, UNSUBSCRIBE),
			from(in311, "MQTT-2.3.1-7", SUBACK, UNSUBACK), from(in311, "MQTT-2.3.1-6"),
			from(in5, "MQTT-2.2.1-3", PUBLISH, SUBSCRIBE, UNSUBSCRIBE), from(in5, "U-2.2.1-1")}},
	RuleReasonCode: {"reason-code", ErrProtocol, ReasonProtocolError, readable,
		"the code is one that the standard lists for this packet", []ruleStatement{
			from(in31, "3.1 section 3.2", CONNACK), from(in311, "3.1.1 section 3.2.2.3", CONNACK), from(in5, "MQTT-3.2.2-8", CONNACK),
			from(in31, "3.1 section 3.9", SUBACK), from(in311|in5, "MQTT-3.9.3-2", SUBACK),
			from(in5, "MQTT-3.4.2-1", PUBACK), from(in5, "MQTT-3.5.2-1", PUBREC), from(in5, "MQTT-3.6.2-1", PUBREL),
			from(in5, "MQTT-3.7.2-1", PUBCOMP), from(in5, "MQTT-3.11.3-2", UNSUBACK),
			from(in5, "MQTT-3.14.2-1", DISCONNECT), from(in5, "MQTT-3.15.2-1", AUTH)}},

	RuleProtocolName: {"protocol-name", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion, unreadable,
		"the protocol name is MQTT, in 3.1 MQIsdp", []ruleStatement{from(inAll, "MQTT-3.1.2-1")}},
	RuleProtocolVersion: {"protocol-version", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion, unreadable,
		"3 goes with the name MQIsdp, 4 and 5 with MQTT; and the receiver serves that version", []ruleStatement{from(inAll, "MQTT-3.1.2-2")}},
	RuleConnectVersion: {"connect-version", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion, unreadable,
		"the Version of a Connect is 0 or the version that it is encoded for", []ruleStatement{from(inAll, "MQTT-3.1.2-2")}},
	RuleBridge: {"bridge", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion, readable,
		"bit 7 of the protocol level is 0; mosquitto's bridges set it", []ruleStatement{from(in3x, "MQTT-3.1.2-2")}},
	RuleConnectReserved: {"connect-reserved", ErrMalformed, ReasonMalformedPacket, readable,
		"bit 0 of the connect flags is 0", []ruleStatement{from(in311|in5, "MQTT-3.1.2-3")}},
	RuleWillQoS: {"will-qos", ErrMalformed, ReasonMalformedPacket, readable,
		"the will's QoS is 0, 1 or 2", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.2-14"), from(in5, "MQTT-3.1.2-12")}},
	RuleWillQoSAlone: {"will-qos-alone", ErrMalformed, ReasonMalformedPacket, readable,
		"without a will, will QoS is 0", []ruleStatement{from(in311, "MQTT-3.1.2-13"), from(in5, "MQTT-3.1.2-11")}},
	RuleWillRetainAlone: {"will-retain-alone", ErrMalformed, ReasonMalformedPacket, readable,
		"without a will, will retain is 0", []ruleStatement{from(in311, "MQTT-3.1.2-15"), from(in5, "MQTT-3.1.2-13")}},
	RulePasswordAlone: {"password-alone", ErrMalformed, ReasonMalformedPacket, readable,
		"before 5.0 a password comes with a user name", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.2-22")}},
	RuleClientIDMissing: {"client-id-missing", ErrMalformed, ReasonMalformedPacket, unreadable,
		"the payload begins with the client identifier", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311|in5, "MQTT-3.1.3-3")}},
	RuleClientIDLength: {"client-id-length", ErrProtocol, ReasonClientIdentifierNotValid, readable,
		"in 3.1 a client identifier has 1 to 23 characters; in 3.1.1 it is empty only with clean session", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.3-8")}},
	RuleWillMissing: {"will-missing", ErrMalformed, ReasonMalformedPacket, unreadable,
		"with the will flag set, the will's topic and payload are present", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311|in5, "MQTT-3.1.2-9")}},
	RuleUserNameMissing: {"user-name-missing", ErrMalformed, ReasonMalformedPacket, unreadable,
		"with the user name flag set, the user name is present", []ruleStatement{from(in311, "MQTT-3.1.2-19"), from(in5, "MQTT-3.1.2-17")}},
	RuleUserNameUnflagged: {"user-name-unflagged", ErrMalformed, ReasonMalformedPacket, readable,
		"with the user name flag not set, no user name follows", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.2-18"), from(in5, "MQTT-3.1.2-16")}},
	RulePasswordMissing: {"password-missing", ErrMalformed, ReasonMalformedPacket, unreadable,
		"with the password flag set, the password is present", []ruleStatement{from(in311, "MQTT-3.1.2-21"), from(in5, "MQTT-3.1.2-19")}},
	RulePasswordUnflagged: {"password-unflagged", ErrMalformed, ReasonMalformedPacket, readable,
		"with the password flag not set, no password follows", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.2-20"), from(in5, "MQTT-3.1.2-18")}},
	RuleAcknowledgeFlags: {"acknowledge-flags", ErrMalformed, ReasonMalformedPacket, readable,
		"bits 7 to 1 of the connect acknowledge flags are 0", []ruleStatement{
			from(in311, "3.1.1 section 3.2.2.1"), from(in5, "MQTT-3.2.2-1")}},
	RuleSessionPresent: {"session-present", ErrProtocol, ReasonProtocolError, readable,
		"session present is set only with code 0x00", []ruleStatement{from(in311, "MQTT-3.2.2-4"), from(in5, "MQTT-3.2.2-6")}},
	RuleVersionRefused: {"version-refused", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion, unreadable,
		"this is how a server that knows only MQTT 3 refuses 5.0", []ruleStatement{from(in5, "MQTT-3.1.2-2")}},

	RuleQoS: {"qos", ErrMalformed, ReasonMalformedPacket, readable,
		"QoS is 0, 1 or 2", []ruleStatement{from(in31, "3.1 section 2.1"), from(in311|in5, "MQTT-3.3.1-4")}},
	RuleDup: {"dup", ErrMalformed, ReasonMalformedPacket, readable,
		"with QoS 0, DUP is 0", []ruleStatement{from(in311|in5, "MQTT-3.3.1-2")}},
	RuleTopicOrAlias: {"topic-or-alias", ErrProtocol, ReasonProtocolError, readable,
		"an empty topic name comes with a topic alias", []ruleStatement{from(in5, "U-3.3.2.1-1")}},
	RulePayloadFormat: {"payload-format", ErrProtocol, ReasonPayloadFormatInvalid, readable,
		"with payload format indicator 1, the payload is well-formed UTF-8", []ruleStatement{
			from(in5, "U-3.1.3.2.3-3", CONNECT), from(in5, "U-3.3.2.3.2-3")}},

	RuleNoFilters: {"no-filters", ErrProtocol, ReasonProtocolError, readable,
		"there is at least one topic filter", []ruleStatement{
			from(in311, "MQTT-3.8.3-3", SUBSCRIBE), from(in5, "MQTT-3.8.3-2", SUBSCRIBE), from(in311|in5, "MQTT-3.10.3-2", UNSUBSCRIBE)}},
	RuleOptionsMissing: {"options-missing", ErrMalformed, ReasonMalformedPacket, unreadable,
		"each topic filter is followed by a byte of options", []ruleStatement{
			from(in31, "3.1 section 3.8"), from(in311, "MQTT-3.8.3-3"), from(in5, "U-3.8.3-2")}},
	RuleRequestedQoS: {"requested-qos", ErrProtocol, ReasonProtocolError, readable,
		"the requested QoS is 0, 1 or 2", []ruleStatement{
			from(in31, "3.1 section 3.8"), from(in311, "MQTT-3.8.3-4"), from(in5, "U-3.8.3.1-1")}},
	RuleOptionsReserved: {"options-reserved", ErrMalformed, ReasonMalformedPacket, readable,
		"the reserved bits are 0: bits 7 to 2 in 3.1.1, bits 7 and 6 in 5.0", []ruleStatement{
			from(in311, "MQTT-3.8.3-4"), from(in5, "MQTT-3.8.3-5")}},
	RuleRetainHandling: {"retain-handling", ErrProtocol, ReasonProtocolError, readable,
		"retain handling is 0, 1 or 2", []ruleStatement{from(in5, "U-3.8.3.1-2")}},
	RuleNoLocalShared: {"no-local-shared", ErrProtocol, ReasonProtocolError, readable,
		"no local is not set for a shared subscription", []ruleStatement{from(in5, "MQTT-3.8.3-4")}},
	RuleNoReasonCodes: {"no-reason-codes", ErrProtocol, ReasonProtocolError, readable,
		"there is at least one code", []ruleStatement{from(in311, "3.1.1 section 2.4"), from(in5, "U-2.3-2")}},
	RuleAnswerPacketID: {"answer-packet-id", ErrProtocol, ReasonProtocolError, unreadable,
		"an answer has the packet identifier of its request", []ruleStatement{
			from(in31, "3.1 section 3.9", SUBACK), from(in311|in5, "MQTT-3.8.4-2", SUBACK),
			from(in31, "3.1 section 3.11", UNSUBACK), from(in311, "MQTT-3.10.4-4", UNSUBACK), from(in5, "MQTT-3.10.4-5", UNSUBACK)}},
	RuleAnswerCodes: {"answer-codes", ErrProtocol, ReasonProtocolError, unreadable,
		"an answer has a reason code for each topic filter of its request", []ruleStatement{
			from(in31, "3.1 section 3.9", SUBACK), from(in311, "MQTT-3.8.4-5", SUBACK), from(in5, "MQTT-3.8.4-6", SUBACK),
			from(in5, "MQTT-3.11.3-1", UNSUBACK)}},
	RuleAuthEmpty: {"auth-empty", ErrProtocol, ReasonProtocolError, readable,
		"AUTH has an authentication method, although the standard describes an AUTH of remaining length 0", []ruleStatement{from(in5, "U-3.15.2.1-1")}},

	RuleDirection: {"direction", ErrProtocol, ReasonProtocolError, readable,
		"only the other side sends packets of this type", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.1"), from(in5, "U-2.1.2-2")}},
	RuleReasonSender: {"reason-sender", ErrProtocol, ReasonProtocolError, readable,
		"only the other side sends this code", []ruleStatement{
			from(in5, "U-3.4.2.1-2", PUBACK), from(in5, "U-3.5.2.1-2", PUBREC),
			from(in5, "U-3.14.2.1-2", DISCONNECT), from(in5, "U-3.15.2.1-2", AUTH)}},
	RuleSubscriptionIDSender: {"subscription-id-sender", ErrProtocol, ReasonProtocolError, readable,
		"a client's PUBLISH has no subscription identifier", []ruleStatement{from(in5, "MQTT-3.3.4-6")}},
	RuleSessionExpirySender: {"session-expiry-sender", ErrProtocol, ReasonProtocolError, readable,
		"a server's DISCONNECT has no session expiry interval", []ruleStatement{from(in5, "MQTT-3.14.2-2")}},

	RuleNotMQTT: {"not-mqtt", ErrProtocol, ReasonProtocolError, unreadable,
		"a connection begins with the CONNECT of MQTT", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311|in5, "MQTT-3.1.0-1")}},
	RuleFirstPacket: {"first-packet", ErrProtocol, ReasonProtocolError, readable,
		"the first packet of a client is CONNECT", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311|in5, "MQTT-3.1.0-1")}},
	RuleSecondConnect: {"second-connect", ErrProtocol, ReasonProtocolError, readable,
		"there is one CONNECT on a connection", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311|in5, "MQTT-3.1.0-2")}},
	RuleBeforeConnack: {"before-connack", ErrProtocol, ReasonProtocolError, readable,
		"the first packet of a server is CONNACK; in 5.0 AUTH may come before it", []ruleStatement{
			from(in31, "3.1 section 3.2"), from(in311|in5, "MQTT-3.2.0-1")}},
	RuleDisconnectEarly: {"disconnect-early", ErrProtocol, ReasonProtocolError, readable,
		"a server sends DISCONNECT only after a CONNACK that says success", []ruleStatement{from(in5, "MQTT-3.14.0-1")}},
	RuleSecondConnack: {"second-connack", ErrProtocol, ReasonProtocolError, readable,
		"there is one CONNACK on a connection", []ruleStatement{
			from(in31, "3.1 section 3.2"), from(in311, "3.1.1 section 3.2"), from(in5, "MQTT-3.2.0-2")}},
	RuleAfterConnackFailure: {"after-connack-failure", ErrProtocol, ReasonProtocolError, readable,
		"nothing follows a CONNACK that says failure", []ruleStatement{
			from(in31, "3.1 section 3.2"), from(in311, "MQTT-3.2.2-5"), from(in5, "MQTT-3.2.2-7")}},
	RuleAfterDisconnect: {"after-disconnect", ErrProtocol, ReasonProtocolError, readable,
		"nothing follows DISCONNECT", []ruleStatement{
			from(in31, "3.1 section 3.14"), from(in311, "MQTT-3.14.4-2"), from(in5, "MQTT-3.14.4-1")}},
	RuleSessionPresentCleanStart: {"session-present-clean-start", ErrProtocol, ReasonProtocolError, readable,
		"after a CONNECT with clean start, no session is present", []ruleStatement{
			from(in311, "MQTT-3.2.2-1"), from(in5, "MQTT-3.2.2-2")}},
	RuleAssignedClientIDMissing: {"assigned-client-id-missing", ErrProtocol, ReasonProtocolError, readable,
		"after a CONNECT without a client identifier, the server assigns one", []ruleStatement{from(in5, "MQTT-3.2.2-16")}},
	RuleResponseInformationUnasked: {"response-information-unasked", ErrProtocol, ReasonProtocolError, readable,
		"response information is sent only if the CONNECT asked for it", []ruleStatement{from(in5, "MQTT-3.1.2-28")}},
	RuleProblemInformationUnasked: {"problem-information-unasked", ErrProtocol, ReasonProtocolError, readable,
		"to a client that does not want problem information, reason string and user properties are sent in PUBLISH, CONNACK and DISCONNECT only", []ruleStatement{
			from(in5, "MQTT-3.1.2-29")}},
	RuleAuthPending: {"auth-pending", ErrProtocol, ReasonProtocolError, readable,
		"between a CONNECT with an authentication method and the CONNACK, a client sends AUTH and DISCONNECT only", []ruleStatement{
			from(in5, "MQTT-3.1.2-30")}},
	RuleAuthNotBegun: {"auth-not-begun", ErrProtocol, ReasonProtocolError, readable,
		"a client sends AUTH only if its CONNECT had an authentication method", []ruleStatement{from(in5, "MQTT-4.12.0-7")}},
	RuleAuthUnasked: {"auth-unasked", ErrProtocol, ReasonProtocolError, readable,
		"a server sends AUTH and an authentication method only if the CONNECT had one", []ruleStatement{from(in5, "MQTT-4.12.0-6")}},
	RuleAuthMethodChanged: {"auth-method-changed", ErrProtocol, ReasonProtocolError, readable,
		"the authentication method is that of the CONNECT", []ruleStatement{
			from(in5, "U-3.15-1", AUTH).by(FromClient), from(in5, "MQTT-4.12.0-5")}},
	RuleAuthCodeClient: {"auth-code-client", ErrProtocol, ReasonProtocolError, readable,
		"before the CONNACK, a client's AUTH has code 0x18", []ruleStatement{from(in5, "MQTT-4.12.0-3")}},
	RuleAuthCodeServer: {"auth-code-server", ErrProtocol, ReasonProtocolError, readable,
		"before its CONNACK, a server's AUTH has code 0x18", []ruleStatement{from(in5, "MQTT-4.12.0-2")}},
	RuleSessionExpiryRaised: {"session-expiry-raised", ErrProtocol, ReasonProtocolError, readable,
		"after a session expiry interval of 0 in CONNECT, that of DISCONNECT is 0", []ruleStatement{from(in5, "U-3.14.2.2.2-2")}},

	RuleMaximumPacketSize: {"maximum-packet-size", ErrTooLarge, ReasonPacketTooLarge, readable,
		"no packet is larger than the receiver's maximum packet size", []ruleStatement{
			from(in5, "MQTT-3.2.2-15").by(FromClient), from(in5, "MQTT-3.1.2-24").by(FromServer)}},
	RuleTopicAliasNone: {"topic-alias-none", ErrProtocol, ReasonTopicAliasInvalid, readable,
		"the receiver has announced no topic alias maximum, so there are no aliases", []ruleStatement{
			from(in5, "MQTT-3.2.2-18").by(FromClient), from(in5, "MQTT-3.1.2-27").by(FromServer)}},
	RuleTopicAliasMaximum: {"topic-alias-maximum", ErrProtocol, ReasonTopicAliasInvalid, readable,
		"a topic alias is at most the receiver's topic alias maximum", []ruleStatement{
			from(in5, "MQTT-3.2.2-17").by(FromClient), from(in5, "MQTT-3.1.2-26").by(FromServer)}},
	RuleTopicAliasUnknown: {"topic-alias-unknown", ErrProtocol, ReasonProtocolError, readable,
		"a topic alias without a topic name is one that was set before", []ruleStatement{from(in5, "U-3.3.4-2")}},
	RuleMaximumQoS: {"maximum-qos", ErrProtocol, ReasonQoSNotSupported, readable,
		"a client's QoS is at most the server's maximum QoS", []ruleStatement{from(in5, "MQTT-3.2.2-11")}},
	RuleRetainAvailable: {"retain-available", ErrProtocol, ReasonRetainNotSupported, readable,
		"RETAIN is 0 if the server has announced that retain is not available", []ruleStatement{from(in5, "MQTT-3.2.2-14")}},
	RuleWildcardAvailable: {"wildcard-available", ErrProtocol, ReasonWildcardSubscriptionsNotSupported, readable,
		"no filter contains wildcards if the server has announced that they are not available", []ruleStatement{from(in5, "U-3.2.2.3.11-3")}},
	RuleSharedAvailable: {"shared-available", ErrProtocol, ReasonSharedSubscriptionsNotSupported, readable,
		"no subscription is shared if the server has announced that shared ones are not available", []ruleStatement{from(in5, "U-3.2.2.3.13-3")}},
	RuleSubscriptionIDAvailable: {"subscription-id-available", ErrProtocol, ReasonSubscriptionIdentifiersNotSupported, readable,
		"there is no subscription identifier if the server has announced that they are not available", []ruleStatement{from(in5, "U-3.2.2.3.12-3")}},
}

// String returns the rule's short name, such as "packet-id-zero". It does not
// change between releases.
func (r Rule) String() string {
	if name := r.row().name; name != "" {
		return name
	}
	return "Rule(" + strconv.Itoa(int(r)) + ")"
}

// row returns the rule's row, which is empty if there is no such rule.
func (r Rule) row() *ruleRow {
	if r < numRules {
		return &rules[r]
	}
	return &rules[0]
}

// Rules returns every rule, in the order of the table.
func Rules() []Rule {
	all := make([]Rule, 0, numRules-1)
	for r := Rule(1); r < numRules; r++ {
		all = append(all, r)
	}
	return all
}

// Allowed says in a few words what a packet that keeps the rule has.
func (r Rule) Allowed() string { return r.row().allowed }

// Class returns the class of the errors that the rule gives: ErrMalformed,
// ErrProtocol, ErrTooLarge or ErrUnsupportedVersion.
func (r Rule) Class() error { return r.row().class }

// Readable reports whether a packet that breaks the rule can still be read: so
// that it is known which fields it has and where each ends. Only a rule that is
// Readable can be tolerated.
func (r Rule) Readable() bool { return bool(r.row().rest) }

// Reason returns the reason code with which MQTT 5.0 answers a packet that
// breaks the rule.
func (r Rule) Reason() ReasonCode { return r.row().reason }

// Statement returns the statement of the standard that the rule comes from, for
// a packet type and a version: see Error.Statement. It is empty where the
// version has no such rule, and for the rules whose statement depends on the
// property, which the Error itself names. A version that is not known gets the
// statement of the newest version that has one.
func (r Rule) Statement(t PacketType, v Version) string { return r.StatementBy(t, v, 0) }

// StatementBy is Statement for a packet of one side, as some statements are
// about what one side sends. For sender 0 the first of them counts.
func (r Rule) StatementBy(t PacketType, v Version, s Sender) string {
	if !v.Known() {
		for v = V5; v >= V31; v-- {
			if id := r.StatementBy(t, v, s); id != "" {
				return id
			}
		}
		return ""
	}
	for _, o := range r.row().origin {
		if o.versions.Has(v) && (o.packets == 0 || o.packets.has(t)) && (o.sender == 0 || s == 0 || o.sender == s) {
			return o.id
		}
	}
	return ""
}
