package mqttwiretest

import (
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// maxEntries is how many entries a generated list has at most, and seldom: one
// that makes a remaining length of two bytes.
const maxEntries = 130

// drawCount draws the number of entries of a list.
func drawCount(t *rapid.T) int {
	if rapid.IntRange(0, 31).Draw(t, "many entries") == 31 {
		return maxEntries
	}
	return rapid.IntRange(1, 4).Draw(t, "entries")
}

// Subscribe returns a generator of SUBSCRIBE packets of version v with one entry
// at least; those of 3.1 may have DUP.
func Subscribe(v mqttwire.Version) *rapid.Generator[*packets.Subscribe] {
	return rapid.Custom(func(t *rapid.T) *packets.Subscribe {
		p := &packets.Subscribe{
			PacketID:   drawPacketID(t),
			Dup:        drawDup(t, v),
			Properties: drawProperties(t, v, mqttwire.PropertyOwner(mqttwire.SUBSCRIBE), mqttwire.FromClient),
		}
		for range drawCount(t) {
			p.Subscriptions = append(p.Subscriptions, drawSubscription(t, v))
		}
		return p
	})
}

func drawSubscription(t *rapid.T, v mqttwire.Version) packets.Subscription {
	s := packets.Subscription{Filter: TopicFilter(v).Draw(t, "filter"), QoS: drawQoS(t)}
	if v == mqttwire.V5 {
		s.NoLocal = !mqttwire.IsSharedFilter(s.Filter) && drawBool(t, "no local") // [MQTT-3.8.3-4]
		s.RetainAsPublished = drawBool(t, "retain as published")
		s.RetainHandling = rapid.Uint8Range(0, 2).Draw(t, "retain handling")
	}
	return s
}

// Suback returns a generator of SUBACK packets of version v with one code at
// least.
func Suback(v mqttwire.Version) *rapid.Generator[*packets.Suback] {
	return rapid.Custom(func(t *rapid.T) *packets.Suback {
		return &packets.Suback{
			PacketID:    drawPacketID(t),
			ReasonCodes: drawCodes(t, mqttwire.SUBACK, v),
			Properties:  drawProperties(t, v, mqttwire.PropertyOwner(mqttwire.SUBACK), mqttwire.FromServer),
		}
	})
}

func drawCodes(t *rapid.T, typ mqttwire.PacketType, v mqttwire.Version) (codes []mqttwire.ReasonCode) {
	for range drawCount(t) {
		codes = append(codes, drawCode(t, typ, v, mqttwire.FromServer))
	}
	return codes
}

// Unsubscribe returns a generator of UNSUBSCRIBE packets of version v with one
// filter at least; those of 3.1 may have DUP.
func Unsubscribe(v mqttwire.Version) *rapid.Generator[*packets.Unsubscribe] {
	return rapid.Custom(func(t *rapid.T) *packets.Unsubscribe {
		p := &packets.Unsubscribe{
			PacketID:   drawPacketID(t),
			Dup:        drawDup(t, v),
			Properties: drawProperties(t, v, mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE), mqttwire.FromClient),
		}
		for range drawCount(t) {
			p.Filters = append(p.Filters, TopicFilter(v).Draw(t, "filter"))
		}
		return p
	})
}

// Unsuback returns a generator of UNSUBACK packets of version v: in 5.0 with one
// code at least, before it with none.
func Unsuback(v mqttwire.Version) *rapid.Generator[*packets.Unsuback] {
	return rapid.Custom(func(t *rapid.T) *packets.Unsuback {
		p := &packets.Unsuback{PacketID: drawPacketID(t)}
		if v == mqttwire.V5 {
			p.ReasonCodes = drawCodes(t, mqttwire.UNSUBACK, v)
			p.Properties = drawProperties(t, v, mqttwire.PropertyOwner(mqttwire.UNSUBACK), mqttwire.FromServer)
		}
		return p
	})
}
