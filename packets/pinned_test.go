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

// aliased counts the bytes of all byte slices and property lists in v.
func aliased(v reflect.Value) (n int) {
	if list, ok := v.Interface().(mqttwire.Properties); ok {
		return len(list.Bytes())
	}
	if b, ok := v.Interface().([]byte); ok {
		return len(b)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			n = aliased(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			n += aliased(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += aliased(v.Index(i))
		}
	}
	return n
}

func TestPinnedCountsTheBytesThatCloneCopies(t *testing.T) {
	pinning := map[mqttwire.PacketType]bool{}
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		n := packets.Pinned(p)
		assert.Equal(t, aliased(reflect.ValueOf(p)), n, c.Where())
		assert.LessOrEqual(t, n, len(c.Frame().Body), c.Where())
		assert.Equal(t, n, packets.Pinned(cloneOf(t, p)), c.Where())
		pinning[p.Type()] = pinning[p.Type()] || n > 0
	}
	for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
		ping := typ == mqttwire.PINGREQ || typ == mqttwire.PINGRESP
		assert.Equal(t, !ping, pinning[typ], "%s: a case with something to pin", typ)
	}
}

func TestPinnedCountsTheBytesOfGeneratedPackets(t *testing.T) {
	checkGenerated(t, 12, func(check *rapid.T, g generated) {
		p, _ := g.decode(check)
		require.Equal(check, aliased(reflect.ValueOf(p)), packets.Pinned(p))
	})
}

// otherPacket is a packet of another package.
type otherPacket struct{ mqttwire.Packet }

func TestPinnedOfAPacketOfAnotherPackageIsZero(t *testing.T) {
	require.Zero(t, packets.Pinned(otherPacket{}))
}
