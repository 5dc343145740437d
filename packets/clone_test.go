package packets_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestClonesShareNoMemoryWithTheFrame(t *testing.T) {
	for _, c := range roundTrips {
		b := []byte(c.bytes)
		f, _, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		p, err := packets.Decode(f, c.v)
		require.NoError(t, err)
		clone := cloneOf(t, p)
		assert.Empty(t, cmp.Diff(p, clone, cmpopts.EquateEmpty()))
		copy(b, bytes.Repeat([]byte{0xEE}, len(b)))
		assert.Empty(t, cmp.Diff(c.p, clone, cmpopts.EquateEmpty()), c.name)
	}
}

// cloneOf calls the packet's Clone, whose result is of the packet's own type.
func cloneOf(t *testing.T, p mqttwire.Packet) mqttwire.Packet {
	t.Helper()
	switch p := p.(type) {
	case *packets.Connect:
		return p.Clone()
	case *packets.Connack:
		return p.Clone()
	case *packets.Publish:
		return p.Clone()
	case *packets.Puback:
		return p.Clone()
	case *packets.Pubrec:
		return p.Clone()
	case *packets.Pubrel:
		return p.Clone()
	case *packets.Pubcomp:
		return p.Clone()
	case *packets.Subscribe:
		return p.Clone()
	case *packets.Suback:
		return p.Clone()
	case *packets.Unsubscribe:
		return p.Clone()
	case *packets.Unsuback:
		return p.Clone()
	case *packets.Pingreq:
		return p.Clone()
	case *packets.Pingresp:
		return p.Clone()
	case *packets.Disconnect:
		return p.Clone()
	case *packets.Auth:
		return p.Clone()
	}
	t.Fatalf("no Clone of %T", p)
	return nil
}
