package broker_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
)

var levels = []broker.Level{broker.Recorded, broker.Appended}

func TestAMessageComesToTheClientsOfAllNodes(t *testing.T) {
	for _, level := range levels {
		for q := mqttwire.QoS(0); q <= 2; q++ {
			e := newEngine(t, 1)
			a, b := e.node("a", level), e.node("b", level)
			x, y := a.connect(mqttwire.V5, "x"), b.connect(mqttwire.V311, "y", keeps)
			a.subscribe(x, sub("t/#", 2))
			b.subscribe(y, sub("t/+", 2))
			x.take()
			y.take()
			a.publish(x, "t/1", "m", q)
			b.publish(y, "t/2", "n", q)
			want := []string{"t/1 m", "t/2 n"}
			if q > 0 {
				want = []string{"t/1 m QoS" + string('0'+rune(q)), "t/2 n QoS" + string('0'+rune(q))}
			}
			assert.ElementsMatch(t, want, x.messages())
			assert.ElementsMatch(t, want, y.messages())
			assert.Equal(t, []string{"a"}, e.held("x"))
		}
	}
}
