package main

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/interleaved"
)

// goal is a goal with what was measured for it.
type goal struct {
	work, want string
	limit      float64
	atLeast    bool   // limit is the least figure, not the largest
	unit       string // of the figures
	figures    []figure
	noAllocs   bool // allocations count as well
}

// figure is what was measured for a goal in one row.
type figure struct {
	row    string
	value  float64
	allocs float64
	beside string  // what the figure is a ratio to
	floor  float64 // that of the floor with text checks, or of memcpy; 0 if there is none
}

func (g *goal) met(f figure) bool {
	if g.noAllocs && f.allocs > 0 {
		return false
	}
	if g.atLeast {
		return f.value >= g.limit
	}
	return f.value <= g.limit
}

// missedBy returns by which part of the limit a figure misses it.
func (g *goal) missedBy(f figure) float64 {
	if g.atLeast {
		return (g.limit - f.value) / g.limit
	}
	return (f.value - g.limit) / g.limit
}

// worst returns the figure that is furthest on the bad side.
func (g *goal) worst() figure {
	worst := g.figures[0]
	for _, f := range g.figures {
		if g.missedBy(f) > g.missedBy(worst) {
			worst = f
		}
	}
	return worst
}

// best returns the figure that is furthest on the good side.
func (g *goal) best() figure {
	best := g.figures[0]
	for _, f := range g.figures {
		if g.missedBy(f) < g.missedBy(best) {
			best = f
		}
	}
	return best
}

func (g *goal) missed() (list []figure) {
	for _, f := range g.figures {
		if !g.met(f) {
			list = append(list, f)
		}
	}
	return list
}

// beyondFloor returns how many of the figures that miss the goal would miss it
// with the floor in our place.
func (g *goal) beyondFloor() (n int) {
	for _, f := range g.missed() {
		if f.floor != 0 && !g.met(figure{value: f.floor}) {
			n++
		}
	}
	return n
}

// flat is up to which rise of its time per byte a series counts as flat.
const flat = 1.25

// goals are the goals of the project, in the order in which they were set.
func goals(rows []row) []goal {
	list := []goal{
		{work: "decode any PUBLISH, CONNECT, SUBSCRIBE, acknowledgement", want: "at most 1.5 times the floor with text checks, 0 allocations",
			limit: 1.5, unit: " times", noAllocs: true},
		{work: "decode 3.1.1, beside the best other codec", want: "at least 2 times faster on each packet", limit: 2, atLeast: true, unit: " times"},
		{work: "decode 5.0, beside the best other codec", want: "at least 4 times faster on each packet", limit: 4, atLeast: true, unit: " times"},
		{work: "encode 3.1.1, beside the best other codec", want: "never slower on any packet", limit: 1, atLeast: true, unit: " times"},
		{work: "encode 5.0, beside the best other codec", want: "at least 5 times faster on each packet", limit: 5, atLeast: true, unit: " times"},
		{work: "streams, 3.1.1 and 5.0", want: "at most 1.25 times the floor with text checks, 0 allocations a packet", limit: 1.25, unit: " times",
			noAllocs: true},
		{work: "fan-out of one PUBLISH header per subscriber", want: "under 25 ns each, payload never copied", limit: 25, unit: " ns", noAllocs: true},
		{work: "cost against size", want: fmt.Sprintf("flat in ns per byte: no size over %.2f times a smaller one", flat), limit: flat, unit: " times"},
		{work: "worst-case inputs", want: "at most 3 times the cost per byte of ordinary traffic", limit: 3, unit: " times"},
		{work: "fan-out of a prepared PUBLISH to 10,000 subscribers", want: "at most 1.5 times memcpy of the same header, payload never copied",
			limit: 1.5, unit: " times", noAllocs: true},
	}
	for i := range rows {
		addFigure(list, &rows[i])
	}
	list[7].figures = rises(rows)
	return list
}

// addFigure adds the figure of a row to the goal that it belongs to.
func addFigure(list []goal, r *row) {
	switch r.kind {
	case kindDecode:
		if nearFloor(r.packet) {
			list[0].add(r, r.of(nameMqttwire), r.of(nameFloorText))
		}
		list[1+newer(r)].addBest(r)
	case kindEncode, kindBuild:
		list[3+newer(r)].addBest(r)
	case kindStream:
		for i := range r.contenders {
			if c := &r.contenders[i]; isOurs(c.name) {
				list[5].add(r, c, r.of(nameFloorText))
			}
		}
	case kindFanOut:
		ours := r.of(nameMqttwire)
		list[6].figures = append(list[6].figures, figure{row: r.name, value: interleaved.Median(ours.NS), allocs: ours.Allocs})
		if r.operations == manySubscribers {
			list[9].add(r, r.of(namePrepared), r.of(nameMemcpy))
		}
	case kindWorst:
		list[8].figures = append(list[8].figures, figure{row: r.name, value: r.toOrdinary(nameMqttwire), beside: nameOrdinary,
			floor: r.toOrdinary(nameFloorText)})
	}
}

// newer is 1 for rows of 5.0, else 0.
func newer(r *row) int {
	if r.v == v5 {
		return 1
	}
	return 0
}

// nearFloor reports whether packets of a type are to be decoded at close to the
// floor.
func nearFloor(t mqttwire.PacketType) bool {
	switch t {
	case mqttwire.PUBLISH, mqttwire.CONNECT, mqttwire.SUBSCRIBE, mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP,
		mqttwire.CONNACK, mqttwire.SUBACK, mqttwire.UNSUBACK:
		return true
	}
	return false
}

func (g *goal) add(r *row, a, b *contender) {
	g.figures = append(g.figures, figure{row: r.title(a), value: ratio(a, b), allocs: a.Allocs, beside: b.name})
}

// title is the row's name, with the way that is measured if there are several.
func (r *row) title(c *contender) string {
	if c.name == nameMqttwire {
		return r.name
	}
	return r.name + ", " + c.name
}

// addBest adds how many times the best other codec's time is ours.
func (g *goal) addBest(r *row) {
	best, floor := r.bestOther(), r.of(nameFloorText)
	if floor == nil {
		floor = r.of(nameMemcpy)
	}
	f := figure{row: r.name, value: ratio(best, r.of(nameMqttwire)), beside: best.name}
	if floor != nil {
		f.floor = ratio(best, floor)
	}
	g.figures = append(g.figures, f)
}

// bestOther returns the fastest other library in a row.
func (r *row) bestOther() (best *contender) {
	for i := range r.contenders {
		c := &r.contenders[i]
		if isLibrary(c.name) && (best == nil || interleaved.Median(c.NS) < interleaved.Median(best.NS)) {
			best = c
		}
	}
	return best
}

// perByte returns the nanoseconds for each byte.
func (r *row) perByte(name string) float64 { return interleaved.Median(r.of(name).NS) / r.bytes }

// toOrdinary returns a contender's cost for each byte beside our cost for a byte
// of ordinary traffic.
func (r *row) toOrdinary(name string) float64 {
	ordinary := r.of(nameOrdinary)
	return ratio(r.of(name), ordinary) * ordinary.bytes / r.bytes
}

// rises returns for each series of sizes the pair of sizes of which the larger
// one costs most beside the smaller one.
func rises(rows []row) []figure {
	var list []figure
	for i := range rows {
		r := &rows[i]
		if r.kind != kindSize {
			continue
		}
		if len(list) == 0 || list[len(list)-1].row != r.series {
			list = append(list, figure{row: r.series})
		}
		f := &list[len(list)-1]
		for j := range rows[:i] {
			if smaller := &rows[j]; smaller.series == r.series {
				if rise := riseTo(r, smaller); rise > f.value {
					f.value, f.beside = rise, smaller.size+" to "+r.size
				}
			}
		}
	}
	return list
}

// riseTo returns how many times the time per byte of the smaller row that of r
// is; where the work is to copy, the time beside that of memcpy.
func riseTo(r, smaller *row) float64 {
	a, b := r.sizeCosts(), smaller.sizeCosts()
	for i := range a {
		a[i] /= b[i]
	}
	return interleaved.Median(a)
}

// sizeCosts is what has to be flat, by round.
func (r *row) sizeCosts() []float64 {
	ours := r.of(nameMqttwire)
	if copies(r.series) {
		return ratios(ours, r.of(nameMemcpy))
	}
	list := make([]float64, len(ours.NS))
	for i := range list {
		list[i] = ours.NS[i] / r.bytes
	}
	return list
}
