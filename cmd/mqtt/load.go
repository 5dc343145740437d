package main

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// load is publishers and subscribers at a broker.
type load struct {
	f       *benchFlags
	address string
	o       client.Options

	properties mqttwire.Properties // of each message

	clients []*client.Client // the subscribers first; nil is not connected
	id      runID
	topic   string
	clock   time.Time     // when the clock of the run was 0: before a message can come
	begin   time.Duration // by it, when the first message was due
	took    time.Duration // from then until all was sent, and the last has arrived

	connected  atomic.Int64
	silent     atomic.Int64 // connections whose broker has not answered at the end
	sent       atomic.Int64 // and acknowledged, as the QoS asks
	failed     atomic.Int64
	unsent     atomic.Int64 // of --count
	received   atomic.Int64 // once each
	duplicates atomic.Int64
	strange    atomic.Int64 // messages that are none of this run
	last       atomic.Int64 // when one has arrived, by the clock of the run
	latency    latencies
}

// receiver is what a subscriber knows of what has come.
type receiver struct {
	seen map[uint32][]uint64 // by publisher: a bit for each message
}

// newLoad returns the load of a run of its own. The client identifiers begin with that of o.
func newLoad(f *benchFlags, address string, o client.Options) *load {
	b := &load{f: f, address: address, o: o, id: newRunID(), topic: f.topic, clock: time.Now()}
	b.o.ClientID += b.id.String()
	if b.topic == "" {
		b.topic = "bench/" + b.id.String()
	}
	return b
}

// run connects all, and sends until it is done or ctx ends.
func (b *load) run(ctx context.Context) error {
	if err := b.connect(ctx); err != nil {
		return err
	}
	b.begin = time.Since(b.clock)
	sending := ctx
	if b.f.count == 0 {
		var stop context.CancelFunc
		sending, stop = context.WithTimeout(ctx, seconds(b.f.duration))
		defer stop()
	}
	var wg sync.WaitGroup
	for i, c := range b.clients[b.f.subscribers:] {
		wg.Go(func() { b.publish(sending, ctx, c, uint32(i)) })
	}
	wg.Wait()
	sentBy := time.Since(b.clock) // what is awaited in vain after that does not count
	b.await(ctx)
	b.confirm(ctx)
	b.took = max(sentBy-b.begin, time.Duration(b.last.Load())-b.begin, 1)
	return nil
}

// publish publishes the messages of a publisher until sending ends, and waits until ctx
// ends for what has become of them.
func (b *load) publish(sending, ctx context.Context, c *client.Client, number uint32) {
	topic := []byte(b.topic + "/" + strconv.Itoa(int(number)))
	p := &packets.Publish{Topic: topic, QoS: mqttwire.QoS(b.f.qos), Payload: make([]byte, b.f.size), Properties: b.properties}
	var window []*client.Delivery
	n := 0
	for ; b.f.count == 0 || n < b.f.count; n++ {
		due := b.due(int(number), n)
		if wait := due - time.Since(b.clock); wait > 0 && !pause(sending, wait) {
			break
		}
		if window = b.settle(ctx, window, b.f.window-1); sending.Err() != nil || closed(c.Done()) {
			break
		}
		stamp{b.id, due, number, uint32(n)}.write(p.Payload)
		window = append(window, c.Send(p))
	}
	b.settle(ctx, window, 0)
	b.unsent.Add(max(0, int64(b.f.count-n)))
}

// due returns when a message of a publisher is to be sent, by the clock of the run. With a
// rate the publishers take turns, as a burst of all at once would measure itself.
func (b *load) due(publisher, number int) time.Duration {
	every := each(b.f.rate)
	if every == 0 {
		return time.Since(b.clock)
	}
	turn := time.Duration(float64(every) * float64(publisher) / float64(b.f.publishers))
	return b.begin + turn + time.Duration(number)*every
}

// settle waits until at most so many are under way, and counts what has become of the
// others.
func (b *load) settle(ctx context.Context, window []*client.Delivery, left int) []*client.Delivery {
	for len(window) > left {
		d := window[0]
		select {
		case <-d.Done():
		case <-ctx.Done(): // and what has ended by then counts all the same
		}
		if closed(d.Done()) && d.Err() == nil {
			b.sent.Add(1)
		} else {
			b.failed.Add(1)
		}
		window = window[1:]
	}
	return window
}

// closed reports whether a channel that carries nothing is closed.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// receive counts a message. It is called by one goroutine of each subscriber.
func (b *load) receive(r *receiver, m *client.Message) {
	now := time.Since(b.clock)
	if m.Retain || len(m.Payload) != b.f.size {
		b.strange.Add(1)
		return
	}
	s := readStamp(m.Payload)
	if s.run != b.id || s.publisher >= uint32(b.f.publishers) {
		b.strange.Add(1)
		return
	}
	if !r.first(s.publisher, s.number) {
		b.duplicates.Add(1)
		return
	}
	b.latency.add(now - s.due)
	b.last.Store(int64(now))
	b.received.Add(1)
}

// first notes a message, and reports whether it was not there.
func (r *receiver) first(publisher, number uint32) bool {
	bits, word := r.seen[publisher], int(number/64)
	if word > len(bits)+maximumGap {
		return false // a payload that is none of ours
	}
	for word >= len(bits) {
		bits = append(bits, 0)
	}
	r.seen[publisher] = bits
	mask := uint64(1) << (number % 64)
	old := bits[word]
	bits[word] |= mask
	return old&mask == 0
}

// maximumGap is how many times 64 messages may be lost one after the other, and be
// counted.
const maximumGap = 1 << 20

// expected returns how many messages are to arrive.
func (b *load) expected() int64 {
	switch {
	case b.f.subscribers == 0:
		return 0
	case b.f.to == toAll:
		return b.sent.Load() * int64(b.f.subscribers)
	}
	return b.sent.Load()
}

// lost returns how many are missing.
func (b *load) lost() int64 { return max(0, b.expected()-b.received.Load()) }

// awaitEvery is how often is looked whether all has arrived.
const awaitEvery = 5 * time.Millisecond

// await waits until all has arrived, or for a while nothing has.
func (b *load) await(ctx context.Context) {
	since, seen := time.Now(), b.received.Load()
	for b.lost() > 0 && time.Since(since) < seconds(b.f.wait) && pause(ctx, awaitEvery) {
		if now := b.received.Load(); now != seen {
			since, seen = time.Now(), now
		}
	}
}
