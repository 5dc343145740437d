package mqttwiretest

import (
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Packet returns a generator of packets of version v that the given side may
// send, all types alike. The packets are legal by construction, and but for the
// two forms that Connect and Auth name, every receiver has to accept them. Each
// packet is the caller's own.
func Packet(v mqttwire.Version, from mqttwire.Sender) *rapid.Generator[mqttwire.Packet] {
	var types []mqttwire.PacketType
	for t := mqttwire.CONNECT; t <= mqttwire.AUTH; t++ {
		if t.MayBeSentBy(from, v) {
			types = append(types, t)
		}
	}
	return rapid.Custom(func(t *rapid.T) mqttwire.Packet {
		return drawPacket(t, rapid.SampledFrom(types).Draw(t, "packet type"), v, from)
	})
}

// drawPacket draws a packet of the type.
func drawPacket(t *rapid.T, typ mqttwire.PacketType, v mqttwire.Version, from mqttwire.Sender) mqttwire.Packet {
	const label = "packet"
	switch typ {
	case mqttwire.CONNECT:
		return Connect(v).Draw(t, label)
	case mqttwire.CONNACK:
		return Connack(v).Draw(t, label)
	case mqttwire.PUBLISH:
		return Publish(v, from).Draw(t, label)
	case mqttwire.PUBACK:
		return Puback(v, from).Draw(t, label)
	case mqttwire.PUBREC:
		return Pubrec(v, from).Draw(t, label)
	case mqttwire.PUBREL:
		return Pubrel(v, from).Draw(t, label)
	case mqttwire.PUBCOMP:
		return Pubcomp(v, from).Draw(t, label)
	case mqttwire.SUBSCRIBE:
		return Subscribe(v).Draw(t, label)
	case mqttwire.SUBACK:
		return Suback(v).Draw(t, label)
	case mqttwire.UNSUBSCRIBE:
		return Unsubscribe(v).Draw(t, label)
	case mqttwire.UNSUBACK:
		return Unsuback(v).Draw(t, label)
	case mqttwire.DISCONNECT:
		return Disconnect(v, from).Draw(t, label)
	case mqttwire.AUTH:
		return Auth(from).Draw(t, label)
	}
	return packets.New(typ) // PINGREQ and PINGRESP have no fields
}

// Version returns a generator of the three versions.
func Version() *rapid.Generator[mqttwire.Version] {
	return rapid.SampledFrom([]mqttwire.Version{mqttwire.V5, mqttwire.V311, mqttwire.V31})
}

// Sender returns a generator of the two sides.
func Sender() *rapid.Generator[mqttwire.Sender] {
	return rapid.SampledFrom([]mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer})
}
