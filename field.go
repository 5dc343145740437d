package mqttwire

// Field is the name of a part of a packet, as the standard writes it. A
// property's field is the property's name; in the will it has "Will " before it
// where the standard's own name does not begin so.
type Field string

// The fields that are not properties. Chapter 2 and the packet's own section of
// chapter 3.
const (
	FieldPacketType      Field = "MQTT Control Packet type"
	FieldFlags           Field = "Fixed Header flags"
	FieldRemainingLength Field = "Remaining Length"
	FieldVarint          Field = "Variable Byte Integer"
	FieldString          Field = "UTF-8 Encoded String"
	FieldBinary          Field = "Binary Data"
	FieldVersion         Field = "protocol version"
	FieldPacketEnd       Field = "end of the packet"

	FieldPacketID           Field = "Packet Identifier"
	FieldReasonCode         Field = "Reason Code"
	FieldPropertyLength     Field = "Property Length"
	FieldPropertyID         Field = "Property Identifier"
	FieldProperties         Field = "Properties" // a list as a whole
	FieldWillPropertyLength Field = "Will Property Length"

	FieldProtocolName    Field = "Protocol Name"
	FieldProtocolVersion Field = "Protocol Version"
	FieldConnectFlags    Field = "Connect Flags"
	FieldKeepAlive       Field = "Keep Alive"
	FieldClientID        Field = "Client Identifier"
	FieldWillTopic       Field = "Will Topic"
	FieldWillPayload     Field = "Will Payload"
	FieldUserName        Field = "User Name"
	FieldPassword        Field = "Password"

	FieldAcknowledgeFlags Field = "Connect Acknowledge Flags"

	FieldQoS                 Field = "QoS"
	FieldDup                 Field = "DUP"
	FieldRetain              Field = "RETAIN"
	FieldTopicName           Field = "Topic Name"
	FieldPayload             Field = "Application Message"
	FieldTopicFilter         Field = "Topic Filter"
	FieldSubscriptionOptions Field = "Subscription Options"
)

// The fields that share a byte with others: the bits of the connect flags, of the connect
// acknowledge flags and of the subscription options. Sections 3.1.2.3, 3.2.2.1 and
// 3.8.3.1. Errors are about the byte as a whole; packets.AppendFields names the bits.
const (
	FieldUserNameFlag Field = "User Name Flag"
	FieldPasswordFlag Field = "Password Flag"
	FieldWillRetain   Field = "Will Retain"
	FieldWillQoS      Field = "Will QoS"
	FieldWillFlag     Field = "Will Flag"
	FieldCleanStart   Field = "Clean Start"
	FieldCleanSession Field = "Clean Session" // before 5.0

	FieldSessionPresent Field = "Session Present"

	FieldRetainHandling    Field = "Retain Handling"
	FieldRetainAsPublished Field = "Retain As Published"
	FieldNoLocal           Field = "No Local"
	FieldMaximumQoS        Field = "Maximum QoS"
	FieldRequestedQoS      Field = "Requested QoS" // before 5.0

	FieldReserved Field = "Reserved"
)
