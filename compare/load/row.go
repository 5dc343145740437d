//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// test is what is measured of each broker.
type test struct {
	what  string
	unit  [2]string // of the two figures; "" is none
	run   func(ctx context.Context, p *plan, b *process) (figures, error)
	start func(ctx context.Context, p *plan) (*process, error) // of ours, if it is another
	goals []goal
	roomy bool // it sends more at once than is taken
}

// figures are two of one run, by the units of the test; and what else is to be told.
type figures struct {
	n    [2]float64
	note string
}

// result is a test, and the figures of each broker by round.
type result struct {
	test
	runs [][]figures
}

// measure runs a test. In each round another broker is first; each run has a broker of its
// own.
func (r test) measure(ctx context.Context, p *plan) (result, error) {
	res := result{r, make([][]figures, len(contenders))}
	for round := range p.rounds {
		for i := range contenders {
			which := (i + round) % len(contenders)
			f, err := r.once(ctx, p, which)
			if err != nil {
				return res, fmt.Errorf("%s: %w", contenders[which].name, err)
			}
			res.runs[which] = append(res.runs[which], f)
		}
	}
	return res, nil
}

func (r test) once(ctx context.Context, p *plan, which int) (figures, error) {
	start := contenders[which].start
	if which == ours && r.start != nil {
		start = r.start
	}
	p.roomy = r.roomy
	b, err := start(ctx, p)
	if err != nil {
		return figures{}, err
	}
	defer b.stop()
	return r.run(ctx, p, b)
}

// benched is what mqtt bench prints of which use is made.
type benched struct {
	Received   float64 `json:"received"`
	Rate       float64 `json:"receivedPerSecond"`
	SentRate   float64 `json:"sentPerSecond"`
	Lost       float64 `json:"lost"`
	Failed     float64 `json:"failed"`
	Unsent     float64 `json:"unsent"`
	P50        float64 `json:"p50Milliseconds"`
	P99        float64 `json:"p99Milliseconds"`
	Duplicates float64 `json:"duplicates"`
}

// benchTime is how long a run may take: a broker that forgets an acknowledgement never ends.
const benchTime = 15 * time.Second

// benchTopic is the level above the topics of a bench, which others subscribe to as well.
const benchTopic = "bench"

// The statuses of a bench which has lost messages, and of one which has lost a connection:
// it tells what has come all the same, unless it had none from the start.
const (
	lostStatus = 4
	cutStatus  = 2
)

// bench runs mqtt bench against a broker.
func (p *plan) bench(ctx context.Context, b *process, args ...string) (r benched, err error) {
	ctx, cancel := context.WithTimeout(ctx, benchTime)
	defer cancel()
	args = append([]string{"bench", "-L", "mqtt://" + b.addr, "--json", "--wait", "1", "-t", benchTopic}, args...)
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, program), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it tells what has come
	out, err := cmd.Output()
	var exit *exec.ExitError
	told := errors.As(err, &exit) && (exit.ExitCode() == lostStatus || exit.ExitCode() == cutStatus) && len(out) > 0
	if err != nil && !told && ctx.Err() == nil {
		return r, err
	}
	return r, json.Unmarshal(out, &r)
}

// throughput is a test by which as much is sent as goes through.
func throughput(version string, qos, subscribers, count int) test {
	what, flag := fmt.Sprintf("QoS %d, 1 to %d, %s", qos, subscribers, version), strings.ReplaceAll(strings.TrimSuffix(version, ".0"), ".", "")
	t := test{what: what, unit: [2]string{"CPU µs for each", "delivered/s"}, goals: throughputGoals(qos, subscribers), roomy: true}
	t.run = func(ctx context.Context, p *plan, b *process) (f figures, err error) {
		before, err := b.cpu()
		if err != nil {
			return f, err
		}
		r, err := p.bench(ctx, b, "-V", flag, "-q", strconv.Itoa(qos), "--subscribers", strconv.Itoa(subscribers),
			"--count", strconv.Itoa(max(1, count*p.percent/100)))
		if err != nil {
			return f, err
		}
		after, err := b.cpu()
		f.n = [2]float64{float64((after - before).Microseconds()) / r.Received, r.Rate}
		if r.Failed+r.Unsent+r.Lost > 0 {
			f.note = fmt.Sprintf("%.0f have come, %.0f were lost, %.0f not acknowledged, %.0f not sent", r.Received, r.Lost, r.Failed, r.Unsent)
		}
		return f, err
	}
	return t
}

// tests are all that is measured.
var tests = []test{
	throughput("3.1.1", 0, 1, 400000), throughput("3.1.1", 1, 1, 100000), throughput("3.1.1", 2, 1, 50000),
	throughput("3.1.1", 0, 100, 6000), throughput("3.1.1", 1, 100, 3000),
	throughput("5.0", 0, 1, 400000), throughput("5.0", 1, 1, 100000), throughput("5.0", 2, 1, 50000),
	throughput("5.0", 0, 100, 6000), throughput("5.0", 1, 100, 3000),
	latency, idle, storm, least, silent, retained,
}
