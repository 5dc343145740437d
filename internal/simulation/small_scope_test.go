package simulation

import (
	"os"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// step moves one byte, from the side that is asked first if it has one on the way, and
// reports whether there was one.
func (p *Pair) step() bool {
	for _, e := range []*end{p.client, p.server} {
		if e.link == nil {
			return false
		}
		e.drive(1 << 20)
		e.write(1 << 20)
		e.drive(0)
	}
	for _, e := range []*end{p.client, p.server} {
		if e.out.waiting() > 0 {
			e.peer().receive(1)
			p.closed()
			return true
		}
	}
	return false
}

// moveUpTo moves n bytes one at a time, and cuts the connection behind the last one. It
// reports whether there were so many.
func (p *Pair) moveUpTo(n int) bool {
	for range n {
		if !p.step() {
			return false
		}
	}
	p.Cut()
	return true
}

// stride is how far the second cuts are apart. Every one is tried where EVERY_CUT asks for
// it, as in CI; few with the race detector, which is slower and looks for other faults.
func stride() int {
	switch {
	case raceEnabled:
		return 11
	case os.Getenv("EVERY_CUT") == "":
		return 3
	}
	return 1
}

func TestNothingIsLostOrComesTwiceWhereverAConnectionIsCutTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("every pair of cuts: without -short")
	}
	step := stride()
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		for _, q := range []mqttwire.QoS{mqttwire.AtLeastOnce, mqttwire.ExactlyOnce} {
			t.Run(v.String()+" "+q.String(), func(t *testing.T) {
				t.Parallel()
				runs := 0
				for first := 0; ; first++ {
					again := true
					for second := first % step; again; second += step {
						p := threeMessages(t, v, q)
						if !p.moveUpTo(first) {
							p.Settle()
							t.Log(runs, "runs")
							return
						}
						p.Connect(window2)
						again = p.moveUpTo(second)
						p.Settle()
						p.exactly(t, 3)
						runs++
					}
				}
			})
		}
	}
}

var window2 = Terms{Expiry: 3600, ReceiveMaximum: [2]uint16{2, 2}, AliasMaximum: [2]uint16{2, 2}, Aliases: 2}

// threeMessages returns a pair with a window of two, where the client has three
// messages to send.
func threeMessages(t TB, v mqttwire.Version, q mqttwire.QoS) *Pair {
	p := NewPair(t, v, session.Options{InFlight: 2}, session.Options{InFlight: 2})
	for range 3 {
		p.Publish(p.client, "t", q, 1, 0)
	}
	p.Connect(window2)
	return p
}

// exactly holds the pair to n messages that were acknowledged, those of QoS 2 each
// having been handed on once.
func (p *Pair) exactly(t *testing.T, n int) {
	acked := 0
	for _, m := range p.ledger.messages {
		if m.outcome == session.Acked && m.handed >= 1 && (m.qos == mqttwire.AtLeastOnce || m.handed == 1) {
			acked++
		}
	}
	if acked != n {
		t.Fatalf("%d of %d messages came as they should: %v", acked, n, p.ledger.messages)
	}
}
