//go:build linux

// Load puts mqtt serve, mosquitto and mochi under the same load, by turns, on the same
// processors, with mqtt bench and connections of its own as the load.
//
//	cd compare && go run ./load
//
// It writes LOAD.md. What counts is the processor time of the broker for a message that
// it delivers, and its ratio within a round: the load takes the same processors, and in
// each round another broker is first. mosquitto has to be installed, and -rows picks rows
// by their names. 10,000 idle connections need as many file descriptors.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
)

func main() {
	p := plan{}
	flag.IntVar(&p.percent, "percent", 100, "how many `percent` of the messages are sent")
	flag.IntVar(&p.rounds, "rounds", 5, "how many `rounds`")
	flag.IntVar(&p.idle, "idle", 10_000, "how many connections are `idle`")
	flag.IntVar(&p.storm, "storm", 5000, "how many `connections` a storm is")
	flag.IntVar(&p.retained, "retained", 100_000, "how many `messages` are retained")
	rows := flag.String("rows", "", "only rows that the `expression` matches; nothing is written then")
	to := flag.String("o", "LOAD.md", "the `file` to write")
	child := flag.String("be", "", "what this program is when it has started itself")
	flag.Parse()
	if *child != "" {
		log.Fatal(be(*child))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, p, *rows, *to); err != nil {
		log.Fatal(err)
	}
}

// plan is how much is measured.
type plan struct {
	percent, rounds       int
	idle, storm, retained int
	half                  int    // messages a second of the test latency
	dir                   string // of programs and files
	self                  string // this program
	roomy                 bool   // the broker that is started has room for all messages of a run
}

// run measures and writes.
func run(ctx context.Context, p plan, rows, to string) (err error) {
	only, err := regexp.Compile(rows)
	if err != nil {
		return err
	}
	if err := moreFiles(); err != nil {
		return err
	}
	if p.self, err = os.Executable(); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp("", "load"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(p.dir) }()
	if err := build(ctx, filepath.Join(p.dir, program)); err != nil {
		return err
	}
	var results []result
	for _, r := range tests {
		if !only.MatchString(r.what) {
			continue
		}
		log.Println(r.what)
		res, err := r.measure(ctx, &p)
		if err != nil {
			return fmt.Errorf("%s: %w", r.what, err)
		}
		results = append(results, res)
		if rows == "" { // so that what was measured is there if something fails
			if err := os.WriteFile(to, document(results, &p), 0o644); err != nil {
				return err
			}
		}
	}
	if rows == "" {
		return nil
	}
	_, err = os.Stdout.Write(document(results, &p))
	return err
}
