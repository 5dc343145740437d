package main

import (
	"context"
	"net"
	"runtime"
	"sync"
)

// comparisons bounds how many passwords are compared at once, so that a storm of attempts
// to connect leaves the others a processor. Of one address no more are in the queue for
// that than are compared at once: the rest of a storm from there holds up nobody else, also
// when its connections are closed already.
type comparisons struct {
	room chan struct{} // for those of all addresses

	mu        sync.Mutex
	addresses map[string]*comparing
}

// comparing is the part of one address.
type comparing struct {
	room  chan struct{}
	users int // of this value: the last one takes it out of the map
}

func newComparisons(n int) *comparisons {
	return &comparisons{room: make(chan struct{}, n), addresses: map[string]*comparing{}}
}

// compared is for all that are compared in this process.
var compared = newComparisons(max(1, runtime.GOMAXPROCS(0)-1))

// do calls compare when it is the turn of an address, and returns what that returns; or false
// if ctx ends before.
func (c *comparisons) do(ctx context.Context, address string, compare func() bool) bool {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	of := c.enter(address)
	defer c.leave(address, of)
	for _, room := range []chan struct{}{of.room, c.room} {
		if !enter(ctx, room) {
			return false
		}
		defer func() { <-room }()
	}
	return compare()
}

func (c *comparisons) enter(address string) *comparing {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.addresses[address]
	if of == nil {
		of = &comparing{room: make(chan struct{}, cap(c.room))}
		c.addresses[address] = of
	}
	of.users++
	return of
}

func (c *comparisons) leave(address string, of *comparing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of.users--; of.users == 0 {
		delete(c.addresses, address)
	}
}
