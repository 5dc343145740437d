package packets

import "github.com/mqttwire/mqttwire"

// What any packet may have, for those who hold it as a mqttwire.Packet and do not
// mind of which type it is.

// Clone returns a copy of p, of its own type, that shares no memory with it: to keep
// a packet beyond the frame that it was decoded from, or to give it to another
// goroutine. For a type that is none of this package's it returns nil.
func Clone(p mqttwire.Packet) mqttwire.Packet {
	if p, ok := p.(packet); ok {
		return p.clone()
	}
	return nil
}

// PacketID returns the packet identifier of p. ok is false if p has none: its type
// has not, it is a PUBLISH of QoS 0, or the type is none of this package's. The
// identifier is 1 to 65535 in a packet that was decoded; 0 has yet to be set.
// Section 2.2.1.
func PacketID(p mqttwire.Packet) (id uint16, ok bool) {
	if p, known := p.(packet); known {
		if field := p.packetID(); field != nil {
			return *field, true
		}
	}
	return 0, false
}

// SetPacketID sets the packet identifier of p to id, 1 to 65535; Append refuses 0.
// It does nothing and returns false if p has none: see PacketID. Section 2.2.1.
func SetPacketID(p mqttwire.Packet, id uint16) bool {
	if p, known := p.(packet); known {
		if field := p.packetID(); field != nil {
			*field = id
			return true
		}
	}
	return false
}

// ReasonCode returns the reason code of p, in 3.x the return code of CONNACK. ok is
// false if the type has none, as PUBLISH, or has one for each topic filter, as
// SUBACK and UNSUBACK; or if it is none of this package's. Section 2.4.
func ReasonCode(p mqttwire.Packet) (code mqttwire.ReasonCode, ok bool) {
	if p, known := p.(packet); known {
		if field := p.reasonCode(); field != nil {
			return *field, true
		}
	}
	return 0, false
}

// SetReasonCode sets the reason code of p, in 3.x the return code of CONNACK. It does
// nothing and returns false if p has none: see ReasonCode. Which codes a packet may
// have in its version, Append says. Section 2.4.
func SetReasonCode(p mqttwire.Packet, code mqttwire.ReasonCode) bool {
	if p, known := p.(packet); known {
		if field := p.reasonCode(); field != nil {
			*field = code
			return true
		}
	}
	return false
}

// PropertiesOf returns the property list of p, through which it can also be changed;
// or nil if the type has none, as PINGREQ and PINGRESP, or is none of this
// package's. Of a CONNECT it is that of the packet, not that of the will. Section
// 2.2.2.
func PropertiesOf(p mqttwire.Packet) *mqttwire.Properties {
	if p, ok := p.(packet); ok {
		return p.properties()
	}
	return nil
}
