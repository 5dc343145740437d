//go:build linux

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// callers is how many connections are made at once.
const callers = 16

// connect makes connections, and does something with each.
func connect(ctx context.Context, b *process, n int, then func(r *raw, i int) error) ([]*raw, error) {
	all, errs := make([]*raw, n), make([]error, callers)
	var next atomic.Int64
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && errs[caller] == nil; i = int(next.Add(1)) - 1 {
				r, err := dial(ctx, b.addr, "c"+strconv.Itoa(i))
				if err == nil && then != nil {
					err = then(r, i)
				}
				all[i], errs[caller] = r, err
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			closeAll(all)
			return nil, err
		}
	}
	return all, nil
}

// storm is a test of how fast connections are made.
var storm = test{
	what:  "connections at once",
	unit:  [2]string{"CPU µs for each", "connections/s"},
	goals: []goal{{figure: 1, than: mosquitto, least: 1}},
	run:   storms,
}

// least is a storm on what no broker in Go can be faster than that has a goroutine for each
// connection.
var least = test{
	what:  "connections at once, in our place a Go program that answers all with the same bytes",
	unit:  storm.unit,
	start: func(ctx context.Context, p *plan) (*process, error) { return startSelf(ctx, p, leastOfGo) },
	run:   storms,
}

// storms makes connections as fast as the broker takes them.
func storms(ctx context.Context, p *plan, b *process) (f figures, err error) {
	before, err := b.cpu()
	if err != nil {
		return f, err
	}
	begin := time.Now()
	all, err := connect(ctx, b, p.storm, nil)
	if err != nil {
		return f, err
	}
	took := time.Since(begin)
	after, err := b.cpu()
	closeAll(all)
	f.n = [2]float64{float64((after - before).Microseconds()) / float64(p.storm), float64(p.storm) / took.Seconds()}
	return f, err
}

// restTime is how long connections rest before their memory is looked at.
const restTime = time.Second

// idle is a test of what connections cost that have a subscription and nothing to do. What
// another broker has in use nobody knows, so that all that it has resident counts.
var idle = test{
	what:  "idle connections with one subscription",
	unit:  [2]string{"KiB in use for each", "KiB resident for each"},
	goals: []goal{{figure: 0, than: nobody, most: 8}},
	start: func(ctx context.Context, p *plan) (*process, error) { return startSelf(ctx, p, ourServer) },
	run: func(ctx context.Context, p *plan, b *process) (f figures, err error) {
		use, resident, err := b.memory()
		if err != nil {
			return f, err
		}
		all, err := connect(ctx, b, p.idle, func(r *raw, i int) error { return r.subscribe("idle/" + strconv.Itoa(i)) })
		if err != nil {
			return f, err
		}
		defer closeAll(all)
		time.Sleep(restTime)
		use2, resident2, err := b.memory()
		per := func(n int) float64 { return float64(n) / 1024 / float64(p.idle) }
		f.n = [2]float64{per(use2 - use), per(resident2 - resident)}
		return f, err
	},
}

// memory returns what the process has in use, as it tells itself or else as it has
// resident, and that.
func (p *process) memory() (use, resident int, err error) {
	asked := p.out != nil && p.tells
	if asked {
		if _, err = fmt.Fprintln(p.in); err != nil {
			return 0, 0, err
		}
		line, err := p.out.ReadString('\n')
		if err != nil {
			return 0, 0, err
		}
		if use, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
			return 0, 0, err
		}
	}
	resident, err = p.resident()
	if !asked {
		use = resident
	}
	return use, resident, err
}
