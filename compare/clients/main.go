//go:build unix

// Clients compares package client with the two clients that Go programs have, on a bare
// sink and source: another process that answers at once and sends what is encoded already;
// and, where it is installed, over mosquitto.
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
	"io"
	"log"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

func main() {
	n := flag.Int("n", 100_000, "messages of QoS 0 in a `run`; half as many of QoS 1, a quarter of QoS 2; of those over mosquitto half of that")
	rounds := flag.Int("rounds", 5, "how many `rounds`")
	to := flag.String("o", "CLIENTS.md", "the `file` to write")
	only := flag.String("only", "", "measure the rows alone that match this `pattern`")
	asPeer := flag.Bool("peer", false, "be the sink and source")
	asFeeder := flag.String("feeder", "", "publish to this `address` what standard input says")
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	switch {
	case err != nil:
	case *asPeer:
		runPeer()
	case *asFeeder != "":
		err = runFeeder(*asFeeder)
	default:
		err = run(context.Background(), *n, *rounds, wanted, *to)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run measures all, and writes the document.
func run(ctx context.Context, n, rounds int, wanted *regexp.Regexp, to string) error {
	addr, stop, err := startPeer()
	if err != nil {
		return err
	}
	results, err := compare(ctx, server{addr: addr}, matching(rows(n), wanted), rounds)
	var idle []idleResult
	if err == nil && wanted.MatchString("idle") {
		idle, err = compareIdle(ctx, addr)
	}
	stop()
	if err != nil {
		return err
	}
	over, err := overMosquitto(ctx, matching(rows(n/2), wanted), rounds)
	if err == errNoMosquitto {
		log.Println(err)
	} else if err != nil {
		return err
	}
	return os.WriteFile(to, document(results, idle, over, rounds), 0o644)
}

// overMosquitto measures the rows with mosquitto in between.
func overMosquitto(ctx context.Context, rows []row, rounds int) ([]result, error) {
	addr, stop, err := startMosquitto(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	in, out, end, err := startSelf("-feeder", addr)
	if err != nil {
		return nil, err
	}
	defer end()
	return compare(ctx, server{addr: addr, feed: func(topic string, qos byte, n int) error {
		if _, err := fmt.Fprintln(in, topic, qos, n); err != nil {
			return err
		}
		_, err := out.ReadString('\n')
		return err
	}}, rows, rounds)
}

// startSelf runs this program once more.
func startSelf(args ...string) (in io.WriteCloser, out *bufio.Reader, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Stderr = os.Stderr
	if in, err = cmd.StdinPipe(); err != nil {
		return nil, nil, nil, err
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	return in, bufio.NewReader(pipe), func() { _, _ = in.Close(), cmd.Wait() }, cmd.Start()
}

// startPeer runs this program as the peer, and returns its address.
func startPeer() (addr string, stop func(), err error) {
	_, out, stop, err := startSelf("-peer")
	if err != nil {
		return "", nil, err
	}
	addr, err = out.ReadString('\n')
	return strings.TrimSpace(addr), stop, err
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

// matching returns the rows whose names match.
func matching(rows []row, wanted *regexp.Regexp) []row {
	return slices.DeleteFunc(rows, func(r row) bool { return !wanted.MatchString(r.what) })
}

// result is a row, and the figures of each contender by round.
type result struct {
	row
	runs [][]figures
}

// compare measures the rows. In each round another contender is first.
func compare(ctx context.Context, to server, rows []row, rounds int) ([]result, error) {
	var results []result
	for _, r := range rows {
		log.Println(r.what)
		result := result{r, make([][]figures, len(contenders))}
		for round := range rounds {
			for i := range contenders {
				which := (i + round) % len(contenders)
				f, err := r.measure(ctx, contenders[which], to)
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
