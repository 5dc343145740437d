//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire/compare/interleaved"
)

// goal is what a figure of ours is to be: beside that of another, or by itself.
type goal struct {
	figure int     // which of the two
	than   int     // whose, or nobody's
	most   float64 // ours to theirs, at most; or
	least  float64 // at least
}

// throughputGoals are those of a row: no more processor time than mosquitto, but for the
// plainest one, and ahead of mochi.
func throughputGoals(qos, subscribers int) []goal {
	most := 1.0
	if qos == 0 && subscribers == 1 {
		most = 1.25
	}
	return []goal{{0, mosquitto, most, 0}, {0, mochi, 1 / 1.3, 0}}
}

const head = `# mqtt serve beside mosquitto and mochi

    cd compare && go run ./load

Measured on %s, %d processors, %s, Linux. In each of %d rounds each broker is started anew and gets the same load on the same
processors, by turns; medians. The load is mqtt bench for the first ten rows, with payloads of %d bytes and windows of 100, and
connections of this program for the others. All brokers have room for %d messages for each client, and else the options that stand
for themselves. **The machine was loaded by other work, and the load takes more of it than a broker does: rates and times say little
by themselves. The processor time of a broker for a message that it delivers, and the ratios within a round, are what counts.**
Half load is half of what mosquitto gets through: %d messages a second.

"of mosquitto" and "of mochi" are the medians of our figure to theirs, round by round.

`

// document returns the table.
func document(results []result, p *plan) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, head, time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), strings.Replace(runtime.Version(), "go", "Go ", 1), p.rounds, payloadSize, room, p.half)
	b.WriteString("| | | mqttwire | mosquitto | mochi | of mosquitto | of mochi | goal |\n|---|---|--:|--:|--:|--:|--:|---|\n")
	for _, r := range results {
		for figure, unit := range r.unit {
			what := r.what
			if figure > 0 {
				what = ""
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.2f | %.2f | %s |\n", what, unit, digits(r.median(ours, figure)), digits(r.median(mosquitto, figure)),
				digits(r.median(mochi, figure)), r.ratio(figure, mosquitto), r.ratio(figure, mochi), r.judged(figure))
		}
	}
	b.WriteString(notes(results))
	return b.Bytes()
}

// digits writes a number with three digits or more.
func digits(n float64) string {
	switch {
	case math.IsNaN(n):
		return "none"
	case n >= 100:
		return fmt.Sprintf("%.0f", n)
	case n >= 10:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.2f", n)
}

// notes returns what else was told of runs.
func notes(results []result) string {
	var b strings.Builder
	for _, r := range results {
		for i, c := range contenders {
			for round, f := range r.runs[i] {
				if f.note != "" {
					fmt.Fprintf(&b, "- %s, %s, round %d: %s\n", r.what, c.name, round+1, f.note)
				}
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nWhat was not as it should be:\n\n" + b.String()
}

// median returns the middle of a figure of a broker, of the runs that have one.
func (r *result) median(which, figure int) float64 {
	var list []float64
	for _, f := range r.runs[which] {
		list = append(list, f.n[figure])
	}
	return middle(list)
}

// middle returns the median of the numbers, or NaN if there is none.
func middle(list []float64) float64 {
	var those []float64
	for _, n := range list {
		if !math.IsNaN(n) && !math.IsInf(n, 0) {
			those = append(those, n)
		}
	}
	if len(those) == 0 {
		return math.NaN()
	}
	return interleaved.Median(those)
}

// ratio returns the middle of the ratios of ours to another's, by round.
func (r *result) ratio(figure, than int) float64 {
	var list []float64
	for round := range r.runs[ours] {
		list = append(list, r.runs[ours][round].n[figure]/r.runs[than][round].n[figure])
	}
	return middle(list)
}

// judged returns the goals of a figure, and whether they were met.
func (r *result) judged(figure int) string {
	var list []string
	for _, g := range r.goals {
		if g.figure != figure {
			continue
		}
		got, whose := r.median(ours, figure), ""
		if g.than != nobody {
			got, whose = r.ratio(figure, g.than), " of "+contenders[g.than].name
		}
		text := fmt.Sprintf("at most %.2f%s", g.most, whose)
		met := got <= g.most
		if g.least > 0 {
			text, met = fmt.Sprintf("at least %.2f%s", g.least, whose), got >= g.least
		}
		if met {
			list = append(list, text+": met")
		} else {
			list = append(list, "**"+text+": missed**")
		}
	}
	return strings.Join(list, "; ")
}
