package packets_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzPeek peeks at any bytes, after each one: what is known must stay when more bytes
// come, and be what Decode says of a packet that is legal.
func FuzzPeek(f *testing.F) {
	for _, k := range loadCorpus(f) {
		if len(k.Bytes) <= 256 {
			f.Add(k.Bytes, uint8(k.Version))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, version uint8) {
		b = b[:min(len(b), 4096)]
		var known, publishKnown *string
		for n := range len(b) + 1 {
			part := b[:n:n]
			id, ok, err := packets.PeekPacketID(part)
			known = requireStays(t, known, fmt.Sprintf("%d %v %v", id, ok, err), err, b)
			start, err := packets.PeekPublish(part)
			publishKnown = requireStays(t, publishKnown, fmt.Sprintf("%+v %v", start, err), err, b)
		}
		frame, _, err := mqttwire.CutFrame(b, 0)
		if err != nil {
			return
		}
		if p, err := packets.Decode(frame, mqttwire.Version(version)); err == nil {
			whole := b[:frame.Header.PacketSize()]
			requirePeeks(t, whole, p, fmt.Sprintf("%q", whole))
		}
	})
}

// requireStays returns what is known, which is nothing while err says that more bytes
// are needed, and checks that it is what was known before.
func requireStays(t *testing.T, before *string, now string, err error, b []byte) *string {
	if before != nil {
		require.Equal(t, *before, now, "%q", b)
	}
	if err == mqttwire.ErrIncomplete {
		return nil
	}
	return &now
}
