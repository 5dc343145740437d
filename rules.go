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
	RuleAuthEmpty

	// The sender.
	RuleDirection
	RuleReasonSender
	RuleSubscriptionIDSender
	RuleSessionExpirySender

	numRules
)

// ruleRow is one row of the rule table.
type ruleRow struct {
	name    string // short and stable, for the corpus and for switches
	class   error
	reason  ReasonCode
	allowed string // what a legal packet has
	origin  []ruleStatement
}

// ruleStatement says which statement a rule comes from, for some versions and
// some packet types (none named: all). The first that fits counts.
type ruleStatement struct {
	id       string
	versions versionSet
	packets  packetSet
}

func from(versions versionSet, id string, packets ...PacketType) ruleStatement {
	return ruleStatement{id, versions, setOf(packets...)}
}

// rules is the one home of every check's class, reason code, wording and
// origin. The origins of the property rules, which differ for each property and
// packet, stand in the property table.
var rules = [numRules]ruleRow{
	RulePacketType: {"packet-type", ErrMalformed, ReasonMalformedPacket,
		"1 to 14 are allowed, and from 5.0 on 15", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.1"), from(in5, "U-2.1.2-1")}},
	RuleFlags: {"flags", ErrMalformed, ReasonMalformedPacket,
		"the flag bits have one value for each packet type, 2 for PUBREL, SUBSCRIBE and UNSUBSCRIBE, else 0", []ruleStatement{
			from(in311|in5, "MQTT-3.6.1-1", PUBREL), from(in311|in5, "MQTT-3.8.1-1", SUBSCRIBE),
			from(in311|in5, "MQTT-3.10.1-1", UNSUBSCRIBE), from(in311|in5, "MQTT-3.14.1-1", DISCONNECT),
			from(in5, "MQTT-3.15.1-1", AUTH), from(in311, "MQTT-2.2.2-1"), from(in5, "MQTT-2.1.3-1")}},
	RuleVarintLength: {"varint-length", ErrMalformed, ReasonMalformedPacket,
		"a variable byte integer has at most 4 bytes, for 0 to 268435455", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"), from(in5, "U-1.5.5-1")}},
	RuleVarintMinimal: {"varint-minimal", ErrMalformed, ReasonMalformedPacket,
		"a variable byte integer has the fewest bytes that hold it", []ruleStatement{from(in5, "MQTT-1.5.5-1")}},
	RuleVarintCut: {"varint-cut", ErrMalformed, ReasonMalformedPacket,
		"a variable byte integer ends inside its packet and its property block", []ruleStatement{from(in5, "U-1.5.5-2")}},
	RuleRemainingLength: {"remaining-length", ErrTooLarge, ReasonPacketTooLarge,
		"at most 268435455 bytes follow the fixed header", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"), from(in5, "U-2.1.4-1")}},
	RulePacketSize: {"packet-size", ErrTooLarge, ReasonPacketTooLarge,
		"the whole packet is within the receiver's maximum packet size", []ruleStatement{from(inAll, "U-2.1.4-3")}},
	RuleFrameType: {"frame-type", ErrProtocol, ReasonProtocolError,
		"a frame is decoded by the packet type in its first byte", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.1"), from(in5, "U-2.1.2-1")}},
	RuleFrameLength: {"frame-length", ErrMalformed, ReasonMalformedPacket,
		"a frame's body has as many bytes as its remaining length says", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"), from(in5, "U-2.1.4-2")}},
	RuleVersion: {"version", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion,
		"a version is 3 (3.1), 4 (3.1.1) or 5 (5.0), or 0 for a CONNECT that tells its own", []ruleStatement{from(inAll, "MQTT-3.1.2-2")}},
	RuleFieldMissing: {"field-missing", ErrMalformed, ReasonMalformedPacket,
		"every field lies inside the remaining length", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"), from(in5, "U-2.1.4-2")}},
	RuleLeftOver: {"left-over", ErrMalformed, ReasonMalformedPacket,
		"the packet ends with its last field", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.3"),
			from(in5, "U-3.12.1-1", PINGREQ), from(in5, "U-3.13.1-1", PINGRESP),
			from(in5, "U-2.3-1", CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT, AUTH), from(in5, "U-2.1.4-2")}},
	RuleNotInVersion: {"not-in-version", ErrProtocol, ReasonProtocolError,
		"this version has no place for it, and leaving it out would change the meaning", []ruleStatement{
			from(in31, "3.1 section 3.2", CONNACK), from(in5, "5.0 section 3.1.2.2", CONNECT),
			from(in31, "3.1 section 3.8", SUBSCRIBE), from(in311, "MQTT-3.8.3-4", SUBSCRIBE),
			from(in31, "3.1 section 3.11", UNSUBACK), from(in311, "3.1.1 section 3.11", UNSUBACK),
			from(in31, "3.1 section 3.14", DISCONNECT), from(in311, "3.1.1 section 3.14", DISCONNECT),
			from(in31, "3.1 section 2.2"), from(in311, "3.1.1 section 2.3")}},

	RuleStringLength: {"string-length", ErrMalformed, ReasonMalformedPacket,
		"a string has 0 to 65535 bytes, all inside the packet and its property block", []ruleStatement{
			from(in31, "3.1 section 2.5"), from(in311, "3.1.1 section 1.5.3"), from(in5, "U-1.5.4-1")}},
	RuleBinaryLength: {"binary-length", ErrMalformed, ReasonMalformedPacket,
		"binary data has 0 to 65535 bytes, all inside the packet and its property block", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "3.1.1 section 3.1.3"), from(in5, "U-1.5.6-1")}},
	RuleUTF8: {"utf8", ErrMalformed, ReasonMalformedPacket,
		"a string is well-formed UTF-8; only 3.1 also takes Java's modified form", []ruleStatement{
			from(in31, "3.1 section 2.5"), from(in311, "MQTT-1.5.3-1"), from(in5, "MQTT-1.5.4-1")}},
	RuleNUL: {"nul", ErrMalformed, ReasonMalformedPacket,
		"U+0000 is in no string", []ruleStatement{from(in311, "MQTT-1.5.3-2"), from(in5, "MQTT-1.5.4-2")}},
	RuleDiscouraged: {"discouraged", ErrMalformed, ReasonMalformedPacket,
		"control characters and noncharacters should be in no string", []ruleStatement{
			from(in311, "3.1.1 section 1.5.3"), from(in5, "U-1.5.4-2")}},
	RuleTopicEmpty: {"topic-empty", ErrMalformed, ReasonMalformedPacket,
		"a topic name or filter has at least one character", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311|in5, "MQTT-4.7.3-1")}},
	RuleTopicNUL: {"topic-nul", ErrMalformed, ReasonMalformedPacket,
		"U+0000 is in no topic name or filter", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311|in5, "MQTT-4.7.3-2")}},
	RuleTopicWildcard: {"topic-wildcard", ErrMalformed, ReasonMalformedPacket,
		"a topic name has neither + nor #", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311|in5, "MQTT-3.3.2-2", PUBLISH),
			from(in311, "MQTT-4.7.1-1"), from(in5, "MQTT-4.7.0-1")}},
	RuleFilterHash: {"filter-hash", ErrMalformed, ReasonMalformedPacket,
		"# is the last level of a filter, and all of that level", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311, "MQTT-4.7.1-2"), from(in5, "MQTT-4.7.1-1")}},
	RuleFilterPlus: {"filter-plus", ErrMalformed, ReasonMalformedPacket,
		"+ is all of a level of a filter", []ruleStatement{
			from(in31, "3.1 appendix A"), from(in311, "MQTT-4.7.1-3"), from(in5, "MQTT-4.7.1-2")}},
	RuleShareNameEmpty: {"share-name-empty", ErrMalformed, ReasonMalformedPacket,
		"$share/ is followed by a ShareName of at least one character", []ruleStatement{from(in5, "MQTT-4.8.2-1")}},
	RuleShareForm: {"share-form", ErrMalformed, ReasonMalformedPacket,
		"a ShareName has neither + nor #, and is followed by / and a topic filter", []ruleStatement{from(in5, "MQTT-4.8.2-2")}},

	RulePropertyLengthMissing: {"property-length-missing", ErrMalformed, ReasonMalformedPacket,
		"a property length is there, 0 if there are no properties", []ruleStatement{
			from(in5, "U-3.15.2.2.1-1", AUTH), from(in5, "MQTT-2.2.2-1")}},
	RulePropertyLength: {"property-length", ErrMalformed, ReasonMalformedPacket,
		"the properties lie inside the packet", []ruleStatement{from(in5, "U-2.2.2.1-1")}},
	RulePropertyCut: {"property-cut", ErrMalformed, ReasonMalformedPacket,
		"the last property ends where the property length says", []ruleStatement{from(in5, "U-2.2.2.1-2")}},
	RulePropertyIDForm: {"property-id-form", ErrMalformed, ReasonMalformedPacket,
		"a property identifier is a variable byte integer in its shortest form", []ruleStatement{from(in5, "U-2.2.2.2-3")}},
	RulePropertyUnknown: {"property-unknown", ErrMalformed, ReasonMalformedPacket,
		"a property identifier is one of the 27 that the standard defines", []ruleStatement{from(in5, "U-2.2.2.2-1")}},
	RulePropertyNotAllowed: {"property-not-allowed", ErrMalformed, ReasonMalformedPacket,
		"a property stands only in the packets it is defined for", []ruleStatement{from(in5, "U-2.2.2.2-1")}},
	RulePropertyRepeated: {"property-repeated", ErrProtocol, ReasonProtocolError,
		"the property is there at most once", nil},
	RulePropertyBool: {"property-bool", ErrProtocol, ReasonProtocolError,
		"0 and 1 are allowed", nil},
	RulePropertyZero: {"property-zero", ErrProtocol, ReasonProtocolError,
		"0 is not allowed", nil},
	RuleTopicAliasZero: {"topic-alias-zero", ErrProtocol, ReasonTopicAliasInvalid,
		"a topic alias is 1 to 65535", []ruleStatement{from(in5, "MQTT-3.3.2-8")}},
	RuleResponseTopicEmpty: {"response-topic-empty", ErrProtocol, ReasonProtocolError,
		"a response topic is a topic name, so it has at least one character", []ruleStatement{
			from(in5, "U-3.3.2.3.5-2", PUBLISH), from(in5, "U-3.1.3.2.6-2", CONNECT)}},
	RuleResponseTopicWildcard: {"response-topic-wildcard", ErrProtocol, ReasonProtocolError,
		"a response topic is a topic name, so it has neither + nor #", []ruleStatement{from(in5, "MQTT-3.3.2-14")}},
	RuleAuthDataAlone: {"auth-data-alone", ErrProtocol, ReasonProtocolError,
		"authentication data comes with an authentication method", []ruleStatement{from(in5, "U-3.1.2.11.10-1")}},
	RuleAuthMethodMissing: {"auth-method-missing", ErrProtocol, ReasonProtocolError,
		"AUTH has an authentication method", []ruleStatement{from(in5, "U-3.15.2.2.2-1")}},

	RulePacketIDZero: {"packet-id-zero", ErrProtocol, ReasonProtocolError,
		"a packet identifier is 1 to 65535", []ruleStatement{
			from(in31, "3.1 section 2.4"), from(in311, "MQTT-2.3.1-1", PUBLISH, SUBSCRIBE, UNSUBSCRIBE),
			from(in311, "MQTT-2.3.1-7", SUBACK, UNSUBACK), from(in311, "MQTT-2.3.1-6"),
			from(in5, "MQTT-2.2.1-3", PUBLISH, SUBSCRIBE, UNSUBSCRIBE), from(in5, "U-2.2.1-1")}},
	RuleReasonCode: {"reason-code", ErrProtocol, ReasonProtocolError,
		"the code is one that the standard lists for this packet", []ruleStatement{
			from(in31, "3.1 section 3.2", CONNACK), from(in311, "3.1.1 section 3.2.2.3", CONNACK), from(in5, "MQTT-3.2.2-8", CONNACK),
			from(in31, "3.1 section 3.9", SUBACK), from(in311|in5, "MQTT-3.9.3-2", SUBACK),
			from(in5, "MQTT-3.4.2-1", PUBACK), from(in5, "MQTT-3.5.2-1", PUBREC), from(in5, "MQTT-3.6.2-1", PUBREL),
			from(in5, "MQTT-3.7.2-1", PUBCOMP), from(in5, "MQTT-3.11.3-2", UNSUBACK),
			from(in5, "MQTT-3.14.2-1", DISCONNECT), from(in5, "MQTT-3.15.2-1", AUTH)}},

	RuleProtocolName: {"protocol-name", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion,
		"the protocol name is MQTT, in 3.1 MQIsdp", []ruleStatement{from(inAll, "MQTT-3.1.2-1")}},
	RuleProtocolVersion: {"protocol-version", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion,
		"3 goes with MQIsdp, 4 and 5 with MQTT, if the receiver serves that version", []ruleStatement{from(inAll, "MQTT-3.1.2-2")}},
	RuleConnectVersion: {"connect-version", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion,
		"the version of the value is 0 or the version that is written", []ruleStatement{from(inAll, "MQTT-3.1.2-2")}},
	RuleBridge: {"bridge", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion,
		"bit 7 of the protocol level is 0; mosquitto's bridges set it", []ruleStatement{from(in3x, "MQTT-3.1.2-2")}},
	RuleConnectReserved: {"connect-reserved", ErrMalformed, ReasonMalformedPacket,
		"bit 0 of the connect flags is 0", []ruleStatement{from(in311|in5, "MQTT-3.1.2-3")}},
	RuleWillQoS: {"will-qos", ErrMalformed, ReasonMalformedPacket,
		"the will's QoS is 0, 1 or 2", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.2-14"), from(in5, "MQTT-3.1.2-12")}},
	RuleWillQoSAlone: {"will-qos-alone", ErrMalformed, ReasonMalformedPacket,
		"without a will, will QoS is 0", []ruleStatement{from(in311, "MQTT-3.1.2-13"), from(in5, "MQTT-3.1.2-11")}},
	RuleWillRetainAlone: {"will-retain-alone", ErrMalformed, ReasonMalformedPacket,
		"without a will, will retain is 0", []ruleStatement{from(in311, "MQTT-3.1.2-15"), from(in5, "MQTT-3.1.2-13")}},
	RulePasswordAlone: {"password-alone", ErrMalformed, ReasonMalformedPacket,
		"before 5.0 a password comes with a user name", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.2-22")}},
	RuleClientIDMissing: {"client-id-missing", ErrMalformed, ReasonMalformedPacket,
		"the payload begins with the client identifier", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311|in5, "MQTT-3.1.3-3")}},
	RuleClientIDLength: {"client-id-length", ErrProtocol, ReasonClientIdentifierNotValid,
		"3.1 allows 1 to 23 characters; 3.1.1 allows none only with clean session", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.3-8")}},
	RuleWillMissing: {"will-missing", ErrMalformed, ReasonMalformedPacket,
		"with the will flag, the will's topic and payload are there", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311|in5, "MQTT-3.1.2-9")}},
	RuleUserNameMissing: {"user-name-missing", ErrMalformed, ReasonMalformedPacket,
		"with the user name flag, a user name is there", []ruleStatement{from(in311, "MQTT-3.1.2-19"), from(in5, "MQTT-3.1.2-17")}},
	RuleUserNameUnflagged: {"user-name-unflagged", ErrMalformed, ReasonMalformedPacket,
		"without the user name flag, no user name follows", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.2-18"), from(in5, "MQTT-3.1.2-16")}},
	RulePasswordMissing: {"password-missing", ErrMalformed, ReasonMalformedPacket,
		"with the password flag, a password is there", []ruleStatement{from(in311, "MQTT-3.1.2-21"), from(in5, "MQTT-3.1.2-19")}},
	RulePasswordUnflagged: {"password-unflagged", ErrMalformed, ReasonMalformedPacket,
		"without the password flag, no password follows", []ruleStatement{
			from(in31, "3.1 section 3.1"), from(in311, "MQTT-3.1.2-20"), from(in5, "MQTT-3.1.2-18")}},
	RuleAcknowledgeFlags: {"acknowledge-flags", ErrMalformed, ReasonMalformedPacket,
		"bits 7 to 1 of the connect acknowledge flags are 0", []ruleStatement{
			from(in311, "3.1.1 section 3.2.2.1"), from(in5, "MQTT-3.2.2-1")}},
	RuleSessionPresent: {"session-present", ErrProtocol, ReasonProtocolError,
		"session present goes with code 0 only", []ruleStatement{from(in311, "MQTT-3.2.2-4"), from(in5, "MQTT-3.2.2-6")}},
	RuleVersionRefused: {"version-refused", ErrUnsupportedVersion, ReasonUnsupportedProtocolVersion,
		"this is how a server that knows only MQTT 3 refuses 5.0", []ruleStatement{from(in5, "MQTT-3.1.2-2")}},

	RuleQoS: {"qos", ErrMalformed, ReasonMalformedPacket,
		"QoS is 0, 1 or 2", []ruleStatement{from(in31, "3.1 section 2.1"), from(in311|in5, "MQTT-3.3.1-4")}},
	RuleDup: {"dup", ErrMalformed, ReasonMalformedPacket,
		"with QoS 0, DUP is 0", []ruleStatement{from(in311|in5, "MQTT-3.3.1-2")}},
	RuleTopicOrAlias: {"topic-or-alias", ErrProtocol, ReasonProtocolError,
		"an empty topic name comes with a topic alias", []ruleStatement{from(in5, "U-3.3.2.1-1")}},
	RulePayloadFormat: {"payload-format", ErrProtocol, ReasonPayloadFormatInvalid,
		"with payload format indicator 1, the payload is well-formed UTF-8", []ruleStatement{
			from(in5, "U-3.1.3.2.3-3", CONNECT), from(in5, "U-3.3.2.3.2-3")}},

	RuleNoFilters: {"no-filters", ErrProtocol, ReasonProtocolError,
		"there is at least one topic filter", []ruleStatement{
			from(in311, "MQTT-3.8.3-3", SUBSCRIBE), from(in5, "MQTT-3.8.3-2", SUBSCRIBE), from(in311|in5, "MQTT-3.10.3-2", UNSUBSCRIBE)}},
	RuleOptionsMissing: {"options-missing", ErrMalformed, ReasonMalformedPacket,
		"each topic filter is followed by a byte of options", []ruleStatement{
			from(in31, "3.1 section 3.8"), from(in311, "MQTT-3.8.3-3"), from(in5, "U-3.8.3-2")}},
	RuleRequestedQoS: {"requested-qos", ErrProtocol, ReasonProtocolError,
		"the requested QoS is 0, 1 or 2", []ruleStatement{
			from(in31, "3.1 section 3.8"), from(in311, "MQTT-3.8.3-4"), from(in5, "U-3.8.3.1-1")}},
	RuleOptionsReserved: {"options-reserved", ErrMalformed, ReasonMalformedPacket,
		"the reserved bits are 0: 7 to 2 in 3.1.1, 7 and 6 in 5.0", []ruleStatement{
			from(in311, "MQTT-3.8.3-4"), from(in5, "MQTT-3.8.3-5")}},
	RuleRetainHandling: {"retain-handling", ErrProtocol, ReasonProtocolError,
		"retain handling is 0, 1 or 2", []ruleStatement{from(in5, "U-3.8.3.1-2")}},
	RuleNoLocalShared: {"no-local-shared", ErrProtocol, ReasonProtocolError,
		"no local does not go with a shared subscription", []ruleStatement{from(in5, "MQTT-3.8.3-4")}},
	RuleNoReasonCodes: {"no-reason-codes", ErrProtocol, ReasonProtocolError,
		"there is at least one code", []ruleStatement{from(in311, "3.1.1 section 2.4"), from(in5, "U-2.3-2")}},
	RuleAuthEmpty: {"auth-empty", ErrProtocol, ReasonProtocolError,
		"AUTH has an authentication method, although a remaining length of 0 is described", []ruleStatement{from(in5, "U-3.15.2.1-1")}},

	RuleDirection: {"direction", ErrProtocol, ReasonProtocolError,
		"only the other side sends packets of this type", []ruleStatement{
			from(in31, "3.1 section 2.1"), from(in311, "3.1.1 section 2.2.1"), from(in5, "U-2.1.2-2")}},
	RuleReasonSender: {"reason-sender", ErrProtocol, ReasonProtocolError,
		"only the other side sends this code", []ruleStatement{
			from(in5, "U-3.4.2.1-2", PUBACK), from(in5, "U-3.5.2.1-2", PUBREC),
			from(in5, "U-3.14.2.1-2", DISCONNECT), from(in5, "U-3.15.2.1-2", AUTH)}},
	RuleSubscriptionIDSender: {"subscription-id-sender", ErrProtocol, ReasonProtocolError,
		"a client's PUBLISH has no subscription identifier", []ruleStatement{from(in5, "MQTT-3.3.4-6")}},
	RuleSessionExpirySender: {"session-expiry-sender", ErrProtocol, ReasonProtocolError,
		"a server's DISCONNECT has no session expiry interval", []ruleStatement{from(in5, "MQTT-3.14.2-2")}},
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

// Reason returns the reason code with which MQTT 5.0 answers a packet that
// breaks the rule.
func (r Rule) Reason() ReasonCode { return r.row().reason }

// Statement returns the statement of the standard that the rule comes from, for
// a packet type and a version: see Error.Statement. It is empty where the
// version has no such rule, and for the rules whose statement depends on the
// property, which the Error itself names. A version that is not known gets the
// statement of the newest version that has one.
func (r Rule) Statement(t PacketType, v Version) string {
	if !v.Known() {
		for v = V5; v >= V31; v-- {
			if s := r.Statement(t, v); s != "" {
				return s
			}
		}
		return ""
	}
	for _, o := range r.row().origin {
		if o.versions.has(v) && (o.packets == 0 || o.packets.has(t)) {
			return o.id
		}
	}
	return ""
}
