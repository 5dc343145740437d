package packets

import (
	"strings"

	"github.com/mqttwire/mqttwire"
)

// sections are those of 5.0 and of 3.1.1 in which a field is described.
type sections struct{ v5, v311 string }

// both is a section that has the same number in both.
func both(number string) sections { return sections{number, number} }

// fixedHeaderSections are those of the fields that every packet has.
var fixedHeaderSections = map[mqttwire.Field]sections{
	mqttwire.FieldPacketType:      {"2.1.2", "2.2.1"},
	mqttwire.FieldFlags:           {"2.1.3", "2.2.2"},
	mqttwire.FieldRemainingLength: {"2.1.4", "2.2.3"},
	mqttwire.FieldPropertyID:      {"2.2.2.2", ""},
}

// fieldSections are those of the other fields, by the type of the packet. Sections 3.1
// to 3.15.
var fieldSections = map[mqttwire.PacketType]map[mqttwire.Field]sections{
	mqttwire.CONNECT: {
		mqttwire.FieldProtocolName:       both("3.1.2.1"),
		mqttwire.FieldProtocolVersion:    both("3.1.2.2"),
		mqttwire.FieldReserved:           both("3.1.2.3"),
		mqttwire.FieldCleanStart:         both("3.1.2.4"),
		mqttwire.FieldCleanSession:       both("3.1.2.4"),
		mqttwire.FieldWillFlag:           both("3.1.2.5"),
		mqttwire.FieldWillQoS:            both("3.1.2.6"),
		mqttwire.FieldWillRetain:         both("3.1.2.7"),
		mqttwire.FieldUserNameFlag:       both("3.1.2.8"),
		mqttwire.FieldPasswordFlag:       both("3.1.2.9"),
		mqttwire.FieldKeepAlive:          both("3.1.2.10"),
		mqttwire.FieldPropertyLength:     {"3.1.2.11.1", ""},
		mqttwire.FieldClientID:           both("3.1.3.1"),
		mqttwire.FieldWillPropertyLength: {"3.1.3.2.1", ""},
		mqttwire.FieldWillTopic:          {"3.1.3.3", "3.1.3.2"},
		mqttwire.FieldWillPayload:        {"3.1.3.4", "3.1.3.3"},
		mqttwire.FieldUserName:           {"3.1.3.5", "3.1.3.4"},
		mqttwire.FieldPassword:           {"3.1.3.6", "3.1.3.5"},
	},
	mqttwire.CONNACK: {
		mqttwire.FieldReserved:       both("3.2.2.1"),
		mqttwire.FieldSessionPresent: {"3.2.2.1.1", "3.2.2.2"},
		mqttwire.FieldReasonCode:     {"3.2.2.2", "3.2.2.3"},
		mqttwire.FieldPropertyLength: {"3.2.2.3.1", ""},
	},
	mqttwire.PUBLISH: {
		mqttwire.FieldDup:            both("3.3.1.1"),
		mqttwire.FieldQoS:            both("3.3.1.2"),
		mqttwire.FieldRetain:         both("3.3.1.3"),
		mqttwire.FieldTopicName:      both("3.3.2.1"),
		mqttwire.FieldPacketID:       both("3.3.2.2"),
		mqttwire.FieldPropertyLength: {"3.3.2.3.1", ""},
		mqttwire.FieldPayload:        both("3.3.3"),
	},
	mqttwire.PUBACK:  acknowledgementSections("3.4.2"),
	mqttwire.PUBREC:  acknowledgementSections("3.5.2"),
	mqttwire.PUBREL:  acknowledgementSections("3.6.2"),
	mqttwire.PUBCOMP: acknowledgementSections("3.7.2"),
	mqttwire.SUBSCRIBE: {
		mqttwire.FieldPacketID:          both("3.8.2"),
		mqttwire.FieldPropertyLength:    {"3.8.2.1.1", ""},
		mqttwire.FieldTopicFilter:       both("3.8.3"),
		mqttwire.FieldRetainHandling:    {"3.8.3.1", ""},
		mqttwire.FieldRetainAsPublished: {"3.8.3.1", ""},
		mqttwire.FieldNoLocal:           {"3.8.3.1", ""},
		mqttwire.FieldMaximumQoS:        {"3.8.3.1", ""},
		mqttwire.FieldReserved:          {"3.8.3.1", "3.8.3"},
		mqttwire.FieldRequestedQoS:      {"", "3.8.3"},
	},
	mqttwire.SUBACK: {
		mqttwire.FieldPacketID:       both("3.9.2"),
		mqttwire.FieldPropertyLength: {"3.9.2.1.1", ""},
		mqttwire.FieldReasonCode:     both("3.9.3"),
	},
	mqttwire.UNSUBSCRIBE: {
		mqttwire.FieldPacketID:       both("3.10.2"),
		mqttwire.FieldPropertyLength: {"3.10.2.1.1", ""},
		mqttwire.FieldTopicFilter:    both("3.10.3"),
	},
	mqttwire.UNSUBACK: {
		mqttwire.FieldPacketID:       both("3.11.2"),
		mqttwire.FieldPropertyLength: {"3.11.2.1.1", ""},
		mqttwire.FieldReasonCode:     {"3.11.3", ""},
	},
	mqttwire.DISCONNECT: codeAndListSections("3.14.2"),
	mqttwire.AUTH:       codeAndListSections("3.15.2"),
}

// codeAndListSections are those of a packet that has a reason code and properties.
func codeAndListSections(header string) map[mqttwire.Field]sections {
	return map[mqttwire.Field]sections{
		mqttwire.FieldReasonCode:     {header + ".1", ""},
		mqttwire.FieldPropertyLength: {header + ".2.1", ""},
	}
}

// acknowledgementSections are those of a packet that begins with a packet identifier, too.
func acknowledgementSections(header string) map[mqttwire.Field]sections {
	list := codeAndListSections(header)
	list[mqttwire.FieldPacketID] = both(header)
	return list
}

// fieldSection returns the section that describes a field of a packet of type t, or of
// property id in it.
func fieldSection(field mqttwire.Field, id mqttwire.PropertyID, t mqttwire.PacketType, v mqttwire.Version) string {
	if id != 0 && field != mqttwire.FieldPropertyID {
		return propertySection(id, ownerOf(field, id, t))
	}
	s, ok := fixedHeaderSections[field]
	if !ok {
		s = fieldSections[t][field]
	}
	switch v {
	case mqttwire.V5:
		return s.v5
	case mqttwire.V311:
		return s.v311
	}
	return ""
}

// ownerOf returns whose list a property is in, of which field is the name there.
func ownerOf(field mqttwire.Field, id mqttwire.PropertyID, t mqttwire.PacketType) mqttwire.PropertyOwner {
	owner := mqttwire.PropertyOwner(t)
	if field == id.Field(owner) && (id != mqttwire.WillDelayInterval || t != mqttwire.CONNECT) {
		return owner
	}
	return mqttwire.WillProperties
}

// userPropertySections are those of User Property, which no statement restricts.
var userPropertySections = map[mqttwire.PropertyOwner]string{
	mqttwire.PropertyOwner(mqttwire.CONNECT):     "3.1.2.11.8",
	mqttwire.WillProperties:                      "3.1.3.2.8",
	mqttwire.PropertyOwner(mqttwire.CONNACK):     "3.2.2.3.10",
	mqttwire.PropertyOwner(mqttwire.PUBLISH):     "3.3.2.3.7",
	mqttwire.PropertyOwner(mqttwire.PUBACK):      "3.4.2.2.3",
	mqttwire.PropertyOwner(mqttwire.PUBREC):      "3.5.2.2.3",
	mqttwire.PropertyOwner(mqttwire.PUBREL):      "3.6.2.2.3",
	mqttwire.PropertyOwner(mqttwire.PUBCOMP):     "3.7.2.2.3",
	mqttwire.PropertyOwner(mqttwire.SUBSCRIBE):   "3.8.2.1.3",
	mqttwire.PropertyOwner(mqttwire.SUBACK):      "3.9.2.1.3",
	mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE): "3.10.2.1.2",
	mqttwire.PropertyOwner(mqttwire.UNSUBACK):    "3.11.2.1.3",
	mqttwire.PropertyOwner(mqttwire.DISCONNECT):  "3.14.2.2.4",
	mqttwire.PropertyOwner(mqttwire.AUTH):        "3.15.2.2.5",
}

// propertySection returns the section that describes a property of the owner, which
// stands in the names of its statements that have no number; "" if the owner may not
// have it.
func propertySection(id mqttwire.PropertyID, owner mqttwire.PropertyOwner) string {
	if id == mqttwire.UserProperty {
		return userPropertySections[owner]
	}
	once, value := id.Statements(owner)
	for _, s := range [...]string{once, value} {
		if section, ok := strings.CutPrefix(s, "U-"); ok {
			return section[:strings.LastIndexByte(section, '-')]
		}
	}
	return ""
}
