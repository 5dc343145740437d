package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
)

// dialsAtOnce is how many connections are under way at most: so that a broker that is far
// off does not hold up a ramp, and one that is slow is not flooded.
const dialsAtOnce = 64

// connect connects all clients, each when it is due, the subscribers first. Where one fails
// the others are given up.
func (b *load) connect(ctx context.Context) error {
	dialing, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	b.clients = make([]*client.Client, b.f.subscribers+b.f.publishers)
	begin, every := time.Now(), each(b.f.ramp)
	room := make(chan struct{}, dialsAtOnce)
	var wg sync.WaitGroup
	for i := range b.clients {
		if wait := time.Until(begin.Add(time.Duration(i) * every)); wait > 0 && !pause(dialing, wait) {
			break
		}
		if !enter(dialing, room) {
			break
		}
		wg.Go(func() {
			defer func() { <-room }()
			if err := b.dial(dialing, i); err != nil {
				giveUp(failed(dialing, fmt.Errorf("connection %d: %w", i+1, err)))
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return &statusError{statusUnsure, errors.New("interrupted before all were connected")}
	}
	return context.Cause(dialing)
}

// enter takes a place in a room, and reports whether ctx has not ended.
func enter(ctx context.Context, room chan<- struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case room <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// dial connects the i-th client, and if it is a subscriber has it subscribe.
func (b *load) dial(ctx context.Context, i int) error {
	o := b.o
	o.ClientID += "-" + strconv.Itoa(i)
	if i < b.f.subscribers {
		r := &receiver{seen: map[uint32][]uint64{}}
		o.OnMessage = func(m *client.Message) { b.receive(r, m) }
	}
	c, err := client.Dial(ctx, b.address, o)
	if err != nil {
		return err
	}
	b.clients[i] = c
	b.connected.Add(1)
	if i < b.f.subscribers {
		_, err = c.Subscribe(ctx, nil, client.Sub(b.filter(i), mqttwire.QoS(b.f.qos)))
	}
	return err
}

// filter returns what the i-th subscriber subscribes to.
func (b *load) filter(i int) string {
	switch b.f.to {
	case toPairs:
		return b.topic + "/" + strconv.Itoa(i)
	case toShare:
		return "$share/bench-" + b.id.String() + "/" + b.topic + "/+" // not with those of another run
	}
	return b.topic + "/+"
}

// confirm has each client ask for something that the broker answers behind all that was
// written before. So it is known that the broker has read messages of QoS 0, and has not
// closed a connection whose end is yet to come.
func (b *load) confirm(ctx context.Context) {
	asking, stop := context.WithTimeout(ctx, max(closeTime, seconds(b.f.wait)))
	defer stop()
	var wg sync.WaitGroup
	for _, c := range b.clients {
		wg.Go(func() {
			err := c.Unsubscribe(asking, b.topic) // to which nobody has subscribed
			if err == nil || errors.Is(err, client.ErrRefused) {
				return
			}
			select {
			case <-c.Done():
			case <-asking.Done():
				if ctx.Err() == nil { // interrupted, it has had no time
					b.silent.Add(1)
				}
			}
		})
	}
	wg.Wait()
}

// cut returns an error for each connection that was lost. It is asked before close.
func (b *load) cut(ctx context.Context) (list []error) {
	for i, c := range b.clients {
		if closed(c.Done()) {
			list = append(list, fmt.Errorf("connection %d was lost: %w", i+1, c.Run(ctx)))
		}
	}
	return list
}

// close closes all clients, several at once.
func (b *load) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, c := range b.clients {
		if c != nil {
			wg.Go(func() { _ = c.Close(ctx) }) // what it may say is told already: what was left, or lost
		}
	}
	wg.Wait()
}
