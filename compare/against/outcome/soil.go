package outcome

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// soil fills every field of a packet, as if it had been used for something else:
// to decode resets it.
func soil(p mqttwire.Packet) {
	text := []byte("before")
	var list mqttwire.Properties
	list.AddUser(text, text)
	codes := []mqttwire.ReasonCode{0x80, 0x80, 0x80}
	switch p := p.(type) {
	case *packets.Connect:
		will := &packets.Will{Topic: text, Payload: text, Properties: list, QoS: 2, Retain: true}
		*p = packets.Connect{Version: mqttwire.V311, Bridge: true, CleanStart: true, KeepAlive: 9, ClientID: text, Will: will, UserName: text,
			Password: text, Properties: list}
	case *packets.Connack:
		*p = packets.Connack{SessionPresent: true, ReasonCode: 0x80, Properties: list}
	case *packets.Publish:
		*p = packets.Publish{Topic: text, Payload: text, Properties: list, PacketID: 9, QoS: 2, Dup: true, Retain: true}
	case *packets.Puback:
		*p = packets.Puback{PacketID: 9, ReasonCode: 0x80, Properties: list}
	case *packets.Pubrec:
		*p = packets.Pubrec{PacketID: 9, ReasonCode: 0x80, Properties: list}
	case *packets.Pubrel:
		*p = packets.Pubrel{PacketID: 9, ReasonCode: 0x92, Properties: list, Dup: true}
	case *packets.Pubcomp:
		*p = packets.Pubcomp{PacketID: 9, ReasonCode: 0x92, Properties: list}
	case *packets.Subscribe:
		entry := packets.Subscription{Filter: text, QoS: 2, NoLocal: true, RetainAsPublished: true, RetainHandling: 2}
		*p = packets.Subscribe{PacketID: 9, Dup: true, Properties: list, Subscriptions: []packets.Subscription{entry, entry, entry}}
	case *packets.Suback:
		*p = packets.Suback{PacketID: 9, Properties: list, ReasonCodes: codes}
	case *packets.Unsubscribe:
		*p = packets.Unsubscribe{PacketID: 9, Dup: true, Properties: list, Filters: [][]byte{text, text, text}}
	case *packets.Unsuback:
		*p = packets.Unsuback{PacketID: 9, Properties: list, ReasonCodes: codes}
	case *packets.Disconnect:
		*p = packets.Disconnect{ReasonCode: 0x80, Properties: list}
	case *packets.Auth:
		*p = packets.Auth{ReasonCode: 0x80, Properties: list}
	}
}
