package mqttwire

// To add a property, touch four places:
//
//  1. its identifier, in the constants of properties.go, which end with how many
//     there are;
//  2. its row in propertyTable there: name, type, what its value must be, and
//     where it may stand, with the statements; without the one that it stands
//     there at most once, it may be repeated;
//  3. its getter and setter here. One that repeats has an adder and an iterator
//     instead, as AddUser and User;
//  4. its row in packets/convert_rules.go: what becomes of a packet without it, in
//     a version that has no place for it.
//
// Decoding, encoding, printing and mqttdump need no more. If no property before
// had this type together with this demand on its value, neither has
// scanLegalProperties, and TestQuickScanKnowsTheTable says so.
//
// The other readings of the standard do not look at the table, so that a mistake
// in it shows: internal/model has its forms, and mqttwiretest its propertyForms
// and propertySetters. The statements stand in testdata/spec, and the tests name
// a property that lacks its corpus cases.

// A typed getter and setter for each property that is there once at most. A
// getter's ok is false where the list does not hold the property. A setter
// replaces the present value, and puts the property last. The two that repeat
// have AddUser and AddSubscriptionID, User and SubscriptionIDs; and
// SubscriptionIdentifier is for SUBSCRIBE, which has one at most.

// PayloadFormatIndicator returns 0 for unspecified bytes, 1 for UTF-8 text.
// PUBLISH, will. Section 3.3.2.3.2.
func (p *propertyList) PayloadFormatIndicator() (v uint8, ok bool) {
	n, ok := p.number(PayloadFormatIndicator)
	return uint8(n), ok
}

// SetPayloadFormatIndicator sets PayloadFormatIndicator, 0 or 1. Section
// 3.3.2.3.2.
func (p *propertyList) SetPayloadFormatIndicator(v uint8) {
	p.setNumber(PayloadFormatIndicator, uint32(v))
}

// MessageExpiryInterval returns the message's lifetime in seconds. PUBLISH,
// will. Section 3.3.2.3.3.
func (p *propertyList) MessageExpiryInterval() (v uint32, ok bool) {
	return p.number(MessageExpiryInterval)
}

// SetMessageExpiryInterval sets MessageExpiryInterval. Section 3.3.2.3.3.
func (p *propertyList) SetMessageExpiryInterval(v uint32) { p.setNumber(MessageExpiryInterval, v) }

// ContentType returns a description of the content, such as a media type.
// PUBLISH, will. Section 3.3.2.3.9.
func (p *propertyList) ContentType() (v []byte, ok bool) {
	return p.bytes(ContentType)
}

// SetContentType sets ContentType, a UTF-8 string of 0 to 65535 bytes. Section
// 3.3.2.3.9.
func (p *propertyList) SetContentType(v []byte) { p.setBytes(ContentType, v) }

// ResponseTopic returns the topic name for a response: not empty, no wildcards.
// PUBLISH, will. Section 3.3.2.3.5.
func (p *propertyList) ResponseTopic() (v []byte, ok bool) {
	return p.bytes(ResponseTopic)
}

// SetResponseTopic sets ResponseTopic, a topic name of 1 to 65535 bytes.
// Section 3.3.2.3.5.
func (p *propertyList) SetResponseTopic(v []byte) { p.setBytes(ResponseTopic, v) }

// CorrelationData returns what tells the requester which request a response is
// for. PUBLISH, will. Section 3.3.2.3.6.
func (p *propertyList) CorrelationData() (v []byte, ok bool) {
	return p.bytes(CorrelationData)
}

// SetCorrelationData sets CorrelationData, 0 to 65535 bytes. Section 3.3.2.3.6.
func (p *propertyList) SetCorrelationData(v []byte) { p.setBytes(CorrelationData, v) }

// SubscriptionIdentifier returns the Subscription Identifier of a SUBSCRIBE, 1 to
// 268435455, with which the messages for its subscriptions come back. Of a PUBLISH,
// which has one for each subscription, it returns the first; SubscriptionIDs goes
// over all. SUBSCRIBE, PUBLISH. Section 3.8.2.1.2.
func (p *propertyList) SubscriptionIdentifier() (v uint32, ok bool) {
	return p.number(SubscriptionIdentifier)
}

// SessionExpiryInterval returns the seconds that the session outlives the
// connection; 4294967295 means that it does not end. CONNECT, CONNACK,
// DISCONNECT. Section 3.1.2.11.2.
func (p *propertyList) SessionExpiryInterval() (v uint32, ok bool) {
	return p.number(SessionExpiryInterval)
}

// SetSessionExpiryInterval sets SessionExpiryInterval. Section 3.1.2.11.2.
func (p *propertyList) SetSessionExpiryInterval(v uint32) { p.setNumber(SessionExpiryInterval, v) }

// AssignedClientIdentifier returns the client identifier that the server chose.
// CONNACK. Section 3.2.2.3.7.
func (p *propertyList) AssignedClientIdentifier() (v []byte, ok bool) {
	return p.bytes(AssignedClientIdentifier)
}

// SetAssignedClientIdentifier sets AssignedClientIdentifier, a UTF-8 string of
// 0 to 65535 bytes. Section 3.2.2.3.7.
func (p *propertyList) SetAssignedClientIdentifier(v []byte) { p.setBytes(AssignedClientIdentifier, v) }

// ServerKeepAlive returns the keep alive in seconds that the server demands; 0
// for none. CONNACK. Section 3.2.2.3.14.
func (p *propertyList) ServerKeepAlive() (v uint16, ok bool) {
	n, ok := p.number(ServerKeepAlive)
	return uint16(n), ok
}

// SetServerKeepAlive sets ServerKeepAlive. Section 3.2.2.3.14.
func (p *propertyList) SetServerKeepAlive(v uint16) { p.setNumber(ServerKeepAlive, uint32(v)) }

// AuthenticationMethod returns the name of the authentication method. CONNECT,
// CONNACK, AUTH. Section 3.1.2.11.9.
func (p *propertyList) AuthenticationMethod() (v []byte, ok bool) {
	return p.bytes(AuthenticationMethod)
}

// SetAuthenticationMethod sets AuthenticationMethod, a UTF-8 string of 0 to
// 65535 bytes. Section 3.1.2.11.9.
func (p *propertyList) SetAuthenticationMethod(v []byte) { p.setBytes(AuthenticationMethod, v) }

// AuthenticationData returns data of the authentication method. CONNECT,
// CONNACK, AUTH. Section 3.1.2.11.10.
func (p *propertyList) AuthenticationData() (v []byte, ok bool) {
	return p.bytes(AuthenticationData)
}

// SetAuthenticationData sets AuthenticationData, 0 to 65535 bytes. Section
// 3.1.2.11.10.
func (p *propertyList) SetAuthenticationData(v []byte) { p.setBytes(AuthenticationData, v) }

// RequestProblemInformation returns whether the server may send reason strings
// and user properties on all packets. CONNECT; absent means true. Section
// 3.1.2.11.7.
func (p *propertyList) RequestProblemInformation() (v bool, ok bool) {
	return p.bool(RequestProblemInformation)
}

// SetRequestProblemInformation sets RequestProblemInformation. Section
// 3.1.2.11.7.
func (p *propertyList) SetRequestProblemInformation(v bool) { p.setBool(RequestProblemInformation, v) }

// WillDelayInterval returns the seconds from the connection's end until the
// will is published. Will. Section 3.1.3.2.2.
func (p *propertyList) WillDelayInterval() (v uint32, ok bool) {
	return p.number(WillDelayInterval)
}

// SetWillDelayInterval sets WillDelayInterval. Section 3.1.3.2.2.
func (p *propertyList) SetWillDelayInterval(v uint32) { p.setNumber(WillDelayInterval, v) }

// RequestResponseInformation returns whether the server may send Response
// Information. CONNECT; absent means false. Section 3.1.2.11.6.
func (p *propertyList) RequestResponseInformation() (v bool, ok bool) {
	return p.bool(RequestResponseInformation)
}

// SetRequestResponseInformation sets RequestResponseInformation. Section
// 3.1.2.11.6.
func (p *propertyList) SetRequestResponseInformation(v bool) {
	p.setBool(RequestResponseInformation, v)
}

// ResponseInformation returns the basis for making response topics. CONNACK.
// Section 3.2.2.3.15.
func (p *propertyList) ResponseInformation() (v []byte, ok bool) {
	return p.bytes(ResponseInformation)
}

// SetResponseInformation sets ResponseInformation, a UTF-8 string of 0 to 65535
// bytes. Section 3.2.2.3.15.
func (p *propertyList) SetResponseInformation(v []byte) { p.setBytes(ResponseInformation, v) }

// ServerReference returns another server to use, or several separated by
// spaces. CONNACK, DISCONNECT. Section 3.2.2.3.16.
func (p *propertyList) ServerReference() (v []byte, ok bool) {
	return p.bytes(ServerReference)
}

// SetServerReference sets ServerReference, a UTF-8 string of 0 to 65535 bytes.
// Section 3.2.2.3.16.
func (p *propertyList) SetServerReference(v []byte) { p.setBytes(ServerReference, v) }

// ReasonString returns the reason for the response, for people to read.
// CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH.
// Section 3.2.2.3.9.
func (p *propertyList) ReasonString() (v []byte, ok bool) {
	return p.bytes(ReasonString)
}

// SetReasonString sets ReasonString, a UTF-8 string of 0 to 65535 bytes.
// Section 3.2.2.3.9.
func (p *propertyList) SetReasonString(v []byte) { p.setBytes(ReasonString, v) }

// ReceiveMaximum returns how many QoS 1 and 2 messages the sender will take at
// a time, 1 to 65535. CONNECT, CONNACK; absent means 65535. Section 3.1.2.11.3.
func (p *propertyList) ReceiveMaximum() (v uint16, ok bool) {
	n, ok := p.number(ReceiveMaximum)
	return uint16(n), ok
}

// SetReceiveMaximum sets ReceiveMaximum, which is not 0. Section 3.1.2.11.3.
func (p *propertyList) SetReceiveMaximum(v uint16) { p.setNumber(ReceiveMaximum, uint32(v)) }

// TopicAliasMaximum returns the highest topic alias that the sender will take.
// CONNECT, CONNACK; absent means 0. Section 3.1.2.11.5.
func (p *propertyList) TopicAliasMaximum() (v uint16, ok bool) {
	n, ok := p.number(TopicAliasMaximum)
	return uint16(n), ok
}

// SetTopicAliasMaximum sets TopicAliasMaximum. Section 3.1.2.11.5.
func (p *propertyList) SetTopicAliasMaximum(v uint16) { p.setNumber(TopicAliasMaximum, uint32(v)) }

// TopicAlias returns the number that stands for the topic name, 1 to 65535.
// PUBLISH. Section 3.3.2.3.4.
func (p *propertyList) TopicAlias() (v uint16, ok bool) {
	n, ok := p.number(TopicAlias)
	return uint16(n), ok
}

// SetTopicAlias sets TopicAlias, which is not 0. Section 3.3.2.3.4.
func (p *propertyList) SetTopicAlias(v uint16) { p.setNumber(TopicAlias, uint32(v)) }

// MaximumQoS returns the highest QoS that the server supports, 0 or 1. CONNACK;
// absent means 2. Section 3.2.2.3.4.
func (p *propertyList) MaximumQoS() (v QoS, ok bool) {
	n, ok := p.number(MaximumQoS)
	return QoS(n), ok
}

// SetMaximumQoS sets MaximumQoS, 0 or 1. Section 3.2.2.3.4.
func (p *propertyList) SetMaximumQoS(v QoS) { p.setNumber(MaximumQoS, uint32(v)) }

// RetainAvailable returns whether the server supports retained messages.
// CONNACK; absent means true. Section 3.2.2.3.5.
func (p *propertyList) RetainAvailable() (v bool, ok bool) {
	return p.bool(RetainAvailable)
}

// SetRetainAvailable sets RetainAvailable. Section 3.2.2.3.5.
func (p *propertyList) SetRetainAvailable(v bool) { p.setBool(RetainAvailable, v) }

// MaximumPacketSize returns the largest packet that the sender will take, in
// bytes, not 0. CONNECT, CONNACK; absent means no limit but the protocol's.
// Section 3.1.2.11.4.
func (p *propertyList) MaximumPacketSize() (v uint32, ok bool) {
	return p.number(MaximumPacketSize)
}

// SetMaximumPacketSize sets MaximumPacketSize, which is not 0. Section
// 3.1.2.11.4.
func (p *propertyList) SetMaximumPacketSize(v uint32) { p.setNumber(MaximumPacketSize, v) }

// WildcardSubscriptionAvailable returns whether the server supports wildcard
// subscriptions. CONNACK; absent means true. Section 3.2.2.3.11.
func (p *propertyList) WildcardSubscriptionAvailable() (v bool, ok bool) {
	return p.bool(WildcardSubscriptionAvailable)
}

// SetWildcardSubscriptionAvailable sets WildcardSubscriptionAvailable. Section
// 3.2.2.3.11.
func (p *propertyList) SetWildcardSubscriptionAvailable(v bool) {
	p.setBool(WildcardSubscriptionAvailable, v)
}

// SubscriptionIdentifierAvailable returns whether the server supports
// subscription identifiers. CONNACK; absent means true. Section 3.2.2.3.12.
func (p *propertyList) SubscriptionIdentifierAvailable() (v bool, ok bool) {
	return p.bool(SubscriptionIdentifierAvailable)
}

// SetSubscriptionIdentifierAvailable sets SubscriptionIdentifierAvailable.
// Section 3.2.2.3.12.
func (p *propertyList) SetSubscriptionIdentifierAvailable(v bool) {
	p.setBool(SubscriptionIdentifierAvailable, v)
}

// SharedSubscriptionAvailable returns whether the server supports shared
// subscriptions. CONNACK; absent means true. Section 3.2.2.3.13.
func (p *propertyList) SharedSubscriptionAvailable() (v bool, ok bool) {
	return p.bool(SharedSubscriptionAvailable)
}

// SetSharedSubscriptionAvailable sets SharedSubscriptionAvailable. Section
// 3.2.2.3.13.
func (p *propertyList) SetSharedSubscriptionAvailable(v bool) {
	p.setBool(SharedSubscriptionAvailable, v)
}
