package mqttwire

// ReasonCode is the byte that tells a result: reason code of MQTT 5.0, return
// code of 3.1 and 3.1.1. A packet's code is always the byte on the wire in the
// packet's version; MapReasonCode goes from one version to another. Section 2.4.
type ReasonCode uint8

// The reason codes of MQTT 5.0. Section 2.4.
const (
	ReasonSuccess                             ReasonCode = 0x00
	ReasonNormalDisconnection                 ReasonCode = 0x00
	ReasonGrantedQoS0                         ReasonCode = 0x00
	ReasonGrantedQoS1                         ReasonCode = 0x01
	ReasonGrantedQoS2                         ReasonCode = 0x02
	ReasonDisconnectWithWillMessage           ReasonCode = 0x04
	ReasonNoMatchingSubscribers               ReasonCode = 0x10
	ReasonNoSubscriptionExisted               ReasonCode = 0x11
	ReasonContinueAuthentication              ReasonCode = 0x18
	ReasonReauthenticate                      ReasonCode = 0x19
	ReasonUnspecifiedError                    ReasonCode = 0x80
	ReasonMalformedPacket                     ReasonCode = 0x81
	ReasonProtocolError                       ReasonCode = 0x82
	ReasonImplementationSpecificError         ReasonCode = 0x83
	ReasonUnsupportedProtocolVersion          ReasonCode = 0x84
	ReasonClientIdentifierNotValid            ReasonCode = 0x85
	ReasonBadUserNameOrPassword               ReasonCode = 0x86
	ReasonNotAuthorized                       ReasonCode = 0x87
	ReasonServerUnavailable                   ReasonCode = 0x88
	ReasonServerBusy                          ReasonCode = 0x89
	ReasonBanned                              ReasonCode = 0x8A
	ReasonServerShuttingDown                  ReasonCode = 0x8B
	ReasonBadAuthenticationMethod             ReasonCode = 0x8C
	ReasonKeepAliveTimeout                    ReasonCode = 0x8D
	ReasonSessionTakenOver                    ReasonCode = 0x8E
	ReasonTopicFilterInvalid                  ReasonCode = 0x8F
	ReasonTopicNameInvalid                    ReasonCode = 0x90
	ReasonPacketIdentifierInUse               ReasonCode = 0x91
	ReasonPacketIdentifierNotFound            ReasonCode = 0x92
	ReasonReceiveMaximumExceeded              ReasonCode = 0x93
	ReasonTopicAliasInvalid                   ReasonCode = 0x94
	ReasonPacketTooLarge                      ReasonCode = 0x95
	ReasonMessageRateTooHigh                  ReasonCode = 0x96
	ReasonQuotaExceeded                       ReasonCode = 0x97
	ReasonAdministrativeAction                ReasonCode = 0x98
	ReasonPayloadFormatInvalid                ReasonCode = 0x99
	ReasonRetainNotSupported                  ReasonCode = 0x9A
	ReasonQoSNotSupported                     ReasonCode = 0x9B
	ReasonUseAnotherServer                    ReasonCode = 0x9C
	ReasonServerMoved                         ReasonCode = 0x9D
	ReasonSharedSubscriptionsNotSupported     ReasonCode = 0x9E
	ReasonConnectionRateExceeded              ReasonCode = 0x9F
	ReasonMaximumConnectTime                  ReasonCode = 0xA0
	ReasonSubscriptionIdentifiersNotSupported ReasonCode = 0xA1
	ReasonWildcardSubscriptionsNotSupported   ReasonCode = 0xA2
)

// The return codes of CONNACK in MQTT 3.1 and 3.1.1, and the failure code of
// SUBACK in 3.1.1. Sections 3.2.2.3 and 3.9.3 of 3.1.1.
const (
	ReturnAccepted                    ReasonCode = 0
	ReturnUnacceptableProtocolVersion ReasonCode = 1
	ReturnIdentifierRejected          ReasonCode = 2
	ReturnServerUnavailable           ReasonCode = 3
	ReturnBadUserNameOrPassword       ReasonCode = 4
	ReturnNotAuthorized               ReasonCode = 5
	ReturnFailure                     ReasonCode = 0x80
)

// noReturn stands for "no return code of 3.x says this".
const noReturn ReasonCode = 0xFF

// reasonRow says of a 5.0 reason code which packets of which side may carry it,
// and which return code of 3.x says the same in CONNACK. A code with several
// names has a row for each.
type reasonRow struct {
	code    ReasonCode
	name    string
	client  packetSet
	server  packetSet
	connack ReasonCode // the return code of 3.x, or noReturn
}

// The packets that a side may put a code in. Codes of CONNACK, SUBACK and
// UNSUBACK are the server's by the packets' own direction.
var (
	onPublish = setOf(PUBACK, PUBREC)
	onSub     = setOf(SUBACK, UNSUBACK)
	onConnack = setOf(CONNACK)
	onDisc    = setOf(DISCONNECT)
)

// reasonTable is section 2.4, with the sender columns of the packets' own
// tables. 0x8C in DISCONNECT is in the general table only, and 0x9B from a
// client in the text of PUBLISH only; both are allowed.
var reasonTable = []reasonRow{
	{0x00, "Success", setOf(PUBACK, PUBREC, PUBREL, PUBCOMP), setOf(CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK, AUTH), 0},
	{0x00, "Normal disconnection", onDisc, onDisc, 0},
	{0x00, "Granted QoS 0", 0, setOf(SUBACK), 0},
	{0x01, "Granted QoS 1", 0, setOf(SUBACK), noReturn},
	{0x02, "Granted QoS 2", 0, setOf(SUBACK), noReturn},
	{0x04, "Disconnect with Will Message", onDisc, 0, noReturn},
	{0x10, "No matching subscribers", 0, onPublish, noReturn},
	{0x11, "No subscription existed", 0, setOf(UNSUBACK), noReturn},
	{0x18, "Continue authentication", setOf(AUTH), setOf(AUTH), noReturn},
	{0x19, "Re-authenticate", setOf(AUTH), 0, noReturn},
	{0x80, "Unspecified error", onPublish | onDisc, onConnack | onPublish | onSub | onDisc, 3},
	{0x81, "Malformed Packet", onDisc, onConnack | onDisc, noReturn},
	{0x82, "Protocol Error", onDisc, onConnack | onDisc, noReturn},
	{0x83, "Implementation specific error", onPublish | onDisc, onConnack | onPublish | onSub | onDisc, 3},
	{0x84, "Unsupported Protocol Version", 0, onConnack, 1},
	{0x85, "Client Identifier not valid", 0, onConnack, 2},
	{0x86, "Bad User Name or Password", 0, onConnack, 4},
	{0x87, "Not authorized", onPublish, onConnack | onPublish | onSub | onDisc, 5},
	{0x88, "Server unavailable", 0, onConnack, 3},
	{0x89, "Server busy", 0, onConnack | onDisc, 3},
	{0x8A, "Banned", 0, onConnack, 5},
	{0x8B, "Server shutting down", 0, onDisc, noReturn},
	{0x8C, "Bad authentication method", onDisc, onConnack | onDisc, 5},
	{0x8D, "Keep Alive timeout", 0, onDisc, noReturn},
	{0x8E, "Session taken over", 0, onDisc, noReturn},
	{0x8F, "Topic Filter invalid", 0, onSub | onDisc, noReturn},
	{0x90, "Topic Name invalid", onPublish | onDisc, onConnack | onPublish | onDisc, 5},
	{0x91, "Packet Identifier in use", onPublish, onPublish | onSub, noReturn},
	{0x92, "Packet Identifier not found", setOf(PUBREL, PUBCOMP), setOf(PUBREL, PUBCOMP), noReturn},
	{0x93, "Receive Maximum exceeded", onDisc, onDisc, noReturn},
	{0x94, "Topic Alias invalid", onDisc, onDisc, noReturn},
	{0x95, "Packet too large", onDisc, onConnack | onDisc, noReturn},
	{0x96, "Message rate too high", onDisc, onDisc, noReturn},
	{0x97, "Quota exceeded", onPublish | onDisc, onConnack | onPublish | setOf(SUBACK) | onDisc, 3},
	{0x98, "Administrative action", onDisc, onDisc, noReturn},
	{0x99, "Payload format invalid", onPublish | onDisc, onConnack | onPublish | onDisc, noReturn},
	{0x9A, "Retain not supported", 0, onConnack | onDisc, noReturn},
	{0x9B, "QoS not supported", onDisc, onConnack | onDisc, noReturn},
	{0x9C, "Use another server", 0, onConnack | onDisc, 3},
	{0x9D, "Server moved", 0, onConnack | onDisc, 3},
	{0x9E, "Shared Subscriptions not supported", 0, setOf(SUBACK) | onDisc, noReturn},
	{0x9F, "Connection rate exceeded", 0, onConnack | onDisc, 3},
	{0xA0, "Maximum connect time", 0, onDisc, noReturn},
	{0xA1, "Subscription Identifiers not supported", 0, setOf(SUBACK) | onDisc, noReturn},
	{0xA2, "Wildcard Subscriptions not supported", 0, setOf(SUBACK) | onDisc, noReturn},
}

// returnRow is a return code of CONNACK in 3.1 and 3.1.1, its name there and
// the reason code of 5.0 that says the same.
type returnRow struct {
	name   string
	reason ReasonCode
}

// returnTable is section 3.2.2.3 of 3.1.1, indexed by the code.
var returnTable = [...]returnRow{
	ReturnAccepted:                    {"Connection accepted", ReasonSuccess},
	ReturnUnacceptableProtocolVersion: {"Refused: unacceptable protocol version", ReasonUnsupportedProtocolVersion},
	ReturnIdentifierRejected:          {"Refused: identifier rejected", ReasonClientIdentifierNotValid},
	ReturnServerUnavailable:           {"Refused: server unavailable", ReasonServerUnavailable},
	ReturnBadUserNameOrPassword:       {"Refused: bad user name or password", ReasonBadUserNameOrPassword},
	ReturnNotAuthorized:               {"Refused: not authorized", ReasonNotAuthorized},
}

// reasonPackets tells for each code which packets may carry it in 5.0, from the
// client and from the server.
var reasonPackets = func() (in [2][256]packetSet) {
	for _, row := range reasonTable {
		in[0][row.code] |= row.client
		in[1][row.code] |= row.server
	}
	return in
}()

// eitherSide tells for each code which packets may carry it in 5.0.
var eitherSide = func() (in [256]packetSet) {
	for code := range in {
		in[code] = reasonPackets[0][code] | reasonPackets[1][code]
	}
	return in
}()

// IsError reports whether the code says failure in MQTT 5.0: 0x80 and above.
// Section 2.4. The return codes of CONNACK in 3.x all but 0 say failure, though
// this reports false for them.
func (c ReasonCode) IsError() bool { return c >= 0x80 }

// AllowedIn reports whether a packet of type t, sent by the given side in
// version v, may carry the code; sender 0 stands for either side. In 3.x only
// CONNACK and SUBACK have codes. Sections 2.4 and, for the side, 3.4.2.1,
// 3.5.2.1, 3.14.2.1 and 3.15.2.1.
func (c ReasonCode) AllowedIn(t PacketType, v Version, s Sender) bool {
	if v != V5 {
		return c.allowedIn3(t, v)
	}
	switch s {
	case FromClient:
		return reasonPackets[0][c].has(t)
	case FromServer:
		return reasonPackets[1][c].has(t)
	}
	return eitherSide[c].has(t)
}

func (c ReasonCode) allowedIn3(t PacketType, v Version) bool {
	switch t {
	case CONNACK:
		return int(c) < len(returnTable)
	case SUBACK:
		// 0x80 came with 3.1.1; 3.1 has no way to say failure.
		return c <= ReasonGrantedQoS2 || v == V311 && c == ReturnFailure
	}
	return false
}

// String returns the code in hexadecimal, such as "0x87 Not authorized": with its
// name in 5.0 or, if no packet of 5.0 has it, in CONNACK of 3.x. The codes 1, 2
// and 4, which say something else in CONNACK of 3.x than in 5.0, have no name
// without packet and version: see Name.
func (c ReasonCode) String() string {
	name := ""
	for i := len(reasonTable) - 1; i >= 0; i-- { // the first name of several counts
		if reasonTable[i].code == c {
			name = reasonTable[i].name
		}
	}
	if c != ReasonSuccess && int(c) < len(returnTable) {
		if name != "" {
			return c.withName("")
		}
		name = returnTable[c].name
	}
	return c.withName(name)
}

// withName returns the code in hexadecimal and, if it is not empty, the name.
func (c ReasonCode) withName(name string) string {
	s := string(appendHex([]byte("0x"), int64(c), 2))
	if name != "" {
		s += " " + name
	}
	return s
}

// Name returns the name that the standard of version v gives the code in
// packets of type t, such as "Granted QoS 0" for 0 in SUBACK; or "" if the
// packet may not carry it. If v is 0, as the version is not known, it returns the
// name that all versions have which have the code there; or "" if they differ, as
// for 0x80 in SUBACK, or if none has it.
func (c ReasonCode) Name(t PacketType, v Version) string {
	if v != 0 {
		return c.nameIn(t, v)
	}
	name := ""
	for v := V31; v <= V5; v++ {
		in := c.nameIn(t, v)
		if name != "" && in != "" && in != name {
			return ""
		}
		if in != "" {
			name = in
		}
	}
	return name
}

// nameIn is Name for one version.
func (c ReasonCode) nameIn(t PacketType, v Version) (name string) {
	switch {
	case !v.Known() || !c.AllowedIn(t, v, 0):
		return ""
	case v != V5 && t == CONNACK:
		return returnTable[c].name
	case v != V5 && c == ReturnFailure:
		return "Failure"
	}
	for _, row := range reasonTable { // no code has two names in one packet
		if row.code == c && (row.client | row.server).has(t) {
			name = row.name
		}
	}
	return name
}

// MapReasonCode returns the code that says in version to what c says in version
// from, for packets of type t. Where 3.x has packets of that type without a code,
// which say success by being there, as PUBACK and UNSUBACK, 0 stands for that, and
// every success of 5.0 is mapped to it. ok is false where the version has no way
// to say it: then the usual answers are to leave the packet as a plain success (a
// refused PUBLISH of 3.1.1), or to close the connection.
func MapReasonCode(t PacketType, c ReasonCode, from, to Version) (code ReasonCode, ok bool) {
	switch {
	case !from.Known() || !to.Known() || !c.saidIn(t, from):
		return 0, false
	case from == V5 && to != V5 && t == CONNACK:
		return c.connackReturn()
	case from != V5 && to == V5 && t == CONNACK:
		return returnTable[c].reason, true
	case from == V5 && to == V311 && t == SUBACK && c.IsError():
		return ReturnFailure, true
	case from == V311 && to == V5 && t == SUBACK && c == ReturnFailure:
		return ReasonUnspecifiedError, true
	case to != V5 && withoutCode.has(t) && !c.IsError() && c != ReasonDisconnectWithWillMessage:
		return ReasonSuccess, true
	}
	return c, c.saidIn(t, to)
}

// withoutCode are the packets with a code in 5.0 that say success in 3.x by being
// there, and have no way to say anything else.
var withoutCode = setOf(PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK, DISCONNECT)

// saidIn reports whether a packet of type t says the code in version v, be it by
// being there.
func (c ReasonCode) saidIn(t PacketType, v Version) bool {
	return c.AllowedIn(t, v, 0) || v != V5 && c == ReasonSuccess && withoutCode.has(t)
}

func (c ReasonCode) connackReturn() (ReasonCode, bool) {
	for _, row := range reasonTable {
		if row.code == c && row.server.has(CONNACK) {
			return row.connack, row.connack != noReturn
		}
	}
	return 0, false
}
