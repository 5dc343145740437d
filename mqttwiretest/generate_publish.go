package mqttwiretest

import (
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Publish returns a generator of PUBLISH packets of version v from the given
// side.
func Publish(v mqttwire.Version, from mqttwire.Sender) *rapid.Generator[*packets.Publish] {
	return rapid.Custom(func(t *rapid.T) *packets.Publish {
		p := &packets.Publish{
			Topic:      TopicName().Draw(t, "topic name"),
			Properties: drawProperties(t, v, mqttwire.PropertyOwner(mqttwire.PUBLISH), from),
			QoS:        drawQoS(t),
			Retain:     drawBool(t, "retain"),
		}
		if p.Properties.Has(mqttwire.TopicAlias) && drawBool(t, "alias alone") {
			p.Topic = []byte{}
		}
		if p.QoS > 0 {
			p.PacketID = drawPacketID(t)
		}
		if p.QoS > 0 || v == mqttwire.V31 { // [MQTT-3.3.1-2]
			p.Dup = drawBool(t, "DUP")
		}
		p.Payload = drawPayload(t, p.Properties)
		fillPublish(t, p, v)
		return p
	})
}

// bodySizes are remaining lengths at which they take one more byte, and 0 for
// any.
var bodySizes = []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 127, 128, 16383, 16384}

// fillPublish seldom gives the packet the payload that makes its body one of the
// sizes.
func fillPublish(t *rapid.T, p *packets.Publish, v mqttwire.Version) {
	size := rapid.SampledFrom(bodySizes).Draw(t, "body size")
	empty := *p
	empty.Payload = nil
	n := empty.Size(v)
	header := n - 2 // what stands before the payload, if the remaining length is under 128
	if n > 129 {
		header = n - 3
	}
	if missing := size - header; missing >= 0 {
		p.Payload = filled(nil, missing)
	}
}
