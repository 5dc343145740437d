package mqttwiretest

import (
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Puback returns a generator of PUBACK packets of version v from the given side.
func Puback(v mqttwire.Version, from mqttwire.Sender) *rapid.Generator[*packets.Puback] {
	return rapid.Custom(func(t *rapid.T) *packets.Puback {
		id, code, properties := drawAck(t, mqttwire.PUBACK, v, from)
		return &packets.Puback{PacketID: id, ReasonCode: code, Properties: properties}
	})
}

// Pubrec returns a generator of PUBREC packets of version v from the given side.
func Pubrec(v mqttwire.Version, from mqttwire.Sender) *rapid.Generator[*packets.Pubrec] {
	return rapid.Custom(func(t *rapid.T) *packets.Pubrec {
		id, code, properties := drawAck(t, mqttwire.PUBREC, v, from)
		return &packets.Pubrec{PacketID: id, ReasonCode: code, Properties: properties}
	})
}

// Pubrel returns a generator of PUBREL packets of version v from the given side;
// those of 3.1 may have DUP.
func Pubrel(v mqttwire.Version, from mqttwire.Sender) *rapid.Generator[*packets.Pubrel] {
	return rapid.Custom(func(t *rapid.T) *packets.Pubrel {
		id, code, properties := drawAck(t, mqttwire.PUBREL, v, from)
		return &packets.Pubrel{PacketID: id, ReasonCode: code, Properties: properties, Dup: drawDup(t, v)}
	})
}

// Pubcomp returns a generator of PUBCOMP packets of version v from the given
// side.
func Pubcomp(v mqttwire.Version, from mqttwire.Sender) *rapid.Generator[*packets.Pubcomp] {
	return rapid.Custom(func(t *rapid.T) *packets.Pubcomp {
		id, code, properties := drawAck(t, mqttwire.PUBCOMP, v, from)
		return &packets.Pubcomp{PacketID: id, ReasonCode: code, Properties: properties}
	})
}

// drawAck draws what the four acknowledgements have; before 5.0 only the packet
// identifier.
func drawAck(t *rapid.T, typ mqttwire.PacketType, v mqttwire.Version, from mqttwire.Sender) (uint16, mqttwire.ReasonCode, mqttwire.Properties) {
	id := drawPacketID(t)
	if v != mqttwire.V5 {
		return id, 0, mqttwire.Properties{}
	}
	return id, drawCode(t, typ, v, from), drawProperties(t, v, mqttwire.PropertyOwner(typ), from)
}

// drawDup draws the DUP flag of PUBREL, SUBSCRIBE and UNSUBSCRIBE, which only
// 3.1 has.
func drawDup(t *rapid.T, v mqttwire.Version) bool { return v == mqttwire.V31 && drawBool(t, "DUP") }
