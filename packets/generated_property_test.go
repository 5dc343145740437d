package packets_test

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// generated is a legal packet that a generator made, and its bytes.
type generated struct {
	packet  mqttwire.Packet
	version mqttwire.Version
	from    mqttwire.Sender
	bytes   []byte
}

// drawGenerated draws a legal packet of any type, version and side.
func drawGenerated(t *rapid.T) generated {
	g := generated{version: mqttwiretest.Version().Draw(t, "version"), from: mqttwiretest.Sender().Draw(t, "sender")}
	g.packet = mqttwiretest.Packet(g.version, g.from).Draw(t, "packet")
	var err error
	g.bytes, err = g.packet.Append(nil, g.version)
	require.NoError(t, err)
	return g
}

// checkGenerated checks a property of legal packets of any type, version and
// side, for n of them in each of rapid's checks.
func checkGenerated(t *testing.T, n int, property func(*rapid.T, generated)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		for range n {
			property(t, drawGenerated(t))
		}
	})
}

// drawChoose draws a source of choices for violations and faults.
func drawChoose(t *rapid.T) func(n int) int {
	return rand.New(rand.NewSource(int64(rapid.Uint32().Draw(t, "choices")))).Intn
}

// decode decodes the packet's bytes from memory of their own.
func (g *generated) decode(t *rapid.T) (p mqttwire.Packet, memory []byte) {
	memory = append([]byte(nil), g.bytes...)
	f, rest, err := mqttwire.CutFrame(memory, 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	p, err = packets.Decode(f, g.version)
	require.NoError(t, err)
	return p, memory
}

// sameFields compares packets. Absent and empty are the same, as they are on the
// wire but for user name and password; long fields are not compared byte by byte
// through reflection.
var sameFields = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.FilterValues(func(a, b []byte) bool { return len(a) > 0 || len(b) > 0 }, cmp.Comparer(bytes.Equal)),
}

// requireSame fails unless two packets have the same fields.
func requireSame(t require.TestingT, want, got mqttwire.Packet) {
	require.Empty(t, cmp.Diff(want, got, sameFields))
	a, ok := want.(*packets.Connect)
	if !ok {
		return
	}
	b := got.(*packets.Connect)
	require.Equal(t, a.UserName == nil, b.UserName == nil, "user name absent")
	require.Equal(t, a.Password == nil, b.Password == nil, "password absent")
}
