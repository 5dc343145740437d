package main

import (
	"testing"
	"time"

	"github.com/mqttwire/mqttwire/compare/interleaved"
)

func TestEachRowIsMeasured(t *testing.T) {
	for _, r := range measured(interleaved.Plan{Rounds: 1, Slice: 50 * time.Microsecond}) {
		if r.textNS <= 0 || r.asciiNS <= 0 || r.stdNS <= 0 {
			t.Errorf("%s was not measured", r.name)
		}
		if r.text(1) == 0 || r.text(3) != 3*r.text(1) || r.ascii(1) != r.text(1) {
			t.Errorf("%s does another work on ASCII", r.name)
		}
	}
}

func TestEachGoalIsARatioOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		goal *goal
		want float64
	}{{&language, 0.5}, {&dollar, 1.5}, {&longest, 0.75}} {
		r := result{row{goal: c.goal}, 30, 20, 20}
		if c.goal == &longest {
			r.stdNS = 40
		}
		if got := r.figure(); got != c.want {
			t.Errorf("%s: %v, not %v", c.goal.name, got, c.want)
		}
	}
}
