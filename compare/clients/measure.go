//go:build unix

package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// row is a work that is measured.
type row struct {
	what    string
	qos     byte
	callers int // that publish; 0 is a row that receives
	n       int // messages
}

// figures are those of one run, for a message.
type figures struct {
	perSecond float64
	cpu       float64 // µs of this process, which the peer is no part of
	allocs    float64
}

// server is what clients connect to. feed has so many messages published to a topic, and
// returns when that is done; nil is the peer, which publishes what is subscribed to.
type server struct {
	addr string
	feed func(topic string, qos byte, n int) error
}

// measure connects a client, and has it do the work of the row.
func (r row) measure(ctx context.Context, c contender, to server) (f figures, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	received, all := atomic.Int64{}, make(chan struct{})
	conn, err := c.dial(ctx, to.addr, func() {
		if received.Add(1) == int64(r.n) {
			close(all)
		}
	})
	if err != nil {
		return f, err
	}
	defer func() {
		if failed := conn.close(); err == nil {
			err = failed
		}
	}()
	work := func() error { return r.publish(conn) }
	if r.callers == 0 {
		work = func() error { return r.receive(ctx, conn, to, all, &received) }
	}
	return r.timed(work)
}

// timed runs the work, and takes its figures.
func (r row) timed(work func() error) (figures, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, start := processorTime(), time.Now()
	err := work()
	took := time.Since(start)
	cpu = processorTime() - cpu
	runtime.ReadMemStats(&after)
	n := float64(r.n)
	return figures{n / took.Seconds(), cpu.Seconds() * 1e6 / n, float64(after.Mallocs-before.Mallocs) / n}, err
}

// publish publishes all messages. Behind those of QoS 0 comes one of QoS 1, as when that
// is acknowledged the peer has read them all.
func (r row) publish(conn connection) error {
	var running sync.WaitGroup
	failed := make(chan error, r.callers)
	for range r.callers {
		running.Go(func() {
			payload := make([]byte, payloadSize)
			for range r.n / r.callers {
				if err := conn.publish("a/b/c", payload, r.qos); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	running.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	if r.qos == 0 {
		return conn.publish("a/b/c", nil, 1)
	}
	return nil
}

func (r row) receive(ctx context.Context, conn connection, from server, all <-chan struct{}, received *atomic.Int64) error {
	topic := fmt.Sprintf("source/%d/%d", r.qos, r.n)
	if err := conn.subscribe(topic, r.qos); err != nil {
		return err
	}
	if from.feed != nil {
		if err := from.feed(topic, r.qos, r.n); err != nil {
			return err
		}
	}
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d of %d messages have come", received.Load(), r.n)
	}
}

// processorTime returns the time that all processors have worked for this process.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
