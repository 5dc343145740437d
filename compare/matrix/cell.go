package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
)

// cell is a place of the matrix: a server, a client that sends and one that receives.
type cell struct {
	server    *peer
	kind      *kind
	version   mqttwire.Version
	transport string
	qos       byte
	cut       bool // through a proxy that breaks connections
	variant   variant
}

// variant is what is not as usual in a cell.
type variant struct {
	what    string
	free    bool // as many messages in flight as the server takes
	strict  bool // the server may not go beyond Receive Maximum
	atFault bool // the fault is the server's, and to be seen here
}

// result is what has come of a cell.
type result struct {
	cell
	counts
	broken  int64
	excused int // messages of QoS 2 that the server has published again behind their PUBREL
	beyond  int // connections that ended as the server went beyond Receive Maximum
	took    time.Duration
	err     error
}

// kind is a kind of client.
type kind struct {
	name     string
	versions []mqttwire.Version
	overWS   bool
	cut      bool // keeps its session and connects again
	// receive subscribes, and gives each message to got until stop is called.
	receive func(ctx context.Context, e end, got func([]byte)) (stop func(*result) error, err error)
	// send publishes n messages, and returns when they are acknowledged.
	send func(ctx context.Context, e end, n int) error
}

// end is where and as whom a client connects.
type end struct {
	cell
	addr  string
	id    string
	topic string
}

func (e end) url() string { return url(e.transport, e.addr) }

func (c cell) String() string {
	s := fmt.Sprintf("%s, %s, %s, %s, QoS %d", c.server.name, c.kind.name, c.version, c.transport, c.qos)
	if c.variant.what != "" {
		s += ", " + c.variant.what
	}
	return s
}

// run sends n messages from one client to another one.
func (c cell) run(ctx context.Context, n int) (r result) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	start := time.Now()
	r.cell = c
	r.err = c.exchange(ctx, n, &r)
	r.took = time.Since(start)
	verdict := r.verdict()
	log.Printf("%s: %s, %d of %d, %d lost, %d again, %d cuts, %v", c, verdict, r.arrived, n, r.lost, r.again, r.broken, r.took.Round(10*time.Millisecond))
	return r
}

func (c cell) exchange(ctx context.Context, n int, r *result) error {
	addr := c.server.addr[c.transport]
	begin := func() {}
	if c.cut {
		p, err := newProxy(addr)
		if err != nil {
			return err
		}
		addr, begin = p.addr(), p.cut
		defer func() {
			p.close()
			r.broken = p.broken.Load()
		}()
	}
	number++
	id := fmt.Sprintf("%d%s%d", number, strings.ReplaceAll(c.version.String(), ".", ""), c.qos)
	e := end{c, addr, "r" + id, "matrix/" + id}
	t := newTally(n)
	stop, err := c.kind.receive(ctx, e, t.got)
	if err != nil {
		return fmt.Errorf("subscribing: %w", err)
	}
	e.id = "s" + id
	begin()
	err = c.kind.send(ctx, e, n)
	patience := 15 * time.Second
	if c.qos == 0 || c.variant.atFault {
		patience = 2 * time.Second
	}
	t.await(patience)
	r.counts = t.counts()
	return errors.Join(err, stop(r))
}

// number makes the topics and client identifiers of a cell its own.
var number int

// verdict says whether the cell is as it has to be.
func (r result) verdict() string {
	fault := r.faults(r.qos, r.excused)
	switch {
	case r.err != nil:
		return "failed: " + r.err.Error()
	case fault != "":
		return fault
	}
	return "passed"
}
