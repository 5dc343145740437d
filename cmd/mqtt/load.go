package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// stampSize is how many bytes of a message say where it is from: when it was to be sent,
// in nanoseconds, of which publisher it is, and which of that one's, from 0.
const stampSize = 16

// load is publishers and subscribers at a broker.
type load struct {
	f       *benchFlags
	address string
	o       client.Options

	subscribers []*receiver
	publishers  []*client.Client
	begin       time.Time
	took        time.Duration // until all was sent, and the last has arrived

	connected  atomic.Int64
	sent       atomic.Int64 // and acknowledged, as the QoS asks
	failed     atomic.Int64
	received   atomic.Int64 // once each
	duplicates atomic.Int64
	strange    atomic.Int64 // messages that are none of ours
	last       atomic.Int64 // when one has arrived, since begin
	latency    latencies
}

// receiver is a subscriber.
type receiver struct {
	*client.Client
	seen map[uint32][]uint64 // by publisher: a bit for each message
}

func newLoad(f *benchFlags, address string, o client.Options) *load {
	return &load{f: f, address: address, o: o}
}

// run connects all, and sends until it is done or ctx ends.
func (b *load) run(ctx context.Context) error {
	if err := b.connect(ctx); err != nil {
		return err
	}
	b.begin = time.Now()
	sending := ctx
	if b.f.count == 0 {
		var stop context.CancelFunc
		sending, stop = context.WithTimeout(ctx, seconds(b.f.duration))
		defer stop()
	}
	var wg sync.WaitGroup
	for i, c := range b.publishers {
		wg.Go(func() { b.publish(sending, ctx, c, uint32(i)) })
	}
	wg.Wait()
	sentBy := time.Since(b.begin) // what is awaited in vain after that does not count
	b.await(ctx)
	b.took = max(sentBy, time.Duration(b.last.Load()), 1)
	return nil
}

// connect connects all clients, the subscribers first.
func (b *load) connect(ctx context.Context) error {
	begin, every := time.Now(), each(b.f.ramp)
	for i := range b.f.subscribers + b.f.publishers {
		if wait := time.Until(begin.Add(time.Duration(i) * every)); wait > 0 && !pause(ctx, wait) {
			break
		}
		if ctx.Err() != nil {
			break
		}
		o := b.o
		o.ClientID += "-" + strconv.Itoa(i)
		r := &receiver{seen: map[uint32][]uint64{}}
		if i < b.f.subscribers {
			o.OnMessage = func(m *client.Message) { b.receive(r, m) }
		}
		c, err := client.Dial(ctx, b.address, o)
		if err != nil {
			return failed(ctx, fmt.Errorf("connection %d: %w", i+1, err))
		}
		b.connected.Add(1)
		if i >= b.f.subscribers {
			b.publishers = append(b.publishers, c)
			continue
		}
		r.Client = c
		b.subscribers = append(b.subscribers, r)
		if _, err := c.Subscribe(ctx, nil, client.Sub(b.filter(i), mqttwire.QoS(b.f.qos))); err != nil {
			return failed(ctx, err)
		}
	}
	if ctx.Err() != nil {
		return &statusError{statusUnsure, errors.New("interrupted before all were connected")}
	}
	return nil
}

// filter returns what the i-th subscriber subscribes to.
func (b *load) filter(i int) string {
	switch b.f.to {
	case toPairs:
		return b.f.topic + "/" + strconv.Itoa(i)
	case toShare:
		return "$share/bench/" + b.f.topic + "/+"
	}
	return b.f.topic + "/+"
}

// publish publishes the messages of a publisher until sending ends, and waits until ctx
// ends for what has become of them.
func (b *load) publish(sending, ctx context.Context, c *client.Client, number uint32) {
	p := &packets.Publish{Topic: []byte(b.f.topic + "/" + strconv.Itoa(int(number))), QoS: mqttwire.QoS(b.f.qos), Payload: make([]byte, b.f.size)}
	var window []*client.Delivery
	every := each(b.f.rate)
	for n := 0; b.f.count == 0 || n < b.f.count; n++ {
		due := time.Since(b.begin)
		if every > 0 {
			due = time.Duration(n) * every
			if wait := time.Until(b.begin.Add(due)); wait > 0 && !pause(sending, wait) {
				break
			}
		}
		if window = b.settle(ctx, c, window, b.f.window-1); sending.Err() != nil || ended(c) {
			break
		}
		stamp(p.Payload, due, number, uint32(n))
		window = append(window, c.Send(p))
	}
	b.settle(ctx, c, window, 0)
}

// ended reports whether the client has ended.
func ended(c *client.Client) bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

// settle waits until at most so many are under way, and counts what has become of the
// others.
func (b *load) settle(ctx context.Context, c *client.Client, window []*client.Delivery, left int) []*client.Delivery {
	for len(window) > left {
		select {
		case <-window[0].Done():
		case <-ctx.Done():
			b.failed.Add(int64(len(window)))
			return nil
		}
		if window[0].Err() == nil {
			b.sent.Add(1)
		} else {
			b.failed.Add(1)
		}
		window = window[1:]
	}
	return window
}

func stamp(payload []byte, due time.Duration, publisher, number uint32) {
	binary.BigEndian.PutUint64(payload, uint64(due))
	binary.BigEndian.PutUint32(payload[8:], publisher)
	binary.BigEndian.PutUint32(payload[12:], number)
}

// receive counts a message. It is called by one goroutine of each subscriber.
func (b *load) receive(r *receiver, m *client.Message) {
	if m.Retain || len(m.Payload) != b.f.size || binary.BigEndian.Uint32(m.Payload[8:]) >= uint32(b.f.publishers) {
		b.strange.Add(1)
		return
	}
	now := time.Since(b.begin)
	publisher, number := binary.BigEndian.Uint32(m.Payload[8:]), binary.BigEndian.Uint32(m.Payload[12:])
	if !r.first(publisher, number) {
		b.duplicates.Add(1)
		return
	}
	b.latency.add(now - time.Duration(binary.BigEndian.Uint64(m.Payload)))
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

// close closes all clients, several at once.
func (b *load) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, c := range b.publishers {
		wg.Go(func() { _ = c.Close(ctx) })
	}
	for _, r := range b.subscribers {
		wg.Go(func() { _ = r.Close(ctx) })
	}
	wg.Wait()
}
