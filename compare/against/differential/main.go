// Command differential compares the library in the working tree with an older
// commit of it, on packets that are made from those of the corpus:
//
//	scripts/differential -count 20000000
//
// For each packet both decode it in every version, strict and tolerant, whole and
// by its header; encode what they read; check, copy and print it. One packet in 16
// is not decoded, but drawn field by field and encoded. Rules, fields, offsets,
// numbers, classes, codes, statements and bytes have to be the same. The texts of
// errors and of packets are compared if -words is given. What is otherwise on
// purpose, the file intended.go of compare/against/outcome says; with -exact it
// counts too. The status is 1 if a packet is unlike.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/mqttwire/mqttwire/compare/against/mutate"
	"github.com/mqttwire/mqttwire/compare/against/outcome"
)

func main() {
	var t trial
	flag.IntVar(&t.count, "count", 1_000_000, "how many packets")
	flag.Uint64Var(&t.seed, "seed", 1, "what the packets depend on, and nothing else")
	flag.BoolVar(&t.words, "words", false, "compare the texts of errors and packets as well")
	exact := flag.Bool("exact", false, "count as unlike also what is otherwise on purpose")
	flag.IntVar(&t.workers, "workers", runtime.NumCPU(), "how many run at a time")
	flag.IntVar(&t.shown, "show", 10, "how many of the unlike packets to show")
	flag.Parse()
	source, err := mutate.Load()
	if err != nil {
		fmt.Fprintln(os.Stderr, "differential:", err)
		os.Exit(2)
	}
	t.source, t.newNow, t.newBefore = source, func() side { return outcome.New() }, func() side { return newBefore(*exact) }
	debug.SetGCPercent(800) // what is made is gone with the next packet
	start := time.Now()
	t.progress = os.Stderr
	all := t.run()
	fmt.Print(all.report())
	fmt.Printf("seed %d, %s\n", t.seed, time.Since(start).Round(time.Second))
	if all.unlike > 0 {
		os.Exit(1)
	}
}
