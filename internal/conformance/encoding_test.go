package conformance_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestPublishOfQoS0IsWrittenWithoutItsPacketIdentifier(t *testing.T) {
	for v, want := range map[mqttwire.Version]string{
		mqttwire.V31:  "\x30\x04\x00\x01ax",
		mqttwire.V311: "\x30\x04\x00\x01ax",
		mqttwire.V5:   "\x30\x05\x00\x01a\x00x",
	} {
		p := packets.Publish{Topic: []byte("a"), Payload: []byte("x"), PacketID: 7}
		b, err := p.Append(nil, v)
		require.NoError(t, err)
		assert.Equal(t, want, string(b), v)
	}
}
