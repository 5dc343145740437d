package packets_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// What a packet has is told by the fields of its type, so a new type is seen too.
func TestWhatAnyPacketHasIsWhatTheFieldsOfItsTypeSay(t *testing.T) {
	for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
		p := packets.New(typ)
		fields := reflect.ValueOf(p).Elem()

		id := fields.FieldByName("PacketID")
		if publish, ok := p.(*packets.Publish); ok {
			assert.False(t, packets.SetPacketID(p, 7), "with QoS 0 there is none on the wire")
			assert.Zero(t, publish.PacketID)
			publish.QoS = 1
		}
		assert.Equal(t, id.IsValid(), packets.SetPacketID(p, 7), typ)
		got, ok := packets.PacketID(p)
		assert.Equal(t, id.IsValid(), ok, typ)
		if ok {
			assert.EqualValues(t, 7, got, typ)
			assert.EqualValues(t, 7, id.Uint(), typ)
		}

		reason := fields.FieldByName("ReasonCode")
		assert.Equal(t, reason.IsValid(), packets.SetReasonCode(p, mqttwire.ReasonUnspecifiedError), typ)
		code, ok := packets.ReasonCode(p)
		assert.Equal(t, reason.IsValid(), ok, typ)
		if ok {
			assert.Equal(t, mqttwire.ReasonUnspecifiedError, code, typ)
			assert.EqualValues(t, 0x80, reason.Uint(), typ)
		}

		list := fields.FieldByName("Properties")
		properties := packets.PropertiesOf(p)
		require.Equal(t, list.IsValid(), properties != nil, typ)
		if properties != nil {
			assert.Same(t, list.Addr().Interface(), properties, typ)
		}
	}
}

func TestTheIdentifierOfAPublishIsThatOnTheWire(t *testing.T) {
	checkGenerated(t, 12, func(t *rapid.T, g generated) {
		p, ok := g.packet.(*packets.Publish)
		if !ok {
			return
		}
		id, ok := packets.PacketID(p)
		require.Equal(t, p.QoS > 0, ok)
		if ok {
			require.Equal(t, p.PacketID, id)
		}
	})
}

func TestOfAPacketOfAnotherPackageNothingIsKnown(t *testing.T) {
	for _, p := range []mqttwire.Packet{nil, otherPacket{}} {
		assert.Nil(t, packets.Clone(p))
		_, ok := packets.PacketID(p)
		assert.False(t, ok)
		assert.False(t, packets.SetPacketID(p, 1))
		_, ok = packets.ReasonCode(p)
		assert.False(t, ok)
		assert.False(t, packets.SetReasonCode(p, 0x80))
		assert.Nil(t, packets.PropertiesOf(p))
	}
}

func TestACloneOutlivesTheFrameAndTheNextPacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set packets.Set
		var kept []mqttwire.Packet
		var want []generated
		for range 12 {
			g := drawGenerated(t)
			frame := append([]byte(nil), g.bytes...)
			f, _, err := mqttwire.CutFrame(frame, 0)
			require.NoError(t, err)
			p, err := set.Decode(f, g.version)
			require.NoError(t, err)
			kept, want = append(kept, packets.Clone(p)), append(want, g)
			overwrite(frame)
		}
		for i, g := range want {
			requireSame(t, g.packet, kept[i])
		}
	})
}

// A code that MapReasonCode maps is one that the packet can be written with, and no
// other is.
func TestACodeIsMappedIfAndOnlyIfThePacketIsWrittenWithIt(t *testing.T) {
	for typ := mqttwire.CONNACK; typ <= mqttwire.DISCONNECT; typ++ {
		p := packets.New(typ)
		packets.SetPacketID(p, 1)
		if _, ok := packets.ReasonCode(p); !ok || typ == mqttwire.CONNACK { // whose codes are others in 3.x
			continue
		}
		for code := range 256 {
			packets.SetReasonCode(p, mqttwire.ReasonCode(code))
			for _, v := range []mqttwire.Version{v31, v311} {
				_, ok := mqttwire.MapReasonCode(typ, mqttwire.ReasonCode(code), v5, v)
				_, err := p.Append(nil, v)
				assert.Equal(t, err == nil, ok, "%s of %s with 0x%02X", typ, v, code)
			}
		}
	}
}
