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

// Remaining lengths at which they take one more byte, and 0 for any. The largest
// come seldom, as do those of a payload that no field would hold.
var (
	bodySizes      = []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 127, 128, 16383, 16384}
	largeBodySizes = []int{100000, 2097151, 2097152}
)

// largeBodies is how many packets there are for one with a large body.
const largeBodies = 200

// fillPublish seldom gives the packet the payload that makes its body one of the
// sizes.
func fillPublish(t *rapid.T, p *packets.Publish, v mqttwire.Version) {
	sizes := bodySizes
	if rapid.IntRange(1, largeBodies).Draw(t, "large") == largeBodies {
		sizes = largeBodySizes
	}
	size := rapid.SampledFrom(sizes).Draw(t, "body size")
	empty := *p
	empty.Payload = nil
	if missing := size - bodySize(empty.Size(v)); missing >= 0 {
		p.Payload = filled(nil, missing)
	}
}

// bodySize returns the remaining length of a packet of n bytes.
func bodySize(n int) int {
	for length := 1; ; length++ {
		if body := n - 1 - length; mqttwire.SizeVarint(uint32(body)) == length {
			return body
		}
	}
}
