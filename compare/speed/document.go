package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/interleaved"
)

// document returns the whole of RESULTS.md.
func document(rows []row, p interleaved.Plan, versions map[string]string) string {
	var s strings.Builder
	fmt.Fprintf(&s, heading, machine(), p.Rounds, p.Slice, interleaved.ClockName, 100*noise(rows), 100*layout(rows))
	s.WriteString(codecTable(versions))
	all := goals(rows)
	s.WriteString("\n## Goals\n\n" + goalTable(all) + missedTable(all) + tried)
	for _, v := range []mqttwire.Version{v311, v5} {
		fmt.Fprintf(&s, "\n## Decode %s\n\n%s\n%s", v, decodeLegend, decodeTable(rows, v))
	}
	for _, v := range []mqttwire.Version{v311, v5} {
		fmt.Fprintf(&s, "\n## Encode %s\n\n%s\n%s", v, encodeLegend, encodeTable(rows, v))
	}
	s.WriteString("\n## Streams\n\n" + streamLegend + streamTable(rows))
	s.WriteString("\n## Fan-out\n\n" + fanOutLegend + fanOutTable(rows))
	s.WriteString("\n## Cost against size\n\n" + sizeLegend + sizeTable(rows))
	s.WriteString("\n## Worst-case inputs\n\n" + worstLegend + worstTable(rows))
	return s.String()
}

// tried says what was done to reach the goals, and why some are missed.
//
//go:embed tried.md
var tried string

const heading = `# Speed of Go codecs

Go codecs of MQTT beside this library, a floor and memcpy, over the same bytes. This file is generated. To measure again, in the
folder compare/:

    go run ./speed

Measured on %s; one core, GOMAXPROCS=1. In each of %d rounds each codec does the work for about %v,
those of a row right after each other. Times are %s, medians over the rounds; ratios are medians of the
ratios within a round, in which most of what slows the machine down cancels out. In the middle row, half of the rounds lie within
±%.1f %% of the median ratio to the floor with text checks. Where code and data come to lie in memory counts too: in packets without
text the two floors do the same, and are up to %.0f %% apart. The garbage collector is on.

Before it is timed, every codec is seen to bring out the same fields of each packet. All fields are read in the timed loop: numbers,
flags, and of each string or binary value its length, first and last byte. Each decode goes through a switch over the packet
types, and each codec keeps its packets and buffers from one decode to the next as far as its interface allows.

`

const (
	missedLegend = "\nWhat misses its goal. The last column is what the floor with text checks, or for encoding memcpy, has in the place of this\n" +
		"library's figure. UNSUBSCRIBE, PINGREQ, PINGRESP, DISCONNECT and AUTH have no goal beside the floor; the tables below have them.\n\n"
	decodeLegend = "Times in ns. For other codecs: how many times our time, the time, the allocations.\n"
	encodeLegend = "Times in ns. For other codecs: how many times our time, the time, the allocations. The packet is ready in the codec's own\n" +
		"structs; \"set anew\" sets its eight properties each time.\n"
	streamLegend = "A client's packets of many lengths, mostly messages and their acknowledgements, from a reader that always has more. memcpy\n" +
		"reads as many bytes.\n\n"
	fanOutLegend = "One PUBLISH of 64 bytes to many subscribers: a header with its own packet identifier for each, and a list of parts as\n" +
		"net.Buffers takes it, in which all share the payload. Times in ns for one subscriber, encoding the packet anew and sending what\n" +
		"was prepared once; memcpy copies a header that is ready.\n\n"
	sizeLegend = "Decoding reads every field. A Reader gets its bytes from memory, so that one copy is part of its work. A copy costs more a byte\n" +
		"when it no longer fits into a cache, so that what appends or reads has to be flat beside memcpy of as many bytes.\n\n"
	worstLegend = "Legal packets of 5.0 that cost much for their bytes. Ordinary traffic is the mixed stream of 5.0, decoded from memory.\n\n"
)

// noise is the spread of the ratio to the floor with text checks in the middle row.
func noise(rows []row) float64 {
	var spreads []float64
	for i := range rows {
		if rows[i].kind == kindDecode {
			spreads = append(spreads, interleaved.Spread(ratios(rows[i].of(nameMqttwire), rows[i].of(nameFloorText))))
		}
	}
	return interleaved.Median(spreads)
}

// layout is how far the two floors are apart at most in rows of packets without
// text, which all that are so short are.
func layout(rows []row) (most float64) {
	for i := range rows {
		if r := &rows[i]; r.kind == kindDecode && r.bytes < 20 {
			apart := ratio(r.of(nameFloor), r.of(nameFloorText))
			most = max(most, apart-1, 1/apart-1)
		}
	}
	return most
}

// codecTable says what was measured.
func codecTable(versions map[string]string) string {
	var s strings.Builder
	s.WriteString("| column | module | what is called | what that does not do |\n|---|---|---|---|\n")
	for _, c := range codecs() {
		module := "—"
		if c.module != "" {
			module = c.module + " " + versions[c.module]
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %s |\n", c.name, module, c.calls, c.lacks)
	}
	return s.String()
}

func goalTable(all []goal) string {
	var s strings.Builder
	s.WriteString("| work | goal | measured | |\n|---|---|---|---|\n")
	for i := range all {
		g := &all[i]
		best, worst := g.best(), g.worst()
		fmt.Fprintf(&s, "| %s | %s | %s to %s (%s)%s | %s |\n", g.work, g.want, number(best.value), number(worst.value)+g.unit, worst.row,
			g.allocations(), g.verdict())
	}
	return s.String()
}

// allocations says how many there are at most, where they count.
func (g *goal) allocations() string {
	if !g.noAllocs {
		return ""
	}
	var most float64
	for _, f := range g.figures {
		most = max(most, f.allocs)
	}
	return fmt.Sprintf(", %.0f allocations", most)
}

func (g *goal) verdict() string {
	missed := g.missed()
	if len(missed) == 0 {
		return fmt.Sprintf("met in all %d rows", len(g.figures))
	}
	s := fmt.Sprintf("**missed** in %d of %d rows, by up to %.0f %%", len(missed), len(g.figures), 100*g.missedBy(g.worst()))
	if n := g.beyondFloor(); n > 0 {
		s += fmt.Sprintf("; in %d of these the floor misses it too", n)
	}
	return s
}

// missedTable has each figure that misses its goal.
func missedTable(all []goal) string {
	var s strings.Builder
	for i := range all {
		g := &all[i]
		for _, f := range g.missed() {
			allocs := ""
			if g.noAllocs {
				allocs = fmt.Sprintf(", %.0f allocations", f.allocs)
			}
			floor := "—"
			if f.floor != 0 {
				floor = number(f.floor)
			}
			fmt.Fprintf(&s, "| %s | %s | %s%s%s | %s | %s |\n", g.work, f.row, number(f.value), g.unit, allocs, f.beside, floor)
		}
	}
	if s.Len() == 0 {
		return ""
	}
	return missedLegend + "| work | row | measured | beside | floor |\n|---|---|---|---|--:|\n" + s.String()
}

// number returns a figure with three digits.
func number(n float64) string {
	switch {
	case n < 10:
		return fmt.Sprintf("%.2f", n)
	case n < 100:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.0f", n)
}

// cell returns a contender's time, "—" if there is none.
func (r *row) cell(name string) string {
	c := r.of(name)
	if c == nil {
		return "—"
	}
	if c.Allocs > 0 && !isLibrary(name) {
		return fmt.Sprintf("%s, %.0f allocs", number(interleaved.Median(c.NS)), c.Allocs)
	}
	return number(interleaved.Median(c.NS))
}

// other returns what there is to say of another codec.
func (r *row) other(name string) string {
	c := r.of(name)
	if c == nil {
		return "—"
	}
	return fmt.Sprintf("%s× · %s · %.0f", number(ratio(c, r.of(nameMqttwire))), number(interleaved.Median(c.NS)), c.Allocs)
}

// beside returns the ratio of our time to another's.
func (r *row) beside(name string) string {
	if r.of(name) == nil {
		return "—"
	}
	return number(ratio(r.of(nameMqttwire), r.of(name)))
}

// others are the libraries that know a version.
func others(v mqttwire.Version) []string {
	if v == v5 {
		return []string{nameMochi, namePahoGolang}
	}
	return []string{nameMochi, namePahoMQTT, nameGomqtt, nameNatiu}
}

// head returns the heading of a table, with numbers from the second column on.
func head(columns ...string) string {
	return "| " + strings.Join(columns, " | ") + " |\n|---|" + strings.Repeat("--:|", len(columns)-1) + "\n"
}

func line(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// best returns how many times the best other codec's time is ours.
func (r *row) best() string {
	best := r.bestOther()
	if best == nil {
		return "—"
	}
	return number(ratio(best, r.of(nameMqttwire))) + "×"
}

func decodeTable(rows []row, v mqttwire.Version) string {
	libraries := others(v)
	columns := []string{"packet", "bytes", "mqttwire", "floor", "floor, text", "memcpy", "mqttwire ÷ floor", "÷ floor, text"}
	s := head(append(append(columns, libraries...), "best other")...)
	for i := range rows {
		r := &rows[i]
		if r.kind != kindDecode || r.v != v {
			continue
		}
		cells := []string{r.name, fmt.Sprint(int(r.bytes)), r.cell(nameMqttwire), r.cell(nameFloor), r.cell(nameFloorText), r.cell(nameMemcpy),
			r.beside(nameFloor), r.beside(nameFloorText)}
		for _, name := range libraries {
			cells = append(cells, r.other(name))
		}
		s += line(append(cells, r.best())...)
	}
	return s
}

func encodeTable(rows []row, v mqttwire.Version) string {
	libraries := others(v)
	s := head(append(append([]string{"packet", "bytes", "mqttwire", "memcpy"}, libraries...), "best other")...)
	for i := range rows {
		r := &rows[i]
		if r.kind != kindEncode && r.kind != kindBuild || r.v != v {
			continue
		}
		cells := []string{r.name, fmt.Sprint(int(r.bytes)), r.cell(nameMqttwire), r.cell(nameMemcpy)}
		for _, name := range libraries {
			cells = append(cells, r.other(name))
		}
		s += line(append(cells, r.best())...)
	}
	return s
}

func streamTable(rows []row) string {
	s := head("stream", "by", "ns a packet", "MB/s", "allocations a packet", "÷ floor, text", "÷ mqttwire")
	for i := range rows {
		r := &rows[i]
		if r.kind != kindStream {
			continue
		}
		for j := range r.contenders {
			c := &r.contenders[j]
			ns := interleaved.Median(c.NS)
			s += line(r.name, c.name, number(ns), fmt.Sprintf("%.0f", 1000*r.bytes/ns), fmt.Sprintf("%.0f", c.Allocs),
				number(ratio(c, r.of(nameFloorText))), number(ratio(c, r.of(nameMqttwire))))
		}
	}
	return s
}

func fanOutTable(rows []row) string {
	s := head("header", "bytes", "mqttwire", "prepared", "memcpy", "÷ memcpy", "prepared ÷ memcpy")
	for i := range rows {
		if r := &rows[i]; r.kind == kindFanOut {
			s += line(r.name, fmt.Sprint(int(r.bytes)), r.cell(nameMqttwire), r.cell(namePrepared), r.cell(nameMemcpy), r.beside(nameMemcpy),
				number(ratio(r.of(namePrepared), r.of(nameMemcpy))))
		}
	}
	return s
}

func sizeTable(rows []row) string {
	s := head("work", "bytes", "ns", "ns per byte", "memcpy, ns per byte", "÷ memcpy", "allocations")
	for i := range rows {
		r := &rows[i]
		if r.kind != kindSize {
			continue
		}
		ours := r.of(nameMqttwire)
		s += line(r.name, fmt.Sprint(int(r.bytes)), number(interleaved.Median(ours.NS)), perByte(r.perByte(nameMqttwire)), perByte(r.perByte(nameMemcpy)),
			r.beside(nameMemcpy), fmt.Sprintf("%.0f", ours.Allocs))
	}
	return s
}

func perByte(n float64) string { return fmt.Sprintf("%.3f", n) }

func worstTable(rows []row) string {
	s := head("packet", "bytes", "ns", "ns per byte", "÷ ordinary traffic, per byte", "÷ floor, text", "allocations")
	for i := range rows {
		r := &rows[i]
		if r.kind != kindWorst {
			continue
		}
		ours := r.of(nameMqttwire)
		s += line(r.name, fmt.Sprint(int(r.bytes)), number(interleaved.Median(ours.NS)), perByte(r.perByte(nameMqttwire)), number(r.toOrdinary(nameMqttwire)),
			r.beside(nameFloorText), fmt.Sprintf("%.0f", ours.Allocs))
	}
	return s
}
