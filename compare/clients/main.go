//go:build unix

// Clients compares package client with the two clients that Go programs have, on a bare
// sink and source: another process that answers at once and sends what is encoded already.
//
//	cd compare && go run ./clients
//
// It writes CLIENTS.md. In each of five rounds the clients take turns, row by row, so that
// what slows the machine down slows them all: the ratios mean something where the rates
// alone mean little.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
)

func main() {
	n := flag.Int("n", 100_000, "messages of QoS 0 in a `run`; half as many of QoS 1, a quarter of QoS 2")
	rounds := flag.Int("rounds", 5, "how many `rounds`")
	to := flag.String("o", "CLIENTS.md", "the `file` to write")
	asPeer := flag.Bool("peer", false, "be the sink and source")
	flag.Parse()
	if *asPeer {
		runPeer()
		return
	}
	addr, stop, err := startPeer()
	if err != nil {
		log.Fatal(err)
	}
	results, err := compare(context.Background(), addr, rows(*n), *rounds)
	stop()
	if err == nil {
		err = os.WriteFile(*to, document(results, *rounds), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// startPeer runs this program once more, as the peer, and returns its address.
func startPeer() (addr string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(self, "-peer")
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	addr, err = bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(addr), func() { _, _ = in.Close(), cmd.Wait() }, err
}

// callers is how many goroutines publish with QoS 1 and 2.
const callers = 64

func rows(n int) []row {
	part := func(of int) int { return max(of/callers, 1) * callers }
	return []row{
		{"publish QoS 0", 0, 1, part(n)},
		{"publish QoS 1, 64 callers", 1, callers, part(n / 2)},
		{"publish QoS 2, 64 callers", 2, callers, part(n / 4)},
		{"receive QoS 0", 0, 0, part(n)},
		{"receive QoS 1", 1, 0, part(n / 2)},
		{"receive QoS 2", 2, 0, part(n / 4)},
	}
}

// result is a row, and the figures of each contender by round.
type result struct {
	row
	runs [][]figures
}

// compare measures the rows. In each round another contender is first.
func compare(ctx context.Context, addr string, rows []row, rounds int) ([]result, error) {
	var results []result
	for _, r := range rows {
		log.Println(r.what)
		result := result{r, make([][]figures, len(contenders))}
		for round := range rounds {
			for i := range contenders {
				which := (i + round) % len(contenders)
				f, err := r.measure(ctx, contenders[which], addr)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", contenders[which].name, r.what, err)
				}
				result.runs[which] = append(result.runs[which], f)
			}
		}
		results = append(results, result)
	}
	return results, nil
}
