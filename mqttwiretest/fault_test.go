package mqttwiretest_test

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

func TestEveryFaultIsPlantedAndRefusedByItsRule(t *testing.T) {
	planted := map[string]int{}
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
			packet := mqttwiretest.Packet(v, from)
			for seed := range 25 {
				choose := rand.New(rand.NewSource(int64(seed))).Intn
				for _, x := range mqttwiretest.Faults() {
					p := packet.Example(seed)
					if !x.Plant(p, v, choose) {
						_, err := p.Append(nil, v)
						require.NoError(t, err, "%s is not planted, but %v has changed", x.Name, p)
						continue
					}
					planted[x.Name]++
					_, err := p.Append(nil, v)
					var e *mqttwire.Error
					require.ErrorAs(t, err, &e, "%s in %v, %s", x.Name, p, v)
					assert.Equal(t, x.Rule.String(), e.Rule.String(), "%s in %v, %s", x.Name, p, v)
				}
			}
		}
	}
	for _, x := range mqttwiretest.Faults() {
		assert.NotZero(t, planted[x.Name], x.Name)
	}
	assert.Len(t, planted, len(mqttwiretest.Faults()), "a name stands twice")
}
