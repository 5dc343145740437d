// Command languages compares the times of packets whose topics and filters are not
// ASCII, or start with $, with those of packets with ASCII of the same length, and
// with the time that the standard library takes to look at their texts, by turns in
// one process:
//
//	go run ./languages
//
// It wants a machine that does nothing else.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire/compare/interleaved"
)

func main() {
	rounds := flag.Int("rounds", 61, "how often each loop runs for a slice")
	slice := flag.Duration("slice", time.Millisecond, "how long it runs for")
	check := flag.Bool("check", false, "fail if a goal is missed")
	flag.Parse()
	missed := 0
	fmt.Printf("%-44s %9s %9s %9s %7s %6s\n", "ns of one operation, the least", "text", "ASCII", "std", "figure", "goal")
	for _, r := range measured(interleaved.Plan{Rounds: *rounds, Slice: *slice}) {
		fmt.Println(r.line())
		if r.figure() > r.goal.most {
			missed++
		}
	}
	fmt.Println("\nstd: utf8.Valid and bytes.IndexByte on the texts")
	for _, g := range []*goal{&language, &dollar, &longest} {
		fmt.Printf("%-20s %s, at most %.2f\n", g.name, g.says, g.most)
	}
	if missed > 0 {
		fmt.Println(missed, "goals are missed")
	}
	if *check && missed > 0 {
		os.Exit(1)
	}
}

// goal is what the figure of a row may be at most.
type goal struct {
	name, says string
	most       float64
	figure     func(text, ascii, std float64) float64
}

var (
	language = goal{"other languages:", "what they take longer than ASCII, to std", 0.85, func(text, ascii, std float64) float64 { return (text - ascii) / std }}
	dollar   = goal{"$ at the start:", "to ASCII", 1.3, func(text, ascii, _ float64) float64 { return text / ascii }}
	longest  = goal{"longest texts:", "to std", 0.75, func(text, _, std float64) float64 { return text / std }}
)

// result is a row with the least times of its loops.
type result struct {
	row
	textNS, asciiNS, stdNS float64
}

func (r *result) figure() float64 { return r.goal.figure(r.textNS, r.asciiNS, r.stdNS) }

func (r *result) line() string {
	s := fmt.Sprintf("%-44s %9.1f %9.1f %9.1f %7.2f %6.2f", r.name, r.textNS, r.asciiNS, r.stdNS, r.figure(), r.goal.most)
	if r.figure() > r.goal.most {
		s += "  missed"
	}
	return s
}

func measured(p interleaved.Plan) (all []result) {
	rows := allRows()
	list := make([]interleaved.Row, len(rows))
	for i, r := range rows {
		for _, run := range []interleaved.Loop{r.text, r.ascii, r.std} {
			list[i].Contenders = append(list[i].Contenders, &interleaved.Contender{Run: run})
		}
	}
	interleaved.Measure(list, p)
	for i, r := range rows {
		c := list[i].Contenders
		all = append(all, result{r, slices.Min(c[0].NS), slices.Min(c[1].NS), slices.Min(c[2].NS)})
	}
	return all
}
