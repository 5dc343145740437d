//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	read "github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/pcap"
)

// table is what reads one capture, and how it did.
type table struct {
	title      string
	file       string
	size       int64
	contenders []contender
}

// contender is a program, and what it took in each round.
type contender struct {
	name  string
	args  []string
	rival bool
	runs  []run
}

// run is what a program took.
type run struct {
	processor, wall time.Duration
	memory          int64 // the most that it had, in bytes
}

// measure runs the programs by turns.
func (t *table) measure(rounds int) error {
	info, err := os.Stat(t.file)
	if err != nil {
		return err
	}
	t.size = info.Size()
	for range rounds {
		for i := range t.contenders {
			c := &t.contenders[i]
			r, err := c.run()
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.runs = append(c.runs, r)
		}
	}
	return nil
}

// run runs a program once; what it prints is thrown away.
func (c *contender) run() (r run, err error) {
	command := exec.Command(c.args[0], c.args[1:]...)
	start := time.Now()
	if err := command.Run(); err != nil {
		return run{}, err
	}
	r.wall = time.Since(start)
	r.processor = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	const kilobyte = 1 << 10
	r.memory = command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "linux" { // others count bytes
		r.memory *= kilobyte
	}
	return r, nil
}

// median of what is told of each run.
func (c *contender) median(of func(run) float64) float64 {
	var all []float64
	for _, r := range c.runs {
		all = append(all, of(r))
	}
	return middle(all)
}

// ratio is the median of the ratios of a rival to c, round by round.
func (c *contender) ratio(rival *contender, of func(run) float64) float64 {
	var all []float64
	for i := range c.runs {
		all = append(all, of(rival.runs[i])/of(c.runs[i]))
	}
	return middle(all)
}

func middle(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

func processor(r run) float64 { return r.processor.Seconds() }
func wall(r run) float64      { return r.wall.Seconds() }
func memory(r run) float64    { return float64(r.memory) / 1e6 }

// readAll reads a capture and does nothing with it, in the memory that mqttdump takes.
func readAll(name string) error {
	debug.SetMemoryLimit(64 << 20)
	r, err := pcap.Open(name, read.Options{})
	if err != nil {
		return err
	}
	for _, err := range r.Events() {
		if err != nil {
			return err
		}
	}
	return r.Close()
}
