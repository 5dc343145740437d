package mqttwire

import "strconv"

// PropertyID is a property identifier. Section 2.2.2.2.
type PropertyID uint8

// The properties. Section 2.2.2.2.
const (
	PayloadFormatIndicator          PropertyID = 0x01
	MessageExpiryInterval           PropertyID = 0x02
	ContentType                     PropertyID = 0x03
	ResponseTopic                   PropertyID = 0x08
	CorrelationData                 PropertyID = 0x09
	SubscriptionIdentifier          PropertyID = 0x0B
	SessionExpiryInterval           PropertyID = 0x11
	AssignedClientIdentifier        PropertyID = 0x12
	ServerKeepAlive                 PropertyID = 0x13
	AuthenticationMethod            PropertyID = 0x15
	AuthenticationData              PropertyID = 0x16
	RequestProblemInformation       PropertyID = 0x17
	WillDelayInterval               PropertyID = 0x18
	RequestResponseInformation      PropertyID = 0x19
	ResponseInformation             PropertyID = 0x1A
	ServerReference                 PropertyID = 0x1C
	ReasonString                    PropertyID = 0x1F
	ReceiveMaximum                  PropertyID = 0x21
	TopicAliasMaximum               PropertyID = 0x22
	TopicAlias                      PropertyID = 0x23
	MaximumQoS                      PropertyID = 0x24
	RetainAvailable                 PropertyID = 0x25
	UserProperty                    PropertyID = 0x26
	MaximumPacketSize               PropertyID = 0x27
	WildcardSubscriptionAvailable   PropertyID = 0x28
	SubscriptionIdentifierAvailable PropertyID = 0x29
	SharedSubscriptionAvailable     PropertyID = 0x2A

	numPropertyIDs = 0x2B
)

// PropertyOwner says whose properties a list holds: those of a packet, written
// PropertyOwner(PUBLISH), or WillProperties.
type PropertyOwner uint8

// WillProperties owns the properties of the will in CONNECT. Section 3.1.3.2.
const WillProperties PropertyOwner = 0

// packet returns the type of the packet that the properties are in.
func (o PropertyOwner) packet() PacketType {
	if o == WillProperties {
		return CONNECT
	}
	return PacketType(o & 15)
}

// propertyKind is the wire type of a property's value. Section 2.2.2.2.
type propertyKind uint8

const (
	_ propertyKind = iota // an identifier that is not assigned
	kindByte
	kindTwoByte
	kindFourByte
	kindVarint
	kindString
	kindBinary
	kindPair
)

// valueCheck is what a property demands of its value beyond its type.
type valueCheck uint8

const (
	anyValue     valueCheck = iota
	zeroOrOne               // RulePropertyBool
	notZero                 // RulePropertyZero
	aliasNotZero            // RuleTopicAliasZero
	topicName               // RuleResponseTopicEmpty and RuleResponseTopicWildcard
)

// placement is an owner that a property may have: once is the statement that it
// stands there at most once, value the one that restricts its value.
type placement struct {
	owner PropertyOwner
	once  string
	value string
}

// propertyRow is all that is particular to one property.
type propertyRow struct {
	name  string
	kind  propertyKind
	check valueCheck
	in    []placement
}

// The owners, short for the table.
const (
	ofWill        = WillProperties
	ofConnect     = PropertyOwner(CONNECT)
	ofConnack     = PropertyOwner(CONNACK)
	ofPublish     = PropertyOwner(PUBLISH)
	ofPuback      = PropertyOwner(PUBACK)
	ofPubrec      = PropertyOwner(PUBREC)
	ofPubrel      = PropertyOwner(PUBREL)
	ofPubcomp     = PropertyOwner(PUBCOMP)
	ofSubscribe   = PropertyOwner(SUBSCRIBE)
	ofSuback      = PropertyOwner(SUBACK)
	ofUnsubscribe = PropertyOwner(UNSUBSCRIBE)
	ofUnsuback    = PropertyOwner(UNSUBACK)
	ofDisconnect  = PropertyOwner(DISCONNECT)
	ofAuth        = PropertyOwner(AUTH)
)

// propertyTable is the one home of the facts about properties, indexed by
// identifier. Decoding, the setters, encoding, documentation and tests read it;
// only the typed getter and setter of a property stand elsewhere.
var propertyTable = [numPropertyIDs]propertyRow{
	PayloadFormatIndicator: {"Payload Format Indicator", kindByte, zeroOrOne, []placement{
		{ofPublish, "U-3.3.2.3.2-1", "U-3.3.2.3.2-2"}, {ofWill, "U-3.1.3.2.3-1", "U-3.1.3.2.3-2"}}},
	MessageExpiryInterval: {"Message Expiry Interval", kindFourByte, anyValue, []placement{
		{ofPublish, "U-3.3.2.3.3-1", ""}, {ofWill, "U-3.1.3.2.4-1", ""}}},
	ContentType: {"Content Type", kindString, anyValue, []placement{
		{ofPublish, "U-3.3.2.3.9-1", ""}, {ofWill, "U-3.1.3.2.5-1", ""}}},
	ResponseTopic: {"Response Topic", kindString, topicName, []placement{
		{ofPublish, "U-3.3.2.3.5-1", ""}, {ofWill, "U-3.1.3.2.6-1", ""}}},
	CorrelationData: {"Correlation Data", kindBinary, anyValue, []placement{
		{ofPublish, "U-3.3.2.3.6-1", ""}, {ofWill, "U-3.1.3.2.7-1", ""}}},
	SubscriptionIdentifier: {"Subscription Identifier", kindVarint, notZero, []placement{
		{ofPublish, "", "U-3.3.2.3.8-1"}, {ofSubscribe, "U-3.8.2.1.2-2", "U-3.8.2.1.2-1"}}},
	SessionExpiryInterval: {"Session Expiry Interval", kindFourByte, anyValue, []placement{
		{ofConnect, "U-3.1.2.11.2-1", ""}, {ofConnack, "U-3.2.2.3.2-1", ""}, {ofDisconnect, "U-3.14.2.2.2-1", ""}}},
	AssignedClientIdentifier: {"Assigned Client Identifier", kindString, anyValue, []placement{
		{ofConnack, "U-3.2.2.3.7-1", ""}}},
	ServerKeepAlive: {"Server Keep Alive", kindTwoByte, anyValue, []placement{
		{ofConnack, "U-3.2.2.3.14-1", ""}}},
	AuthenticationMethod: {"Authentication Method", kindString, anyValue, []placement{
		{ofConnect, "U-3.1.2.11.9-1", ""}, {ofConnack, "U-3.2.2.3.17-1", ""}, {ofAuth, "U-3.15.2.2.2-2", ""}}},
	AuthenticationData: {"Authentication Data", kindBinary, anyValue, []placement{
		{ofConnect, "U-3.1.2.11.10-2", ""}, {ofConnack, "U-3.2.2.3.18-1", ""}, {ofAuth, "U-3.15.2.2.3-1", ""}}},
	RequestProblemInformation: {"Request Problem Information", kindByte, zeroOrOne, []placement{
		{ofConnect, "U-3.1.2.11.7-1", "U-3.1.2.11.7-2"}}},
	WillDelayInterval: {"Will Delay Interval", kindFourByte, anyValue, []placement{
		{ofWill, "U-3.1.3.2.2-1", ""}}},
	RequestResponseInformation: {"Request Response Information", kindByte, zeroOrOne, []placement{
		{ofConnect, "U-3.1.2.11.6-1", "U-3.1.2.11.6-2"}}},
	ResponseInformation: {"Response Information", kindString, anyValue, []placement{
		{ofConnack, "U-3.2.2.3.15-1", ""}}},
	ServerReference: {"Server Reference", kindString, anyValue, []placement{
		{ofConnack, "U-3.2.2.3.16-1", ""}, {ofDisconnect, "U-3.14.2.2.5-1", ""}}},
	ReasonString: {"Reason String", kindString, anyValue, []placement{
		{ofConnack, "U-3.2.2.3.9-1", ""}, {ofPuback, "U-3.4.2.2.2-1", ""}, {ofPubrec, "U-3.5.2.2.2-1", ""},
		{ofPubrel, "U-3.6.2.2.2-1", ""}, {ofPubcomp, "U-3.7.2.2.2-1", ""}, {ofSuback, "U-3.9.2.1.2-1", ""},
		{ofUnsuback, "U-3.11.2.1.2-1", ""}, {ofDisconnect, "U-3.14.2.2.3-1", ""}, {ofAuth, "U-3.15.2.2.4-1", ""}}},
	ReceiveMaximum: {"Receive Maximum", kindTwoByte, notZero, []placement{
		{ofConnect, "U-3.1.2.11.3-1", "U-3.1.2.11.3-2"}, {ofConnack, "U-3.2.2.3.3-1", "U-3.2.2.3.3-2"}}},
	TopicAliasMaximum: {"Topic Alias Maximum", kindTwoByte, anyValue, []placement{
		{ofConnect, "U-3.1.2.11.5-1", ""}, {ofConnack, "U-3.2.2.3.8-1", ""}}},
	TopicAlias: {"Topic Alias", kindTwoByte, aliasNotZero, []placement{
		{ofPublish, "U-3.3.2.3.4-1", "MQTT-3.3.2-8"}}},
	MaximumQoS: {"Maximum QoS", kindByte, zeroOrOne, []placement{
		{ofConnack, "U-3.2.2.3.4-1", "U-3.2.2.3.4-2"}}},
	RetainAvailable: {"Retain Available", kindByte, zeroOrOne, []placement{
		{ofConnack, "U-3.2.2.3.5-1", "U-3.2.2.3.5-2"}}},
	UserProperty: {"User Property", kindPair, anyValue, []placement{
		{ofConnect, "", ""}, {ofWill, "", ""}, {ofConnack, "", ""}, {ofPublish, "", ""}, {ofPuback, "", ""},
		{ofPubrec, "", ""}, {ofPubrel, "", ""}, {ofPubcomp, "", ""}, {ofSubscribe, "", ""}, {ofSuback, "", ""},
		{ofUnsubscribe, "", ""}, {ofUnsuback, "", ""}, {ofDisconnect, "", ""}, {ofAuth, "", ""}}},
	MaximumPacketSize: {"Maximum Packet Size", kindFourByte, notZero, []placement{
		{ofConnect, "U-3.1.2.11.4-1", "U-3.1.2.11.4-2"}, {ofConnack, "U-3.2.2.3.6-1", "U-3.2.2.3.6-2"}}},
	WildcardSubscriptionAvailable: {"Wildcard Subscription Available", kindByte, zeroOrOne, []placement{
		{ofConnack, "U-3.2.2.3.11-1", "U-3.2.2.3.11-2"}}},
	SubscriptionIdentifierAvailable: {"Subscription Identifier Available", kindByte, zeroOrOne, []placement{
		{ofConnack, "U-3.2.2.3.12-1", "U-3.2.2.3.12-2"}}},
	SharedSubscriptionAvailable: {"Shared Subscription Available", kindByte, zeroOrOne, []placement{
		{ofConnack, "U-3.2.2.3.13-1", "U-3.2.2.3.13-2"}}},
}

// propertySet holds a bit for each PropertyID, and above them what else is to be
// known of a list.
type propertySet uint64

const (
	// manyIDs: there is more than one Subscription Identifier.
	manyIDs propertySet = 1 << (numPropertyIDs + iota)

	// tolerated: values may break rules, which a Tolerance let pass.
	tolerated

	// building: the list is that of a PropertyBuilder, which writes into its memory.
	building

	// oneReset is the lowest bit of how often the memory of a PropertyBuilder had
	// been reset when the list was begun. They are the bits that are left.
	oneReset
	resetBits = ^(oneReset - 1)
)

func (s propertySet) has(id PropertyID) bool { return s>>id&1 != 0 }

// propertiesOf tells for each owner which properties it may have, and which of
// those at most once: a list whose set has no other bit is plain.
var propertiesOf, propertiesOnce = func() (in, once [16]propertySet) {
	for id := range propertyTable {
		for _, p := range propertyTable[id].in {
			in[p.owner] |= 1 << id
			if p.once != "" {
				once[p.owner] |= 1 << id
			}
		}
	}
	for owner := range in {
		in[owner] |= resetBits // which say nothing about the owner
	}
	in[ofPublish] |= manyIDs
	return in, once
}()

// known reports whether the standard defines the identifier.
func (id PropertyID) known() bool { return id < numPropertyIDs && propertyTable[id].kind != 0 }

// String returns the name the standard gives, such as "Topic Alias".
func (id PropertyID) String() string {
	if id.known() {
		return propertyTable[id].name
	}
	return "PropertyID(" + strconv.Itoa(int(id)) + ")"
}

// AllowedIn reports whether the owner's list may hold the property. Section
// 2.2.2.2.
func (id PropertyID) AllowedIn(owner PropertyOwner) bool {
	return id.known() && propertiesOf[owner&15].has(id)
}

// MayRepeat reports whether the owner's list may hold the property more than
// once: User Property everywhere, Subscription Identifier in PUBLISH.
func (id PropertyID) MayRepeat(owner PropertyOwner) bool {
	return id.AllowedIn(owner) && !propertiesOnce[owner&15].has(id)
}

// Field returns the name of the property as a Field of its owner.
func (id PropertyID) Field(owner PropertyOwner) Field {
	name := id.String()
	if owner == WillProperties && id != WillDelayInterval {
		name = "Will " + name
	}
	return Field(name)
}

// Statements returns the statements that the property comes under in an owner's
// list: that it stands there at most once, and what its value must be; "" where
// there is none.
func (id PropertyID) Statements(owner PropertyOwner) (once, value string) {
	if !id.known() {
		return "", ""
	}
	for _, p := range propertyTable[id].in {
		if p.owner == owner {
			return p.once, p.value
		}
	}
	return "", ""
}
