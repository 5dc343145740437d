package client

import (
	"context"
	"hash/maphash"
	"iter"
	"sync"
)

// Inbox takes the messages of subscriptions apart from the other handlers of a client: see
// Client.SubscribeTo. Its fields are set before its first use. The zero Inbox is for
// Messages.
type Inbox struct {
	// Handler is called with each message; without it they are for Messages.
	Handler func(m *Message)

	// Workers is how many handlers run at once; 0 is 1. Messages of one topic are handled
	// one after the other, in their order.
	Workers int

	// Count is how many messages may wait for each worker; 0 is any number, within
	// Options.ReceiveMaximum and Options.Inbound.
	Count int

	// Newest drops the message that comes when Count wait, in place of the one that waits
	// longest. A message that is dropped is acknowledged, and counted.
	Newest bool

	c     *Client
	begin sync.Once
	lanes []*lane
	mu    sync.Mutex
	drops uint64
}

var topicSeed = maphash.MakeSeed()

// start makes an inbox that of a client.
func (b *Inbox) start(c *Client) {
	b.begin.Do(func() {
		if b.c != nil {
			return
		}
		b.c = c
		n := max(b.Workers, 1)
		if b.Handler == nil {
			n = 1
		}
		for range n {
			l := &lane{c: c}
			if b.Handler == nil {
				l.pull = make(chan struct{}, 1)
			}
			b.lanes = append(b.lanes, l)
		}
	})
}

// push hands on a message, and returns one that is dropped for it, or nil.
func (b *Inbox) push(m *Message) (dropped *Message) {
	l := b.lanes[0]
	if n := uint64(len(b.lanes)); n > 1 {
		l = b.lanes[maphash.String(topicSeed, m.Topic)%n]
	}
	j := job{m: m, handle: b.Handler}
	if b.Count <= 0 {
		l.push(j)
		return nil
	}
	if dropped = l.pushBounded(j, b.Count, b.Newest); dropped != nil {
		b.mu.Lock()
		b.drops++
		b.mu.Unlock()
	}
	return dropped
}

// Dropped returns how many messages were dropped, as too many waited.
func (b *Inbox) Dropped() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.drops
}

// Messages returns the messages as they come, until ctx or the client ends. Each is
// acknowledged when the next is asked for, or the iteration ends, unless it is held.
// There is nothing to iterate before the Inbox was used by SubscribeTo.
func (b *Inbox) Messages(ctx context.Context) iter.Seq[*Message] {
	return func(yield func(*Message) bool) {
		if len(b.lanes) == 0 || b.lanes[0].pull == nil {
			return
		}
		for {
			m := b.await(ctx)
			if m == nil {
				return
			}
			more := false
			b.c.call(m, func(m *Message) { more = yield(m) })
			if !more {
				return
			}
		}
	}
}

// await waits for the next message; nil is the end.
func (b *Inbox) await(ctx context.Context) *Message {
	l := b.lanes[0]
	for {
		if ctx.Err() != nil {
			l.leave()
			return nil
		}
		if j, ok := l.next(); ok {
			return j.m
		}
		select {
		case <-l.pull:
		case <-ctx.Done():
			return nil
		case <-b.c.ended:
			return nil
		}
	}
}

// Messages returns the messages that no handler takes, as they come, until ctx or the
// client ends. Each is acknowledged when the next is asked for, or the iteration ends,
// unless it is held. With Options.OnMessage or Events.Message there are none.
func (c *Client) Messages(ctx context.Context) iter.Seq[*Message] { return c.unclaimed.Messages(ctx) }
