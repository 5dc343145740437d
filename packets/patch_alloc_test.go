//go:build !race

package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestPatchingAllocatesNothing(t *testing.T) {
	publish := []byte("\x32\x11\x00\x01a\x00\x07\x0A\x02\x00\x00\x00\x01\x03\x00\x02txx")
	puback := []byte("\x40\x03\x00\x07\x10")
	qos0 := []byte("\x30\x03\x00\x01a")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, err := range [...]error{
			packets.PatchDup(publish, v5, true), packets.PatchRetain(publish, v5, true), packets.PatchQoS(publish, v5, 2),
			packets.PatchPacketID(publish, v5, 8), packets.PatchMessageExpiryInterval(publish, v5, 9),
			packets.PatchPacketID(puback, v5, 8), packets.PatchReasonCode(puback, v5, mqttwire.ReasonQuotaExceeded),
			packets.PatchDup(qos0, v31, true),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}))
}
