//go:build unix

package main

import (
	"context"
	"log"
	"runtime"
)

// idleClients is how many are there at once: one of the others takes half a MiB.
const idleClients = 250

// idleResult is what one idle client takes.
type idleResult struct {
	bytes      float64 // heap and stack in use
	goroutines float64
}

// compareIdle measures clients that are connected, have subscribed once, and do nothing.
func compareIdle(ctx context.Context, addr string) ([]idleResult, error) {
	log.Println("idle")
	var results []idleResult
	for _, c := range contenders {
		if _, err := c.idle(ctx, addr, 10); err != nil { // what is there once for all
			return nil, err
		}
		r, err := c.idle(ctx, addr, idleClients)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

func (c contender) idle(ctx context.Context, addr string, n int) (idleResult, error) {
	bytes, goroutines := inUse(), runtime.NumGoroutine()
	list := make([]connection, n)
	for i := range list {
		conn, err := c.dial(ctx, addr, func() {})
		if err != nil {
			return idleResult{}, err
		}
		if err := conn.subscribe("source/1/0", 1); err != nil {
			return idleResult{}, err
		}
		list[i] = conn
	}
	r := idleResult{(inUse() - bytes) / float64(n), float64(runtime.NumGoroutine()-goroutines) / float64(n)}
	for _, conn := range list {
		if err := conn.close(); err != nil {
			return r, err
		}
	}
	return r, nil
}

// inUse returns the bytes of heap and stack that are in use.
func inUse() float64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
