package packets_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

func TestEncodingAPlantedFaultIsRefused(t *testing.T) {
	checkGenerated(t, 3, func(t *rapid.T, g generated) {
		choose := drawChoose(t)
		for _, x := range mqttwiretest.Faults() {
			p, _ := g.decode(t)
			if x.Plant(p, g.version, choose) {
				requireFault(t, &x, p, g.version)
			}
		}
	})
}

// requireFault checks that Append refuses p by the rule that was planted, and
// returns dst as it was.
func requireFault(t *rapid.T, x *mqttwiretest.Fault, p mqttwire.Packet, v mqttwire.Version) {
	backing := []byte("prefix, and room behind it")
	dst, err := p.Append(backing[:6], v)
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e, "%s in %v", x.Name, p)
	require.Equal(t, x.Rule.String(), e.Rule.String(), "%s in %v", x.Name, p)
	require.Equal(t, p.Type(), e.Type, x.Name)
	require.Equal(t, v, e.Version, x.Name)
	require.Equal(t, mqttwire.NoOffset, e.Offset, x.Name)
	require.NotEmpty(t, e.Statement, x.Name)
	require.Equal(t, "prefix", string(dst), x.Name)
	require.Equal(t, cap(backing), cap(dst), x.Name)
	require.Same(t, &backing[0], &dst[0], x.Name)
}
