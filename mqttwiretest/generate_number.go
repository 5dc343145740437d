package mqttwiretest

import (
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
)

// Numbers at which an integer or a variable byte integer takes one more byte, or
// ends.
var (
	edges16 = []uint16{0, 1, 127, 128, 255, 256, 32767, 32768, math.MaxUint16}
	edges32 = []uint32{0, 1, 255, 256, 65535, 65536, math.MaxInt32, math.MaxUint32}
	edgesID = []uint32{1, 127, 128, 16383, 16384, 2097151, 2097152, mqttwire.MaxVarint}
)

// draw16 draws a two byte integer of at least least.
func draw16(t *rapid.T, least uint16) uint16 {
	return max(least, rapid.OneOf(rapid.SampledFrom(edges16), rapid.Uint16()).Draw(t, "two byte integer"))
}

// draw32 draws a four byte integer of at least least.
func draw32(t *rapid.T, least uint32) uint32 {
	return max(least, rapid.OneOf(rapid.SampledFrom(edges32), rapid.Uint32()).Draw(t, "four byte integer"))
}

// drawSubscriptionID draws a Subscription Identifier.
func drawSubscriptionID(t *rapid.T) uint32 {
	return rapid.OneOf(rapid.SampledFrom(edgesID), rapid.Uint32Range(1, mqttwire.MaxVarint)).Draw(t, "Subscription Identifier")
}

// drawPacketID draws a packet identifier.
func drawPacketID(t *rapid.T) uint16 { return draw16(t, 1) }

func drawBool(t *rapid.T, label string) bool { return rapid.Bool().Draw(t, label) }

func drawQoS(t *rapid.T) mqttwire.QoS {
	return rapid.SampledFrom([]mqttwire.QoS{mqttwire.AtMostOnce, mqttwire.AtLeastOnce, mqttwire.ExactlyOnce}).Draw(t, "QoS")
}

// drawCode draws a code that packets of the type may carry in version v from the
// given side, 0 for either.
func drawCode(t *rapid.T, typ mqttwire.PacketType, v mqttwire.Version, from mqttwire.Sender) mqttwire.ReasonCode {
	allowed := codesWhere(func(c mqttwire.ReasonCode) bool { return c.AllowedIn(typ, v, from) })
	if drawBool(t, "from the last") { // as rapid draws the first of a list more often
		slices.Reverse(allowed)
	}
	return rapid.SampledFrom(allowed).Draw(t, "code")
}
