package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	variant   variant
}

// variant is what is not as usual in a cell.
type variant struct {
	what    string
	free    bool   // as many messages in flight as the server takes
	strict  bool   // the server may not go beyond Receive Maximum
	whole   bool   // the link is not cut
	restart bool   // the server is killed and started again, and the link is not cut
	silent  bool   // the sender has no subscription, though the server would forget its session
	trial   *trial // something else is done; nil: messages are counted
	known   bool   // what fails here is known of a server or a client of others
}

// result is what has come of a cell.
type result struct {
	cell
	counts
	by     blame
	broken int64
	took   time.Duration
	err    error
}

func (c cell) String() string {
	s := fmt.Sprintf("%s, %s, %s, %s, QoS %d", c.server.name, c.kind.name, c.version, c.transport, c.qos)
	if c.variant.what != "" {
		s += ", " + c.variant.what
	}
	return s
}

// messages is how many there are in a cell, of n that were asked for: less where clients of
// others are, of which some wait long.
func (c cell) messages(n int) int {
	if c.kind == ours {
		return n
	}
	return max(n/5, 20)
}

// run sends n messages from one client to another one.
func (c cell) run(ctx context.Context, n int) (r result) {
	patience := time.Minute
	switch {
	case c.refused():
		patience = 15 * time.Second
	case slices.Contains(c.server.faults, "failed"):
		patience = 30 * time.Second
	}
	if another := c.server.anew; another != nil {
		c.server = another()
		defer c.server.down()
	}
	r.cell = c
	r.err = c.server.up(ctx)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	switch {
	case r.err != nil:
	case c.variant.trial != nil:
		r.err = c.try(ctx)
	default:
		r.err = c.exchange(ctx, n, &r)
	}
	r.took = time.Since(start)
	verdict := r.verdict()
	log.Printf("%s: %s, %d of %d, %d lost, %d again, %d cuts, %v", c, verdict, r.arrived, n, r.lost, r.again, r.broken, r.took.Round(10*time.Millisecond))
	return r
}

// burst is how many messages are published at once; then it waits a little, so that links
// break all along.
const burst, pause = 20, 10 * time.Millisecond

// number makes the topics and client identifiers of a cell its own.
var number atomic.Int64

// end returns where clients of a cell connect, and their topic.
func (c cell) end(addr string, n int) (e end, topic string) {
	id := fmt.Sprintf("%d%s%d", number.Add(1), strings.ReplaceAll(c.version.String(), ".", ""), c.qos)
	return end{cell: c, addr: addr, id: id, room: n}, "matrix/" + id
}

func (c cell) exchange(ctx context.Context, n int, r *result) error {
	p, err := newProxy(c.server.addr[c.transport], c.kind.cuts, opening[c.transport])
	if err != nil {
		return err
	}
	defer func() {
		p.close()
		r.broken = p.broken.Load()
	}()
	e, topic := c.end(p.addr(), n)
	t := newTally(n)
	as := func(role string) end { e := e; e.id = role + e.id; return e }
	receiver, err := c.kind.receive(ctx, as("r"), func(m message) { t.got(m.payload) })
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	leave := sync.OnceValue(func() error { return receiver.close(ctx) })
	defer func() { _ = leave() }() // what came of it is looked at below
	if err := receiver.subscribe(ctx, topic, c.qos); err != nil {
		return fmt.Errorf("subscribing: %w", err)
	}
	cut := func() {}
	if !c.variant.restart && !c.variant.whole {
		cut = p.cut
	}
	if !c.kind.gently {
		cut()
	}
	sender, err := c.kind.send(ctx, as("s"), nil)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	if c.server.forgets && !c.variant.silent {
		err = sender.subscribe(ctx, topic+"/none", c.qos)
	}
	err = errors.Join(err, c.publish(ctx, sender, topic, n, func() {
		if c.kind.gently {
			t.awaitFirst(ctx, c.patience())
			cut()
		}
	}))
	t.await(c.patience())
	r.counts = t.counts()
	err = errors.Join(err, sender.close(ctx), leave())
	if w, ok := receiver.(*ourParty); ok {
		// What a sender of others does to the messages is not seen.
		if _, ok := sender.(*ourParty); ok {
			r.by = w.blame()
		}
	}
	return err
}

// publish publishes n messages, while the server is killed some times if the cell is so, and
// calls a function behind the first one.
func (c cell) publish(ctx context.Context, sender party, topic string, n int, begun func()) error {
	for i := range n {
		if i == 1 {
			begun()
		}
		if i%burst == burst-1 {
			time.Sleep(pause)
		}
		if c.variant.restart && i > 0 && i%(n/4) == 0 {
			if err := c.server.restart(ctx); err != nil {
				return err
			}
		}
		if err := sender.publish(ctx, message{topic: topic, payload: payload(i), qos: c.qos}); err != nil {
			return fmt.Errorf("publishing: %w", err)
		}
	}
	if err := sender.flush(ctx); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	return nil
}

// patience is for how long nothing may come before it is taken for lost.
func (c cell) patience() time.Duration {
	if c.qos == 0 || c.variant.known || slices.Contains(c.server.faults, "lost by the server") || !c.variant.whole && !c.kind.gently && slices.Contains(c.kind.faults, "lost") {
		return 3 * time.Second
	}
	return 15 * time.Second
}

// wrong returns what is against the promise of the QoS.
func (r result) wrong() []string {
	if r.variant.trial != nil {
		return nil // it tells by an error
	}
	list := r.faults(r.qos, r.by)
	if r.qos == 0 && r.variant.whole && r.lost > 0 {
		list = append(list, "lost")
	}
	return list
}

// verdict says whether the cell is as it has to be, and if not what is wrong, and whose
// fault that is if it was seen on the wire.
func (r result) verdict() string {
	list := r.wrong()
	switch {
	case errors.Is(r.err, errMissing):
		return r.err.Error()
	case r.err != nil:
		return "failed: " + strings.ReplaceAll(r.err.Error(), "\n", "; ")
	case len(list) > 0:
		return strings.Join(list, ", ")
	}
	return "passed"
}

// refused reports whether the server refuses what 3.1 says to send.
func (c cell) refused() bool { return c.server.no31Dup && c.version == mqttwire.V31 && c.qos == 2 }

// passed reports whether nothing is wrong but what is known of servers and clients of others.
func (r result) passed() bool {
	if r.variant.known || errors.Is(r.err, errMissing) || r.refused() {
		return true
	}
	known := r.server.faults
	if !r.variant.whole {
		known = append(slices.Clip(known), r.kind.faults...)
	}
	unknown := func(fault string) bool { return !slices.Contains(known, fault) }
	return (r.err == nil || slices.Contains(known, "failed")) && !slices.ContainsFunc(r.wrong(), unknown)
}
