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

func TestConnackIsWrittenWithoutWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		max     uint32
		dropped packets.Dropped
	}{
		{32, packets.Dropped{}},
		{31, packets.Dropped{ReasonString: true}},                       // leaves 22
		{21, packets.Dropped{UserProperties: true}},                     // leaves 15
		{14, packets.Dropped{ReasonString: true, UserProperties: true}}, // leaves 5
	} {
		connect := packets.Connect{Version: mqttwire.V5, ClientID: []byte("a")}
		connect.Properties.SetMaximumPacketSize(c.max)
		e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
		e.Observe(&connect)
		connack := packets.Connack{ReasonCode: mqttwire.ReasonBanned}
		connack.Properties.SetReasonString([]byte("1234567"))
		connack.Properties.AddUser([]byte("k"), []byte("12345678901"))
		b, err := e.Append(nil, &connack)
		require.NoError(t, err, c.max)
		assert.LessOrEqual(t, len(b), int(c.max))
		assert.Equal(t, c.dropped, e.Dropped(), c.max)
	}
}
