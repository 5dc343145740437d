package packets

import "github.com/mqttwire/mqttwire"

// fieldBits is a field that shares its byte with others.
type fieldBits struct {
	field mqttwire.Field
	mask  byte
}

// The bytes that several fields share, from the highest bit down.
var (
	firstByteOfPublish = []fieldBits{
		{mqttwire.FieldPacketType, 0xF0}, {mqttwire.FieldDup, flagDup}, {mqttwire.FieldQoS, flagQoS}, {mqttwire.FieldRetain, flagRetain},
	}
	firstByteOfOthers = []fieldBits{{mqttwire.FieldPacketType, 0xF0}, {mqttwire.FieldFlags, 0x0F}}

	connectFlags5 = []fieldBits{
		{mqttwire.FieldUserNameFlag, connectUserName}, {mqttwire.FieldPasswordFlag, connectPassword},
		{mqttwire.FieldWillRetain, connectWillRetain}, {mqttwire.FieldWillQoS, connectWillQoS}, {mqttwire.FieldWillFlag, connectWill},
		{mqttwire.FieldCleanStart, connectCleanStart}, {mqttwire.FieldReserved, connectReserved},
	}
	connectFlags3 = func() []fieldBits {
		list := append([]fieldBits{}, connectFlags5...)
		for i := range list {
			if list[i].field == mqttwire.FieldCleanStart {
				list[i].field = mqttwire.FieldCleanSession
			}
		}
		return list
	}()

	acknowledgeFlags = []fieldBits{{mqttwire.FieldReserved, ^byte(sessionPresent)}, {mqttwire.FieldSessionPresent, sessionPresent}}

	subscriptionOptions5 = []fieldBits{
		{mqttwire.FieldReserved, optionReserved}, {mqttwire.FieldRetainHandling, optionRetainHandling},
		{mqttwire.FieldRetainAsPublished, optionRetainAsPublished}, {mqttwire.FieldNoLocal, optionNoLocal},
		{mqttwire.FieldMaximumQoS, optionQoS},
	}
	subscriptionOptions3 = []fieldBits{{mqttwire.FieldReserved, optionReserved311}, {mqttwire.FieldRequestedQoS, optionQoS}}
)

// bits returns the fields that share a byte which is told of as one field, or nil.
func (m *fieldMap) bits(field mqttwire.Field) []fieldBits {
	v5 := m.version == mqttwire.V5
	switch {
	case field == mqttwire.FieldPacketType && m.typ == mqttwire.PUBLISH:
		return firstByteOfPublish
	case field == mqttwire.FieldPacketType:
		return firstByteOfOthers
	case field == mqttwire.FieldConnectFlags && v5:
		return connectFlags5
	case field == mqttwire.FieldConnectFlags:
		return connectFlags3
	case field == mqttwire.FieldAcknowledgeFlags && m.version != mqttwire.V31: // which has none
		return acknowledgeFlags
	case field == mqttwire.FieldSubscriptionOptions && v5:
		return subscriptionOptions5
	case field == mqttwire.FieldSubscriptionOptions:
		return subscriptionOptions3
	}
	return nil
}
