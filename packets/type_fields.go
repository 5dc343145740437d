package packets

import "github.com/mqttwire/mqttwire"

// prototypes has an empty packet of each type, for the methods that look at none of
// its fields.
var prototypes = func() (all [16]packet) {
	for t := range all {
		all[t] = newOf(mqttwire.PacketType(t))
	}
	return all
}()

// typesWithPacketID and typesWithReasonCode are the types that have such a field, a
// PUBLISH apart, which has an identifier with some QoS only.
var typesWithPacketID, typesWithReasonCode = func() (id, code typeSet) {
	for t := range mqttwire.PacketType(len(newPacket)) {
		p := newOf(t)
		if p == nil {
			continue
		}
		if p.packetID() != nil {
			id |= 1 << t
		}
		if p.reasonCode() != nil {
			code |= 1 << t
		}
	}
	return id, code
}()

// hasPacketID reports whether a packet with that fixed header has a packet identifier,
// as far as its type and QoS tell. [MQTT-2.2.1-2]
func hasPacketID(h mqttwire.FixedHeader) bool {
	if h.Type == mqttwire.PUBLISH {
		return h.Flags&flagQoS != 0
	}
	return typesWithPacketID.has(h.Type)
}
