package packets

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
)

// [MQTT-3.2.2-19] [MQTT-3.2.2-20] and their like in the other packets are of those
// that have a Reason String.
func TestWhatMayHaveAReasonStringCanBeSentWithout(t *testing.T) {
	for typ := range mqttwire.PacketType(len(newPacket)) {
		p := newOf(typ)
		if p == nil {
			continue
		}
		has := mqttwire.ReasonString.AllowedIn(mqttwire.PropertyOwner(typ))
		_, can := p.(droppable)
		assert.Equal(t, has, can, "%s may have a Reason String: its method withProperties", typ)
	}
}
