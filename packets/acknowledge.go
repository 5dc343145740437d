package packets

import "github.com/mqttwire/mqttwire"

// Acknowledge returns the packet that the receiver of p answers it with if all is
// well, in memory of its own: PUBACK or PUBREC to PUBLISH with QoS 1 or 2, PUBREL to
// PUBREC, PUBCOMP to PUBREL, CONNACK, SUBACK, UNSUBACK and PINGRESP to what they are
// named for. It returns nil if the standard has no answer, such as to PUBLISH with
// QoS 0, to an acknowledgement, and to a PUBREC that refuses the message.
// [MQTT-3.1.4-5] [MQTT-3.8.4-1] [MQTT-3.10.4-4] [MQTT-3.12.4-1] [MQTT-4.3.2-4]
// [MQTT-4.3.3-4] [MQTT-4.3.3-8] [MQTT-4.3.3-11]
//
// All reason codes are 0. A SUBACK so grants QoS 0 to each filter: write what is
// granted into its ReasonCodes. A CONNACK to a client without a client identifier
// needs an Assigned Client Identifier in 5.0 [MQTT-3.1.3-7]. Packets that were
// refused are answered by Reply.
func Acknowledge(p mqttwire.Packet) mqttwire.Packet {
	switch p := p.(type) {
	case *Connect:
		return &Connack{}
	case *Publish:
		return acknowledgePublish(p)
	case *Pubrec:
		if p.ReasonCode.IsError() {
			return nil
		}
		return &Pubrel{PacketID: p.PacketID}
	case *Pubrel:
		return &Pubcomp{PacketID: p.PacketID}
	case *Subscribe:
		return &Suback{PacketID: p.PacketID, ReasonCodes: make([]mqttwire.ReasonCode, len(p.Subscriptions))}
	case *Unsubscribe:
		return &Unsuback{PacketID: p.PacketID, ReasonCodes: make([]mqttwire.ReasonCode, len(p.Filters))}
	case *Pingreq:
		return &Pingresp{}
	}
	return nil
}

func acknowledgePublish(p *Publish) mqttwire.Packet {
	switch p.QoS {
	case mqttwire.AtLeastOnce:
		return &Puback{PacketID: p.PacketID}
	case mqttwire.ExactlyOnce:
		return &Pubrec{PacketID: p.PacketID}
	}
	return nil
}
