package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// The limits that `mqtt serve` has while it soaks; those of memory bound what it may take.
var soakLimits = []string{
	"--max-connections", "1500", "--max-sessions", "300", "--max-queued", "5000", "--max-queued-bytes", "1000000", "--max-packet-size", "100000",
	"--max-subscriptions", "50", "--max-retained", "500", "--max-retained-bytes", "5000000", "--connect-timeout", "3", "--max-session-expiry", "600",
	"--max-keepalive", "10",
}

// mostMemory is what the process may hold at most. 300 sessions with a MB each would be
// more; the bound is for what these clients can make it hold.
const mostMemory = 400 << 20

// soak has honest clients exchange messages over links that break, beside hostile ones, for
// a time, and returns what came of it.
func soak(ctx context.Context, long time.Duration) error {
	l, err := newLab()
	if err != nil {
		return err
	}
	defer l.close()
	p := &peer{name: "mqtt serve", versions: versions, lab: l, addr: map[string]string{}, stop: func() {}}
	port, err := freePort()
	if err != nil {
		return err
	}
	page := fmt.Sprintf("127.0.0.1:%d", port)
	file := filepath.Join(l.dir, "soak.db")
	s, err := p.serve(append([]string{"--store", file, "--http", page}, soakLimits...)...)
	if err != nil {
		return err
	}
	if err := s.run(p); err != nil {
		return err
	}
	defer func() { p.stop() }()
	if err := p.listens(ctx); err != nil {
		return err
	}
	m := &meter{page: "http://" + page + "/metrics", pid: s.cmd.Process.Pid, file: file}
	return p.soaked(ctx, m, long)
}

// soaked is soak with a server that runs.
func (p *peer) soaked(ctx context.Context, m *meter, long time.Duration) error {
	before, err := m.sample(ctx)
	if err != nil {
		return err
	}
	hostile, stop := context.WithCancel(ctx)
	defer stop()
	var bad, watch sync.WaitGroup
	attempts := p.hostility(hostile, &bad)
	watched, unwatch := context.WithCancel(ctx)
	defer unwatch()
	watch.Go(func() { m.watch(watched, attempts) })
	err = p.converse(ctx, long)
	unwatch()
	watch.Wait()
	stop()
	bad.Wait()
	after, failure := m.settle(ctx, before)
	log.Printf("%v; before %+v, at most %+v, after %+v; hostile: %s", long, before, m.most, after, attempts)
	if m.most.memory > mostMemory {
		failure = errors.Join(failure, fmt.Errorf("the process held %d bytes", m.most.memory))
	}
	return errors.Join(err, failure, m.grows())
}

// converse has a pair of honest clients for each version and QoS 1 and 2 exchange messages.
func (p *peer) converse(ctx context.Context, long time.Duration) error {
	var pairs sync.WaitGroup
	var failures [6]error
	var total atomic.Int64
	for i := range failures {
		c := cell{server: p, kind: ours, version: versions[i/2], transport: transports[i%3], qos: byte(1 + i%2)}
		pairs.Go(func() { failures[i] = c.converse(ctx, i, long, &total) })
	}
	pairs.Wait()
	log.Printf("%d messages acknowledged and delivered", total.Load())
	return errors.Join(failures[:]...)
}

// ledger is what a pair knows of its messages.
type ledger struct {
	mu    sync.Mutex
	times []int32      // that each has come to a handler
	seen  map[int]bool // those that have come in a PUBLISH
	last  int
	came  int // how many have come to a handler
	most  int // that were under way at once
	fault error
	begun bool
	gone  int // connections of the receiver for which the server had its session no more
	taken int // times that sender or receiver was taken over
}

// again lets a client come back that was taken over: what it has sent on a connection that
// was broken may come to the server behind the connection that it has made since.
func (l *ledger) again(err error) bool {
	var cause session.Cause
	if errors.As(err, &cause) && cause.Code == mqttwire.ReasonSessionTakenOver {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.taken++
	}
	return true
}

// opened takes down whether the server had the session of the receiver.
func (l *ledger) opened(present bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun && !present {
		l.gone++
	}
	l.begun = true
}

// saw takes down that a PUBLISH has come.
func (l *ledger) saw(payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var i int
	if _, err := fmt.Sscan(string(payload), &i); err == nil {
		if l.seen == nil {
			l.seen = map[int]bool{}
		}
		l.seen[i] = true
	}
}

// gotMessage is got for a message that has to have a topic.
func (l *ledger) gotMessage(topic string, qos byte, m message) {
	if m.topic == topic {
		l.got(qos, m.payload)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fmt.Errorf("a message of %q came", m.topic)
}

// got takes down a message that has come; none may be before an earlier one, nor twice at QoS 2.
func (l *ledger) got(qos byte, payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var i int
	if _, err := fmt.Sscan(string(payload), &i); err != nil || i >= len(l.times) {
		l.fault = fmt.Errorf("a strange message came: %.20q", payload)
		return
	}
	if l.times[i]++; l.times[i] > 1 {
		if qos == 2 {
			l.fault = fmt.Errorf("message %d came twice", i)
		}
		return
	}
	l.came++
	if i < l.last {
		log.Printf("message %d came behind %d", i, l.last)
		l.fault = fmt.Errorf("message %d came behind %d", i, l.last)
	}
	l.last = max(l.last, i)
}

// missing returns how many of the messages have not come, and what is against the promise.
// With a session that has gone by time messages may be missing, and those that are sent
// again may come behind others.
func (l *ledger) missing() (n int, fault error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.times {
		if times == 0 {
			n++
		}
	}
	if l.gone > 0 {
		return n, errors.Join(l.fault, fmt.Errorf("the session of the receiver was gone %d times", l.gone))
	}
	return n, l.fault
}

// lost tells which messages have not come to a handler, some of them, and whether their
// PUBLISH has: then they are lost in the client, else in the server.
func (l *ledger) lost() (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, times := range l.times {
		if times == 0 && len(list) < 20 {
			list = append(list, fmt.Sprintf("%d (PUBLISH came: %t)", i, l.seen[i]))
		}
	}
	return list
}

// sending is the time between two messages of a pair, and mostBehind how many may be under
// way: the server drops what is beyond the bound of a queue, --max-queued and
// --max-queued-bytes, and would be right to. A queue has repetitions too: all that a sender
// has in flight once more for each connection on which no PUBACK has come to it, so that
// it has few in flight.
const (
	sending    = 20 * time.Millisecond
	mostBehind = 2000
)

// sends takes down that one more message is sent, and reports whether it may be.
func (l *ledger) sends() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	behind := len(l.times) - l.came
	if l.most = max(l.most, behind); behind >= mostBehind {
		return false
	}
	l.times = append(l.times, 0)
	return true
}

// converse sends messages over a link that breaks all the time. The receiver is away now
// and then, with the session that it had.
func (c cell) converse(ctx context.Context, i int, long time.Duration, total *atomic.Int64) error {
	link, err := newProxy(c.server.addr[c.transport], 1<<62, opening[c.transport])
	if err != nil {
		return err
	}
	defer link.close()
	link.cut()
	l := &ledger{}
	topic := fmt.Sprintf("soak/honest/%d", i)
	journal := session.MemoryJournal()
	r := end{cell: c, addr: link.addr(), id: fmt.Sprintf("receiver%d", i), room: 1000, few: true, again: l.again, opened: l.opened, seen: l.saw}
	receiver, err := dialWith(ctx, r, journal, func(m message) { l.gotMessage(topic, c.qos, m) })
	if err != nil {
		return err
	}
	if err := receiver.subscribe(ctx, topic, c.qos); err != nil {
		return err
	}
	s := r
	s.id, s.opened, s.seen = fmt.Sprintf("sender%d", i), nil, nil
	sender, err := dialWith(ctx, s, nil, nil)
	if err != nil {
		return err
	}
	until := time.Now().Add(long)
	for n := 0; time.Now().Before(until) && ctx.Err() == nil; {
		time.Sleep(sending)
		if !l.sends() {
			continue
		}
		if err := sender.publish(ctx, message{topic: topic, payload: payload(n), qos: c.qos}); err != nil {
			return err
		}
		if n%1000 == 999 {
			if err := sender.flush(ctx); err != nil {
				return err
			}
			sender.list = nil
			if err := receiver.close(ctx); err != nil {
				return err
			}
			if receiver, err = dialWith(ctx, r, journal, func(m message) { l.gotMessage(topic, c.qos, m) }); err != nil {
				return err
			}
		}
		n++
	}
	link.spare()
	return errors.Join(ctx.Err(), c.settled(ctx, l, sender, receiver, total))
}

// dialWith dials our client with a journal.
func dialWith(ctx context.Context, e end, j session.Journal, got func(message)) (*ourParty, error) {
	e.journal = j
	p, err := dialOurs(ctx, e, got)
	if err != nil {
		return nil, err
	}
	return p.(*ourParty), nil
}

// settled waits until all that was acknowledged has come.
func (c cell) settled(ctx context.Context, l *ledger, sender, receiver *ourParty, total *atomic.Int64) error {
	if err := sender.flush(ctx); err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	for range 600 {
		if n, fault := l.missing(); n == 0 || fault != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	n, fault := l.missing()
	log.Printf("%s: %d of %d have not come, at most %d under way, taken over %d times", c, n, len(l.times), l.most, l.taken)
	if n > 0 {
		fault = errors.Join(fault, fmt.Errorf("%d acknowledged messages of %d have not come: %s", n, len(l.times), strings.Join(l.lost(), ", ")))
	}
	if fault != nil {
		fault = fmt.Errorf("%s: %w", c, fault)
	}
	total.Add(int64(len(l.times) - n))
	return errors.Join(fault, sender.close(ctx), receiver.close(ctx))
}
